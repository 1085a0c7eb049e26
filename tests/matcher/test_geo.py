"""The Dutch grid, distances, and both ways to come to travel times."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest

from matcher.aanbod import Aanbod
from matcher.geo import Estimate, Table, Travel, distance_km, rd, wgs84
from matcher.problem import Anker, Point
from matcher.rank import rank
from tests.matcher import make

WESTERTOREN = ((52.37453253, 4.88352559), (120.700723, 487.525501))
MARTINITOREN = ((53.21938317, 6.56820053), (233.883131, 582.065167))
"""WGS84 and Rijksdriehoek of the two towers by which the authors of the formula test it."""


@pytest.mark.parametrize(("degrees", "grid"), [WESTERTOREN, MARTINITOREN])
def test_the_grid_is_right_within_a_metre(degrees: tuple[float, float], grid: tuple[float, float]) -> None:
    """There and back."""
    assert rd(*degrees) == pytest.approx(grid, abs=0.001)
    assert wgs84(*grid) == pytest.approx(degrees, abs=0.00001)


@pytest.mark.parametrize("elsewhere", [(4.9, 52.4), (48.9, 2.3), (nan, 5.0)])
def test_points_outside_the_netherlands_are_refused(elsewhere: tuple[float, float]) -> None:
    """Latitude and longitude exchanged, Paris, nothing."""
    with pytest.raises(ValueError, match="is not in the European Netherlands"):
        rd(*elsewhere)


def test_distance_is_straight() -> None:
    """3, 4, 5."""
    assert distance_km(Point(100.0, 400.0), np.array([103.0, nan]), np.array([404.0, 404.0]))[0] == 5.0


HOME = Point(100.0, 400.0)


def minutes(travel: Travel, locatie: list[int], x: list[float], point: Point | None = HOME) -> list[float]:
    y = np.full(len(x), 400.0)
    return list(travel.minutes(Anker.THUIS, point, np.array(locatie, np.int64), np.array(x), y))


def test_an_estimate_is_a_fixed_time_and_a_detour_at_a_speed() -> None:
    """15 km × 1.3 at 45 km/h is 26 minutes, and 4 to leave and arrive."""
    assert minutes(Estimate(), [0], [115.0]) == pytest.approx([30.0])
    assert minutes(Estimate(omrijfactor=1.0, snelheid_kmh=30.0, vast_min=0.0), [0], [115.0]) == pytest.approx([30.0])


def test_an_estimate_without_a_point_is_unknown() -> None:
    """Neither of the child nor of the place."""
    assert np.isnan(minutes(Estimate(), [0], [nan])).all()
    assert np.isnan(minutes(Estimate(), [0], [115.0], point=None)).all()


def test_a_table_answers_by_locatie_and_falls_back_on_the_estimate() -> None:
    """Locatie 1 has a time; 0 has none; 2 came after the table was made."""
    table = Table({Anker.THUIS: np.array([nan, 12.5])})
    assert minutes(table, [1, 0, 2], [115.0, 115.0, 115.0]) == pytest.approx([12.5, 30.0, 30.0])
    assert minutes(Table({Anker.SCHOOL: np.array([1.0])}), [0], [115.0]) == pytest.approx([30.0])


def test_a_ranking_by_table_shows_the_times_of_the_table() -> None:
    """Aligned with the order of `Aanbod.locaties`."""
    aanbod = Aanbod.build([make.plek("p1"), make.plek("p2", voorziening="v2", locatie="l2")], make.CODES)
    assert list(aanbod.locaties) == ["l1", "l2"]
    travel = Table({Anker.THUIS: np.array([40.0, 20.0])})
    places = rank(make.aanvraag(), aanbod, make.WEGING, travel, make.NOW_HOUR).places
    assert [(place.plek, place.reistijd) for place in places] == [
        ("p2", {Anker.THUIS: 20.0}),
        ("p1", {Anker.THUIS: 40.0}),
    ]
