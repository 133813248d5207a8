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


def test_a_price_cut_is_no_outlier():
    # AWS asked 98.32 USD/h for p5.48xlarge until June 2025 and 55.04 after: a factor of 1.79, on two days.
    offers = [offer(98.32, as_of=date(2025, 4, 11)), *(offer(55.04, region=place) for place in "abc")]
    assert screen_offers(offers).accepted == offers


def test_what_is_read_after_the_day_of_the_import_is_rejected():
    late = offer(55.04, as_of=date(2026, 8, 23))
    assert [(late, "as_of 2026-08-23 is after 2026-08-22, the day of the import")] == screen_offers(
        [late], seen_on=date(2026, 8, 22)
    ).rejected
    assert screen_offers([late]).accepted == screen_offers([late], seen_on=date(2026, 8, 23)).accepted == [late]


@pytest.mark.parametrize(
    ("on_demand", "spot", "reason"),
    [
        # 6.88 USD per GPU-hour a thousand times too large, and too small.
        (55_040.0, None, "on-demand is 6880 USD per GPU-hour, outside 0.01 to 200: this is another unit"),
        (0.05504, None, "on-demand is 0.00688 USD per GPU-hour, outside 0.01 to 200: this is another unit"),
        (None, 1608.0, "spot is 201 USD per GPU-hour, outside 0.01 to 200: this is another unit"),
    ],
)
def test_a_price_in_another_unit_is_rejected(on_demand, spot, reason):
    assert [reject.reason for reject in screen_offers([offer(on_demand, spot)]).rejected] == [reason]


def test_the_ends_of_the_plausible_range_pass():
    offers = [offer(1600.0, gpu="A"), offer(0.08, gpu="B")]
    assert screen_offers(offers).accepted == offers


def test_a_second_row_for_one_machine_place_and_day_is_rejected():
    first, second = offer(55.04), offer(56.0)
    screened = screen_offers([first, second])
    assert screened.accepted == [first]
    assert [
        (second, "a second row for gcp H100-SXM a3-highgpu-8g us-east4 on 2026-08-22: the first counts")
    ] == screened.rejected


def test_two_readings_of_one_machine_are_no_repeat():
    readings = [offer(55.04), offer(56.0, as_of=date(2026, 8, 23)), offer(55.04, provider_class="marketplace")]
    assert screen_offers(readings).accepted == readings


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gpu_count": "0"}, "gpu_count: Input should be greater than or equal to 1 (given: '0')"),
        (
            {"on_demand_usd_per_hour": "-3"},
            "on_demand_usd_per_hour: Input should be greater than 0 (given: '-3')",
        ),
        ({"on_demand_usd_per_hour": "nan"}, "on_demand_usd_per_hour: Input should be a finite number (given: 'nan')"),
        ({"on_demand_usd_per_hour": None}, "row: Value error, neither an on-demand nor a spot price"),
        ({"provider_class": "cloud"}, "provider_class: Input should be 'hyperscaler'"),
        ({"as_of": "yesterday"}, "as_of: Input should be a valid date"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted (given: 'red')"),
    ],
)
def test_a_row_that_is_no_offer_is_rejected_with_the_cell_that_is_wrong(changes, reason):
    good = {
        "gpu": "H100-SXM",
        "provider": "gcp",
        "provider_class": "hyperscaler",
        "instance": "a3-highgpu-8g",
        "gpu_count": "8",
        "on_demand_usd_per_hour": "88.5",
        "as_of": "2026-08-22",
        "source": "a price list",
    }
    row = good | changes
    assert len(screen_offers([good]).accepted) == 1
    screened = screen_offers([row])
    assert screened.accepted == []
    assert screened.rejected[0].offer == row
    assert screened.rejected[0].reason.startswith(reason)


def test_every_row_comes_out_once_and_in_order():
    offers = [offer(usd, region=str(usd)) for usd in (78.37, 33.61, 80.0, 0.001, 82.0)]
    screened = screen_offers(offers)
    assert [offers[0], offers[2], offers[4]] == screened.accepted
    assert [offers[3], offers[1]] == [reject.offer for reject in screened.rejected]


def test_every_shipped_row_is_a_valid_offer_and_passes_the_screen():
    book = shipped_book()
    screened = screen_offers(book.table("gpu_rental.csv"), seen_on=book.as_of)
    assert (len(screened.accepted), screened.rejected) == (294, [])
    assert screened.accepted == list(rental_offers())


def test_every_shipped_offer_has_a_link_and_a_day_not_after_the_books():
    assert [o for o in rental_offers() if "https://" not in o.source or o.as_of > shipped_book().as_of] == []


def test_no_shipped_offer_counts_twice_on_a_day():
    keys = Counter((*o.key, o.as_of) for o in rental_offers())
    assert [key for key, count in keys.items() if count > 1] == []


def test_history_is_kept_where_an_offer_was_read_again():
    p5 = [o for o in rental_offers() if (o.instance, o.region) == ("p5.48xlarge", "us-east-1")]
    # AWS News Blog, 2025-06-05: on-demand of P5 cut by 44 %.
    assert sorted((o.as_of.year, o.on_demand_usd_per_hour) for o in p5) == [(2025, 98.32), (2026, 55.04)]
    assert 1 - 55.04 / 98.32 == pytest.approx(0.44, abs=0.005)


def test_sellers_are_in_the_class_that_they_belong_to():
    classes = {(o.provider, o.provider_class) for o in rental_offers()}
    assert {name for name, kind in classes if kind == "managed"} == set()
    assert {name for name, kind in classes if kind == "hyperscaler"} == {"aws", "azure", "gcp", "oci"}
    assert {("runpod", "marketplace"), ("runpod", "neocloud")} <= classes
