"""Official tables that every region shares: postcodes, gemeenten with their jeugdregio, product categories of iJw.

Read in by who runs the loket, as the owner role: the app role only reads them. The same preview, the same faults
by row and column and the same all or nothing as every other list.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from service.db import Connection
from service.errors import Kind, Refusal
from service.geo import grenzen, official
from service.geo.regios import slug
from service.intake import tables
from service.intake.cells import Raw, Wrong
from service.intake.parsers import decimal, pc4, text
from service.intake.preview import Actie, Context, Plan, Veld, Wijziging
from service.intake.tables import Column, Parsed, Progress, Record, Table


def _within(least: float, most: float, hint: str) -> Callable[[Raw], float]:
    def parse(value: Raw) -> float:
        number = float(value) if isinstance(value, str) and re.fullmatch(r"-?\d+\.\d+", value) else decimal(value)
        if not least <= number <= most:
            raise Wrong("buiten_nederland", hint)
        return number

    return parse


# ── Postcodes ────────────────────────────────────────────────────────────────────────────────────

POSTCODES = Table(
    soort="postcodes",
    title="Postcodegebieden",
    columns=(
        Column("pc4", pc4, "De vier cijfers.", ("postcode", "postcode4", "postal code"), filled=True),
        Column("plaats", text(80), "Naam van de plaats.", ("woonplaats", "place name", "naam")),
        Column(
            "lat",
            _within(50.5, 53.8, "Deze breedtegraad ligt niet in Nederland. Schrijf graden, bijvoorbeeld 52.2261."),
            "Breedtegraad van het midden, in graden (WGS84).",
            ("latitude", "breedtegraad"),
            filled=True,
        ),
        Column(
            "lon",
            _within(3.0, 7.5, "Deze lengtegraad ligt niet in Nederland. Schrijf graden, bijvoorbeeld 5.1742."),
            "Lengtegraad van het midden, in graden (WGS84).",
            ("longitude", "lengtegraad", "lng"),
            filled=True,
        ),
    ),
    needed=(("pc4",), ("lat",), ("lon",)),
)


def parse_postcodes(
    table: Table, content: bytes, file: str, sheet: str | None = None, progress: Progress | None = None
) -> Parsed:
    """An official file (service/geo/official.py), or a table with a header."""
    try:
        source = official.recognise(content)
        if source is None:
            return tables.parse(table, content, file, sheet, progress)
        headers = {name: (name, "") for name in official.COLUMNS}
        parsed = Parsed(table, file, None, source.how, 0, headers, [], [], [])
        for number, cells in source.rows:
            parsed.records.append(_record(parsed, number, dict(zip(official.COLUMNS, cells, strict=True))))
    except official.Unreadable as wrong:
        raise Refusal(Kind.INVALID, str(wrong)) from None
    if not parsed.records:
        parsed.fault(None, None, "leeg", "In het bestand staat geen enkel postcodegebied. Haal het opnieuw op.")
    return parsed


def _record(parsed: Parsed, number: int, cells: dict[str, Any]) -> Record:
    record = Record(number, raw={name: value for name, value in cells.items() if value is not None})
    for name, value in record.raw.items():
        try:
            record.values[name] = parsed.table.column(name).parse(value)
        except Wrong as wrong:
            parsed.fault(record, name, wrong.code, wrong.reason)
    if "pc4" not in record.wrong and not {"lat", "lon"} <= record.raw.keys():
        parsed.fault(record, "lat", "geen_punt", "Dit gebied heeft geen vorm of punt dat te lezen is.")
    return record


# ── Gemeenten ────────────────────────────────────────────────────────────────────────────────────


def _gemeentecode(value: Raw) -> str:
    plain: str = text(20)(value)
    digits = plain.upper().removeprefix("GM")
    if not re.fullmatch(r"[0-9]{1,4}", digits, re.ASCII) or int(digits) == 0:
        raise Wrong("gemeentecode", "Een gemeentecode heeft vier cijfers, bijvoorbeeld 0402.")
    return digits.zfill(4)


GEMEENTEN = Table(
    soort="gemeenten",
    title="Gemeenten en jeugdregio's",
    columns=(
        Column(
            "gemeentecode",
            _gemeentecode,
            "CBS-code van vier cijfers.",
            ("code", "gemeentecode gm", "gemeentecodegm"),
            filled=True,
        ),
        Column("naam", text(80), "Naam van de gemeente.", ("gemeente", "gemeentenaam"), filled=True),
        Column("jeugdregio", text(120), "Naam van de jeugdregio.", ("jeugdregionaam", "jeugdzorgregio"), filled=True),
    ),
    needed=(("gemeentecode",), ("naam",), ("jeugdregio",)),
)

REGIOS = "select code, naam from jeugdregio"


async def plan_gemeenten(conn: Connection, parsed: Parsed, context: Context) -> Plan:
    """Adds jeugdregio's that are not there (by their code), adds gemeenten and moves those that changed.

    A gemeente that is not in the file stays: aanvragen and locaties of earlier years point to it.
    """
    regios = {row["code"]: row["naam"] for row in await conn.fetch(REGIOS)}
    known = {row["code"]: dict(row) for row in await conn.fetch("select code, naam, regio from gemeente")}
    merge = Merge(parsed, "gemeentecode")
    new_regios: dict[str, str] = {}
    for record in parsed.records:
        code, naam, jeugdregio = (record.get(name) for name in ("gemeentecode", "naam", "jeugdregio"))
        if not (code and naam and jeugdregio):
            continue
        regio = slug(jeugdregio)
        if not regio:
            parsed.fault(record, "jeugdregio", "vorm", "Schrijf de naam van de jeugdregio met letters.")
            continue
        if regio not in regios and regio not in new_regios:
            new_regios[regio] = jeugdregio
            merge.changes.append(
                Wijziging(Actie.TOEGEVOEGD, f"jeugdregio {jeugdregio}", record.row, (Veld("code", None, regio),))
            )
        merge.row(record, f"gemeente {naam}", known.get(code), {"code": code, "naam": naam, "regio": regio})

    async def write(conn: Connection) -> None:
        await conn.executemany("insert into jeugdregio (code, naam) values ($1, $2)", list(new_regios.items()))
        await conn.executemany(PUT_GEMEENTE, merge.values)

    return merge.plan(write)


PUT_GEMEENTE = """
insert into gemeente (code, naam, regio) values ($1, $2, $3)
on conflict (code) do update set naam = excluded.naam, regio = excluded.regio
"""


# ── Borders ──────────────────────────────────────────────────────────────────────────────────────

GRENZEN = Table(
    soort="grenzen",
    title="Grenzen van gemeenten",
    columns=(
        Column("gemeentecode", _gemeentecode, "CBS-code van vier cijfers.", filled=True),
        Column("ringen", lambda value: value, "De grens.", filled=True),
    ),
    needed=(("gemeentecode",), ("ringen",)),
)


def parse_grenzen(
    table: Table, content: bytes, file: str, sheet: str | None = None, progress: Progress | None = None
) -> Parsed:
    """A GeoJSON file (service/geo/grenzen.py)."""
    parsed = Parsed(
        table, file, None, "GeoJSON", 0, {name: (name, "") for name in ("gemeentecode", "ringen")}, [], [], []
    )
    try:
        for grens in grenzen.grenzen(content):
            record = Record(grens.number, raw={"gemeentecode": str(grens.code)})
            parsed.records.append(record)
            try:
                record.values["gemeentecode"] = _gemeentecode(str(grens.code))
            except Wrong as wrong:
                parsed.fault(record, "gemeentecode", wrong.code, wrong.reason)
            if grens.ringen is None:
                parsed.fault(record, "ringen", "geen_grens", "Dit gebied heeft geen vorm in Nederland die te lezen is.")
            else:
                record.values["ringen"] = [[list(point) for point in ring] for ring in grens.ringen]
    except official.Unreadable as wrong:
        raise Refusal(Kind.INVALID, str(wrong)) from None
    if not parsed.records:
        parsed.fault(None, None, "leeg", "In het bestand staat geen enkele gemeente. Haal het opnieuw op.")
    return parsed


async def plan_grenzen(conn: Connection, parsed: Parsed, context: Context) -> Plan:
    """Adds and changes borders of gemeenten that the loket knows; others in the file are passed over, and told."""
    names = {row["code"]: row["naam"] for row in await conn.fetch("select code, naam from gemeente")}
    known = {
        r["gemeente_code"]: r["ringen"] for r in await conn.fetch("select gemeente_code, ringen from gemeentegrens")
    }
    changes: list[Wijziging] = []
    values: list[tuple[Any, ...]] = []
    seen: set[str] = set()
    same = 0
    for record in parsed.records:
        code, ringen = record.get("gemeentecode"), record.get("ringen")
        if code is None or ringen is None or code not in names:
            continue
        if code in seen:
            parsed.fault(record, "gemeentecode", "dubbel", f"{code} staat er twee keer in. Haal een van de twee weg.")
            continue
        seen.add(code)
        if known.get(code) == ringen:
            same += 1
            continue
        points = sum(len(ring) for ring in ringen)
        action = Actie.GEWIJZIGD if code in known else Actie.TOEGEVOEGD
        changes.append(Wijziging(action, f"grens van {names[code]}", record.row, (Veld("punten", None, str(points)),)))
        values.append((code, ringen))
    if not seen and not parsed.faults:
        reason = "Geen van deze gemeenten kent het loket. Lees eerst de gemeenten in: loket import gemeenten."
        parsed.fault(None, None, "onbekend", reason)

    async def write(conn: Connection) -> None:
        await conn.executemany(PUT_GRENS, values)

    return Plan(changes=changes, notes=[], unchanged=same, write=write)


PUT_GRENS = """
insert into gemeentegrens (gemeente_code, ringen) values ($1, $2)
on conflict (gemeente_code) do update set ringen = excluded.ringen
"""


# ── Product categories ───────────────────────────────────────────────────────────────────────────


def _categorie(value: Raw) -> str:
    plain: str = text(20)(value)
    if not re.fullmatch(r"[0-9]{2}", plain, re.ASCII):
        raise Wrong("code", "Een productcategorie heeft twee cijfers, bijvoorbeeld 43.")
    return plain


PRODUCTCATEGORIEEN = Table(
    soort="productcategorieen",
    title="Productcategorieën van iJw (codelijst JZ020)",
    columns=(
        Column("code", _categorie, "Twee cijfers.", ("productcategorie", "categorie"), filled=True),
        Column("omschrijving", text(300), "Wat de code betekent.", ("betekenis", "documentatie"), filled=True),
    ),
    needed=(("code",), ("omschrijving",)),
)


async def plan_productcategorieen(conn: Connection, parsed: Parsed, context: Context) -> Plan:
    """Adds and changes; a code that a newer list dropped stays, because old declarations have it."""
    found = re.search(r"(\d+\.\d+)", parsed.file)
    if found is None:
        reason = "Zet de versie van iJw in de naam van het bestand, bijvoorbeeld ijw-3.2-JZ020.csv."
        parsed.fault(None, None, "versie", reason)
    versie = found[1] if found else ""
    known = {r["code"]: dict(r) for r in await conn.fetch("select code, omschrijving, versie from productcategorie")}
    merge = Merge(parsed, "code")
    for record in parsed.records:
        code, omschrijving = record.get("code"), record.get("omschrijving")
        if code and omschrijving:
            fields = {"code": code, "omschrijving": omschrijving, "versie": versie}
            merge.row(record, f"productcategorie {code}", known.get(code), fields)

    async def write(conn: Connection) -> None:
        await conn.executemany(PUT_CATEGORIE, merge.values)

    return merge.plan(write)


PUT_CATEGORIE = """
insert into productcategorie (code, omschrijving, versie) values ($1, $2, $3)
on conflict (code) do update set omschrijving = excluded.omschrijving, versie = excluded.versie
"""


async def plan_postcodes(conn: Connection, parsed: Parsed, context: Context) -> Plan:
    """Adds and moves points; from then on they are exact. A code that is not in the file stays as it was."""
    rows = await conn.fetch("select pc4, plaats, lat, lon, herkomst from postcodegebied")
    known = {row["pc4"]: {**row, "lat": round(row["lat"], 4), "lon": round(row["lon"], 4)} for row in rows}
    merge = Merge(parsed, "pc4")
    for record in parsed.records:
        code, lat, lon = (record.get(name) for name in ("pc4", "lat", "lon"))
        if code is None or lat is None or lon is None:
            continue
        old = known.get(code)
        plaats = record.get("plaats") or (old["plaats"] if old else "onbekend")
        fields = {"pc4": code, "plaats": plaats, "lat": round(lat, 4), "lon": round(lon, 4), "herkomst": "exact"}
        merge.row(record, f"postcode {code}", old, fields)

    async def write(conn: Connection) -> None:
        await conn.executemany(PUT_POSTCODE, merge.values)

    return merge.plan(write)


PUT_POSTCODE = """
insert into postcodegebied (pc4, plaats, lat, lon, herkomst) values ($1, $2, $3, $4, $5)
on conflict (pc4) do update
    set plaats = excluded.plaats, lat = excluded.lat, lon = excluded.lon, herkomst = excluded.herkomst
"""


class Merge(Struct):
    """Rows of a file against those of a table: what is added or changed, and the values to write."""

    parsed: Parsed
    key: str
    changes: list[Wijziging] = []
    values: list[tuple[Any, ...]] = []
    unchanged: int = 0
    seen: dict[str, int] = {}

    def row(self, record: Record, what: str, old: dict[str, Any] | None, new: dict[str, Any]) -> None:
        code = record.get(self.key)
        if code in self.seen:
            reason = f"{code} staat ook in rij {self.seen[code]}. Haal een van de twee weg."
            self.parsed.fault(record, self.key, "dubbel", reason)
            return
        self.seen[code] = record.row
        if old == new:
            self.unchanged += 1
            return
        fields = tuple(
            Veld(name, None if old is None else str(old[name]), str(value))
            for name, value in new.items()
            if old is None or old[name] != value
        )
        self.changes.append(Wijziging(Actie.TOEGEVOEGD if old is None else Actie.GEWIJZIGD, what, record.row, fields))
        self.values.append(tuple(new.values()))

    def plan(self, write: Callable[[Connection], Any]) -> Plan:
        return Plan(changes=self.changes, notes=[], unchanged=self.unchanged, write=write)
