"""Where a word stands: both canaries (tests/service/canary.py, tests/web/kanarie.py) look in a database with this."""

from __future__ import annotations

import re
from collections.abc import Iterable

from service.db import Connection


def stands(word: str, text: str) -> bool:
    """A number only as a whole: its digits also come by chance in an id, a hash or a moment."""
    if word.isdecimal():
        return re.search(rf"(?<![\w.+:-]){word}(?![\w.:-])", text) is not None
    return word.lower() in text.lower()


# Numbers of rows and of transactions count up, and become each postcode in the end.
RELATIONS = """
select c.relname as name,
       array_agg(format(case when a.atttypid = 'bytea'::regtype then 'encode(%I, ''escape'')' else '%I::text' end,
                        a.attname)) as columns
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
  and has_column_privilege(c.oid, a.attnum, 'select')
  and a.atttypid not in ('bigint'::regtype, 'xid8'::regtype)
group by c.relname order by c.relname
"""


async def rows(conn: Connection, *, but: Iterable[str]) -> dict[str, list[str]]:
    """Table or view → each of its rows, as far as this role may read them, as one text; `but` these."""
    found = {}
    for row in await conn.fetch(RELATIONS):
        if row["name"] not in but:
            query = f"select concat_ws(' | ', {', '.join(row['columns'])}) from {row['name']}"
            found[row["name"]] = [line[0] for line in await conn.fetch(query)]
    return found
