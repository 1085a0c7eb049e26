"""Every table belongs to a tenant, whatever the code does."""

from __future__ import annotations

from service.db import APP_ROLE, Connection, Pool

TABLES = (
    "select c.oid, c.relname from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace"
)


async def test_every_table_has_row_level_security_and_a_policy(owner: Connection) -> None:
    """No table is open to all rows by forgetting it."""
    bare = await owner.fetch(
        f"select t.relname from ({TABLES}) t join pg_class c using (oid)"
        " where not c.relrowsecurity or not exists (select from pg_policy p where p.polrelid = c.oid)"
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
