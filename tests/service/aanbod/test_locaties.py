"""Locaties: where a secret or confidential one is, nobody reads but its own provider."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from service.aanbod import locaties
from service.aanbod.locaties import NieuweLocatie, WijzigingLocatie, Zichtbaarheid
from service.db import Connection, Pool, Wie, transaction
from service.errors import Refusal
from tests import make

SECRET = [Zichtbaarheid.GEHEIM, Zichtbaarheid.VERTROUWELIJK]


async def address_of(owner: Connection, locatie: locaties.Locatie) -> str | None:
    """What stands in locatie_adres, looked at by the owner of the schema."""
    postcode: str | None = await owner.fetchval("select postcode from locatie_adres where locatie_id = $1", locatie.id)
    return postcode


async def test_of_a_public_locatie_everybody_reads_where_it_is(pool: Pool, wie: Wie) -> None:
    """Postcode, plaats and gemeente stand in the row itself."""
    async with transaction(pool, wie) as conn:
        made = await make.locatie(conn, postcode="1211 AB", plaats="Hilversum", gemeente_code="0402")

    assert (made.postcode, made.plaats, made.gemeente_code) == ("1211 AB", "Hilversum", "0402")


@pytest.mark.parametrize("zichtbaarheid", SECRET)
async def test_of_a_secret_locatie_the_postcode_goes_in_and_comes_out_for_its_provider_only(
    pool: Pool, owner: Connection, wie: Wie, wie_als: Callable[..., Wie], zichtbaarheid: Zichtbaarheid
) -> None:
    """Not even for whoever put it in."""
    async with transaction(pool, wie) as conn:
        made = await make.locatie(conn, zichtbaarheid=zichtbaarheid, postcode="1251 XY")

    async with transaction(pool, wie_als("aanbieder", organisatie=made.aanbieder_id)) as conn:
        own = await locaties.get(conn, made.id)
    async with transaction(pool, wie_als("crisisdienst")) as conn:
        others = await locaties.get(conn, made.id)
    async with transaction(pool, wie_als("aanbieder", organisatie=uuid4())) as conn:
        with pytest.raises(Refusal, match="bestaat niet"):
            await locaties.get(conn, made.id)

    assert made.postcode is None
    assert own.postcode == "1251 XY"
    assert others.postcode is None
    assert await address_of(owner, made) == "1251 XY"


async def test_a_secret_locatie_may_not_name_its_place_or_gemeente(pool: Pool, wie: Wie) -> None:
    """Those would give away what the postcode may not."""
    async with transaction(pool, wie) as conn:
        aanbieder = await make.aanbieder(conn)
        nieuw = NieuweLocatie(
            aanbieder_id=aanbieder.id,
            naam="Huis",
            zichtbaarheid=Zichtbaarheid.GEHEIM,
            postcode="1211 AB",
            plaats="Hilversum",
            gemeente_code="0402",
        )

        found = await locaties.errors(conn, nieuw)

    assert [error.pointer for error in found] == ["/plaats", "/gemeenteCode"]


async def test_what_becomes_secret_keeps_its_address_out_of_sight(pool: Pool, owner: Connection, wie: Wie) -> None:
    """The postcode moves to locatie_adres; plaats and gemeente go."""
    async with transaction(pool, wie) as conn:
        made = await make.locatie(conn, postcode="1211 AB", plaats="Hilversum", gemeente_code="0402")

        changed = await locaties.change(conn, made.id, WijzigingLocatie(zichtbaarheid=Zichtbaarheid.GEHEIM))

    assert (changed.postcode, changed.plaats, changed.gemeente_code) == (None, None, None)
    assert await address_of(owner, made) == "1211 AB"


async def test_another_name_leaves_a_secret_address_as_it_was(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Who changes a secret locatie without reading its address must not wipe it."""
    async with transaction(pool, wie) as conn:
        made = await make.locatie(conn, zichtbaarheid=Zichtbaarheid.GEHEIM, postcode="1251 XY")

        await locaties.change(conn, made.id, WijzigingLocatie(naam="Ander huis"))

    assert await address_of(owner, made) == "1251 XY"


async def test_a_secret_locatie_that_moves_gets_its_new_address(pool: Pool, owner: Connection, wie: Wie) -> None:
    """The schakelfunctionaris writes what they may not read."""
    async with transaction(pool, wie) as conn:
        made = await make.locatie(conn, zichtbaarheid=Zichtbaarheid.GEHEIM, postcode="1251 XY")

        changed = await locaties.change(conn, made.id, WijzigingLocatie(postcode="1261 ZZ"))

    assert changed.postcode is None
    assert await address_of(owner, made) == "1261 ZZ"


async def test_what_becomes_public_must_be_given_its_postcode(pool: Pool, owner: Connection, wie: Wie) -> None:
    """Whoever opens a secret address says what is opened; then the hidden one is gone."""
    async with transaction(pool, wie) as conn:
        made = await make.locatie(conn, zichtbaarheid=Zichtbaarheid.GEHEIM, postcode="1251 XY")
        with pytest.raises(Refusal) as refused:
            await locaties.change(conn, made.id, WijzigingLocatie(zichtbaarheid=Zichtbaarheid.OPENBAAR))

        opened = await locaties.change(
            conn, made.id, WijzigingLocatie(zichtbaarheid=Zichtbaarheid.OPENBAAR, postcode="1251 XY")
        )

    assert [error.pointer for error in refused.value.fields] == ["/postcode"]
    assert opened.postcode == "1251 XY"
    assert await address_of(owner, made) is None


async def test_an_unknown_aanbieder_and_gemeente_are_told_together(pool: Pool, wie: Wie) -> None:
    """Everything wrong at once."""
    async with transaction(pool, wie) as conn:
        nieuw = NieuweLocatie(aanbieder_id=uuid4(), naam="Huis", postcode="1211 AB", gemeente_code="9999")

        found = await locaties.errors(conn, nieuw)

    assert [error.pointer for error in found] == ["/aanbiederId", "/gemeenteCode"]
