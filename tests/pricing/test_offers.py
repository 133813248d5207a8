from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import starmap

import pytest

from pricing.book import shipped_book
from pricing.offers import RentalOffer, readings_on, rental_offers, screen_offers


def offer(on_demand, spot=None, *, gpus=8, region="us-east4", as_of=date(2026, 8, 22), **changes):
    fields = {
        "gpu": "H100-SXM",
        "provider": "gcp",
        "provider_class": "hyperscaler",
        "instance": "a3-highgpu-8g",
        "gpu_count": gpus,
        "region": region,
        "on_demand_usd_per_hour": on_demand,
        "spot_usd_per_hour": spot,
        "as_of": as_of,
        "source": "a price list",
    }
    return RentalOffer.model_validate(fields | changes)


def test_a_price_per_gpu_hour_is_the_machine_price_over_its_gpus():
    on_demand, spot = offer(55.04, 16.9508).prices()
    assert (on_demand.amount, on_demand.tier, on_demand.per) == (6.88, "on-demand", "gpu_hour")
    assert (spot.amount, spot.tier) == (pytest.approx(2.11885), "spot")


def test_an_offer_without_a_spot_price_has_one_price():
    assert [price.tier for price in offer(55.04).prices()] == ["on-demand"]


def test_spot_above_on_demand_is_rejected_with_the_two_prices():
    # As one catalogue had it for Google Cloud us-central1.
    bad = offer(33.61, 42.71, region="us-central1")
    screened = screen_offers([bad])
    assert screened.accepted == []
    assert [
        (bad, "spot 42.71 USD/h is above on-demand 33.61 USD/h: one of them is not a list price")
    ] == screened.rejected


def test_spot_at_the_on_demand_price_is_kept():
    level = offer(55.04, 55.04)
    assert screen_offers([level]).accepted == [level]


def test_an_on_demand_price_beyond_1_6_times_the_sellers_median_is_rejected():
    # B200 x 8 at one seller: 64.44, 90.22 and 154.66 USD/h by region; the median is 90.22 / 8 = 11.28,
    # so 7.05 to 18.04 passes: 8.06 does, 19.33 does not.
    offers = list(
        starmap(
            lambda usd, place: offer(usd, region=place, gpu="B200-SXM"), [(64.44, "a"), (90.22, "b"), (154.66, "c")]
        )
    )
    screened = screen_offers(offers)
    assert screened.accepted == offers[:2]
    assert [(reject.offer.region, reject.reason) for reject in screened.rejected] == [
        ("c", "19.33 USD per GPU-hour is further than 1.6 x from 11.28, the median of gcp for B200-SXM")
    ]


def test_an_on_demand_price_far_below_the_sellers_median_is_rejected():
    offers = [offer(usd, region=str(usd)) for usd in (78.37, 80.0, 82.0, 33.61)]
    assert [reject.offer.on_demand_usd_per_hour for reject in screen_offers(offers).rejected] == [33.61]


def test_the_spread_is_held_against_the_same_seller_only():
    cheap, dear = offer(1.0, gpus=1, provider="a"), offer(12.0, gpus=1, provider="b")
    assert screen_offers([cheap, dear]).accepted == [cheap, dear]


def test_spot_prices_may_differ_between_places():
    offers = [offer(None, 8.0, region="a"), offer(None, 40.0, region="b")]
    assert screen_offers(offers).accepted == offers


def test_the_newest_reading_on_or_before_the_day_counts():
    old, new = offer(80.0, as_of=date(2026, 1, 1)), offer(60.0, as_of=date(2026, 6, 1))
    assert readings_on([new, old], date(2026, 6, 1)) == [new]
    assert readings_on([new, old], date(2026, 5, 31)) == [old]


def test_before_the_first_reading_the_oldest_counts():
    old, new = offer(80.0, as_of=date(2026, 1, 1)), offer(60.0, as_of=date(2026, 6, 1))
    assert readings_on([new, old], date(2025, 1, 1)) == [old]


def test_every_shipped_row_is_a_valid_offer_and_passes_the_screen():
    rows = shipped_book().table("gpu_rental.csv")
    assert len(rows) == len(rental_offers()) == 252


def test_every_shipped_offer_has_a_link_and_a_price():
    assert [o for o in rental_offers() if "https://" not in o.source or not o.prices()] == []


def test_no_shipped_offer_counts_twice():
    keys = Counter((o.provider, o.gpu, o.instance, o.region) for o in rental_offers())
    assert [key for key, count in keys.items() if count > 1] == []


def test_sellers_are_in_the_class_that_they_belong_to():
    classes = {(o.provider, o.provider_class) for o in rental_offers()}
    assert {name for name, kind in classes if kind == "managed"} == {"modal", "hf-endpoints-aws", "hf-endpoints-gcp"}
    assert {name for name, kind in classes if kind == "hyperscaler"} == {"aws", "gcp"}
    assert {("runpod", "marketplace"), ("runpod", "neocloud")} <= classes
