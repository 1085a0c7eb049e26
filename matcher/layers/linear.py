"""Linear and mixed integer models as arrays, handed to the solvers inside OR-Tools without an object per variable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from threading import Event, Thread
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from ortools.math_opt import (
    callback_pb2,
    model_parameters_pb2,
    model_pb2,
    model_update_pb2,
    parameters_pb2,
    result_pb2,
)
from ortools.math_opt.core.python import solver as mathopt
from ortools.math_opt.python import init_arguments
from ortools.util.python.pybind_solve_interrupter import PySolveInterrupter

from matcher.pairs import Bools, Ints

Floats = NDArray[np.float64]


class Solver(IntEnum):
    """As in MathOpt's SolverType."""

    SCIP = 1
    GLOP = 3
    CP_SAT = 4
    PDLP = 5
    HIGHS = 10


class Model(Struct, frozen=True, eq=False):
    """Maximise cost · x; n columns, m rows, coefficients in order of row, then column."""

    cost: Floats
    lower: Floats
    upper: Floats
    integer: Bools
    row_lower: Floats
    row_upper: Floats
    row: Ints
    column: Ints
    coefficient: Floats


class Basis(Struct, frozen=True, eq=False):
    """Where a linear program ended: per column and per row AT_LOWER, BASIC, … (MathOpt's BasisStatusProto)."""

    column: Ints
    row: Ints


AT_LOWER, BASIC = 2, 5


class Answer(Struct, frozen=True, eq=False):
    x: Floats | None
    """None: no solution found."""
    bound: float
    """Nothing is better than this; infinity when unknown."""
    dual: Floats | None
    basis: Basis | None
    optimal: bool
    infeasible: bool
    """Nothing at all, or with `above` nothing above that."""


class Interrupter:
    """Ends every solve that runs with it as soon as it is told to."""

    def __init__(self) -> None:
        self.inner = PySolveInterrupter()

    @property
    def interrupted(self) -> bool:
        return bool(self.inner.interrupted)

    def interrupt(self) -> None:
        self.inner.interrupt()


@contextmanager
def watched(stop: Callable[[], bool] | None) -> Iterator[Interrupter]:
    """Asks `stop` 20 times a second, from a thread of its own, until it says yes: then solves end. None: never."""
    interrupter, done = Interrupter(), Event()

    def watch() -> None:
        while not done.wait(0.05):
            if stop is not None and stop():
                interrupter.interrupt()
                return

    watcher = Thread(target=watch, name="plan-stop", daemon=True)
    if stop is not None:
        watcher.start()
    try:
        yield interrupter
    finally:
        done.set()
        if stop is not None:
            watcher.join()


def model_proto(model: Model) -> Any:
    columns, rows = len(model.cost), len(model.row_lower)
    ids = list(range(columns))
    proto = model_pb2.ModelProto()
    proto.variables.ids.extend(ids)
    proto.variables.lower_bounds.extend(model.lower.tolist())
    proto.variables.upper_bounds.extend(model.upper.tolist())
    proto.variables.integers.extend(model.integer.tolist())
    proto.objective.maximize = True
    some = np.flatnonzero(model.cost)
    proto.objective.linear_coefficients.ids.extend(some.tolist())
    proto.objective.linear_coefficients.values.extend(model.cost[some].tolist())
    proto.linear_constraints.ids.extend(range(rows))
    proto.linear_constraints.lower_bounds.extend(model.row_lower.tolist())
    proto.linear_constraints.upper_bounds.extend(model.row_upper.tolist())
    proto.linear_constraint_matrix.row_ids.extend(model.row.tolist())
    proto.linear_constraint_matrix.column_ids.extend(model.column.tolist())
    proto.linear_constraint_matrix.coefficients.extend(model.coefficient.tolist())
    return proto


def solve(
    model: Model,
    solver: Solver,
    *,
    seconds: float,
    hint: Floats | None = None,
    integral: bool = False,
    gap: float = 0.0,
    seed: int = 0,
    threads: int = 1,
    basis: Basis | None = None,
    dual_simplex: bool = False,
    above: float | None = None,
    nodes: int | None = None,
    interrupter: Interrupter | None = None,
    watch: Callable[[Floats], None] | None = None,
    effort: float | None = None,
) -> Answer:
    """Solves; with `integral` costs an answer within 1 of the bound is the best. Deterministic but for `seconds`.

    `basis` is where a linear program begins. With `above` only what is better than that is looked for (SCIP, whose
    heuristics are left out then: mostly there is nothing to find). `nodes` is the most branches that it may try.
    `watch` gets each solution that is found on the way (not SCIP's); `effort`: CP-SAT's deterministic limit.
    """
    parameters = parameters_pb2.SolveParametersProto()
    parameters.time_limit.FromMilliseconds(max(1, int(seconds * 1000)))
    if solver is not Solver.HIGHS:  # it has no such parameter here
        parameters.threads = threads
    parameters.random_seed = seed
    if model.integer.any():
        parameters.relative_gap_tolerance = gap
        if integral:
            parameters.absolute_gap_tolerance = 0.999
        if nodes is not None:
            parameters.node_limit = nodes
    if above is not None:
        parameters.cutoff_limit = above
        parameters.heuristics = parameters_pb2.EMPHASIS_OFF
        parameters.presolve = parameters_pb2.EMPHASIS_LOW
    # models like these are nearly linear: with all rows in its linear program CP-SAT is 2 to 30 times as fast
    parameters.cp_sat.linearization_level = 2
    parameters.cp_sat.cp_model_probing_level = 0
    parameters.cp_sat.symmetry_level = 0
    if effort is not None:
        parameters.cp_sat.max_deterministic_time = effort
    extra = model_parameters_pb2.ModelSolveParametersProto()
    if hint is not None and solver is not Solver.HIGHS:
        given = extra.solution_hints.add()
        given.variable_values.ids.extend(range(len(hint)))
        given.variable_values.values.extend(hint.tolist())
    if solver is Solver.GLOP and (basis is None or dual_simplex):
        parameters.lp_algorithm = parameters_pb2.LP_ALGORITHM_DUAL_SIMPLEX
    if solver is Solver.GLOP and basis is not None:
        parameters.glop.use_preprocessing = False  # it would forget where to begin
        for status, values in (
            (extra.initial_basis.variable_status, basis.column),
            (extra.initial_basis.constraint_status, basis.row),
        ):
            status.ids.extend(range(len(values)))
            status.values.extend(values.tolist())
    asked = callback_pb2.CallbackRegistrationProto()
    if watch is not None:
        asked.request_registration.append(callback_pb2.CALLBACK_EVENT_MIP_SOLUTION)
    found: result_pb2.SolveResultProto = mathopt.solve(
        model_proto(model),
        solver.value,
        init_arguments.StreamableSolverInitArguments().to_proto(),
        parameters,
        extra,
        None,
        asked,
        None if watch is None else _watching(watch, len(model.cost)),
        None if interrupter is None else interrupter.inner,
    )
    return _read(found, len(model.cost), len(model.row_lower))


def _watching(watch: Callable[[Floats], None], columns: int) -> Callable[[Any], Any]:
    def heard(data: Any) -> Any:
        if data.HasField("primal_solution_vector"):
            watch(_dense(data.primal_solution_vector, columns))
        return callback_pb2.CallbackResultProto()

    return heard


class Growing:
    """A linear program that gets columns and rows, and goes on from where it was (GLOP)."""

    def __init__(self, model: Model) -> None:
        self.columns, self.rows = len(model.cost), len(model.row_lower)
        self.solver = mathopt.new(
            Solver.GLOP.value, model_proto(model), init_arguments.StreamableSolverInitArguments().to_proto()
        )

    def add(self, cost: Floats, limit: Floats, row: Ints, column: Ints, coefficient: Floats) -> None:
        """Columns from 0 up with this cost, rows of at most this limit, and coefficients by row, then column."""
        update = model_update_pb2.ModelUpdateProto()
        ids = list(range(self.columns, self.columns + len(cost)))
        if ids:
            update.new_variables.ids.extend(ids)
            update.new_variables.lower_bounds.extend([0.0] * len(ids))
            update.new_variables.upper_bounds.extend([np.inf] * len(ids))
            update.new_variables.integers.extend([False] * len(ids))
            update.objective_updates.linear_coefficients.ids.extend(ids)
            update.objective_updates.linear_coefficients.values.extend(cost.tolist())
        if len(limit):
            update.new_linear_constraints.ids.extend(range(self.rows, self.rows + len(limit)))
            update.new_linear_constraints.lower_bounds.extend([-np.inf] * len(limit))
            update.new_linear_constraints.upper_bounds.extend(limit.tolist())
        update.linear_constraint_matrix_updates.row_ids.extend(row.tolist())
        update.linear_constraint_matrix_updates.column_ids.extend(column.tolist())
        update.linear_constraint_matrix_updates.coefficients.extend(coefficient.tolist())
        assert self.solver.update(update)
        self.columns += len(cost)
        self.rows += len(limit)

    def solve(self, *, seconds: float, dual: bool, interrupter: Interrupter | None = None) -> Answer:
        """`dual`: rows came since the last time, else columns."""
        parameters = parameters_pb2.SolveParametersProto()
        parameters.time_limit.FromMilliseconds(max(1, int(seconds * 1000)))
        parameters.presolve = parameters_pb2.EMPHASIS_OFF  # else it does not go on from where it was
        simplex = parameters_pb2.LP_ALGORITHM_DUAL_SIMPLEX if dual else parameters_pb2.LP_ALGORITHM_PRIMAL_SIMPLEX
        parameters.lp_algorithm = simplex
        extra = model_parameters_pb2.ModelSolveParametersProto()
        asked = callback_pb2.CallbackRegistrationProto()
        inner = None if interrupter is None else interrupter.inner
        return _read(self.solver.solve(parameters, extra, None, asked, None, inner), self.columns, self.rows)


def _read(found: Any, columns: int, rows: int) -> Answer:
    x = dual = end = None
    for solution in found.solutions:
        if solution.HasField("primal_solution") and x is None:
            x = _dense(solution.primal_solution.variable_values, columns)
        if solution.HasField("dual_solution") and dual is None:
            dual = _dense(solution.dual_solution.dual_values, rows)
        if solution.HasField("basis") and end is None:
            column, row = solution.basis.variable_status, solution.basis.constraint_status
            end = Basis(np.array(column.values, np.int64), np.array(row.values, np.int64))
    reason = found.termination.reason
    return Answer(
        x=x,
        bound=found.termination.objective_bounds.dual_bound,
        dual=dual,
        basis=end,
        optimal=reason == result_pb2.TERMINATION_REASON_OPTIMAL,
        infeasible=reason
        in {result_pb2.TERMINATION_REASON_INFEASIBLE, result_pb2.TERMINATION_REASON_INFEASIBLE_OR_UNBOUNDED}
        or found.termination.limit == result_pb2.LIMIT_CUTOFF,
    )


def _dense(sparse: Any, length: int) -> Floats:
    values = np.zeros(length)
    values[np.array(sparse.ids, np.int64)] = np.array(sparse.values)
    return values
