"""The ways that the kills of `make soak` go, without a kill: they come by all that there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from service.db import Connection, Pool
from tests import facts
from tests.soak.flow import KNOWN, OF_TIME, life, people
from tests.web.conftest import Serve, serve, settings

__all__ = ["serve", "settings"]

LEFT = "select soort::text from gebeurtenis where nummer > $1 order by nummer"


@dataclass
class Here:
    owner: Connection
    pool: Pool


async def test_the_ways_come_by_every_step_and_every_gebeurtenis_that_the_code_has(
    serve: Serve, owner: Connection, pool: Pool
) -> None:
    """What a new step or soort leaves is killed at too, or this fails; each leaves exactly what its line says."""
    here, client = Here(owner, pool), await serve(clock=lambda: datetime.now(UTC))
    p = await people(here)
    passed = set(OF_TIME)
    async for step in life(here, p):
        before = await owner.fetchval("select coalesce(max(nummer), 0) from gebeurtenis")
        answer = await client.post(f"/v1{step.path}", json=step.body, headers=p.headers[step.wie])
        assert answer.status_code < 300, (step, answer.text)
        left = tuple(row["soort"] for row in await owner.fetch(LEFT, before))
        assert left == step.leaves, step
        if step.keep is not None:
            step.keep(answer.json())
        passed |= step.covers
    assert KNOWN - passed == set()
    assert await facts.wrong(owner) == []
