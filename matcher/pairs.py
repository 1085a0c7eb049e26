"""What the joint plan chooses from, as arrays: requests, slots, and the pairs that may be made, each with a value.

A request is one child. A slot is a number of beds that are all the same to everybody: one free period of one
voorziening. Whoever builds the pairs has looked at the hard rules and the days; a pair that is not given is
forbidden. Rules and scores can so be bypassed, and problems of others be solved. Nonsense is refused when built.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from matcher.problem import MAX_SAMEN, require

Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

NOBODY = -1
"""No group, no slot, no previous place."""

CRISIS, SPOED, REGULIER = 0, 1, 2

MAX_CANDIDATES = 100_000
"""Pairs of one request: more is a mistake in what was joined, not a choice."""

MAX_VALUE = 10_000_000
"""Points of one pair: sums of the largest plan then fit in 64 bits."""

MAX_WACHTDAGEN = 10_000
MAX_BEDS = 100_000


class Mix(Struct, frozen=True):
    """Of these requests at most `room` may go to this voorziening (group mix among those who are placed together)."""

    voorziening: int
    requests: tuple[int, ...]
    room: int


class Pairs(Struct, frozen=True, eq=False, kw_only=True):
    """R requests, G groups, S slots, V voorzieningen, P pairs. Make one with `build`, which refuses nonsense."""

    urgentie: Ints
    """(R,) CRISIS, SPOED or REGULIER."""
    wachtdagen: Ints
    """(R,) days waited so far."""
    groep: Ints
    """(R,) the samenplaatsing, or NOBODY."""
    splitsbaar: Bools
    """(G,) may be split: the verwijzer gave leave."""
    capaciteit: Ints
    """(S,) beds."""
    voor_crisis: Ints
    """(S,) of which only for crisis."""
    voorziening: Ints
    """(S,)"""
    locatie: Ints
    """(V,)"""
    ruimte: Ints
    """(V,) the most who can come to the voorziening, whatever the beds."""
    mix: tuple[Mix, ...]
    request: Ints
    """(P,) in order of request, then slot …"""
    slot: Ints
    value: Ints
    """… and what the pair is worth in points."""
    first: Ints
    """(R + 1,) where the pairs of each request begin."""
    vorige: Ints
    """(R,) the slot in the plan before this one, or NOBODY."""
    vast: Ints
    """(L, 2) request and slot that must be together."""
    verboden: Ints
    """(F, 2) request and slot that may not; these pairs are already left out."""
    opties: Ints
    """(O, 2) request and slot: one bed there is held for this request, which need not take it."""

    @classmethod
    def build(
        cls,
        *,
        urgentie: ArrayLike,
        capaciteit: ArrayLike,
        request: ArrayLike,
        slot: ArrayLike,
        value: ArrayLike,
        wachtdagen: ArrayLike | None = None,
        groep: ArrayLike | None = None,
        splitsbaar: ArrayLike = (),
        voor_crisis: ArrayLike | None = None,
        voorziening: ArrayLike | None = None,
        locatie: ArrayLike | None = None,
        ruimte: ArrayLike | None = None,
        mix: Sequence[Mix] = (),
        vorige: ArrayLike | None = None,
        vast: ArrayLike = (),
        verboden: ArrayLike = (),
        opties: ArrayLike = (),
    ) -> Pairs:
        """ValueError, with what and where, for anything that is not a problem. What is left out has no effect:
        nobody waited or is in a group, each slot is a voorziening, each voorziening a locatie."""
        urgentie, capaciteit = _ints("urgentie", urgentie), _ints("capaciteit", capaciteit)
        requests, slots = len(urgentie), len(capaciteit)
        _within("urgentie", urgentie, CRISIS, REGULIER)
        _within("capaciteit", capaciteit, 0, MAX_BEDS)
        wachtdagen = _column("wachtdagen", wachtdagen, requests, 0)
        _within("wachtdagen", wachtdagen, 0, MAX_WACHTDAGEN)
        groep, leave = _column("groep", groep, requests, NOBODY), _flags("splitsbaar", splitsbaar)
        _groups(groep, leave)
        kept = _column("voor_crisis", voor_crisis, slots, 0)
        _within("voor_crisis", kept, 0, MAX_BEDS)
        for at in np.flatnonzero(kept > capaciteit)[:1]:
            require(False, f"slot {at}", f"{kept[at]} beds kept for crisis of {capaciteit[at]}")
        unit = np.arange(slots) if voorziening is None else _column("voorziening", voorziening, slots, 0)
        units = _count(unit, locatie, ruimte)
        _within("voorziening", unit, 0, units - 1)
        place = np.arange(units) if locatie is None else _column("locatie", locatie, units, 0)
        _within("locatie", place, 0, MAX_VALUE)
        room = _column("ruimte", ruimte, units, MAX_BEDS)
        _within("ruimte", room, 0, MAX_BEDS)
        for number, one in enumerate(mix):
            where = f"mix {number}"
            require(0 <= one.voorziening < units, where, f"voorziening {one.voorziening} does not exist")
            require(all(0 <= who < requests for who in one.requests), where, "names a request that does not exist")
            require(len(set(one.requests)) == len(one.requests), where, "names a request twice")
            require(0 <= one.room <= MAX_BEDS, where, f"room for {one.room}")
        who, where_, points = _pairs(request, slot, value, requests, slots)
        before = np.full(requests, NOBODY) if vorige is None else places("vorige", vorige, requests, slots)
        key = who * max(slots, 1) + where_
        fixed, banned, held = (
            _links(name, links, requests, slots)
            for name, links in (("vast", vast), ("verboden", verboden), ("opties", opties))
        )
        _linked(fixed, held, key, slots, kept, capaciteit)
        if len(banned):
            left = ~np.isin(key, banned[:, 0] * max(slots, 1) + banned[:, 1])
            who, where_, points = who[left], where_[left], points[left]
        del key  # as large as any column of the answer
        return cls(
            urgentie=urgentie,
            wachtdagen=wachtdagen,
            groep=groep,
            splitsbaar=leave,
            capaciteit=capaciteit,
            voor_crisis=kept,
            voorziening=unit,
            locatie=place,
            ruimte=room,
            mix=tuple(mix),
            request=who,
            slot=where_,
            value=points,
            first=np.searchsorted(who, np.arange(requests + 1)),
            vorige=before,
            vast=fixed,
            verboden=banned,
            opties=held,
        )

    @property
    def requests(self) -> int:
        """How many."""
        return len(self.urgentie)

    @property
    def slots(self) -> int:
        """How many."""
        return len(self.capaciteit)


def places(name: str, slots: ArrayLike, requests: int, among: int) -> Ints:
    """(R,) a slot for each request, or NOBODY; ValueError for what is not."""
    column = _column(name, slots, requests, NOBODY)
    _within(name, column, NOBODY, among - 1)
    return column


def _ints(name: str, values: ArrayLike) -> Ints:
    """One column of whole numbers."""
    array: NDArray[Any] = np.asarray(values)
    require(array.ndim == 1, name, f"has {array.ndim} dimensions, not 1")
    if array.size == 0:
        return np.zeros(0, np.int64)
    require(array.dtype.kind in "iuf", name, f"holds {array.dtype}, not numbers")
    if array.dtype.kind == "f":
        for at in np.flatnonzero(~np.isfinite(array))[:1]:
            require(False, f"{name}[{at}]", f"is {array[at]}")
        for at in np.flatnonzero((array != np.rint(array)) | (np.abs(array) > 2**53))[:1]:
            require(False, f"{name}[{at}]", f"is {array[at]}, not a whole number")
    elif array.dtype.kind == "u":
        for at in np.flatnonzero(array > np.iinfo(np.int64).max)[:1]:
            require(False, f"{name}[{at}]", f"is {array[at]}, too large")
    return array.astype(np.int64)


def _flags(name: str, values: ArrayLike) -> Bools:
    flags = np.asarray(values)
    if flags.dtype.kind != "b":
        flags = _ints(name, flags)
        _within(name, flags, 0, 1)
    return flags.astype(np.bool_)


def _column(name: str, values: ArrayLike | None, length: int, default: int) -> Ints:
    if values is None:
        return np.full(length, default, np.int64)
    column = _ints(name, values)
    require(len(column) == length, name, f"has {len(column)} rows, not {length}")
    return column


def _within(name: str, column: Ints, low: int, high: int) -> None:
    for at in np.flatnonzero((column < low) | (column > high))[:1]:
        require(False, f"{name}[{at}]", f"is {column[at]}, not within {low} … {high}")


def _groups(groep: Ints, leave: Bools) -> None:
    _within("groep", groep, NOBODY, len(leave) - 1)
    sizes = np.bincount(groep[groep >= 0], minlength=len(leave))
    for at in np.flatnonzero((sizes < 2) | (sizes > MAX_SAMEN))[:1]:
        require(False, f"samenplaatsing {at}", f"{sizes[at]} requests, 2 to {MAX_SAMEN} can be asked for together")


def _count(unit: Ints, locatie: ArrayLike | None, ruimte: ArrayLike | None) -> int:
    """How many voorzieningen there are: what is said of them decides, else the highest that a slot names."""
    for name, given in (("locatie", locatie), ("ruimte", ruimte)):
        if given is not None:
            return len(_ints(name, given))
    return int(unit.max()) + 1 if len(unit) and 0 <= unit.max() <= MAX_VALUE else len(unit)


def _pairs(request: ArrayLike, slot: ArrayLike, value: ArrayLike, requests: int, slots: int) -> tuple[Ints, Ints, Ints]:
    """The three columns, sorted by request and slot."""
    who = _ints("request", request)
    where = _column("slot", slot, len(who), 0)
    points = _column("value", value, len(who), 0)
    _within("request", who, 0, requests - 1)
    _within("slot", where, 0, slots - 1)
    _within("value", points, -MAX_VALUE, MAX_VALUE)
    counts = np.bincount(who, minlength=requests)
    for at in np.flatnonzero(counts > MAX_CANDIDATES)[:1]:
        require(False, f"request {at}", f"{counts[at]:,} candidates, at most {MAX_CANDIDATES:,} make sense")
    key = who * max(slots, 1) + where
    if np.any(key[1:] <= key[:-1]):
        order = np.argsort(key, kind="stable")
        key, who, where, points = key[order], who[order], where[order], points[order]
        for at in np.flatnonzero(key[1:] == key[:-1])[:1]:
            require(False, f"request {who[at]}", f"slot {where[at]} is given twice")
    return who, where, points


def _links(name: str, links: ArrayLike, requests: int, slots: int) -> Ints:
    what = "is not a list of (request, slot)"
    try:
        array = np.asarray(links)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name}: {what}") from error
    flat = _ints(name, array.reshape(-1))
    require(array.size == 0 or (array.ndim == 2 and array.shape[1] == 2), name, what)
    pairs = flat.reshape(-1, 2)
    _within(f"{name} request", pairs[:, 0], 0, requests - 1)
    _within(f"{name} slot", pairs[:, 1], 0, slots - 1)
    return np.unique(pairs, axis=0)


def _linked(fixed: Ints, held: Ints, key: Ints, slots: int, kept: Ints, beds: Ints) -> None:
    """One lock per request, and no more beds held than there are. A lock that no rule allows is for the plan to say."""
    for at in np.flatnonzero(fixed[1:, 0] == fixed[:-1, 0])[:1]:
        who, one, two = fixed[at, 0], fixed[at, 1], fixed[at + 1, 1]
        require(False, f"vast request {who}", f"is fixed to slot {one} and to slot {two}")
    given = np.isin(held[:, 0] * max(slots, 1) + held[:, 1], key) if len(held) else np.zeros(0, np.bool_)  # sorts all
    for who, where in held[~given][:1]:
        require(False, f"optie of request {who}", f"on slot {where}, which is not one of its pairs")
    taken = np.bincount(held[:, 1], minlength=slots) + kept
    for at in np.flatnonzero(taken > beds)[:1]:
        require(False, f"slot {at}", f"{taken[at]} beds held or kept for crisis of {beds[at]}")
