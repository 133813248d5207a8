"""How the price of servers is deducted over the years."""

from __future__ import annotations

import numpy as np

from tco.capital.schedule import Months, followed_by
from tco.finance_terms import Depreciation

MONTHS_PER_YEAR = 12

MACRS_5_YEAR = (0.20, 0.32, 0.192, 0.1152, 0.1152, 0.0576)
"""Shares by tax year of property with a recovery period of 5 years, as computers have, half-year convention: IRS Publication 946, "How To
Depreciate Property", appendix A, table A-1. https://www.irs.gov/publications/p946"""


def depreciation_usd(terms: Depreciation, bought: Months, economic_life_months: int) -> Months:
    """Depreciation of all purchases by month [USD/month], shape (..., months).

    Args:
        terms: the schedule.
        bought: money paid for servers at the start of each month [USD/month], shape (..., months).
        economic_life_months: the book life where the terms name none.

    `straight-line`: price / book life in each month from the purchase on. Tables go by year of the plan, which is taken as the tax year: a purchase has the
    first share in the year in which it is made, however late (that is the half-year convention of MACRS, which gives half a year to all of them), the second in the
    next. A year's share is spread evenly over its months, in the first year over those that are left.

    The whole price is deducted, without a salvage value: what servers fetch at the end is taxed as a gain instead (`tco.capital.tax`).
    In the year of sale a table gives its whole share; the half that the IRS gives would be made good by the gain of the same year.
    """
    if terms.schedule == "straight-line":
        life = terms.book_life_months or economic_life_months
        return followed_by(bought, np.full(life, 1 / life))
    table = MACRS_5_YEAR if terms.schedule == "macrs-5-year" else tuple(terms.table_fraction or ())
    out = np.zeros_like(bought)
    for month in np.flatnonzero(np.any(bought != 0, axis=tuple(range(bought.ndim - 1)))):
        pattern = _by_month(table, int(month) % MONTHS_PER_YEAR)[: bought.shape[-1] - int(month)]
        out[..., month : month + pattern.size] += bought[..., month, np.newaxis] * pattern
    return out


def _by_month(table: tuple[float, ...], into_year: int) -> Months:
    """Shares by month of what is bought so many months into a tax year."""
    first = MONTHS_PER_YEAR - into_year
    years = [np.full(first if year == 0 else MONTHS_PER_YEAR, share) for year, share in enumerate(table)]
    return np.concatenate([shares / shares.size for shares in years])
