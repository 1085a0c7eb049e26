"""Aanbieders: a name and an AGB-code are used once per region."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from service.aanbod import aanbieders
from service.aanbod.aanbieders import WijzigingAanbieder
from service.db import Pool, Wie, transaction
from service.errors import Kind, Refusal
from tests import make


async def test_what_is_added_can_be_read_back(pool: Pool, wie: Wie) -> None:
    """With the version that changes count from."""
    async with transaction(pool, wie) as conn:
        made = await make.aanbieder(
            conn, naam="De Linde", agb_code="73730421", telefoon="035 123 45 67", pleegzorg=True
        )

        assert await aanbieders.get(conn, made.id) == made
        assert (made.naam, made.agb_code, made.pleegzorg, made.versie) == ("De Linde", "73730421", True, 1)


@pytest.mark.parametrize(
    ("fields", "pointer"), [({"naam": "De Linde"}, "/naam"), ({"agb_code": "12345678"}, "/agbCode")]
)
async def test_a_second_one_with_the_same_name_or_code_is_a_conflict(
    pool: Pool, wie: Wie, fields: dict[str, str], pointer: str
) -> None:
    """The database's unique constraint, told with the field to mend."""
    async with transaction(pool, wie) as conn:
        await make.aanbieder(conn, naam="De Linde", agb_code="12345678")

    with pytest.raises(Refusal) as refused:
        async with transaction(pool, wie) as conn:
            await make.aanbieder(conn, **fields)

    assert refused.value.kind is Kind.CONFLICT
    assert [field.pointer for field in refused.value.fields] == [pointer]


async def test_a_change_keeps_what_it_does_not_name(pool: Pool, wie: Wie) -> None:
    """And a null empties what may be empty."""
    async with transaction(pool, wie) as conn:
        made = await make.aanbieder(conn, naam="De Linde", agb_code="1", telefoon="035 123 45 67")

        changed = await aanbieders.change(conn, made.id, WijzigingAanbieder(telefoon=None))

    assert (changed.naam, changed.agb_code, changed.telefoon, changed.versie) == ("De Linde", "1", None, 2)


async def test_pages_follow_each_other_by_name_without_gaps(pool: Pool, wie: Wie) -> None:
    """Sorted as people sort: without regard for capitals and accents."""
    async with transaction(pool, wie) as conn:
        for naam in ("Zonnehof", "élan", "De Linde", "Eik", "zilver"):
            await make.aanbieder(conn, naam=naam)

        first = await aanbieders.page(conn, limit=3)
        second = await aanbieders.page(conn, after=first[-1].id, limit=3)

    assert [row.naam for row in first] == ["De Linde", "Eik", "élan"]
    assert [row.naam for row in second] == ["zilver", "Zonnehof"]


async def test_another_region_sees_none_of_it(pool: Pool, wie: Wie, wie_als: Callable[..., Wie]) -> None:
    """A region is a tenant."""
    async with transaction(pool, wie) as conn:
        made = await make.aanbieder(conn)

    async with transaction(pool, wie_als("schakelfunctionaris", regio="flevoland")) as conn:
        assert await aanbieders.page(conn) == []
        with pytest.raises(Refusal) as refused:
            await aanbieders.get(conn, made.id)

    assert refused.value.kind is Kind.NOT_FOUND


async def test_what_does_not_exist_is_not_found(pool: Pool, wie: Wie) -> None:
    """Also for a change."""
    async with transaction(pool, wie) as conn:
        with pytest.raises(Refusal) as refused:
            await aanbieders.change(conn, uuid4(), WijzigingAanbieder(naam="x"))

    assert refused.value.kind is Kind.NOT_FOUND
