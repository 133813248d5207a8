"""The mixed-integer program behind the cheapest mix, for one hour or for groups of equal hours."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import coo_array

from tco.capacity.mix.records import MAX_COUNT, Floats, MachineType
from tco.capacity.mix.spares import SpareStep, spare_steps, spares_for

# A load of exactly two replicas must not become three by the last bit.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """What the program is about, in arrays.

    Attributes:
        loads: replicas of each type that all requests of a bucket would keep busy [replicas], shape (hour groups, buckets, types); not finite where the
            type cannot serve the bucket.
        weights: requests of each bucket, for minimal shares [requests/s], shape (hour groups, buckets).
        hours: hours in each group, shape (hour groups,).
        machines: the types.
        min_share_fraction: least part of all requests on each type [fraction], shape (types,).
        slices: whole parts that a bucket can be cut into; None: any parts.
        max_types: how many types may be used; None: any.
        reserving: whether replicas may be paid for in all hours at their reserved price.
        renting: whether replicas may be paid for by the hour.
        weekly: whether hours differ, so that a type must be had by the hour to be taken for some of them.
    """

    loads: Floats
    weights: Floats
    hours: Floats
    machines: tuple[MachineType, ...]
    min_share_fraction: Floats
    slices: int | None = None
    max_types: int | None = None
    reserving: bool = False
    renting: bool = True
    weekly: bool = False

    def with_machines(self, machines: tuple[MachineType, ...]) -> Problem:
        """The same with other records of the same types."""
        return replace(self, machines=machines)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What the solver said.

    Attributes:
        code: scipy's: 0 optimal, 1 out of time, 2 infeasible, others failed.
        message: the solver's sentence.
        shares: of each bucket on each type [fraction], shape (hour groups, buckets, types); empty without a solution.
        reserved: replicas that stand in all hours, shape (types,).
        hourly: replicas beside them, shape (hour groups, types).
        spares: kept in all hours, shape (types,).
        bound_usd: no mix costs less over all hours [USD]; None where unknown.
    """

    code: int
    message: str
    shares: Floats
    reserved: npt.NDArray[np.int64]
    hourly: npt.NDArray[np.int64]
    spares: npt.NDArray[np.int64]
    bound_usd: float | None

    @property
    def found(self) -> bool:
        """Whether there is a solution."""
        return self.shares.size > 0


class _Rows:
    """Constraints `low <= A v <= high`, gathered as triples."""

    def __init__(self) -> None:
        self._rows: list[npt.NDArray[np.int64]] = []
        self._columns: list[npt.NDArray[np.int64]] = []
        self._values: list[Floats] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def add(self, columns: npt.ArrayLike, values: npt.ArrayLike, low: float, high: float) -> None:
        at = np.asarray(columns, dtype=np.int64).ravel()
        self._rows.append(np.full(at.size, len(self._low)))
        self._columns.append(at)
        self._values.append(np.broadcast_to(np.asarray(values, dtype=float), at.shape).ravel())
        self._low.append(low)
        self._high.append(high)

    def constraint(self, variables: int) -> LinearConstraint:
        shape = (len(self._low), variables)
        entries = (np.concatenate(self._values), (np.concatenate(self._rows), np.concatenate(self._columns)))
        return LinearConstraint(coo_array(entries, shape=shape).tocsr(), self._low, self._high)


class _Layout:
    """Which variable stands where: shares, reserved, hourly, serving peak, steps of spares."""

    def __init__(self, problem: Problem, steps: tuple[tuple[SpareStep, ...], ...]) -> None:
        groups, buckets, types = problem.loads.shape
        self.share = np.arange(groups * buckets * types).reshape(groups, buckets, types)
        at = self.share.size
        self.reserved = at + np.arange(types)
        self.hourly = at + types + np.arange(groups * types).reshape(groups, types)
        at = int(self.hourly[-1, -1]) + 1
        self.peak = at + np.arange(types)
        at += types
        self.steps: list[npt.NDArray[np.int64]] = []
        for of_type in steps:
            self.steps.append(at + np.arange(len(of_type)))
            at += len(of_type)
        self.size = at


def most_serving(problem: Problem) -> npt.NDArray[np.int64]:
    """Replicas of each type that would serve all that it can serve, at the busiest hour; never above the type's stock, shape (types,)."""
    able = np.where(np.isfinite(problem.loads), problem.loads, 0.0).sum(axis=1).max(axis=0)
    most = np.minimum(np.ceil(able - _ROUNDING), MAX_COUNT).astype(np.int64)
    stock = [MAX_COUNT if machine.max_count is None else machine.max_count for machine in problem.machines]
    return np.asarray(np.minimum(most, np.asarray(stock)), dtype=np.int64)


def solve(problem: Problem, *, time_limit_s: float, gap_fraction: float) -> Answer:
    """Solves the program.

    With shares `x[g, i, j]`, reserved replicas `y[j]`, hourly ones `z[g, j]`, their peak `t[j]` and steps of spares `b[j, s]`:

    ```
    minimise  Σ_j H r_j y_j + Σ_g Σ_j h_g p_j z_gj + Σ_j H min(p_j, r_j) Σ_s Δspares_js b_js
    Σ_j x_gij = 1                                       every bucket is served, in every hour
    Σ_i load_gij x_gij ≤ y_j + z_gj                     by replicas that stand
    y_j + z_gj ≤ t_j ≤ Σ_s Δserving_js b_js,  b_js ≥ b_j,s-1 reversed    spares follow the peak
    t_j + Σ_s Δspares_js b_js ≤ stock_j
    ```

    Args:
        problem: in arrays.
        time_limit_s: when the best solution so far is taken [s].
        gap_fraction: how far from the optimum is near enough [fraction].
    """
    steps = tuple(
        spare_steps(machine, int(most)) for machine, most in zip(problem.machines, most_serving(problem), strict=True)
    )
    layout = _Layout(problem, steps)
    rows = _Rows()
    _serve_all(rows, problem, layout)
    _stand(rows, problem, layout)
    _spare(rows, problem, layout, steps)
    low, high = np.zeros(layout.size), _upper(problem, layout)
    result = milp(
        _prices(problem, layout, steps),
        integrality=_integrality(problem, layout),
        bounds=Bounds(low, high),
        constraints=rows.constraint(layout.size),
        options={"time_limit": time_limit_s, "mip_rel_gap": gap_fraction, "disp": False},
    )
    return _answer(result, problem, layout, steps)


def _scale(problem: Problem) -> float:
    """Shares are counted in slices where buckets are cut into whole ones."""
    return float(problem.slices or 1)


def _serve_all(rows: _Rows, problem: Problem, layout: _Layout) -> None:
    groups, buckets, types = problem.loads.shape
    scale = _scale(problem)
    for group in range(groups):
        for bucket in range(buckets):
            rows.add(layout.share[group, bucket], 1.0, scale, scale)
        total = float(problem.weights[group].sum())
        for kind in range(types):
            least = float(problem.min_share_fraction[kind]) * total * scale
            if least > 0:
                rows.add(layout.share[group, :, kind], problem.weights[group], least, np.inf)


def _stand(rows: _Rows, problem: Problem, layout: _Layout) -> None:
    groups, _, types = problem.loads.shape
    loads = np.where(np.isfinite(problem.loads), problem.loads, 0.0) / _scale(problem)
    for group in range(groups):
        for kind in range(types):
            standing = (layout.reserved[kind], layout.hourly[group, kind])
            rows.add([*layout.share[group, :, kind], *standing], [*loads[group, :, kind], -1.0, -1.0], -np.inf, 0.0)
            rows.add([*standing, layout.peak[kind]], [1.0, 1.0, -1.0], -np.inf, 0.0)


def _spare(rows: _Rows, problem: Problem, layout: _Layout, steps: tuple[tuple[SpareStep, ...], ...]) -> None:
    for kind, (machine, of_type) in enumerate(zip(problem.machines, steps, strict=True)):
        at = layout.steps[kind]
        serving, spares = _rises(of_type)
        rows.add([layout.peak[kind], *at], [1.0, *(-serving)], -np.inf, 0.0)
        for before, after in itertools.pairwise(at):
            rows.add([before, after], [1.0, -1.0], 0.0, np.inf)
        if machine.max_count is not None:
            rows.add([layout.peak[kind], *at], [1.0, *spares], -np.inf, float(machine.max_count))
    if problem.max_types is not None:
        used = [at[0] for at in layout.steps if at.size]
        if used:
            rows.add(used, 1.0, -np.inf, float(problem.max_types))


def _rises(steps: tuple[SpareStep, ...]) -> tuple[Floats, Floats]:
    """By how much each step raises the serving replicas and the spares."""
    serving = np.diff([0.0, *(float(step.serving) for step in steps)])
    spares = np.diff([0.0, *(float(step.spares) for step in steps)])
    return serving, spares


def _prices(problem: Problem, layout: _Layout, steps: tuple[tuple[SpareStep, ...], ...]) -> Floats:
    prices = np.zeros(layout.size)
    hours = float(problem.hours.sum())
    for kind, machine in enumerate(problem.machines):
        prices[layout.reserved[kind]] = hours * (machine.reserved_usd_per_hour or 0.0)
        prices[layout.hourly[:, kind]] = problem.hours * machine.price_usd_per_hour
        prices[layout.steps[kind]] = hours * steady_usd_per_hour(machine, problem) * _rises(steps[kind])[1]
    return prices


def steady_usd_per_hour(machine: MachineType, problem: Problem) -> float:
    """The cheapest way that is open to pay for a replica that stands in every hour [USD/hour]."""
    reserved = machine.reserved_usd_per_hour if problem.reserving else None
    if reserved is None:
        return machine.price_usd_per_hour
    return min(reserved, machine.price_usd_per_hour) if problem.renting else reserved


def _upper(problem: Problem, layout: _Layout) -> Floats:
    high = np.ones(layout.size)
    high[layout.share] = np.where(np.isfinite(problem.loads), _scale(problem), 0.0)
    most = most_serving(problem).astype(float)
    can_rent = [problem.renting and (machine.by_the_hour or not problem.weekly) for machine in problem.machines]
    can_reserve = [problem.reserving and machine.reserved_usd_per_hour is not None for machine in problem.machines]
    high[layout.reserved] = np.where(can_reserve, most, 0.0)
    high[layout.hourly] = np.where(can_rent, most, 0.0)
    high[layout.peak] = most
    return high


def _integrality(problem: Problem, layout: _Layout) -> npt.NDArray[np.int64]:
    whole = np.ones(layout.size, dtype=np.int64)
    whole[layout.share] = 0 if problem.slices is None else 1
    whole[layout.peak] = 0  # at least a sum of whole numbers, and as small as its cost allows
    return whole


def _answer(
    result: OptimizeResult, problem: Problem, layout: _Layout, steps: tuple[tuple[SpareStep, ...], ...]
) -> Answer:
    bound = getattr(result, "mip_dual_bound", None)
    known = None if bound is None or not np.isfinite(bound) else float(bound)
    groups, _, types = problem.loads.shape
    if result.x is None:
        nothing = np.zeros(types, dtype=np.int64)
        return Answer(
            code=int(result.status),
            message=str(result.message),
            shares=np.zeros((0, 0, 0)),
            reserved=nothing,
            hourly=np.zeros((groups, types), dtype=np.int64),
            spares=nothing,
            bound_usd=known,
        )
    values = np.asarray(result.x, dtype=float)
    shares = np.clip(values[layout.share] / _scale(problem), 0.0, 1.0)
    reserved = np.rint(values[layout.reserved]).astype(np.int64)
    hourly = np.rint(values[layout.hourly]).astype(np.int64)
    serving = (reserved + hourly).max(axis=0)
    spares = np.array([spares_for(of_type, int(count)) for of_type, count in zip(steps, serving, strict=True)])
    return Answer(
        code=int(result.status),
        message=str(result.message),
        shares=shares / shares.sum(axis=2, keepdims=True),
        reserved=reserved,
        hourly=hourly,
        spares=spares.astype(np.int64),
        bound_usd=known,
    )
