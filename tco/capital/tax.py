"""Taxes that costs save, and the tax on what is sold at the end."""

from __future__ import annotations

from typing import Literal

import numpy as np

from tco.capital.schedule import Months
from tco.quantity import Numbers

MONTHS_PER_YEAR = 12


def tax_by_time_usd(
    tax_fraction: Numbers, deductible_usd: Months, paid: Literal["year-end", "monthly"] = "year-end"
) -> Months:
    """Taxes by time, as costs: what is deducted saves tax, so they are negative [USD], shape (..., months + 1).

    `tax_t = −tax rate · deductions`, of the year or month that ends at t. Time 0 has none.

    Args:
        tax_fraction: tax rate on profits [fraction], shape () or (draws, 1).
        deductible_usd: running costs, depreciation and interest of each month [USD/month], shape (..., months).
        paid: at the end of each year of the plan, the last one at the horizon's end; or of each month.

    The company is taken to earn enough elsewhere that every deduction saves tax in its own year; losses are not carried forward.

    >>> tax_by_time_usd(np.asarray(0.25), np.full(14, 100.0))[[0, 11, 12, 13, 14]].tolist()
    [0.0, 0.0, -300.0, 0.0, -50.0]
    """
    saved = -tax_fraction * deductible_usd
    months = saved.shape[-1]
    out = np.zeros((*saved.shape[:-1], months + 1))
    if paid == "monthly":
        out[..., 1:] = saved
        return out
    starts = np.arange(0, months, MONTHS_PER_YEAR)
    out[..., np.minimum(starts + MONTHS_PER_YEAR, months)] = np.add.reduceat(saved, starts, axis=-1)
    return out


def disposal_tax_usd(tax_fraction: Numbers, residual_usd: Numbers, book_value_usd: Numbers) -> Numbers:
    """Tax on the sale at the end of the horizon: `tax rate · (residual − book value)`; negative where it sells at a loss [USD], shape () or (draws,).

    Args:
        tax_fraction: tax rate on profits [fraction], shape () or (draws, 1).
        residual_usd: what is fetched, shape () or (draws,).
        book_value_usd: price not deducted yet, shape () or (draws,).

    Sold for 10,000 with 4,000 on the books, at 25 %:

    >>> float(disposal_tax_usd(np.asarray(0.25), np.asarray(10_000.0), np.asarray(4_000.0)))
    1500.0
    """
    rate = tax_fraction[..., 0] if tax_fraction.ndim else tax_fraction
    return np.asarray(rate * (residual_usd - book_value_usd))
