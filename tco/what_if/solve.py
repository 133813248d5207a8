"""What would have to be true: the value of an input at which a condition on the answer begins or ceases to hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import ValidationError

from tco.capacity.slo_capacity import SloCapacity
from tco.compare import Prepared, compare
from tco.errors import InputError
from tco.ledgers import capacities_of
from tco.quantity import Numbers, Quantity
from tco.register import path_hint, quantities, unit_of, with_value
from tco.risk.changes import after_values, asks_one_by_one
from tco.risk.inputs import Uncertain
from tco.risk.many import Outcome
from tco.scenario import Scenario
from tco.splice import involved
from tco.stretch import Stretch, stretches
from tco.tasks import escalates_through
from tco.what_if.condition import RECOMMENDED, Condition
from tco.what_if.recommend import recommended_at

TIMES = 1000.0
"""One input is searched from a thousandth to a thousand times its value; shares and changes over all that is allowed."""
_TIMES_OF_EACH = 10.0
"""When every input is asked, it is searched from a tenth to ten times its value: what flips an answer is near."""
_POINTS, _POINTS_OF_EACH = 61, 21
_WITHIN, _WITHIN_OF_EACH = 1e-6, 1e-3
_POINTS_OF_SLOW, _WITHIN_OF_SLOW = 9, 0.01
"""Of inputs whose values are answered one by one, some with a simulation each, where every input is asked."""
TOGETHER = ("npv_usd", "payback_months", "total_usd", "saving_fraction")
"""Figures that many values of an input are answered for at once."""
_CHANGE, _SHARE, _AVAILABILITY, _PUE = (-0.99, 1.0), (0.0, 1.0), (0.5, 0.999999), (1.0, 3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """One input, and where a condition holds along it.

    Attributes:
        path: of the input.
        unit: of it.
        option: whose answer the condition is on.
        condition: what is asked.
        now: the input's value in the scenario.
        holds_now: whether the condition holds there.
        figure_now: the figure that the condition is about; None where there is none, infinite for a payback that never comes.
        searched: lowest and highest value that was tried.
        tried: how many values were tried.
        stretches: where it holds, ascending.
        closest: where it holds nowhere, the value at which the figure comes closest to its limit, and that figure; None where no figure was had.
    """

    path: str
    unit: str
    option: str
    condition: Condition
    now: float
    holds_now: bool
    figure_now: float | None
    searched: tuple[float, float]
    tried: int
    stretches: tuple[Stretch, ...]
    closest: tuple[float, float] | None

    @property
    def nearest(self) -> float | None:
        """The end of a stretch that is nearest to the input's value: where the answer to the condition changes; None where it does not change."""
        mine = (
            [each for each in self.stretches if each.low <= self.now <= each.high] if self.holds_now else self.stretches
        )
        ends = [
            end
            for each in mine
            for end, is_open in ((each.low, each.is_open_low), (each.high, each.is_open_high))
            if not is_open
        ]
        return min(ends, key=lambda end: _far(self.now, end), default=None)

    @property
    def distance(self) -> float:
        """How far the nearest change is: the ratio of both values, 1 for none; for values of zero and below their difference, plus one. Infinite: never."""
        return math.inf if self.nearest is None else _far(self.now, self.nearest)


def solve_for(
    prepared: Prepared,
    path: str,
    condition: Condition,
    option: str,
    *,
    least: float | None = None,
    most: float | None = None,
) -> Solved:
    """Where along one input a condition holds, all others kept.

    Args:
        prepared: the scenario.
        path: of the input, as in the assumptions register.
        condition: what is asked.
        option: whose answer it is on.
        least: lowest value to try; null: see `TIMES`.
        most: highest, likewise.

    Raises:
        InputError: no input has that path, or the ends are not allowed or not in order.
    """
    quantity = _quantity(prepared.scenario, path)
    low, high = _range(prepared.scenario, path, quantity, TIMES)
    low, high = low if least is None else least, high if most is None else most
    if not low < high:
        raise InputError(f"--low {low:g} and --high {high:g}: the first must be smaller than the second")
    for end in (low, high):
        wrong = _problem(prepared.scenario, path, end)
        if wrong is not None:
            raise InputError(f"{path} cannot be {end:g}: {wrong}; give --low and --high within what is allowed")
    values, capacities = (
        _values(low, high, quantity.value, _POINTS),
        capacities_of(prepared.scenario, prepared.replicas),
    )
    return _solved(prepared, path, condition, option, values, _WITHIN, capacities)


def flips(
    prepared: Prepared,
    condition: Condition,
    option: str,
    *,
    on_input: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[Solved, ...]:
    """Every input that concerns a condition, the one nearest to its turning point first: what the answer stands on.

    Args:
        prepared: the scenario.
        condition: what is asked.
        option: whose answer it is on.
        on_input: called with the inputs that are done, and with all.
    """
    concerns = _concerned(prepared.scenario, option)
    capacities = capacities_of(prepared.scenario, prepared.replicas)
    asked = [
        (path, quantity)
        for path, quantity in quantities(prepared.scenario)
        if condition.metric == RECOMMENDED or not path.startswith("options.") or path.split(".")[1] in concerns
    ]
    found = []
    for number, (path, quantity) in enumerate(asked):
        slow = asks_one_by_one(prepared, option, Uncertain(paths=(path,), quantity=quantity))
        points, within = (_POINTS_OF_SLOW, _WITHIN_OF_SLOW) if slow else (_POINTS_OF_EACH, _WITHIN_OF_EACH)
        values = _values(*_range(prepared.scenario, path, quantity, _TIMES_OF_EACH), quantity.value, points)
        if len(values) > 1:
            found.append(_solved(prepared, path, condition, option, values, within, capacities))
        on_input(number + 1, len(asked))
    return tuple(sorted(found, key=lambda solved: solved.distance))


def _solved(
    prepared: Prepared,
    path: str,
    condition: Condition,
    option: str,
    values: list[float],
    within: float,
    capacities: Mapping[str, SloCapacity],
) -> Solved:
    figures = _figures(prepared, path, condition, option, capacities)
    seen: dict[float, tuple[bool, float | None]] = {}

    def holds(many: Sequence[float]) -> list[bool]:
        new = [value for value in dict.fromkeys(many) if value not in seen]
        seen.update(zip(new, figures(new) if new else (), strict=True))
        return [seen[value][0] for value in many]

    now = _quantity(prepared.scenario, path).value
    slow = asks_one_by_one(prepared, option, Uncertain(paths=(path,), quantity=_quantity(prepared.scenario, path)))
    where = stretches(holds, values, within=within, parts=2) if slow else stretches(holds, values, within=within)
    (holds_now,) = holds([now])
    return Solved(
        path=path,
        unit=unit_of(path),
        option=option,
        condition=condition,
        now=now,
        holds_now=holds_now,
        figure_now=seen[now][1],
        searched=(values[0], values[-1]),
        tried=len(seen),
        stretches=where,
        closest=None if where else _closest(condition, seen),
    )


def _figures(
    prepared: Prepared, path: str, condition: Condition, option: str, capacities: Mapping[str, SloCapacity]
) -> Callable[[Sequence[float]], list[tuple[bool, float | None]]]:
    """Whether the condition holds at each of several values of an input, and the figure that it is about."""
    asked = _of_interest(prepared.scenario, option)

    def alone(value: float) -> tuple[bool, float | None]:
        found = compare(prepared, with_value(asked, path, value))
        return condition.holds(found, option), condition.figure(found, option)

    def figures(values: Sequence[float]) -> list[tuple[bool, float | None]]:
        if condition.metric == RECOMMENDED:
            return [(name == option, None) for name in recommended_at(prepared, path, values, capacities)]
        if condition.metric not in TOGETHER or option == asked.baseline:
            return [alone(value) for value in values]
        own, baseline = after_values(prepared, option, path, values, capacities)
        needs = own.served if condition.metric == "total_usd" else own.served & baseline.served
        if condition.metric == "saving_fraction":
            needs = needs & (baseline.total_usd > 0)
        known = figures_of(condition.metric, own, baseline).tolist()
        return [
            (can and condition.met(figure), figure if can else None)
            for figure, can in zip(known, needs.tolist(), strict=True)
        ]

    return figures


def figures_of(metric: str, own: Outcome, baseline: Outcome) -> Numbers:
    """A figure of an option in many draws, or at many values of an input; it means nothing where one of the two cannot serve.

    A share of a baseline that costs nothing does not exist and is NaN, which is within no limit.

    Args:
        metric: one of `TOGETHER`.
        own: of the option.
        baseline: of the baseline.
    """
    if metric == "saving_fraction":
        return np.asarray(1 - own.total_usd / np.where(baseline.total_usd > 0, baseline.total_usd, np.nan))
    return np.asarray(getattr(own, metric))


def _of_interest(scenario: Scenario, option: str) -> Scenario:
    """The scenario with only those options that a figure of one is about."""
    concerned = _concerned(scenario, option)
    kept = [each for each in scenario.options if each.name in concerned]
    return scenario.model_copy(update={"options": kept})


def _concerned(scenario: Scenario, option: str) -> set[str]:
    """The option and the baseline, with what serves before or after them, what they are made of and where their tasks escalate to."""
    names = (option, scenario.baseline)
    there = {*names, *(target for name in names for target in escalates_through(name, scenario))}
    return {each for name in there for each in involved(name, scenario)}


def _closest(condition: Condition, seen: dict[float, tuple[bool, float | None]]) -> tuple[float, float] | None:
    known = [(value, figure) for value, (_, figure) in seen.items() if figure is not None and math.isfinite(figure)]
    return min(known, key=lambda pair: abs(pair[1] - condition.limit), default=None)


def _quantity(scenario: Scenario, path: str) -> Quantity:
    known = dict(quantities(scenario))
    if path not in known:
        raise InputError(f"--for {path!r}: no input has that path; {path_hint(path, known)}")
    return known[path]


def _range(scenario: Scenario, path: str, quantity: Quantity, times: float) -> tuple[float, float]:
    """What is searched where nobody says it: all that is allowed, or some times less and more than the value."""
    name, unit = path.rpartition(".")[2], unit_of(path)
    if "availability" in name:
        return _AVAILABILITY
    if name == "pue":
        return _PUE
    if name.endswith(("_per_year_fraction", "_per_month_fraction")) or name == "discount_rate_per_year":
        return _CHANGE
    if unit.startswith("fraction"):
        return _SHARE
    middle = quantity.value or quantity.high or 1.0
    return (0.0 if _problem(scenario, path, 0.0) is None else middle / times), middle * times


def _problem(scenario: Scenario, path: str, value: float) -> str | None:
    """Why an input may not have a value. History may give another input a wider range than a person may write: that is none of it."""
    before = _problems(scenario)
    return next((told for told in _problems(with_value(scenario, path, value)) if told not in before), None)


def _problems(scenario: Scenario) -> list[str]:
    try:
        Scenario.model_validate(scenario.model_dump(by_alias=True))
    except ValidationError as error:
        return [str(each["msg"]).removeprefix("Value error, ") for each in error.errors(include_url=False)]
    return []


def _values(low: float, high: float, now: float, points: int) -> list[float]:
    """Values to try: even in ratio where all are above zero and far apart, even in difference else; with both ends and the present one."""
    if low < 0 or high <= 1:
        spread = np.linspace(low, high, points).tolist()
    else:
        spread = [low, *np.geomspace(low or high / TIMES**2, high, points).tolist()]
    inside = [value for value in (*spread, now) if low <= value <= high]
    return sorted({*inside, low, high})


def _far(one: float, other: float) -> float:
    if one > 0 and other > 0:
        return max(one / other, other / one)
    return 1.0 + abs(one - other)
