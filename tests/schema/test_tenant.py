"""Every table belongs to a tenant, whatever the code does."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
import pytest

from service.db import APP_ROLE, Connection, Pool, Wie, transaction
from tests import make
from tests.conftest import OTHER_REGIO, REGIO

TABLES = (
    "select c.oid, c.relname from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace"
)


async def test_every_table_has_row_level_security_and_a_policy(owner: Connection) -> None:
    """No table is open to all rows by forgetting it."""
    bare = await owner.fetch(
        f"select t.relname from ({TABLES}) t join pg_class c using (oid)"
        " where not c.relrowsecurity or not exists (select from pg_policy p where p.polrelid = c.oid)"
        " and has_any_column_privilege('loket_app', c.oid, 'select, insert, update')"
    )
    assert [row["relname"] for row in bare] == []


async def test_the_app_role_owns_nothing_and_is_not_above_the_policies(pool: Pool) -> None:
    """An owner and a superuser pass row-level security by."""
    role = await pool.fetchrow("select current_user, rolsuper, rolbypassrls from pg_roles where rolname = current_user")
    owned = await pool.fetchval("select count(*) from pg_class where pg_get_userbyid(relowner) = current_user")
    assert tuple(role) == (APP_ROLE, False, False)
    assert owned == 0


async def test_without_a_region_every_tenant_table_is_empty(pool: Pool) -> None:
    """Whoever forgets to say for whom a transaction runs, sees nothing."""
    assert await pool.fetchval("select count(*) from zorgvorm") == 0


NEEM = (
    "insert into bezetting (regio, vraag_regio, plek_id, soort, periode, stop_reden)"
    " values ($1, $2, $3, 'stop', '[2026-05-01,2026-06-01)', 'anders')"
)


@pytest.mark.parametrize("vraag", [REGIO, OTHER_REGIO])
async def test_without_an_agreement_a_region_takes_no_plek_of_another(
    pool: Pool, wie: Wie, wie_als: Callable[..., Wie], vraag: str
) -> None:
    """Whatever the code does: not in its own name, and not in that of the other."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with transaction(pool, wie_als("schakelfunctionaris", regio=OTHER_REGIO)) as conn:
            await conn.execute(NEEM, REGIO, vraag, plek.id)


async def test_a_region_takes_no_plek_in_the_name_of_another(pool: Pool, wie: Wie) -> None:
    """Else it could say that a child of the other region lives here."""
    async with transaction(pool, wie) as conn:
        plek = await make.plek(conn)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with transaction(pool, wie) as conn:
            await conn.execute(NEEM, REGIO, OTHER_REGIO, plek.id)


@pytest.mark.parametrize("column", ["plek_id", "regio", "vraag_regio", "aanvraag_id", "soort"])
async def test_what_is_taken_stays_of_the_same_child_on_the_same_plek(pool: Pool, wie: Wie, column: str) -> None:
    """Only its days and its end change."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with transaction(pool, wie) as conn:
            await conn.execute(f"update bezetting set {column} = {column}")
