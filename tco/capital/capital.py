"""What lenders and the tax office add to an option's costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tco.capital.depreciation import depreciation_usd
from tco.capital.purchase import Paid
from tco.capital.schedule import Months
from tco.capital.tax import disposal_tax_usd, tax_by_time_usd
from tco.finance_terms import Finance
from tco.quantity import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Capital:
    """Money of lenders and of the tax office, as costs: what is received or saved is negative.

    Attributes:
        financing: by name and by time [USD], each of shape (..., months + 1).
        interest_usd: interest of each month, part of the payments above [USD/month], shape (..., months).
        depreciation_usd: deducted in each month, no payment [USD/month], shape (..., months).
        tax_by_time_usd: taxes, by time; what costs save is negative [USD], shape (..., months + 1).
        book_value_usd: price of servers that is not deducted yet at the end of the horizon [USD], shape (...).
        disposal_tax_usd: tax on what is fetched for them there [USD], shape (...).
    """

    financing: dict[str, Months]
    interest_usd: Months
    depreciation_usd: Months
    tax_by_time_usd: Months
    book_value_usd: Numbers
    disposal_tax_usd: Numbers

    @property
    def by_time_usd(self) -> Months:
        """All of it by time, without the tax on the sale at the end [USD], shape (..., months + 1)."""
        return np.asarray(sum(self.financing.values(), start=self.tax_by_time_usd))


def capital_of(
    terms: Finance,
    paid: Paid | None,
    *,
    running: Iterable[Months],
    expensed: Iterable[Months],
    residual_usd: Numbers,
    economic_life_months: int,
) -> Capital:
    """Financing, depreciation and taxes of one option.

    `deductible_m = running costs + one-offs + depreciation + interest`, which saves tax (`tco.capital.tax.tax_by_time_usd`).

    Args:
        terms: of the appraisal.
        paid: how its servers are paid for; None: it has none.
        running: costs at the end of each month [USD/month], each of shape (..., months); at least one.
        expensed: money at the start of each month that is deducted at once [USD/month], likewise.
        residual_usd: what its servers fetch at the end of the horizon, before tax [USD], shape (...).
        economic_life_months: of its servers.
    """
    costs = np.asarray(sum((*running, *expensed), start=np.zeros(())))
    none = np.zeros_like(costs)
    tax = terms.tax_fraction.numbers
    if paid is None:
        taxes = tax_by_time_usd(tax, costs, terms.tax_paid)
        nothing = np.zeros(())
        return Capital(
            financing={},
            interest_usd=none,
            depreciation_usd=none,
            tax_by_time_usd=taxes,
            book_value_usd=nothing,
            disposal_tax_usd=nothing,
        )
    depreciated = depreciation_usd(terms.depreciation, paid.basis_usd, economic_life_months)
    at_end = np.arange(costs.shape[-1]) == costs.shape[-1] - 1
    deductible = costs + depreciated + paid.interest_usd + paid.due_at_end_usd[..., np.newaxis] * at_end
    book_value = np.sum(paid.basis_usd - depreciated, axis=-1) + paid.basis_at_end_usd
    return Capital(
        financing=paid.financing,
        interest_usd=paid.interest_usd,
        depreciation_usd=depreciated,
        tax_by_time_usd=tax_by_time_usd(tax, deductible, terms.tax_paid),
        book_value_usd=book_value,
        disposal_tax_usd=disposal_tax_usd(tax, residual_usd, book_value),
    )
