from __future__ import annotations

from datetime import date

import pytest

from pricing.price import PriceNotFound
from pricing.rental import rental_price, rental_prices

ON = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("gpu", "low", "middle", "high", "count"),
    [
        # Recomputed from the table by hand: sort, take the middle (or the mean of the middle two).
        ("H200-SXM", 2.40, 4.39, 9.89, 15),
        ("H100-PCIe", 1.38, 1.99, 4.25, 7),
        ("B200-SXM", 3.75, 5.89, 14.24, 11),
        ("RTX 4090", 0.31, 0.55, 0.69, 7),
        ("A100-80GB-SXM", 0.60, 1.745, 6.20, 14),
        ("L40S", 0.40, 1.5484, 3.77, 15),
        ("MI300X", 1.99, 1.99, 1.99, 1),
    ],
)
def test_on_demand_quotes_are_the_median_lowest_and_highest_offer(gpu, low, middle, high, count):
    quote = rental_price(gpu, on=ON)
    assert (round(quote.low_usd_per_hour, 2), round(quote.high_usd_per_hour, 2), quote.count) == (low, high, count)
    assert quote.price.amount == pytest.approx(middle, rel=0.003)


def test_the_h100_median_lies_between_its_two_middle_offers():
    quote = rental_price("H100-SXM", on=ON)
    assert (quote.count, quote.rows[11].amount, quote.rows[12].amount) == (24, 3.83, 4.29)
    assert quote.price.amount == pytest.approx((3.83 + 4.29) / 2)


def test_hyperscalers_ask_about_three_times_what_marketplaces_ask_for_an_h100():
    hyperscaler = rental_price("H100-SXM", on=ON, provider_class="hyperscaler")
    # AWS: 55.04, 58.8928, 66.048, 68.8, 71.552 over 8; Google Cloud: 10.97906 twice, 10.97906 (x 8), 11.41822, 12.08904.
    assert hyperscaler.count == 10
    assert hyperscaler.price.amount == pytest.approx((71.552 / 8 + 87.83247 / 8) / 2)
    marketplace = rental_price("H100-SXM", on=ON, provider_class="marketplace")
    # Vast.ai 1.49, TensorDock 2.25, RunPod community 2.69.
    assert marketplace.price.amount == 2.25


def test_managed_offers_are_quoted_alone_and_never_mixed_in():
    managed = rental_price("H100-SXM", on=ON, provider_class="managed")
    assert {row.provider for row in managed.rows} == {"hf-endpoints-gcp"}
    assert managed.price.amount == 10.0
    assert {row.provider_class for row in rental_price("H100-SXM", on=ON).rows} == {
        "hyperscaler",
        "neocloud",
        "marketplace",
    }


def test_spot_and_on_demand_are_apart():
    spot = rental_price("H100-SXM", on=ON, tier="spot")
    assert (spot.low_usd_per_hour, spot.count) == (0.80, 16)
    assert {row.tier for row in spot.rows} == {"spot"}


def test_one_provider_and_region_is_one_list_price():
    quote = rental_price("h100_sxm", on=ON, provider="aws", region="us-east-1")
    assert (quote.price.amount, quote.count, quote.price.region) == (6.88, 1, "us-east-1")
    assert "skypilot-catalog" in quote.price.source


def test_a_quote_is_as_old_as_its_oldest_offer():
    quote = rental_price("H100-SXM", on=ON)
    assert quote.price.as_of == min(row.as_of for row in quote.rows) == date(2026, 5, 24)


def test_a_day_before_the_book_gets_the_oldest_readings_and_the_note_says_so():
    early, late = rental_price("H100-SXM", on=date(2020, 1, 1)), rental_price("H100-SXM", on=ON)
    assert early.price.amount == late.price.amount
    assert early.price.note == f"{late.price.note}; 24 first read after 2020-01-01"


def test_rows_come_cheapest_first():
    amounts = [price.amount for price in rental_prices(ON)]
    assert amounts == sorted(amounts)


def test_an_unknown_gpu_is_told_near_names():
    with pytest.raises(PriceNotFound, match=r"'H100'.*Near names: H100-.*price_usd_per_hour"):
        rental_price("H100", on=ON)


def test_a_tier_that_nobody_offers_is_told_what_there_is():
    with pytest.raises(
        PriceNotFound, match=r"MI300X with: any, spot\. There is: neocloud on-demand; sellers digitalocean"
    ):
        rental_price("MI300X", on=ON, tier="spot")


def test_form_unstated_offers_are_no_part_of_a_known_form():
    assert rental_price("H100-unstated", on=ON).count == 1
    assert all("unstated" not in row.item for row in rental_price("H100-SXM", on=ON).rows)
