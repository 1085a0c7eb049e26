"""GET /v1/aanvragen: which aanvragen there are, and no more of a child than it takes to find one."""

from __future__ import annotations

from datetime import date

import httpx

from service.aanvraag.grondslagen import Grondslag, GrondslagSoort, GrondslagStatus
from service.db import Pool, Wie, transaction
from tests import make
from tests.web.examples import CANARY, STORIES


async def test_a_list_says_which_aanvraag_it_is_and_the_aanvraag_what_the_child_needs(
    api: httpx.AsyncClient, pool: Pool, wie: Wie
) -> None:
    """Who looks for one among fifty, does not read what fifty children said, need and signed."""
    papers = [
        Grondslag(soort=GrondslagSoort.BESLUIT_GEMEENTE, status=GrondslagStatus.AANGEVRAAGD, datum=date(2026, 3, 1))
    ]
    async with transaction(pool, wie) as conn:
        kind = await make.aanvraag(conn, **STORIES, rolstoel=True, grondslagen=papers)

    [listed] = (await api.get("/v1/aanvragen")).json()
    opened = (await api.get(f"/v1/aanvragen/{kind.id}")).json()

    assert (listed["id"], listed["nummer"], listed["aangemeldOp"]) == (str(kind.id), kind.nummer, opened["aangemeldOp"])
    assert listed == {name: opened[name] for name in listed}, "what it tells is the same"
    assert CANARY not in str(listed) and CANARY in str(opened)
    assert not listed.keys() & {"medisch", "ondersteuning", "kenmerken", "rolstoel", "grondslagen", "pc4", "geslacht"}
