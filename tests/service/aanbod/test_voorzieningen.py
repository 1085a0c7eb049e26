"""Voorzieningen: an admission profile in the codes of the region."""

from __future__ import annotations

import pytest

from service.aanbod import voorzieningen
from service.aanbod.voorzieningen import NieuweVoorziening, WijzigingVoorziening
from service.db import Pool, Wie, transaction
from service.errors import Kind, Refusal
from tests import make


async def test_what_is_added_can_be_read_back(pool: Pool, wie: Wie) -> None:
    """All of the profile, lists and group mix included."""
    async with transaction(pool, wie) as conn:
        made = await make.voorziening(
            conn,
            zorgvorm="driemilieu",
            ondersteuning=["nachttoezicht"],
            contra_indicaties=["brandstichting"],
            medisch=["diabeteszorg"],
            onderwijs=["speciaal"],
            groepsmix={"zware_gedragsproblemen": 2},
            opname_vanaf=make.day(7),
            bellen_naam="Fatima",
        )

        assert await voorzieningen.get(conn, made.id) == made

    assert made.groepsmix == {"zware_gedragsproblemen": 2}
    assert made.opname_vanaf == make.day(7)


async def test_everything_wrong_is_told_at_once(pool: Pool, wie: Wie) -> None:
    """Ages in order, a locatie of the same aanbieder, and codes that the region has."""
    async with transaction(pool, wie) as conn:
        other = await make.locatie(conn)
        nieuw = NieuweVoorziening(
            aanbieder_id=(await make.aanbieder(conn)).id,
            locatie_id=other.id,
            naam="De Linde",
            zorgvorm="gezinshuys",
            leeftijd_van=120,
            leeftijd_tot=119,
            juridische_kaders=list(voorzieningen.JuridischKader),
            perspectieven=list(voorzieningen.Perspectief),
            ondersteuning=["nachttoezicht", "nachtzicht"],
            groepsmix={"nachttoezicht": 1},
        )

        found = {error.pointer: error.detail for error in await voorzieningen.errors(conn, nieuw)}

    assert list(found) == ["/leeftijdTot", "/locatieId", "/zorgvorm", "/ondersteuning/1", "/groepsmix/nachttoezicht"]
    assert "Bedoelt u gezinshuis?" in found["/zorgvorm"]


@pytest.mark.parametrize(("tot", "wrong"), [(119, True), (120, False), (121, False)])
async def test_the_highest_age_is_not_below_the_lowest(pool: Pool, wie: Wie, tot: int, wrong: bool) -> None:
    """Months, inclusive on both sides: one age only is a range too."""
    async with transaction(pool, wie) as conn:
        made = await make.voorziening(conn)

        nieuw = NieuweVoorziening(
            **{name: getattr(made, name) for name in NieuweVoorziening.__struct_fields__}
            | {"leeftijd_van": 120, "leeftijd_tot": tot}
        )

        assert bool(await voorzieningen.errors(conn, nieuw)) is wrong


async def test_a_change_is_checked_together_with_what_stays(pool: Pool, wie: Wie) -> None:
    """A new lowest age must fit the highest age that was there."""
    async with transaction(pool, wie) as conn:
        made = await make.voorziening(conn, leeftijd_van=72, leeftijd_tot=191)
        with pytest.raises(Refusal) as refused:
            await voorzieningen.change(conn, made.id, WijzigingVoorziening(leeftijd_van=192), now=make.NOW)

        changed = await voorzieningen.change(conn, made.id, WijzigingVoorziening(leeftijd_van=191), now=make.NOW)

    assert refused.value.kind is Kind.INVALID
    assert (changed.leeftijd_van, changed.leeftijd_tot, changed.naam) == (191, 191, made.naam)


async def test_a_page_can_be_of_one_zorgvorm_or_one_aanbieder(pool: Pool, wie: Wie) -> None:
    """Filters narrow, and none of them gives all."""
    async with transaction(pool, wie) as conn:
        gezinshuis = await make.voorziening(conn)
        crisis = await make.voorziening(conn, zorgvorm="crisis")

        async def ids(**filters: object) -> set[object]:
            return {row.id for row in await voorzieningen.page(conn, **filters)}  # type: ignore[arg-type]

        assert await ids(zorgvorm="crisis") == {crisis.id}
        assert await ids(aanbieder_id=gezinshuis.aanbieder_id) == {gezinshuis.id}
        assert await ids(locatie_id=crisis.locatie_id) == {crisis.id}
        assert await ids() == {gezinshuis.id, crisis.id}
