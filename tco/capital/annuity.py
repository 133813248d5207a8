"""Equal payments: what a loan or a lease asks for each month, how much of it is interest, and what is still owed."""

from __future__ import annotations

import numpy as np

from tco.capital.schedule import Months
from tco.quantity import Numbers

MONTHS_PER_YEAR = 12


def payment_fraction(rate_per_month: Numbers, term_months: int, residual_fraction: Numbers | float = 0.0) -> Numbers:
    """Equal payment at the end of each month, over the amount that is paid down [fraction/month].

    `payment = i · (1 − R / (1 + i)^n) / (1 − (1 + i)^−n)`, and `(1 − R) / n` without interest. It is `-pmt(i, n, 1, -R)` of numpy-financial and spreadsheets.

    Args:
        rate_per_month: i [fraction/month], shape () or (draws, 1).
        term_months: n.
        residual_fraction: R, what is left to be paid at the end, over the amount [fraction].

    100,000 USD over 36 months at half a per cent a month:

    >>> round(100_000 * float(payment_fraction(np.asarray(0.005), 36)), 2)
    3042.19
    """
    rate = np.where(rate_per_month == 0, 1.0, rate_per_month)
    with_interest = rate * (1 - residual_fraction * (1 + rate) ** -term_months) / (1 - (1 + rate) ** -term_months)
    return np.asarray(np.where(rate_per_month == 0, (1 - residual_fraction) / term_months, with_interest))


def principal_fractions(rate_per_month: Numbers, term_months: int) -> Months:
    """What each payment pays off, over the amount borrowed [fraction/month], shape (..., term_months); sums to 1.

    The first is `payment − i`, each later one `1 + i` times the one before: `ppmt` of numpy-financial.
    """
    first = payment_fraction(rate_per_month, term_months) - rate_per_month
    return np.asarray(first * (1 + rate_per_month) ** np.arange(term_months))


def owed_fractions(rate_per_month: Numbers, term_months: int) -> Months:
    """What is owed after so many payments, from none on, over the amount borrowed [fraction], shape (..., term_months + 1); ends with 0."""
    paid = np.cumsum(principal_fractions(rate_per_month, term_months), axis=-1)
    owed = 1 - np.concatenate([np.zeros((*paid.shape[:-1], 1)), paid], axis=-1)
    owed[..., -1] = 0.0  # but for rounding it is
    return np.asarray(owed)
