"""The cheapest stays: prices and an exact model on one core, better and better solutions on the other.

Relaxation (relax.py) → bound, exact whatever a solver's floating point gave → options that no better solution can have
are left out → mixed integer model of the rest. Beside it steps from the best solution (search.py). Solvers let Python
go on while they work, so threads do. What is answered passed check.violations().
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import nextafter
from threading import Thread
from typing import Generic, TypeVar

import numpy as np

from matcher.layers.linear import Floats, Solver
from matcher.layers.linear import solve as solve_model
from matcher.nights.best import Best
from matcher.nights.bound import Priced
from matcher.nights.cells import Cells, Rows, base, cells
from matcher.nights.check import number, violations, worth
from matcher.nights.conflict import conflict, first, hopeless
from matcher.nights.greedy import greedy, order
from matcher.nights.model import build
from matcher.nights.options import options
from matcher.nights.problem import Nights, Result
from matcher.nights.relax import Relaxation
from matcher.nights.ruin import HOT, PACE, anneal
from matcher.nights.search import dive, rounded, walk
from matcher.pairs import NOBODY

Answer = TypeVar("Answer")

POLL_S = 0.02
QUICK_S, STEPS_S, LONG = 1.0, 4.0, 0.7
"""Annealing begins fast, then takes this part of the time that is left; between there are steps by a solver."""
EASY = 400
"""Small steps before a solver is asked where those who must be placed can be."""
APART = 10**6
"""Between seeds of the two that search."""
PROVABLE = 15_000
"""Options from which an exact model proves nothing: better solutions come first."""
ROUND_S = 6.0
"""The exact model is made anew after this, then after twice that, …: better solutions leave less to look at."""
DIVE_S = 12.0
"""For a solution along the relaxation."""
SURE = 1e-9
"""Of the value: what decimals that had to be rounded may hide in an answer that is called optimal."""


def solve(
    problem: Nights,
    *,
    clock: Callable[[], float],
    end: float,
    seed: int = 0,
    effort: float | None = None,
) -> Result:
    """The best found and proven when `clock` shows `end`; with `effort` (about seconds) always the same."""
    if effort is not None:
        alone = _ready(problem, clock, end, effort)
        if isinstance(alone, Result):
            return alone
        _begin(alone, seed)
        _prove(alone, seed)
        return _result(alone, seed)
    ready = _Working(lambda: _ready(problem, clock, end, None))
    while ready.going and clock() < end:
        ready.wait()
    if ready.failed is not None:
        raise ready.failed
    best = ready.answer
    if best is None:
        return Result([], "timeout", None)
    if isinstance(best, Result):
        return best
    both = [_Working(lambda: _prove(best, seed)), _Working(lambda: _search(best, seed))]
    try:
        while not best.done and all(one.failed is None for one in both) and both[0].going:
            both[0].wait()
    finally:
        best.stop()
    for one in both:
        if one.failed is not None:
            raise one.failed
    return _result(best, seed)


class _Working(Generic[Answer]):
    """Work beside; nobody waits for a solver that does not hear that it may stop."""

    def __init__(self, work: Callable[[], Answer]) -> None:
        self.answer: Answer | None = None
        self.failed: BaseException | None = None
        self.work = work
        self.thread = Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.answer = self.work()
        except BaseException as error:  # raised again by who started it
            self.failed = error

    @property
    def going(self) -> bool:
        return self.thread.is_alive()

    def wait(self) -> None:
        self.thread.join(POLL_S)


def _ready(problem: Nights, clock: Callable[[], float], end: float, effort: float | None) -> Best | Result:
    of = options(problem)
    lost = hopeless(of)
    if lost:
        return Result([], "infeasible", None, unplaceable=list(lost), reasons=lost)
    return Best(of, clock, end, effort)


def _begin(best: Best, seed: int) -> None:
    """A first solution."""
    of = best.of
    best.offer(greedy(of, of.cost.astype(np.float64), order(of)))
    if best.total is None and not best.done:
        anneal(best, seed, seconds=0, steps=EASY)
    if best.total is None and not best.done:
        first(best, seed)


def _search(best: Best, seed: int) -> None:
    _begin(best, seed)
    turns = 0
    while not best.done:
        if best.chosen is None:
            best.some.wait(POLL_S)
            continue
        turns += 1
        quick = turns == 1
        anneal(best, seed + turns, seconds=QUICK_S if quick else LONG * best.left(), hot=HOT if turns < 3 else HOT / 4)
        walk(best, seed + turns, seconds=STEPS_S)


def _prove(best: Best, seed: int) -> None:
    of = best.of
    on = cells(of)
    rows = base(of, on)
    if len(of.cost):
        begin = np.zeros(0, np.int64) if best.chosen is None else best.chosen[best.chosen != NOBODY]
        relaxation = Relaxation(of, on, rows, begin)

        begun = len(rows.limit)

        def heard(now: Priced) -> int | None:
            if now is not best.priced:
                best.offer(rounded(best, relaxation.share(), now))
            return best.hear(now)

        def along() -> None:
            best.share = relaxation.share()
            dive(best, best.share, seconds=min(DIVE_S, best.effort or DIVE_S), seed=seed)

        def solved() -> None:  # what is small is proven sooner with the rows that come now
            if np.count_nonzero(best.keep) > PROVABLE:
                along()

        relaxation.run(clock=best.clock, end=best.end, heard=heard, solved=solved, interrupter=best.interrupter())
        rows = relaxation.rows
        if relaxation.best is not None and not best.done:
            if best.share is None or len(rows.limit) > begun:
                along()
            best.hear(relaxation.best)
    if best.effort and best.chosen is not None:
        anneal(best, seed, seconds=0, steps=int(best.effort * PACE))
        walk(best, seed, steps=int(best.effort))
    seconds = best.effort or ROUND_S
    while not best.done:
        if not best.effort and best.chosen is not None and np.count_nonzero(best.keep) > PROVABLE:
            walk(best, seed + APART, seconds=ROUND_S)
            continue
        _exact(best, on, rows, seconds, seed)
        seconds *= 2
        if best.effort:
            break


def _exact(best: Best, on: Cells, rows: Rows, seconds: float, seed: int) -> None:
    """The options that a better solution can have, as one model; the demand is to be better."""
    of, aim = best.of, best.total
    at, may = np.arange(len(of.cost)), np.ones(len(of.out), np.bool_)
    if best.priced is not None and aim is not None:
        at, may = best.priced.keeps(aim)
    built = build(of, on, rows, at, may, whole=True)
    solver = Solver.CP_SAT if len(built.flags) or best.effort else Solver.SCIP

    def heard(x: Floats) -> None:  # not SCIP: 9.15 complains on standard error
        best.offer(built.chosen(of, x))

    hint = None if best.chosen is None else built.start(of, best.chosen)
    answer = solve_model(
        built.model, solver, seconds=best.wall(seconds), hint=hint, integral=True, seed=seed,
        effort=best.effort, watch=heard if solver is Solver.CP_SAT else None,
        interrupter=None if solver is Solver.SCIP else best.interrupter(),  # it complains, as above
    )  # fmt: skip
    if answer.x is not None:
        best.offer(built.chosen(of, answer.x))
    if answer.infeasible:
        if aim is None:
            best.infeasible = True
        else:
            best.raise_to(aim)
        return
    low = -answer.bound
    if np.isfinite(low):
        lower = int(np.ceil(low - 1e-6 * max(1.0, abs(low))))
        best.raise_to(lower if aim is None else min(aim, lower))


def _result(best: Best, seed: int) -> Result:
    of, problem = best.of, best.of.problem
    if best.infeasible:
        reasons = conflict(best, seed)
        return Result([], "infeasible", None, unplaceable=list(reasons), reasons=reasons)
    low = max(of.floor, of.base + of.unit * best.bound)
    if best.chosen is None:
        return Result([], "timeout", _down(low))
    stays = of.stays(best.chosen)
    wrong = violations(problem, stays)
    if wrong:
        raise AssertionError(wrong[0])
    value = worth(problem, stays)
    sure = value - low <= Fraction(SURE) * max(Fraction(1), abs(value))
    shown = number(value)
    bound = shown if low >= value else min(_down(low), shown)
    return Result(stays, "optimal" if sure else "feasible", bound, shown)


def _down(bound: Fraction) -> float:
    """The number that is nearest, and not above."""
    shown = number(bound)
    return shown if Fraction(shown) <= bound else nextafter(shown, -np.inf)
