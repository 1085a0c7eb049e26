"""Which aanvraag `loket rank` is about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from service.commands.rank import find
from service.db import Pool, Wie, transaction
from service.errors import Kind, Refusal
from tests import make


async def test_an_aanvraag_is_found_by_its_nummer_or_its_id(pool: Pool, wie: Wie) -> None:
    """In capitals or not: it is read aloud on the telephone."""
    async with transaction(pool, wie) as conn:
        made = await make.aanvraag(conn)
        await make.aanvraag(conn)
        for text in (made.nummer, made.nummer.lower(), str(made.id), str(made.id).upper()):
            assert await find(conn, text) == made.id


async def test_a_kenmerk_finds_it_for_the_verwijzer_only(pool: Pool, wie: Wie, wie_als: Callable[..., Wie]) -> None:
    async with transaction(pool, wie) as conn:
        made = await make.aanvraag(conn, kenmerk="J-1")
        with pytest.raises(Refusal, match="Er is geen aanvraag 'J-1'") as refused:
            await find(conn, "J-1")
    async with transaction(pool, wie_als("verwijzer", organisatie=made.organisatie_id)) as conn:
        assert await find(conn, "J-1") == made.id
    assert refused.value.kind is Kind.NOT_FOUND


async def test_one_of_another_region_is_not_found(pool: Pool, wie: Wie, wie_als: Callable[..., Wie]) -> None:
    async with transaction(pool, wie_als("schakelfunctionaris", regio="flevoland")) as conn:
        elsewhere = await make.aanvraag(conn)
    async with transaction(pool, wie) as conn:
        with pytest.raises(Refusal, match="Er is geen aanvraag"):
            await find(conn, elsewhere.nummer)
