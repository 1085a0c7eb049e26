"""/v1/plannen/{planId}/regels/{aanvraagId}/uitweg: what would give a place to who has none in a plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from service.db import Pool, Wie, transaction
from service.worker import advice
from tests import make
from tests.conftest import OTHER_REGIO
from tests.service import plans
from tests.web.conftest import Serve

YOUNG = {"leeftijd_maanden": 66}
"""Half a year too young for the homes of make.py."""


async def home(pool: Pool, wie: Wie, beds: int = 1) -> UUID:
    async with transaction(pool, wie) as conn:
        huis = await make.voorziening(conn, naam="De Linde")
        for _ in range(beds):
            await make.plek(conn, voorziening_id=huis.id)
        return huis.id


async def child(pool: Pool, wie: Wie, *, waits: int = 0, **fields: Any) -> UUID:
    async with transaction(pool, wie) as conn:
        return (await make.aanvraag(conn, now=make.NOW - timedelta(days=waits), **fields)).id


async def asked(api: httpx.AsyncClient, pool: Pool, wie: Wie, who: UUID) -> dict[str, Any]:
    """Of a plan made now."""
    answer = await api.get(f"/v1/plannen/{(await plans.made(pool, wie)).id}/regels/{who}/uitweg")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_the_cheapest_way_within_the_plan_says_what_it_costs_and_who_would_lose_a_place(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Two homes, and three children: of who waited for a month and for ten days, the second loses the place."""
    for _ in "ab":
        await home(pool, wie)
    await child(pool, wie, waits=30)
    ten = await child(pool, wie, waits=10)
    left = await child(pool, wie)

    told = await asked(api, pool, wie, left)

    assert told["binnenPlan"]["prijs"]["verliezerIds"] == [str(ten)]
    assert told["binnenPlan"]["prijs"]["exact"] is True
    assert told["zin"].startswith(
        "Binnen dit plan kost een plek bij De Linde het minst. Dit kost: wie een plek krijgt, heeft samen 10 dagen"
        " minder gewacht. Dan verliest 1 aanvraag een plek."
    )


async def test_of_brothers_and_sisters_the_cheapest_way_is_for_all_of_them(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Two beds, given to who waited longer: both lose their place."""
    await home(pool, wie, beds=2)
    others = {str(await child(pool, wie, waits=30)) for _ in "ab"}
    async with transaction(pool, wie) as conn:
        samen = await make.samenplaatsing(conn)
        both = [
            await make.aanvraag(conn, organisatie_id=samen.organisatie_id, samenplaatsing_id=samen.id) for _ in "ab"
        ]

    told = await asked(api, pool, wie, both[0].id)

    assert set(told["binnenPlan"]["prijs"]["verliezerIds"]) == others


async def test_a_rule_that_gives_way_opens_only_places_that_the_plan_leaves_free(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """The only home is for another; then a second one is there for who is too young, if its provider may be asked."""
    await home(pool, wie)
    await child(pool, wie, waits=30)
    young = await child(pool, wie, **YOUNG)

    taken = await asked(api, pool, wie, young)
    await home(pool, wie)
    free = await asked(api, pool, wie, young)

    assert (taken["binnenPlan"], taken["wijzigingen"]) == (None, [])
    assert taken["zin"] == (
        "Binnen dit plan past geen enkele plek. Er is geen kleine wijziging gevonden waarmee een vrije plek past."
    )
    assert [change["regels"] for change in free["wijzigingen"]] == [["leeftijd"]]
    assert [place["naam"] for place in free["wijzigingen"][0]["voorbeelden"]] == ["De Linde"]
    assert "Vraag de aanbieder of het kind ook welkom is buiten de leeftijdsgrens" in free["zin"]


async def test_what_there_was_no_time_for_is_said(
    api: httpx.AsyncClient, pool: Pool, wie: Wie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing found is something else than not looked for."""
    monkeypatch.setattr(advice, "OPENINGS_S", 0.0)
    told = await asked(api, pool, wie, await child(pool, wie, **YOUNG))

    assert told["wijzigingen"] is None
    assert told["zin"].endswith("Naar kleine wijzigingen is niet gezocht: de tijd was op.")


async def test_who_has_a_place_needs_none(api: httpx.AsyncClient, pool: Pool, wie: Wie) -> None:
    await home(pool, wie)

    told = await asked(api, pool, wie, await child(pool, wie))

    assert (told["zin"], told["wijzigingen"]) == ("Deze aanvraag heeft in dit plan een plek.", [])


async def test_only_the_schakelfunctionaris_of_the_region_may_ask(
    serve: Serve, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]
) -> None:
    """It names who would lose a place."""
    who = await child(pool, wie)
    path = f"/v1/plannen/{(await plans.made(pool, wie)).id}/regels/{who}/uitweg"

    verwijzer = await serve(wie_als("verwijzer"))
    elsewhere = await serve(wie_als("schakelfunctionaris", regio=OTHER_REGIO))

    assert (await verwijzer.get(path)).status_code == 403
    assert (await elsewhere.get(path)).status_code == 404
