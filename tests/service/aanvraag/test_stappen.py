"""Steps of an aanvraag: what people decide themselves, each once, with who and why; what cannot be says what can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service.aanbod import bezetting
from service.aanvraag import aanvragen, gebeurtenissen, stappen
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.aanvraag.stappen import NieuweStap, Stap
from service.db import Connection, Pool, Wie, transaction
from service.errors import Kind, Refusal
from service.urgentie import Urgentie
from tests import make


async def step(conn: Connection, id: UUID, stap: str, wie: Wie, **fields: Any) -> aanvragen.Aanvraag:
    return await stappen.doe(conn, id, NieuweStap(stap=Stap(stap), **fields), wie=wie, now=make.NOW)


async def told(conn: Connection, id: UUID) -> list[tuple[str, str | None, str | None]]:
    """What happened, the first first: soort, and from which status to which."""
    rows = await gebeurtenissen.page(conn, id)
    return [(row.soort, row.van, row.naar) for row in reversed(rows)]


async def test_who_takes_an_aanvraag_in_hand_is_its_behandelaar(pool: Pool, wie: Wie, owner: Connection) -> None:
    """It is `in_behandeling` from then on, and the history says so."""
    async with transaction(pool, wie) as conn:
        made = await make.aanvraag(conn)
        taken = await step(conn, made.id, "neem_in_behandeling", wie)
        history = await told(conn, made.id)

    assert taken.status is AanvraagStatus.IN_BEHANDELING
    assert taken.behandelaar_id == wie.gebruiker
    assert history == [("ingediend", "ingediend", "ingediend"), ("in_behandeling", "ingediend", "in_behandeling")]


async def test_what_a_colleague_has_is_handed_over_with_a_reason(pool: Pool, wie: Wie, owner: Connection) -> None:
    """Nobody takes it away unseen; only to somebody who works at the loket and may still come in."""
    colleague = await make.gebruiker(owner)
    gone = await make.gebruiker(owner, actief=False)
    other = Wie(wie.regio, wie.rol, colleague)
    async with transaction(pool, wie) as conn:
        made = await make.aanvraag(conn)
        await step(conn, made.id, "neem_in_behandeling", wie)
    async with transaction(pool, other) as conn:
        with pytest.raises(Refusal, match="Wat nu wel kan: overdragen, ook aan uzelf"):
            await step(conn, made.id, "neem_in_behandeling", other)
        with pytest.raises(Refusal) as refused:
            await step(conn, made.id, "draag_over", other, reden="Ziek.", gebruiker_id=gone)
        await step(conn, made.id, "draag_over", other, reden="Mijn collega is ziek.", gebruiker_id=colleague)

    assert [error.pointer for error in refused.value.fields] == ["/gebruikerId"]
    assert await owner.fetchval("select behandelaar_id from aanvraag") == colleague


@pytest.mark.parametrize(("stap", "status"), [("wijs_af", "afgewezen"), ("trek_in", "ingetrokken")])
async def test_who_closes_an_aanvraag_says_why_and_lets_go_of_everything(
    pool: Pool, wie: Wie, stap: str, status: str
) -> None:
    """Its opties are free for another in the same transaction."""
    async with transaction(pool, wie) as conn:
        plek, made, next_ = await make.plek(conn), await make.aanvraag(conn), await make.aanvraag(conn)
        later = make.NOW.replace(hour=20)
        await bezetting.houd(conn, plek.id, made.id, make.day(1), make.day(9), vervalt_op=later, now=make.NOW)
        with pytest.raises(Refusal) as refused:
            await step(conn, made.id, stap, wie)
        closed = await step(conn, made.id, stap, wie, reden="Het kind gaat naar oma.")
        history = await told(conn, made.id)
        await bezetting.houd(conn, plek.id, next_.id, make.day(1), make.day(9), vervalt_op=later, now=make.NOW)

    assert [error.pointer for error in refused.value.fields] == ["/reden"]
    assert closed.status == status
    assert [soort for soort, _, _ in history] == ["ingediend", "optie_vrij", status]


async def test_what_is_closed_says_that_nothing_can_be_done_any_more(pool: Pool, wie: Wie) -> None:
    async with transaction(pool, wie) as conn:
        made = await make.aanvraag(conn)
        await step(conn, made.id, "trek_in", wie, reden="Niet meer nodig.")
        with pytest.raises(Refusal) as refused:
            await step(conn, made.id, "neem_in_behandeling", wie)

    assert refused.value.kind is Kind.CONFLICT
    assert refused.value.detail == (
        "Dit kan nu niet, of niet met uw rol: in behandeling nemen. De status van de aanvraag is: ingetrokken. Er kan"
        " nu niets meer mee."
    )


async def test_a_rol_that_may_not_hears_what_it_may(pool: Pool, wie: Wie, wie_als: Callable[..., Wie]) -> None:
    async with transaction(pool, wie) as conn:
        made = await make.aanvraag(conn)
    verwijzer = wie_als("verwijzer", organisatie=made.organisatie_id)

    with pytest.raises(Refusal, match=r"Wat nu wel kan: de urgentie veranderen en intrekken\."):
        async with transaction(pool, verwijzer) as conn:
            await step(conn, made.id, "wijs_af", verwijzer, reden="Past niet.")


async def test_a_higher_urgentie_needs_a_criterium_of_the_region(pool: Pool, wie: Wie) -> None:
    """A flag inflates: so each rise says by which criterium, and is written down. Lower needs a reason only."""
    async with transaction(pool, wie) as conn:
        made = await make.aanvraag(conn)
        with pytest.raises(Refusal) as refused:
            await step(conn, made.id, "verander_urgentie", wie, urgentie=Urgentie.CRISIS, reden="Het moet.")
        with pytest.raises(Refusal) as other:
            await step(
                conn,
                made.id,
                "verander_urgentie",
                wie,
                urgentie=Urgentie.CRISIS,
                reden="x",
                criterium="thuis_onhoudbaar",
            )
        risen = await step(
            conn, made.id, "verander_urgentie", wie, urgentie=Urgentie.CRISIS, reden="Geen bed vannacht.",
            criterium="geen_slaapplek",
        )  # fmt: skip
        lower = await step(conn, made.id, "verander_urgentie", wie, urgentie=Urgentie.REGULIER, reden="Bij opa.")
        last, first, _ = await gebeurtenissen.page(conn, made.id)

    for no in (refused, other):
        assert [error.pointer for error in no.value.fields] == ["/criterium"]
    assert (risen.urgentie, risen.urgentie_reden, lower.urgentie) == ("crisis", "Geen bed vannacht.", "regulier")
    assert first.gegevens == {"was": "regulier", "wordt": "crisis", "criterium": "geen_slaapplek"}
    assert last.gegevens == {"was": "crisis", "wordt": "regulier"}


async def test_nobody_but_a_step_writes_a_status(pool: Pool, wie: Wie) -> None:
    """The app may not, whatever its code says."""
    for statement in (
        "update aanvraag set status = 'geplaatst'",
        "insert into gebeurtenis (regio, op, soort, gebruiker_id, rol) values ($$x$$, now(), 'alarm', null, null)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with transaction(pool, wie) as conn:
                await conn.execute(statement)


def test_each_step_is_somebodys() -> None:
    assert set(stappen.WIE) == set(Stap) and all(stappen.WIE.values())
