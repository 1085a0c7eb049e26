"""The capacity list: what a row means for a plek, what is refused in words, and that twice changes nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from service.aanbod import bezetting
from service.aanbod.plekken import Beschikbaarheid
from service.db import Connection, Pool, Wie, transaction
from service.errors import Kind, Refusal
from service.intake import capaciteit, preview, soorten
from service.intake.preview import Actie, Context, Plan, Rejected, Voorbeeld
from service.intake.tables import Parsed
from tests import make
from tests.service.intake import files

HEADER = [
    "Aanbieder",
    "Voorziening",
    "Plek",
    "Status",
    "Vrij vanaf",
    "Bezet tot",
    "Reden",
    "Verwacht einde",
    "Bevestigd op",
]
COUNTS = ["Voorziening", "Aantal plekken", "Aantal vrij", "Status"]


@pytest.fixture
async def linde(pool: Pool, wie: Wie) -> UUID:
    """Voorziening De Linde of aanbieder De Bomen, without plekken."""
    async with transaction(pool, wie) as conn:
        aanbieder = await make.aanbieder(conn, naam="De Bomen", agb_code="00123456")
        return (await make.voorziening(conn, naam="De Linde", aanbieder_id=aanbieder.id)).id


async def plek(pool: Pool, wie: Wie, voorziening_id: UUID, naam: str, **fields: Any) -> UUID:
    async with transaction(pool, wie) as conn:
        return (await make.plek(conn, voorziening_id=voorziening_id, naam=naam, **fields)).id


def row(plek: str | int, status: str = "", **cells: str) -> list[str]:
    values = {"Aanbieder": "De Bomen", "Voorziening": "De Linde", "Plek": str(plek), "Status": status}
    values |= {name.replace("_", " ").capitalize(): value for name, value in cells.items()}
    return [values.get(name, "") for name in HEADER]


def list_of(*rows: list[str]) -> bytes:
    return files.text([HEADER, *rows])


async def stand(owner: Connection, naam: str) -> dict[str, Any]:
    """A plek as it is in the database, with what takes it."""
    plek = await owner.fetchrow("select * from plek where naam = $1", naam)
    assert plek is not None
    periods = await owner.fetch(
        "select soort, lower(periode) van, upper(periode) tot, stop_reden, beeindigd_op, versie from bezetting "
        "where plek_id = $1 and vrijgegeven_op is null order by 2",
        plek["id"],
    )
    return {**plek, "bezetting": [dict(period) for period in periods]}


def actions(voorbeeld: Voorbeeld) -> list[tuple[str, str]]:
    return [(change.actie.value, change.wat.removeprefix("De Linde, plek ")) for change in voorbeeld.wijzigingen]


async def everything(owner: Connection) -> list[list[Any]]:
    """All that an import could change."""
    return [
        [tuple(record) for record in await owner.fetch(f"select * from {table} order by id")]
        for table in ("plek", "bezetting", "bevestiging", "voorziening", "aanbieder")
    ]


async def test_a_row_per_plek_adds_plekken_with_what_takes_them(
    pool: Pool, wie: Wie, owner: Connection, linde: UUID
) -> None:
    """vrij, bezet, in overleg, niet bemenst and gestopt each become what the schema has for it."""
    content = list_of(
        row(1, "vrij"),
        row(2, "bezet", bezet_tot="1-7-2026"),
        row(3, "in overleg"),
        row(4, "niet bemenst"),
        row(5, "gestopt", reden="verbouwing", verwacht_einde="1 mei 2026"),
        row(6, "bezet"),
        row(7, "vrij", vrij_vanaf="15-3-2026"),
    )

    done = await files.take_in(pool, wie, "capaciteit", content)

    assert done.uitgevoerd
    assert done.aantallen == {"toegevoegd": 7, "gewijzigd": 0, "beeindigd": 0, "bevestigd": 0, "ongewijzigd": 0}
    found = {naam: await stand(owner, naam) for naam in "1234567"}
    assert [found[naam]["beschikbaarheid"] for naam in "134"] == ["bemenst", "in_overleg", "onbemenst"]
    assert all(found[naam]["bezetting"] == [] for naam in "134")
    assert [found[naam]["bezetting"][0]["tot"] for naam in "2567"] == [
        date(2026, 7, 1), date(2026, 5, 1), None, date(2026, 3, 15),
    ]  # fmt: skip
    assert found["5"]["bezetting"][0]["stop_reden"] == "verbouwing"
    assert all(found[naam]["bevestigd_op"] == make.NOW for naam in found)
    assert await owner.fetchval("select array_agg(distinct bron::text) from bevestiging") == ["bestand"]


async def test_the_preview_changes_nothing(pool: Pool, wie: Wie, owner: Connection, linde: UUID) -> None:
    before = await everything(owner)

    voorbeeld = await files.show(pool, wie, "capaciteit", list_of(row(1, "vrij"), row(2, "bezet")))

    assert voorbeeld.wijzigingen and not voorbeeld.uitgevoerd
    assert await everything(owner) == before


async def test_what_is_applied_is_what_was_shown(pool: Pool, wie: Wie, linde: UUID) -> None:
    """The answer of applying is the preview itself, but for `uitgevoerd`."""
    await plek(pool, wie, linde, "1")
    await plek(pool, wie, linde, "oud")
    content = list_of(row(1, "bezet", bezet_tot="1-7-2026"), row(2, "vrij"))
    shown = await files.show(pool, wie, "capaciteit", content)

    done = await files.take_in(pool, wie, "capaciteit", content)

    assert actions(shown) == [("gewijzigd", "1"), ("toegevoegd", "2"), ("beeindigd", "oud")]
    assert done.wijzigingen == shown.wijzigingen
    assert done.vingerafdruk == shown.vingerafdruk


async def test_the_same_file_again_changes_nothing(pool: Pool, wie: Wie, owner: Connection, linde: UUID) -> None:
    """No row, no version and no confirmation more: also not an hour later on the same day."""
    await plek(pool, wie, linde, "oud")
    content = list_of(
        row(1, "vrij"), row(2, "bezet", bezet_tot="1-7-2026"), row(3, "bezet"), row(4, "in overleg"),
        row(5, "gestopt", reden="personeel", verwacht_einde="1-6-2026"), row(6, "vrij", vrij_vanaf="1-4-2026"),
    )  # fmt: skip
    await files.take_in(pool, wie, "capaciteit", content)
    before = await everything(owner)

    again = await files.take_in(pool, wie, "capaciteit", content, make.NOW + timedelta(hours=1))

    assert again.aantallen == {"toegevoegd": 0, "gewijzigd": 0, "beeindigd": 0, "bevestigd": 0, "ongewijzigd": 6}
    assert await everything(owner) == before


async def test_the_list_of_another_day_confirms_again(pool: Pool, wie: Wie, owner: Connection, linde: UUID) -> None:
    content = list_of(row(1, "vrij"))
    await files.take_in(pool, wie, "capaciteit", content)

    later = await files.take_in(pool, wie, "capaciteit", content, make.NOW + timedelta(days=7))

    assert actions(later) == [("bevestigd", "1")]
    assert (await stand(owner, "1"))["bevestigd_op"] == make.NOW + timedelta(days=7)


async def test_a_list_of_an_earlier_day_says_when_it_was_right(
    pool: Pool, wie: Wie, owner: Connection, linde: UUID
) -> None:
    """`bevestigd op` counts, and never makes a plek look older than it is."""
    fresh = await plek(pool, wie, linde, "1")
    content = list_of(row(1, "vrij", bevestigd_op="20-2-2026"), row(2, "vrij", bevestigd_op="20-2-2026"))

    await files.take_in(pool, wie, "capaciteit", content)

    assert await owner.fetchval("select bevestigd_op from plek where id = $1", fresh) == make.NOW
    assert (await stand(owner, "2"))["bevestigd_op"] == datetime(2026, 2, 20, 11, tzinfo=UTC)


async def test_old_and_new_stand_side_by_side_for_each_change(pool: Pool, wie: Wie, linde: UUID) -> None:
    await plek(pool, wie, linde, "1")

    shown = await files.show(pool, wie, "capaciteit", list_of(row(1, "bezet", bezet_tot="1-7-2026")))

    (change,) = shown.wijzigingen
    assert (change.actie, change.rij) == (Actie.GEWIJZIGD, 2)
    assert [(veld.naam, veld.oud, veld.nieuw) for veld in change.velden] == [("stand", "vrij", "bezet tot 1-7-2026")]


TURNS: dict[str, tuple[dict[str, str], dict[str, str], list[Any]]] = {
    "bezet, dan vrij": ({"status": "bezet"}, {"status": "vrij"}, []),
    "gestopt, dan vrij": (
        {"status": "gestopt", "reden": "brand", "verwacht_einde": "1-6-2026"}, {"status": "vrij"}, [],
    ),
    "bezet, dan tot": (
        {"status": "bezet"}, {"status": "bezet", "bezet_tot": "1-7-2026"}, [("plaatsing", date(2026, 7, 1))],
    ),
    "bezet tot, dan bezet": (
        {"status": "bezet", "bezet_tot": "1-7-2026"}, {"status": "bezet"}, [("plaatsing", date(2026, 7, 1))],
    ),
    "bezet, dan gestopt": (
        {"status": "bezet"},
        {"status": "gestopt", "reden": "ziekte", "verwacht_einde": "1-6-2026"},
        [("stop", date(2026, 6, 1))],
    ),
    "gestopt, dan eerder open": (
        {"status": "gestopt", "reden": "rust", "verwacht_einde": "1-6-2026"},
        {"status": "gestopt", "reden": "overmacht", "verwacht_einde": "1-5-2026"},
        [("stop", date(2026, 5, 1))],
    ),
}  # fmt: skip
"""What a list says first, what the next one says, and what takes the plek from then on."""


@pytest.mark.parametrize("days", [0, 3])
async def test_a_plek_follows_what_its_provider_says_now(
    pool: Pool, wie: Wie, owner: Connection, linde: UUID, days: int
) -> None:
    """On another day the period ends; on the same day it is taken back, because it never was."""
    now = make.NOW + timedelta(days=days)
    await files.take_in(
        pool, wie, "capaciteit", list_of(*(row(naam, **first) for naam, (first, _, _) in TURNS.items()))
    )
    then = list_of(*(row(naam, **second) for naam, (_, second, _) in TURNS.items()))

    await files.take_in(pool, wie, "capaciteit", then, now)
    again = await files.take_in(pool, wie, "capaciteit", then, now)

    for naam, (_, _, left) in TURNS.items():
        taken = [
            (period["soort"], period["tot"])
            for period in (await stand(owner, naam))["bezetting"]
            if period["tot"] is None or period["tot"] > now.date()
        ]
        assert taken == left, naam
    assert again.aantallen["ongewijzigd"] == len(TURNS)


async def test_a_plaatsing_past_its_expected_end_ends_when_the_list_says_free(
    pool: Pool, wie: Wie, owner: Connection, linde: UUID
) -> None:
    """Until somebody says so it takes its plek; then the expected end was the end."""
    await files.take_in(pool, wie, "capaciteit", list_of(row(1, "bezet", bezet_tot="10-3-2026")))
    after = make.NOW + timedelta(days=30)

    done = await files.take_in(pool, wie, "capaciteit", list_of(row(1, "vrij")), after)

    assert done.wijzigingen[0].velden[0].oud == "bezet tot 10-3-2026"
    (period,) = (await stand(owner, "1"))["bezetting"]
    assert period["beeindigd_op"] == date(2026, 3, 10)


async def test_plekken_that_left_the_list_end_and_come_back_when_they_are_in_it_again(
    pool: Pool, wie: Wie, owner: Connection, linde: UUID
) -> None:
    await plek(pool, wie, linde, "1")
    await plek(pool, wie, linde, "2")

    gone = await files.take_in(pool, wie, "capaciteit", list_of(row(1, "vrij")))
    ended = (await stand(owner, "2"))["bestaat"].upper
    back = await files.take_in(pool, wie, "capaciteit", list_of(row(1, "vrij"), row(2, "vrij")))

    assert actions(gone) == [("beeindigd", "2")]
    assert ended == make.TODAY
    assert actions(back) == [("gewijzigd", "2")]
    assert (await stand(owner, "2"))["bestaat"].upper is None


async def test_voorzieningen_that_the_list_does_not_name_stay_as_they_are(pool: Pool, wie: Wie, linde: UUID) -> None:
    async with transaction(pool, wie) as conn:
        await make.plek(conn, naam="van een ander")

    shown = await files.show(pool, wie, "capaciteit", list_of(row(1, "vrij")))

    assert actions(shown) == [("toegevoegd", "1")]


async def test_a_plek_with_a_wrong_row_does_not_seem_to_have_left_the_list(pool: Pool, wie: Wie, linde: UUID) -> None:
    """Only what is really absent ends: the only fault is the cell itself."""
    await plek(pool, wie, linde, "1", beschikbaarheid=Beschikbaarheid.IN_OVERLEG)

    shown = await files.show(pool, wie, "capaciteit", list_of(row(1, "vrijjj")))

    assert [(fout.rij, fout.cel, fout.waarde) for fout in shown.fouten] == [(2, "D2", "vrijjj")]


async def test_somebody_placed_by_the_loket_is_never_put_out_by_a_list(
    pool: Pool, wie: Wie, owner: Connection, linde: UUID
) -> None:
    """Free, stopped or absent in the list while a plaatsing stands: told in words, and nothing changes."""
    for naam in ("1", "2", "3"):
        id = await plek(pool, wie, linde, naam)
        async with transaction(pool, wie) as conn:
            await make.plaatsing(conn, plek_id=id)
    before = await everything(owner)
    content = list_of(row(1, "vrij"), row(2, "gestopt", reden="anders", verwacht_einde="1-9-2026"))

    shown = await files.show(pool, wie, "capaciteit", content)

    assert [(fout.rij, fout.code) for fout in shown.fouten] == [(None, "nog_bezet"), (2, "plaatsing"), (3, "plaatsing")]
    assert "tot 1-5-2026" in shown.fouten[1].reden
    assert "De Linde, plek 3" in shown.fouten[0].reden
    assert shown.vingerafdruk is None
    assert await everything(owner) == before


async def test_another_end_for_a_plaatsing_of_the_loket_is_a_note_and_not_a_change(
    pool: Pool, wie: Wie, linde: UUID
) -> None:
    id = await plek(pool, wie, linde, "1")
    async with transaction(pool, wie) as conn:
        await make.plaatsing(conn, plek_id=id)

    shown = await files.show(pool, wie, "capaciteit", list_of(row(1, "bezet", bezet_tot="1-8-2026")))

    assert shown.wijzigingen == () and shown.fouten == ()
    assert "in het loket loopt de plaatsing tot 1-5-2026" in shown.meldingen[0]


async def hold(pool: Pool, wie: Wie, plek_id: UUID, vervalt_op: datetime) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
        await bezetting.houd(conn, plek_id, aanvraag.id, make.TODAY, make.day(60), vervalt_op=vervalt_op, now=make.NOW)


async def test_an_optie_stays_while_the_bed_is_free(pool: Pool, wie: Wie, owner: Connection, linde: UUID) -> None:
    """The provider sees an empty bed and the loket a held one: both are right."""
    await hold(pool, wie, await plek(pool, wie, linde, "1"), make.NOW + timedelta(days=2))

    done = await files.take_in(pool, wie, "capaciteit", list_of(row(1, "vrij")))

    assert "optie" in done.meldingen[0]
    assert [period["soort"] for period in (await stand(owner, "1"))["bezetting"]] == ["optie"]


async def test_an_optie_and_an_occupied_bed_contradict(pool: Pool, wie: Wie, linde: UUID) -> None:
    await hold(pool, wie, await plek(pool, wie, linde, "1"), make.NOW + timedelta(days=2))

    shown = await files.show(pool, wie, "capaciteit", list_of(row(1, "bezet")))

    assert [(fout.rij, fout.kolom, fout.code) for fout in shown.fouten] == [(2, "Status", "optie")]


async def test_an_expired_optie_holds_nothing(pool: Pool, wie: Wie, owner: Connection, linde: UUID) -> None:
    await hold(pool, wie, await plek(pool, wie, linde, "1"), make.NOW + timedelta(hours=1))

    await files.take_in(pool, wie, "capaciteit", list_of(row(1, "bezet")), make.NOW + timedelta(hours=2))

    assert [period["soort"] for period in (await stand(owner, "1"))["bezetting"]] == ["plaatsing"]


async def test_a_stay_that_runs_into_a_promise_is_wrong_in_the_cell_that_says_so(
    pool: Pool, wie: Wie, linde: UUID
) -> None:
    """One day less is right: a period excludes its last day."""
    id = await plek(pool, wie, linde, "1")
    async with transaction(pool, wie) as conn:
        await make.plaatsing(conn, plek_id=id, van=date(2026, 5, 1), tot=None)

    too_long = await files.show(pool, wie, "capaciteit", list_of(row(1, "bezet", bezet_tot="2-5-2026")))
    just_fits = await files.show(pool, wie, "capaciteit", list_of(row(1, "bezet", bezet_tot="1-5-2026")))

    assert [(fout.cel, fout.code) for fout in too_long.fouten] == [("F2", "overlap")]
    assert "1-5-2026" in too_long.fouten[0].reden
    assert actions(just_fits) == [("gewijzigd", "1")]


async def test_data_that_changed_after_the_preview_are_not_overwritten(
    pool: Pool, wie: Wie, owner: Connection, linde: UUID
) -> None:
    """Apply what was shown, or nothing."""
    id = await plek(pool, wie, linde, "1")
    content = list_of(row(1, "bezet"))
    shown = await files.show(pool, wie, "capaciteit", content)
    async with transaction(pool, wie) as conn:
        await make.stop(conn, plek_id=id)
    before = await everything(owner)
    kind = soorten.SOORTEN["capaciteit"]

    parsed = await soorten.read(kind, content, "lijst")
    with pytest.raises(Refusal) as refused:
        await soorten.take_in(pool, wie, kind, parsed, now=make.NOW, fingerprint=shown.vingerafdruk or "")

    assert refused.value.kind is Kind.STALE
    assert await everything(owner) == before


async def test_a_claim_that_came_up_in_between_is_refused_by_the_database_and_told_at_its_row(
    pool: Pool, wie: Wie, owner: Connection, linde: UUID
) -> None:
    """Somebody else takes the plek between computing the changes and writing them: nothing happens, and why is told."""
    id = await plek(pool, wie, linde, "1")
    content = list_of(row(2, "vrij"), row(1, "gestopt", reden="rust", verwacht_einde="1-4-2026"))
    shown = await files.show(pool, wie, "capaciteit", content)
    parsed = await soorten.read(soorten.SOORTEN["capaciteit"], content, "lijst")
    looked = 0

    async def plan_and_be_too_late(conn: Connection, parsed: Parsed, context: Context) -> Plan:
        nonlocal looked
        looked += 1
        plan = await capaciteit.plan(conn, parsed, context)
        if looked == 1:
            async with transaction(pool, wie) as other:
                await make.plaatsing(other, plek_id=id)
        return plan

    async def apply() -> None:
        async with transaction(pool, wie) as conn:
            context = Context(wie, make.NOW, lock=True)
            await preview.apply(conn, plan_and_be_too_late, parsed, context, shown.vingerafdruk or "")

    with pytest.raises(Rejected) as rejected:
        await apply()

    assert [(fout.cel, fout.code) for fout in rejected.value.voorbeeld.fouten] == [("D3", "plaatsing")]
    assert await owner.fetchval("select count(*) from plek") == 1


async def test_every_wrong_cell_is_told_at_once_with_its_row_as_the_spreadsheet_numbers_it(
    pool: Pool, wie: Wie, owner: Connection, linde: UUID
) -> None:
    content = files.text([
        ["Capaciteitslijst"], [], HEADER,
        row(1, "vrij"), row(1, "vrij"), [], row(2, "bzet", bezet_tot="31-2-2026"), row(3, "bezet",
        bezet_tot="1-1-2026"),
        row(4, "gestopt"), row(5), ["", "De Lindde", "1", "vrij"], ["De Bomn", "De Linde", "6", "vrij"],
        row(7, "vrij", bevestigd_op="3-3-2026"), row(8, "bezet", bezet_tot="1-5-2026", vrij_vanaf="2-5-2026"),
    ])  # fmt: skip

    shown = await files.show(pool, wie, "capaciteit", content)

    assert [(fout.cel, fout.code) for fout in shown.fouten] == [
        ("C5", "dubbel"), ("D7", "onbekend"), ("F7", "geen_datum"), ("F8", "voorbij"), ("G9", "verplicht"),
        ("H9", "verplicht"), ("D10", "verplicht"), ("B11", "voorziening_onbekend"), ("A12", "aanbieder_onbekend"),
        ("I13", "toekomst"), ("F14", "tegenspraak"),
    ]  # fmt: skip
    assert "Bedoelt u De Linde?" in shown.fouten[7].reden
    assert "Bedoelt u De Bomen?" in shown.fouten[8].reden
    assert await owner.fetchval("select count(*) from plek") == 0


async def test_the_aanbieder_may_be_an_agb_code_that_lost_its_zeros(pool: Pool, wie: Wie, linde: UUID) -> None:
    content = files.workbook(("Blad1", [["AGB", "voorziening", "plek", "status"], [123456, "de linde", 1.0, "vrij"]]))

    shown = await files.show(pool, wie, "capaciteit", content)

    assert actions(shown) == [("toegevoegd", "1")]


async def test_a_name_that_two_aanbieders_use_needs_the_aanbieder(pool: Pool, wie: Wie, linde: UUID) -> None:
    async with transaction(pool, wie) as conn:
        await make.voorziening(conn, naam="De Linde")
    content = files.text([["voorziening", "plek", "status"], ["De Linde", "1", "vrij"]])

    shown = await files.show(pool, wie, "capaciteit", content)

    assert [fout.code for fout in shown.fouten] == ["voorziening_dubbel"]


async def test_an_empty_cell_below_an_aanbieder_means_the_same_one(pool: Pool, wie: Wie, linde: UUID) -> None:
    """As in a list with one heading for several rows; only where the name of the voorziening leaves a doubt."""
    async with transaction(pool, wie) as conn:
        await make.voorziening(conn, naam="De Linde")
    content = files.text(
        [
            HEADER,
            row(1, "vrij"),
            ["", *row(2, "vrij")[1:]],
            ["De Boomen", *row(3, "vrij")[1:]],
            ["", *row(4, "vrij")[1:]],
        ]
    )

    shown = await files.show(pool, wie, "capaciteit", content)

    assert [fout.cel for fout in shown.fouten] == ["A4"]


async def test_an_aanbieder_reads_in_only_its_own_plekken(pool: Pool, wie: Wie, wie_als: Any, linde: UUID) -> None:
    """It does not even learn that the other is there."""
    async with transaction(pool, wie) as conn:
        other = (await make.aanbieder(conn, naam="De Struiken")).id
    content = list_of(row(1, "vrij"))

    shown = await files.show(pool, wie_als("aanbieder", organisatie=other), "capaciteit", content)

    assert [fout.code for fout in shown.fouten] == ["aanbieder_onbekend"]


async def test_another_region_does_not_know_the_voorziening(pool: Pool, wie_als: Any, linde: UUID) -> None:
    content = files.text([["voorziening", "plek", "status"], ["De Linde", "1", "vrij"]])

    shown = await files.show(pool, wie_als("schakelfunctionaris", regio="flevoland"), "capaciteit", content)

    assert [fout.code for fout in shown.fouten] == ["voorziening_onbekend"]


async def test_a_plek_is_found_however_its_number_is_written(pool: Pool, wie: Wie, linde: UUID) -> None:
    await plek(pool, wie, linde, "Plek 3")

    for naam in ("Plek 3", "plek 03", "3"):
        shown = await files.show(pool, wie, "capaciteit", list_of(row(naam, "vrij")))

        assert shown.aantallen["ongewijzigd"] == 1 and shown.wijzigingen == (), naam


class TestCounts:
    """One row per voorziening: how many plekken there are, and how many of them are free."""

    @staticmethod
    async def free(owner: Connection) -> list[str]:
        rows = await owner.fetch(
            "select naam from plek p where upper_inf(bestaat) and not exists (select from "
            "bezetting b where b.plek_id = p.id and b.vrijgegeven_op is null and b.periode @> $1::date) order by naam",
            make.TODAY,
        )
        return [row["naam"] for row in rows]

    async def test_makes_as_many_plekken_as_there_are_and_keeps_as_many_free(
        self, pool: Pool, wie: Wie, owner: Connection, linde: UUID
    ) -> None:
        content = files.text([COUNTS, ["De Linde", "4", "1", ""]])

        done = await files.take_in(pool, wie, "capaciteit", content)
        again = await files.take_in(pool, wie, "capaciteit", content)

        assert done.aantallen["toegevoegd"] == 4
        assert await self.free(owner) == ["4"]
        assert again.wijzigingen == ()

    async def test_frees_takes_adds_and_ends_as_few_as_it_can(
        self, pool: Pool, wie: Wie, owner: Connection, linde: UUID
    ) -> None:
        await files.take_in(pool, wie, "capaciteit", files.text([COUNTS, ["De Linde", "4", "1", ""]]))

        for total, free, changes in [(4, 2, 1), (4, 0, 2), (5, 1, 1), (4, 0, 1), (5, 1, 1)]:
            done = await files.take_in(pool, wie, "capaciteit", files.text([COUNTS, ["De Linde", total, free, ""]]))

            assert len(done.wijzigingen) == changes, (total, free)
            assert len(await self.free(owner)) == free
        assert await owner.fetchval("select count(*) from plek") == 5

    async def test_says_whether_the_free_ones_are_staffed(
        self, pool: Pool, wie: Wie, owner: Connection, linde: UUID
    ) -> None:
        await files.take_in(pool, wie, "capaciteit", files.text([COUNTS, ["De Linde", "2", "1", "niet bemenst"]]))

        assert sorted(row["beschikbaarheid"] for row in await owner.fetch("select * from plek")) == [
            "bemenst",
            "onbemenst",
        ]

    async def test_cannot_put_out_who_the_loket_placed(self, pool: Pool, wie: Wie, linde: UUID) -> None:
        for naam in ("1", "2"):
            id = await plek(pool, wie, linde, naam)
            async with transaction(pool, wie) as conn:
                await make.plaatsing(conn, plek_id=id)

        free = await files.show(pool, wie, "capaciteit", files.text([COUNTS, ["De Linde", "2", "1", ""]]))
        fewer = await files.show(pool, wie, "capaciteit", files.text([COUNTS, ["De Linde", "1", "0", ""]]))

        assert [(fout.cel, fout.code) for fout in free.fouten] == [("C2", "nog_bezet")]
        assert [(fout.cel, fout.code) for fout in fewer.fouten] == [("B2", "nog_bezet")]

    async def test_refuses_numbers_that_cannot_be(self, pool: Pool, wie: Wie, linde: UUID) -> None:
        for cells, cell, code in [
            (["De Linde", "2", "3", ""], "C2", "te_veel"),
            (["De Linde", "2", "", ""], "C2", "verplicht"),
            (["De Linde", "2,5", "1", ""], "B2", "geen_heel_getal"),
            (["De Linde", "-1", "0", ""], "B2", "buiten_grens"),
            (["De Linde", "2", "1", "gestopt"], "D2", "niet_bij_aantal"),
        ]:
            shown = await files.show(pool, wie, "capaciteit", files.text([COUNTS, cells]))

            assert [(fout.cel, fout.code) for fout in shown.fouten] == [(cell, code)]
