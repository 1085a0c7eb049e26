"""Small problems for the joint plan, by hand and at random."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Any

import numpy as np

from matcher.check import Tier, value, violations
from matcher.pairs import NOBODY, REGULIER, Mix, Pairs
from matcher.plan import Plan, plan

HOUR = 3600.0


def pairs(table: list[list[int | None]], **fields: Any) -> Pairs:
    """A problem by a table: a row per request, a column per slot, the value of the pair or None."""
    rows = [
        (who, slot, points) for who, row in enumerate(table) for slot, points in enumerate(row) if points is not None
    ]
    request, slot, points = zip(*rows, strict=True) if rows else ((), (), ())
    fields.setdefault("urgentie", [REGULIER] * len(table))
    fields.setdefault("capaciteit", [1] * len(table[0]))
    return Pairs.build(request=request, slot=slot, value=points, **fields)


def solved(problem: Pairs, **options: Any) -> Plan:
    """With a clock that stands still, so that nothing depends on time; the plan is what it says it is."""
    found = plan(problem, clock=lambda: 0.0, seconds=HOUR, **options)
    if not found.conflicts:
        assert violations(problem, found.slots.tolist()) == []
    assert [level.value for level in found.levels] == list(value(problem, found.slots.tolist()).values())
    return found


def every(problem: Pairs) -> Iterator[list[int]]:
    """All plans, allowed or not."""
    choices: list[list[int]] = [[NOBODY] for _ in range(problem.requests)]
    for who, slot in zip(problem.request.tolist(), problem.slot.tolist(), strict=True):
        choices[who].append(slot)
    return (list(slots) for slots in product(*choices))


def brute(problem: Pairs, keep: float) -> tuple[tuple[int, ...], list[int]]:
    """The worth of the best allowed plan up to SCORE, then BEHOUDEN with the score that `keep` leaves; and a plan."""
    allowed = [slots for slots in every(problem) if not violations(problem, slots)]
    worths = [(tuple(value(problem, slots).values()), slots) for slots in allowed]
    best = max(worth for worth, _ in worths)
    at = list(Tier).index(Tier.SCORE)
    floor = best[at] - int(keep * abs(best[at]))
    near = [one for one in worths if one[0][:at] == best[:at] and one[0][at] >= floor]
    most, slots = max(near, key=lambda one: one[0][at + 1])
    return (*best[: at + 1], most[at + 1]), slots


def random(seed: int, *, groups: bool) -> Pairs:
    """A problem of at most six requests in which everything is scarce."""
    dice = Random(seed)
    requests, slots = dice.randint(2, 6), dice.randint(1, 4)
    units = dice.randint(1, slots)
    groep = [NOBODY] * requests
    leave = []
    if groups:
        order = dice.sample(range(requests), requests)
        while len(order) >= 2 and len(leave) < 2:
            size = dice.randint(2, min(3, len(order)))
            for who in order[:size]:
                groep[who] = len(leave)
            order = order[size:]
            leave.append(dice.random() < 0.5)
    table = [
        [dice.choice((0, 3, 10, 11, 25, -4)) if dice.random() < 0.65 else None for _ in range(slots)]
        for _ in range(requests)
    ]
    beds = [dice.choice((0, 1, 1, 2, 3)) for _ in range(slots)]
    known = [(who, slot) for who, row in enumerate(table) for slot, points in enumerate(row) if points is not None]
    held = [pair for pair in known if dice.random() < 0.1]
    opties = [pair for at, pair in enumerate(held) if sum(p[1] == pair[1] for p in held[: at + 1]) <= beds[pair[1]]]
    free = [count - sum(slot == at for _, slot in opties) for at, count in enumerate(beds)]
    unit = [dice.randrange(units) for _ in range(slots)]
    return pairs(
        table,
        urgentie=[dice.choice((0, 1, 2, 2)) for _ in range(requests)],
        wachtdagen=[dice.choice((0, 5, 5, 9, 30)) for _ in range(requests)],
        groep=groep,
        splitsbaar=leave,
        capaciteit=beds,
        voor_crisis=[dice.randint(0, count) if dice.random() < 0.2 else 0 for count in free],
        voorziening=unit,
        locatie=[dice.randrange(2) for _ in range(units)],
        ruimte=[dice.choice((1, 2, 9, 9)) for _ in range(units)],
        mix=[Mix(0, tuple(sorted(dice.sample(range(requests), 2))), dice.randint(0, 1))]
        if groups and dice.random() < 0.3
        else (),
        vorige=[dice.choice((NOBODY, dice.randrange(slots))) for _ in range(requests)],
        verboden=[pair for pair in known if dice.random() < 0.05 and pair not in opties],
        opties=np.array(opties, np.int64).reshape(-1, 2),
    )
