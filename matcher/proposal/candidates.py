"""From aanvragen and aanbod to the pairs of a joint plan: the rules and the score of `rank`, for all children at once.

found = candidates(asked, aanbod, now_hour)
proposal = propose(found, clock=perf_counter, seconds=60)     # propose.py

A request is one child, judged as `family.shared` says; a slot is a few equal beds (slots.py). What each choice means
stands in docs/plan.md, "From aanvragen to pairs".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import isfinite
from typing import TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from matcher.aanbod import Aanbod, Bits, Bools, Rows
from matcher.pairs import CRISIS, NOBODY, REGULIER, SPOED, Ints, Pairs
from matcher.problem import Aanvraag, Urgentie, require
from matcher.proposal.family import Asked, shared
from matcher.proposal.fits import Fit, fit_of, one_day
from matcher.proposal.fixed import Conflict, fixed
from matcher.proposal.slots import Link, Said, Slots, said, slots

__all__ = ["POINTS", "Asked", "Candidates", "Conflict", "candidates"]

CLASS = {Urgentie.CRISIS: CRISIS, Urgentie.SPOED: SPOED, Urgentie.REGULIER: REGULIER}

Number = TypeVar("Number", np.int32, np.int64, np.float64)

POINTS = 100
"""Of a pair, per point of score: 0 to 10,000."""


class Candidates(Struct, frozen=True, eq=False, kw_only=True):
    """A problem for `matcher.plan`, and what is needed to read its answer. R requests, S slots, P pairs, G groups.

    Voorzieningen of `pairs` are rows of Profielen, its locaties the codes of the aanbod.
    """

    aanbod: Aanbod
    pairs: Pairs
    asked: tuple[Asked, ...]
    aanvragen: tuple[str, ...]
    """(R,) ids, and each child …"""
    kinderen: tuple[Aanvraag, ...]
    """… as it is judged (what brothers and sisters share is taken from all)."""
    leeftijd: Ints
    """(R,) months."""
    kenmerken: Bits
    """(R,)"""
    samenplaatsingen: tuple[str, ...]
    """(G,) ids."""
    start: NDArray[np.int32]
    """(P,) the first day of a pair."""
    bed: Rows
    """The rows in Vensters of all beds, those of a slot together …"""
    first: Ints
    """(S + 1,) … from here on."""
    vorige: tuple[str | None, ...]
    """(R,) the plek in the plan before this one."""
    conflicts: tuple[Conflict, ...]
    """Fixed places that the rules do not allow for this child, whatever the others: it gets no place."""

    def pair(self, who: int, slot: int) -> int:
        """The number of a pair, or NOBODY."""
        begin, end = int(self.pairs.first[who]), int(self.pairs.first[who + 1])
        at = begin + int(self.pairs.slot[begin:end].searchsorted(slot))
        return at if at < end and self.pairs.slot[at] == slot else NOBODY

    def beds(self, slot: int) -> Rows:
        """The rows in Vensters of the beds of a slot."""
        return self.bed[self.first[slot] : self.first[slot + 1]]

    def open_to(self, who: int, slots: Ints) -> Bools:
        """(S,) where a plan leaves a bed that this child may have: not held for another, nor kept for crisis."""
        pairs, count = self.pairs, self.pairs.slots
        holders, held = pairs.opties.T
        others = slots != NOBODY
        others[who] = False
        beds = pairs.capaciteit - np.bincount(held, minlength=count)  # a bed that is held is a slot by itself
        free: Bools = np.bincount(slots[others], minlength=count) < beds
        if pairs.urgentie[who] != CRISIS:
            calm = others & (pairs.urgentie != CRISIS)
            free &= np.bincount(slots[calm], minlength=count) < beds - pairs.voor_crisis
        free[held[holders == who]] = True
        return free


def candidates(
    asked: Sequence[Asked],
    aanbod: Aanbod,
    now_hour: float,
    *,
    voor_crisis: Collection[str] = (),
    opties: Collection[Link] = (),
    vast: Collection[Link] = (),
    verboden: Collection[Link] = (),
    vorige: Mapping[str, str] | None = None,
) -> Candidates:
    """Every pair of a child and a slot that no hard rule forbids, with its first day and its points.

    `opties` are (aanvraag, plek) of aanvragen that are asked: give an aanbod in which these beds count as free; only
    that child can use them. Opties of others simply take a bed: it is not free. `voor_crisis` are plekken kept back for
    crisis; one that an optie or a person gives to a child is no longer kept. `vast` and `verboden` name a plek or a
    voorziening. `vorige` says where each child was in the plan before this one; what is no longer there is left out.

    ValueError for nonsense: ids that are not there, an aanvraag in two families, two opties on one plek, a child fixed
    twice, more than 100,000 candidates for one aanvraag, an hour that is none.
    """
    require(isfinite(now_hour), "now_hour", f"is {now_hour}")
    where = _numbers(asked)
    common = [shared(one.kinderen, mag_splitsen=one.mag_splitsen) for one in asked]
    children = [child for one, same in zip(asked, common, strict=True) for child in same or one.kinderen]
    what = said(aanbod, where, voor_crisis=voor_crisis, opties=opties, vast=vast, verboden=verboden)
    table = slots(aanbod, children, [one.weging for one in asked], now_hour, what)
    found: list[Fit] = []
    for one, same in zip(asked, common, strict=True):
        own = [fit_of(table, what, children[who], who, one, now_hour) for who in _next(found, one)]
        if not same:
            own = [fit.take(np.zeros(len(fit.slots), np.bool_)) for fit in own]
        elif len(own) > 1:
            own = one_day(table, own, len(found), one)
        found += own
    return _built(asked, aanbod, children, table, found, what, vorige or {})


def _numbers(asked: Sequence[Asked]) -> dict[str, int]:
    """Per id of an aanvraag its number."""
    number: dict[str, int] = {}
    families: set[str] = set()
    for one in asked:
        require(one.id not in families, f"samenplaatsing {one.id}", "is asked for twice")
        families.add(one.id)
        for child in one.kinderen:
            require(child.id not in number, f"aanvraag {child.id}", "is asked for twice")
            number[child.id] = len(number)
    return number


def _next(found: Sequence[Fit], one: Asked) -> range:
    return range(len(found), len(found) + len(one.kinderen))


def _built(
    asked: Sequence[Asked],
    aanbod: Aanbod,
    children: Sequence[Aanvraag],
    table: Slots,
    found: Sequence[Fit],
    what: Said,
    vorige: Mapping[str, str],
) -> Candidates:
    p, v = aanbod.profielen, aanbod.vensters
    families = [one for one in asked if len(one.kinderen) > 1]
    number = {one.id: at for at, one in enumerate(families)}
    room = table.room.copy()
    held = []
    for plek, who in what.optie.items():
        of = table.of[np.flatnonzero(v.plek == plek)]
        for slot in of[of >= 0].tolist():
            if slot in found[who].slots:
                held.append((who, slot))
            else:
                room[slot] = 0  # nobody can use it: not its holder by the rules, not others by the optie
    places, conflicts = fixed(asked, aanbod, children, table, found, what)
    plekken = {str(v.id[row]): v.plek[row] for row in aanbod.eerste.tolist()} if vorige else {}
    before = np.full(len(children), NOBODY)
    for who, child in enumerate(children):
        if vorige.get(child.id) in plekken:
            of = np.intersect1d(table.of[np.flatnonzero(v.plek == plekken[vorige[child.id]])], found[who].slots)
            before[who] = of[0] if len(of) else NOBODY
    unit = table.aanbod.vensters.voorziening
    pairs = Pairs.build(
        urgentie=[CLASS[child.urgentie] for child in children],
        wachtdagen=[days for one in asked for days in one.wachtdagen],
        groep=[number.get(one.id, NOBODY) for one in asked for _ in one.kinderen],
        splitsbaar=[one.mag_splitsen for one in families],
        capaciteit=room,
        voor_crisis=np.where(table.kept, room, 0),
        voorziening=unit,
        locatie=p.locatie,
        request=np.repeat(np.arange(len(found)), [len(one.slots) for one in found]),
        slot=_joined([one.slots for one in found], np.int64),
        value=np.rint(_joined([one.score for one in found], np.float64) * POINTS),
        vorige=before,
        vast=np.array(places, np.int64).reshape(-1, 2),
        verboden=np.array(
            [
                (who, slot)
                for who, rows in what.verboden.items()
                for slot in np.unique(table.of[rows]).tolist()
                if slot >= 0
            ],
            np.int64,
        ).reshape(-1, 2),
        opties=np.array(held, np.int64).reshape(-1, 2),
    )
    return Candidates(
        aanbod=aanbod,
        pairs=pairs,
        asked=tuple(asked),
        aanvragen=tuple(child.id for child in children),
        kinderen=tuple(children),
        leeftijd=np.array([one.question.jongste for one in found], np.int64),
        kenmerken=np.array([one.question.kenmerken for one in found], np.uint64),
        samenplaatsingen=tuple(one.id for one in families),
        start=_joined([one.start for one in found], np.int32),
        bed=table.bed,
        first=table.first,
        vorige=tuple(vorige.get(child.id) for child in children),
        conflicts=tuple(conflicts),
    )


def _joined(columns: Sequence[NDArray[Number]], dtype: type[Number]) -> NDArray[Number]:
    return np.concatenate(columns) if columns else np.zeros(0, dtype)
