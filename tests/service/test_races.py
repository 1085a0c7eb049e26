"""Two hundred people who want the last plek at once: one has it, all others hear so, over two web processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.db import Connection, Pool
from tests import facts
from tests.service.races import prepared, race_definitief, race_optie, race_voorstel, webs, world


@pytest.mark.ci
async def test_of_two_hundred_who_want_the_last_plek_one_has_it(
    tmp_path: Path, pool: Pool, owner: Connection, database_url: str, redis_url: str
) -> None:
    """To hold it, to propose it, and to make it definitive; `make soak` does this fifty times."""
    with webs(tmp_path, database_url, redis_url) as running:
        w = await world(pool, owner, running)
        async with w.clients:
            await race_optie(w)
            await race_voorstel(w, await prepared(w, [(kind, w.plekken[1]) for kind in w.kinderen]))
            await race_definitief(w)

    assert await facts.wrong(owner) == []
