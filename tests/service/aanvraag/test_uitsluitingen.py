"""Where a child must not be: an aanbieder, a voorziening, or an area."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from service.aanvraag import uitsluitingen
from service.aanvraag.uitsluitingen import Uitsluiting
from service.db import Pool, Wie, transaction


@pytest.mark.parametrize(
    ("part", "pointers"),
    [
        ({"soort": "aanbieder"}, ["/uitsluitingen/0/aanbiederId"]),
        ({"soort": "gebied", "pc4": "1211"}, ["/uitsluitingen/0/straalKm"]),
        ({"soort": "gebied", "pc4": "1211", "straalKm": 1.0}, []),
        ({"soort": "gebied", "pc4": "1211", "straalKm": 0.1}, []),
        ({"soort": "aanbieder", "straalKm": 1.0}, ["/uitsluitingen/0/aanbiederId", "/uitsluitingen/0/straalKm"]),
    ],
)
async def test_an_uitsluiting_has_what_its_soort_needs_and_nothing_else(
    pool: Pool, wie: Wie, part: dict[str, Any], pointers: list[str]
) -> None:
    """As constraint uitsluiting_vorm, told per field."""
    async with transaction(pool, wie) as conn:
        found = await uitsluitingen.errors(conn, [msgspec.convert(part, Uitsluiting)])

    assert [error.pointer for error in found] == pointers
