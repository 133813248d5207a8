"""How prices move by month, and quantities that `tco.fill` has filled."""

from __future__ import annotations

import numpy as np

from tco.quantity import Numbers, Quantity
from tco.workload.demand import Months, powers

MONTHS_PER_YEAR = 12


def filled(quantity: Quantity | None) -> Numbers:
    """The value of a quantity that `tco.fill` leaves nowhere open."""
    assert quantity is not None
    return quantity.numbers


def or_nothing(quantity: Quantity | None) -> Numbers:
    """The value of a quantity; 0 where nobody gave it."""
    return np.zeros(()) if quantity is None else quantity.numbers


def price_path(change_per_year_fraction: float | Numbers, months: int) -> Months:
    """Factor on a price by month: `(1 + change)^((m − 1) / 12)`, 1 in the first month [unitless].

    >>> price_path(-0.10, 25)[[0, 12, 24]].round(3).tolist()
    [1.0, 0.9, 0.81]
    """
    return powers(np.asarray(change_per_year_fraction), np.arange(months) / MONTHS_PER_YEAR)
