"""Where a child must not be becomes known when a place there is held already: it ends at once, for all it concerns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest

from service.aanbod import bezetting, plekken
from service.aanvraag import aanvragen, gebeurtenissen
from service.aanvraag.aanvragen import WijzigingAanvraag
from service.aanvraag.termijnen import AlarmSoort
from service.aanvraag.uitsluitingen import Uitsluiting, UitsluitingSoort
from service.bericht import alarmen, meldingen
from service.db import Connection, Pool, Rol, Wie, transaction
from service.errors import Refusal
from service.plaatsing import gevolgen, opties, voorstellen
from service.plaatsing.opties import NieuweOptie, Toewijzing
from service.plaatsing.voorstellen import VoorstelStatus
from service.rang.travel import Traveller
from tests import facts, make
from tests.service.bericht.test_meldingen import DIENST, person
from tests.service.voorstelling import child, ready, sent, step


def aanbieder(plek: plekken.Plek) -> Uitsluiting:
    return Uitsluiting(soort=UitsluitingSoort.AANBIEDER, aanbieder_id=plek.aanbieder_id)


async def exclude(conn: Connection, kind: UUID, *out: Uitsluiting) -> aanvragen.Aanvraag:
    wijziging = msgspec.convert({"uitsluitingen": msgspec.to_builtins(list(out))}, WijzigingAanvraag)
    await gevolgen.wacht(conn, kind, wijziging, now=make.NOW)
    return await gevolgen.wijzig(conn, kind, wijziging, now=make.NOW)


async def told(conn: Connection, kind: UUID) -> list[tuple[str, str | None]]:
    """What happened, and why, the first first."""
    return [(row.soort, row.reden) for row in reversed(await gebeurtenissen.page(conn, kind))]


async def held(conn: Connection, wie: Wie, *pairs: tuple[UUID, UUID]) -> list[opties.Optie]:
    plekken = [Toewijzing(aanvraag_id=kind, plek_id=plek) for kind, plek in pairs]
    return await opties.houd(conn, Traveller(), NieuweOptie(plekken=plekken, van=make.day(1)), wie=wie, now=make.NOW)


WHY = "Deze plek is uitgesloten."


async def test_an_aanbieder_that_is_excluded_midway_loses_voorstel_and_optie_at_once(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    """In the transaction of the change, each with its gebeurtenis and why; elsewhere all goes on."""
    async with transaction(pool, wie) as conn:
        kind, plek, bed, good = await child(conn), await make.plek(conn), await make.plek(conn), await make.plek(conn)
        asked = await sent(conn, pool, wie, (kind.id, plek.id))
        [concept] = await ready(conn, wie, (kind.id, bed.id))
        await held(conn, wie, (kind.id, bed.id))
        other = await sent(conn, pool, wie, (kind.id, good.id))
        changed = await exclude(conn, kind.id, aanbieder(plek), aanbieder(bed))
        after = {row.id: row.status for row in await voorstellen.page(conn, wie.rol)}
        [left] = await opties.page(conn, make.NOW, geldt=True)

        assert after == {
            asked.id: VoorstelStatus.INGETROKKEN,
            concept.id: VoorstelStatus.INGETROKKEN,
            other.id: VoorstelStatus.VERZONDEN,
        }
        assert (left.plek_id, changed.status) == (good.id, "voorstel")
        assert (await told(conn, kind.id))[-3:].count(("optie_vrij", WHY)) == 1
        assert (await told(conn, kind.id))[-3:].count(("voorstel_ingetrokken", WHY)) == 2
    assert await facts.wrong(owner) == []


async def test_a_concept_that_is_prepared_at_the_same_moment_is_never_sent(pool: Pool, wie: Wie) -> None:
    """Before the uitsluiting it is withdrawn with the rest; after it, it is there, holds nothing and cannot be sent."""
    for _ in range(8):
        async with transaction(pool, wie) as conn:
            kind, plek = await child(conn), await make.plek(conn)

        async def prepare(kind: UUID = kind.id, plek: UUID = plek.id) -> UUID:
            async with transaction(pool, wie) as conn:
                return (await ready(conn, wie, (kind, plek)))[0].id

        async def out(kind: UUID = kind.id, plek: plekken.Plek = plek) -> None:
            async with transaction(pool, wie) as conn:
                await exclude(conn, kind, aanbieder(plek))

        concept, _ = await asyncio.gather(prepare(), out())
        with pytest.raises(Refusal, match=r"voor dit kind uitgesloten|is: ingetrokken"):
            async with transaction(pool, wie) as conn:
                await step(conn, pool, concept, "verzend", wie)
        async with transaction(pool, wie) as conn:
            assert await opties.van_aanvraag(conn, kind.id, make.NOW) == []


@pytest.mark.parametrize(
    ("out", "ends"),
    [
        (lambda plek: Uitsluiting(soort=UitsluitingSoort.VOORZIENING, voorziening_id=plek.voorziening_id), True),
        (lambda _: Uitsluiting(soort=UitsluitingSoort.GEBIED, pc4="1211", straal_km=0.1), True),
        (lambda _: Uitsluiting(soort=UitsluitingSoort.GEBIED, pc4="8232", straal_km=5), False),
    ],
    ids=["voorziening", "gebied", "ver weg"],
)
async def test_a_voorziening_or_a_place_on_the_map_too(
    pool: Pool, wie: Wie, out: Callable[[plekken.Plek], Uitsluiting], ends: bool
) -> None:
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn), await make.plek(conn)
        await sent(conn, pool, wie, (kind.id, plek.id))
        changed = await exclude(conn, kind.id, out(plek))

        assert (changed.status == "in_behandeling") is ends
        assert (await opties.page(conn, make.NOW, geldt=True) == []) is ends


async def test_a_secret_place_is_in_the_area_as_far_as_it_is_coarse(pool: Pool, wie: Wie) -> None:
    """Safety goes before completeness, as for the matcher; the verwijzer who says it, reads no plek and no optie."""
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        secret = await make.locatie(conn, zichtbaarheid="geheim")
        huis = await make.voorziening(conn, locatie_id=secret.id)
        await sent(conn, pool, wie, (kind.id, (await make.plek(conn, voorziening_id=huis.id)).id))
    own = Wie(wie.regio, Rol.VERWIJZER, UUID(int=9), kind.organisatie_id)
    async with transaction(pool, own) as conn:
        changed = await exclude(conn, kind.id, Uitsluiting(soort=UitsluitingSoort.GEBIED, pc4="1211", straal_km=1))
        assert ("voorstel_ingetrokken", WHY) in await told(conn, kind.id)
    assert changed.status == "in_behandeling"


async def test_the_provider_hears_that_it_does_not_go_on_and_not_why(pool: Pool, wie: Wie, owner: Connection) -> None:
    """That somebody is kept away from it would tell of the child. The loket and the verwijzer can read why."""
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn), await make.plek(conn)
        await sent(conn, pool, wie, (kind.id, plek.id))
    for rol, fields in (
        ("aanbieder", {"aanbieder_id": plek.aanbieder_id}),
        ("verwijzer", {"organisatie_id": kind.organisatie_id}),
        ("schakelfunctionaris", {}),
    ):
        await person(owner, rol, **fields)
    async with transaction(pool, wie) as conn:
        await exclude(conn, kind.id, aanbieder(plek))
    async with transaction(pool, DIENST) as conn:
        [what] = await conn.fetch("select id from gebeurtenis where soort = 'voorstel_ingetrokken'")
        await meldingen.verdeel(conn, what["id"], now=make.NOW)
    mails = {row["soort"] for row in await owner.fetch("select soort from bericht")}
    provider = Wie(wie.regio, Rol.AANBIEDER, UUID(int=77), plek.aanbieder_id)
    async with transaction(pool, provider) as conn:
        [shown] = await voorstellen.page(conn, provider.rol)

    assert mails == {f"voorstel_ingetrokken_{kring}" for kring in ("aanbieder", "verwijzer", "loket")}
    assert "uitgesloten" not in str(shown) and shown.vraag is None
    assert (
        "uitgesloten"
        not in meldingen.MELDINGEN[gebeurtenissen.GebeurtenisSoort.VOORSTEL_INGETROKKEN][meldingen.Kring.AANBIEDER]
    )


async def family(conn: Connection, **fields: Any) -> tuple[UUID, UUID]:
    samen = await make.samenplaatsing(conn, **fields)
    first, second = [
        (await child(conn, samenplaatsing_id=samen.id, organisatie_id=samen.organisatie_id)).id for _ in range(2)
    ]
    return first, second


async def test_a_bundle_ends_as_a_whole(pool: Pool, wie: Wie, owner: Connection) -> None:
    """A place for one of them is no place for both; each aanvraag has its line."""
    async with transaction(pool, wie) as conn:
        one, two = await family(conn)
        huis = await make.voorziening(conn)
        a, b = [await make.plek(conn, voorziening_id=huis.id) for _ in range(2)]
        await sent(conn, pool, wie, (one, a.id), (two, b.id))
        await exclude(conn, two, make.uitgesloten(huis.id))

        assert [(await told(conn, kind))[-1] for kind in (one, two)] == [("voorstel_ingetrokken", WHY)] * 2
        assert [(await aanvragen.get(conn, kind)).status for kind in (one, two)] == ["in_behandeling"] * 2
        assert await opties.page(conn, make.NOW, geldt=True) == []
    assert await facts.wrong(owner) == []


@pytest.mark.parametrize("split", [False, True])
async def test_opties_that_were_held_together_end_together_unless_they_may_be_apart(
    pool: Pool, wie: Wie, split: bool
) -> None:
    async with transaction(pool, wie) as conn:
        reden = {"mag_splitsen": True, "splitsreden": "Dat is beter."} if split else {}
        one, two = await family(conn, **reden)
        huis = await make.voorziening(conn)
        a, b = [await make.plek(conn, voorziening_id=huis.id) for _ in range(2)]
        await held(conn, wie, (one, a.id), (two, b.id))
        await exclude(conn, one, make.uitgesloten(huis.id))

        assert [optie.aanvraag_id for optie in await opties.page(conn, make.NOW, geldt=True)] == (
            [two] if split else []
        )


async def test_a_plaatsing_that_has_yet_to_begin_does_not_go_on(pool: Pool, wie: Wie, owner: Connection) -> None:
    """It is called off, the plek is free, and the search goes on."""
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn), await make.plek(conn)
        asked = await sent(conn, pool, wie, (kind.id, plek.id))
        await step(conn, pool, asked.id, "akkoord", wie)
        await step(conn, pool, asked.id, "maak_definitief", wie, reden="Zij kennen elkaar.")
        changed = await exclude(conn, kind.id, aanbieder(plek))

        assert ((await told(conn, kind.id))[-1], changed.status) == (("afgezegd", WHY), "in_behandeling")
        assert (await voorstellen.get(conn, asked.id, wie.rol)).status is VoorstelStatus.INGETROKKEN
        assert (await plekken.get(conn, plek.id, make.NOW)).volgende_bezetting_van is None
    assert await facts.wrong(owner) == []


async def test_where_a_child_lives_it_stays_and_the_loket_hears_at_once(pool: Pool, wie: Wie) -> None:
    """An alarm, once, and in the list as long as it is so: also of who waits for a place to go on to."""
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn), await make.plek(conn)
        stay = await make.plaatsing(conn, plek_id=plek.id, aanvraag_id=kind.id)
        crisis = await make.plek(conn, voorziening_id=(await make.voorziening(conn, zorgvorm="crisis")).id)
        tonight = await child(conn, zorgvormen=["crisis"], zorgvorm_reden="Vannacht")
        await make.plaatsing(conn, plek_id=crisis.id, aanvraag_id=tonight.id)
        vervolg = await conn.fetchval("select id from aanvraag where vervolg_van is not null")
        await exclude(conn, kind.id, aanbieder(plek))
        await exclude(conn, vervolg, aanbieder(crisis))
        changed = await exclude(conn, kind.id, aanbieder(plek))
        listed = [alarm for alarm in await alarmen.alarmen(conn, make.NOW) if alarm.soort is AlarmSoort.UITGESLOTEN]
        await alarmen.alarmronde(conn, make.NOW)
        written = await conn.fetchval("select count(*) from gebeurtenis where gegevens ->> 'alarm' = 'uitgesloten'")
        history = [soort for soort, _ in await told(conn, kind.id)]
        lives = await bezetting_of(conn, stay.id)

    assert (changed.status, lives.vrijgegeven_op, lives.beeindigd_op) == ("geplaatst", None, None)
    assert {(alarm.aanvraag_id, alarm.dag) for alarm in listed} == {(kind.id, stay.van), (vervolg, stay.van)}
    assert (history.count("alarm"), written) == (1, 2)


async def bezetting_of(conn: Connection, id: UUID) -> bezetting.Bezetting:
    row = await conn.fetchrow(f"select {bezetting.COLUMNS} from bezetting where id = $1", id)
    return msgspec.convert(row, bezetting.Bezetting)


async def test_a_list_that_does_not_name_them_ends_nothing(pool: Pool, wie: Wie) -> None:
    """Another change of an aanvraag leaves what is held as it is."""
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn), await make.plek(conn)
        await sent(conn, pool, wie, (kind.id, plek.id))
        wijziging = msgspec.convert({"praktisch": "Fietst zelf."}, WijzigingAanvraag)
        await gevolgen.wacht(conn, kind.id, wijziging, now=make.NOW)
        assert (await gevolgen.wijzig(conn, kind.id, wijziging, now=make.NOW)).status == "voorstel"
