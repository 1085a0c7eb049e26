"""Lists as nobody should send them: text files and workbooks that are damaged, far too big, or made to hurt."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

from msgspec import Struct

from service.intake.soorten import SOORTEN
from tests.fuzz.values import DAYS, MOMENTS, TEXTS
from tests.service.intake import files
from tests.web.examples import World

Table = list[list[Any]]

CELLS: tuple[Any, ...] = (
    *DAYS, *MOMENTS[:6], *TEXTS, None, True, False, 0, -1, 1, 3.0, 0.1, 1e20, -1e300, 45_000, 46_084, 46_084.5,
    2_958_466, 10**15,
    "=1+1", "=cmd|'/c calc'!A1", "@SUM(A1)", "+31 6", "31-02-2026", "2-3-'26", "1 mrt 2026", "vandaag", "1e400",
    "NaN", "inf",
    "#N/A", "#REF!", "_x0000_", "_xD800_", "_xFFFF_", "_x000D_", "a_x0000_b", "ja", "nee", "misschien", "vrij",
    "bezet", "12-18",
    "4 t/m 3", "0-0", "-5", "999999999999", "1.000,50", "1,000.50", "12%", "€ 5", "3 maanden", "99999999 jaar", "½",
    "Ⅷ",
)  # fmt: skip


class Sheet(Struct, kw_only=True):
    soort: str
    content: bytes
    way: str


def sheet(rng: Random, world: World | None) -> Sheet:
    """The same for the same `rng`, but for the names of the rows of the world."""
    soort = rng.choice(list(SOORTEN))
    table = _table(rng, soort, world)
    if rng.random() < 0.4:
        way = rng.choice(TEXT_WAYS)
        content = way(rng, table)
    else:
        way = rng.choice(BOOK_WAYS)
        content = way(rng, table)
    return Sheet(soort=soort, content=content[: 11 * 2**20], way=way.__name__.strip("_"))


def _table(rng: Random, soort: str, world: World | None) -> Table:
    """The examples of the template, about rows that are there, with some cells that are otherwise."""
    columns = SOORTEN[soort].table.columns
    name = world.name if world else "Kanarie"
    own = {"aanbieder": name, "voorziening": f"{name} leeg", "organisatie": name}
    header: list[Any] = [column.name for column in columns]
    body: Table = [
        [
            own.get(column.name, column.examples[i % len(column.examples)] if column.examples else None)
            for column in columns
        ]
        for i in range(rng.choice((1, 2, 5)))
    ]
    for row in body:
        for _ in range(rng.choice((0, 1, 1, 3))):
            row[rng.randrange(len(row))] = rng.choice(CELLS)
    way = rng.randrange(14)
    if way == 0:
        header[rng.randrange(len(header))] = rng.choice(CELLS)
    elif way == 1:
        header = header * 2
    elif way == 2:
        drop = rng.randrange(len(header))
        header, body = header[:drop] + header[drop + 1 :], [row[:drop] + row[drop + 1 :] for row in body]
    elif way == 3:
        header = []
    elif way == 4:
        header = [*header, "BSN", "naam kind", "=1+1", "\x07"]
    elif way == 5:
        body = [row[: rng.randrange(len(row) + 1)] + [rng.choice(CELLS)] * rng.choice((0, 1, 250)) for row in body]
    elif way == 6:
        header = [f" {str(cell).upper()} (verplicht) " for cell in header]
    elif way == 7:
        body = body * rng.choice((20, 20, 20, 400))
    above: Table = [["Titel"], [], ["a"] * 40] * rng.choice((0, 0, 0, 1, 12))
    return [*above, header, *body]


# ── Text ─────────────────────────────────────────────────────────────────────────────────────────


def _text(table: Table, separator: str = ";") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(table)
    return out.getvalue()


def _plain(rng: Random, table: Table) -> bytes:
    return _text(table, rng.choice(";,\t|:#")).encode("utf-8", "surrogatepass")


def _charset(rng: Random, table: Table) -> bytes:
    charset = rng.choice(
        (
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "utf-32",
            "utf-7",
            "cp1252",
            "latin-1",
            "cp037",
            "cp437",
            "shift_jis",
            "utf-8-sig",
            "koi8-r",
        )
    )
    raw = _text(table).encode(charset, "replace")
    return raw[: rng.randrange(len(raw) + 1)] if rng.random() < 0.3 else raw


def _stated(rng: Random, table: Table) -> bytes:
    """A first line with the separator, as Excel writes it, or nearly."""
    separator = rng.choice(
        (";", '"', "\r", "\0", " ", "\t", "a", "é", "\u2028", "\\", "'", "ß", "👨", "|", "\x1b", "=")
    )
    end = rng.choice(("\n", "\r\n", "\r", ""))
    return f"{rng.choice(('sep', 'SEP'))}={separator}{end}{_text(table)}".encode()


def _quotes(rng: Random, table: Table) -> bytes:
    text = _text(table)
    at = rng.randrange(len(text) + 1)
    return (text[:at] + rng.choice(('"', '""', '"""', '";"', '"\n"', "'", '\\"')) + text[at:]).encode(
        "utf-8", "surrogatepass"
    )


def _bytes(rng: Random, table: Table) -> bytes:
    raw = bytearray(_text(table).encode("utf-8", "surrogatepass"))
    for _ in range(rng.choice((1, 3, 10))):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw)


def _line_ends(rng: Random, table: Table) -> bytes:
    ends = rng.choice(("\r", "\n\r", "\r\r\n", "\x0b", "\u2028", "\x85", "", "\n\n\n"))
    return _text(table).replace("\r\n", ends).encode("utf-8", "surrogatepass")


def _wide(rng: Random, table: Table) -> bytes:
    """Very many columns, rows, or characters."""
    text = _text(table)
    return rng.choice(
        (
            lambda: text + ";" * 1_000_000,
            lambda: "a;" * 1_000_000 + "\n" + text,
            lambda: text + "a" * 200_000 + "\n",
            lambda: text + ("x;" * 20 + "\n") * 20_000,
            lambda: text + "\n" * 1_000_000,
            lambda: text + '"' + "a\n" * 200_000,
            lambda: ";".join(f"kolom {i}" for i in range(30_000)) + "\n" + text,
        )
    )().encode("utf-8", "surrogatepass")


def _no_text(rng: Random, table: Table) -> bytes:
    raw = _text(table).encode("utf-8", "surrogatepass")
    return rng.choice(
        (
            b"", b" \r\n", b"\x00" * 1_000, b"\xff\xfe", b"\xfe\xff\x00", b"\xef\xbb\xbf", b"%PDF-1.7\n" + raw,
            b"{\\rtf1 " + raw,
            b"<html><table><tr><td>Plek</table>", b"<?xml version='1.0'?><Workbook/>",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + raw,
            b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" + raw, gzip.compress(raw, mtime=0),
            b"\x7fELF" + raw, rng.randbytes(5_000),
            b"[" * 100_000, b"sep=", b"sep=;", b"sep=;\n",
        )
    )  # fmt: skip


TEXT_WAYS: list[Callable[[Random, Table], bytes]] = [
    _plain, _plain, _charset, _charset, _stated, _quotes, _quotes, _bytes, _bytes, _line_ends, _no_text, _no_text,
]  # fmt: skip


# ── Workbooks ────────────────────────────────────────────────────────────────────────────────────

SHEET, BOOK, STYLES, TEXTS_PART = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml"

PARTS = (
    SHEET,
    SHEET,
    BOOK,
    STYLES,
    TEXTS_PART,
    "[Content_Types].xml",
    "xl/_rels/workbook.xml.rels",
    "_rels/.rels",
    "docProps/core.xml",
)

ILLEGAL = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _book(table: Table) -> bytes:
    """With its texts in one table, as Excel saves it."""
    clean = [[ILLEGAL.sub("", cell)[:32_767] if isinstance(cell, str) else cell for cell in row] for row in table]
    return files.shared(files.workbook(("Lijst", clean)))


def _repacked(
    content: bytes, change: dict[str, Callable[[bytes], bytes]], more: dict[str, bytes] | None = None
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            data = old.read(part)
            new.writestr(part, change[part](data) if part in change else data)
        for name, data in (more or {}).items():
            new.writestr(name, data)
    return out.getvalue()


def _whole(rng: Random, table: Table) -> bytes:
    """Nothing wrong but its cells."""
    return _book(table)


def _xml(rng: Random, table: Table) -> bytes:
    """One part that is no longer what it was."""
    part = rng.choice(PARTS)

    def change(xml: bytes) -> bytes:
        at = rng.randrange(len(xml) + 1)
        head = xml.find(b"?>") + 2 if xml.startswith(b"<?xml") else 0
        return rng.choice(
            (
                lambda: xml[:at], lambda: b"", lambda: xml[:at] + b"<" + xml[at:],
                lambda: xml[:at] + rng.randbytes(3) + xml[at:],
                lambda: xml[:at] + b"&onbekend;" + xml[at:], lambda: xml[:at] + b"&#0;" + xml[at:],
                lambda: xml[:at] + b"]]>" + xml[at:],
                lambda: xml.replace(b"main", b"andere", 1),
                lambda: b"\xff\xfe" + xml.decode("utf-8").encode("utf-16-le"),
                lambda: b'<?xml version="1.0" encoding="utf-7"?>' + xml[head:],
                lambda: b'<?xml version="1.0" encoding="onbekend"?>' + xml[head:],
                lambda: b'<?xml version="1.1"?>' + xml[head:], lambda: b"<a/>", lambda: b"<a>" * 200_000,
                lambda: xml[:head] + b"<!DOCTYPE a [" + ENTITIES + b"]>" + xml[head:].replace(b"Lijst", b"&d;"),
                lambda: xml[:head] + b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + xml[head:],
                lambda: xml[:head] + b"<!-- -->" * 50_000 + xml[head:],
                lambda: re.sub(rb'="[^"]*"', lambda found: rng.choice(ATTRIBUTES) if rng.random() < 0.1 else found[0],
                xml),
                lambda: re.sub(rb"<(\w+)",
                lambda found: b"<" + found[1] + (b' x="1"' * 3_000 if rng.random() < 0.02 else b""), xml),
                lambda: xml.replace(b"</", b"<", 1), lambda: xml * 2, lambda: xml[head:] + xml[:head],
            )
        )()  # fmt: skip

    return _repacked(_book(table), {part: change})


ENTITIES = (
    b'<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;">'
)

ATTRIBUTES = (
    b'=""', b'="-1"', b'="99999999999999999999"', b'="NaN"', b'="a"', b'="1e400"', b'="../../etc/passwd"', b'="A0"',
    b'="ZZZZ1"', b'="rId999"',
    b'="http://127.0.0.1/"', b'="s"', b'="0"', b'="true"', b'="A1:XFD1048576"', b'="' + b"a" * 5_000 + b'"',
)  # fmt: skip


def _cells(rng: Random, table: Table) -> bytes:
    """Cells that no program writes."""

    def change(xml: bytes) -> bytes:
        odd = rng.choice(
            (
                b'<row r="0"><c r="A0"><v>1</v></c></row>', b'<row r="-5"><c r="A-5"><v>1</v></c></row>',
                b'<row r="a"><c/></row>',
                b'<row r="99999999999999"><c r="A1"><v>1</v></c></row>', b'<row r="9"><c r="XFE9"><v>1</v></c></row>',
                b'<row r="1e3"><c><v>1</v></c></row>',
                b'<row r="9"><c r="ZZZZZZZ9"><v>1</v></c></row>', b'<row r="9"><c r="9"><v>1</v></c></row>',
                b'<row r="9"><c r=""><v>1</v></c></row>',
                b'<row r="9"><c r="A9" t="s"><v>-1</v></c></row>',
                b'<row r="9"><c r="A9" t="s"><v>99999999</v></c></row>', b'<row r="9"><c t="s"><v></v></c></row>',
                b'<row r="9"><c t="s"><v>a</v></c></row>', b'<row r="9"><c t="b"><v>ja</v></c></row>',
                b'<row r="9"><c t="d"><v>2026-13-45</v></c></row>',
                b'<row r="9"><c t="d"><v>0000-00-00T99</v></c></row>',
                b'<row r="9"><c t="onbekend"><v>1</v></c></row>', b'<row r="9"><c t="e"><v>#X</v></c></row>',
                b'<row r="9"><c t="n"><v>1e999</v></c></row>', b'<row r="9"><c t="n"><v>nan</v></c></row>',
                b'<row r="9"><c t="n"><v>-inf</v></c></row>',
                b'<row r="9"><c t="n"><v>' + b"1" * 20_000 + b"</v></c></row>",
                b'<row r="9"><c t="n"><v>1_0</v></c></row>', b'<row r="9"><c s="9999"><v>1</v></c></row>',
                b'<row r="9"><c s="-1"><v>1</v></c></row>', b'<row r="9"><c s="1" t="n"><v>1e308</v></c></row>',
                b'<row r="9"><c t="inlineStr"><is/></c></row>',
                b'<row r="9"><c t="inlineStr"><is><t>a_x0000_b_xD800_</t></is></c></row>',
                b'<row r="9"><c t="str"><f>1/0</f></c></row>',
                b'<row r="9"><c><f t="shared" si="7"/></c></row>',
                b'<row r="9"><c><f t="array" ref="A1:XFD99"/><v>1</v></c></row>',
                b'<row r="9"><c><f t="dataTable" ref="x"/></c></row>',
                b'<row r="9"><c r="A9"/><c r="A9"><v>1</v></c><c r="A8"><v>2</v></c></row>',
                b'<row r="1">' + b'<c t="s"><v>0</v></c>' * 20_000 + b"</row>", b"<row/>" * 20_000,
                b'<row r="9"><c t="inlineStr"><is><t>' + b"a" * 40_000 + b"</t></is></c></row>",
                b'<row r="9">' + b"<c>" * 9_000,
                b'<row r="9"><c t="inlineStr"><is><t>' + b"\xed\xa0\x80" + b"</t></is></c></row>",
                b'<row r="9"><extLst>' + b"<ext>" * 2_000 + b"</ext>" * 2_000 + b"</extLst></row>",
                b'<row r="9" spans="1:1000000" ht="NaN" s="-3"><c/></row>',
                b'<row r="1048577"><c><v>1</v></c></row>',
                b'<row r="2"><c r="B2"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>',
            )
        )  # fmt: skip
        return (
            xml.replace(b"<sheetData>", b"<sheetData>" + odd, 1)
            if rng.random() < 0.3
            else xml.replace(b"</sheetData>", odd + b"</sheetData>", 1)
        )

    return _repacked(_book(table), {SHEET: change})


def _dates(rng: Random, table: Table) -> bytes:
    """Numbers that are shown as days, in every way that openpyxl takes for one."""
    number = rng.choice(
        (
            "-1",
            "0",
            "0.5",
            "59",
            "60",
            "61",
            "1e308",
            "2958465",
            "2958466",
            "-693594",
            "1e18",
            "nan",
            "inf",
            "46084.99999999999",
            "1e-300",
        )
    )
    style = rng.choice(("14", "22", "46", "47", "20", "45"))

    def styles(xml: bytes) -> bytes:
        return re.sub(rb'numFmtId="\d+"', b'numFmtId="%s"' % style.encode(), xml)

    def cells(xml: bytes) -> bytes:
        return re.sub(
            rb't="s"><v>\d+</v>', lambda found: b"><v>%s</v>" % number.encode() if rng.random() < 0.2 else found[0], xml
        )

    def book(xml: bytes) -> bytes:
        return xml.replace(b"<workbookPr", b'<workbookPr date1904="1"', 1) if rng.random() < 0.5 else xml

    return _repacked(_book(table), {STYLES: styles, SHEET: cells, BOOK: book})


def _bits(rng: Random, table: Table) -> bytes:
    raw = bytearray(_book(table))
    for _ in range(rng.choice((1, 1, 3, 20))):
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    return bytes(raw)


def _cut(rng: Random, table: Table) -> bytes:
    raw = _book(table)
    at, until = sorted((rng.randrange(len(raw)), rng.randrange(len(raw))))
    return rng.choice(
        (
            raw[:at],
            raw[at:],
            raw[:at] + raw[until:],
            raw + raw,
            raw + bytes(70_000),
            b"PK\x03\x04" + raw,
            raw[:at] + bytes(500) + raw[at:],
        )
    )


def _packed(rng: Random, table: Table) -> bytes:
    """The archive itself is odd: methods, flags, names and lies in its directory."""
    raw = bytearray(_book(table))
    where = [found.start() for found in re.finditer(rb"PK\x01\x02", raw)]
    local = [found.start() for found in re.finditer(rb"PK\x03\x04", raw)]
    at = rng.choice(where)
    way = rng.randrange(9)
    if way == 0:
        raw[at + 10 : at + 12] = rng.choice((0, 9, 12, 14, 93, 99, 65_535)).to_bytes(2, "little")
    elif way == 1:
        raw[at + 8 : at + 10] = rng.choice((1, 32, 64, 2_048, 65_535)).to_bytes(2, "little")
    elif way == 2:
        raw[at + 24 : at + 28] = rng.choice((0, 1, 10**6, 2**32 - 1)).to_bytes(4, "little")
    elif way == 3:
        raw[at + 20 : at + 24] = rng.choice((0, 1, 10**6, 2**32 - 1)).to_bytes(4, "little")
    elif way == 4:
        raw[at + 42 : at + 46] = rng.choice((0, 1, len(raw), 2**32 - 1)).to_bytes(4, "little")
    elif way == 5:
        raw[at + 28 : at + 34] = rng.randbytes(6)
    elif way == 6:
        one = rng.choice(local)
        raw[one + 6 : one + 30] = rng.randbytes(24)
    elif way == 7:
        end = raw.rfind(b"PK\x05\x06")
        raw[end + 8 : end + 22] = rng.randbytes(14)
    else:
        extra = (0x0001).to_bytes(2, "little") + (8).to_bytes(2, "little") + rng.randbytes(rng.choice((0, 3, 8)))
        raw[at + 30 : at + 32] = len(extra).to_bytes(2, "little")
        length = int.from_bytes(raw[at + 28 : at + 30], "little")
        raw[at + 46 + length : at + 46 + length] = extra
    return bytes(raw)


def _parts(rng: Random, table: Table) -> bytes:
    """Too many parts, too few, twice the same, or of another kind of file."""
    whole = _book(table)
    way = rng.randrange(8)
    if way == 0:
        return _repacked(whole, {}, {f"xl/media/{i}.png": b"" for i in range(1_200)})
    if way == 1:
        return _repacked(
            whole,
            {},
            {rng.choice(("../../etc/x", "/etc/x", "a" * 60_000, "xl/vbaProject.bin", "mimetype", "\u202e")): b"x"},
        )
    if way in (2, 3):
        gone = rng.choice(PARTS)
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(whole)) as old,
            zipfile.ZipFile(out, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))) as new,
        ):
            for part in old.namelist():
                if part != gone or way == 3:
                    new.writestr(part, old.read(part))
        return out.getvalue()
    if way == 4:
        return _repacked(
            whole, {BOOK: lambda xml: re.sub(rb"<sheet .*?/>", lambda found: found[0] * rng.choice((0, 2, 5_000)), xml)}
        )
    if way == 5:
        return _repacked(
            whole,
            {
                "xl/_rels/workbook.xml.rels": lambda xml: xml.replace(
                    b"worksheets/sheet1.xml",
                    rng.choice((b"workbook.xml", b"styles.xml", b"niets.xml", b"../../../x", b"")),
                ).replace(b"/xl/", b"/")
            },
        )
    if way == 6:
        return _repacked(
            whole,
            {
                BOOK: lambda xml: xml.replace(
                    b"Lijst", rng.choice((b"", b"a" * 50_000, b"&#10;", b"&lt;b&gt;", b"Lij/st[1]"))
                )
            },
        )
    return _repacked(
        whole,
        {
            TEXTS_PART: lambda xml: xml.replace(
                b"<si>", rng.choice((b"<si><r/>", b"<si><t/>", b"<x/><si>", b"<si><t>_x0000__xDFFF_</t></si><si>"))
            )
        },
    )


def _bomb(rng: Random, table: Table) -> bytes:
    """Small to send, large to unpack."""
    whole = _book(table)
    way = rng.randrange(6)
    if way == 0:
        return _repacked(whole, {SHEET: lambda xml: xml + b" " * 30_000_000})
    if way == 1:
        return _repacked(whole, {TEXTS_PART: lambda xml: xml.replace(b"</sst>", b"<si/>" * 1_100_000 + b"</sst>")})
    if way == 2:
        row = b"<row>" + b"".join(b'<c t="s"><v>%d</v></c>' % (i % 3) for i in range(150)) + b"</row>"
        return _repacked(whole, {SHEET: lambda xml: xml.replace(b"</sheetData>", row * 3_000 + b"</sheetData>")})
    if way == 3:
        return _repacked(whole, {STYLES: lambda xml: xml.replace(b"</cellXfs>", b"<xf/>" * 300_000 + b"</cellXfs>")})
    if way == 4:
        return _repacked(
            whole,
            {
                SHEET: lambda xml: xml.replace(
                    b"</sheetData>", b'<row r="9">' + b"<c/>" * 1_000_000 + b"</row></sheetData>"
                )
            },
        )
    inner = zlib.compress(bytes(2_000_000))
    return _repacked(whole, {}, {"xl/media/nog-een.zip": inner, **{f"xl/{i}": bytes(20_000_000) for i in range(2)}})


BOOK_WAYS: list[Callable[[Random, Table], bytes]] = [
    _whole, _whole, _xml, _xml, _xml, _cells, _cells, _cells, _dates, _dates, _bits, _bits, _cut, _packed, _packed,
    _parts,
]  # fmt: skip

RARE: list[Callable[[Random, Table], bytes]] = [_bomb, _wide]
"""What takes long to make and to read: one in a hundred."""


def rare(rng: Random, world: World | None) -> Sheet:
    soort = rng.choice(list(SOORTEN))
    way = rng.choice(RARE)
    content = way(rng, _table(rng, soort, world))
    return Sheet(soort=soort, content=content[: 11 * 2**20], way=way.__name__.strip("_"))
