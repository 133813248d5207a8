"""How costs that have no price of their own rise from year to year, and money of today."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tco.capital.schedule import Months
from tco.finance_terms import Finance
from tco.quantity import Numbers, Quantity

MONTHS_PER_YEAR = 12


def escalated(items: Mapping[str, Months], terms: Finance) -> dict[str, Months]:
    """Running costs as they rise: `cost_m · (1 + escalation)^((m − 1) / 12)`, as today in the first month [USD/month].

    `people` and `on_call` rise by `salary_escalation_per_year_fraction`, `electricity` by `electricity_escalation_per_year_fraction`, where given; all
    others by `cost_escalation_per_year_fraction`.

    Args:
        items: running costs by name, those that have no price path of their own, each of shape (..., months).
        terms: of the appraisal.
    """
    own = {
        "people": terms.salary_escalation_per_year_fraction,
        "on_call": terms.salary_escalation_per_year_fraction,
        "electricity": terms.electricity_escalation_per_year_fraction,
    }
    return {
        name: _risen(cost, own.get(name) or terms.cost_escalation_per_year_fraction) for name, cost in items.items()
    }


def _risen(cost_usd: Months, change: Quantity) -> Months:
    if change.numbers.ndim == 0 and change.numbers == 0:
        return cost_usd
    return cost_usd * _growth(change.numbers, np.arange(cost_usd.shape[-1]))


def in_todays_money(inflation_per_year_fraction: Numbers, flows: Months) -> Months:
    """Flows by time in money of time 0: `flow_t / (1 + inflation)^(t / 12)` [USD], shape (..., months + 1).

    >>> in_todays_money(np.asarray(0.02), np.full(13, 100.0))[[0, 12]].round(2).tolist()
    [100.0, 98.04]
    """
    return flows / _growth(inflation_per_year_fraction, np.arange(flows.shape[-1]))


def real_rate_per_year(nominal_rate_per_year: float, inflation_per_year_fraction: float) -> float:
    """A rate of return in money of constant worth: `(1 + nominal) / (1 + inflation) − 1` (Irving Fisher, The Theory of Interest, 1930).

    >>> round(real_rate_per_year(0.10, 0.02), 4)
    0.0784
    """
    return (1 + nominal_rate_per_year) / (1 + inflation_per_year_fraction) - 1


def _growth(change: Numbers, months: np.ndarray) -> Months:
    # `expm1` of the logarithm keeps small changes exact; a power is the same and slower where there are many draws.
    return np.asarray(np.exp(np.log1p(change) * (months / MONTHS_PER_YEAR)))
