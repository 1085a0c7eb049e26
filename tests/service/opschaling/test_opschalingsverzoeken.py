"""A verwijzer asks that more people look: it stands until the loket opened an opschaling, or said no and why."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeAlias
from uuid import UUID

import pytest
from msgspec import Struct

from service.aanvraag import stappen
from service.aanvraag.aanvragen import HuidigVerblijf
from service.db import Connection, Pool, Rol, Wie, transaction
from service.errors import Kind, Refusal
from service.opschaling import opschaaladvies, opschalen, opschalingen, opschalingsverzoeken
from service.opschaling.opschaaladvies import OpschaalReden
from service.opschaling.opschalingen import NieuweOpschaling, Opschaling, OpschalingAanleiding, OpschalingTafel
from service.opschaling.opschalingsverzoeken import NieuwOpschalingsverzoek, Opschalingsverzoek, Weigering
from service.plaatsing import plaatsingen
from service.rang.travel import Traveller
from tests import make
from tests.conftest import REGIO
from tests.service.bericht.test_meldingen import person, tell
from tests.service.voorstelling import snapshots

A: TypeAlias = OpschalingAanleiding


class Zaak(Struct, frozen=True, eq=False):
    """A child, its verwijzer and the loket."""

    pool: Pool
    loket: Wie
    verwijzer: Wie
    kind: UUID

    async def vraag(
        self, aanleiding: A = A.GEEN_PLEK, toelichting: str = "Het gaat thuis niet meer."
    ) -> Opschalingsverzoek:
        nieuw = NieuwOpschalingsverzoek(aanleiding=aanleiding, toelichting=toelichting)
        async with transaction(self.pool, self.verwijzer) as conn:
            return await opschalingsverzoeken.vraag(conn, self.kind, nieuw, now=make.NOW)

    async def weiger(self, verzoek: Opschalingsverzoek) -> Opschalingsverzoek:
        nee = Weigering(reden="Morgen is er een plek.")
        async with transaction(self.pool, self.loket) as conn:
            return await opschalingsverzoeken.weiger(conn, verzoek.id, nee, self.loket, now=make.NOW)

    async def open(self, aanleiding: A = A.GEEN_PLEK) -> Opschaling:
        nieuw = NieuweOpschaling(aanleiding=aanleiding, tafel=OpschalingTafel.DOORBRAAKTAFEL, waarom="Er past niets.")
        async with transaction(self.pool, self.loket) as conn:
            return await opschalen.open(
                conn, snapshots(self.pool), Traveller(), self.kind, nieuw, wie=self.loket, now=make.NOW
            )

    async def verzoeken(self, wie: Wie, loopt: bool | None = None) -> list[Opschalingsverzoek]:
        async with transaction(self.pool, wie, readonly=True) as conn:
            return await opschalingsverzoeken.page(conn, aanvraag_id=self.kind, loopt=loopt)


@pytest.fixture
async def zaak(pool: Pool, owner: Connection, wie: Wie) -> Zaak:
    async with transaction(pool, wie) as conn:
        gi = await make.organisatie(conn)
        kind = (await make.aanvraag(conn, organisatie_id=gi)).id
    consulent = await person(owner, "verwijzer", organisatie_id=gi)
    return Zaak(pool, wie, Wie(REGIO, Rol.VERWIJZER, consulent, gi), kind)


async def conflict(awaitable: Awaitable[object]) -> str:
    with pytest.raises(Refusal) as refusal:
        await awaitable
    assert refusal.value.kind is Kind.CONFLICT
    return refusal.value.detail


async def test_it_stands_until_the_loket_opens_an_opschaling(zaak: Zaak, owner: Connection) -> None:
    """The loket is told of it, and what it opens is the answer."""
    behandelaar = await person(owner, "schakelfunctionaris")

    asked = await zaak.vraag()
    assert (asked.loopt, asked.opschaling_id, asked.geweigerd) == (True, None, None)
    assert await zaak.verzoeken(zaak.loket, loopt=True) == [asked]
    opened = await zaak.open()

    [answered] = await zaak.verzoeken(zaak.verwijzer)
    assert (answered.id, answered.opschaling_id, answered.loopt) == (asked.id, opened.id, False)
    assert await zaak.verzoeken(zaak.loket, loopt=True) == []
    happened = await owner.fetch(
        "select id, soort::text from gebeurtenis where aanvraag_id = $1 order by nummer", zaak.kind
    )
    assert [row["soort"] for row in happened] == ["ingediend", "opschaling_gevraagd", "opschaling"]
    await tell(zaak.pool, happened[1]["id"])
    assert await owner.fetchval("select soort from bericht where gebruiker_id = $1", behandelaar) == (
        "opschaling_gevraagd_loket"
    )


async def test_the_loket_says_no_with_a_reason_and_it_may_be_asked_again(zaak: Zaak, owner: Connection) -> None:
    """Who asked is told, reads why in the aanvraag; answered is answered."""
    asked = await zaak.vraag()

    refused = await zaak.weiger(asked)

    assert (refused.loopt, refused.geweigerd) == (False, "Morgen is er een plek.")
    assert await zaak.verzoeken(zaak.verwijzer) == [refused]
    assert "al beantwoord" in await conflict(zaak.weiger(asked))
    last = await owner.fetchrow("select id, soort::text, reden from gebeurtenis order by nummer desc limit 1")
    assert last is not None and (last["soort"], last["reden"]) == ("opschaling_geweigerd", "Morgen is er een plek.")
    await tell(zaak.pool, last["id"])
    assert await owner.fetchval("select soort from bericht where gebruiker_id = $1", zaak.verwijzer.gebruiker) == (
        "opschaling_geweigerd_verwijzer"
    )
    assert (await zaak.vraag()).loopt


async def test_one_stands_at_a_time_also_when_two_ask_at_once(zaak: Zaak) -> None:
    both = await asyncio.gather(zaak.vraag(), zaak.vraag(A.BOVENREGIONAAL), return_exceptions=True)

    [refusal] = [one for one in both if isinstance(one, Refusal)]
    assert (refusal.kind, "al gevraagd om op te schalen" in refusal.detail) == (Kind.CONFLICT, True)
    assert len(await zaak.verzoeken(zaak.loket, loopt=True)) == 1


async def test_what_is_looked_at_already_or_no_more_searched_is_not_asked(zaak: Zaak) -> None:
    """409, with what is possible."""
    await zaak.open()
    assert "al opgeschaald (Doorbraaktafel)" in await conflict(zaak.vraag())
    async with transaction(zaak.pool, zaak.loket) as conn:
        [opened] = await opschalingen.page(conn, now=make.NOW, aanvraag_id=zaak.kind)
        closed = opschalingen.OpschalingStap(
            stap=opschalingen.OpschalingStapSoort.SLUIT, uitkomst=opschalingen.OpschalingUitkomst.HULP_THUIS
        )
        await opschalingen.step(conn, opened.id, closed, now=make.NOW)
    asked = await zaak.vraag()
    async with transaction(zaak.pool, zaak.verwijzer) as conn:
        stap = stappen.NieuweStap(stap=stappen.Stap.TREK_IN, reden="Niet meer nodig.")
        await stappen.doe(conn, zaak.kind, stap, wie=zaak.verwijzer, now=make.NOW)
    [left] = await zaak.verzoeken(zaak.loket)
    assert (left.id, left.loopt) == (asked.id, False)
    assert "ingetrokken" in await conflict(zaak.vraag())


async def test_who_closed_in_time_gets_no_answer_any_more(zaak: Zaak, owner: Connection) -> None:
    """The loket that says no a moment later hears that nobody searches, and the verwijzer gets no mail of it."""
    asked = await zaak.vraag()
    async with transaction(zaak.pool, zaak.verwijzer) as conn:
        stap = stappen.NieuweStap(stap=stappen.Stap.TREK_IN, reden="Niet meer nodig.")
        await stappen.doe(conn, zaak.kind, stap, wie=zaak.verwijzer, now=make.NOW)

    assert "ingetrokken: er wordt geen plek meer gezocht" in await conflict(zaak.weiger(asked))
    assert await owner.fetchval("select count(*) from gebeurtenis where soort = 'opschaling_geweigerd'") == 0


async def test_who_is_placed_and_does_not_come_is_asked_for_again(zaak: Zaak) -> None:
    """While a place is agreed nobody need answer; called off, the same verzoek stands."""
    asked = await zaak.vraag()
    async with transaction(zaak.pool, zaak.loket) as conn:
        plek = await make.plek(conn)
        stay = await plaatsingen.plaats(conn, plek.id, zaak.kind, make.day(2), None, now=make.NOW)
    assert "hoeft geen antwoord" in await conflict(zaak.weiger(asked))

    async with transaction(zaak.pool, zaak.loket) as conn:
        await plaatsingen.zeg_af(conn, stay.id, "Het gaat niet door.", now=make.NOW)

    assert [one.loopt for one in await zaak.verzoeken(zaak.loket)] == [True]
    assert (await zaak.weiger(asked)).geweigerd


async def test_a_removal_does_not_threaten_who_left_home(zaak: Zaak, owner: Connection) -> None:
    """The same rule as of the opschaling itself."""
    assert (await zaak.vraag(A.DREIGENDE_UITHUISPLAATSING)).loopt
    await owner.execute("delete from opschalingsverzoek")
    await owner.execute("update aanvraag set huidig_verblijf = $1", HuidigVerblijf.CRISISPLEK)
    assert "al uit huis" in await conflict(zaak.vraag(A.DREIGENDE_UITHUISPLAATSING))


async def test_the_advice_names_who_is_asked_for(zaak: Zaak) -> None:
    """Also when places fit and no norm passes: then for the reason of the verwijzer."""
    async with transaction(zaak.pool, zaak.loket) as conn:
        await make.plek(conn)
    view = snapshots(zaak.pool)
    async with transaction(zaak.pool, zaak.loket) as conn:
        assert await opschaaladvies.adviezen(conn, view, Traveller(), wie=zaak.loket, now=make.NOW) == []
    await zaak.vraag(A.VERSCHIL_VAN_OPVATTING)

    async with transaction(zaak.pool, zaak.loket) as conn:
        [advies] = await opschaaladvies.adviezen(conn, view, Traveller(), wie=zaak.loket, now=make.NOW)

    assert (advies.aanvraag_id, advies.redenen) == (zaak.kind, [OpschaalReden.VERWIJZER_VRAAGT])
    assert (advies.aanleiding, advies.tafel) == (A.VERSCHIL_VAN_OPVATTING, OpschalingTafel.CONSULTATIE_EN_ADVIESTEAM)


async def test_a_reason_that_says_who_it_is_is_refused(zaak: Zaak) -> None:
    with pytest.raises(Refusal) as refusal:
        await zaak.vraag(toelichting="Bel moeder op 06 12345678.")
    assert refusal.value.kind is Kind.INVALID
