from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tco import evaluate
from tco.finance import irr, npv
from tco.result import OptionResult, Result
from tests.factories import API, OWN, RENT, run, scenario

EURO = {"currency": "EUR", "usd": 1.25, "as_of": "2026-11-20", "source": "a test"}
LOAN = {"kind": "loan", "interest_rate_per_year": 0.06, "term_months": 24}
RUNNING_USD = 5 * 1.3 * 730.5 * 0.10 + 5 * 184.06 + 100_000 * 0.08 / 12
"""Of one server of 5 kW in a month: electricity, space, support."""


def answer(**finance: Any) -> Result:
    options = [API, {**RENT, "one_off_usd": {"set_up": 500.0}}, OWN]
    return evaluate(scenario(options=options, finance=finance, horizon_months=18), {"test-run": run()}, searches=False)


def owned(**finance: Any) -> OptionResult:
    return answer(**finance).option("own")


def test_the_tax_of_a_server_by_hand() -> None:
    """100,000 over 24 months of book life: 75,000 deducted in 18 months, 25,000 on the books, and 66,250 fetched."""
    found = owned(tax_fraction=0.2, depreciation={"book_life_months": 24})
    first = -0.2 * (12 * RUNNING_USD + 50_000)
    second = -0.2 * (6 * RUNNING_USD + 25_000)

    assert found.cash is not None
    assert found.cash.by_month.tax_usd == pytest.approx([*[0] * 11, first, *[0] * 5, second])
    assert found.cash.by_year.tax_usd == pytest.approx([first, second])
    assert found.cash.by_year.depreciation_usd == pytest.approx([50_000, 25_000])
    assert found.cash.book_value_usd == pytest.approx(25_000)
    assert found.residual_usd == pytest.approx(66_250)
    assert found.cash.disposal_tax_usd == pytest.approx(0.2 * (66_250 - 25_000))
    assert found.total_usd == pytest.approx(
        100_000 + 18 * RUNNING_USD + first + second - 66_250 + found.cash.disposal_tax_usd
    )


def test_what_is_bought_around_servers_is_depreciated_and_one_offs_are_deducted_at_once() -> None:
    own = {**OWN, "one_off_usd": {"set_up": 1_200.0}, "hardware": {"installation_usd_per_server": 2_400.0}}
    terms = {"tax_fraction": 0.2, "tax_paid": "monthly", "depreciation": {"book_life_months": 24}}
    found = evaluate(scenario(options=[API, own], finance=terms), {"test-run": run()}, searches=False).option("own")

    assert found.cash is not None
    assert found.cash.by_month.depreciation_usd == pytest.approx([102_400 / 24] * 12)
    deducted = np.array(found.monthly_usd) + 102_400 / 24 + np.array([1_200.0, *[0] * 11])
    assert found.cash.by_month.tax_usd == pytest.approx(-0.2 * deducted)
    assert found.cash.book_value_usd == pytest.approx(51_200)


def test_a_saving_is_after_tax_on_both_sides() -> None:
    """What the API costs is deducted too: with all costs deducted as they are paid, tax takes its share of the saving and of nothing else."""
    before, after = (answer(tax_fraction=tax, tax_paid="monthly").option("rent") for tax in (0.0, 0.3))

    assert after.total_usd == pytest.approx(0.7 * (before.total_usd or 0))
    # The one-off is paid at the start of the first month and deducted at its end.
    assert np.cumsum(after.saving_by_time_usd)[1:] == pytest.approx(0.7 * np.cumsum(before.saving_by_time_usd)[1:])


def test_a_tax_of_zero_changes_nothing() -> None:
    plain = answer().option("own").model_dump(exclude={"cash"})

    assert (
        answer(tax_fraction=0.0, depreciation={"schedule": "macrs-5-year"}).option("own").model_dump(exclude={"cash"})
        == plain
    )


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"tax_fraction": 0.25, "depreciation": {"schedule": "macrs-5-year"}},
        {"tax_fraction": 0.25, "tax_paid": "monthly", "purchase": LOAN},
        {"tax_fraction": 0.25, "purchase": {"kind": "lease", "term_months": 12, "payment_per_month_fraction": 0.04}},
        {"purchase": {"kind": "lease", "term_months": 6, "interest_rate_per_year": 0.08, "at_end": "purchase"}},
    ],
)
def test_the_sums_hold_by_month_by_year_and_in_all(terms: dict[str, Any]) -> None:
    result = answer(**terms)

    assert [check.name for check in result.checks if not check.passed] == []
    for option in result.options:
        cash = option.cash
        assert cash is not None
        for months, years in zip(cash.by_month, cash.by_year, strict=True):
            assert years[1] == pytest.approx([sum(months[1][:12]), sum(months[1][12:])])
        assert sum(cash.by_month.total_usd) - cash.left_usd == pytest.approx(option.total_usd)
        assert sum(cash.by_month.capex_usd) == pytest.approx(option.capex_usd)


def test_a_loan_moves_money_into_later_months_and_costs_its_interest() -> None:
    """Equal payments over 24 months at half a per cent: 4,432.06 of 100,000; six of 24 are still owed after 18."""
    at_once, lent = owned(), owned(purchase=LOAN)

    assert lent.cash is not None
    assert lent.cash.by_month.financing_usd[0] == pytest.approx(-100_000 + 4_432.06, abs=0.01)
    assert lent.cash.by_month.financing_usd[1:17] == pytest.approx([4_432.06] * 16, abs=0.01)
    assert (lent.total_usd or 0) - (at_once.total_usd or 0) == pytest.approx(sum(lent.cash.by_month.interest_usd))
    assert lent.residual_usd == at_once.residual_usd


def test_leased_servers_are_no_investment_and_fetch_nothing() -> None:
    found = owned(purchase={"kind": "lease", "term_months": 36, "payment_per_month_fraction": 0.03})

    assert (found.capex_usd, found.residual_usd) == (0, 0)
    assert found.line_items["lease"] == pytest.approx([3_000] * 18)
    assert found.cash is not None
    assert sum(found.cash.by_month.financing_usd) == pytest.approx(18 * 3_000)


def test_an_option_can_be_paid_for_in_another_way_than_the_rest() -> None:
    options = [
        API,
        OWN,
        {**OWN, "name": "leased", "purchase": {"kind": "lease", "term_months": 36, "payment_per_month_fraction": 0.03}},
    ]
    result = evaluate(scenario(options=options), {"test-run": run()}, searches=False)

    assert result.option("own").capex_usd == 100_000
    assert result.option("leased").capex_usd == 0


def test_the_profile_is_the_savings_npv_at_other_rates() -> None:
    found = answer().option("own")
    flows = np.array(found.saving_by_time_usd)
    flows[-1] += found.residual_usd or 0

    assert found.npv_profile is not None
    assert found.npv_profile.npv_usd == pytest.approx([npv(rate, flows) for rate in found.npv_profile.rates_per_year])
    assert found.npv_profile.sign_changes_count == 1
    assert found.npv_profile.irr_roots_per_year == [found.irr_per_year]
    assert answer().option("api").npv_profile is None


def test_money_of_today_has_the_same_npv_and_smaller_totals() -> None:
    """Fisher: what 5 % of inflation takes from the flows it takes from the rate too."""
    plain, real = answer().option("rent"), answer(inflation_per_year_fraction=0.05).option("rent").todays_money

    assert real is not None
    assert real.npv_usd == pytest.approx(plain.npv_usd)
    assert real.discount_rate_per_year == pytest.approx(1 / 1.05 - 1)
    costs = np.array([500.0, *plain.monthly_usd])
    assert real.total_usd == pytest.approx(costs @ 1.05 ** (-np.arange(19) / 12))
    rate = irr(plain.saving_by_time_usd).rate_per_year
    assert real.irr_per_year == (None if rate is None else pytest.approx((1 + rate) / 1.05 - 1))
    assert plain.todays_money is None


def test_amounts_in_another_currency_at_the_rate_that_was_given() -> None:
    result = answer(reporting_currency=EURO)
    block, rent = result.reporting_currency, result.option("rent")

    assert block is not None
    assert (block.code, block.usd_per_unit, block.as_of.isoformat(), block.source) == (
        "EUR",
        1.25,
        "2026-11-20",
        "a test",
    )
    told = {each.name: each for each in block.options}["rent"]
    assert told.total_in_currency == pytest.approx((rent.total_usd or 0) / 1.25)
    assert told.npv_in_currency == pytest.approx((rent.npv_usd or 0) / 1.25)
    assert told.monthly_in_currency == pytest.approx([cost / 1.25 for cost in rent.monthly_usd])
    assert answer().reporting_currency is None


def test_taxes_are_told_in_words() -> None:
    assert answer().conventions.taxes == "before tax"
    assert answer(tax_fraction=0.25).conventions.taxes.startswith("after 25% of tax, settled at the end of each year")
