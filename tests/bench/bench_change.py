"""The price of pairs and a change of the plan at country size, beside a full solve by the flow.

No groups; 50 seeded pairs of different children, and 200 seeded changes of all kinds: requests come, go and change,
beds come and go, new plekken. A price stands without making its prices (`prices_country_…_ms`, once per plan).
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from random import Random
from statistics import median
from time import perf_counter

import numpy as np

from matcher.follow import Child, Follower
from matcher.layers.flow import flow, ranks
from matcher.layers.network import network
from matcher.pairs import NOBODY, Ints, Pairs
from matcher.price import Prices
from tests.bench.entry import Entry, measured
from tests.bench.large import pairs

COUNTRY = 6000
PAIRS, CHANGES, REPEAT = 50, 200, 3


def run() -> list[Entry]:
    entries: list[Entry] = []
    for krap in (True, False):
        name = "" if krap else "_ruim"
        problem = pairs(COUNTRY, krap=krap, groups=False)
        begin = perf_counter()
        net = network(problem)
        found = flow(net, ranks(problem), net.value)
        full = (perf_counter() - begin) * 1000
        slots = np.where(found.choice >= 0, net.slot[found.choice], NOBODY)
        entries += _price(name, problem, slots, full)
        gc.collect()
        entries += _change(name, problem, slots, full)
    return entries


def _price(name: str, problem: Pairs, slots: Ints, full: float) -> list[Entry]:
    begin = perf_counter()
    prices = Prices(problem, slots)
    made = (perf_counter() - begin) * 1000
    dice = Random(1)
    some = [dice.randrange(len(problem.request)) for _ in range(PAIRS)]
    chosen = [(int(problem.request[at]), int(problem.slot[at])) for at in some]
    took = []
    for _ in range(REPEAT):
        begin = perf_counter()
        for who, slot in chosen:
            prices.pair(who, slot)
        took.append((perf_counter() - begin) * 1000)
    begin = perf_counter()
    prices.bounds()
    bounds = (perf_counter() - begin) * 1000
    return [
        *measured(f"price50_country{name}_ms", min(took), "ms", {"50 full flows": full * PAIRS}),
        *measured(f"prices_country{name}_ms", made, "ms", {}),
        *measured(f"price_bounds_country{name}_ms", bounds, "ms", {}),
    ]


def _change(name: str, problem: Pairs, slots: Ints, full: float) -> list[Entry]:
    begin = perf_counter()
    follower = Follower(problem, slots)
    made = (perf_counter() - begin) * 1000
    dice = Random(2)
    took = []
    for number in range(CHANGES):
        ready = _seeded(dice, problem, follower, number)
        begin = perf_counter()
        ready()
        took.append((perf_counter() - begin) * 1000)
    # it is still the plan of a full solve
    now = follower.problem()
    net = network(now)
    best = flow(net, ranks(now), net.value)
    placed = best.choice[best.choice >= 0]
    assert follower.standing().worth[-1] == int(net.value[placed].sum())
    assert np.count_nonzero(follower.slots >= 0) == len(placed)
    return [
        *measured(f"change_country{name}_ms", median(took), "ms", {"full flow": full}),
        *measured(f"change_country{name}_worst_ms", max(took), "ms", {"full flow": full}),
        *measured(f"follower_country{name}_ms", made, "ms", {}),
    ]


def _seeded(dice: Random, problem: Pairs, follower: Follower, number: int) -> Callable[[], object]:
    """One change of each kind in turn."""
    who = dice.randrange(problem.requests)
    at = np.arange(problem.first[who], problem.first[who + 1])
    at = at[np.array([dice.random() < 0.9 for _ in at], np.bool_)]
    child = Child(dice.randrange(3), dice.randrange(400), problem.slot[at], problem.value[at])
    slot = int(problem.slot[dice.randrange(len(problem.slot))])
    match number % 6:
        case 0:
            return lambda: follower.come([child])
        case 1:
            return lambda: follower.go(number)  # each once, and none that changes
        case 2:
            return lambda: follower.change(CHANGES + who % (problem.requests - CHANGES), child)
        case 3:
            return lambda: follower.beds(slot, int(problem.capaciteit[slot]) + 1)
        case 4:
            return lambda: follower.beds(slot, 0)
        case _:
            there = np.flatnonzero(problem.slot == slot)
            there = there[problem.request[there] >= CHANGES]
            return lambda: follower.plek(2, problem.request[there], problem.value[there])
