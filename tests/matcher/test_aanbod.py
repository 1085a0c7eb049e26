"""All places as columns, and what stays the same when some are replaced."""

from __future__ import annotations

from matcher.aanbod import Aanbod
from matcher.geo import Estimate
from matcher.problem import Plek
from matcher.rank import rank
from tests.matcher import make


def best(aanbod: Aanbod) -> dict[str, str]:
    """Per voorziening its best plek."""
    places = rank(make.aanvraag(), aanbod, make.WEGING, Estimate(), make.NOW_HOUR).places
    return {place.voorziening: place.plek for place in places}


def at(plek: str, voorziening: str) -> Plek:
    return make.plek(plek, voorziening=voorziening, locatie=f"l-{voorziening}")


def test_replacing_drops_changes_and_adds_whole_voorzieningen() -> None:
    """v1 stays, v2 goes, v3 gets another bed, v4 comes; a name that is not there is no problem."""
    aanbod = Aanbod.build([at("p1", "v1"), at("p2", "v2"), at("p3", "v3")], make.CODES)
    after = aanbod.replace({"v2", "v3", "v9"}, [at("p3b", "v3"), at("p4", "v4")])
    assert best(after) == {"v1": "p1", "v3": "p3b", "v4": "p4"}
    assert after.plekken == 3


def test_neighbours_after_a_replacement_stay_two_voorzieningen() -> None:
    """The last one that stays and the first one that comes were both the first of their own table."""
    aanbod = Aanbod.build([at("p1", "v1"), at("p2", "v2")], make.CODES)
    assert best(aanbod.replace({"v2"}, [at("p3", "v3")])) == {"v1": "p1", "v3": "p3"}


def test_the_aanbod_before_a_replacement_is_unchanged() -> None:
    """Who is still reading it sees one consistent moment."""
    aanbod = Aanbod.build([at("p1", "v1")], make.CODES)
    aanbod.replace({"v1"}, [at("p2", "v2")])
    assert best(aanbod) == {"v1": "p1"}


def test_a_given_voorziening_replaces_its_old_self_without_being_named() -> None:
    """Otherwise it would be there twice."""
    aanbod = Aanbod.build([at("p1", "v1")], make.CODES)
    assert best(aanbod.replace(set(), [at("p2", "v1")])) == {"v1": "p2"}


def test_the_order_of_locaties_never_changes() -> None:
    """New ones come at the end, so that a table of travel times made before still fits."""
    aanbod = Aanbod.build([at("p1", "v1"), at("p2", "v2")], make.CODES)
    assert list(aanbod.replace({"v1"}, [at("p3", "v3")]).locaties) == ["l-v1", "l-v2", "l-v3"]


def test_plekken_of_one_voorziening_need_not_stand_together() -> None:
    """Any order of rows."""
    aanbod = Aanbod.build([at("p1", "v1"), at("p2", "v2"), at("p3", "v1")], make.CODES)
    places = rank(make.aanvraag(), aanbod, make.WEGING, Estimate(), make.NOW_HOUR).places
    assert {place.voorziening: place.plekken for place in places} == {"v1": 2, "v2": 1}


def test_columns_say_how_much_memory_they_take() -> None:
    """More places, more bytes; nothing for nothing."""
    assert Aanbod.build([], make.CODES).nbytes == 0
    one, two = (Aanbod.build(make.beds(count), make.CODES).nbytes for count in (1, 2))
    assert 0 < one < two < 2 * one
