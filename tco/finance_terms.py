"""The terms of an appraisal beyond the discount rate: tax, depreciation, how servers are paid for, escalation, inflation, currency.

All are off by default: an answer without them is before tax, servers are paid at once, and costs without a price of their own stand still.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from pricing.own.exchange import Rate
from tco.quantity import Change, Fraction, Quantity

_SUMS_WITHIN = 1e-6

TermMonths = Annotated[int, Field(ge=1, le=240)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class Depreciation(_Record):
    """How the tax office lets the price of a server be deducted.

    `straight-line` over `book_life_months` (without it the option's economic life); `macrs-5-year`, the six yearly shares of IRS
    Publication 946, table A-1, half-year convention; `table`, your own shares by year in `table_fraction`, which add up to 1.
    """

    schedule: Literal["straight-line", "macrs-5-year", "table"] = "straight-line"
    book_life_months: TermMonths | None = None
    table_fraction: Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=1, max_length=40)] | None = (
        None
    )

    @model_validator(mode="after")
    def _table_goes_with_its_schedule(self) -> Self:
        if (self.schedule == "table") != (self.table_fraction is not None):
            raise ValueError(
                "`table_fraction` is the shares by year of `schedule: table`; give both, or neither of them"
            )
        if self.table_fraction is not None and abs(sum(self.table_fraction) - 1) > _SUMS_WITHIN:
            raise ValueError(
                f"`table_fraction` adds up to {sum(self.table_fraction):g}; the shares of all years add up to 1, 0.2 for 20 %"
            )
        if self.book_life_months is not None and self.schedule != "straight-line":
            raise ValueError(
                f"`book_life_months` is of `schedule: straight-line`; `{self.schedule}` has its own years, so leave it out"
            )
        return self


class Cash(_Record):
    """Servers are paid when they are bought."""

    kind: Literal["cash"] = "cash"


class Loan(_Record):
    """Servers are paid with a loan in equal monthly payments, at the end of each month; every purchase has its own.

    `interest_rate_per_year` is the bank's nominal rate, a twelfth of it a month. `financed_fraction` of the price is borrowed, the rest paid at once.
    What is still owed at the end of the horizon is paid off there.
    """

    kind: Literal["loan"]
    interest_rate_per_year: Fraction
    term_months: TermMonths
    financed_fraction: Fraction = Quantity(value=1.0)


class Lease(_Record):
    """Servers are leased, paid at the end of each month; every server that is needed has its own lease.

    The payment is `payment_per_month_fraction` of the price, or what pays the price down to `buy_out_fraction` of it over `term_months` at
    `interest_rate_per_year` (nominal, a twelfth a month). At the end the server goes back and is leased anew while it is needed (`return`), or is bought for
    `buy_out_fraction` of its price (`purchase`). `at_horizon` says what becomes of a lease that the horizon cuts: all that the contract still asks for is `due`
    there, or it is `passed-on` to somebody who takes the rest over.
    """

    kind: Literal["lease"]
    term_months: TermMonths
    payment_per_month_fraction: Fraction | None = None
    interest_rate_per_year: Fraction | None = None
    buy_out_fraction: Fraction = Quantity(value=0.0)
    at_end: Literal["return", "purchase"] = "return"
    at_horizon: Literal["due", "passed-on"] = "due"

    @model_validator(mode="after")
    def _is_paid_one_way(self) -> Self:
        if (self.payment_per_month_fraction is None) == (self.interest_rate_per_year is None):
            raise ValueError(
                "a lease needs either `payment_per_month_fraction`, the payment over the price, or `interest_rate_per_year`, from which it is worked out"
            )
        return self


Purchase = Annotated[Cash | Loan | Lease, Field(discriminator="kind")]


class Finance(_Record):
    """Terms of the appraisal that hold for all options.

    With a `tax_fraction` every option is told after tax, the baseline too: what an API costs is deducted as well. Taxes are saved at the end of each year of the
    plan (`tax_paid: year-end`) or of each month, and the company is taken to earn enough elsewhere to deduct from.

    What has no price path of its own (people, electricity, space, support, named extras) rises by `cost_escalation_per_year_fraction`; salaries and electricity by
    their own where given. `inflation_per_year_fraction` changes no amount: it adds the answer in money of today. `reporting_currency` restates results at one rate.
    """

    tax_fraction: Fraction = Quantity(value=0.0)
    tax_paid: Literal["year-end", "monthly"] = "year-end"
    depreciation: Depreciation = Depreciation()
    purchase: Purchase = Cash()
    cost_escalation_per_year_fraction: Change = Quantity(value=0.0)
    salary_escalation_per_year_fraction: Change | None = None
    electricity_escalation_per_year_fraction: Change | None = None
    inflation_per_year_fraction: Change | None = None
    reporting_currency: Rate | None = None

    @property
    def is_taxed(self) -> bool:
        """Whether any tax is reckoned with, in one draw at least."""
        return bool(np.any(self.tax_fraction.numbers != 0))
