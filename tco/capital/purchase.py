"""How servers are paid for: at once, with a loan, or as a lease; every purchase has its own."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tco.capital.annuity import MONTHS_PER_YEAR, owed_fractions, payment_fraction
from tco.capital.schedule import Months, followed_by, left_at_end
from tco.finance_terms import Cash, Lease, Loan
from tco.quantity import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What the servers of an option ask for, and when.

    Attributes:
        investments: money laid out at the start of each month, by name [USD/month], each of shape (..., months).
        line_items: payments at the end of each month that are running costs, by name [USD/month], likewise.
        financing: money of lenders by time, by name, as costs: what is received is negative [USD], each of shape (..., months + 1).
        interest_usd: interest of each month [USD/month], shape (..., months).
        basis_usd: money that is depreciated, at the start of each month [USD/month], shape (..., months).
        basis_at_end_usd: likewise at the end of the horizon [USD], shape (...).
        due_at_end_usd: payments of leases that fall due at the end of the horizon [USD], shape (...).
        is_owned: whether what was had at the start of a month is the company's own at the end of the horizon, shape (months,).
    """

    investments: dict[str, Months]
    line_items: dict[str, Months] = field(default_factory=dict)
    financing: dict[str, Months] = field(default_factory=dict)
    interest_usd: Months
    basis_usd: Months
    basis_at_end_usd: Numbers
    due_at_end_usd: Numbers
    is_owned: npt.NDArray[np.bool_]


def life_months(terms: Cash | Loan | Lease, economic_life_months: int) -> int:
    """How long a server stays [months]: its economic life; of a lease that ends with its return the term, and never less than a lease's term."""
    if not isinstance(terms, Lease):
        return economic_life_months
    return terms.term_months if terms.at_end == "return" else max(economic_life_months, terms.term_months)


def paid(terms: Cash | Loan | Lease, price_usd: Months) -> Paid:
    """What is paid when for servers that are had at the start of each month.

    Args:
        terms: how they are paid for.
        price_usd: price of what is had at the start of each month [USD/month], shape (..., months).
    """
    if isinstance(terms, Loan):
        return _loan(terms, price_usd)
    if isinstance(terms, Lease):
        return _lease(terms, price_usd)
    return _at_once(price_usd)


def _at_once(price_usd: Months) -> Paid:
    none = np.zeros(price_usd.shape[:-1])
    return Paid(
        investments={"servers": price_usd},
        interest_usd=np.zeros_like(price_usd),
        basis_usd=price_usd,
        basis_at_end_usd=none,
        due_at_end_usd=none,
        is_owned=np.ones(price_usd.shape[-1], dtype=bool),
    )


def _loan(terms: Loan, price_usd: Months) -> Paid:
    rate = terms.interest_rate_per_year.numbers / MONTHS_PER_YEAR
    borrowed = price_usd * terms.financed_fraction.numbers
    payment = payment_fraction(rate, terms.term_months)
    owed = owed_fractions(rate, terms.term_months)
    payments = followed_by(borrowed, payment * np.ones(terms.term_months))
    interest = followed_by(borrowed, rate * owed[..., :-1])
    at_once = _at_once(price_usd)
    return Paid(
        investments=at_once.investments,
        financing={
            "loan_received": by_time(start=-borrowed),
            "loan_payments": by_time(end=payments),
            "loan_paid_off": _at_horizon(left_at_end(borrowed, owed), payments),
        },
        interest_usd=interest,
        basis_usd=at_once.basis_usd,
        basis_at_end_usd=at_once.basis_at_end_usd,
        due_at_end_usd=at_once.due_at_end_usd,
        is_owned=at_once.is_owned,
    )


def _lease(terms: Lease, price_usd: Months) -> Paid:
    months, term = price_usd.shape[-1], terms.term_months
    payment, buy_out = _lease_payment(terms), terms.buy_out_fraction.numbers
    payments = followed_by(price_usd, payment * np.ones(term))
    ends = np.arange(months) + term  # time at which the lease of each month's servers ends
    bought = np.zeros_like(payments)
    investments, is_owned = {"servers": np.zeros_like(price_usd)}, np.zeros(months, dtype=bool)
    if terms.at_end == "purchase":
        bought[..., term:] = (price_usd * buy_out)[..., : max(0, months - term)]
        investments["lease_buy_outs"] = bought
        is_owned = (ends < months) | (terms.at_horizon == "due")
    still_due = terms.at_horizon == "due"
    remaining = np.sum(price_usd * payment * np.maximum(ends - months, 0), axis=-1) * still_due
    bought_at_end = np.sum(price_usd * buy_out * (ends >= months), axis=-1) * (still_due and terms.at_end == "purchase")
    return Paid(
        investments=investments,
        line_items={"lease": payments},
        financing={"lease_due_at_end": _at_horizon(remaining + bought_at_end, payments)},
        interest_usd=np.zeros_like(price_usd),
        basis_usd=bought,
        basis_at_end_usd=bought_at_end,
        due_at_end_usd=remaining,
        is_owned=is_owned,
    )


def _lease_payment(terms: Lease) -> Numbers:
    if terms.payment_per_month_fraction is not None:
        return terms.payment_per_month_fraction.numbers
    assert terms.interest_rate_per_year is not None  # `Lease` has one of the two
    rate = terms.interest_rate_per_year.numbers / MONTHS_PER_YEAR
    return payment_fraction(rate, terms.term_months, terms.buy_out_fraction.numbers)


def by_time(*, start: Months | None = None, end: Months | None = None) -> Months:
    """Amounts at the start and at the end of months, by time [USD], shape (..., months + 1).

    What is paid at the start of month m falls at time m − 1, what is paid at its end at time m.

    >>> by_time(start=np.array([5.0, 0.0]), end=np.array([1.0, 2.0])).tolist()
    [5.0, 1.0, 2.0]
    """
    given = [each for each in (start, end) if each is not None]
    shape = np.broadcast_shapes(*(each.shape for each in given))
    flows = np.zeros((*shape[:-1], shape[-1] + 1))
    if start is not None:
        flows[..., :-1] = start
    if end is not None:
        flows[..., 1:] += end
    return flows


def _at_horizon(amount_usd: Numbers, like: Months) -> Months:
    """Nothing but at the end of the horizon, by time; of as many months as `like`."""
    shape = np.broadcast_shapes(amount_usd.shape, like.shape[:-1])
    flows = np.zeros((*shape, like.shape[-1] + 1))
    flows[..., -1] = amount_usd
    return flows
