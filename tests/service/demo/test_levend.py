"""What goes on in the demo: in each state something, by the functions that people use, and nothing that cannot be."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import asyncpg

from service.aanvraag import werklijst
from service.cijfers import cijfers, wachtlijst
from service.db import APP_ROLE, Connection, Pool, Wie, transaction
from service.demo import leef, load
from service.opschaling.routesoorten import RouteSoort
from service.rang.snapshot import Snapshots
from service.rang.travel import Traveller
from tests import facts, model

TODAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 11, tzinfo=UTC)


async def live(owner: Connection, pool: Pool, wie: Wie, url: str) -> tuple[dict[str, int], int]:
    """How many of each there are, and the number of the last gebeurtenis before that."""
    await load(owner, today=TODAY)
    first: int = await owner.fetchval("select max(nummer) from gebeurtenis")
    snapshots = Snapshots(pool, lambda: asyncpg.connect(url, server_settings={"role": APP_ROLE}))
    listening = asyncio.create_task(snapshots.listen())
    done = await leef(owner, pool, snapshots, Traveller(), wie.regio, TODAY)
    listening.cancel()
    return done, first


async def counts(owner: Connection, query: str) -> dict[str, int]:
    return {row[0]: row[1] for row in await owner.fetch(query)}


async def test_in_the_demo_there_is_something_in_each_state_and_nothing_that_cannot_be(
    owner: Connection, pool: Pool, wie: Wie, database_url: str
) -> None:
    """All that `make demo` shows of the workflow, and what the reference model says of it."""
    done, first = await live(owner, pool, wie, database_url)

    assert done == {
        "routes": 5, "voorstellen": 12, "opties": 2, "crisis": 1, "opschaling": 1, "verzoek": 1, "stopt": 1,
    }  # fmt: skip
    states = await counts(
        owner,
        "select status::text, count(*) from voorstel where antwoord_voor is not null or status = 'concept' group by 1",
    )
    assert states == {
        "concept": 1, "verzonden": 2, "interesse": 1, "akkoord": 1, "toestemming": 1, "kennismaking": 1,
        "definitief": 1, "afgewezen": 2, "ingetrokken": 1, "vervallen": 1,
    }  # fmt: skip
    assert await owner.fetchval(DUE, NOON) == 1
    answers = await counts(owner, "select (nodig is null)::text, count(*) from opschaling_vraag group by 1")
    assert answers["false"] == 1 and answers["true"] >= 1
    assert (
        await owner.fetchval("select count(*) from aanvraag v join telefoongesprek t on t.bezetting_id = v.vervolg_van")
        == 1
    )
    assert await owner.fetchval("select min(per) > $1 from beeindiging", TODAY)
    assert await owner.fetchval("select count(*) from beeindiging_plaatsing where besluit is null") >= 2
    routes = await counts(owner, "select soort::text, count(*) from route group by 1")
    assert routes.keys() == set(RouteSoort)
    assert await owner.fetchval(
        "select count(*) from plek where bevestigd_op < $1::timestamptz - interval '28 days'", NOON
    )

    touched = [row[0] for row in await owner.fetch(TOUCHED, first)]
    plekken = [row[0] for row in await owner.fetch(PLEKKEN, touched)]
    found = await facts.read(owner, plekken=plekken, aanvragen=touched)
    loaded = {str(row[0]) for row in await owner.fetch("select id from gebeurtenis where nummer <= $1", first)}
    # What was loaded happened long ago: nobody is told of it.
    found["gebeurtenis"] = [one for one in found["gebeurtenis"] if one["id"] not in loaded]
    assert model.wrong(found) == []

    async with transaction(pool, wie, readonly=True) as conn:
        lines = await werklijst.regels(conn, None, 200, 0)
        waiting = await wachtlijst.wachtlijst(conn, wie.rol, now=NOON)
        asked = await cijfers.telling(conn, wie, cijfers.CijferSoort.VOORSTELLEN, code=None, per=None, now=NOON)
        waits = await cijfers.wachttijdcijfers(conn, wie, code=None, now=NOON)
    # Who is placed but not there yet waits too.
    assert 40 <= len(lines) <= 75 and 0 <= len(waiting) - len(lines) <= 5
    said_yes = sum(deel.aantal or 0 for regel in asked.regels for deel in regel.delen if deel.code == "gekozen")
    assert 0.2 <= said_yes / sum(regel.totaal or 0 for regel in asked.regels) <= 0.6
    assert waits.regels


DUE = """
select count(*) from voorstel
where status = 'verzonden' and antwoord_voor > $1 and antwoord_voor - interval '24 hours' <= $1
"""

TOUCHED = "select distinct aanvraag_id from gebeurtenis where aanvraag_id is not null and nummer > $1"

PLEKKEN = "select distinct plek_id from bezetting where aanvraag_id = any ($1)"
