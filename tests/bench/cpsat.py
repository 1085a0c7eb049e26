"""The joint plan as anybody would write it down for CP-SAT: a Boolean per pair, tiers fixed one after another."""

from __future__ import annotations

from collections import defaultdict
from time import perf_counter

from ortools.sat.python import cp_model

from matcher.check import Tier
from matcher.pairs import CRISIS, REGULIER, SPOED, Pairs

ORDER = (Tier.CRISIS, Tier.SPOED, Tier.REGULIER, Tier.WACHTDAGEN, Tier.GESPLITST, Tier.LOCATIE, Tier.SCORE)
OF_URGENTIE = {Tier.CRISIS: CRISIS, Tier.SPOED: SPOED, Tier.REGULIER: REGULIER}


def solve(problem: Pairs, seconds: float) -> tuple[float, dict[Tier, int], bool]:
    """Seconds, the worth of what was found, and whether all tiers are proven. Without fixed pairs, opties and mixes."""
    begin = perf_counter()
    model = cp_model.CpModel()
    x = [model.new_bool_var("") for _ in problem.request]
    request, slot = problem.request.tolist(), problem.slot.tolist()
    unit = problem.voorziening[problem.slot].tolist()
    place = problem.locatie[problem.voorziening[problem.slot]].tolist()
    of_request, of_slot = defaultdict(list), defaultdict(list)
    at_place, at_unit = defaultdict(list), defaultdict(list)
    for pair, who in enumerate(request):
        of_request[who].append(x[pair])
        of_slot[slot[pair]].append(x[pair])
        if problem.groep[who] >= 0:
            at_place[who, place[pair]].append(x[pair])
            at_unit[who, unit[pair]].append(x[pair])
    for own in of_request.values():
        model.add_at_most_one(own)
    for where, own in of_slot.items():
        model.add(sum(own) <= int(problem.capaciteit[where]))
    split, over = [], []
    for group, leave in enumerate(problem.splitsbaar.tolist()):
        members = [who for who in range(problem.requests) if problem.groep[who] == group]
        places = {where for who, where in at_place if who in members}
        apart = model.new_bool_var("")
        if not leave:
            model.add(apart == 0)
        split.append(apart)
        ways = []
        for where in sorted(places):
            whole = model.new_bool_var("")
            ways.append(whole)
            for who in members:
                here = sum(at_place[who, where])
                model.add(here >= whole)
                model.add(here <= whole + apart)
            together = []
            for one in sorted({u for who, u in at_unit if who in members and problem.locatie[u] == where}):
                alone = model.new_bool_var("")
                together.append(alone)
                for who in members:
                    model.add(sum(at_unit[who, one]) >= alone)
            several = model.new_bool_var("")
            model.add(several >= whole - sum(together))
            over.append(several)
        model.add(sum(ways) + apart <= 1)
    worth = {
        Tier.WACHTDAGEN: sum(int(problem.wachtdagen[who]) * var for who, var in zip(request, x, strict=True)),
        Tier.GESPLITST: -sum(split),
        Tier.LOCATIE: -sum(over),
        Tier.SCORE: sum(int(points) * var for points, var in zip(problem.value, x, strict=True)),
    }
    for tier, urgentie in OF_URGENTIE.items():
        worth[tier] = sum(var for who, var in zip(request, x, strict=True) if problem.urgentie[who] == urgentie)
    found: dict[Tier, int] = {}
    for tier in ORDER:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 2
        solver.parameters.max_time_in_seconds = max(0.1, seconds - (perf_counter() - begin))
        model.maximize(worth[tier])
        status = solver.solve(model)
        if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            return perf_counter() - begin, found, False
        found[tier] = round(solver.objective_value)
        if status != cp_model.OPTIMAL:
            return perf_counter() - begin, found, False
        model.add(worth[tier] >= found[tier])
        model.clear_hints()  # type: ignore[no-untyped-call]
        for var in x:
            model.add_hint(var, solver.value(var))
    return perf_counter() - begin, found, True
