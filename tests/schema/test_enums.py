"""An enumeration is drawn once in schema.sql; Python has the same values."""

from __future__ import annotations

import inspect
import re
from enum import StrEnum
from itertools import chain

from matcher import problem
from service.aanvraag import werklijst
from service.aanvraag.gebeurtenissen import OPEN
from service.db import Connection
from tests.schema.sql_in_code import modules

SAID = re.compile(r"As type `(\w+)` in schema\.sql")

LABELS = "select t.typname, array_agg(e.enumlabel order by e.enumsortorder) as labels from pg_type t \
join pg_enum e on e.enumtypid = t.oid group by t.typname"


async def test_every_python_enum_that_says_so_equals_its_type_in_the_database(owner: Connection) -> None:
    """`class Rol: "As type `rol` in schema.sql."`"""
    types = {row["typname"]: row["labels"] for row in await owner.fetch(LABELS)}
    classes = {
        (kind, SAID.search(inspect.getdoc(kind) or ""))
        for module in modules()
        for kind in vars(module).values()
        if inspect.isclass(kind) and issubclass(kind, StrEnum) and kind is not StrEnum
    }
    said = {kind: found[1] for kind, found in classes if found is not None}
    matcher = {problem.Urgentie: "urgentie", problem.Criterium: "criterium"}
    wrong = [
        f"{kind.__module__}.{kind.__name__} is not type {name}: {[member.value for member in kind]} {types.get(name)}"
        for kind, name in chain(said.items(), matcher.items())
        if types.get(name) != [member.value for member in kind]
    ]
    assert wrong == []
    assert len(said) > 3


async def test_which_aanvragen_are_open_is_the_same_in_python_and_in_the_database(owner: Connection) -> None:
    """`aanvragen.OPEN` and function is_open."""
    found = await owner.fetchval(
        "select array_agg(status::text) from unnest(enum_range(null::aanvraag_status)) as status where is_open(status)"
    )
    assert set(found) == set(OPEN)


async def test_the_list_of_open_aanvragen_is_read_from_its_index(owner: Connection) -> None:
    """The planner reads through is_open. As volatile, or with a body that it cannot see, it would read every row."""
    async with owner.transaction():
        await owner.execute("set local enable_seqscan = off; set local enable_bitmapscan = off")
        plan = await owner.fetch(f"explain (costs off) {werklijst.REGELS}", "spoed", 50, 0)
    assert any("aanvraag_open" in line["QUERY PLAN"] for line in plan)
