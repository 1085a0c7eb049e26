"""Stays that follow each other: one place, one start, night after night; problems of the format loket-plan/1.

A Boolean per request, place and start (CP-SAT). Beds are counted per place and night; where only one kind may sleep in
a place on one night, a Boolean per place, night and kind allows it. Costs are scaled to whole numbers. Nonsense is
refused when the problem is built (ValueError, what and where).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from math import isfinite, lcm

import msgspec
from msgspec import Struct, field
from ortools.sat.python import cp_model

from matcher.problem import require

FORMAT = "loket-plan/1"
ROUNDED = 10**6
"""Costs are counted in parts of this at most; what that rounds off is taken from the bound."""


class Place(Struct, frozen=True, rename="camel"):
    id: str
    beds: int
    one_kind_per_night: bool = False


class Request(Struct, frozen=True, rename="camel"):
    id: str
    beds: int
    kind: str
    earliest: int
    latest: int
    stay: int
    mandatory: bool
    cost_per_night_late: float = 0
    cost_unplaced: float = 0


class Occupied(Struct, frozen=True, rename={"start": "from"}):
    place: str
    kind: str
    start: int
    nights: int
    beds: int


class Nights(Struct, frozen=True):
    """A problem as in the file."""

    format: str
    nights: int
    places: list[Place]
    requests: list[Request]
    pairs: list[tuple[str, str, float]]
    occupied: list[Occupied] = field(default_factory=list)

    def __post_init__(self) -> None:
        require(self.format == FORMAT, "format", f"is {self.format!r}, not {FORMAT!r}")
        require(0 < self.nights <= 10_000, "nights", f"is {self.nights}")
        places, requests = [p.id for p in self.places], [r.id for r in self.requests]
        for name, ids in (("places", places), ("requests", requests)):
            require(len(set(ids)) == len(ids), name, "an id stands in it twice")
        for p in self.places:
            require(0 <= p.beds <= 10_000, f"place {p.id}", f"{p.beds} beds")
        for r in self.requests:
            where = f"request {r.id}"
            require(0 < r.beds <= 10_000, where, f"{r.beds} beds")
            require(r.stay > 0, where, f"stay of {r.stay} nights")
            require(0 <= r.earliest <= r.latest, where, f"start between night {r.earliest} and {r.latest}")
            require(isfinite(r.cost_per_night_late) and isfinite(r.cost_unplaced), where, "a cost is not a number")
        known_p, known_r = set(places), set(requests)
        for o in self.occupied:
            require(o.place in known_p, "occupied", f"place {o.place!r} does not exist")
            require(o.start >= 0 and o.nights > 0 and o.beds > 0, f"occupied {o.place}", "from, nights and beds")
        seen: set[tuple[str, str]] = set()
        for request, place, cost in self.pairs:
            require(request in known_r, "pairs", f"request {request!r} does not exist")
            require(place in known_p, "pairs", f"place {place!r} does not exist")
            require(isfinite(cost), f"pair {request} {place}", f"cost is {cost}")
            require((request, place) not in seen, f"pair {request} {place}", "is given twice")
            seen.add((request, place))


class Stay(Struct, frozen=True):
    request: str
    place: str
    start: int


class Result(Struct, frozen=True, omit_defaults=True):
    assignments: list[Stay]
    status: str
    bound: float | None
    value: float | msgspec.UnsetType = msgspec.UNSET
    unplaceable: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)


def read(data: bytes) -> Nights:
    """A problem from its file; ValueError when it is not one."""
    try:
        return msgspec.json.decode(data, type=Nights)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error


def violations(problem: Nights, stays: list[Stay]) -> list[str]:
    """What is not allowed, in words; written without a solver."""
    places, asked = {p.id: p for p in problem.places}, {r.id: r for r in problem.requests}
    allowed = {(r, p) for r, p, _ in problem.pairs}
    used: dict[tuple[str, int], int] = defaultdict(int)
    kinds: dict[tuple[str, int], set[str]] = defaultdict(set)
    for o in problem.occupied:
        for night in range(o.start, min(o.start + o.nights, problem.nights)):
            used[o.place, night] += o.beds
            kinds[o.place, night].add(o.kind)
    before = {key: (beds, len(kinds[key])) for key, beds in used.items()}
    found = []
    seen: set[str] = set()
    for stay in stays:
        r = asked.get(stay.request)
        if r is None or stay.place not in places or (stay.request, stay.place) not in allowed:
            found.append(f"{stay.request} in {stay.place}: is not an allowed pair")
            continue
        if stay.request in seen:
            found.append(f"{stay.request}: is placed twice")
        seen.add(stay.request)
        if not r.earliest <= stay.start <= r.latest or stay.start >= problem.nights:
            found.append(f"{stay.request}: starts on night {stay.start}")
        for night in range(max(0, stay.start), min(stay.start + r.stay, problem.nights)):
            used[stay.place, night] += r.beds
            kinds[stay.place, night].add(r.kind)
    for (place, night), beds in sorted(used.items()):
        had, mixed = before.get((place, night), (0, 0))
        if beds > max(places[place].beds, had):
            found.append(f"{place} on night {night}: {beds} beds of {places[place].beds}")
        if places[place].one_kind_per_night and len(kinds[place, night]) > max(1, mixed):
            found.append(f"{place} on night {night}: several kinds")
    found += [f"{r.id}: is mandatory and not placed" for r in problem.requests if r.mandatory and r.id not in seen]
    return found


def value(problem: Nights, stays: list[Stay]) -> float:
    """What the stays cost, with the requests that are left out."""
    requests = {r.id: r for r in problem.requests}
    costs = {(r, p): _exact(cost) for r, p, cost in problem.pairs}
    total = Fraction(0)
    for stay in stays:
        r = requests[stay.request]
        total += costs[stay.request, stay.place] + _exact(r.cost_per_night_late) * (stay.start - r.earliest)
    placed = {stay.request for stay in stays}
    total += sum(_exact(r.cost_unplaced) for r in problem.requests if r.id not in placed)
    return int(total) if total.denominator == 1 else float(total)


def _exact(cost: float) -> Fraction:
    return Fraction(repr(cost))


def solve(problem: Nights, *, clock: Callable[[], float], end: float, seed: int = 0, workers: int = 2) -> Result:
    """The cheapest stays, found and proven as far as `end` on `clock` allows."""
    nights, places = problem.nights, {p.id: p for p in problem.places}
    options: dict[str, list[tuple[str, Fraction]]] = defaultdict(list)
    for request, place, cost in problem.pairs:
        options[request].append((place, _exact(cost)))
    taken: dict[tuple[str, int], int] = defaultdict(int)
    there: dict[tuple[str, int], set[str]] = defaultdict(set)
    for o in problem.occupied:
        for night in range(o.start, min(o.start + o.nights, nights)):
            taken[o.place, night] += o.beds
            there[o.place, night].add(o.kind)
    model = cp_model.CpModel()
    chosen: list[tuple[Stay, cp_model.IntVar]] = []
    terms: list[tuple[cp_model.IntVar, Fraction]] = []
    constant = Fraction(0)
    load: dict[tuple[str, int], list[tuple[cp_model.IntVar, Request]]] = defaultdict(list)
    reasons: dict[str, str] = {}
    for r in problem.requests:
        own: list[cp_model.IntVar] = []
        late, out = _exact(r.cost_per_night_late), _exact(0 if r.mandatory else r.cost_unplaced)
        constant += out
        for place, fee in options[r.id]:
            p = places[place]
            for start in range(r.earliest, min(r.latest, nights - 1) + 1):
                span = range(start, min(start + r.stay, nights))
                if any(taken[place, n] + r.beds > p.beds for n in span):
                    continue
                if p.one_kind_per_night and any(there[place, n] - {r.kind} for n in span):
                    continue
                var = model.new_bool_var("")
                own.append(var)
                chosen.append((Stay(r.id, place, start), var))
                terms.append((var, fee + late * (start - r.earliest) - out))
                for n in span:
                    load[place, n].append((var, r))
        if r.mandatory:
            if not own:
                reasons[r.id] = "no allowed place has room for the whole stay within its window"
            model.add_exactly_one(own)
        else:
            model.add_at_most_one(own)
    if reasons:
        return Result([], "infeasible", None, unplaceable=list(reasons), reasons=reasons)
    for (place, night), all_ in load.items():
        beds = places[place].beds - taken[place, night]
        if sum(r.beds for _, r in all_) > beds:
            model.add(sum(r.beds * var for var, r in all_) <= beds)
        kinds = sorted({r.kind for _, r in all_})
        if places[place].one_kind_per_night and len(kinds) > 1:
            flags = {kind: model.new_bool_var("") for kind in kinds}
            model.add_at_most_one(flags.values())
            for kind, flag in flags.items():
                mine = [(var, r) for var, r in all_ if r.kind == kind]
                model.add(sum(r.beds * var for var, r in mine) <= beds * flag)
                for var, _ in mine:
                    model.add_implication(var, flag)
    scale = lcm(1, *(cost.denominator for _, cost in terms), constant.denominator)
    scale = min(scale, ROUNDED)
    weights = [round(cost * scale) for _, cost in terms]
    model.minimize(sum(weight * var for weight, (var, _) in zip(weights, terms, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed
    solver.parameters.max_time_in_seconds = max(0.01, end - clock())
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        names = [r.id for r in problem.requests if r.mandatory]
        why = "the mandatory requests cannot all be placed together"
        return Result([], "infeasible", None, unplaceable=names, reasons=dict.fromkeys(names, why))
    off = 0.0 if all(cost * scale == w for w, (_, cost) in zip(weights, terms, strict=True)) else len(terms) / scale
    bound = solver.best_objective_bound / scale + float(constant) - off
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return Result([], "timeout", bound if isfinite(bound) else None)
    stays = [stay for stay, var in chosen if solver.boolean_value(var)]
    worth = value(problem, stays)
    done = status == cp_model.OPTIMAL
    return Result(stays, "optimal" if done else "feasible", worth if done and not off else min(bound, worth), worth)
