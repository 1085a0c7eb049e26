"""From rows to places in order, and back to rows that who asks may see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service.aanbod.locaties import Zichtbaarheid
from service.aanbod.voorzieningen import JuridischKader
from service.aanvraag import grondslagen, uitsluitingen
from service.db import Connection, Pool, Wie, open_pool, transaction
from service.errors import Kind, Refusal
from service.rang.matches import Page, rank_aanvraag
from service.rang.rangschikking import Rangschikking
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.urgentie import Urgentie
from tests import make


@pytest.fixture
async def snapshots(database_url: str) -> AsyncIterator[Snapshots]:
    """Not listening, so each question reads everything."""
    pool = await open_pool(database_url, size=2)
    yield Snapshots(pool, lambda: asyncpg.connect(database_url))
    await pool.close()


@pytest.fixture
def ranked(snapshots: Snapshots, pool: Pool, wie: Wie) -> Callable[..., Any]:
    """`await ranked(aanvraag_id, as_=…)`: the rangschikking of an aanvraag, at make.NOW."""

    async def of(aanvraag_id: UUID, as_: Wie = wie, now: Any = make.NOW) -> Rangschikking:
        async with transaction(pool, as_, readonly=True) as conn:
            return await rank_aanvraag(
                conn,
                snapshots,
                Traveller(),
                wie=as_,
                aanvraag_id=aanvraag_id,
                now=now,
                page=Page(),
                fallen_page=Page(),
            )

    return of


async def test_a_place_that_fits_comes_with_its_name_its_points_and_sentences(
    ranked: Callable[..., Any], pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        aanvraag = await make.aanvraag(conn)
    found: Rangschikking = await ranked(aanvraag.id)
    [line] = found.plekken
    assert (line.plek.plek_id, line.plek.zorgvorm_naam, line.plek.plaats) == (plek.id, "Gezinshuis", None)
    assert line.score == sum(part.punten for part in line.bijdragen)
    assert sum(part.maximum for part in line.bijdragen) == pytest.approx(100)
    assert line.eerste_dag == make.day(1)
    assert "Alleen na overleg met de gemeente: deze aanbieder heeft hier geen contract voor." in line.let_op
    assert (found.aantal_passend, found.aantal_afgevallen, found.actueel) == (1, 0, True)
    assert (found.reistijd_bron, found.reistijd_reden) == ("schatting", None)


async def test_a_contract_takes_the_mark_away(ranked: Callable[..., Any], pool: Pool, wie: Wie) -> None:
    """No contract never hides a place; it marks it."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        await make.contract(conn, plek.aanbieder_id, "gezinshuis")
        aanvraag = await make.aanvraag(conn)
    [line] = (await ranked(aanvraag.id)).plekken
    assert line.let_op == []


async def test_of_a_secret_place_no_plaats_is_told_and_travel_in_quarters_of_an_hour(
    ranked: Callable[..., Any], pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        locatie = await make.locatie(conn, zichtbaarheid=Zichtbaarheid.GEHEIM, postcode="1211 AB")
        voorziening = await make.voorziening(conn, locatie_id=locatie.id)
        await make.plek(conn, voorziening_id=voorziening.id)
        aanvraag = await make.aanvraag(conn)
    [line] = (await ranked(aanvraag.id)).plekken
    assert line.plek.plaats is None
    assert line.reistijd_minuten == {"thuis": 15}
    assert "De plaats is niet openbaar. De reistijd is daarom grof geschat." in line.let_op


async def test_a_place_near_where_the_child_must_not_be_falls_out_and_only_the_schakelfunctionaris_reads_why(
    ranked: Callable[..., Any], pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    async with transaction(pool, wie) as conn:
        locatie = await make.locatie(conn, postcode="1251 AB")
        voorziening = await make.voorziening(conn, locatie_id=locatie.id)
        await make.plek(conn, voorziening_id=voorziening.id)
        aanvraag = await make.aanvraag(
            conn,
            urgentie=Urgentie.CRISIS,
            uitsluitingen=[
                uitsluitingen.Uitsluiting(soort=uitsluitingen.UitsluitingSoort.GEBIED, pc4="1251", straal_km=2)
            ],
        )
    [out] = (await ranked(aanvraag.id)).afgevallen
    assert out.redenen == ["Ligt in een gebied waar dit kind niet mag komen, of misschien daarin."]
    found: Rangschikking = await ranked(aanvraag.id, wie_als("crisisdienst"))
    [out] = found.afgevallen
    assert (out.regels, out.redenen) == ([], ["Niet beschikbaar."])
    assert found.afgevallen_per_reden == found.alleen_om_deze_reden == {"Niet beschikbaar": 1}


async def test_others_than_the_schakelfunctionaris_read_the_band_and_not_the_points(
    ranked: Callable[..., Any], pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """Points of group mix would tell the ages of those who live there."""
    async with transaction(pool, wie) as conn:
        await make.plek(conn)
        aanvraag = await make.aanvraag(conn, urgentie=Urgentie.CRISIS)
    [line] = (await ranked(aanvraag.id, wie_als("crisisdienst"))).plekken
    assert (line.score, line.bijdragen) == (None, [])
    assert line.band in {"goed", "past", "deels"}


async def test_brothers_and_sisters_are_ranked_together(ranked: Callable[..., Any], pool: Pool, wie: Wie) -> None:
    """A samenplaatsing needs as many beds in one voorziening; one bed is told as what is missing."""
    async with transaction(pool, wie) as conn:
        groep = await make.samenplaatsing(conn)
        oudste = await make.aanvraag(conn, organisatie_id=groep.organisatie_id, samenplaatsing_id=groep.id)
        await make.aanvraag(conn, organisatie_id=groep.organisatie_id, samenplaatsing_id=groep.id, leeftijd_maanden=100)
        samen = await make.voorziening(conn)
        bedden = [await make.plek(conn, voorziening_id=samen.id) for _ in range(2)]
        alleen = await make.plek(conn)
    found: Rangschikking = await ranked(oudste.id)
    [line] = found.plekken
    assert {line.plek.plek_id, *line.samen_met} == {bed.id for bed in bedden}
    [out] = found.afgevallen
    assert out.plek.plek_id == alleen.id
    assert out.redenen == ["Er is 1 plek tegelijk vrij. Nodig zijn 2 plekken."]


async def test_brothers_and_sisters_who_ask_for_different_things_are_told_so(
    ranked: Callable[..., Any], pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        groep = await make.samenplaatsing(conn)
        een = await make.aanvraag(conn, organisatie_id=groep.organisatie_id, samenplaatsing_id=groep.id)
        await make.aanvraag(
            conn,
            organisatie_id=groep.organisatie_id,
            samenplaatsing_id=groep.id,
            zorgvormen=["pleegzorg-opvoeding"],
        )
    with pytest.raises(Refusal, match="niet om dezelfde zorgvorm") as refused:
        await ranked(een.id)
    assert refused.value.kind is Kind.CONFLICT


async def test_a_place_must_take_the_juridisch_kader_of_every_brother_and_sister(
    ranked: Callable[..., Any], pool: Pool, wie: Wie
) -> None:
    """Whichever of them is asked for: a place that takes no children under OTS does not take the two together."""
    async with transaction(pool, wie) as conn:
        groep = await make.samenplaatsing(conn)
        family = {"organisatie_id": groep.organisatie_id, "samenplaatsing_id": groep.id}
        een = await make.aanvraag(conn, **family, juridisch_kader=JuridischKader.VRIJWILLIG)
        ander = await make.aanvraag(conn, **family, juridisch_kader=JuridischKader.OTS)
        voorziening = await make.voorziening(conn, juridische_kaders=[JuridischKader.VRIJWILLIG])
        for _ in range(2):
            await make.plek(conn, voorziening_id=voorziening.id)
    for aanvraag in (een, ander):
        found: Rangschikking = await ranked(aanvraag.id)
        assert [out.redenen for out in found.afgevallen] == [["Neemt geen kinderen op met dit juridisch kader."]]


async def test_a_machtiging_of_one_of_two_binds_both_and_a_closed_place_needs_one_for_each(
    ranked: Callable[..., Any], pool: Pool, wie: Wie
) -> None:
    """Together they can only go where each may go."""
    gesloten = grondslagen.Machtiging(
        soort=grondslagen.MachtigingSoort.GESLOTEN,
        zorgvormen=["gezinshuis"],
        geldig_van=make.day(-10),
        geldig_tot=make.day(200),
    )
    async with transaction(pool, wie) as conn:
        groep = await make.samenplaatsing(conn)
        family = {"organisatie_id": groep.organisatie_id, "samenplaatsing_id": groep.id}
        zorgvormen = ["gezinshuis", "pleegzorg-opvoeding"]
        een = await make.aanvraag(conn, **family, zorgvormen=zorgvormen, machtigingen=[gesloten])
        ander = await make.aanvraag(conn, **family, zorgvormen=zorgvormen)
        for fields in ({"gesloten": True}, {"zorgvorm": "pleegzorg-opvoeding"}):
            voorziening = await make.voorziening(conn, **fields)
            for _ in range(2):
                await make.plek(conn, voorziening_id=voorziening.id)
    for aanvraag in (een, ander):
        found: Rangschikking = await ranked(aanvraag.id)
        assert sorted(out.redenen for out in found.afgevallen) == [
            ["De machtiging geldt niet voor pleegzorg, opvoeding."],
            ["Dit is een gesloten plek. Daarvoor is een gesloten machtiging nodig."],
        ]


async def test_more_brothers_and_sisters_than_the_matcher_takes_are_refused_in_words(
    ranked: Callable[..., Any], pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        groep = await make.samenplaatsing(conn)
        family = {"organisatie_id": groep.organisatie_id, "samenplaatsing_id": groep.id}
        acht = [await make.aanvraag(conn, **family) for _ in range(8)]
    assert (await ranked(acht[0].id)).aantal_passend == 0
    async with transaction(pool, wie) as conn:
        await make.aanvraag(conn, **family)
    with pytest.raises(Refusal, match="hooguit 8 kinderen") as refused:
        await ranked(acht[0].id)
    assert refused.value.kind is Kind.CONFLICT


@pytest.mark.parametrize(("later", "refused"), [(31, False), (62, True)])
async def test_who_is_past_23_on_the_first_day_gets_the_reason_and_no_places(
    ranked: Callable[..., Any], pool: Pool, wie: Wie, later: int, refused: bool
) -> None:
    """Youth care ends at 23, and a child grows older while it waits: 276 months one month later, 277 after two."""
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn, leeftijd_maanden=275)
    now = make.NOW + timedelta(days=later)
    if refused:
        with pytest.raises(Refusal, match="ouder dan 23 jaar"):
            await ranked(aanvraag.id, now=now)
    else:
        assert (await ranked(aanvraag.id, now=now)).aantal_passend == 0


async def test_a_wish_that_has_passed_is_a_wish_from_today_on(ranked: Callable[..., Any], pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        await make.plek(conn)
        aanvraag = await make.aanvraag(conn)
    later = make.NOW + timedelta(days=100)
    [line] = (await ranked(aanvraag.id, now=later)).plekken
    assert line.eerste_dag == make.day(100)
    assert "Kan beginnen op wo 10 jun, 99 dagen later dan gewenst." in line.waarom


@pytest.mark.parametrize(
    ("tot", "fits"), [(0, True), (1, False), (20, False)], ids=["ended", "one day left", "ends before the start"]
)
async def test_a_machtiging_binds_until_it_has_ended_also_when_it_ends_before_the_start(
    ranked: Callable[..., Any], pool: Pool, wie: Wie, tot: int, fits: bool
) -> None:
    """It will have to be extended; that does not make another stay one that the court allowed."""
    async with transaction(pool, wie) as conn:
        await make.plek(conn)
        aanvraag = await make.aanvraag(
            conn,
            gewenste_start=make.day(25),
            uiterlijke_datum=make.day(40),
            machtigingen=[
                grondslagen.Machtiging(
                    soort=grondslagen.MachtigingSoort.OPEN,
                    zorgvormen=["pleegzorg-opvoeding"],
                    geldig_van=make.day(-30),
                    geldig_tot=make.day(tot),
                )
            ],
        )
    assert (await ranked(aanvraag.id)).aantal_passend == (1 if fits else 0)


async def test_two_machtigingen_of_one_child_allow_what_either_allows(
    ranked: Callable[..., Any], pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        await make.plek(conn)
        both = [
            grondslagen.Machtiging(soort=soort, zorgvormen=[zorgvorm], geldig_van=make.TODAY, geldig_tot=make.day(90))
            for soort, zorgvorm in (
                (grondslagen.MachtigingSoort.OPEN, "gezinshuis"),
                (grondslagen.MachtigingSoort.GESLOTEN, "residentieel"),
            )
        ]
        aanvraag = await make.aanvraag(conn, machtigingen=both)
    assert (await ranked(aanvraag.id)).aantal_passend == 1


async def test_a_machtiging_blocks_a_zorgvorm_that_it_does_not_name(
    ranked: Callable[..., Any], pool: Pool, wie: Wie
) -> None:
    async with transaction(pool, wie) as conn:
        await make.plek(conn)
        aanvraag = await make.aanvraag(
            conn,
            machtigingen=[
                grondslagen.Machtiging(
                    soort=grondslagen.MachtigingSoort.OPEN,
                    zorgvormen=["pleegzorg-opvoeding"],
                    geldig_van=make.day(-10),
                    geldig_tot=make.day(200),
                )
            ],
        )
    [out] = (await ranked(aanvraag.id)).afgevallen
    assert out.redenen == ["De machtiging geldt niet voor gezinshuis."]


async def test_a_place_of_another_region_fits_only_for_the_zorgvorm_that_was_agreed(
    ranked: Callable[..., Any], pool: Pool, wie: Wie, wie_als: Callable[..., Wie], owner: Connection
) -> None:
    async with transaction(pool, wie_als("schakelfunctionaris", regio="flevoland")) as conn:
        await make.plek(conn)
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
    assert (await ranked(aanvraag.id)).aantal_passend == 0
    agree = (
        "insert into regioafspraak (aanbod_regio, vraag_regio, zorgvorm, geldigheid) "
        "values ('flevoland', 'gooi-en-vechtstreek', $1, '[2026-01-01,)')"
    )
    await owner.execute(agree, "driemilieu")
    found: Rangschikking = await ranked(aanvraag.id)
    assert [out.redenen for out in found.afgevallen] == [
        ["Ligt in een andere regio. Daar is geen afspraak mee voor deze zorgvorm."]
    ]
    await owner.execute(agree, "gezinshuis")
    assert (await ranked(aanvraag.id)).aantal_passend == 1
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="regioafspraak_zorgvorm_fk"):
        await owner.execute(agree, "gezinshius")


async def test_an_aanvraag_of_another_region_is_not_there(
    ranked: Callable[..., Any], pool: Pool, wie_als: Callable[..., Wie]
) -> None:
    async with transaction(pool, wie_als("schakelfunctionaris", regio="flevoland")) as conn:
        aanvraag = await make.aanvraag(conn, gemeente_code="0034")
    with pytest.raises(Refusal) as refused:
        await ranked(aanvraag.id)
    assert refused.value.kind is Kind.NOT_FOUND


@pytest.mark.parametrize("status", ["geplaatst", "beeindigd", "afgewezen", "ingetrokken"])
async def test_no_places_are_shown_for_an_aanvraag_that_is_closed(
    ranked: Callable[..., Any], pool: Pool, wie: Wie, owner: Connection, status: str
) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
    await owner.execute("update aanvraag set status = $1::aanvraag_status", status)
    with pytest.raises(Refusal, match="geen plek meer voor gezocht") as refused:
        await ranked(aanvraag.id)
    assert refused.value.kind is Kind.CONFLICT


async def test_without_weights_of_the_region_nothing_is_put_in_order(
    ranked: Callable[..., Any], pool: Pool, wie: Wie, owner: Connection
) -> None:
    async with transaction(pool, wie) as conn:
        aanvraag = await make.aanvraag(conn)
    await owner.execute("delete from weging")
    with pytest.raises(Refusal, match="nog niet bepaald") as refused:
        await ranked(aanvraag.id)
    assert refused.value.kind is Kind.CONFLICT


async def test_the_weights_of_the_region_decide_the_order(
    ranked: Callable[..., Any], pool: Pool, wie: Wie, owner: Connection
) -> None:
    async with transaction(pool, wie) as conn:
        ver = await make.locatie(conn, postcode="8232 AB")
        thuis = await make.voorziening(conn, locatie_id=ver.id)
        await make.plek(conn, voorziening_id=thuis.id)
        groep = await make.voorziening(conn, zorgvorm="residentieel")
        await make.plek(conn, voorziening_id=groep.id)
        aanvraag = await make.aanvraag(
            conn, zorgvormen=["gezinshuis", "residentieel"], zorgvorm_reden="Heeft behandeling op de groep nodig."
        )

    async def first_with(criterium: str) -> UUID:
        await owner.execute("update weging set gewicht = case when criterium::text = $1 then 10 else 0 end", criterium)
        found: Rangschikking = await ranked(aanvraag.id)
        assert len(found.plekken) == 2
        return found.plekken[0].plek.voorziening_id

    assert await first_with("huiselijkheid") == thuis.id
    assert await first_with("afstand") == groep.id
