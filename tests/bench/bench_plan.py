"""The joint plan at region, province and country size, beside the first free bed and the best pair first.

Seconds are wall clock for the single-period model; every plan is checked against its specification. Country
problems are seeded (tests/bench/large.py); their hash stands beside them.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from hashlib import blake2b
from time import perf_counter

import numpy as np

from matcher.check import Tier, value, violations
from matcher.layers.flow import flow, ranks
from matcher.layers.network import network
from matcher.pairs import NOBODY, Ints, Pairs
from matcher.plan import Plan, plan
from tests.bench.entry import Entry, measured
from tests.bench.large import pairs

REGION, PROVINCE, COUNTRY = 60, 600, 6000
RUIM_S, KRAP_S, PROVINCE_S = 30.0, 25.0, 60.0
ENOUGH = 0.0005
"""At country size a tier is left at this gap."""


def run() -> list[Entry]:
    entries: list[Entry] = []
    for krap in (False, True):
        name = "krap" if krap else "ruim"
        entries += _flow(name, pairs(COUNTRY, krap=krap, groups=False))
        for size, children, seconds in (("region", REGION, 10.0), ("province", PROVINCE, PROVINCE_S)):
            found = _plan(pairs(children, krap=krap, groups=True), seconds)
            own = f"plan_{size}{'_krap' if krap else ''}"
            entries += measured(f"{own}_s", found.seconds, "s", {})
            entries += measured(f"{own}_gap", found.gap, "share", {})
        gc.collect()
        problem = pairs(COUNTRY, krap=krap, groups=True)
        found = _plan(problem, KRAP_S if krap else RUIM_S, ENOUGH)
        entries += measured(f"plan_country_{name}_s", found.seconds, "s", {})
        entries += measured(f"plan_country_{name}{'_25s' if krap else ''}_gap", found.gap, "share", {})
        entries += measured(f"plan_country_{name}_hash_{_hash(problem)}", len(problem.request), "pairs", {})
        if krap:
            entries += _peers(problem, found)
    return entries


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
    return at[np.argsort(key(at), kind="stable")].tolist()


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


def _hash(problem: Pairs) -> str:
    digest = blake2b(digest_size=4)
    for column in (problem.request, problem.slot, problem.value, problem.capaciteit, problem.groep, problem.wachtdagen):
        digest.update(column.tobytes())
    return digest.hexdigest()
