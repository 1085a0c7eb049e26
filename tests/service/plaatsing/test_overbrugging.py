"""A tussenvoorziening is where a child waits: its aanvraag stays open until it has a place to live."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from service.aanbod import plekken
from service.aanbod.bezetting import EindeReden
from service.aanvraag import aanvragen, stappen
from service.aanvraag.stappen import NieuweStap, Stap
from service.cijfers import wachtlijst
from service.db import Connection, Pool, Rol, Wie, transaction
from service.errors import Refusal
from service.plaatsing import beeindigingen, opties, plaatsingen, plaatsingstappen, voorstellen
from service.plaatsing.beeindigingen import BeeindigingReden, NieuwBesluit, NieuweBeeindiging, OverdrachtBesluit
from service.plaatsing.voorstellen import VoorstelStatus
from tests import facts, make
from tests.service.voorstelling import child, sent, step

DAY = timedelta(days=1)
ASKED = {"zorgvormen": ["gezinshuis", "tussenvoorziening"], "zorgvorm_reden": "Tot er een gezinshuis is."}


async def bridge(conn: Connection) -> plekken.Plek:
    huis = await make.voorziening(conn, zorgvorm="tussenvoorziening")
    return await make.plek(conn, voorziening_id=huis.id)


async def definitive(
    conn: Connection, pool: Pool, wie: Wie, kind: UUID, plek: UUID, voorstel: UUID | None = None
) -> UUID:
    """Proposed when it was not, agreed and definitive: the plaatsing."""
    if voorstel is None:
        voorstel = (await sent(conn, pool, wie, (kind, plek))).id
    await step(conn, pool, voorstel, "akkoord", wie)
    await step(conn, pool, voorstel, "maak_definitief", wie, reden="Zij kennen elkaar.")
    found: UUID = await conn.fetchval(
        "select id from bezetting where soort = 'plaatsing' and plek_id = $1 and vrijgegeven_op is null", plek
    )
    return found


async def status(conn: Connection, kind: UUID) -> str:
    return (await aanvragen.get(conn, kind)).status


async def test_the_search_goes_on_while_the_child_waits_there(pool: Pool, wie: Wie, owner: Connection) -> None:
    """What was held and proposed elsewhere stays; it keeps its place in the list, and waits with overbrugging."""
    async with transaction(pool, wie) as conn:
        kind, plek, home = await child(conn, **ASKED), await bridge(conn), await make.plek(conn)
        other = await sent(conn, pool, wie, (kind.id, home.id))
        stay = await definitive(conn, pool, wie, kind.id, plek.id)
        agreed = await status(conn, kind.id)
        await plaatsingen.begin(conn, stay, make.day(1), now=make.NOW + DAY)
        [waits] = await wachtlijst.wachtlijst(conn, wie.rol, now=make.NOW + DAY)
        shown = await plaatsingstappen.get(conn, wie, stay, make.NOW + DAY)

        assert (agreed, await status(conn, kind.id)) == ("voorstel", "voorstel")
        assert (await voorstellen.get(conn, other.id, wie.rol)).status is VoorstelStatus.VERZONDEN
        assert [optie.plek_id for optie in await opties.page(conn, make.NOW + DAY, geldt=True)] == [home.id]
        assert (waits.waar, waits.geplaatst_per, len(waits.lijsten)) == ("overbrugging", None, 2)
        assert shown.let_op == ["Hier wacht het kind op een plek: het zoeken gaat door, en de aanvraag blijft open."]
        assert shown.vervolg_id is None
    assert await facts.wrong(owner) == []


STILL = (
    "Het kind woont hier, maar de plaatsing van daarvoor loopt nog. Beëindig die, met de dag waarop het daar wegging."
)


async def test_then_it_gets_its_place_and_leaves_the_other(pool: Pool, wie: Wie, owner: Connection) -> None:
    """The place to live is the one that ends the wait: the fourth date is that day, and then the search is over."""
    async with transaction(pool, wie) as conn:
        kind, plek, home = await child(conn, **ASKED), await bridge(conn), await make.plek(conn)
        other = await sent(conn, pool, wie, (kind.id, home.id))
        bridged = await definitive(conn, pool, wie, kind.id, plek.id)
        await plaatsingen.begin(conn, bridged, make.day(1), now=make.NOW + DAY)
        stay = await definitive(conn, pool, wie, kind.id, home.id, other.id)
        agreed, coming = await status(conn, kind.id), await plaatsingstappen.get(conn, wie, stay, make.NOW + 2 * DAY)
        await plaatsingen.begin(conn, stay, make.day(2), now=make.NOW + 2 * DAY)
        lives = await plaatsingstappen.get(conn, wie, stay, make.NOW + 2 * DAY)
        await plaatsingen.beeindig(conn, bridged, make.day(2), EindeReden.DOORSTROOM, now=make.NOW + 2 * DAY)
        after = await plaatsingstappen.get(conn, wie, stay, make.NOW + 2 * DAY)
        waited = await conn.fetch(
            "select dagen, voorbij from wacht_geschiedenis('aanmelding', $1, $2) where zorgvorm = 'gezinshuis'",
            make.day(-9), make.day(9),
        )  # fmt: skip

        assert (agreed, await status(conn, kind.id)) == ("definitief", "geplaatst")
        assert any("woont nog op de plek van daarvoor" in line for line in coming.let_op)
        assert [line for line in lives.let_op if "woont" in line] == [STILL] and after.let_op == []
        assert [tuple(row) for row in waited] == [(2, True)]
    assert await facts.wrong(owner) == []


async def test_who_leaves_it_without_a_place_still_looks_for_one(pool: Pool, wie: Wie, owner: Connection) -> None:
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn, **ASKED), await bridge(conn)
        stay = await definitive(conn, pool, wie, kind.id, plek.id)
        await plaatsingen.begin(conn, stay, make.day(1), now=make.NOW + DAY)
        await plaatsingen.beeindig(conn, stay, make.day(3), EindeReden.VOORTIJDIG, now=make.NOW + 3 * DAY)
        [waits] = await wachtlijst.wachtlijst(conn, wie.rol, now=make.NOW + 3 * DAY)

        assert (await status(conn, kind.id), waits.waar) == ("in_behandeling", "thuis")
    assert await facts.wrong(owner) == []


async def test_called_off_only_that_plaatsing_is_gone(pool: Pool, wie: Wie) -> None:
    """Its voorstel is withdrawn, and no other."""
    async with transaction(pool, wie) as conn:
        kind, plek, home = await child(conn, **ASKED), await bridge(conn), await make.plek(conn)
        other = await sent(conn, pool, wie, (kind.id, home.id))
        bridged = await definitive(conn, pool, wie, kind.id, plek.id)
        await definitive(conn, pool, wie, kind.id, home.id, other.id)
        await plaatsingen.zeg_af(conn, bridged, "Het gezinshuis kan eerder.", now=make.NOW)

        assert (await voorstellen.get(conn, other.id, wie.rol)).status is VoorstelStatus.DEFINITIEF
        assert await status(conn, kind.id) == "definitief"


async def test_two_at_once_are_still_refused(pool: Pool, wie: Wie) -> None:
    """A child waits at one place at a time."""
    async with transaction(pool, wie) as conn:
        kind, one, two = await child(conn, **ASKED), await bridge(conn), await bridge(conn)
        await definitive(conn, pool, wie, kind.id, one.id)
    with pytest.raises(Refusal, match="al een andere plaatsing"):
        async with transaction(pool, wie) as conn:
            await definitive(conn, pool, wie, kind.id, two.id)


async def test_in_a_crisis_by_telephone_it_is_a_crisis(pool: Pool, wie: Wie) -> None:
    """It has its vervolgaanvraag, which is the search that goes on."""
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn, **ASKED), await bridge(conn)
        await plaatsingen.plaats(conn, plek.id, kind.id, make.TODAY, None, now=make.NOW, telefonisch=True)

        assert await status(conn, kind.id) == "geplaatst"
        assert await conn.fetchval("select count(*) from aanvraag where vervolg_van is not null") == 1


async def test_when_its_provider_stops_the_search_that_goes_on_is_the_overdracht(pool: Pool, wie: Wie) -> None:
    """No second aanvraag for the same child."""
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn, **ASKED), await bridge(conn)
        stay = await definitive(conn, pool, wie, kind.id, plek.id)
        await plaatsingen.begin(conn, stay, make.day(1), now=make.NOW + DAY)
        nieuw = NieuweBeeindiging(aanbieder_id=plek.aanbieder_id, per=make.day(30), reden=BeeindigingReden.PERSONEEL)
        made = await beeindigingen.add(conn, nieuw, now=make.NOW + DAY)
        besluit = NieuwBesluit(besluit=OverdrachtBesluit.OVERDRACHT)
        decided = await beeindigingen.besluit(conn, made.id, stay, besluit, wie=wie, now=make.NOW + DAY)

        assert decided.overdracht_id == kind.id
        assert await conn.fetchval("select count(*) from aanvraag") == 1


@pytest.mark.parametrize("came", [False, True])
async def test_who_stops_searching_keeps_no_plek_to_wait_in(
    pool: Pool, wie: Wie, owner: Connection, came: bool
) -> None:
    """Agreed, and the child has yet to come: it does not, also when the verwijzer says so. Where it lives it stays."""
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn, **ASKED), await bridge(conn)
        stay = await definitive(conn, pool, wie, kind.id, plek.id)
        if came:
            await plaatsingen.begin(conn, stay, make.day(1), now=make.NOW + DAY)
    own = Wie(wie.regio, Rol.VERWIJZER, UUID(int=9), kind.organisatie_id)
    async with transaction(pool, own) as conn:
        stop = NieuweStap(stap=Stap.TREK_IN, reden="Het kind kan naar oma.")
        await stappen.doe(conn, kind.id, stop, wie=own, now=make.NOW + DAY)
    async with transaction(pool, wie) as conn:
        there = await plaatsingstappen.get(conn, wie, stay, make.NOW + DAY)
        assert (there.stand, await status(conn, kind.id)) == ("loopt" if came else "afgezegd", "ingetrokken")
    assert await facts.wrong(owner) == []
