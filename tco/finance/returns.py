"""Rates of return of a cash flow: IRR, MIRR, ROI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from tco.finance.profile import HIGHEST_MONTHLY, LOWEST_PER_YEAR, irr_roots_per_year, sign_changes_count
from tco.finance.value import MONTHS_PER_YEAR, Flows, npv


@dataclass(frozen=True, slots=True)
class Irr:
    """An internal rate of return, or why there is none.

    Attributes:
        rate_per_year: effective yearly rate [fraction], or None.
        status: `ok`; `none` when the flows never change sign or no rate solves it; `several` when more than one does and none stands out, so
            that any one of them would be arbitrary.
        roots_per_year: all rates that solve it, ascending.
    """

    rate_per_year: float | None
    status: Literal["ok", "none", "several"]
    roots_per_year: tuple[float, ...] = ()


def irr(flows: Flows) -> Irr:
    """Internal rate of return: the effective yearly rate at which the NPV is zero, where there is just one to name.

    Descartes' rule: as many positive roots as sign changes at most. One change gives at most one rate, found by Brent's
    method on the monthly factor. More changes may give one rate or several: taxes that are settled once a year turn the sign of single months of a plain
    investment. Then all rates are searched (`irr_roots_per_year`), and one is reported where it is the only one, or the only one above zero of flows that gain: then the NPV
    is above zero at every rate from zero to it and below zero at every higher one, as a rate of return says. Else none is reported, use the MIRR. A rate below
    -99 % a year, where all but everything is lost, is not reported either.

    Lend 100, get 110 in a year. What does it yield?

    >>> round(irr([-100.0] + [0.0] * 11 + [110.0]).rate_per_year, 6)
    0.1
    """
    # What comes later is worth less by the same factor at every rate: flows may start at their first that is not zero.
    values = np.trim_zeros(np.asarray(flows, dtype=float))
    changes = sign_changes_count(values)
    if changes == 0:
        return Irr(None, "none")
    if changes > 1:
        return _of_many(values, tuple(irr_roots_per_year(values)))

    def value(monthly: float) -> float:
        return float(np.sum(values * (1 + monthly) ** -np.arange(values.size)))

    lowest = (1 + LOWEST_PER_YEAR) ** (1 / MONTHS_PER_YEAR) - 1
    if value(lowest) * value(HIGHEST_MONTHLY) > 0:
        return Irr(None, "none")
    monthly = float(brentq(value, lowest, HIGHEST_MONTHLY, xtol=1e-15, rtol=1e-14, maxiter=500))
    rate = (1 + monthly) ** MONTHS_PER_YEAR - 1
    return Irr(rate, "ok", (rate,))


def _of_many(values: npt.NDArray[np.float64], roots: tuple[float, ...]) -> Irr:
    """Of flows that change their sign more than once."""
    if not roots:
        return Irr(None, "none")
    if len(roots) == 1:
        return Irr(roots[0], "ok", roots)
    positive = [root for root in roots if root > 0]
    if len(positive) == 1 and np.sum(values) > 0:
        return Irr(positive[0], "ok", roots)
    return Irr(None, "several", roots)


def mirr(flows: Flows, finance_rate_per_year: float, reinvest_rate_per_year: float) -> float | None:
    """Modified internal rate of return: `(FV(gains) / -PV(costs))^(12 / n) - 1`, effective per year.

    Costs are brought to time zero at the finance rate, gains to the end at the reinvestment rate. It exists and is unique
    whenever there are both costs and gains; else None.
    """
    values = np.asarray(flows, dtype=float)
    months = values.size - 1
    costs = npv(finance_rate_per_year, np.minimum(values, 0))
    gains = npv(reinvest_rate_per_year, np.maximum(values, 0)) * (1 + reinvest_rate_per_year) ** (
        months / MONTHS_PER_YEAR
    )
    if costs == 0 or gains == 0 or months == 0:
        return None
    return float((gains / -costs) ** (MONTHS_PER_YEAR / months) - 1)


def roi_fraction(net_usd: float, invested_usd: float) -> float | None:
    """Return on investment: net gain over money invested [fraction]; None where nothing was invested.

    >>> roi_fraction(50.0, 200.0)
    0.25
    """
    return net_usd / invested_usd if invested_usd > 0 else None
