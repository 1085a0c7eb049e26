"""Every value that the database knows has a word on the screen."""

import pytest

from service.db import Connection
from service.log.doelen import Doel
from service.web.pages import words


@pytest.mark.parametrize("type_name", sorted(words.ENUMS))
async def test_each_value_of_an_enumeration_has_a_word(owner: Connection, type_name: str) -> None:
    values = await owner.fetchval(f"select enum_range(null::{type_name})::text[]")
    assert sorted(words.ENUMS[type_name]) == sorted(values)


def test_why_somebody_looked_has_words() -> None:
    assert sorted(words.DOEL) == sorted(Doel)
