from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from pricing.book import Book, shipped_book
from pricing.electricity import electricity_price, electricity_quotes
from pricing.price import PriceNotFound

ON = date(2026, 11, 23)
EXPERT = {"GB", "IN", "JP", "SG"}
"""Places whose price nobody looked up yet."""
EUR_2024 = 1.0824
"""USD for one euro, the European Central Bank's mean of 2024."""


class Contract:
    """Stands for the user's prices file, as far as this module asks it."""

    def apply(self, price, on):
        if price.region != "DE":
            return price
        return price.model_copy(update={"amount": 0.11, "low": None, "high": None, "layer": "prices.yaml: prices[0]"})


@pytest.mark.parametrize(
    ("region", "sector", "cents"),
    [
        # EIA Electric Power Monthly, table 5.6.A, April 2025.
        ("US-CT", "industrial", 19.07),
        ("US-NJ", "industrial", 13.01),
        ("US-NY", "industrial", 8.92),
        ("US-OH", "industrial", 7.90),
        ("US-NY", "commercial", 19.14),
        # The same, November 2025, January, February, May and June 2026.
        ("US-IA", "industrial", 6.36),
        ("US-TX", "industrial", 7.25),
        ("US-OH", "commercial", 14.30),
        ("US-VA", "industrial", 10.53),
        ("US-VA", "commercial", 10.84),
        ("US-NJ", "commercial", 18.47),
        # EIA Electric Power Annual, 2023.
        ("US-CA", "commercial", 23.91),
        ("US-WA", "industrial", 6.35),
        # A copy of table 5.6.A, 2026-04-26.
        ("US", "commercial", 14.60),
    ],
)
def test_us_prices_are_those_that_eia_publishes(region, sector, cents):
    quote = electricity_price(region, on=ON, sector=sector)
    assert quote.price.amount == pytest.approx(cents / 100)
    assert "EIA" in (quote.price.note or "") or quote.price.source.startswith("https://www.eia.gov/")
    assert (quote.price.per, quote.price.currency, quote.low_usd_per_kwh) == ("kwh", "USD", None)


def test_the_us_average_has_the_spread_of_the_states_as_its_range():
    quote = electricity_price("US", on=ON)
    states = [
        electricity_price(region, on=ON).price.amount
        for region in {quote.region for quote in electricity_quotes() if quote.region.startswith("US-")}
    ]
    assert (quote.price.amount, quote.price.evidence) == (0.0977, "literature")
    assert quote.low_usd_per_kwh is not None
    assert quote.high_usd_per_kwh is not None
    below = sum(state < quote.low_usd_per_kwh for state in states)
    above = sum(state > quote.high_usd_per_kwh for state in states)
    assert (below, above) == (5, 5)


@pytest.mark.parametrize(
    ("region", "sector", "eur"),
    [
        # Eurostat nrg_pc_205, second half of 2024, without recoverable taxes: bands ID and IB.
        ("DE", "industrial", 0.2076),
        ("FR", "industrial", 0.1446),
        ("SE", "industrial", 0.0725),
        ("IE", "industrial", 0.2236),
        ("NL", "industrial", 0.1954),
        ("EU", "industrial", 0.1682),
        ("DE", "commercial", 0.2714),
        ("ES", "commercial", 0.1744),
    ],
)
def test_european_prices_are_those_that_eurostat_publishes(region, sector, eur):
    quote = electricity_price(region, on=ON, sector=sector)
    assert quote.price.amount == pytest.approx(eur * EUR_2024, abs=5e-5)
    assert (quote.price.evidence, quote.price.as_of) == ("listed", date(2025, 5, 24))
    assert f"{eur:.4f} EUR at 1.0824 USD" in (quote.price.note or "")


def test_the_range_of_a_european_site_is_the_bands_beside_its_own():
    quote = electricity_price("DE", on=ON)
    # Bands IE 0.1712 and IC 0.2359 EUR.
    assert quote.low_usd_per_kwh == pytest.approx(0.1712 * EUR_2024, abs=5e-5)
    assert quote.high_usd_per_kwh == pytest.approx(0.2359 * EUR_2024, abs=5e-5)
    assert (quote.price.low, quote.price.high) == (quote.low_usd_per_kwh, quote.high_usd_per_kwh)


@pytest.mark.parametrize(("region", "eur"), [("CY", 0.276), ("FI", 0.089)])
def test_eurostats_own_dearest_and_cheapest_country_of_2023_are_in_the_table(region, eur):
    """Statistics Explained, April 2024: band IC, second half of 2023; here the dear end of `industrial`."""
    quote = electricity_price(region, on=date(2024, 5, 1))
    assert quote.high_usd_per_kwh == pytest.approx(eur * 1.0813, abs=0.0006)


def test_a_day_gets_the_reading_that_was_there():
    days = {date(2024, 5, 1): 0.2181, date(2024, 12, 1): 0.2183, date(2025, 6, 1): 0.2247, ON: 0.2247}
    assert {day: electricity_price("DE", on=day).price.amount for day in days} == days


def test_37_european_places_have_both_sectors_and_a_range():
    euro = [quote for quote in electricity_quotes() if quote.price.source.startswith("https://ec.europa.eu/")]
    newest = [quote for quote in euro if quote.price.as_of == date(2025, 5, 24)]
    assert Counter(quote.sector for quote in newest) == {"industrial": 37, "commercial": 37}
    assert [q for q in euro if not q.low_usd_per_kwh <= q.price.amount <= q.high_usd_per_kwh] == []


@pytest.mark.parametrize("region", sorted(EXPERT))
def test_a_country_that_was_not_looked_up_is_a_labelled_guess_with_a_wide_range(region):
    quote = electricity_price(region, on=ON)
    assert (quote.price.evidence, quote.price.source) == (
        "expert",
        "not looked up at a primary source; replace with your contract",
    )
    assert quote.low_usd_per_kwh is not None
    assert quote.high_usd_per_kwh is not None
    assert quote.low_usd_per_kwh <= 0.8 * quote.price.amount
    assert quote.high_usd_per_kwh >= 1.2 * quote.price.amount


def test_no_other_country_is_a_guess():
    assert {quote.region for quote in electricity_quotes() if quote.price.evidence == "expert"} == EXPERT


def test_49_states_and_the_district_have_both_sectors():
    states = {(quote.region, quote.sector) for quote in electricity_quotes() if quote.region.startswith("US-")}
    assert len(states) == 2 * 50
    assert len({region for region, _ in states}) == 50


def test_one_day_has_one_reading_of_a_place_and_sector():
    keys = Counter((quote.region, quote.sector, quote.price.as_of) for quote in electricity_quotes())
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_row_says_where_from_and_of_when():
    rows = shipped_book().table("electricity.csv")
    assert [row for row in rows if not row["source"] or not row["as_of"] or not row["note"]] == []


def test_the_users_contract_takes_the_books_place():
    book = Book(overrides=Contract())
    quote = electricity_price("DE", on=ON, book=book)
    assert (quote.price.amount, quote.low_usd_per_kwh, quote.high_usd_per_kwh) == (0.11, None, None)
    assert quote.price.layer == "prices.yaml: prices[0]"
    assert electricity_price("FR", on=ON, book=book) == electricity_price("FR", on=ON)


def test_case_and_blanks_do_not_matter():
    assert electricity_price(" us-oh ", on=ON).price.amount == 0.079


def test_a_day_before_the_table_gets_the_oldest_reading():
    assert electricity_price("US-OH", on=date(2020, 1, 1)).price.as_of == date(2025, 6, 25)


def test_an_unknown_region_is_told_what_to_write():
    with pytest.raises(PriceNotFound, match=r"no electricity price for 'US-WY'.*US state such as US-VA.*usd_per_kwh"):
        electricity_price("US-WY", on=ON)


def test_a_missing_sector_is_told_what_there_is():
    with pytest.raises(PriceNotFound, match="no commercial electricity price for GB; there is: industrial"):
        electricity_price("GB", on=ON, sector="commercial")
