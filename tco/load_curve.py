"""What a token costs at every load: whole replicas and servers make it climb down in curves and up in steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from tco.cashflow import Ledger
from tco.compare import Prepared
from tco.errors import InputError
from tco.ledgers import capacities_of, ledgers_of
from tco.register import with_value
from tco.units import LEAST_REQUESTS
from tco.workload.demand import Demand, demand

LEAST_LOAD_FRACTION, MOST_LOAD_FRACTION = 0.01, 2.0
"""Of what today's fleet could carry."""

_VOLUME = "workload.requests_per_day"
_POINTS = 60
_MOST_STEPS = 60
_WITHIN = 1e-6
_MOST_DOUBLINGS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPoint:
    """Costs at one load.

    Attributes:
        requests_per_day: mean over the week, in the first month.
        load_fraction: of the load at which today's fleet would have to grow [fraction].
        replicas: in the busiest hour of the largest month; 0 where the option has no machines, or cannot serve.
        servers: likewise.
        utilisation_fraction: of what is paid for; None without machines.
        usd_per_mtok: of the option; None where it cannot serve.
        usd_per_request: likewise.
        baseline_usd_per_mtok: of the baseline; None where it cannot serve.
    """

    requests_per_day: float
    load_fraction: float
    replicas: int
    servers: int
    utilisation_fraction: float | None
    usd_per_mtok: float | None
    usd_per_request: float | None
    baseline_usd_per_mtok: float | None

    @property
    def is_cheaper(self) -> bool | None:
        """Whether the option costs less than the baseline; None where one of them cannot serve."""
        if self.usd_per_mtok is None or self.baseline_usd_per_mtok is None:
            return None
        return self.usd_per_mtok < self.baseline_usd_per_mtok


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where a replica or a server comes to stand.

    Attributes:
        requests_per_day: the largest volume of the smaller fleet.
        before: costs there.
        after: costs just beyond.
    """

    requests_per_day: float
    before: LoadPoint
    after: LoadPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Where the option and the baseline change places.

    Attributes:
        requests_per_day: the volume.
        usd_per_mtok: of the option just beyond it.
        becomes: what the option is beyond it.
        at_step: whether it happens because a replica comes to stand, not along a curve.
    """

    requests_per_day: float
    usd_per_mtok: float
    becomes: Literal["cheaper", "dearer"]
    at_step: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCurve:
    """Cost of a token over the load.

    Attributes:
        option: whose.
        baseline: with what it is compared.
        now: at the scenario's volume.
        full_load_requests_per_day: largest volume of today's fleet; None where the option has no machines.
        points: by load, with both sides of every step that is told apart.
        steps: by load; empty where there are more than `_MOST_STEPS`.
        crossings: by load.
        steps_passed: how many times the fleet grows over the loads that were tried.
    """

    option: str
    baseline: str
    now: LoadPoint
    full_load_requests_per_day: float | None
    points: tuple[LoadPoint, ...]
    steps: tuple[Step, ...]
    crossings: tuple[Crossing, ...]
    steps_passed: int


def load_curve(prepared: Prepared, option: str, *, least: float | None = None, most: float | None = None) -> LoadCurve:
    """Cost of a million tokens of an option and of the baseline at loads from a hundredth to twice what today's fleet carries.

    At each load the whole scenario is answered, with whole replicas and servers, growth and price changes over the horizon, and nothing is discounted: the same
    number as `usd_per_mtok` of `tco plan --set workload.requests_per_day=…`. A break-even by NPV (`breakeven_requests_per_day`) may lie elsewhere, as later
    months count less in it.

    Args:
        prepared: the scenario.
        option: whose curve.
        least: lowest volume [requests/day]; None: a hundredth of today's fleet.
        most: highest volume [requests/day]; None: twice today's fleet.

    Special cases: an option without machines, or one that cannot serve today's volume, has no fleet to be measured by: today's volume takes its place.

    Raises:
        InputError: no such option, ends that are not in order, a scenario without requests, or an option that cannot serve any of the volumes.
    """
    names = [each.name for each in prepared.scenario.options]
    if option not in names:
        raise InputError(f"--option {option!r}: no such option; the scenario has: {', '.join(names)}")
    now = prepared.scenario.workload.requests_per_day.value
    if now <= 0:
        raise InputError(f"`{_VOLUME}` is 0, so there is no load to start from; give the volume of today", path=_VOLUME)
    ask = _Asked(prepared, option)
    full = _full_load(ask, now)
    ask.scale = full or now
    points = [ask.at(volume) for volume in _volumes(least, most, ask.scale, (now, full))]
    if all(point.usd_per_mtok is None for point in points):
        raise InputError(f"option {option!r} cannot serve any of these loads: {ask.why_not(now)}")
    passed = sum(max(0, after.replicas - before.replicas) for before, after in pairwise(points))
    steps = _steps(ask, points) if passed <= _MOST_STEPS else ()
    sides = [side for step in steps for side in (step.before, step.after)]
    both = tuple(sorted({*points, *sides}, key=lambda point: point.requests_per_day))
    return LoadCurve(
        option=option,
        baseline=prepared.scenario.baseline,
        now=ask.at(now),
        full_load_requests_per_day=full,
        points=both,
        steps=steps,
        crossings=_crossings(ask, both),
        steps_passed=passed,
    )


class _Asked:
    """The option and the baseline at one volume after the other; each is answered once."""

    def __init__(self, prepared: Prepared, option: str) -> None:
        self._prepared, self._option, self.scale = prepared, option, 1.0
        # What one replica carries is the same at every volume, and costs more to find than all the rest.
        self._capacities = capacities_of(prepared.scenario, prepared.replicas)
        self._known: dict[float, tuple[Demand, dict[str, Ledger]]] = {}

    def at(self, volume: float) -> LoadPoint:
        asked, own, today = self._ledgers(volume)
        fleet, requests = own.fleet if own.feasible else None, float(np.sum(asked.requests))
        return LoadPoint(
            requests_per_day=volume,
            load_fraction=volume / self.scale,
            replicas=int(np.max(fleet.replicas)) if fleet else 0,
            servers=int(np.max(fleet.servers)) if fleet else 0,
            utilisation_fraction=fleet.utilisation_fraction if fleet else None,
            usd_per_mtok=_by(own, requests, asked.mtok),
            usd_per_request=_by(own, requests, requests),
            baseline_usd_per_mtok=_by(today, requests, asked.mtok),
        )

    def replicas(self, volume: float) -> int | None:
        """In the busiest hour of the largest month; None without machines, or where they cannot serve."""
        _, own, _ = self._ledgers(volume)
        return int(np.max(own.fleet.replicas)) if own.fleet is not None and own.feasible else None

    def why_not(self, volume: float) -> str:
        _, own, _ = self._ledgers(volume)
        return "; ".join(own.reasons) if own.reasons else "there are too few requests for a cost of one"

    def _ledgers(self, volume: float) -> tuple[Demand, Ledger, Ledger]:
        if volume not in self._known:
            scenario, names = with_value(self._prepared.scenario, _VOLUME, volume), (self._option, self._baseline)
            asked = demand(scenario)
            found = ledgers_of(names, scenario, self._prepared.replicas, asked, self._capacities)
            self._known[volume] = asked, found
        asked, found = self._known[volume]
        own, today = (
            replace(found[name], barred=(*found[name].barred, *self._prepared.forbidden.get(name, ())))
            for name in (self._option, self._baseline)
        )
        return asked, own, today

    @property
    def _baseline(self) -> str:
        return self._prepared.scenario.baseline


def _by(own: Ledger, requests: float, units: float) -> float | None:
    """Whole cost by units; None where the option cannot serve, or there are hardly any."""
    return float(own.total_usd) / units if own.feasible and requests >= LEAST_REQUESTS else None


def _volumes(least: float | None, most: float | None, scale: float, kept: tuple[float | None, ...]) -> list[float]:
    low = LEAST_LOAD_FRACTION * scale if least is None else least
    high = MOST_LOAD_FRACTION * scale if most is None else most
    if not (0 < low < high and math.isfinite(high)):
        raise InputError(f"--low {low:g} and --high {high:g}: the first must be above 0 and smaller than the second")
    spread = np.geomspace(low, high, _POINTS).tolist()
    return sorted(
        {low, high, *spread[1:-1], *(volume for volume in kept if volume is not None and low < volume < high)}
    )


def _full_load(ask: _Asked, now: float) -> float | None:
    """Largest volume of today's fleet [requests/day]; None where there are no machines, or today's volume cannot be served."""
    today = ask.replicas(now)
    if today is None:
        return None

    def grows(volume: float) -> bool:
        there = ask.replicas(volume)
        return there is None or there > today

    beyond = now
    for _ in range(_MOST_DOUBLINGS):
        if grows(beyond):
            return _narrowed(grows, now, beyond)[0]
        beyond *= 2
    return None


def _steps(ask: _Asked, points: list[LoadPoint]) -> tuple[Step, ...]:
    """Every step between neighbours."""
    found = []
    for start, end in pairwise(points):
        before = start
        while _fleet(before) != _fleet(end):
            low, high = _narrowed(
                _other_than(_fleet(before), lambda volume: _fleet(ask.at(volume))),
                before.requests_per_day,
                end.requests_per_day,
            )
            found.append(Step(requests_per_day=low, before=ask.at(low), after=ask.at(high)))
            before = ask.at(high)
    return tuple(found)


def _fleet(point: LoadPoint) -> tuple[int, int, bool]:
    return point.replicas, point.servers, point.usd_per_mtok is not None


def _crossings(ask: _Asked, points: tuple[LoadPoint, ...]) -> tuple[Crossing, ...]:
    """Where the cheaper of the two changes between neighbours."""
    found = []
    for before, after in pairwise(point for point in points if point.is_cheaper is not None):
        held = before.is_cheaper
        if held == after.is_cheaper:
            continue
        low, high = _narrowed(
            _other_than(held, lambda volume: ask.at(volume).is_cheaper),
            before.requests_per_day,
            after.requests_per_day,
        )
        at = ask.at(high)
        found.append(
            Crossing(
                requests_per_day=high,
                usd_per_mtok=at.usd_per_mtok or 0.0,
                becomes="cheaper" if at.is_cheaper else "dearer",
                at_step=_fleet(ask.at(low)) != _fleet(at),
            )
        )
    return tuple(found)


def _other_than(held: object, of: Callable[[float], object]) -> Callable[[float], bool]:
    return lambda volume: of(volume) != held


def _narrowed(is_beyond: Callable[[float], bool], low: float, high: float) -> tuple[float, float]:
    """Two volumes close to each other between which something changes: it does not hold at the first and holds at the second."""
    while high - low > _WITHIN * high:
        middle = (low + high) / 2
        low, high = (low, middle) if is_beyond(middle) else (middle, high)
    return low, high
