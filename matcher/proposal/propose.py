"""The joint plan for aanvragen: which child in which plek from which day, or why what was fixed cannot be.

`matcher.plan` chooses slots. What depends on who comes together in one voorziening (kenmerken with a maximum, ages too
far apart) is not in the pairs: wherever a plan breaks it, rows are added that forbid just that, and the plan is made
again. Rows are only left out, never too many, so every bound stays good. When time is out before nothing is broken,
children are taken out of the plan (the least urgent first, then who waited least) and named in `dropped`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from msgspec import Struct

from matcher.aanbod import hash_of, tie
from matcher.check import Breach, Tier, Violation, value, violations
from matcher.pairs import NOBODY, Ints, Pairs
from matcher.plan import Level, Limit, Plan, anything, plan
from matcher.problem import require
from matcher.proposal.candidates import POINTS, Candidates, Conflict
from matcher.proposal.company import clashes, limited, mended, with_rows

ROUNDS = 20
"""Of making the plan again."""

SHARE = 0.75
"""Of the time that is left for each round."""


class Place(Struct, frozen=True, kw_only=True):
    """One child in one bed."""

    aanvraag: str
    plek: str
    voorziening: str
    start: int
    """First day; the same for brothers and sisters at one locatie."""
    score: float
    """As `rank` gives it for that day, to 0.01."""


class Proposal(Struct, frozen=True, eq=False, kw_only=True):
    places: tuple[Place, ...]
    """In the order of the aanvragen."""
    unplaced: tuple[str, ...]
    dropped: tuple[str, ...]
    """Of those the aanvragen that were taken out again, because time ran out while somebody did not fit with them."""
    levels: tuple[Level, ...]
    gap: float
    """Of the first tier that is not proven; 0 when all are."""
    seconds: float
    limit: Limit
    conflicts: tuple[Conflict, ...]
    """Not empty: what is fixed cannot all be. The rest of the plan still holds."""
    rounds: int
    """How often the plan was made."""
    candidates: Candidates
    """With the rows that were added: what to give to whoever explains or changes this plan."""
    slots: Ints
    """(R,) the same plan in slots of `candidates.pairs`."""

    @property
    def proven(self) -> bool:
        return all(level.proven for level in self.levels)


def propose(
    found: Candidates,
    *,
    clock: Callable[[], float],
    seconds: float = 60.0,
    keep: float = 0.001,
    stop: Callable[[], bool] | None = None,
    seed: int = 0,
    enough: float = 0.0,
    report: Callable[[int, tuple[Level, ...]], None] = lambda number, levels: None,
    seen: Callable[[tuple[Level, ...]], None] = lambda levels: None,
) -> Proposal:
    """The best plan within `seconds` of `clock`; the other arguments are those of `matcher.plan.plan`.

    `report` is told the number of each round and what its plan reached. Same candidates and seed, same answer, unless
    time ran out (`limit` says so). ValueError for `seconds` that are not more than 0.
    """
    require(0 < seconds < 1e7, "seconds", f"is {seconds}")
    begin = clock()
    rounds: list[tuple[Level, ...]] = []
    best: _Best | None = None
    clashing = limited(found).any()
    while True:
        left = max(0.001, begin + seconds - clock())
        last = not clashing or len(rounds) == ROUNDS - 1
        made = plan(
            found.pairs,
            clock=clock,
            seconds=left if last else left * SHARE,
            keep=keep,
            stop=stop,
            seed=seed,
            enough=enough,
            known=None if best is None else best.slots,
            seen=seen,
        )
        rounds.append(made.levels)
        report(len(rounds), made.levels)
        broken = clashes(found, made.slots)
        own = _best(found, made, mended(found, made.slots) if broken else made.slots)
        if best is None or (made.proven and not broken) or own.worth > best.worth:
            best = own
        levels = _levels(found.pairs, best, rounds)
        gap = next((level.gap for level in levels if not level.proven), 0.0)
        found = with_rows(found, broken)
        if not broken or gap <= enough or last or (stop is not None and stop()) or clock() - begin >= seconds:
            break
    slots = best.slots
    wrong = [one for one in violations(found.pairs, slots.tolist()) if one.rule is not Breach.VAST]
    require(not wrong, "propose", f"made a plan that is not allowed: {wrong[:3]}")
    proven = all(level.proven for level in levels)
    return Proposal(
        places=_places(found, slots),
        unplaced=tuple(found.aanvragen[who] for who in np.flatnonzero(slots == NOBODY).tolist()),
        dropped=tuple(found.aanvragen[who] for who in best.dropped),
        levels=levels,
        gap=gap,
        seconds=clock() - begin,
        limit=Limit.NONE if proven else Limit.TIME if made.limit is Limit.NONE else made.limit,
        conflicts=(*found.conflicts, *(_conflict(found, one) for one in made.conflicts)),
        rounds=len(rounds),
        candidates=found,
        slots=slots,
    )


class _Best(Struct, frozen=True, eq=False):
    """A plan in which nobody clashes."""

    slots: Ints
    worth: tuple[int, ...]
    reached: tuple[int, ...]
    """Per tier the best found with the tiers before as they are: score may be more than its worth, to change less."""
    dropped: tuple[int, ...]


def _best(found: Candidates, made: Plan, slots: Ints) -> _Best:
    worth = tuple(value(found.pairs, slots.tolist()).values())
    reached = tuple(level.best for level in made.levels) if slots is made.slots else worth
    return _Best(slots, worth, reached, tuple(np.flatnonzero((slots == NOBODY) & (made.slots != NOBODY)).tolist()))


def _levels(pairs: Pairs, best: _Best, rounds: list[tuple[Level, ...]]) -> tuple[Level, ...]:
    """What a round proved of a tier, with no more rows than now, holds for plans that are equal in all before it."""
    levels, most = [], anything(pairs, pairs)
    for at, (tier, own, reached) in enumerate(zip(Tier, best.worth, best.reached, strict=True)):
        same = [made[at].bound for made in rounds if tuple(level.best for level in made[:at]) == best.reached[:at]]
        levels.append(Level(tier, own, reached, max(reached, min([*same, most[tier]]))))
    return tuple(levels)


def _places(found: Candidates, slots: Ints) -> tuple[Place, ...]:
    """A bed for each: where the child was before when it can; else one that need not be asked first, then by hash."""
    v, p = found.aanbod.vensters, found.aanbod.profielen
    per_slot: dict[int, list[int]] = {}
    for who in np.flatnonzero(slots != NOBODY).tolist():
        per_slot.setdefault(int(slots[who]), []).append(who)
    bed: dict[int, int] = {}
    for slot, children in per_slot.items():
        free = {str(v.id[row]): row for row in found.beds(slot).tolist()}
        for who in children:
            before = found.vorige[who]
            if before in free:
                bed[who] = free.pop(before)
        for who in children:
            if who not in bed:
                rows = np.array(list(free.values()))
                ties = tie(np.uint64(hash_of(found.aanvragen[who])), v.hash[rows])
                row = rows[np.lexsort((ties, v.in_overleg[rows]))[0]]
                bed[who] = free.pop(str(v.id[row]))
    return tuple(
        Place(
            aanvraag=found.aanvragen[who],
            plek=str(v.id[bed[who]]),
            voorziening=str(p.id[v.voorziening[bed[who]]]),
            start=int(found.start[pair]),
            score=int(found.pairs.value[pair]) / POINTS,
        )
        for who in sorted(bed)
        for pair in [found.pair(who, int(slots[who]))]
    )


def _conflict(found: Candidates, one: Violation) -> Conflict:
    """A violation in ids."""
    v, p = found.aanbod.vensters, found.aanbod.profielen
    plek, unit = None, None
    if one.rule in {Breach.RUIMTE, Breach.GROEPSMIX}:
        unit = str(p.id[one.where])
    elif one.rule is not Breach.SAMEN:
        beds = found.beds(one.where)
        plek = str(v.id[beds[0]]) if len(beds) == 1 else None
        unit = str(p.id[v.voorziening[beds[0]]])
    who = tuple(found.aanvragen[at] for at in one.requests)
    return Conflict(aanvragen=who, rules=(one.rule,), plek=plek, voorziening=unit)
