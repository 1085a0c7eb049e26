"""The people of the demo: as whom one may look around."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from service.db import Rol
from service.demo import Size, generate
from service.demo.rows import Gebruiker, Rows

TODAY = date(2026, 11, 23)
SMALL = {"aanvragen": 20, "plekken": 160}


def of(rows: Rows, regio: str) -> list[Gebruiker]:
    return [one for one in rows.gebruiker if one.regio == regio]


def test_every_role_has_somebody_and_two_gis_and_two_aanbieders_have_two() -> None:
    """So that one can try what another organisation, and a colleague of the same, may see. One of the two aanbieders
    has foster families, the other has not."""
    rows = generate(seed=1, today=TODAY, **SMALL)
    people = of(rows, "gooi-en-vechtstreek")
    assert {one.rol for one in people} == set(Rol)
    soort = {one.id: one.soort for one in rows.organisatie}
    colleagues = Counter(one.organisatie_id for one in people if one.organisatie_id and one.rol == "verwijzer")
    assert sorted(soort[id] for id, n in colleagues.items() if n == 2) == ["gi", "gi"]
    pleegzorg = {one.id: one.pleegzorg for one in rows.aanbieder}
    colleagues = Counter(one.aanbieder_id for one in people if one.aanbieder_id)
    assert sorted(pleegzorg[id] for id in colleagues if id) == [False, True] and set(colleagues.values()) == {2}


def test_a_schakelfunctionaris_who_is_away_has_the_other_as_vervanger() -> None:
    people = of(generate(seed=1, today=TODAY, **SMALL), "gooi-en-vechtstreek")
    there, away = (one for one in people if one.rol == "schakelfunctionaris")
    assert (away.vervanger_id, away.vervangen_tot) == (there.id, TODAY + timedelta(days=21))


def test_the_same_people_are_there_every_day_and_whatever_else_is_made() -> None:
    """Ids are stable: a bookmark, a test or a log of yesterday still means the same person."""
    one = generate(seed=1, today=TODAY, **SMALL).gebruiker
    other = generate(seed=1, today=TODAY + timedelta(days=9), aanvragen=60, plekken=400).gebruiker
    assert [(g.id, g.naam, g.rol) for g in one] == [(g.id, g.naam, g.rol) for g in other]
    assert len({g.naam for g in one}) == len({g.email for g in one}) == len(one)


def test_a_region_beside_it_has_who_runs_the_loket() -> None:
    rows = generate(seed=1, today=TODAY, size=Size.PROVINCE, aanvragen=60, plekken=300)
    for regio in rows.jeugdregio[1:]:
        assert [one.rol for one in of(rows, regio.code)] == ["schakelfunctionaris", "beheerder"]
