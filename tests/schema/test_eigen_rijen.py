"""What a region asks of its own figures, reads nothing of another region: else it costs more with each that joins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest

from service.db import Connection, Pool, Wie, transaction
from tests import make
from tests.conftest import OTHER_REGIO

MANY = 1000

# As many as a year of another region could have: declined, sent, lived in and left, and places.
ELSEWHERE = (
    """
insert into besluit (regio, aanvraag_id, voorziening_id, uitkomst, reden, op)
select $1, $2, voorziening_id, 'afgewezen', 'groepsmix', $4::date - nr
from plek, generate_series(1, $5) as nr where id = $3
""",
    """
insert into voorstel (regio, aanbod_regio, aanvraag_id, aanbieder_id, voorziening_id, plek_id, status, van,
                      verzonden_op, klaar_op)
select $1, $1, $2, aanbieder_id, voorziening_id, id, 'vervallen', $4, $4::date - nr, $4
from plek, generate_series(1, $5) as nr where id = $3
""",
    """
insert into bezetting (regio, vraag_regio, plek_id, soort, periode, aanvraag_id, begonnen_op, beeindigd_op, einde_reden)
select $1, $1, $3, 'plaatsing', daterange($4::date - nr, $4::date - nr + 1), $2, $4::date - nr, $4::date - nr + 1,
       'anders'
from generate_series(1, $5) as nr
""",
    """
insert into plek (regio, aanbieder_id, voorziening_id, naam, bestaat, beschikbaarheid)
select regio, aanbieder_id, voorziening_id, 'Bed ' || nr, bestaat, beschikbaarheid
from plek, generate_series(1, $5) as nr where id = $3 and regio = $1 and $2::uuid is not null and $4::date is not null
""",
)

# Of this connection; in it is also what earlier transactions read that was not reported yet.
READ = "select relname, seq_tup_read + coalesce(idx_tup_fetch, 0) as rows from pg_stat_xact_user_tables"

FIGURES = {
    "voorstellen": "select count(*) from cijfer_tellingen('voorstellen', $1, $2)",
    "afwijzingen": "select count(*) from cijfer_tellingen('afwijzingen', $1, $2)",
    "verblijven": "select count(*) from cijfer_tellingen('verblijven', $1, $2)",
    "aanbod": "select count(*) from cijfer_aanbod($1, $2, null)",
    "wachttijden": "select count(*) from cijfer_wachttijden($1, $2)",
    "geplaatst": "select count(*) from cijfer_geplaatst($1, $2)",
    "geschiedenis": "select count(*) from wacht_geschiedenis('aanmelding', $1, $2)",
    "versheid": "select count(*) from versheidscijfers($1, $2, 14)",
}


@pytest.fixture
async def elsewhere(owner: Connection, pool: Pool, wie: Wie, wie_als: Callable[..., Wie]) -> UUID:
    """Much in another region, a little in ours: a plaatsing, of which the id."""
    async with transaction(pool, wie_als("schakelfunctionaris", regio=OTHER_REGIO)) as conn:
        other = await make.plek(conn)
        child = await make.aanvraag(conn)
    async with transaction(pool, wie) as conn:
        own = await make.plaatsing(conn, plek_id=(await make.plek(conn)).id)
    for insert in ELSEWHERE:
        await owner.execute(insert, OTHER_REGIO, child.id, other.id, make.TODAY, MANY)
    await owner.execute("analyze")
    return own.id


async def much_read(conn: Connection, query: str, *args: object) -> list[str]:
    """Tables of which a query reads many rows. With so little in them the planner would rather read some whole, so it
    is asked not to where it can."""
    await conn.execute("set local enable_seqscan = off")
    before = dict(await conn.fetch(READ))
    await conn.fetchval(query, *args)
    return sorted(name for name, rows in await conn.fetch(READ) if rows - before[name] >= MANY // 2)


@pytest.mark.parametrize("figure", FIGURES)
async def test_figures_read_no_rows_of_another_region(pool: Pool, wie: Wie, elsewhere: UUID, figure: str) -> None:
    """Each is found by the region, and by the day where there is one."""
    async with transaction(pool, wie, readonly=True) as conn:
        assert await much_read(conn, FIGURES[figure], date(2025, 1, 1), make.TODAY) == []


async def test_since_when_a_child_is_in_crisis_is_found_by_its_own_stay(pool: Pool, wie: Wie, elsewhere: UUID) -> None:
    """Of each child in the list of alarms it is asked."""
    crisis = "select crisis_sinds($1, array['crisis'], array['jeugdzorgplus'])"
    async with transaction(pool, wie, readonly=True) as conn:
        assert await much_read(conn, crisis, elsewhere) == []
