"""The lists of aanbieders, voorzieningen and aanvragen, and the templates of all four."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from service.aanbod import voorzieningen
from service.aanvraag import aanvragen
from service.db import Connection, Pool, Wie, transaction
from service.intake import template
from service.intake.preview import Voorbeeld
from service.intake.report import report
from service.intake.soorten import SOORTEN
from service.intake.tables import Fout, parse
from tests import make
from tests.service.intake import files


async def everything(owner: Connection) -> list[list[Any]]:
    tables = ("aanbieder", "locatie", "voorziening", "plek", "bezetting", "bevestiging", "aanvraag", "samenplaatsing")
    return [[tuple(row) for row in await owner.fetch(f"select * from {table} order by id")] for table in tables]


def faults(voorbeeld: Voorbeeld) -> list[tuple[str | None, str]]:
    return [(fout.cel, fout.code) for fout in voorbeeld.fouten]


def fields(voorbeeld: Voorbeeld) -> list[tuple[str, str | None, str | None]]:
    return [(veld.naam, veld.oud, veld.nieuw) for change in voorbeeld.wijzigingen for veld in change.velden]


# ── Templates ────────────────────────────────────────────────────────────────────────────────────


async def test_the_templates_of_a_region_read_in_after_each_other_and_twice_changes_nothing(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    """Aanbieders first, then their voorzieningen, then the capacity: the examples belong together."""
    async with transaction(pool, wie) as conn:
        await make.organisatie(conn, naam="Gecertificeerde Instelling")
    now = datetime(2026, 11, 22, 9, tzinfo=UTC)
    kinds = ["aanbieders", "voorzieningen", "capaciteit", "aanvragen"]

    for soort in kinds:
        done = await files.take_in(pool, wie, soort, template.template(SOORTEN[soort].table), now)
        assert done.uitgevoerd and done.aantallen["toegevoegd"] > 0, soort
        assert done.genegeerd == ()
    before = await everything(owner)
    for soort in kinds:
        again = await files.take_in(pool, wie, soort, template.template(SOORTEN[soort].table), now)
        assert again.wijzigingen == (), soort

    assert await everything(owner) == before


@pytest.mark.parametrize("soort", list(SOORTEN))
def test_a_template_has_a_dropdown_for_each_column_with_choices(soort: str) -> None:
    table = SOORTEN[soort].table

    book = openpyxl.load_workbook(BytesIO(template.template(table)))

    sheet = book[soort.capitalize()]
    assert [cell.value for cell in sheet[1]] == [column.name.capitalize() for column in table.columns]
    lists = {str(rule.sqref)[0]: rule.formula1 for rule in sheet.data_validations.dataValidation}
    choices = [column.choices for column in table.columns if column.choices]
    assert list(lists.values()) == [f'"{",".join(names)}"' for names in choices]
    # Excel takes no longer list than this in a rule.
    assert all(len(names) <= 257 for names in lists.values())
    help_text = [row[0].value for row in book["Uitleg"].iter_rows()]
    assert all(any(str(line).startswith(column.name.capitalize()) for line in help_text) for column in table.columns)


@pytest.mark.parametrize("soort", list(SOORTEN))
def test_the_choices_and_examples_of_a_template_are_values_that_are_read(soort: str) -> None:
    for column in SOORTEN[soort].table.columns:
        for value in (*column.choices, *(example for example in column.examples if example is not None)):
            column.parse(value)


def test_the_list_of_faults_runs_no_formula() -> None:
    voorbeeld = Voorbeeld(
        soort="capaciteit", bestand="x", blad=None, gelezen_als="", koprij=1, rijen=1, genegeerd=(), aantallen={},
        wijzigingen=(), meldingen=(), vingerafdruk=None,
        fouten=(Fout("onbekend", "Kies iets.", 2, "@kolom", "A2", "=HYPERLINK(1)"),),
    )  # fmt: skip

    lines = report(voorbeeld).decode("utf-8-sig").splitlines()

    assert lines[1] == "2;A2;'@kolom;'=HYPERLINK(1);Kies iets."


# ── Aanbieders ───────────────────────────────────────────────────────────────────────────────────


async def test_an_aanbieder_is_found_by_agb_code_and_else_by_name(pool: Pool, wie: Wie, owner: Connection) -> None:
    """A code that lost its zeros is the same code; a blank cell leaves what stood there."""
    async with transaction(pool, wie) as conn:
        await make.aanbieder(conn, naam="De Bomen", agb_code="123456", telefoon="035 123 45 67")
        await make.aanbieder(conn, naam="De Struiken")
    header = ["Naam", "AGB", "Telefoon", "Pleegzorg"]
    rows = [["De Bomen BV", "00123456", "", ""], ["de struiken", "", 351234567, "x"], ["De Hei", 77, "", "nee"]]

    done = await files.take_in(pool, wie, "aanbieders", files.workbook(("Lijst", [header, *rows])))

    assert [(change.actie.value, change.wat) for change in done.wijzigingen] == [
        ("gewijzigd", "De Bomen BV"), ("gewijzigd", "de struiken"), ("toegevoegd", "De Hei"),
    ]  # fmt: skip
    found = await owner.fetch("select naam, agb_code, telefoon, pleegzorg from aanbieder order by naam")
    assert [tuple(row) for row in found] == [
        ("De Bomen BV", "123456", "035 123 45 67", False),
        ("De Hei", "00000077", None, False),
        ("de struiken", None, "0351234567", True),
    ]


async def test_an_aanbieder_twice_or_with_the_code_of_another_is_wrong(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        await make.aanbieder(conn, naam="De Bomen", agb_code="11")
        await make.aanbieder(conn, naam="De Struiken", agb_code="22")
    rows = [
        ["naam", "agb"],
        ["De Bomen", "22"],
        ["De Hei", "33"],
        ["de hei", ""],
        ["De Duinen", "33"],
        ["De Plas", "123456789"],
    ]

    shown = await files.show(pool, wie, "aanbieders", files.text(rows))

    assert faults(shown) == [("B2", "agb_dubbel"), ("A4", "dubbel"), ("B5", "dubbel"), ("B6", "agb")]


async def test_an_aanbieder_reads_in_only_itself(pool: Pool, wie: Wie, wie_als: Any) -> None:
    async with transaction(pool, wie) as conn:
        own = (await make.aanbieder(conn, naam="De Bomen")).id
    rows = [["naam", "pleegzorg"], ["De Bomen", "ja"], ["De Hei", "ja"]]

    shown = await files.show(pool, wie_als("aanbieder", organisatie=own), "aanbieders", files.text(rows))

    assert faults(shown) == [("A3", "andere_aanbieder")]


# ── Voorzieningen ────────────────────────────────────────────────────────────────────────────────

VOORZIENING = {
    "Aanbieder": "De Bomen", "Voorziening": "De Linde", "Type zorg": "gezinshuis", "Postcode": "1211ab",
    "Gemeente": 402,
    "Leeftijd van": "6", "Leeftijd t/m": "12", "Juridisch kader": "alle", "Perspectief": "langdurig",
}  # fmt: skip


def voorziening(**cells: Any) -> bytes:
    values = VOORZIENING | {name.replace("_", " ").capitalize(): value for name, value in cells.items()}
    return files.workbook(("Lijst", [list(values), list(values.values())]))


@pytest.fixture
async def bomen(pool: Pool, wie: Wie) -> Any:
    async with transaction(pool, wie) as conn:
        return (await make.aanbieder(conn, naam="De Bomen")).id


async def test_a_voorziening_comes_with_its_profile_and_its_locatie(
    pool: Pool, wie: Wie, owner: Connection, bomen: Any
) -> None:
    content = voorziening(
        ondersteuning="Toezicht in de nacht; traumabehandeling", contraindicatie="Heeft brand gesticht",
        groepsmix="zware gedragsproblemen: 2", maximaal_verblijf="6 maanden", onderwijs="geen",
    )  # fmt: skip

    await files.take_in(pool, wie, "voorzieningen", content)

    async with transaction(pool, wie, readonly=True) as conn:
        (made,) = await voorzieningen.page(conn)
        place = await conn.fetchrow("select naam, postcode, gemeente_code from locatie where id = $1", made.locatie_id)
    assert place is not None and tuple(place) == ("De Linde", "1211 AB", "0402")
    assert (made.leeftijd_van, made.leeftijd_tot, made.maximaal_verblijf) == (72, 155, 180)
    assert made.ondersteuning == ["nachttoezicht", "traumabehandeling"]
    assert (made.contra_indicaties, made.onderwijs) == (["brandstichting"], [])
    assert made.groepsmix == {"zware_gedragsproblemen": 2}
    assert len(made.juridische_kaders) == 6


async def test_a_changed_voorziening_shows_old_and_new_per_field(
    pool: Pool, wie: Wie, owner: Connection, bomen: Any
) -> None:
    """A locatie that gets another name is another locatie."""
    await files.take_in(pool, wie, "voorzieningen", voorziening())
    content = voorziening(leeftijd_van="4", locatie="Noord", postcode="1251 cd", gesloten="nee")

    done = await files.take_in(pool, wie, "voorzieningen", content)
    before = await everything(owner)
    again = await files.take_in(pool, wie, "voorzieningen", content)

    assert ("leeftijd van", "6 jaar", "4 jaar") in fields(done)
    assert ("locatie", "De Linde", "Noord") in fields(done)
    assert again.wijzigingen == () and await everything(owner) == before


async def test_a_secret_locatie_keeps_its_postcode_to_its_own_aanbieder(
    pool: Pool, wie: Wie, owner: Connection, bomen: Any
) -> None:
    """Somebody else cannot compare the postcode, so it stays, and the list says so."""
    content = voorziening(zichtbaarheid="geheim", gemeente=None)

    await files.take_in(pool, wie, "voorzieningen", content)
    again = await files.take_in(pool, wie, "voorzieningen", content)

    assert await owner.fetchval("select postcode from locatie") is None
    assert await owner.fetchval("select postcode from locatie_adres") == "1211 AB"
    assert again.wijzigingen == () and "kan alleen de eigen aanbieder lezen" in again.meldingen[0]


async def test_what_is_wrong_with_a_voorziening_is_told_at_its_cell(pool: Pool, wie: Wie, bomen: Any) -> None:
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"Type zorg": "gezinshuys"}, "C2", "onbekend"),
        ({"Gemeente": "Hilfersum"}, "E2", "onbekend"),
        ({"Postcode": None}, "D2", "verplicht"),
        ({"Leeftijd van": 13}, "G2", "volgorde"),
        ({"Juridisch kader": "OTS, PTSS"}, "H2", "onbekend"),
        ({"Perspectief": None}, "I2", "verplicht"),
        ({"Aanbieder": None}, "A2", "verplicht"),
        ({"Zichtbaarheid": "geheim"}, "E2", "verraadt_plek"),
    ]
    for cells, cell, code in wrong:
        values = VOORZIENING | cells

        shown = await files.show(pool, wie, "voorzieningen", files.text([list(values), list(values.values())]))

        assert (cell, code) in faults(shown)


async def test_a_zorgvorm_that_the_region_lacks_gets_the_nearest_name(pool: Pool, wie: Wie, bomen: Any) -> None:
    values = VOORZIENING | {"Type zorg": "gezinshuys"}

    shown = await files.show(
        pool, wie, "voorzieningen", files.workbook(("Lijst", [list(values), list(values.values())]))
    )

    assert "Bedoelt u Gezinshuis" in shown.fouten[0].reden


async def test_one_wrong_row_keeps_all_rows_out(pool: Pool, wie: Wie, owner: Connection, bomen: Any) -> None:
    rows = [
        list(VOORZIENING),
        list(VOORZIENING.values()),
        list((VOORZIENING | {"Voorziening": "De Eik", "Postcode": "12"}).values()),
    ]

    shown = await files.show(pool, wie, "voorzieningen", files.workbook(("Lijst", rows)))

    assert shown.vingerafdruk is None and faults(shown) == [("D3", "postcode")]
    assert await owner.fetchval("select count(*) from voorziening") == 0


# ── Aanvragen ────────────────────────────────────────────────────────────────────────────────────

AANVRAAG = {
    "Kenmerk": "J-1", "Organisatie": "De GI", "Urgentie": "spoed", "Leeftijd": "9", "Geslacht": "meisje",
    "Groepssoort": "alle",
    "Postcode": "1211 AB", "Gemeente": "Hilversum", "Verblijf nu": "thuis", "Startdatum": "1-4-2026",
    "Uiterlijk": "8 april 2026",
    "Duur": "6 maanden", "Perspectief": "terug naar huis", "Zorgvorm": "Gezinshuis", "Kader": "OTS",
}  # fmt: skip


def lijst(*changes: dict[str, Any]) -> bytes:
    header = list(dict.fromkeys([*AANVRAAG, *(name for change in changes for name in change)]))
    return files.text([header, *([(AANVRAAG | change).get(name, "") for name in header] for change in changes)])


@pytest.fixture
async def gi(pool: Pool, wie: Wie) -> Any:
    async with transaction(pool, wie) as conn:
        return await make.organisatie(conn, naam="De GI")


async def test_an_aanvraag_comes_in_under_its_kenmerk(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie], gi: Any
) -> None:
    """Of a full postcode only the digits are kept; the day of aanmelding counts for the waiting time."""
    await files.take_in(pool, wie, "aanvragen", lijst({"Aangemeld op": "20-2-2026"}))

    async with transaction(pool, wie_als("verwijzer", organisatie=gi), readonly=True) as conn:
        (listed,) = await aanvragen.page(conn)
        made = await aanvragen.get(conn, listed.id)
    assert (made.kenmerk, made.organisatie_id, made.pc4, made.gemeente_code) == ("J-1", gi, "1211", "0402")
    assert (made.leeftijd_maanden, made.leeftijd_peildatum, made.verwacht_verblijf) == (108, make.TODAY, 180)
    assert (made.zorgvormen, made.uiterlijke_datum) == (["gezinshuis"], date(2026, 4, 8))
    assert made.aangemeld_op == datetime(2026, 2, 20, 11, tzinfo=UTC)


async def test_the_same_aanvraag_a_month_later_has_not_changed(
    pool: Pool, wie: Wie, owner: Connection, gi: Any
) -> None:
    """An age is one of a day: the same age in the same list says nothing new."""
    await files.take_in(pool, wie, "aanvragen", lijst({}))
    before = await everything(owner)

    again = await files.take_in(pool, wie, "aanvragen", lijst({}), make.NOW + timedelta(days=30))

    assert again.wijzigingen == () and await everything(owner) == before


async def test_who_may_not_read_a_kenmerk_can_still_read_the_list_in_again(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie], owner: Connection, gi: Any
) -> None:
    """The loket reads in a list on behalf of a verwijzer; the verwijzer itself gets on with the same aanvraag. It is
    found by verwijzer and kenmerk together."""
    await files.take_in(pool, wie, "aanvragen", lijst({}))
    before = await everything(owner)
    again = await files.take_in(pool, wie, "aanvragen", lijst({}))
    own = await files.take_in(pool, wie_als("verwijzer", organisatie=gi), "aanvragen", lijst({"Organisatie": ""}))
    unchanged = await everything(owner)
    async with transaction(pool, wie) as conn:
        await make.organisatie(conn, naam="De andere")

    other = await files.take_in(pool, wie, "aanvragen", lijst({"Organisatie": "De andere"}, {"Leeftijd": "10"}))

    assert again.wijzigingen == own.wijzigingen == () and unchanged == before
    assert [change.actie.value for change in other.wijzigingen] == ["toegevoegd", "gewijzigd"]
    assert await owner.fetch("select kenmerk from aanvraag_kenmerk") == [("J-1",), ("J-1",)]


@pytest.mark.parametrize("rol", ["crisisdienst", "aanbieder", "contractbeheer", "beheerder", "verwijzer"])
async def test_nobody_else_asks_which_kenmerken_there_are(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie], gi: Any, rol: str
) -> None:
    """zoek_kenmerken answers the loket, and a verwijzer about itself."""
    await files.take_in(pool, wie, "aanvragen", lijst({}))
    asked = "select count(*) from zoek_kenmerken($1, $2)"
    async with transaction(pool, wie) as conn:
        other = await make.organisatie(conn)
        assert await conn.fetchval(asked, [gi], ["J-1"]) == 1
    async with transaction(pool, wie_als(rol, organisatie=other)) as conn:
        assert await conn.fetchval(asked, [gi], ["J-1"]) == 0
    async with transaction(pool, wie_als("schakelfunctionaris", regio="flevoland")) as conn:
        assert await conn.fetchval(asked, [gi], ["J-1"]) == 0


async def test_brothers_and_sisters_with_the_same_sign_search_together(
    pool: Pool, wie: Wie, owner: Connection, gi: Any
) -> None:
    content = lijst({"Samen met": "A"}, {"Kenmerk": "J-2", "Samen met": "a"}, {"Kenmerk": "J-3"})

    done = await files.take_in(pool, wie, "aanvragen", content)
    again = await files.take_in(pool, wie, "aanvragen", content)
    third = await files.take_in(pool, wie, "aanvragen", lijst({"Samen met": "A"}, {"Kenmerk": "J-3", "Samen met": "A"}))

    assert ("samen met", None, "J-2") in fields(done) and ("samen met", None, "J-1") in fields(done)
    assert again.wijzigingen == ()
    assert [change.wat for change in third.wijzigingen] == ["aanvraag J-3"]
    assert await owner.fetchval("select count(*) from samenplaatsing") == 1
    assert await owner.fetchval("select count(*) from aanvraag where samenplaatsing_id is not null") == 3


@pytest.mark.parametrize(
    "header",
    [
        "Naam",
        "naam kind",
        "Achternaam",
        "BSN",
        "Burgerservicenummer",
        "Geboortedatum",
        "geb.datum jeugdige",
        "Adres",
        "Straat en huisnr",
        "E-mail",
        "Telefoon ouder",
    ],
)
def test_a_column_that_says_who_a_child_is_keeps_the_file_out(header: str) -> None:
    """Also when it is empty, and without repeating what is in it."""
    parsed = parse(SOORTEN["aanvragen"].table, lijst({header: "geheim!"}), "lijst")

    assert [(fout.cel, fout.code) for fout in parsed.faults] == [("P1", "privacy")]
    assert "geheim!" not in str(parsed) and "Haal de kolom uit het bestand" in parsed.faults[0].reden


@pytest.mark.parametrize("column", ["Kenmerk", "Praktisch", "Mening", "Reden urgentie", "Samen met"])
@pytest.mark.parametrize("bsn", ["111222333", "1112.22.333", "bsn 111222333"])
def test_a_bsn_in_another_column_keeps_the_file_out_and_is_not_repeated(column: str, bsn: str) -> None:
    parsed = parse(SOORTEN["aanvragen"].table, lijst({column: bsn}), "lijst")

    assert [fout.code for fout in parsed.faults] == ["privacy"]
    assert "111222333" not in str(parsed.faults) and bsn not in str(parsed.faults)


@pytest.mark.parametrize("column", ["Praktisch", "Mening", "Reden urgentie", "Samen met"])
@pytest.mark.parametrize("text", ["bel 06-12345678", "moeder@voorbeeld.nl"])
def test_how_to_reach_a_family_keeps_the_file_out_and_is_not_repeated(column: str, text: str) -> None:
    parsed = parse(SOORTEN["aanvragen"].table, lijst({column: text}), "lijst")

    assert [fout.code for fout in parsed.faults] == ["privacy"]
    assert text not in str(parsed.faults) and "Haal het weg" in parsed.faults[0].reden


async def test_what_is_wrong_with_an_aanvraag_is_told_at_its_cell(pool: Pool, wie: Wie, gi: Any) -> None:
    """A zorgvorm that is no family needs its reason (Jeugdwet 2.3 lid 6): the aggregate's own rules hold as well."""
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"Zorgvorm": "Driemilieu"}, "verplicht"),
        ({"Uiterlijk": "31-3-2026"}, "volgorde"),
        ({"Organisatie": "De GGI"}, "onbekend"),
        ({"Organisatie": ""}, "verplicht"),
        ({"Kader": ""}, "verplicht"),
        ({"Zorgvorm": "Gezinshuis, Hotel"}, "onbekend"),
        ({"Samen met": "A"}, "alleen"),
        ({"Kenmerk": "?"}, "vorm"),
        ({"Aangemeld op": "3-3-2026"}, "toekomst"),
    ]
    for cells, code in wrong:
        shown = await files.show(pool, wie, "aanvragen", lijst(cells))

        assert [fout.code for fout in shown.fouten] == [code], cells


async def test_a_verwijzer_reads_in_only_its_own_aanvragen(pool: Pool, wie: Wie, wie_als: Any, gi: Any) -> None:
    async with transaction(pool, wie) as conn:
        other = await make.organisatie(conn, naam="Veilig Thuis")

    shown = await files.show(pool, wie_als("verwijzer", organisatie=other), "aanvragen", lijst({}))
    own = await files.show(pool, wie_als("verwijzer", organisatie=gi), "aanvragen", lijst({"Organisatie": ""}))

    assert faults(shown) == [("B2", "andere_organisatie")]
    assert own.aantallen["toegevoegd"] == 1


@pytest.mark.parametrize("soort", SOORTEN)
def test_a_template_does_not_say_when_it_was_made(soort: str) -> None:
    """Or a HEAD would tell another length than the GET a second later gives."""
    made = ZipFile(BytesIO(template.template(SOORTEN[soort].table)))

    assert {part.date_time for part in made.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert re.findall(rb">(20[^<]*Z)<", made.read("docProps/core.xml")) == [b"2026-01-01T00:00:00Z"] * 2
