"""The answer's money by period, at other rates, in money of today and in another currency, from ledgers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tco import finance
from tco.capital import in_todays_money, real_rate_per_year
from tco.cash_records import Cash, CashByPeriod, InCurrency, NpvProfile, ReportingCurrency, ServedBy, TodaysMoney
from tco.cashflow import Ledger, saving_npv_usd, savings_by_time_usd, with_residual
from tco.finance_terms import Finance
from tco.number_style import local
from tco.result import OptionResult
from tco.scenario import Scenario
from tco.splice import served_by
from tco.workload.demand import Months

MONTHS_PER_YEAR = 12
_RECEIVED = "loan_received"
"""The one part of the financing that falls at the start of a month."""


def cash_of(own: Ledger) -> Cash:
    """An option's money by month and by year of the plan.

    What is paid at the start of a month belongs to that month, what is paid at its end too.
    """
    capital, none = own.capital, np.zeros_like(own.monthly_usd)
    by_month = {
        "capex_usd": own.upfront_usd,
        "opex_usd": own.monthly_usd,
        "financing_usd": none if capital is None else _by_month(capital.financing, none),
        "tax_usd": none if capital is None else capital.tax_by_time_usd[1:],
        "interest_usd": none if capital is None else capital.interest_usd,
        "depreciation_usd": none if capital is None else capital.depreciation_usd,
    }
    by_month["total_usd"] = sum(
        (by_month[name] for name in ("opex_usd", "financing_usd", "tax_usd")), by_month["capex_usd"]
    )
    starts = np.arange(0, none.size, MONTHS_PER_YEAR)
    return Cash(
        by_month=CashByPeriod(**{name: amounts.tolist() for name, amounts in by_month.items()}),
        by_year=CashByPeriod(**{name: np.add.reduceat(amounts, starts).tolist() for name, amounts in by_month.items()}),
        book_value_usd=0.0 if capital is None else float(capital.book_value_usd),
        disposal_tax_usd=0.0 if capital is None else float(capital.disposal_tax_usd),
        left_usd=float(own.left_usd),
    )


def _by_month(financing: dict[str, Months], none: Months) -> Months:
    """By the month at whose start or end it falls."""
    return np.asarray(sum((flows[:-1] if name == _RECEIVED else flows[1:] for name, flows in financing.items()), none))


def sequence_of(name: str, scenario: Scenario) -> list[ServedBy]:
    """Who serves when, where an option starts later or is followed by another; empty where it serves all the time.

    Args:
        name: of the option.
        scenario: filled.
    """
    served = served_by(name, scenario)
    if [other for other, _ in served] == [name]:
        return []
    return [ServedBy(option=other, after_months=months.start, until_months=months.stop) for other, months in served]


def npv_profile_of(baseline: Ledger, own: Ledger) -> NpvProfile:
    """The saving's NPV at the rates of a profile; every rate at which it is zero, where there may be more than one."""
    flows = with_residual(savings_by_time_usd(baseline, own), baseline, own)
    return NpvProfile(
        rates_per_year=list(finance.PROFILE_RATES_PER_YEAR),
        npv_usd=finance.npv_profile(flows),
        sign_changes_count=finance.sign_changes_count(flows),
        irr_roots_per_year=list(finance.irr(flows).roots_per_year),
    )


def todays_money(own: Ledger, baseline: Ledger | None, scenario: Scenario) -> TodaysMoney | None:
    """The answer in money of time zero; None where no inflation is given.

    Args:
        own: costs of the option.
        baseline: of the baseline, where the option can be compared with it; None: it cannot.
        scenario: filled.
    """
    if scenario.finance.inflation_per_year_fraction is None:
        return None
    inflation = scenario.finance.inflation_per_year_fraction.value
    rate = scenario.discount_rate_per_year.value
    costs = own.costs_by_time_usd.copy()
    costs[-1] -= own.left_usd
    irr = None
    if baseline is not None:
        found = finance.irr(with_residual(savings_by_time_usd(baseline, own), baseline, own)).rate_per_year
        irr = None if found is None else real_rate_per_year(found, inflation)
    return TodaysMoney(
        inflation_per_year_fraction=inflation,
        discount_rate_per_year=real_rate_per_year(rate, inflation),
        total_usd=float(np.sum(in_todays_money(np.asarray(inflation), costs))),
        npv_usd=None if baseline is None else saving_npv_usd(rate, baseline, own),
        irr_per_year=irr,
    )


def taxes(terms: Finance) -> str:
    """How taxes are reckoned, in words for every output.

    >>> taxes(Finance())
    'before tax'
    """
    if not terms.is_taxed:
        return "before tax"
    depreciation = {
        "straight-line": "straight-line depreciation",
        "macrs-5-year": "depreciation by MACRS, 5 years",
        "table": "depreciation by a table of one's own",
    }[terms.depreciation.schedule]
    paid = "at the end of each year of the plan" if terms.tax_paid == "year-end" else "monthly"
    return f"after {local(100 * terms.tax_fraction.value):.4g}% of tax, settled {paid}, {depreciation}"


def in_currency(options: Iterable[OptionResult], scenario: Scenario) -> ReportingCurrency | None:
    """Feasible options' amounts in the reporting currency, `USD / (USD per unit)`; None where none is asked for."""
    rate = scenario.finance.reporting_currency
    if rate is None:
        return None
    return ReportingCurrency(
        code=rate.currency,
        usd_per_unit=rate.usd,
        as_of=rate.as_of,
        source=rate.source,
        options=[
            InCurrency(
                name=option.name,
                capex_in_currency=(option.capex_usd or 0.0) / rate.usd,
                monthly_in_currency=[amount / rate.usd for amount in option.monthly_usd],
                total_in_currency=(option.total_usd or 0.0) / rate.usd,
                npv_in_currency=None if option.npv_usd is None else option.npv_usd / rate.usd,
            )
            for option in options
            if option.feasible
        ],
    )
