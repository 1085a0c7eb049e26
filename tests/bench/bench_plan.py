"""The joint plan at region, province and country size, beside the first free bed, the best pair first and CP-SAT.

Seconds are wall clock for the single-period model; every plan is checked against its specification. Problems are
seeded (tests/bench/large.py). Nothing of scipy: it is no dependency, not of the tests either.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter

import numpy as np

from matcher.check import Tier, value, violations
from matcher.layers.flow import flow, ranks
from matcher.layers.network import network
from matcher.pairs import NOBODY, Ints, Pairs
from matcher.plan import Plan, plan
from tests.bench import best_known, cpsat
from tests.bench.entry import Entry, measured
from tests.bench.large import pairs

REGION, PROVINCE, COUNTRY = 60, 600, 6000
RUIM_S, KRAP_S, PROVINCE_S = 30.0, 25.0, 60.0
CPSAT_S = 60.0
ENOUGH = 0.0005
"""At country size a tier is left at this gap."""
TEN_TIMES_S = 120.0


def run() -> list[Entry]:
    entries: list[Entry] = []
    for krap in (False, True):
        entries += _flow("krap" if krap else "ruim", pairs(COUNTRY, krap=krap, groups=False))
    for size, children in (("region", REGION), ("province", PROVINCE)):
        entries += _proven(size, children)
    gc.collect()
    ruim = _plan(pairs(COUNTRY, krap=False, groups=True), RUIM_S, ENOUGH)
    entries += measured("plan_country_ruim_s", ruim.seconds, "s", {})
    entries += measured("plan_country_ruim_gap", ruim.gap, "share", {})
    problem = pairs(COUNTRY, krap=True, groups=True)
    krap_ = _plan(problem, KRAP_S, ENOUGH)
    entries += _against_best(problem, krap_)
    entries += _peers(problem, krap_)
    return [*entries, *_ten_times()]


def _proven(size: str, children: int) -> list[Entry]:
    """To the proven optimum; the slower of ruim and krap counts."""
    took, other = {}, {}
    for name, krap in (("ruim", False), ("krap", True)):
        problem = pairs(children, krap=krap, groups=True)
        found = _plan(problem, PROVINCE_S)
        took[name] = found.seconds
        assert found.proven
        seconds, worth, proven = cpsat.solve(problem, CPSAT_S)
        other[name] = seconds
        best = {level.tier: level.best for level in found.levels}
        assert not proven or all(worth[tier] == best[tier] for tier in cpsat.ORDER)
    slow = max(took, key=lambda name: took[name])
    return [
        *measured(f"plan_{size}_s", took[slow], "s", {f"CP-SAT, at most {CPSAT_S:.0f} s": other[slow]}),
        *(
            entry
            for name in took
            for entry in measured(f"plan_{size}_{name}_s", took[name], "s", {"CP-SAT": other[name]})
        ),
    ]


def _against_best(problem: Pairs, found: Plan) -> list[Entry]:
    """How much less than the best known the first tier is in which it is less, and how far from what is proven."""
    best = best_known.known()
    assert best.instance == best_known.digest(problem)
    less = next((one for one in found.levels if one.value != best.value[one.tier]), None)
    missing = 0.0 if less is None else (best.value[less.tier] - less.value) / max(1, abs(best.value[less.tier]))
    return [
        *measured("plan_country_krap_25s_gap", missing, "share of best known", {}),
        *measured("plan_country_krap_25s_proven_gap", found.gap, "share", {}),
        *measured(
            "plan_country_krap_25s_score", found.levels[-2].value, "points", {"best known": best.value[Tier.SCORE]}
        ),
    ]


def _ten_times() -> list[Entry]:
    """In a process of its own, of which the most memory is measured."""
    command = [sys.executable, "-m", "tests.bench.ten_times", str(TEN_TIMES_S)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, megabytes, gap = map(float, done.stdout.split())
    return [
        *measured("plan_ten_times_s", seconds, "s", {}),
        *measured("plan_ten_times_mb", megabytes, "MB", {"limit": 4096.0}),
        *measured("plan_ten_times_gap", gap, "share", {}),
    ]


def _flow(name: str, problem: Pairs) -> list[Entry]:
    """Without groups: proven optimal over all feasible pairs."""
    begin = perf_counter()
    net = network(problem)
    found = flow(net, ranks(problem), net.value)
    took = perf_counter() - begin
    assert found.bound == found.total
    return measured(f"plan_country_flow_{name}_s", took, "s", {})


def _plan(problem: Pairs, seconds: float, enough: float = 0.0) -> Plan:
    found = plan(problem, clock=perf_counter, seconds=seconds, enough=enough)
    assert violations(problem, found.slots.tolist()) == []
    return found


def _peers(problem: Pairs, found: Plan) -> list[Entry]:
    """The same problem by hand: who comes first takes the first free bed, or the best."""
    own = found.slots
    first = _one_by_one(problem, lambda at: problem.slot[at])
    best = _one_by_one(problem, lambda at: -problem.value[at])
    for slots in (first, best):
        assert violations(problem, slots.tolist()) == []
    away, whole = {}, {}
    for name, slots in (("joint", own), ("first free bed", first), ("best pair, by urgentie", best)):
        away[name] = float(np.count_nonzero(slots == NOBODY))
        worth = value(problem, slots.tolist())
        placed = np.unique(problem.groep[(problem.groep >= 0) & (slots != NOBODY)])
        whole[name] = float(len(placed) + worth[Tier.GESPLITST])
    joint_away, joint_whole = away.pop("joint"), whole.pop("joint")
    return [
        *measured("unplaced_country_krap", joint_away, "children", away),
        *measured("groups_whole_country_krap", joint_whole, "groups", whole),
        *measured("unplaced_vs_first_free", joint_away / away["first free bed"], "ratio", {}),
        *measured("groups_whole_vs_first_free", joint_whole / whole["first free bed"], "ratio", {}),
    ]


def _one_by_one(problem: Pairs, key: Callable[[Ints], Ints]) -> Ints:
    """By urgentie and waiting; a group takes a locatie with a bed for each, with leave else what there is."""
    room, plan_ = problem.capaciteit.copy(), np.full(problem.requests, NOBODY)
    done = np.zeros(len(problem.splitsbaar), np.bool_)
    for who in np.lexsort((-problem.wachtdagen, problem.urgentie)).tolist():
        group = int(problem.groep[who])
        if group >= 0 and done[group]:
            continue
        members = [who] if group < 0 else np.flatnonzero(problem.groep == group).tolist()
        options = [_options(problem, one, room, key) for one in members]
        laid = None
        if group < 0:
            laid = options[0][:1] or None
        else:
            done[group] = True
            laid = _together(problem, options, room)
            if laid is None and problem.splitsbaar[group]:
                laid = []
                for own in options:
                    free = next((at for at in own if room[problem.slot[at]] > laid_in(problem, laid, at)), None)
                    laid += [] if free is None else [free]
        for at in laid or []:
            plan_[problem.request[at]] = problem.slot[at]
            room[problem.slot[at]] -= 1
    return plan_


def laid_in(problem: Pairs, laid: list[int], at: int) -> int:
    """How many of these pairs are in the slot of `at`."""
    return sum(problem.slot[one] == problem.slot[at] for one in laid)


def _options(problem: Pairs, who: int, room: Ints, key: Callable[[Ints], Ints]) -> list[int]:
    at = np.arange(problem.first[who], problem.first[who + 1])
    at = at[room[problem.slot[at]] > 0]
    options: list[int] = at[np.argsort(key(at), kind="stable")].tolist()
    return options


def _together(problem: Pairs, options: list[list[int]], room: Ints) -> list[int] | None:
    """The first locatie of the first member where all can be, each in the first bed that is left."""
    places = [problem.locatie[problem.voorziening[problem.slot[own]]] if own else np.zeros(0) for own in options]
    for place in dict.fromkeys(places[0].tolist()):
        laid: list[int] = []
        for own, where in zip(options, places, strict=True):
            here = [at for at, spot in zip(own, where.tolist(), strict=True) if spot == place]
            free = next((at for at in here if room[problem.slot[at]] > laid_in(problem, laid, at)), None)
            if free is None:
                break
            laid.append(free)
        else:
            return laid
    return None
