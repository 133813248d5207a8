"""A condition on the answer, as people write it: `payback_months<=12`, `npv_usd>=0`, `recommended=rented-h100`."""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tco.compare import Comparison
from tco.errors import InputError
from tco.result import OptionResult

RECOMMENDED = "recommended"
"""The one condition that is not on a number: that an option is the recommended one."""

_OF_OPTION = (
    "payback_months", "discounted_payback_months", "npv_usd", "irr_per_year", "mirr_per_year", "roi_fraction", "saving_fraction",
    "capex_usd", "total_usd", "usd_per_mtok", "usd_per_request", "usd_per_mtok_at_full_load", "residual_usd",
)  # fmt: skip
_OF_CAPACITY = (
    "replicas",
    "gpus",
    "servers",
    "goodput_requests_per_s",
    "utilisation_fraction",
    "late_fraction",
    "idle_usd",
)
_OF_UNITS = ("input_usd_per_mtok", "output_usd_per_mtok", "usd_per_user_month")
_OF_TASK = ("usd_per_successful_task", "solved_fraction")
METRICS = (*_OF_OPTION, *_OF_CAPACITY, *_OF_UNITS, *_OF_TASK)
"""Figures that a condition may be on: names of an option's answer, of its capacity, unit costs and task cost in `tco plan --json`."""

_NEVER_IS_NULL = ("payback_months", "discounted_payback_months")
_PATTERN = re.compile(r"\s*([a-z_]+)\s*(<=|>=|<|>|=)\s*(\S(?:.*\S)?)\s*")
_OPERATORS: dict[str, Callable[[Any, float], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on one option's answer.

    Attributes:
        metric: one of `METRICS`, or `recommended`.
        sign: `<=`, `<`, `>=`, `>`; `=` for `recommended`.
        limit: what the figure is held against; infinite where it was left to `recommended`.
    """

    metric: str
    sign: str
    limit: float

    def text(self, option: str) -> str:
        """As it is written, for an option.

        >>> Condition("payback_months", "<=", 12.0).text("rented"), Condition("recommended", "=", 1.0).text("rented")
        ('payback_months<=12', 'recommended=rented')
        """
        return f"{self.metric}={option}" if self.metric == RECOMMENDED else f"{self.metric}{self.sign}{self.limit:g}"

    def holds(self, found: Comparison, option: str) -> bool:
        """Whether an option's answer fulfils it; an option that cannot serve fulfils none.

        Args:
            found: the answers.
            option: whose.
        """
        if self.metric == RECOMMENDED:
            return found.recommended == option
        figure = self.figure(found, option)
        return figure is not None and self.met(figure)

    def met(self, figure: float) -> bool:
        """Whether a figure is within the limit."""
        return bool(_OPERATORS[self.sign](figure, self.limit))

    def met_by(self, figures: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Whether each of many figures is within the limit; an infinite one is a payback that never comes."""
        return np.asarray(_OPERATORS[self.sign](figures, self.limit))

    def figure(self, found: Comparison, option: str) -> float | None:
        """The figure that it is about: infinite for a payback that never comes; None where there is none.

        Args:
            found: the answers.
            option: whose.
        """
        answer = found.option(option)
        if not answer.feasible or self.metric == RECOMMENDED:
            return None
        figure = _read(answer, self.metric)
        return math.inf if figure is None and self.metric in _NEVER_IS_NULL else figure


def parse_condition(text: str, options: Iterable[str]) -> tuple[Condition, str | None]:
    """Reads a condition; with the option that it names, where it names one.

    Args:
        text: such as `payback_months<=12`, or `recommended=NAME`.
        options: names of the scenario's options.

    Raises:
        InputError: not a condition, an unknown figure or option, a limit that is no number.

    >>> parse_condition("payback_months <= 12", ["api", "rented"])
    (Condition(metric='payback_months', sign='<=', limit=12.0), None)
    """
    read = _PATTERN.fullmatch(text)
    if read is None:
        raise InputError(
            f"--until {text!r}: write FIGURE<=NUMBER or FIGURE>=NUMBER, for example payback_months<=12, or recommended=OPTION"
        )
    metric, sign, limit = read.groups()
    if metric == RECOMMENDED:
        return Condition(RECOMMENDED, "=", math.inf), _option(text, sign, limit, list(options))
    if metric not in METRICS:
        near = difflib.get_close_matches(metric, METRICS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join((*METRICS, RECOMMENDED))}"
        raise InputError(f"--until {text!r}: no figure is called {metric!r}; {hint}")
    if sign == "=":
        raise InputError(
            f"--until {text!r}: a figure hardly ever equals a number; write {metric}<={limit} or {metric}>={limit}"
        )
    return Condition(metric, sign, _number(text, limit)), None


def _option(text: str, sign: str, name: str, options: list[str]) -> str:
    if sign != "=" or name not in options:
        raise InputError(f"--until {text!r}: write recommended=OPTION with one of: {', '.join(options)}")
    return name


def _number(text: str, limit: str) -> float:
    try:
        number = float(limit)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"--until {text!r}: {limit!r} is not a number; write a plain one, such as 12 or 0.25")
    return number


def _read(answer: OptionResult, metric: str) -> float | None:
    if metric in _OF_OPTION:
        held: object = answer
    elif metric in _OF_CAPACITY:
        held = answer.capacity
    else:
        held = answer.unit_costs if metric in _OF_UNITS else answer.task_cost
    figure: float | None = None if held is None else getattr(held, metric)
    return figure
