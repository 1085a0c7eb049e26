"""What is asked on each page is found by an index: with a country in the tables, reading one whole is felt."""

from __future__ import annotations

from service.db import Connection

BEGINS_WITH = """
select c.relname
from pg_attribute a
join pg_class c on c.oid = a.attrelid and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
where a.attname = $1 and not exists (
    select from pg_index i
    where i.indrelid = c.oid and i.indkey[0] = a.attnum
      and coalesce(pg_get_expr(i.indpred, i.indrelid), $2) = $2)
order by 1
"""


async def without_index(owner: Connection, column: str) -> list[str]:
    """Tables with this column and no index that begins with it, for all rows that have it."""
    rows = await owner.fetch(BEGINS_WITH, column, f"({column} IS NOT NULL)")
    return [row["relname"] for row in rows]


async def test_what_stands_with_a_child_is_found_by_the_child(owner: Connection) -> None:
    """Each table about aanvragen has an index that begins with the aanvraag, so a page reads only its own rows."""
    assert await without_index(owner, "aanvraag_id") == []
