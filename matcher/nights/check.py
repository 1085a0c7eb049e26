"""What is allowed and what it costs: the specification, written without a solver and without arrays."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from matcher.nights.problem import Nights, Stay


def violations(problem: Nights, stays: list[Stay]) -> list[str]:
    """What is not allowed, in words."""
    places, asked = {p.id: p for p in problem.places}, {r.id: r for r in problem.requests}
    allowed = {(r, p) for r, p, _ in problem.pairs}
    used: dict[tuple[str, int], int] = defaultdict(int)
    kinds: dict[tuple[str, int], set[str]] = defaultdict(set)
    for o in problem.occupied:
        for night in range(o.start, min(o.start + o.nights, problem.nights)):
            used[o.place, night] += o.beds
            kinds[o.place, night].add(o.kind)
    found = []
    seen: set[str] = set()
    touched: set[tuple[str, int]] = set()  # what is wrong before anybody comes is no fault of the stays
    for stay in stays:
        r = asked.get(stay.request)
        if r is None or (stay.request, stay.place) not in allowed:
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
            touched.add((stay.place, night))
    for place, night in sorted(touched):
        if used[place, night] > places[place].beds:
            found.append(f"{place} on night {night}: {used[place, night]} beds of {places[place].beds}")
        if places[place].one_kind_per_night and len(kinds[place, night]) > 1:
            found.append(f"{place} on night {night}: several kinds")
    found += [f"{r.id}: is mandatory and not placed" for r in problem.requests if r.mandatory and r.id not in seen]
    return found


def worth(problem: Nights, stays: list[Stay]) -> Fraction:
    """What the stays cost, with the requests that are left out; exact in the decimals of the file."""
    requests = {r.id: r for r in problem.requests}
    wanted = {(stay.request, stay.place) for stay in stays}
    costs = {(r, p): cost for r, p, cost in problem.pairs if (r, p) in wanted}
    total = Fraction(0)
    for stay in stays:
        r = requests[stay.request]
        total += exact(costs[stay.request, stay.place]) + exact(r.cost_per_night_late) * (stay.start - r.earliest)
    placed = {stay.request for stay in stays}
    return total + sum(exact(r.cost_unplaced) for r in problem.requests if r.id not in placed)


def value(problem: Nights, stays: list[Stay]) -> float:
    """The same as the number that is nearest."""
    return number(worth(problem, stays))


def exact(cost: float) -> Fraction:
    return Fraction(repr(cost))


def number(cost: Fraction) -> float:
    return int(cost) if cost.denominator == 1 else float(cost)
