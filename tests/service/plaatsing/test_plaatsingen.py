"""Plaatsingen: made, begun, made longer, ended or called off; the status of the aanvraag follows each time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from service.aanbod import bezetting
from service.aanbod.voorzieningen import JuridischKader
from service.aanvraag import aanvragen, grondslagen
from service.aanvraag.gebeurtenissen import AanvraagStatus
from service.aanvraag.grondslagen import GrondslagSoort, GrondslagStatus, ToestemmingPersoon, ToestemmingStatus
from service.db import Connection, Pool, Rol, Wie, transaction
from service.errors import Kind, Refusal
from service.plaatsing import plaatsingen
from service.plaatsing.plaatsingstappen import STAPPEN, PlaatsingStand
from tests import make
from tests.conftest import ROOT

HOUR = timedelta(hours=1)

PAPERS: dict[str, Any] = {
    "juridisch_kader": JuridischKader.VRIJWILLIG,
    "grondslagen": [
        grondslagen.Grondslag(
            soort=GrondslagSoort.BESLUIT_GEMEENTE, status=GrondslagStatus.VERLEEND, datum=make.day(-5)
        )
    ],
    "toestemmingen": [
        grondslagen.Toestemming(
            persoon=ToestemmingPersoon.OUDER_1, status=ToestemmingStatus.GEGEVEN, datum=make.day(-5)
        )
    ],
}


async def says_yes(conn: Connection, aanvraag_id: UUID, plek_id: UUID) -> None:
    await conn.execute(
        "insert into besluit (regio, aanvraag_id, voorziening_id, uitkomst, op)"
        " select p.regio, $1, p.voorziening_id, 'geaccepteerd', $3 from plek p where p.id = $2",
        aanvraag_id,
        plek_id,
        make.NOW,
    )


async def ready(conn: Connection, **fields: Any) -> tuple[UUID, UUID]:
    """A plek and an aanvraag for which it is held, with all that a definitive plaatsing rests on."""
    plek, aanvraag = await make.plek(conn), await make.aanvraag(conn, **PAPERS | {"leeftijd_maanden": 100, **fields})
    await bezetting.houd(conn, plek.id, aanvraag.id, make.TODAY, None, vervalt_op=make.NOW + HOUR, now=make.NOW)
    await says_yes(conn, aanvraag.id, plek.id)
    return plek.id, aanvraag.id


async def status_of(conn: Connection, aanvraag_id: UUID) -> AanvraagStatus:
    return (await aanvragen.get(conn, aanvraag_id)).status


async def test_an_optie_becomes_a_definitive_plaatsing_and_then_the_child_comes(pool: Pool, wie: Wie) -> None:
    """definitief until the day of coming is known, geplaatst from then on."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await ready(conn)
        made = await plaatsingen.plaats_definitief(conn, plek, aanvraag, make.day(3), make.day(90), now=make.NOW)
        agreed = await status_of(conn, aanvraag)
        later = make.NOW + timedelta(days=4)
        begun = await plaatsingen.begin(conn, made.id, make.day(4), now=later)
        lives = await status_of(conn, aanvraag)

    assert (made.begonnen_op, made.definitief_op, agreed) == (None, make.NOW, AanvraagStatus.DEFINITIEF)
    assert (begun.van, begun.begonnen_op, lives) == (make.day(4), make.day(4), AanvraagStatus.GEPLAATST)


async def test_without_a_living_optie_nothing_becomes_definitive(pool: Pool, wie: Wie) -> None:
    """An hour later it has expired; the answer says what is possible."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await ready(conn)
        with pytest.raises(Refusal) as refused:
            await plaatsingen.plaats_definitief(conn, plek, aanvraag, make.day(3), None, now=make.NOW + HOUR)

    assert refused.value.kind is Kind.CONFLICT
    assert "Wat nu wel kan" in refused.value.detail


async def test_a_plaatsing_to_which_the_child_never_came_is_called_off(pool: Pool, wie: Wie) -> None:
    """The plek is free at once, and the search goes on."""
    async with transaction(pool, wie) as conn:
        plek, aanvraag = await ready(conn)
        made = await plaatsingen.plaats_definitief(conn, plek, aanvraag, make.day(3), None, now=make.NOW)
        await plaatsingen.zeg_af(conn, made.id, "Ouders trokken zich terug", now=make.NOW)
        status = await status_of(conn, aanvraag)
        again = await make.plaatsing(conn, plek_id=plek, van=make.TODAY, tot=make.day(9))
        with pytest.raises(Refusal) as refused:
            await plaatsingen.zeg_af(conn, again.id, "x", now=make.NOW)

    assert status is AanvraagStatus.IN_BEHANDELING
    assert refused.value.kind is Kind.CONFLICT


def test_the_steps_stand_in_the_documents_as_they_are_in_the_code() -> None:
    """docs/werkstroom.md: from which stand, and by whom."""
    order = list(PlaatsingStand)
    lines = [
        f"| {stap} | {', '.join(sorted(mag.vanuit, key=order.index))} | "
        f"{', '.join(rol for rol in Rol if rol in mag.rollen)} |"
        for stap, mag in STAPPEN.items()
    ]

    assert "\n".join(["| step | from | who |", "|---|---|---|", *lines]) in (ROOT / "docs/werkstroom.md").read_text()
