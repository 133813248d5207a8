"""How the present value hangs on the rate: a profile, how often flows change sign, and every rate at which it is zero."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from tco.finance.value import MONTHS_PER_YEAR, Flows, npv_of

PROFILE_RATES_PER_YEAR = (0.0, 0.02, 0.05, 0.08, 0.10, 0.12, 0.15, 0.20, 0.25, 0.30, 0.40, 0.50, 0.75, 1.00)
"""Effective yearly rates of a profile."""

LOWEST_PER_YEAR, HIGHEST_MONTHLY = -0.99, 1e4
"""Rates that are searched: from the loss of all but everything in a year to 10,000 times as much in a month."""

_DENSE, _FINE_UP_TO, _COARSE = 600, 0.5, 120


def npv_profile(flows: Flows, rates_per_year: npt.ArrayLike = PROFILE_RATES_PER_YEAR) -> list[float]:
    """Net present value at each of several rates [currency].

    Args:
        flows: flow at time zero and at the end of each month [currency].
        rates_per_year: effective yearly rates, above -1 [fraction].

    >>> [round(value, 2) for value in npv_profile([-100.0] + [0.0] * 11 + [110.0], [0.0, 0.05, 0.20])]
    [10.0, 4.76, -8.33]
    """
    rates = np.asarray(rates_per_year, dtype=float)
    values = np.asarray(flows, dtype=float)
    return [float(value) for value in npv_of(rates, np.broadcast_to(values, (rates.size, values.size)))]


def sign_changes_count(flows: Flows) -> int:
    """How often flows change their sign, zeros left out. By Descartes' rule no more rates than that have a present value of zero.

    >>> sign_changes_count([-100.0, 0.0, 230.0, -132.0])
    2
    """
    values = np.asarray(flows, dtype=float)
    return int(np.sum(np.diff(np.sign(values[values != 0])) != 0))


def irr_roots_per_year(flows: Flows) -> list[float]:
    """Every effective yearly rate at which the NPV crosses zero, ascending [fraction].

    The monthly factor `1 + i` is scanned in steps of equal ratio, 0.15 % up to 65 % a month and 8 % beyond, and each change of sign is narrowed down by Brent's
    method. Where there are several, none of them is the return.

    Special cases: a rate at which the NPV touches zero without crossing it, and two within one step, are not seen; rates below -99 % a year are
    not searched.

    Two roots, 10 % and 20 % a month, which are 213.8 % and 791.6 % a year:

    >>> [round(rate, 3) for rate in irr_roots_per_year([-100.0, 230.0, -132.0])]
    [2.138, 7.916]
    """
    values = np.trim_zeros(np.asarray(flows, dtype=float))
    if sign_changes_count(values) == 0:
        return []
    powers = -np.arange(values.size)

    def value(log_factor: float) -> float:
        return float(np.exp(log_factor * powers) @ values)

    # Time zero is moved to the first flow: that multiplies every value by a positive number.
    lowest = np.log1p(LOWEST_PER_YEAR) / MONTHS_PER_YEAR
    dense = np.linspace(lowest, _FINE_UP_TO, _DENSE)
    grid = np.concatenate([dense, np.linspace(_FINE_UP_TO, np.log1p(HIGHEST_MONTHLY), _COARSE)[1:]])
    signs = np.sign(np.exp(np.outer(grid, powers)) @ values)
    crossed = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    roots = [
        *grid[signs == 0].tolist(),
        *(brentq(value, grid[left], grid[left + 1], xtol=1e-15, rtol=1e-14) for left in crossed),
    ]
    return [float(np.expm1(root * MONTHS_PER_YEAR)) for root in sorted(roots)]
