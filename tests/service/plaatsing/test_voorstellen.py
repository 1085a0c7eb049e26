"""Voorstellen: put to a provider with its plek held, answered with a code, and in the end definitive or gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest

from service.aanbod import bezetting, plekken, voorzieningen
from service.aanbod.plekken import PlekStatus
from service.aanvraag import aanvragen, gebeurtenissen, stappen
from service.aanvraag.uitsluitingen import Uitsluiting, UitsluitingSoort
from service.db import Connection, Pool, Rol, Wie, transaction
from service.errors import Kind, Refusal
from service.plaatsing import opties, optiestappen, plaatsingen, verzenden, voorstellen, voorstelstappen
from service.plaatsing.voorstellen import LEVEND, STAPPEN, VoorstelStap, VoorstelStatus
from service.plaatsing.voorstelstap import Afwijsreden, NieuweVoorstelStap
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from service.urgentie import Urgentie
from tests import make
from tests.service.voorstelling import child, rangen, ready, sent, step

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def soorten(conn: Connection, aanvraag: UUID) -> list[str]:
    return [row.soort for row in reversed(await gebeurtenissen.page(conn, aanvraag))][1:]


async def status(conn: Connection, aanvraag: UUID) -> str:
    return (await aanvragen.get(conn, aanvraag)).status


def provider(wie: Wie, aanbieder: UUID) -> Wie:
    return Wie(wie.regio, Rol.AANBIEDER, UUID(int=77), aanbieder)


# ── The way to definitive ────────────────────────────────────────────────────────────────────────


async def test_a_voorstel_goes_from_concept_to_definitive_with_a_line_for_each_step(pool: Pool, wie: Wie) -> None:
    """The status of the aanvraag follows; in the end there is a plaatsing and no optie."""
    async with transaction(pool, wie) as conn:
        plek, kind = await make.plek(conn), await child(conn)
        concept = (await ready(conn, wie, (kind.id, plek.id)))[0]
        seen = [await status(conn, kind.id)]
        for stap, fields in (
            ("verzend", {}),
            ("interesse", {}),
            ("akkoord", {}),
            ("toestemming", {}),
            ("kennismaking", {"kennismaking_op": make.TODAY}),
            ("maak_definitief", {}),
        ):
            done = await step(conn, pool, concept.id, stap, wie, **fields)
            seen.append(await status(conn, kind.id))
        place = await plekken.get(conn, plek.id, make.NOW + 2 * DAY)

        assert concept.status is VoorstelStatus.CONCEPT and done.status is VoorstelStatus.DEFINITIEF
        assert seen == [
            "ingediend", "voorstel", "voorstel", "akkoord", "toestemming", "kennismaking", "definitief"
        ]  # fmt: skip
        assert await soorten(conn, kind.id) == [
            "voorstel_klaargezet", "optie", "voorstel_verzonden", "voorstel_interesse", "voorstel_akkoord",
            "toestemming", "kennismaking", "definitief",
        ]  # fmt: skip
        assert place.status is PlekStatus.BEZET
        assert await opties.page(conn, make.NOW, geldt=True) == []


async def test_the_status_of_each_line_is_the_one_before(pool: Pool, wie: Wie) -> None:
    """A chain: `van` is the `naar` before it, and the last is the status now."""
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        voorstel = await sent(conn, pool, wie, (kind.id, (await make.plek(conn)).id))
        await step(conn, pool, voorstel.id, "akkoord", wie)
        await step(conn, pool, voorstel.id, "wijs_af", wie, afwijsreden=Afwijsreden.AFSTAND)
        history = list(reversed(await gebeurtenissen.page(conn, kind.id)))

        assert [row.van for row in history[1:]] == [row.naar for row in history[:-1]]
        assert history[-1].naar == await status(conn, kind.id) == "in_behandeling"


async def test_a_voorstel_that_is_sent_holds_its_plek_until_the_answer_is_due(pool: Pool, wie: Wie) -> None:
    """By an optie of its own, as long as the urgentie says; it knows where it stood in the rangschikking."""
    async with transaction(pool, wie) as conn:
        plek, kind = await make.plek(conn), await child(conn, urgentie=Urgentie.SPOED)
        other = await child(conn)
    async with transaction(pool, wie) as conn:
        voorstel = await sent(conn, pool, wie, (kind.id, plek.id))
        [optie] = await opties.page(conn, make.NOW)
        with pytest.raises(Refusal):
            await sent(conn, pool, wie, (other.id, plek.id))

    assert voorstel.antwoord_voor == optie.vervalt_op == make.NOW + 24 * HOUR
    assert (optie.voorstel_id, voorstel.rang) == (voorstel.id, 1)


async def test_an_optie_that_was_there_is_used(pool: Pool, wie: Wie) -> None:
    """With its days, and at least as long as an answer may take."""
    async with transaction(pool, wie) as conn:
        plek, kind = await make.plek(conn), await child(conn, urgentie=Urgentie.CRISIS)
        nieuw = opties.NieuweOptie(
            plekken=[opties.Toewijzing(aanvraag_id=kind.id, plek_id=plek.id)], van=make.day(3), tot=make.day(9)
        )
        [held] = await opties.houd(conn, Traveller(), nieuw, wie=wie, now=make.NOW)
        voorstel = await sent(conn, pool, wie, (kind.id, plek.id))
        [optie] = await opties.page(conn, make.NOW)

    assert optie.id == held.id
    assert (voorstel.van, voorstel.tot, voorstel.antwoord_voor) == (make.day(3), make.day(9), held.vervalt_op)


async def test_what_was_held_of_the_same_plek_for_another_time_is_let_go_and_told(pool: Pool, wie: Wie) -> None:
    """The voorstel takes the optie that it rests on. Nobody would hear what became of the other one."""
    async with transaction(pool, wie) as conn:
        plek, kind = await make.plek(conn), await child(conn, urgentie=Urgentie.CRISIS)
        for van, tot in ((make.day(3), make.day(9)), (make.day(20), make.day(30))):
            nieuw = opties.NieuweOptie(
                plekken=[opties.Toewijzing(aanvraag_id=kind.id, plek_id=plek.id)], van=van, tot=tot
            )
            await opties.houd(conn, Traveller(), nieuw, wie=wie, now=make.NOW)
        voorstel = await sent(conn, pool, wie, (kind.id, plek.id))
        await step(conn, pool, voorstel.id, "akkoord", wie)
        await step(conn, pool, voorstel.id, "maak_definitief", wie, reden="Zij kennen elkaar.")
        told = await soorten(conn, kind.id)
        held = await opties.page(conn, make.NOW, geldt=True)

    assert held == []
    assert told[-2:] == ["definitief", "optie_vrij"]


async def test_a_yes_holds_the_plek_as_long_as_the_rest_may_take(pool: Pool, wie: Wie) -> None:
    """And is a besluit, without which nothing becomes definitive."""
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        voorstel = await sent(conn, pool, wie, (kind.id, (await make.plek(conn)).id))
        agreed = await step(conn, pool, voorstel.id, "akkoord", wie)
        [optie] = await opties.page(conn, make.NOW)
        besluit = await conn.fetchval("select uitkomst from besluit")

    assert agreed.antwoord_voor == optie.vervalt_op == make.NOW + 21 * DAY
    assert besluit == "geaccepteerd"


async def test_the_first_definitive_one_withdraws_all_others_and_frees_their_plekken(pool: Pool, wie: Wie) -> None:
    """At once, in its own transaction, with a line for each provider that must be told."""
    async with transaction(pool, wie) as conn:
        kind, a, b, c = await child(conn), await make.plek(conn), await make.plek(conn), await make.plek(conn)
        first = await sent(conn, pool, wie, (kind.id, a.id))
        second = await sent(conn, pool, wie, (kind.id, b.id))
        concept = (await ready(conn, wie, (kind.id, c.id)))[0]
        await step(conn, pool, first.id, "akkoord", wie)
        await step(conn, pool, first.id, "maak_definitief", wie, reden="Het kind kent het huis.")
        after = {row.id: row.status for row in await voorstellen.page(conn, wie.rol)}
        lost = await conn.fetch(
            "select voorstel_id, aanbieder_id from gebeurtenis where soort = 'voorstel_ingetrokken'"
        )

        assert after == {first.id: "definitief", second.id: "ingetrokken", concept.id: "ingetrokken"}
        assert {(row["voorstel_id"], row["aanbieder_id"]) for row in lost} == {
            (second.id, second.aanbieder_id), (concept.id, None)
        }  # fmt: skip
        assert (await plekken.get(conn, b.id, make.NOW)).status is PlekStatus.OPEN
        assert await opties.page(conn, make.NOW, geldt=True) == []


async def test_without_what_the_law_asks_nothing_is_definitive_and_all_of_it_is_told(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        kind = await child(conn, grondslagen=[], toestemmingen=[])
        voorstel = await sent(conn, pool, wie, (kind.id, (await make.plek(conn)).id))
        await step(conn, pool, voorstel.id, "akkoord", wie)
    with pytest.raises(Refusal) as refused:
        async with transaction(pool, wie) as conn:
            await step(conn, pool, voorstel.id, "maak_definitief", wie, reden="Haast.")
    async with transaction(pool, wie) as conn:
        with pytest.raises(Refusal, match="leg de toestemming vast bij de aanvraag"):
            await step(conn, pool, voorstel.id, "toestemming", wie)
        assert await status(conn, kind.id) == "akkoord"

    assert {error.pointer for error in refused.value.fields} == {"/grondslagen", "/toestemmingen"}


async def test_what_protects_a_child_is_asked_once_more_before_it_is_definitive(pool: Pool, wie: Wie) -> None:
    """Where it must not be may have become known after the provider's yes; no reason opens that."""
    async with transaction(pool, wie) as conn:
        plek, kind = await make.plek(conn), await child(conn)
        voorstel = await sent(conn, pool, wie, (kind.id, plek.id))
        await step(conn, pool, voorstel.id, "akkoord", wie)
        unsafe = Uitsluiting(soort=UitsluitingSoort.AANBIEDER, aanbieder_id=plek.aanbieder_id)
        await aanvragen.change(conn, kind.id, aanvragen.WijzigingAanvraag(uitsluitingen=[unsafe]), now=make.NOW)
    async with transaction(pool, wie) as conn:
        with pytest.raises(Refusal, match="Wat nu wel kan: kies een andere plek") as refused:
            await step(conn, pool, voorstel.id, "maak_definitief", wie, reden="Zij kennen elkaar.")
        assert await status(conn, kind.id) == "akkoord"

    assert refused.value.kind is Kind.CONFLICT


async def test_a_place_without_kennismaking_needs_a_reason_but_not_in_a_crisis(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        calm, crisis = await child(conn), await child(conn, urgentie=Urgentie.CRISIS)
        one = await sent(conn, pool, wie, (calm.id, (await make.plek(conn)).id))
        two = await sent(conn, pool, wie, (crisis.id, (await make.plek(conn)).id))
        await step(conn, pool, one.id, "akkoord", wie)
        await step(conn, pool, two.id, "akkoord", wie)
        with pytest.raises(Refusal) as refused:
            await step(conn, pool, one.id, "maak_definitief", wie)
        done = await step(conn, pool, two.id, "maak_definitief", wie)

    assert [error.pointer for error in refused.value.fields] == ["/reden"]
    assert done.status is VoorstelStatus.DEFINITIEF


async def test_a_kennismaking_that_is_to_come_holds_the_plek_until_some_days_after_it(pool: Pool, wie: Wie) -> None:
    """And nothing is definitive before it. Not a day before they were asked, nor later than the plek is held."""
    async with transaction(pool, wie) as conn:
        kind = await child(conn, urgentie=Urgentie.SPOED)
        voorstel = await sent(conn, pool, wie, (kind.id, (await make.plek(conn)).id), van=make.day(10))
        await step(conn, pool, voorstel.id, "akkoord", wie)
        await step(conn, pool, voorstel.id, "toestemming", wie)
        refused = []
        for no in (-1, 8):
            with pytest.raises(Refusal) as out_of_reach:
                await step(conn, pool, voorstel.id, "kennismaking", wie, kennismaking_op=make.day(no))
            refused += [error.pointer for error in out_of_reach.value.fields]
        later = await step(conn, pool, voorstel.id, "kennismaking", wie, kennismaking_op=make.day(6))
        with pytest.raises(Refusal, match="De kennismaking is pas op"):
            await step(conn, pool, voorstel.id, "maak_definitief", wie)

    assert refused == ["/kennismakingOp", "/kennismakingOp"]
    assert later.antwoord_voor is not None and later.antwoord_voor >= make.NOW + 9 * DAY


# ── What cannot be ───────────────────────────────────────────────────────────────────────────────


async def test_every_step_that_cannot_be_says_what_can(pool: Pool, wie: Wie, owner: Connection) -> None:
    """From every status, for the loket: 409 with what is possible, and nothing has changed."""
    async with transaction(pool, wie) as conn:
        voorstel = (await ready(conn, wie, ((await child(conn)).id, (await make.plek(conn)).id)))[0]
    for state in VoorstelStatus:
        if state is VoorstelStatus.VERZONDEN:
            async with transaction(pool, wie) as conn:
                await step(conn, pool, voorstel.id, "verzend", wie)
        ended = state not in LEVEND and state is not VoorstelStatus.CONCEPT
        await owner.execute(
            "update voorstel set status = $1::voorstel_status, klaar_op = case when $2 then now() end", state, ended
        )
        able = voorstellen.kan(state, wie.rol)
        async with transaction(pool, wie) as conn:
            for stap in set(VoorstelStap) - set(able):
                with pytest.raises(Refusal) as refused:
                    await step(conn, pool, voorstel.id, stap, wie)

                assert refused.value.kind is Kind.CONFLICT
                assert all(voorstellen.STAP[one] in refused.value.detail for one in able), (state, stap)
                assert able or refused.value.detail.endswith("Er kan nu niets mee.")
        assert await owner.fetchval("select status from voorstel") == state


async def test_at_most_a_few_aanbieders_have_an_aanvraag_at_once(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        for _ in range(3):
            await sent(conn, pool, wie, (kind.id, (await make.plek(conn)).id))
        with pytest.raises(Refusal, match=r"ligt al bij 3 aanbieders.*Wat nu wel kan: wacht op antwoord"):
            await sent(conn, pool, wie, (kind.id, (await make.plek(conn)).id))


async def test_a_voorziening_is_asked_once_at_a_time_for_one_aanvraag(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        house, kind = await make.voorziening(conn), await child(conn)
        one, two = [await make.plek(conn, voorziening_id=house.id) for _ in range(2)]
        await ready(conn, wie, (kind.id, one.id))
    with pytest.raises(Refusal, match="er al een voorstel aan deze voorziening"):
        async with transaction(pool, wie) as conn:
            await ready(conn, wie, (kind.id, two.id))


async def test_the_rules_are_asked_when_it_is_sent(pool: Pool, wie: Wie) -> None:
    """Not only when it was prepared; a reason written then still counts, but for what it may never open."""
    async with transaction(pool, wie) as conn:
        old = await child(conn, leeftijd_maanden=16 * 12, toestemmingen=[])
        [refused] = await ready(conn, wie, (old.id, (await make.plek(conn)).id))
        with pytest.raises(Refusal, match="Is voor kinderen van"):
            await step(conn, pool, refused.id, "verzend", wie)
        [allowed] = await ready(conn, wie, (old.id, (await make.plek(conn)).id), afwijking="Bijna 16 nog.")
        assert (await step(conn, pool, allowed.id, "verzend", wie)).status is VoorstelStatus.VERZONDEN


class Unasked:
    """Snapshots of which nothing may be asked."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the places were ranked ({name}) before the refusal that costs nothing")


async def test_what_costs_little_to_see_is_refused_before_anything_is_ranked(pool: Pool, wie: Wie) -> None:
    """Of many who want one plek, those who come too late cost no rangschikking: somebody holds it, or the first day
    has passed."""
    nieuw = NieuweVoorstelStap(stap=VoorstelStap.VERZEND)

    async def refused(conn: Connection, id: UUID, *, now: datetime = make.NOW) -> str:
        with pytest.raises(Refusal) as refusal:
            await voorstelstappen.doe(conn, cast(Snapshots, Unasked()), Traveller(), id, nieuw, wie=wie, now=now)
        return refusal.value.detail

    async with transaction(pool, wie) as conn:
        kind, other, plek = await child(conn), await child(conn), await make.plek(conn)
        [late] = await ready(conn, wie, (kind.id, plek.id))
        first = await sent(conn, pool, wie, (other.id, plek.id))
        held = await refused(conn, late.id)
        past = await refused(conn, late.id, now=make.NOW + 2 * DAY)
        await step(conn, pool, first.id, "trek_in", wie, reden="Toch niet.")
        with pytest.raises(AssertionError, match="before the refusal"):
            await refused(conn, late.id)

        assert "al vastgehouden" in held and "begindag is voorbij" in past


# ── No answer ────────────────────────────────────────────────────────────────────────────────────


async def test_a_provider_that_does_not_answer_is_reminded_once_before_it_lapses(pool: Pool, wie: Wie) -> None:
    """A worker that looks too early looks again; after an answer there is nothing to remind of."""
    async with transaction(pool, wie) as conn:
        kind, other = await child(conn), await child(conn)
        voorstel = await sent(conn, pool, wie, (kind.id, (await make.plek(conn)).id))
        answered = await sent(conn, pool, wie, (other.id, (await make.plek(conn)).id))
        await step(conn, pool, answered.id, "akkoord", wie)
        for hours in (47, 48, 49):
            await verzenden.herinner(conn, voorstel.id, make.NOW + hours * HOUR)
        await verzenden.herinner(conn, answered.id, make.NOW + 48 * HOUR)
        reminded = await voorstellen.get(conn, voorstel.id, wie.rol)

        assert reminded.herinnerd_op == make.NOW + 48 * HOUR
        assert (await soorten(conn, kind.id)).count("herinnering") == 1
        assert "herinnering" not in await soorten(conn, other.id)


async def test_after_its_interesse_a_provider_is_reminded_of_the_new_term_too(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    """The second term is one of its own: a reminder before it, and a taak that looks then."""
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        voorstel = await sent(conn, pool, wie, (kind.id, (await make.plek(conn)).id))
        await verzenden.herinner(conn, voorstel.id, make.NOW + 48 * HOUR)
        later = make.NOW + 50 * HOUR
        waits = await step(conn, pool, voorstel.id, "interesse", wie, now=later)
        for hours in (47, 48, 49):
            await verzenden.herinner(conn, voorstel.id, later + hours * HOUR)
        reminded = await voorstellen.get(conn, voorstel.id, wie.rol)
    wakes = await owner.fetch(
        "select niet_voor from taak where sleutel like $1 order by niet_voor", f"voorstel {waits.id}%"
    )

    assert (waits.herinnerd_op, waits.antwoord_voor) == (None, later + 72 * HOUR)
    assert reminded.herinnerd_op == later + 48 * HOUR
    assert len(wakes) >= 2 and len({row["niet_voor"] for row in wakes}) == len(wakes)
    async with transaction(pool, wie) as conn:
        assert (await soorten(conn, kind.id)).count("herinnering") == 2


async def test_a_term_that_was_made_longer_has_a_reminder_of_its_own(pool: Pool, wie: Wie) -> None:
    """With the optie under a voorstel the answer has more time, and so its last hours come again."""
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        voorstel = await sent(conn, pool, wie, (kind.id, (await make.plek(conn)).id))
        [optie] = await opties.page(conn, make.NOW)
        await verzenden.herinner(conn, voorstel.id, make.NOW + 48 * HOUR)
        await optiestappen.verleng(conn, optie.id, "De aanbieder vraagt meer tijd.", now=make.NOW + 49 * HOUR)
        for hours in (119, 120):
            await verzenden.herinner(conn, voorstel.id, make.NOW + hours * HOUR)

        assert (await voorstellen.get(conn, voorstel.id, wie.rol)).herinnerd_op == make.NOW + 120 * HOUR
        assert (await soorten(conn, kind.id)).count("herinnering") == 2


async def test_without_an_answer_it_lapses_and_is_back_with_the_loket(pool: Pool, wie: Wie) -> None:
    """The plek is free; nobody can answer any more, also before a worker came by. The loket may still take it back."""
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn), await make.plek(conn)
        voorstel = await sent(conn, pool, wie, (kind.id, plek.id))
        late = make.NOW + 72 * HOUR
        with pytest.raises(Refusal, match="De tijd van dit voorstel is voorbij"):
            await step(conn, pool, voorstel.id, "akkoord", wie, now=late)
        other = await sent(conn, pool, wie, (kind.id, (await make.plek(conn)).id))
        taken = await step(conn, pool, other.id, "trek_in", wie, now=late, reden="Te laat.")
        [optie] = await opties.page(conn, make.NOW, geldt=True)
        await optiestappen.termijn(conn, optie.id, late)

        assert taken.status is VoorstelStatus.INGETROKKEN
        assert (await voorstellen.get(conn, voorstel.id, wie.rol)).status is VoorstelStatus.VERVALLEN
        assert await status(conn, kind.id) == "in_behandeling"
        assert (await soorten(conn, kind.id))[-1] == "voorstel_vervallen"


# ── Declined, and what comes of it ───────────────────────────────────────────────────────────────


async def declined(conn: Connection, pool: Pool, wie: Wie, kind: UUID, plek: UUID, code: str, **fields: Any) -> None:
    voorstel = await sent(conn, pool, wie, (kind, plek))
    await step(conn, pool, voorstel.id, "wijs_af", wie, afwijsreden=Afwijsreden(code), **fields)


async def out(conn: Connection, kind: UUID, now: Any = make.NOW) -> set[UUID]:
    """Voorzieningen that said no to it, as far as that holds."""
    rows = await conn.fetch("select voorziening_id from geldende_afwijzingen($1, $2)", [kind], now)
    return {row["voorziening_id"] for row in rows}


async def test_a_no_has_a_code_frees_the_plek_and_says_why(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn), await make.plek(conn)
        await declined(conn, pool, wie, kind.id, plek.id, "geen_personeel", reden="Twee zieken deze week.")
        besluit = await conn.fetchrow("select uitkomst, reden, toelichting from besluit")
        last = (await gebeurtenissen.page(conn, kind.id))[0]

        assert tuple(besluit or ()) == ("afgewezen", "geen_personeel", "Twee zieken deze week.")
        assert (last.soort, last.gegevens) == ("voorstel_afgewezen", {"afwijsreden": "geen_personeel"})
        assert (await plekken.get(conn, plek.id, make.NOW)).status is PlekStatus.OPEN


@pytest.mark.parametrize("code", ["jeugdige_niet_geschikt", "aanbieder_weigert", "afstand"])
async def test_who_is_not_eligible_is_out_until_the_question_or_the_house_changes(
    pool: Pool, wie: Wie, code: str
) -> None:
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn), await make.plek(conn)
        await declined(conn, pool, wie, kind.id, plek.id, code)
        before = await out(conn, kind.id, make.NOW + 300 * DAY)
        change = aanvragen.WijzigingAanvraag(rolstoel=False)
        await aanvragen.change(conn, kind.id, change, now=make.NOW + HOUR)
        after = await out(conn, kind.id)
        other = await child(conn)
        await declined(conn, pool, wie, other.id, plek.id, code)
        profile = voorzieningen.WijzigingVoorziening(maximaal_verblijf=300)
        await voorzieningen.change(conn, plek.voorziening_id, profile, now=make.NOW + HOUR)

        assert (before, after) == ({plek.voorziening_id}, set())
        assert await out(conn, other.id) == set()


async def test_later_is_out_until_that_day(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn), await make.plek(conn)
        await declined(conn, pool, wie, kind.id, plek.id, "later_vanaf", later_vanaf=make.day(10))

        assert await out(conn, kind.id, make.NOW + 9 * DAY) == {plek.voorziening_id}
        assert await out(conn, kind.id, make.NOW + 10 * DAY) == set()


async def test_the_last_answer_of_a_provider_counts(pool: Pool, wie: Wie) -> None:
    """It said no, was asked again with a reason, and says yes."""
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn), await make.plek(conn)
        await declined(conn, pool, wie, kind.id, plek.id, "afstand")
        before = await out(conn, kind.id)
        again = await sent(conn, pool, wie, (kind.id, plek.id), afwijking="De aanbieder belde terug.")
        await step(conn, pool, again.id, "akkoord", wie, now=make.NOW + HOUR)

        assert (before, await out(conn, kind.id, make.NOW + HOUR)) == ({plek.voorziening_id}, set())


async def test_for_a_reason_of_its_own_it_is_only_this_time(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn), await make.plek(conn)
        with pytest.raises(Refusal) as refused:
            await declined(conn, pool, wie, kind.id, plek.id, "anders")
    assert [error.pointer for error in refused.value.fields] == ["/reden"]
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn), await make.plek(conn)
        await declined(conn, pool, wie, kind.id, plek.id, "anders", reden="Verbouwing loopt uit.")
        assert await out(conn, kind.id) == set()


async def test_without_staff_or_room_in_the_group_it_is_out_until_that_changed(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        a, b = await child(conn), await child(conn)
        staff, group = await make.plek(conn), await make.plek(conn)
        other = await make.plek(conn, voorziening_id=group.voorziening_id)
        lives = await make.plaatsing(conn, plek_id=other.id)
        await declined(conn, pool, wie, a.id, staff.id, "geen_personeel")
        await declined(conn, pool, wie, b.id, group.id, "groepsmix")
        said = plekken.Beschikbaarheid.ONBEMENST
        await plekken.bevestig(conn, staff.id, said, now=make.NOW + HOUR / 2, bron=plekken.Bron.SCHERM)
        before = await out(conn, a.id) | await out(conn, b.id)
        said = plekken.Beschikbaarheid.BEMENST
        await plekken.bevestig(conn, staff.id, said, now=make.NOW + HOUR, bron=plekken.Bron.SCHERM)
        await plaatsingen.beeindig(conn, lives.id, make.TODAY, bezetting.EindeReden.DOORSTROOM, now=make.NOW + HOUR)

        assert before == {staff.voorziening_id, group.voorziening_id}
        assert await out(conn, a.id) | await out(conn, b.id) == set()


async def test_a_no_reaches_the_matcher_and_a_person_may_ask_again_with_a_reason(pool: Pool, wie: Wie) -> None:
    """The place falls out, with why; from the day that was named on it is there again."""
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn), await make.plek(conn)
    async with transaction(pool, wie) as conn:
        await declined(conn, pool, wie, kind.id, plek.id, "later_vanaf", later_vanaf=make.day(5))
    async with transaction(pool, wie) as conn:
        ranked = [await rangen(conn, pool, wie, kind.id, make.NOW + days * DAY) for days in (0, 5)]
        [again] = await ready(conn, wie, (kind.id, plek.id))
        with pytest.raises(Refusal, match=r"De aanbieder zei: pas vanaf .* of schrijf bij afwijking"):
            await step(conn, pool, again.id, "verzend", wie)
        await step(conn, pool, again.id, "trek_in", wie, reden="Zonder reden.")
        [asked] = await ready(conn, wie, (kind.id, plek.id), afwijking="Er is nu wel iemand.")
        done = await step(conn, pool, asked.id, "verzend", wie)

    assert ranked == [{}, {plek.voorziening_id: 1}]
    assert done.status is VoorstelStatus.VERZONDEN


# ── Who may ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_provider_answers_what_was_sent_to_it_and_sees_no_more_than_it_needs(pool: Pool, wie: Wie) -> None:
    """First the minimum, more after interest, nothing after an end; never where the child lives or who filed it."""
    async with transaction(pool, wie) as conn:
        kind, plek = await child(conn, eerder_geprobeerd="Ambulante hulp"), await make.plek(conn)
        concept = (await ready(conn, wie, (kind.id, plek.id)))[0]
    own, strange = provider(wie, plek.aanbieder_id), provider(wie, UUID(int=5))
    async with transaction(pool, own) as conn:
        assert await voorstellen.page(conn, own.rol) == []
    async with transaction(pool, wie) as conn:
        await step(conn, pool, concept.id, "verzend", wie)
    async with transaction(pool, strange) as conn:
        assert await voorstellen.page(conn, strange.rol) == []
        with pytest.raises(Refusal) as refused:
            await step(conn, pool, concept.id, "akkoord", strange)
    async with transaction(pool, own) as conn:
        [first] = await voorstellen.page(conn, own.rol)
        more = await step(conn, pool, concept.id, "interesse", own)
    async with transaction(pool, own) as conn:
        await step(conn, pool, concept.id, "wijs_af", own, afwijsreden=Afwijsreden.GROEPSMIX)
        over = await voorstellen.get(conn, concept.id, own.rol)
    async with transaction(pool, wie) as conn:
        assert await opties.page(conn, make.NOW, geldt=True) == []
        assert (await voorstellen.get(conn, concept.id, wie.rol)).vraag is None

    assert refused.value.kind is Kind.NOT_FOUND
    assert first.vraag is not None and (first.vraag.nummer, first.vraag.leeftijd_jaren) == (kind.nummer, 10)
    assert (first.vraag.geslacht, first.vraag.eerder_geprobeerd) == (None, None)
    assert more.vraag is not None and (more.vraag.geslacht, more.vraag.eerder_geprobeerd) == (
        "meisje",
        "Ambulante hulp",
    )
    assert (over.status, over.vraag) == ("afgewezen", None)
    asked = set(voorstellen.Voorstelvraag.__struct_fields__)
    assert (
        asked & {"pc4", "school_pc4", "netwerk_pc4", "kenmerk", "gemeente_code", "uitsluitingen", "organisatie_id"}
        == set()
    )


async def test_a_provider_writes_down_its_answers_and_never_ends_an_aanvraag(pool: Pool, wie: Wie) -> None:
    """Whatever its program asks: the database refuses a status that a person of the loket or the verwijzer gives, and
    anything about a voorstel that was not sent to it yet."""
    async with transaction(pool, wie) as conn:
        kind, plek, other = await child(conn), await make.plek(conn), await make.plek(conn)
        voorstel = await sent(conn, pool, wie, (kind.id, plek.id))
        [concept] = await ready(conn, wie, (kind.id, other.id))
    write = "select leg_vast($1, 'herinnering', $2, 'Nee.', $3, $4)"
    for aanbieder, id, naar in (
        (plek.aanbieder_id, voorstel.id, "ingetrokken"),
        (plek.aanbieder_id, voorstel.id, "in_behandeling"),
        (other.aanbieder_id, concept.id, None),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no aanvraag"):
            async with transaction(pool, provider(wie, aanbieder)) as conn:
                await conn.execute(write, kind.id, make.NOW, naar, id)


async def test_a_provider_of_another_region_answers_too(
    pool: Pool, wie: Wie, owner: Connection, wie_als: Callable[..., Wie]
) -> None:
    """Under an agreement: its yes, and what it may know; the terms are those of the region of the child."""
    far = wie_als("schakelfunctionaris", regio="flevoland")
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ('flevoland', $1, '[2020-01-01,)')",
        wie.regio,
    )
    await owner.execute(
        "insert into instelling (regio, sleutel, waarde, bron) values ($1, 'akkoord_dagen', $2, 'besluit')",
        wie.regio,
        {"crisis": 1, "spoed": 2, "regulier": 9},
    )
    async with transaction(pool, far) as conn:
        plek = await make.plek(conn)
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        voorstel = await sent(conn, pool, wie, (kind.id, plek.id))
    own = Wie("flevoland", Rol.AANBIEDER, UUID(int=77), plek.aanbieder_id)
    async with transaction(pool, own) as conn:
        yes = await step(conn, pool, voorstel.id, "akkoord", own)
    async with transaction(pool, wie) as conn:
        assert await status(conn, kind.id) == "akkoord"
        done = await step(conn, pool, voorstel.id, "maak_definitief", wie, reden="Zij kennen elkaar.")

    assert yes.vraag is not None and yes.vraag.nummer == kind.nummer
    assert yes.antwoord_voor == make.NOW + 9 * DAY
    assert done.status is VoorstelStatus.DEFINITIEF


async def test_the_loket_of_the_plek_sees_that_it_is_asked_for_and_takes_no_step(
    pool: Pool, wie: Wie, owner: Connection, wie_als: Callable[..., Wie]
) -> None:
    """Of a child of another region: what is prepared it does not see, nor what was thought of brothers and sisters."""
    far = wie_als("schakelfunctionaris", regio="flevoland")
    await owner.execute(
        "insert into regioafspraak (aanbod_regio, vraag_regio, geldigheid) values ('flevoland', $1, '[2020-01-01,)')",
        wie.regio,
    )
    async with transaction(pool, far) as conn:
        plek = await make.plek(conn)
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        [concept] = await ready(conn, wie, (kind.id, plek.id), contactplan="Elke zondag.", afwijking="Het moet.")
    async with transaction(pool, far) as conn:
        assert await voorstellen.page(conn, far.rol) == []
    async with transaction(pool, wie) as conn:
        await step(conn, pool, concept.id, "verzend", wie)
    async with transaction(pool, far) as conn:
        [seen] = await voorstellen.page(conn, far.rol)
        assert await opties.page(conn, make.NOW) == []
        with pytest.raises(Refusal) as refused:
            await step(conn, pool, concept.id, "trek_in", far, reden="Vol.")
        [optie] = await conn.fetch("select id from bezetting where soort = 'optie'")
        with pytest.raises(Refusal, match="Deze optie bestaat niet"):
            await optiestappen.verleng(conn, optie["id"], "Nog even.", now=make.NOW)

    assert (seen.status, seen.nummer, seen.contactplan, seen.afwijking, seen.rang, seen.kan) == (
        "verzonden", None, None, None, None, []
    )  # fmt: skip
    assert refused.value.kind is Kind.CONFLICT


async def test_a_verwijzer_follows_tells_of_toestemming_and_of_a_no_of_the_family(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """It does not answer for the provider."""
    async with transaction(pool, wie) as conn:
        kind = await child(conn)
        voorstel = await sent(conn, pool, wie, (kind.id, (await make.plek(conn)).id))
    own = wie_als("verwijzer", organisatie=kind.organisatie_id)
    async with transaction(pool, own) as conn:
        with pytest.raises(Refusal, match="Wat nu wel kan: nee zeggen"):
            await step(conn, pool, voorstel.id, "akkoord", own)
        with pytest.raises(Refusal) as refused:
            await step(conn, pool, voorstel.id, "wijs_af", own, afwijsreden=Afwijsreden.AFSTAND)
    async with transaction(pool, wie) as conn:
        await step(conn, pool, voorstel.id, "akkoord", wie)
    async with transaction(pool, own) as conn:
        await step(conn, pool, voorstel.id, "toestemming", own)
        no = Afwijsreden.OUDER_OF_JEUGDIGE_ZEGT_NEE
        gone = await step(conn, pool, voorstel.id, "wijs_af", own, afwijsreden=no)
    async with transaction(pool, wie) as conn:
        assert await opties.page(conn, make.NOW, geldt=True) == []

    assert [error.pointer for error in refused.value.fields] == ["/afwijsreden"]
    assert gone.status is VoorstelStatus.AFGEWEZEN


async def test_the_crisisdienst_holds_proposes_and_places_at_night(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """By telephone: what the provider says, it writes down. No other child than one in crisis."""
    nacht = wie_als("crisisdienst")
    async with transaction(pool, wie) as conn:
        kind, calm = await child(conn, urgentie=Urgentie.CRISIS), await child(conn)
        plek, other = await make.plek(conn), await make.plek(conn)
    async with transaction(pool, nacht) as conn:
        with pytest.raises(Refusal) as refused:
            await ready(conn, nacht, (calm.id, other.id))
        voorstel = await sent(conn, pool, nacht, (kind.id, plek.id))
        await step(conn, pool, voorstel.id, "akkoord", nacht)
    async with transaction(pool, nacht) as conn:
        done = await step(conn, pool, voorstel.id, "maak_definitief", nacht)

    assert [error.pointer for error in refused.value.fields] == ["/plekken/0/aanvraagId"]
    assert done.status is VoorstelStatus.DEFINITIEF


# ── Brothers and sisters ─────────────────────────────────────────────────────────────────────────


APART: dict[str, Any] = {"mag_splitsen": True, "splitsreden": "Zij bedreigen elkaar."}


async def family(conn: Connection, size: int, **fields: Any) -> list[UUID]:
    samen = await make.samenplaatsing(conn, **fields)
    return [
        (await child(conn, samenplaatsing_id=samen.id, organisatie_id=samen.organisatie_id)).id for _ in range(size)
    ]


async def test_a_voorstel_of_which_the_days_have_passed_becomes_nothing_any_more(pool: Pool, wie: Wie) -> None:
    """A short stay, and who decides was late: said as such, and not as a field that nobody sent."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)
        voorstel = await sent(conn, pool, wie, ((await child(conn)).id, plek.id), tot=make.day(3))
        await step(conn, pool, voorstel.id, "akkoord", wie)
    for late in (3 * DAY, 4 * DAY):
        async with transaction(pool, wie) as conn:
            with pytest.raises(Refusal, match="die dag is geweest") as refused:
                await step(conn, pool, voorstel.id, "maak_definitief", wie, now=make.NOW + late, reden="Haast.")
    assert refused.value.kind is Kind.CONFLICT and "Wat nu wel kan" in refused.value.detail


async def test_a_bundle_has_one_answer_and_one_definitief(pool: Pool, wie: Wie) -> None:
    """Each child its plek in one voorziening; the provider says yes once, and sees how many come."""
    async with transaction(pool, wie) as conn:
        house = await make.voorziening(conn)
        one, two = [await make.plek(conn, voorziening_id=house.id) for _ in range(2)]
        a, b = await family(conn, 2)
        voorstel = await sent(conn, pool, wie, (a, one.id), (b, two.id))
        reminders = await conn.fetchval("select count(*) from taak where gegevens ->> 'soort' = 'voorstel'")
    own = provider(wie, house.aanbieder_id)
    async with transaction(pool, own) as conn:
        yes = await step(conn, pool, voorstel.id, "akkoord", own)
    async with transaction(pool, wie) as conn:
        await step(conn, pool, voorstel.id, "maak_definitief", wie, reden="Zij kennen het huis.")
        after = {row.status for row in await voorstellen.page(conn, wie.rol)}

        assert yes.vraag is not None and (yes.vraag.samen, reminders) == (1, 1)
        assert after == {VoorstelStatus.DEFINITIEF}
        assert [await status(conn, kind) for kind in (a, b)] == ["definitief", "definitief"]


async def test_what_becomes_definitive_after_its_first_day_begins_on_that_day(pool: Pool, wie: Wie) -> None:
    """The plek was held and the papers took longer: no stay begins in the past."""
    async with transaction(pool, wie) as conn:
        voorstel = await sent(conn, pool, wie, ((await child(conn)).id, (await make.plek(conn)).id))
        await step(conn, pool, voorstel.id, "akkoord", wie)
        await step(
            conn, pool, voorstel.id, "maak_definitief", wie, now=make.NOW + 2 * DAY, reden="Zij kennen het huis."
        )
        begins = await conn.fetchval("select lower(periode) from bezetting where soort = 'plaatsing'")

    assert (voorstel.van, begins) == (make.day(1), make.day(2))


async def test_brothers_and_sisters_wait_as_short_as_the_most_urgent_of_them(pool: Pool, wie: Wie) -> None:
    """One answer for all: of a spoed and a regular aanvraag in 24 hours."""
    async with transaction(pool, wie) as conn:
        house = await make.voorziening(conn)
        a, b = await family(conn, 2)
        await conn.execute("update aanvraag set urgentie = 'spoed' where id = $1", a)
        beds = [(await make.plek(conn, voorziening_id=house.id)).id for _ in range(2)]
        await sent(conn, pool, wie, (a, beds[0]), (b, beds[1]))
        ends = {row.antwoord_voor for row in await voorstellen.page(conn, wie.rol)}

    assert ends == {make.NOW + 24 * HOUR}


async def test_of_a_bundle_each_aanbieder_answers_for_itself_and_the_loket_for_all(pool: Pool, wie: Wie) -> None:
    """Brothers who go apart, to two aanbieders: what the loket takes back, it takes back from both; each of them says
    yes or no for its own."""
    async with transaction(pool, wie) as conn:
        pairs = [(kind, (await make.plek(conn)).id) for kind in await family(conn, 2, **APART)]
        taken = await sent(conn, pool, wie, *pairs, contactplan="Elke zondag samen eten.")
        await step(conn, pool, taken.id, "trek_in", wie, reden="Nog niet.")
        both = {row.status for row in await voorstellen.page(conn, wie.rol)}
        await sent(conn, pool, wie, *pairs, contactplan="Elke zondag samen eten.")
        one, two = await voorstellen.page(conn, wie.rol, status=VoorstelStatus.VERZONDEN)
        await step(conn, pool, one.id, "akkoord", wie)
        still = await voorstellen.get(conn, two.id, wie.rol)
        await step(conn, pool, two.id, "wijs_af", wie, afwijsreden=Afwijsreden.AFSTAND)
        after = await voorstellen.get(conn, one.id, wie.rol)

    assert both == {VoorstelStatus.INGETROKKEN}
    assert (still.status, after.status) == (VoorstelStatus.VERZONDEN, VoorstelStatus.AKKOORD)


async def test_of_a_bundle_nobody_becomes_definitive_when_one_cannot(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        house = await make.voorziening(conn)
        one, two = [await make.plek(conn, voorziening_id=house.id) for _ in range(2)]
        a, b = await family(conn, 2)
        voorstel = await sent(conn, pool, wie, (a, one.id), (b, two.id))
        await step(conn, pool, voorstel.id, "akkoord", wie)
        await aanvragen.change(conn, b, aanvragen.WijzigingAanvraag(grondslagen=[]), now=make.NOW)
    with pytest.raises(Refusal):
        async with transaction(pool, wie) as conn:
            await step(conn, pool, voorstel.id, "maak_definitief", wie, reden="Haast.")
    async with transaction(pool, wie) as conn:
        assert [await status(conn, kind) for kind in (a, b)] == ["akkoord", "akkoord"]


async def test_a_brother_who_came_later_is_not_left_behind(pool: Pool, wie: Wie) -> None:
    """Filed after the others were proposed: not without him, unless they may be apart."""
    async with transaction(pool, wie) as conn:
        house = await make.voorziening(conn)
        one, two = [await make.plek(conn, voorziening_id=house.id) for _ in range(2)]
        a, b = await family(conn, 2)
        voorstel = await sent(conn, pool, wie, (a, one.id), (b, two.id))
        await step(conn, pool, voorstel.id, "akkoord", wie)
        first = await aanvragen.get(conn, a)
        await child(conn, samenplaatsing_id=first.samenplaatsing_id, organisatie_id=first.organisatie_id)
        with pytest.raises(Refusal, match="er mist er een"):
            await step(conn, pool, voorstel.id, "maak_definitief", wie, reden="Zij kennen het huis.")


async def at(conn: Connection, postcode: str | None, **fields: Any) -> UUID:
    """A new plek there."""
    place = await make.locatie(conn, postcode=postcode, **fields)
    return (await make.plek(conn, voorziening_id=(await make.voorziening(conn, locatie_id=place.id)).id)).id


async def test_near_is_also_near_brothers_whom_the_crisisdienst_may_not_see(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """One is held for already, far away, and is not in crisis."""
    crisis, plan = wie_als("crisisdienst"), {"contactplan": "Elke zondag samen eten."}
    async with transaction(pool, wie) as conn:
        hilversum, lelystad, bussum = [await at(conn, postcode) for postcode in ("1211 AB", "8232 AB", "1401 AB")]
        a, b = await family(conn, 2, mag_splitsen=True, splitsreden="Zij bedreigen elkaar.")
        await conn.execute("update aanvraag set urgentie = 'crisis' where id = $1", a)
        await sent(conn, pool, wie, (b, hilversum), **plan)
    async with transaction(pool, crisis) as conn:
        [far] = await ready(conn, crisis, (a, lelystad), **plan)
        with pytest.raises(Refusal, match="te ver van elkaar"):
            await step(conn, pool, far.id, "verzend", crisis)
        [near] = await ready(conn, crisis, (a, bussum), **plan)
        await step(conn, pool, near.id, "verzend", crisis)


async def test_apart_only_with_leave_near_and_with_a_plan_for_contact(pool: Pool, wie: Wie) -> None:
    """Lelystad and Hilversum are too far; Bussum and Hilversum are near."""
    async with transaction(pool, wie) as conn:
        hilversum, lelystad, bussum = [await at(conn, code) for code in ("1211 AB", "8232 AB", "1401 AB")]
        whole = await family(conn, 2)
        a, b = await family(conn, 2, mag_splitsen=True, splitsreden="Zij bedreigen elkaar.")
        plan = {"contactplan": "Elke zondag samen eten."}
        with pytest.raises(Refusal, match="mogen niet apart"):
            await ready(conn, wie, (whole[0], hilversum), (whole[1], bussum), **plan)
        [bare, _] = await ready(conn, wie, (a, hilversum), (b, bussum))
        with pytest.raises(Refusal) as refused:
            await step(conn, pool, bare.id, "verzend", wie)
        await step(conn, pool, bare.id, "trek_in", wie, reden="Contactplan vergeten.")
        [far, _] = await ready(conn, wie, (a, hilversum), (b, lelystad), **plan)
        with pytest.raises(Refusal, match="te ver van elkaar"):
            await step(conn, pool, far.id, "verzend", wie)
        await step(conn, pool, far.id, "trek_in", wie, reden="Te ver.")
        [near, _] = await ready(conn, wie, (a, hilversum), (b, bussum), **plan)
        done = await step(conn, pool, near.id, "verzend", wie)

    assert [error.pointer for error in refused.value.fields] == ["/contactplan"]
    assert (done.status, done.contactplan) == ("verzonden", "Elke zondag samen eten.")


APART = {"mag_splitsen": True, "splitsreden": "Zij bedreigen elkaar."}
SUNDAYS = {"contactplan": "Elke zondag samen eten."}


async def test_who_goes_apart_goes_near_to_where_the_others_live_already(pool: Pool, wie: Wie) -> None:
    """Also when the search for them is over: with leave, near and with a plan for contact, as when both go now."""
    async with transaction(pool, wie) as conn:
        hilversum, lelystad, bussum = [await at(conn, code) for code in ("1211 AB", "8232 AB", "1401 AB")]
        lives, seeks = await family(conn, 2, **APART)
        await plaatsingen.plaats(conn, hilversum, lives, make.TODAY, None, now=make.NOW)
        [bare] = await ready(conn, wie, (seeks, bussum))
        with pytest.raises(Refusal) as refused:
            await step(conn, pool, bare.id, "verzend", wie)
        await step(conn, pool, bare.id, "trek_in", wie, reden="Contactplan vergeten.")
        [far] = await ready(conn, wie, (seeks, lelystad), **SUNDAYS)
        with pytest.raises(Refusal, match="te ver van elkaar"):
            await step(conn, pool, far.id, "verzend", wie)
        [near] = await ready(conn, wie, (seeks, bussum), **SUNDAYS)

        assert (await step(conn, pool, near.id, "verzend", wie)).status is VoorstelStatus.VERZONDEN
    assert [error.pointer for error in refused.value.fields] == ["/contactplan"]


async def test_without_leave_a_child_goes_where_its_brother_or_sister_has_a_place(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """Not elsewhere, also for the crisisdienst that does not see the other; there it may, and when that stay is over
    anywhere."""
    crisis = {"urgentie": Urgentie.CRISIS}
    async with transaction(pool, wie) as conn:
        hilversum, bussum = await at(conn, "1211 AB"), await at(conn, "1401 AB")
        house = (await plekken.get(conn, hilversum, make.NOW)).voorziening_id
        beside = (await make.plek(conn, voorziening_id=house)).id
        samen = await make.samenplaatsing(conn)
        of = {"samenplaatsing_id": samen.id, "organisatie_id": samen.organisatie_id}
        lives, seeks = (await child(conn, **of)).id, (await child(conn, **of, **crisis)).id
        stay = await plaatsingen.plaats(conn, hilversum, lives, make.day(-1), None, now=make.NOW)
    for who in (wie, wie_als("crisisdienst")):
        with pytest.raises(Refusal, match="heeft al een plek op een andere locatie"):
            async with transaction(pool, who) as conn:
                await ready(conn, who, (seeks, bussum))
    async with transaction(pool, wie) as conn:
        together = await sent(conn, pool, wie, (seeks, beside))
        await plaatsingen.beeindig(conn, stay.id, make.TODAY, bezetting.EindeReden.DOORSTROOM, now=make.NOW)
        elsewhere = await sent(conn, pool, wie, (seeks, bussum))

    assert (together.status, elsewhere.status) == (VoorstelStatus.VERZONDEN, VoorstelStatus.VERZONDEN)


async def test_of_a_place_that_is_nowhere_on_the_map_nobody_can_say_that_it_is_near(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    """Its postcode is not in the table."""
    async with transaction(pool, wie) as conn:
        hilversum, unknown = await at(conn, "1211 AB"), await at(conn, "9999 ZZ")
        a, b = await family(conn, 2, **APART)
        [first, _] = await ready(conn, wie, (a, hilversum), (b, unknown), **SUNDAYS)
        with pytest.raises(Refusal, match="te ver van elkaar"):
            await step(conn, pool, first.id, "verzend", wie)

    assert not await owner.fetchval("select exists (select from postcodegebied where pc4 = '9999')")


def test_the_table_of_steps_is_whole() -> None:
    """Each step has somebody; each status but the ends leads somewhere; what is living can always end."""
    assert set(STAPPEN) == set(VoorstelStap) and all(overgang.rollen for overgang in STAPPEN.values())
    onward = {state for overgang in STAPPEN.values() for state in overgang.van}
    assert onward == LEVEND | {VoorstelStatus.CONCEPT}
    assert STAPPEN[VoorstelStap.WIJS_AF].van == LEVEND


DOCS = Path(__file__).resolve().parents[3] / "docs" / "werkstroom.md"


def table_under(title: str) -> dict[str, list[str]]:
    """The rows of the first table under a heading of the document: first cell → the others."""
    lines = DOCS.read_text(encoding="utf-8").partition(f"### {title}\n")[2].splitlines()
    rows = list(takewhile(lambda line: line.startswith("|"), dropwhile(lambda line: not line.startswith("|"), lines)))
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]
    return {first: rest for first, *rest in cells}


def test_the_document_draws_the_machine_as_the_code_has_it() -> None:
    """docs/werkstroom.md: every step of an aanvraag and of a voorstel, from where, to where, by whom."""

    def listed(values: Iterable[str], order: Iterable[str]) -> str:
        return ", ".join(value for value in order if value in set(values))

    assert table_under("Steps of a voorstel") == {
        stap: [listed(one.van, VoorstelStatus), one.naar, listed(one.rollen, Rol)] for stap, one in STAPPEN.items()
    }
    assert table_under("Steps of an aanvraag") == {stap: [listed(wie, Rol)] for stap, wie in stappen.WIE.items()}
    codes = [code for codes in table_under("What comes of a no") for code in codes.split(", ")]
    assert sorted(codes) == sorted(Afwijsreden)


async def test_half_a_bundle_takes_no_step(pool: Pool, wie: Wie, wie_als: Callable[..., Wie]) -> None:
    """When one of them is in crisis no more, the crisisdienst does not see it, and leaves the other alone too."""
    async with transaction(pool, wie) as conn:
        family = await make.samenplaatsing(conn)
        children = [
            await child(
                conn, samenplaatsing_id=family.id, organisatie_id=family.organisatie_id, urgentie=Urgentie.CRISIS
            )
            for _ in range(2)
        ]
        unit = await make.voorziening(conn)
        plekken = [await make.plek(conn, voorziening_id=unit.id) for _ in children]
        pairs = [(kind.id, plek.id) for kind, plek in zip(children, plekken, strict=True)]
        voorstel = await sent(conn, pool, wie, *pairs)
        await conn.execute("update aanvraag set urgentie = 'regulier' where id = $1", voorstel.aanvraag_id)
        other = next(row for row in await voorstellen.page(conn, wie.rol) if row.id != voorstel.id)

    with pytest.raises(Refusal, match="Wat nu wel kan") as refused:
        async with transaction(pool, wie_als("crisisdienst")) as conn:
            await step(conn, pool, other.id, "akkoord", wie_als("crisisdienst"))
    async with transaction(pool, wie) as conn:
        held = {optie.voorstel_id: optie.id for optie in await opties.page(conn, make.NOW)}
    with pytest.raises(Refusal, match="die niet meer in crisis is"):
        async with transaction(pool, wie_als("crisisdienst")) as conn:
            await optiestappen.verleng(conn, held[other.id], "Ouders bellen terug.", now=make.NOW)

    assert refused.value.kind is Kind.CONFLICT
