"""Advice to leave a place free: off until the region asks for it, and never at the cost of who must come first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from service.db import Connection, Pool, Wie, transaction
from service.errors import Refusal
from service.plan import plannen, planverslag
from tests import make
from tests.service import plans

ASKED = {"aan": True, "punten": 50}


async def scarce(pool: Pool, wie: Wie, *, waits: int = 0, **fields: Any) -> tuple[UUID, UUID]:
    """Two beds near by with care for diabetes, and one further away without. One child needs that care and waited for
    a month; another, whose id is given back with the voorziening near by, does not, and takes the second bed."""
    async with transaction(pool, wie) as conn:
        near = await make.voorziening(conn, naam="De Linde", medisch=["diabeteszorg"])
        for name in ("Kamer 1", "Kamer 2"):
            await make.plek(conn, naam=name, voorziening_id=near.id)
        far = await make.locatie(conn, postcode="1315 AB")
        other = await make.voorziening(conn, locatie_id=far.id, aanbieder_id=far.aanbieder_id)
        await make.plek(conn, voorziening_id=other.id)
        await make.aanvraag(conn, now=make.NOW - timedelta(days=30), medisch=["diabeteszorg"])
        who = await make.aanvraag(conn, now=make.NOW - timedelta(days=waits), **fields)
    return who.id, near.id


async def ask(owner: Connection, waarde: Any) -> None:
    await owner.execute(
        "insert into instelling (regio, sleutel, waarde, bron)"
        " values ('gooi-en-vechtstreek', 'vrijhouden_advies', $1, 'tests')",
        waarde,
    )


async def test_without_the_setting_a_plan_advises_nothing(pool: Pool, wie: Wie) -> None:
    await scarce(pool, wie)

    assert (await plans.made(pool, wie)).vrijhouden is None


async def test_a_place_that_only_some_can_use_and_others_fill_had_better_stay_free(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    """With what the plan would lose: points only. The plan itself is as it was."""
    who, near = await scarce(pool, wie)
    await ask(owner, ASKED)

    plan = await plans.made(pool, wie)

    line = (await plans.regels(pool, wie, plan.id))[who]
    assert plan.vrijhouden is not None
    (free,) = plan.vrijhouden
    assert (free.soort, free.code, free.anderen) == ("medisch", "diabeteszorg", 0)
    assert (free.plek_id, free.voorziening_id) == (line.plek_id, near)
    assert [one.niveau for one in free.kosten] == ["score"]
    async with transaction(pool, wie, readonly=True) as conn:
        told = await planverslag.plan(conn, await plannen.get(conn, plan.id), make.TODAY)
    assert told.vrijhouden is not None
    assert told.vrijhouden[0].zin.startswith(
        f"Laat De Linde, {line.plek} liever vrij: het is de enige met deze zorg: zorg bij diabetes. "
        "Wat dat het plan kost: "
    )
    assert told.vrijhouden[0].zin.endswith(" punten minder.")


async def test_what_costs_more_points_than_the_region_allows_is_not_advised(
    pool: Pool, wie: Wie, owner: Connection
) -> None:
    await scarce(pool, wie)
    await ask(owner, {"aan": True, "punten": 0})

    assert (await plans.made(pool, wie)).vrijhouden == []


@pytest.mark.parametrize("first", ["crisis", "machtiging", "longest waiting"])
async def test_who_must_come_first_is_never_asked_to_go_elsewhere(
    pool: Pool, wie: Wie, owner: Connection, first: str
) -> None:
    """Each by itself is enough."""
    waits = 40 if first == "longest waiting" else 0
    who, _ = await scarce(pool, wie, waits=waits, **({"urgentie": "crisis"} if first == "crisis" else {}))
    if first == "machtiging":
        await owner.execute(
            "insert into machtiging (regio, aanvraag_id, soort, zorgvormen, geldigheid)"
            " values ('gooi-en-vechtstreek', $1, 'open', '{gezinshuis}', '[2026-03-01,2026-09-01)')",
            who,
        )
    await ask(owner, ASKED)

    assert (await plans.made(pool, wie)).vrijhouden == []


@pytest.mark.parametrize("waarde", [{"aan": "ja"}, {"aan": True, "punten": 101}, {"uit": True}, [], True])
async def test_a_setting_that_is_none_is_refused_with_how_it_must_be(
    pool: Pool, wie: Wie, owner: Connection, waarde: Any
) -> None:
    await ask(owner, waarde)

    with pytest.raises(Refusal, match=r"vrijhouden_advies .* moet zo zijn: {\"aan\": true, \"punten\": 10}"):
        await plans.made(pool, wie)
