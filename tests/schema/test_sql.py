"""Every statement in the code fits the schema: it prepares as the role that runs it, and gives what its Struct asks."""

from __future__ import annotations

import asyncpg
import msgspec

from service.db import Connection, Pool
from tests.schema.sql_in_code import pairs, queries, statements_built_in_functions

AS_OWNER = (
    "service.migrations",
    "service.demo",
    "service.backup",
    "service.commands",
    "service.geo",
    "service.intake.officieel",
)
"""What runs as the owner role; all else runs as the app role."""

ONLY_TO_SORT = {"service.aanbod.plekken": {"voorziening_naam"}}
"""Columns of a query that another query wraps."""

BOOKKEEPING = "loket_migraties"
"""Not in schema.sql: see service/migrations.py."""


async def test_every_statement_of_the_service_prepares(owner: Connection, pool: Pool) -> None:
    """A table, a column or a right that is not there shows here, and not at the first request."""
    found = queries()
    wrong = []
    async with pool.acquire() as app:
        for query in found:
            conn = owner if query.module.startswith(AS_OWNER) else app
            try:
                await conn.prepare(query.sql)
            except asyncpg.PostgresError as error:
                if BOOKKEEPING not in query.sql:
                    wrong.append(f"{query.where}: {error}")
    assert wrong == []
    assert len(found) > 50


async def test_the_app_role_may_run_every_statement_it_prepares(pool: Pool) -> None:
    """Rights are checked when a statement runs, not when it is prepared: EXPLAIN of a generic plan checks them too."""
    wrong = []
    async with pool.acquire() as app:
        await app.execute("set plan_cache_mode = force_generic_plan")
        for number, query in enumerate(queries()):
            if query.module.startswith(AS_OWNER):
                continue
            transaction = app.transaction()
            await transaction.start()
            try:
                await app.execute(f"prepare q{number} as {query.sql}")
                arguments = len((await app.prepare(query.sql)).get_parameters())
                nulls = f"({', '.join(['null'] * arguments)})" if arguments else ""
                await app.execute(f"explain execute q{number}{nulls}")
            except asyncpg.InsufficientPrivilegeError as error:
                wrong.append(f"{query.where}: {error}")
            finally:
                await transaction.rollback()
    assert wrong == []


async def test_every_row_has_exactly_the_columns_of_its_struct(owner: Connection) -> None:
    """msgspec finds a missing column when a row comes by; a column that nothing reads it never finds."""
    found = pairs()
    wrong = []
    for pair in found:
        columns = {attribute.name for attribute in (await owner.prepare(pair.query)).get_attributes()}
        fields = msgspec.structs.fields(pair.shape)
        needed = {field.name for field in fields if field.required}
        columns -= ONLY_TO_SORT.get(pair.where.rpartition(".")[0], set())
        unread, absent = columns - {field.name for field in fields}, needed - columns
        if unread or absent:
            wrong.append(f"{pair.where} → {pair.shape.__name__}: {sorted(unread)} unread, {sorted(absent)} absent")
    assert wrong == []
    assert len(found) > 20


SPELLED = {
    "service.db.transaction": "the settings of `Wie`, whose forms cannot hold a quote",
    "service.replica.transaction": "the same, by db.begin",
    "service.migrations": "names of our own roles, a constant, and the text of the migration itself",
    "service.commands.connect": "the name of our own role",
    "service.backup": "names of the database's own tables, quoted by it",
}
"""Where a statement is put together while running, and why that is safe."""


def test_no_statement_is_put_together_while_running() -> None:
    """Values travel as parameters. Text is joined at import, from constants."""
    wrong = [
        where for where in statements_built_in_functions() if not any(where.startswith(allowed) for allowed in SPELLED)
    ]
    assert wrong == []
