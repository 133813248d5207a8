"""Two inputs at once: the NPV of an option over a grid of their values, all others kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tco.compare import Prepared, compare
from tco.errors import InputError
from tco.ledgers import capacities_of
from tco.quantity import Quantity
from tco.register import path_hint, quantities, unit_of, with_value
from tco.risk.changes import asks_one_by_one
from tco.risk.inputs import Uncertain
from tco.risk.many import drawn, outcomes
from tco.scenario import Scenario

_POINTS = 7
_TIMES = 3.0
"""A value without a range is tried from a third of it to three times it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoWay:
    """The NPV of an option against the baseline over two inputs.

    Attributes:
        option: whose.
        paths: of the two inputs: across, and down.
        units: of them.
        across: values of the first.
        down: values of the second.
        npv_usd: by row (second input) and column (first); None where it, or the baseline, cannot serve [USD].
    """

    option: str
    paths: tuple[str, str]
    units: tuple[str, str]
    across: tuple[float, ...]
    down: tuple[float, ...]
    npv_usd: tuple[tuple[float | None, ...], ...]


def two_way(prepared: Prepared, paths: tuple[str, str], option: str | None = None, *, points: int = _POINTS) -> TwoWay:
    """Moves two inputs together, each over its own range.

    Args:
        prepared: the scenario.
        paths: of the two inputs, as in the assumptions register.
        option: whose NPV; null: the best alternative to the baseline.
        points: values of each.

    Raises:
        InputError: no such input or option, the same input twice, or no alternative can serve.
    """
    filled = prepared.scenario
    known = dict(quantities(filled))
    for path in paths:
        if path not in known:
            raise InputError(f"--map {path!r}: no input has that path; {path_hint(path, known)}")
    if paths[0] == paths[1]:
        raise InputError(f"--map names {paths[0]!r} twice; name two different inputs")
    name = option or compare(prepared, filled).contender
    if name is None:
        raise InputError("no alternative to the baseline can serve; name the option that you ask about with --option")
    if name not in {each.name for each in filled.options}:
        raise InputError(
            f"--option {name!r}: no such option; the scenario has: {', '.join(o.name for o in filled.options)}"
        )
    across, down = (_values(known[path], points) for path in paths)
    return TwoWay(
        option=name,
        paths=paths,
        units=(unit_of(paths[0]), unit_of(paths[1])),
        across=across,
        down=down,
        npv_usd=_npv(prepared, name, paths, [known[path] for path in paths], (across, down)),
    )


def _npv(
    prepared: Prepared,
    name: str,
    paths: tuple[str, str],
    held: list[Quantity],
    values: tuple[tuple[float, ...], tuple[float, ...]],
) -> tuple[tuple[float | None, ...], ...]:
    inputs = tuple(Uncertain(paths=(path,), quantity=quantity) for path, quantity in zip(paths, held, strict=True))
    if any(asks_one_by_one(prepared, name, each) for each in inputs):
        return tuple(tuple(_one(prepared, name, paths, (x, y)) for x in values[0]) for y in values[1])
    x, y = (grid.ravel() for grid in np.meshgrid(*values))
    scenario = drawn(prepared.scenario, inputs, (x, y), {})
    found = outcomes(prepared, scenario, [name], x.size, capacities_of(prepared.scenario, prepared.replicas))
    can = found[name].served & found[prepared.scenario.baseline].served
    cells = np.where(can, found[name].npv_usd, np.nan).reshape(len(values[1]), len(values[0]))
    return tuple(tuple(None if np.isnan(cell) else float(cell) for cell in row) for row in cells)


def _one(prepared: Prepared, name: str, paths: tuple[str, str], values: tuple[float, float]) -> float | None:
    """Inputs that lay the fleet out anew, or change what a request is, are answered one by one."""
    filled: Scenario = prepared.scenario
    for path, value in zip(paths, values, strict=True):
        filled = with_value(filled, path, value)
    # All options stay: the one that is asked about may be made of others, or be followed by one.
    return compare(prepared, filled).option(name).npv_usd


def _values(quantity: Quantity, points: int) -> tuple[float, ...]:
    """Even steps over the range, or even ratios around a value that has none, the value itself among them."""
    if quantity.bounds is not None:
        spread = np.linspace(*quantity.bounds, points - 1).tolist()
    elif quantity.value > 0:
        spread = np.geomspace(quantity.value / _TIMES, quantity.value * _TIMES, points).tolist()
    else:
        spread = np.linspace(quantity.value - 0.5, quantity.value + 0.5, points).tolist()
    return tuple(sorted({*spread, quantity.value}))
