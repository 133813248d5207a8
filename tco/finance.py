"""Appraisal of a cash flow: present value, rates of return, payback.

Sign convention: money received or saved is positive, money spent negative. Flow 0 falls at time zero, flow m at the end of
month m. Yearly rates are effective: a monthly factor is `(1 + r)^(1/12)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

MONTHS_PER_YEAR = 12
Flows = Sequence[float] | npt.NDArray[np.float64]

_LOWEST_PER_YEAR, _HIGHEST_MONTHLY = -0.99, 1e4


def npv(rate_per_year: float, flows: Flows) -> float:
    """Net present value: `sum of flow_m / (1 + r)^(m / 12)`; flow 0 is not discounted.

    Args:
        rate_per_year: effective yearly discount rate [fraction].
        flows: flow at time zero and at the end of each month [currency].

    What are 100 in a year worth today at 10 % a year?

    >>> round(npv(0.10, [0.0] * 12 + [100.0]), 2)
    90.91
    """
    values = np.asarray(flows, dtype=float)
    return float(np.sum(values * (1 + rate_per_year) ** (-np.arange(values.size) / MONTHS_PER_YEAR)))


@dataclass(frozen=True, slots=True)
class Irr:
    """An internal rate of return, or why there is none.

    Attributes:
        rate_per_year: effective yearly rate [fraction], or None.
        status: `ok`; `none` when the flows never change sign or no rate solves it; `several` when they change sign more than
            once, so that several rates may solve it and a single one would be arbitrary.
    """

    rate_per_year: float | None
    status: Literal["ok", "none", "several"]


def irr(flows: Flows) -> Irr:
    """Internal rate of return: the effective yearly rate at which the NPV is zero.

    Descartes' rule: as many positive roots as sign changes at most. One change gives at most one rate, found by Brent's
    method on the monthly factor; with more changes none is reported, use the MIRR. A rate below -99 % a year, where all but
    everything is lost, is not reported either.

    Lend 100, get 110 in a year. What does it yield?

    >>> round(irr([-100.0] + [0.0] * 11 + [110.0]).rate_per_year, 6)
    0.1
    """
    values = np.trim_zeros(np.asarray(flows, dtype=float), "b")
    changes = int(np.sum(np.diff(np.sign(values[values != 0])) != 0))
    if changes != 1:
        return Irr(None, "none" if changes == 0 else "several")

    def value(monthly: float) -> float:
        return float(np.sum(values * (1 + monthly) ** -np.arange(values.size)))

    lowest = (1 + _LOWEST_PER_YEAR) ** (1 / MONTHS_PER_YEAR) - 1
    if value(lowest) * value(_HIGHEST_MONTHLY) > 0:
        return Irr(None, "none")
    monthly = float(brentq(value, lowest, _HIGHEST_MONTHLY, xtol=1e-15, rtol=1e-14, maxiter=500))
    return Irr((1 + monthly) ** MONTHS_PER_YEAR - 1, "ok")


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


def payback_months(flows: Flows) -> float | None:
    """Month from which the cumulative flow stays at zero or above, interpolated inside the month; None: never.

    The last crossing counts, not the first: a second investment that takes the total below zero again has not been paid back.

    Special cases:
        - never below zero: 0.0 (nothing had to be paid back);
        - below zero at the end: None, "never within the horizon".

    Spend 100, save 40 a month. When is it back?

    >>> payback_months([-100.0, 40.0, 40.0, 40.0])
    2.5
    """
    total = np.cumsum(np.asarray(flows, dtype=float))
    # Rounding of a sum of large flows must not turn "just paid back" into "never".
    below = np.flatnonzero(total < -1e-9 * max(1.0, float(np.max(np.abs(total)))))
    if below.size == 0:
        return 0.0
    last = int(below[-1])
    if last == total.size - 1:
        return None
    return last + float(-total[last] / (total[last + 1] - total[last]))


def discounted_payback_months(rate_per_year: float, flows: Flows) -> float | None:
    """As `payback_months`, of the flows brought to time zero: the month from which the money is back with its return."""
    values = np.asarray(flows, dtype=float)
    return payback_months(values * (1 + rate_per_year) ** (-np.arange(values.size) / MONTHS_PER_YEAR))


def roi_fraction(net_usd: float, invested_usd: float) -> float | None:
    """Return on investment: net gain over money invested [fraction]; None where nothing was invested.

    >>> roi_fraction(50.0, 200.0)
    0.25
    """
    return net_usd / invested_usd if invested_usd > 0 else None
