"""The joint plan at region, province and country size, beside scipy, CP-SAT and by hand: the first bed, the best pair.

Seconds are wall clock for the single-period model; every plan is checked against its specification. The problems are
those of the demo; `_large` at the end of a name: of large.py, which needs no demo and makes as many as one likes.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter

import numpy as np
from msgspec import structs
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from matcher.check import Tier, value, violations
from matcher.layers.flow import Flow, flow, ranks
from matcher.layers.network import Network, network
from matcher.pairs import NOBODY, Ints, Pairs
from matcher.plan import Plan, plan
from service.demo.generate import Size
from service.demo.scarcity import Scarcity
from tests.bench import best_known, cpsat, demo, large
from tests.bench.entry import Entry, measured

CHILDREN = {Size.REGION: 60, Size.PROVINCE: 600, Size.COUNTRY: 6000}
RUIM_S, KRAP_S, PROVINCE_S = 30.0, 25.0, 60.0
CPSAT_S = 15.0
ENOUGH = 0.0005
"""At country size a tier is left at this gap."""
TEN_TIMES_S, TEN_TIMES_END_S = 60.0, 150.0


def run() -> list[Entry]:
    return [*_sizes(_demo, ""), *_sizes(_large, "_large"), *_ten_times()]


def _demo(size: Size, scarcity: Scarcity) -> Pairs:
    return demo.joint(size, scarcity).pairs


def _large(size: Size, scarcity: Scarcity) -> Pairs:
    return large.pairs(CHILDREN[size], krap=scarcity is Scarcity.KRAP, groups=True)


def _sizes(made: Callable[[Size, Scarcity], Pairs], of: str) -> list[Entry]:
    entries = [entry for size in (Size.REGION, Size.PROVINCE) for entry in _proven(made, size, of)]
    problem = made(Size.COUNTRY, Scarcity.RUIM)
    entries += _flow("ruim", problem, of)
    gc.collect()
    ruim = _plan(problem, RUIM_S, ENOUGH)
    entries += measured(f"plan_country_ruim_s{of}", ruim.seconds, "s", {})
    entries += measured(f"plan_country_ruim_gap{of}", ruim.gap, "share", {})
    problem = made(Size.COUNTRY, Scarcity.KRAP)
    entries += _flow("krap", problem, of)
    gc.collect()
    krap = _plan(problem, KRAP_S, ENOUGH)
    return [*entries, *_against_best(problem, krap, of), *([] if of else _peers(problem, krap))]


def _proven(made: Callable[[Size, Scarcity], Pairs], size: Size, of: str) -> list[Entry]:
    """To the proven optimum; the slower of ruim and krap counts."""
    took, other = {}, {}
    for scarcity in (Scarcity.RUIM, Scarcity.KRAP):
        problem = made(size, scarcity)
        found = _plan(problem, PROVINCE_S)
        took[scarcity] = found.seconds
        assert found.proven
        if not of:
            seconds, worth, proven = cpsat.solve(problem, CPSAT_S)
            other[scarcity] = seconds
            best = {level.tier: level.best for level in found.levels}
            assert not proven or all(worth[tier] == best[tier] for tier in cpsat.ORDER)
    slow = max(took, key=lambda scarcity: took[scarcity])
    against = f"CP-SAT, at most {CPSAT_S:.0f} s"
    return [
        *measured(f"plan_{size}_s{of}", took[slow], "s", {against: other[slow]} if other else {}),
        *(
            entry
            for one in took
            for entry in measured(f"plan_{size}_{one}_s{of}", took[one], "s", {against: other[one]} if other else {})
        ),
    ]


def _against_best(problem: Pairs, found: Plan, of: str) -> list[Entry]:
    """How much less than the best known the first tier is in which it is less, and how far from what is proven."""
    best = best_known.known("large" if of else "demo")
    assert best.instance == best_known.digest(problem)
    other = next((one for one in found.levels if one.value != best.value[one.tier]), None)
    missing = 0.0
    if other is not None and other.value < best.value[other.tier]:
        missing = (best.value[other.tier] - other.value) / max(1, abs(best.value[other.tier]))
    score = found.levels[-2].value
    return [
        *measured(f"plan_country_krap_25s_gap{of}", missing, "share of best known", {}),
        *measured(f"plan_country_krap_25s_proven_gap{of}", found.gap, "share", {}),
        *measured(f"plan_country_krap_s{of}", found.seconds, "s", {}),
        *measured(f"plan_country_krap_25s_score{of}", score, "points", {"best known": best.value[Tier.SCORE]}),
    ]


def _ten_times() -> list[Entry]:
    """In a process of its own, of which the most memory is measured."""
    command = [sys.executable, "-m", "tests.bench.ten_times", str(TEN_TIMES_S)]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=TEN_TIMES_END_S)
    except subprocess.TimeoutExpired:  # a figure too, and no reason to lose the others
        return measured("plan_ten_times_s", TEN_TIMES_END_S, "s, and not done", {})
    seconds, megabytes, gap = map(float, done.stdout.split())
    return [
        *measured("plan_ten_times_s", seconds, "s", {}),
        *measured("plan_ten_times_mb", megabytes, "MB", {"limit": 4096.0}),
        *measured("plan_ten_times_gap", gap, "share", {}),
    ]


def _flow(name: str, problem: Pairs, of: str) -> list[Entry]:
    """Without groups: proven optimal over all feasible pairs, beside scipy with the same worths."""
    alone = structs.replace(problem, groep=np.full(problem.requests, NOBODY), splitsbaar=np.zeros(0, np.bool_))
    begin = perf_counter()
    net = network(alone)
    found = flow(net, ranks(alone), net.value)
    took = perf_counter() - begin
    assert found.bound == found.total
    begin = perf_counter()
    assert _matching(net, found) == found.total
    return measured(
        f"plan_country_flow_{name}_s{of}", took, "s", {"scipy, worths given, no prices": perf_counter() - begin}
    )


def _matching(net: Network, of: Flow) -> int:
    """The most that a plan is worth, by scipy: a column per bed, and one per child for not being placed."""
    assert (net.parent < 0).all()
    requests = len(net.first) - 1
    beds = np.minimum(net.room, np.bincount(net.leaf, minlength=len(net.room)))
    count = beds[net.leaf]
    pair = np.repeat(np.arange(len(count)), count)
    bed = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count) + (np.cumsum(beds) - beds)[net.leaf[pair]]
    worth = net.value + of.rank[net.request] * of.weight
    top, all_ = int(worth.max()) + 1, np.arange(requests)
    cost = np.concatenate((top - worth[pair], np.full(requests, top))).astype(np.float64)
    where = (np.concatenate((net.request[pair], all_)), np.concatenate((bed, int(beds.sum()) + all_)))
    matrix = csr_array((cost, where), shape=(requests, int(beds.sum()) + requests))
    row, column = min_weight_full_bipartite_matching(matrix)
    return requests * top - int(matrix[row, column].astype(np.int64).sum())


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
