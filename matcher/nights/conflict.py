"""Mandatory requests that cannot be placed: which, few of them, and why."""

from __future__ import annotations

import numpy as np

from matcher.layers.linear import Solver, solve
from matcher.nights.best import Best
from matcher.nights.cells import base, cells
from matcher.nights.greedy import greedy
from matcher.nights.model import build
from matcher.nights.options import Options, part
from matcher.pairs import NOBODY, Bools, Ints

CHECK_S = 3.0
"""A smaller set is left for what it is when it takes longer to see whether it fits."""
SHOWN = 5


def hopeless(of: Options) -> dict[str, str]:
    """Those that have nowhere to go even when they are alone, and why."""
    found = {}
    for n in np.flatnonzero(of.must & (of.first[1:] == of.first[:-1])).tolist():
        r = of.problem.requests[n]
        allowed = {place for request, place, _ in of.problem.pairs if request == r.id}
        rooms = [p for p in of.problem.places if p.id in allowed]
        if not allowed:
            found[r.id] = "no place is allowed: no pair names it"
        elif r.earliest >= of.problem.nights:
            found[r.id] = f"its first night {r.earliest} is after the last night {of.problem.nights - 1}"
        elif max(p.beds for p in rooms) < r.beds:
            found[r.id] = f"it needs {r.beds} beds in one place and no allowed place has as many"
        else:
            found[r.id] = (
                f"in each of its {len(rooms)} allowed places others are there, or another kind, on some night of any "
                f"stay that starts on night {r.earliest} to {min(r.latest, of.problem.nights - 1)}"
            )
    return found


def first(best: Best, seed: int) -> None:
    """A first solution when mandatory requests do not fit one by one: those first, others after; or infeasible."""
    of = best.of
    answer, chosen = _missing(best, of.must, seed, best.left())
    if answer is None or answer > 0:
        return
    if answer < 0:
        best.infeasible = True
        return
    sub, requests, at = part(of, chosen, ~of.must, np.ones(len(of.cost), np.bool_))
    rest = greedy(sub, sub.cost.astype(np.float64), -sub.out.astype(np.float64))
    whole = chosen.copy()
    whole[requests] = np.append(at, NOBODY)[rest]
    best.offer(whole)


def _missing(best: Best, who: Bools, seed: int, seconds: float) -> tuple[int | None, Ints]:
    """Whether these can all be placed: 0 yes, −1 no, None not known; and where."""
    of = best.of
    nobody = np.full(len(of.out), NOBODY)
    sub, requests, at = part(of, nobody, who, np.ones(len(of.cost), np.bool_))
    on = cells(sub)
    built = build(sub, on, base(sub, on), np.arange(len(at)), np.zeros(len(requests), np.bool_), whole=True, free=True)
    answer = solve(
        built.model, Solver.CP_SAT, seconds=seconds, seed=seed, effort=best.effort, interrupter=best.interrupter()
    )
    if answer.x is None:
        return (-1 if answer.infeasible else None), nobody
    found = built.chosen(sub, answer.x)
    nobody[requests] = np.append(at, NOBODY)[found]  # NOBODY stays what it is
    return 0, nobody


def conflict(best: Best, seed: int) -> dict[str, str]:
    """A set of mandatory requests that cannot all be placed; without any one of them the others can, time allowing."""
    of = best.of
    best.infeasible, best.stopped = False, False
    names = [r.id for r in of.problem.requests]
    keep = np.flatnonzero(of.must)
    sure = False
    # halves, quarters, …, one by one: what can be left out is
    size = max(1, len(keep) // 2)
    while best.left() > 0:
        at, less = 0, False
        while at < len(keep) and best.left() > 0:
            rest = np.delete(keep, np.s_[at : at + size])
            who = np.zeros(len(of.out), np.bool_)
            who[rest] = True
            said, _ = _missing(best, who, seed, best.wall(CHECK_S))
            if said == -1:
                keep, less = rest, True
            else:
                at += size
        if size == 1 and not less:
            sure = best.left() > 0
            break
        size = max(1, min(size, len(keep)) // 2)
    places = [p.id for p in of.problem.places]
    reasons = {}
    for n in keep.tolist():
        own = np.unique(of.place[of.first[n] : of.first[n + 1]])
        others = [names[m] for m in keep.tolist() if m != n]
        shown = ", ".join(others[:SHOWN]) + (f" and {len(others) - SHOWN} more" if len(others) > SHOWN else "")
        where = ", ".join(places[p] for p in own[:SHOWN].tolist()) + (" and others" if len(own) > SHOWN else "")
        text = f"wants beds in {where} on nights that {shown} want them too; they do not all fit"
        reasons[names[n]] = text if sure else f"{text} (fewer may be enough: time was up)"
    return reasons
