"""Records of the answer: money by month and year, the NPV at other rates, money of today, and another currency."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class CashByPeriod(_Record):
    """Money of each period, as costs, first period first: what is received or saved is negative.

    `total_usd` is the sum of `capex_usd` (servers, one-offs), `opex_usd` (line items, lease payments among them), `financing_usd` (loans received, their payments, what is
    still owed at the end) and `tax_usd`. `interest_usd` is part of the financing; `depreciation_usd` is deducted and not paid. What is left at the end is in none of them.
    """

    capex_usd: list[float]
    opex_usd: list[float]
    financing_usd: list[float]
    tax_usd: list[float]
    total_usd: list[float]
    interest_usd: list[float]
    depreciation_usd: list[float]


class Cash(_Record):
    """What an option asks for by month and by year of the plan, and what is left at the end.

    `left_usd` is the residual less `disposal_tax_usd`, the tax on `residual − book value`; the sum of all periods less `left_usd` is the option's total. The last
    year may be shorter than the others.
    """

    by_month: CashByPeriod
    by_year: CashByPeriod
    book_value_usd: float
    disposal_tax_usd: float
    left_usd: float


class ServedBy(_Record):
    """Who serves in which months of the horizon: after `after_months` of them, until the end of month `until_months`."""

    option: str
    after_months: int
    until_months: int


class NpvProfile(_Record):
    """The saving's NPV at several rates, with what speaks against a single rate of return.

    `sign_changes_count` is how often the cash flow of the saving changes its sign, residual included. With more than one, several rates may have an NPV of zero:
    `irr_roots_per_year` lists all that were found. Where it lists several, none of them is the return; the MIRR is one.
    """

    rates_per_year: list[float]
    npv_usd: list[float]
    sign_changes_count: int
    irr_roots_per_year: list[float]


class TodaysMoney(_Record):
    """The answer in money of time zero, at the scenario's inflation.

    The NPV is the same in either money: both flows and rate lose the same inflation. Totals and rates of return differ.
    """

    inflation_per_year_fraction: float
    discount_rate_per_year: float
    total_usd: float
    npv_usd: float | None
    irr_per_year: float | None


class InCurrency(_Record):
    """One option's amounts in the reporting currency."""

    name: str
    capex_in_currency: float
    monthly_in_currency: list[float]
    total_in_currency: float
    npv_in_currency: float | None


class ReportingCurrency(_Record):
    """Amounts restated at one rate, that of a day; a plan says nothing of what the rate becomes."""

    code: str
    usd_per_unit: float
    as_of: date
    source: str
    options: list[InCurrency]
