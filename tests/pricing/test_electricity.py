from __future__ import annotations

from datetime import date

import pytest

from pricing.electricity import electricity_price, electricity_quotes
from pricing.price import PriceNotFound

ON = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("region", "sector", "cents"),
    [
        # EIA Electric Power Monthly, table 5.6.A, April 2025.
        ("US-CT", "industrial", 19.07),
        ("US-NJ", "industrial", 13.01),
        ("US-NY", "industrial", 8.92),
        ("US-IA", "industrial", 6.04),
        ("US-NY", "commercial", 19.14),
        ("US-OH", "commercial", 11.02),
        # EIA Electric Power Annual, 2023.
        ("US-VA", "industrial", 8.92),
        ("US-TX", "industrial", 6.60),
        ("US-CA", "commercial", 23.91),
        # A copy of table 5.6.A, 2026-04-26.
        ("US", "commercial", 14.60),
    ],
)
def test_us_prices_are_those_that_eia_publishes(region, sector, cents):
    quote = electricity_price(region, on=ON, sector=sector)
    assert quote.price.amount == pytest.approx(cents / 100)
    assert quote.price.source.startswith("https://www.eia.gov/")
    assert (quote.price.per, quote.price.currency, quote.low_usd_per_kwh) == ("kwh", "USD", None)


@pytest.mark.parametrize("region", ["DE", "FR", "GB", "NL", "IE", "SE", "ES", "PL", "US", "IN", "SG", "JP"])
def test_a_country_is_a_labelled_guess_with_a_wide_range(region):
    quote = electricity_price(region, on=ON)
    assert (quote.price.evidence, quote.price.source) == (
        "expert",
        "not looked up at a primary source; replace with your contract",
    )
    assert quote.low_usd_per_kwh is not None
    assert quote.high_usd_per_kwh is not None
    assert quote.low_usd_per_kwh <= 0.8 * quote.price.amount
    assert quote.high_usd_per_kwh >= 1.2 * quote.price.amount


def test_49_states_and_the_district_have_both_sectors():
    states = [quote for quote in electricity_quotes() if quote.region.startswith("US-")]
    assert len(states) == 2 * 50
    assert len({quote.region for quote in states}) == 50


def test_case_and_blanks_do_not_matter():
    assert electricity_price(" us-oh ", on=ON).price.amount == 0.079


def test_a_day_before_the_table_gets_the_oldest_reading():
    assert electricity_price("US-OH", on=date(2020, 1, 1)).price.as_of == date(2025, 6, 25)


def test_an_unknown_region_is_told_what_to_write():
    with pytest.raises(PriceNotFound, match=r"no electricity price for 'US-WY'.*US state such as US-VA.*usd_per_kwh"):
        electricity_price("US-WY", on=ON)


def test_a_missing_sector_is_told_what_there_is():
    with pytest.raises(PriceNotFound, match="no commercial electricity price for DE; there is: industrial"):
        electricity_price("DE", on=ON, sector="commercial")
