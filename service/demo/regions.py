"""The regions that the demo can fill: Gooi en Vechtstreek, and 41 made-up ones for province and country.

The made-up ones take the country's postcodes in numerical order, because neighbouring numbers are neighbouring
places; each is called after a large place in it and has gemeenten with codes from 9001 on, which CBS does not use.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import hypot

from msgspec import Struct

from service.geo.postcodes import Postcodegebied, read_table
from service.geo.regios import slug

COUNTRY = 42
"""Number of jeugdregio's."""

GEMEENTEN_PER_REGIO = 6


class Woonplaats(Struct, frozen=True):
    """A postcode area in which somebody can live."""

    pc4: str
    plaats: str
    gemeente: str
    """CBS code of four digits."""
    lat: float
    lon: float


class Regio(Struct, frozen=True):
    code: str
    naam: str
    gemeenten: tuple[tuple[str, str], ...]
    """Code and name."""
    woonplaatsen: tuple[Woonplaats, ...]


GOOI_GEMEENTEN = (
    ("0376", "Blaricum"),
    ("0317", "Eemnes"),
    ("1942", "Gooise Meren"),
    ("0402", "Hilversum"),
    ("0406", "Huizen"),
    ("0417", "Laren"),
    ("1696", "Wijdemeren"),
)

GOOI_PC4 = {
    "0376": (1261, 1262),
    "0317": (3755,),
    "1942": (1398, 1399, 1401, 1402, 1403, 1404, 1405, 1406, 1411, 1412),
    "0402": (1211, 1212, 1213, 1214, 1215, 1216, 1217, 1221, 1222, 1223),
    "0406": (1271, 1272, 1273, 1274, 1275, 1276, 1277),
    "0417": (1251, 1252),
    "1696": (1231, 1241, 1243, 1244, 1394),
}


def _gooi(table: dict[str, Postcodegebied]) -> Regio:
    return Regio(
        "gooi-en-vechtstreek",
        "Gooi en Vechtstreek",
        GOOI_GEMEENTEN,
        tuple(
            Woonplaats(str(pc4), table[str(pc4)].plaats, gemeente, table[str(pc4)].lat, table[str(pc4)].lon)
            for gemeente, codes in GOOI_PC4.items()
            for pc4 in codes
        ),
    )


def _made_up(number: int, areas: list[Postcodegebied], names: set[str]) -> Regio:
    sizes = Counter(area.plaats for area in areas)
    largest = [plaats for plaats, _ in sizes.most_common(GEMEENTEN_PER_REGIO)]
    gemeenten = tuple(
        (f"{9001 + number * GEMEENTEN_PER_REGIO + i}", f"{plaats} en omstreken") for i, plaats in enumerate(largest)
    )
    codes = {plaats: code for plaats, (code, _) in zip(largest, gemeenten, strict=True)}
    belongs, woonplaatsen = gemeenten[0][0], []
    for area in areas:  # a small place belongs to the gemeente of the large one before it
        belongs = codes.get(area.plaats, belongs)
        woonplaatsen.append(Woonplaats(area.pc4, area.plaats, belongs, area.lat, area.lon))
    plaats = next(plaats for plaats in largest if plaats not in names)
    names.add(plaats)
    naam = f"Omgeving {plaats}"
    return Regio(slug(naam), naam, gemeenten, tuple(woonplaatsen))


@cache
def all_regions() -> tuple[Regio, ...]:
    """Gooi en Vechtstreek first, then the made-up ones by nearness to it."""
    table = {area.pc4: area for area in read_table()}
    gooi = _gooi(table)
    taken = {woonplaats.pc4 for woonplaats in gooi.woonplaatsen}
    rest = [area for area in table.values() if area.herkomst == "exact" and area.pc4 not in taken]
    n, names = COUNTRY - 1, {"Hilversum"}
    made_up = [_made_up(i, rest[len(rest) * i // n : len(rest) * (i + 1) // n], names) for i in range(n)]
    return (gooi, *sorted(made_up, key=lambda regio: (_apart(gooi, regio), regio.code)))


def _apart(a: Regio, b: Regio) -> float:
    """Distance between the middles, in degrees of latitude: for sorting."""
    middles = [
        (
            sum(w.lat for w in r.woonplaatsen) / len(r.woonplaatsen),
            sum(w.lon for w in r.woonplaatsen) / len(r.woonplaatsen),
        )
        for r in (a, b)
    ]
    return hypot(middles[0][0] - middles[1][0], (middles[0][1] - middles[1][1]) * 0.61)


def neighbours(regio: Regio, among: tuple[Regio, ...], n: int = 2) -> list[Regio]:
    """The n nearest other regions."""
    return sorted((r for r in among if r is not regio), key=lambda other: (_apart(regio, other), other.code))[:n]
