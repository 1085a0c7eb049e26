"""Better solutions: part of the requests is freed, the rest stays as it is, a small model says what is best."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from matcher.layers.linear import Floats, Solver, solve
from matcher.nights.best import Best
from matcher.nights.bound import Priced
from matcher.nights.cells import base, cells
from matcher.nights.greedy import Free, greedy
from matcher.nights.model import build
from matcher.nights.options import Options, part
from matcher.pairs import NOBODY, Bools, Ints

STEP_S = 2.0
"""A step ends after this; one that does makes the next ones smaller."""
QUICK_S = 0.4
MOSTLY = 0.8
"""Of the steps look at options that lose little."""
SOME, FIT = 150, 6
"""With more requests than this a dive looks, besides what the relaxation took, at so many options that lose least."""
LARGE = 350
"""Requests that a relaxation takes in parts: more than can be decided at once."""


def neighbours(of: Options, chosen: Ints, size: int, dice: Generator, share: Floats | None) -> Bools:
    """(R,) about `size` requests that could change places with each other; `share` (O,): what a relaxation took."""
    requests = len(chosen)
    free = np.zeros(requests, np.bool_)
    placed = np.flatnonzero(chosen != NOBODY)
    own = chosen[placed]
    left = np.flatnonzero(chosen == NOBODY)
    how = int(dice.integers(0, 3 if share is None else 4))
    if how == 0:  # all that are in some places
        for place in dice.permutation(len(of.single)).tolist():
            inside = placed[of.place[own] == place]
            if free.sum() + len(inside) > size and free.any():
                break
            free[inside] = True
    elif how == 1:  # all that are somewhere in a few nights, or could be
        start = np.array([r.earliest for r in of.problem.requests])
        start[placed] = of.start[own]
        night = dice.integers(0, of.problem.nights)
        free[np.argsort(np.abs(start - night) + dice.random(requests))[:size]] = True
    elif how == 3 and share is not None:  # where the relaxation is of another mind
        agrees = np.zeros(requests)
        agrees[placed] = share[own]
        free[np.argsort(agrees + dice.random(requests))[:size]] = True
    else:  # one, and those that are where it could be
        one = int(dice.choice(left if len(left) and dice.random() < 0.7 else requests))
        at = dice.permutation(np.arange(of.first[one], of.first[one + 1]))[:size]
        cell = np.zeros((of.room.shape[0], of.room.shape[1] + 1))
        for option in at.tolist():
            cell[of.place[option], of.start[option] + 1 : of.end[option] + 1] += 1
        sums = np.cumsum(cell, axis=1)
        weight = dice.random(requests)
        weight[placed] += sums[of.place[own], of.end[own]] - sums[of.place[own], of.start[own]]
        free[np.argsort(-weight)[:size]] = True
        free[one] = True
    free[dice.permutation(left)[: max(2, size // 4)]] = True
    return free


def improve(best: Best, chosen: Ints, keep: Bools, free: Bools, *, seconds: float, seed: int, hint: bool = True) -> str:
    """The best with all that are not `free` as in `chosen`, with options of `keep`: what the solver said."""
    of = best.of
    mine = keep.copy()
    mine[chosen[chosen != NOBODY]] = True
    sub, requests, at = part(of, chosen, free, mine)
    on = cells(sub)
    built = build(sub, on, base(sub, on), np.arange(len(at)), np.ones(len(requests), np.bool_), whole=True)
    begin = None
    if hint:
        number = np.full(len(of.cost), NOBODY)
        number[at] = np.arange(len(at))
        inside = chosen[requests]
        begin = built.start(sub, np.append(number, NOBODY)[inside])
    answer = solve(
        built.model, Solver.CP_SAT, seconds=best.wall(seconds), hint=begin, integral=True, seed=seed,
        effort=best.effort and seconds, interrupter=best.interrupter(),
    )  # fmt: skip
    if answer.x is not None:
        found = built.chosen(sub, answer.x)
        whole = chosen.copy()
        whole[requests] = np.append(at, NOBODY)[found]  # NOBODY stays what it is
        if best.offer(whole):
            return "better"
    return "done" if answer.optimal else "time"


def walk(best: Best, seed: int, *, seconds: float = np.inf, steps: int | None = None) -> None:
    """Step after step while there is time; sizes follow what the steps take."""
    dice = np.random.default_rng(seed)
    size, number = best.size, 0
    end = best.clock() + seconds
    while not best.done and best.chosen is not None and number != steps and best.clock() < end:
        number += 1
        chosen = best.chosen
        free = neighbours(best.of, chosen, int(size), dice, best.share)
        before = best.clock()
        keep = best.keep & best.near if dice.random() < MOSTLY else best.keep
        said = improve(best, chosen, keep, free, seconds=min(STEP_S, best.effort or STEP_S), seed=seed + number)
        took = best.clock() - before
        if said == "time":
            size = max(8.0, size * 0.85)
        elif best.effort or took < QUICK_S:
            size = min(size * 1.06 + 1, float(len(chosen)))
        best.size = size


def rounded(best: Best, share: Floats, now: Priced) -> Ints:
    """A solution along a relaxation: what it takes most of first, then what loses least."""
    of = best.of
    most = np.zeros(len(of.out))
    np.maximum.at(most, of.request, share)
    unit = max(1.0, float(now.loss.max(initial=1)))
    return greedy(of, now.loss / unit - 2 * (share > 0.01) * share, -most)


def dive(best: Best, share: Floats, *, seconds: float, seed: int) -> None:
    """What a relaxation takes whole stays (of large problems also what it takes most of), the rest at once."""
    of = best.of
    whole = np.flatnonzero(share > 1 - 1e-6)
    most = len(of.out) - len(whole) > LARGE
    free = Free(of)
    chosen = np.full(len(of.out), NOBODY)
    for option in np.argsort(-share)[: np.count_nonzero(share > (0.5 + 1e-6 if most else 1 - 1e-6))].tolist():
        if option in free.able(int(of.request[option])):
            free.take(option)
            chosen[of.request[option]] = option
    keep = best.near
    if best.priced is not None and np.count_nonzero(chosen == NOBODY) > SOME:
        keep = best.priced.rank(of) < FIT
    keep = keep | (share > 0)
    improve(best, chosen, keep, chosen == NOBODY, seconds=seconds, seed=seed, hint=False)
