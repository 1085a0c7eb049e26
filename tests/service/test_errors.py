"""Constraints: what the schema refuses has words in the code."""

from __future__ import annotations

import asyncpg
import pytest

from service.db import Connection, Pool, Wie, transaction
from service.errors import CONSTRAINTS, Kind, Refusal
from service.regio import codes
from tests import make

WRITTEN = """
select c.conname
from pg_constraint c
join pg_class t on t.oid = c.conrelid
where c.contype in ('u', 'x')
  and t.relname in ('aanbieder', 'contract', 'locatie', 'voorziening', 'plek', 'aanvraag', 'toestemming', 'bezetting')
"""

TARGETS = {
    "aanbieder_id_regio",
    "locatie_id_aanbieder",
    "voorziening_id_aanbieder",
    "plek_id_regio",
    "aanvraag_id_regio",
}
"""Unique because a foreign key points there: they hold the primary key, so no input can violate them first."""


async def test_the_lists_of_codes_are_those_that_the_schema_allows(owner: Connection) -> None:
    """Lijst against constraint kenmerkcode_lijst_bekend."""
    text = await owner.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'kenmerkcode_lijst_bekend'"
    )

    assert all(f"'{lijst}'" in text for lijst in codes.Lijst)
    assert text.count("'") == 2 * len(codes.Lijst)


async def test_whatever_two_people_can_want_at_once_has_words(owner: Connection) -> None:
    """Each unique and exclusion constraint on what people write is in CONSTRAINTS."""
    names = {row["conname"] for row in await owner.fetch(WRITTEN)}

    assert names - TARGETS - {"aanvraag_nummer_uniek"} <= CONSTRAINTS.keys()  # the loket itself gives the nummer
    assert names >= TARGETS


async def test_every_constraint_with_words_exists(owner: Connection) -> None:
    """A constraint that is renamed takes its words along; a trigger can refuse under a name of its own."""
    raised = "select (regexp_matches(prosrc, $$constraint = '([a-z_]+)'$$, 'g'))[1] from pg_proc"
    unique = "select relname from pg_class c join pg_index i on i.indexrelid = c.oid where i.indisunique"
    existing = {row[0] for row in await owner.fetch(f"select conname from pg_constraint union {unique} union {raised}")}

    assert existing >= CONSTRAINTS.keys()


async def test_a_violation_of_a_constraint_with_words_is_a_refusal(pool: Pool, wie: Wie) -> None:
    """And nothing of the transaction stays."""

    async def twice() -> None:
        async with transaction(pool, wie) as conn:
            await make.aanbieder(conn, naam="De Linde")
            await make.aanbieder(conn, naam="De Linde")

    with pytest.raises(Refusal) as refused:
        await twice()

    assert refused.value.kind is Kind.CONFLICT
    async with transaction(pool, wie) as conn:
        assert await conn.fetchval("select count(*) from aanbieder") == 0


async def test_a_violation_of_any_other_constraint_is_a_bug(pool: Pool, wie: Wie) -> None:
    """It keeps its own error, for the log; web/problems.py reveals nothing of it."""
    with pytest.raises(asyncpg.CheckViolationError):
        async with transaction(pool, wie) as conn:
            await make.aanbieder(conn, agb_code="geen cijfers")
