"""All plekken as columns: one row per voorziening for the admission profile, one row per free window of a plek.

Rules and criteria that look at the profile are then computed once per voorziening, the rest per window. The order of
the rows never influences a result. Columns are never changed in place: `replace` gives a new Aanbod.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from matcher.problem import (
    FOREVER,
    GROEPSSOORTEN,
    JURIDISCHE_KADERS,
    MAX_SAMEN,
    PERSPECTIEVEN,
    Codes,
    Plek,
    require,
)

Bools = NDArray[np.bool_]
Bits = NDArray[np.uint64]
Ints = NDArray[np.int32]
Rows = NDArray[np.int64]
"""Positions in another column: numpy looks those up several times as fast as 32 bits."""
Floats = NDArray[np.float64]
Ids = NDArray[np.object_]

NOBODY_YOUNGEST, NOBODY_OLDEST, NO_LIMIT = 10_000, -10_000, FOREVER
"""Ages of a group of which none is known, and a limit that is not there: neutral in min, max and comparison."""

SEEN = ("voorzieningen", "aanbieders", "locaties", "regios")

BED_FIELDS = frozenset({"id", "windows", "stop", "bemenst", "in_overleg", "bevestigd_uur"})
PROFILE_FIELDS = tuple(name for name in Plek.__struct_fields__ if name not in BED_FIELDS)
_profile = attrgetter(*PROFILE_FIELDS)


class Profielen(Struct, frozen=True, eq=False):
    """Columns with one row per voorziening (V rows). Sets of codes are bits; codes are positions in an id list."""

    id: Ids
    code: Ints
    hash: Bits
    aanbieder: Ints
    locatie: Rows
    regio: Rows
    zorgvorm: Rows
    zorgvorm_bit: Bits
    leeftijd_van: Ints
    leeftijd_tot: Ints
    groepssoort: Bits
    kaders: Bits
    perspectieven: Bits
    gesloten: Bools
    ondersteuning: Bits
    contra_indicaties: Bits
    medisch: Bits
    rolstoel: Bools
    onderwijs: Bits
    maximaal_verblijf: Ints
    x_km: Floats
    y_km: Floats
    exact: Bools
    jongste: Ints
    oudste: Ints
    groep_onbekend: Bools
    """Nobody lives there, or not of everybody the age is known."""
    leeftijdsverschil_max: Ints
    contract: Bools
    vol: Bits
    """(V, MAX_SAMEN): kenmerken of which fewer than 1, 2, … further children can come."""
    ruimte: Ids
    """Per kenmerk with a maximum (its place in the code list) how many further children can come: a dict."""
    row: Rows
    """First row in Vensters, where the rows of a voorziening stand together …"""
    rows: Rows
    """… and how many."""
    plek: Rows
    """The same for plekken: number of the first …"""
    plekken: Rows
    """… and how many."""


class Vensters(Struct, frozen=True, eq=False):
    """Columns with one row per free window of a plek (R rows); a plek that is never free has one empty window."""

    id: Ids
    hash: Bits
    voorziening: Rows
    """Row in Profielen."""
    plek: Rows
    """Number of the plek: rows of one plek stand together, in the order of time."""
    van: Ints
    tot: Ints
    """Free from `van` up to, not including, `tot`; without a stop …"""
    vrij_van: Ints
    vrij_tot: Ints
    """… and as it would be if the stop were lifted."""
    stop_van: Ints
    stop_tot: Ints
    """0, 0: no stop."""
    bemenst: Bools
    in_overleg: Bools
    bevestigd_uur: Floats
    """NaN: never."""


Columns = TypeVar("Columns", Profielen, Vensters)


class Aanbod(Struct, frozen=True, eq=False):
    """All plekken that a region sees, as columns."""

    codes: Codes
    profielen: Profielen
    vensters: Vensters
    eerste: Rows
    """Per plek its first row in Vensters."""
    meer: Rows
    """Plekken with more than one row in Vensters."""
    voorziening: Rows
    """Per plek its voorziening (row in Profielen)."""
    gestopt: Rows
    """Rows of Vensters with a stop …"""
    onbemenst: Rows
    """… and those without staff: whoever asks, no other window fails the rule of that name."""
    voorzieningen: dict[str, int]
    """Code of every voorziening, aanbieder, locatie and regio seen so far; codes never change …"""
    aanbieders: dict[str, int]
    locaties: dict[str, int]
    """… so that `list(aanbod.locaties)` is the order of geo.Table.minuten."""
    regios: dict[str, int]

    @classmethod
    def build(cls, plekken: Iterable[Plek], codes: Codes) -> Aanbod:
        """ValueError when two plekken have one id, a voorziening has two profiles, or a code is not in `codes`."""
        return _build(plekken, codes, {name: {} for name in SEEN})

    def replace(self, voorzieningen: set[str], plekken: Iterable[Plek]) -> Aanbod:
        """Without the plekken of `voorzieningen`, and with `plekken`: whole voorzieningen, also new ones."""
        added = _build(plekken, self.codes, {name: getattr(self, name).copy() for name in SEEN})
        gone = [self.voorzieningen[name] for name in voorzieningen if name in self.voorzieningen]
        gone.extend(added.profielen.code.tolist())
        stay = ~np.isin(self.profielen.code, np.array(gone, np.int32))
        rows = stay[self.vensters.voorziening]
        profielen = _join(_take(self.profielen, stay), added.profielen)
        own = structs.replace(added.vensters, voorziening=added.vensters.voorziening + len(stay))
        vensters = _join(_take(self.vensters, rows), own)
        twice = np.isin(vensters.hash[: np.count_nonzero(rows)], added.vensters.hash)
        if twice.any():
            raise ValueError(f"plek {vensters.id[: len(twice)][twice][0]}: is in another voorziening as well")
        return structs.replace(added, **_numbered(profielen, vensters))

    def part(self, rows: Bools) -> Aanbod:
        """With these rows of Vensters only, and the voorzieningen that have any."""
        stay = np.bincount(self.vensters.voorziening[rows], minlength=len(self.profielen.id)) > 0
        return structs.replace(self, **_numbered(_take(self.profielen, stay), _take(self.vensters, rows)))

    @property
    def plekken(self) -> int:
        """How many."""
        return len(self.eerste)

    @property
    def nbytes(self) -> int:
        """Memory of the columns, without the text of the ids."""
        tables: tuple[Struct, ...] = (self.profielen, self.vensters)
        return sum(getattr(table, name).nbytes for table in tables for name in table.__struct_fields__)


def bits(codes: Iterable[str], known: tuple[str, ...], where: str) -> int:
    """A set of codes as bits by their position in `known`; ValueError for any other code."""
    mask = 0
    for code in codes:
        if code not in known:
            raise ValueError(f"{where}: {code!r} is not in the code list")
        mask |= 1 << known.index(code)
    return mask


def codes_of(mask: int, known: tuple[str, ...]) -> tuple[str, ...]:
    """The codes of a mask, in the order of the list."""
    return tuple(code for at, code in enumerate(known) if mask >> at & 1)


def hash_of(key: str) -> int:
    """64 stable bits of an id."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little")


def tie(seed: np.uint64, hashes: Bits) -> Bits:
    """Mixes the hash of an aanvraag with those of other ids (the finaliser of splitmix64, Steele e.a. 2014)."""
    mixed = hashes ^ seed
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def lowest(count: int, main: NDArray[Any] | None, seed: np.uint64, hashes: Bits) -> Rows:
    """Positions of the `count` lowest by `main` (None: all are equal), then `tie`, in that order.

    Only what can be among them is sorted.
    """
    if count <= 0:
        return np.zeros(0, np.int64)
    if main is None:
        ties = tie(seed, hashes)
        chosen = _least(count, ties)
        return chosen[np.argsort(ties[chosen])][:count]
    chosen = np.arange(len(main))
    if len(main) > count:
        edge = np.partition(main, count - 1)[count - 1]
        sure, equal = np.flatnonzero(main < edge), np.flatnonzero(main == edge)
        chosen = np.concatenate((sure, equal[_least(count - len(sure), tie(seed, hashes[equal]))]))
    return chosen[np.lexsort((tie(seed, hashes[chosen]), main[chosen]))][:count]


def _least(count: int, values: NDArray[Any]) -> Rows:
    """Positions of the `count` (at least one) lowest values and of what equals the highest of these, in no order."""
    if len(values) <= count:
        return np.arange(len(values))
    return np.flatnonzero(values <= np.partition(values, count - 1)[count - 1])


def run_starts(numbers: NDArray[np.integer[Any]]) -> Bools:
    """True at the first of each run of equal numbers."""
    first = np.ones(len(numbers), np.bool_)
    first[1:] = numbers[1:] != numbers[:-1]
    return first


def windows_of(plek: Plek) -> Iterator[tuple[int, int, int, int]]:
    """Windows (van, tot, vrij_van, vrij_tot): without the stop, each within the window as it is without that stop."""
    stop_van, stop_tot = plek.stop or (0, 0)
    free: list[list[int]] = []
    for start, end in sorted((*plek.windows, (stop_van, stop_tot)) if plek.stop else plek.windows):
        if free and start <= free[-1][1]:
            free[-1][1] = max(free[-1][1], end)
        else:
            free.append([start, end])
    if not free:
        yield 0, 0, 0, 0
    for start, end in free:
        before, after = (start, min(end, stop_van)), (max(start, stop_tot), end)
        parts = [part for part in (before, after) if part[0] < part[1]] if plek.stop else [(start, end)]
        for van, tot in parts or [(0, 0)]:
            yield van, tot, start, end


def ranges(first: Rows, counts: Rows) -> tuple[Rows, Rows]:
    """The numbers first[i] … first[i] + counts[i] - 1 of every i in one row, and for each of them i."""
    owner = np.repeat(np.arange(len(counts)), counts)
    before = first - (np.cumsum(counts) - counts)
    return np.arange(len(owner)) + before[owner], owner


def rows_of(profielen: Profielen, at: Rows) -> tuple[Rows, Rows]:
    """The rows in Vensters of the voorzieningen `at`, and for each row the position in `at`."""
    return ranges(profielen.row[at], profielen.rows[at])


def _build(plekken: Iterable[Plek], codes: Codes, seen: dict[str, dict[str, int]]) -> Aanbod:
    units: dict[str, list[Plek]] = {}
    ids: set[str] = set()
    for plek in plekken:
        require(plek.id not in ids, f"plek {plek.id}", "is given twice")
        ids.add(plek.id)
        units.setdefault(plek.voorziening, []).append(plek)
    masks: dict[tuple[str, frozenset[str]], int] = {}

    def mask(field: str, chosen: frozenset[str], known: tuple[str, ...], where: str) -> int:
        key = (field, chosen)
        if key not in masks:
            masks[key] = bits(chosen, known, f"voorziening {where}: {field}")
        return masks[key]

    def code(of: str, name: str) -> int:
        return seen[of].setdefault(name, len(seen[of]))

    profiles: list[tuple[Any, ...]] = []
    windows: list[tuple[Any, ...]] = []
    for name, beds in units.items():
        p = beds[0]
        mine = _profile(p)
        for other in beds[1:]:
            theirs = _profile(other)
            if theirs != mine:
                field = next(one for one, x, y in zip(PROFILE_FIELDS, mine, theirs, strict=True) if x != y)
                require(False, f"voorziening {name}", f"{field} differs between plek {p.id} and plek {other.id}")
        known_ages = p.group.size > p.group.unknown
        zorgvorm = mask("zorgvorm", frozenset((p.zorgvorm,)), codes.zorgvormen, name)
        profiles.append(
            (
                name,
                code("voorzieningen", name),
                hash_of(name),
                code("aanbieders", p.aanbieder),
                code("locaties", p.locatie),
                code("regios", p.regio),
                zorgvorm.bit_length() - 1,
                zorgvorm,
                p.leeftijd_van,
                p.leeftijd_tot,
                1 << GROEPSSOORTEN.index(p.groepssoort),
                mask("juridische_kaders", p.juridische_kaders, JURIDISCHE_KADERS, name),
                mask("perspectieven", p.perspectieven, PERSPECTIEVEN, name),
                p.gesloten,
                mask("ondersteuning", p.ondersteuning, codes.ondersteuning, name),
                mask("contra_indicaties", p.contra_indicaties, codes.kenmerken, name),
                mask("medisch", p.medisch, codes.medisch, name),
                p.rolstoeltoegankelijk,
                mask("onderwijs", p.onderwijs, codes.onderwijs, name),
                NO_LIMIT if p.maximaal_verblijf is None else p.maximaal_verblijf,
                np.nan if p.point is None else p.point.x_km,
                np.nan if p.point is None else p.point.y_km,
                p.exact,
                p.group.youngest if known_ages else NOBODY_YOUNGEST,
                p.group.oldest if known_ages else NOBODY_OLDEST,
                p.group.unknown > 0 or p.group.size == 0,
                NO_LIMIT if p.leeftijdsverschil_max is None else p.leeftijdsverschil_max,
                p.contract,
                tuple(_full(p, extra, codes) for extra in range(1, MAX_SAMEN + 1)),
                {codes.kenmerken.index(code): p.group.room.get(code, 0) for code in (*p.group.full, *p.group.room)},
                0,
                0,
                0,
                0,
            )
        )
        for bed in beds:
            hashed = hash_of(bed.id)
            confirmed = np.nan if bed.bevestigd_uur is None else bed.bevestigd_uur
            stop = bed.stop or (0, 0)
            windows.extend(
                (bed.id, hashed, len(profiles) - 1, 0, *window, *stop, bed.bemenst, bed.in_overleg, confirmed)
                for window in windows_of(bed)
            )
    table = _numbered(_columns(Profielen, profiles), _columns(Vensters, windows))
    return Aanbod(
        codes=codes,
        voorzieningen=seen["voorzieningen"],
        aanbieders=seen["aanbieders"],
        locaties=seen["locaties"],
        regios=seen["regios"],
        **table,
    )


def _full(plek: Plek, extra: int, codes: Codes) -> int:
    """Kenmerken of which fewer than `extra` further children can come."""
    group = plek.group
    if not group.full and not group.room:
        return 0
    names = [*group.full, *(code for code, room in group.room.items() if room < extra)]
    return bits(names, codes.kenmerken, f"voorziening {plek.voorziening}: group")


DTYPES = {"Ids": object, "Ints": np.int32, "Rows": np.int64, "Bits": np.uint64, "Bools": np.bool_, "Floats": np.float64}


def _columns(table: type[Columns], rows: list[tuple[Any, ...]]) -> Columns:
    names = table.__struct_fields__
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    arrays: dict[str, Any] = {
        name: np.array(column, dtype=DTYPES[table.__annotations__[name]])
        for name, column in zip(names, columns, strict=True)
    }
    if table is Profielen:
        arrays["vol"] = arrays["vol"].reshape(-1, MAX_SAMEN)
    return table(**arrays)


def _take(table: Columns, keep: Bools) -> Columns:
    return type(table)(**{name: getattr(table, name)[keep] for name in table.__struct_fields__})


def _join(one: Columns, two: Columns) -> Columns:
    names = one.__struct_fields__
    return type(one)(**{name: np.concatenate((getattr(one, name), getattr(two, name))) for name in names})


def _numbered(profielen: Profielen, vensters: Vensters) -> dict[str, Any]:
    """Both tables with the numbers by which they point to each other."""
    new_plek, new_unit = run_starts(vensters.hash), run_starts(vensters.voorziening)
    unit = np.cumsum(new_unit) - 1
    units = len(profielen.id)
    eerste = np.flatnonzero(new_plek)
    rows = np.bincount(unit, minlength=units)
    plekken = np.bincount(unit[eerste], minlength=units)
    return {
        "eerste": eerste,
        "meer": np.flatnonzero(np.diff(eerste, append=len(unit)) > 1),
        "voorziening": unit[eerste],
        "gestopt": np.flatnonzero(vensters.stop_tot > 0),
        "onbemenst": np.flatnonzero(~vensters.bemenst),
        "profielen": structs.replace(
            profielen,
            row=np.cumsum(rows) - rows,
            rows=rows,
            plek=np.cumsum(plekken) - plekken,
            plekken=plekken,
        ),
        "vensters": structs.replace(vensters, voorziening=unit, plek=np.cumsum(new_plek) - 1),
    }
