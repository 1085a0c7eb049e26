"""Brothers and sisters: what they must share, and per locatie the one day on which all of them start.

The day is the earliest on which one voorziening there has a bed for each, free for the whole stay; when no voorziening
has, the earliest on which the locatie as a whole can take them. Group mix counts within the family. A later day that
would suit the other children better is not looked at: that is the price of one day per family and locatie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from matcher import rules
from matcher.aanbod import Rows, run_starts
from matcher.beds import together
from matcher.geo import Travel
from matcher.pairs import MAX_WACHTDAGEN, NOBODY, Ints
from matcher.problem import FOREVER, MAX_SAMEN, Aanvraag, Weging, require
from matcher.rules import Question


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked together: one child, or a samenplaatsing."""

    id: str
    """Of the samenplaatsing, or of the only aanvraag."""
    kinderen: tuple[Aanvraag, ...]
    """One per child, each with one jeugdige, whose age is that on the latest of the days that they wish."""
    wachtdagen: tuple[int, ...]
    """Per child, days waited so far."""
    weging: Weging
    travel: Travel
    """Per anker minutes of this family, or an estimate."""
    mag_splitsen: bool = False

    def __post_init__(self) -> None:
        where, count = f"samenplaatsing {self.id}", len(self.kinderen)
        require(1 <= count <= MAX_SAMEN, where, f"{count} children, 1 to {MAX_SAMEN} can be asked for together")
        require(len(self.wachtdagen) == count, where, f"{len(self.wachtdagen)} wachtdagen for {count} children")
        for child, days in zip(self.kinderen, self.wachtdagen, strict=True):
            require(len(child.jeugdigen) == 1, f"aanvraag {child.id}", f"{len(child.jeugdigen)} jeugdigen, not 1")
            require(0 <= days <= MAX_WACHTDAGEN, f"aanvraag {child.id}", f"waited {days} days")


def shared(children: Sequence[Aanvraag], *, mag_splitsen: bool) -> tuple[Aanvraag, ...]:
    """Each child as rules and score look at it: with what must be common taken from all; empty: they fit nowhere.

    Zorgvormen: those that all ask for; when there are none, each its own with leave to split. Start: the latest wish;
    latest start: the earliest of them, but not before the start. Stay: the longest. Travel: the smallest limit.
    Excluded: what any of them excludes, or what said no to any of them; with leave to split each keeps its own no.
    """
    if len(children) == 1:
        return tuple(children)
    zorgvormen = frozenset.intersection(*(child.zorgvormen for child in children))
    if not zorgvormen and not mag_splitsen:
        return ()
    start = max(child.gewenste_start for child in children)
    limits = [child.maximale_reistijd for child in children if child.maximale_reistijd is not None]
    aanbieders, voorzieningen = (
        frozenset(code for child in children for code in getattr(child, name))
        for name in ("uitgesloten_aanbieders", "uitgesloten_voorzieningen")
    )
    said_no = {voorziening: no for child in children for voorziening, no in child.afgewezen_bij.items()}
    return tuple(
        structs.replace(
            child,
            afgewezen_bij=child.afgewezen_bij if mag_splitsen else said_no,
            zorgvormen=zorgvormen or child.zorgvormen,
            gewenste_start=start,
            uiterlijke_datum=max(start, min(other.uiterlijke_datum for other in children)),
            verblijf=max(other.verblijf for other in children),
            maximale_reistijd=min(limits, default=None),
            uitgesloten_aanbieders=aanbieders,
            uitgesloten_voorzieningen=voorzieningen,
            uitgesloten_gebieden=tuple(area for other in children for area in other.uitgesloten_gebieden),
        )
        for child in children
    )


def common_days(members: Sequence[Question], slots: Sequence[Rows], room: Ints) -> Ints:
    """Per code of a locatie the first day of all members there; NOBODY where they cannot all be.

    `members` are the children as `shared` makes them, in an aanbod with one window per slot; `slots` the windows that
    each can use, in order; `room` the beds of each slot.
    """
    one, n = members[0], len(members)
    p, v = one.aanbod.profielen, one.aanbod.vensters
    days = np.full(int(p.locatie.max(initial=-1)) + 1, NOBODY)
    if not all(map(len, slots)):
        return days
    every, users = np.unique(np.concatenate(slots), return_counts=True)
    first = np.maximum(v.van[every], np.int32(one.start))
    last = np.minimum(v.tot[every] - np.int32(one.stay), np.int32(one.latest))
    unit, beds = v.voorziening[every], np.minimum(room[every], n)
    place = p.locatie[unit]

    def search(at: Rows) -> int:
        usable = [np.intersect1d(every[at], own, assume_unique=True, return_indices=True)[1] for own in slots]
        return _search(members, [at[own] for own in usable], unit, beds, first, last)

    units, day = _earliest(n, unit, first, last, beds)
    able = ~mixed(members, units)
    units, day = units[able], day[able]
    # Nearly always a bed of a voorziening is for all members or for none; else each day is looked at.
    some = np.isin(units, unit[users < n])
    for at in np.flatnonzero(some).tolist():
        day[at] = search(np.flatnonzero(unit == units[at]))
    found = day >= 0
    far = np.full(len(days), FOREVER, np.int64)
    np.minimum.at(far, p.locatie[units[found]], day[found])
    days = np.where(far < FOREVER, far, days)
    several = p.locatie[np.unique(unit)]
    several = np.flatnonzero((np.bincount(several, minlength=len(days)) > 1) & (days < 0))
    if len(several):
        order = np.flatnonzero(np.isin(place, several))
        order = order[np.argsort(place[order], kind="stable")]
        places, _ = _earliest(n, place[order], first[order], last[order], beds[order])
        for code in places.tolist():
            days[code] = search(np.flatnonzero(place == code))
    return days


def _earliest(n: int, key: Rows, first: NDArray[np.int32], last: NDArray[np.int32], beds: Ints) -> tuple[Rows, Ints]:
    """The keys (those of one stand together) with n beds that can start on one day, and the first such day."""
    bed = np.repeat(np.arange(len(key)), beds)
    day = together(n, key[bed], first[bed], last[bed])
    able = np.flatnonzero(day >= 0)
    keys = key[bed[able]]
    runs = np.flatnonzero(run_starts(keys)) if len(keys) else able
    return keys[runs], np.minimum.reduceat(day[able], runs).astype(np.int64) if len(runs) else able


def mixed(members: Sequence[Question], at: Rows) -> NDArray[np.bool_]:
    """The voorzieningen of which the group mix does not allow all of these children together."""
    if len(members) < 2:
        return np.zeros(len(at), np.bool_)
    jeugdigen = tuple(child for one in members for child in one.aanvraag.jeugdigen)
    return rules.groepsmix(
        rules.ask(structs.replace(members[0].aanvraag, jeugdigen=jeugdigen), members[0].aanbod, members[0].travel), at
    )


def _search(
    members: Sequence[Question],
    usable: Sequence[Rows],
    unit: Rows,
    beds: Ints,
    first: NDArray[np.int32],
    last: NDArray[np.int32],
) -> int:
    """The first day on which each member has a bed of its own among `usable`, and each group is right; or NOBODY."""
    for day in sorted({int(first[slot]) for own in usable for slot in own.tolist()}):
        open_ = [[slot for slot in own.tolist() if first[slot] <= day <= last[slot]] for own in usable]
        room = {slot: int(beds[slot]) for own in open_ for slot in own}
        if NOBODY not in seated(open_, room) and _grouped(members, open_, room, unit, []):
            return day
    return NOBODY


def _grouped(
    members: Sequence[Question], open_: Sequence[Sequence[int]], room: dict[int, int], unit: Rows, laid: list[int]
) -> bool:
    """Whether the members from len(laid) on can be laid as well, with no group mix in the way."""
    if len(laid) == len(members):
        return True
    who = len(laid)
    for slot in open_[who]:
        if laid.count(slot) < room[slot]:
            with_ = [members[other] for other in range(who) if unit[laid[other]] == unit[slot]]
            if not mixed([*with_, members[who]], unit[slot : slot + 1])[0] and _grouped(
                members, open_, room, unit, [*laid, slot]
            ):
                return True
    return False


def seated(options: Sequence[Sequence[int]], room: Mapping[int, int]) -> list[int]:
    """A slot for as many as can have one, NOBODY for the others: augmenting paths, first come first tried."""
    there: dict[int, list[int]] = {slot: [] for slot in room}

    def seat(who: int, seen: set[int]) -> bool:
        for slot in options[who]:
            if slot in seen:
                continue
            seen.add(slot)
            if len(there[slot]) < room[slot]:
                there[slot].append(who)
                return True
            for at, other in enumerate(there[slot]):
                if seat(other, seen):
                    there[slot][at] = who
                    return True
        return False

    for who in range(len(options)):
        seat(who, set())
    found = [NOBODY] * len(options)
    for slot, children in there.items():
        for who in children:
            found[who] = slot
    return found
