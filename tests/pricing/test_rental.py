from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from pricing.book import shipped_book
from pricing.offers import readings_on, rental_offers
from pricing.own.overrides import Overrides
from pricing.own.rows import PricesFile
from pricing.price import Price, PriceNotFound
from pricing.rental import market_median, rental_price, rental_prices

ON = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("gpu", "low", "middle", "high", "count"),
    [
        # Recomputed from the table by hand: each seller's middle, sorted; the middle of those, or the mean of the middle two.
        ("H200-SXM", 2.40, 4.29, 10.0, 18),  # Crusoe, sixth of eleven
        ("H100-PCIe", 1.38, (1.97 + 2.19) / 2, 4.25, 7),  # Vast.ai and RunPod, third and fourth of six
        ("B200-SXM", 3.75, (5.89 + 6.00) / 2, 14.2416, 14),  # RunPod and Hyperstack of ten
        ("RTX 4090", 0.31, (0.34 + 0.69) / 2, 0.69, 7),  # RunPod asks 0.34 and 0.69, third of five
        ("A100-80GB-SXM", 0.60, (1.69 + 1.80) / 2, 6.20248, 17),  # Qubrid and TensorDock of twelve
        ("L40S", 0.40, 1.39, 15.06559 / 4, 20),  # Thunder Compute, seventh of thirteen
        ("GB200-NVL72", 42 / 4, 42 / 4, 42 / 4, 1),
        ("MI300X", 1.99, (1.99 + 3.45) / 2, 3.45, 2),
    ],
)
def test_on_demand_quotes_are_the_sellers_median_and_the_lowest_and_highest_offer(gpu, low, middle, high, count):
    quote = rental_price(gpu, on=ON)
    assert (quote.low_usd_per_hour, quote.price.amount, quote.high_usd_per_hour) == pytest.approx((low, middle, high))
    assert quote.count == count


def test_a_seller_has_one_voice_however_long_its_list_is():
    def offer(provider, amount, low=None):
        return Price(
            item="X", amount=amount, low=low, per="gpu_hour", provider=provider, tier="on-demand", as_of=ON, source="s"
        )

    three = [offer("a", 4.0), offer("b", 2.0, low=1.0), offer("c", 3.0)]
    assert market_median(three) == 3.0
    assert market_median([*three, *(offer("a", 4.0) for _ in range(30)), offer("a", 6.0)]) == 3.0
    assert market_median(three, "low") == 3.0
    assert market_median([offer("a", 4.0), offer("a", 6.0), offer("b", 2.0, low=1.0)], "low") == (5.0 + 1.0) / 2


def test_the_h100_median_is_its_middle_seller():
    quote = rental_price("H100-SXM", on=ON)
    # Qubrid; eight sellers are cheaper in the middle of their lists, eight dearer.
    assert (quote.count, quote.sellers, quote.price.amount) == (29, 17, 3.83)


def test_hyperscalers_ask_about_four_times_what_marketplaces_ask_for_an_h100():
    hyperscaler = rental_price("H100-SXM", on=ON, provider_class="hyperscaler")
    # AWS: 55.04, 58.8928, 66.048, 68.8, 71.552 over 8; Oracle 10; Google Cloud: 10.97906 twice, 87.83247 over 8, 11.41822,
    # 12.08904; Azure 98.32 over 8.
    assert hyperscaler.count == 12
    assert hyperscaler.price.amount == pytest.approx((80 / 8 + 87.83247 / 8) / 2)
    marketplace = rental_price("H100-SXM", on=ON, provider_class="marketplace")
    # Vast.ai 1.49, TensorDock 2.25, RunPod community 2.69.
    assert marketplace.price.amount == 2.25


def test_managed_offers_are_quoted_alone_and_never_mixed_in():
    managed = rental_price("H100-SXM", on=ON, provider_class="managed")
    # SageMaker 63.296 / 8, three Hugging Face endpoints 10, Azure ML 98.32 / 8, Vertex AI 12.625919.
    assert [7.912, 10, 10, 10, 12.29, 12.625919] == pytest.approx([row.amount for row in managed.rows])
    # Hugging Face sells three sizes and has one voice: 7.912, 10, 12.29, 12.625919.
    assert managed.price.amount == (10 + 12.29) / 2
    for tier in ("on-demand", "spot", "reserved-1y", "reserved-3y"):
        kinds = {row.provider_class for row in rental_price("H100-SXM", on=ON, tier=tier).rows}
        assert "managed" not in kinds


def test_spot_and_on_demand_are_apart():
    spot = rental_price("H100-SXM", on=ON, tier="spot")
    assert (spot.low_usd_per_hour, spot.count) == (0.80, 15)
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
    assert early.count == late.count
    assert early.price.note.endswith("; as of the oldest; 29 first read after 2020-01-01")
    assert late.price.note.endswith("; as of the oldest")


def test_rows_come_cheapest_first():
    amounts = [price.amount for price in rental_prices(ON)]
    assert amounts == sorted(amounts)


def test_an_unknown_gpu_is_told_near_names():
    with pytest.raises(PriceNotFound, match=r"'H100'.*Near names: H100-.*price_usd_per_hour"):
        rental_price("H100", on=ON)


def test_a_tier_that_nobody_offers_is_told_what_there_is():
    with pytest.raises(
        PriceNotFound,
        match=r"MI300X with: any, spot\. There is: neocloud on-demand, neocloud reserved-1y, neocloud reserved-3y; "
        r"sellers crusoe, digitalocean, market",
    ):
        rental_price("MI300X", on=ON, tier="spot")


def test_form_unstated_offers_are_no_part_of_a_known_form():
    assert rental_price("H100-unstated", on=ON).count == 1
    assert all("unstated" not in row.item for row in rental_price("H100-SXM", on=ON).rows)


def test_a_listed_quote_is_listed_and_has_no_range_of_an_assumption():
    price = rental_price("H100-SXM", on=ON).price
    assert (price.evidence, price.derived, price.low, price.high, price.layer) == ("listed", None, None, None, "book")


def test_a_reserved_quote_says_how_much_of_it_is_derived_and_is_as_good_as_its_weakest_offer():
    price = rental_price("H100-SXM", on=ON, tier="reserved-1y", provider_class="neocloud").price
    assert (price.evidence, price.derived) == ("assumption", "13 of 14 offers: on-demand x (1 - 0.2)")
    # Qubrid's 1.90375 is listed and below the middle, which is RunPod's 3.29 on demand, sixth of eleven.
    middle = 3.29
    assert (price.amount, price.low, price.high) == pytest.approx((middle * 0.8, middle * 0.65, middle * 0.85))


def test_a_listed_reserved_price_is_found_by_seller_and_region():
    quote = rental_price("A100-80GB-SXM", on=ON, tier="reserved-1y", provider="aws", region="us-east-1")
    assert (quote.count, quote.price.amount, quote.price.evidence) == (1, 17.401365 / 8, "listed")
    assert quote.price.derived is None
    assert "nothing paid upfront" in quote.price.note


@pytest.mark.parametrize(
    ("asked", "count", "derived"),
    [
        ({"gpu": "H100-SXM"}, 29, 0),
        ({"gpu": "H100-SXM", "tier": "reserved-1y", "provider_class": "neocloud"}, 14, 13),
        # AWS lists p4de in three places; Google Cloud (three) and Oracle do not list the term.
        ({"gpu": "A100-80GB-SXM", "tier": "reserved-1y", "provider_class": "hyperscaler"}, 7, 4),
        # What SemiAnalysis says is no seller's list, but nothing was computed.
        ({"gpu": "MI325X", "tier": "reserved-3y"}, 1, 0),
    ],
)
def test_a_quote_tells_how_many_of_its_offers_are_derived(asked, count, derived):
    quote = rental_price(**asked, on=ON)
    assert (quote.count, quote.derived_count) == (count, derived)
    assert sum(row.derived is not None for row in quote.rows) == derived


def test_what_is_asked_again_is_not_computed_again_and_another_book_is_another_answer():
    assert rental_price("H100-SXM", on=ON) is rental_price("H100-SXM", on=ON)
    ours = book_with(own())
    assert rental_price("H100-SXM", on=ON, book=ours) is rental_price("H100-SXM", on=ON, book=ours)
    assert rental_price("H100-SXM", on=ON, book=ours) != rental_price("H100-SXM", on=ON)


def test_prices_of_a_day_are_those_of_the_readings_that_count_on_it():
    read = sorted({offer.as_of for offer in rental_offers()})
    around = {day + timedelta(days=shift) for day in read for shift in (-1, 0, 1)}
    for day in sorted(around):
        expected = Counter(
            (price.item, price.provider, price.region, price.tier, price.amount, price.as_of)
            for offer in readings_on(rental_offers(), day)
            for price in offer.prices()
        )
        found = Counter(
            (price.item, price.provider, price.region, price.tier, price.amount, price.as_of)
            for price in rental_prices(day)
            if price.tier in ("on-demand", "spot") and price.provider_class != "managed"
        )
        assert expected == found


def test_longer_terms_are_never_dearer_where_both_are_derived():
    for row_1y, row_3y, on_demand in _derived_triples():
        assert row_3y.amount <= row_1y.amount <= on_demand.amount


def _derived_triples():
    prices = rental_prices(ON)
    found = {(p.item, p.provider, p.provider_class, p.region, p.tier, _machine(p)): p for p in prices}
    for price in prices:
        if price.tier == "reserved-1y" and price.derived:
            base = (price.item, price.provider, price.provider_class, price.region)
            three = found.get((*base, "reserved-3y", _machine(price)))
            if three is not None and three.derived:
                yield price, three, found[(*base, "on-demand", _machine(price))]


def _machine(price):
    return price.note.split(";")[0]


def test_there_are_triples_to_compare():
    assert len(list(_derived_triples())) > 100


def own(**changes):
    row = {
        "item": "H100-SXM",
        "amount": 2.1,
        "per": "gpu_hour",
        "provider": "our cloud",
        "tier": "on-demand",
        "source": "contract 17",
        "as_of": "2026-10-01",
        "evidence": "contract",
    }
    return row | changes


def book_with(*prices, discounts=()):
    content = PricesFile.model_validate({"schema": 1, "prices": list(prices), "discounts": list(discounts)})
    return shipped_book().with_overrides(Overrides(content=content))


def test_a_contract_beats_the_market_median():
    quote = rental_price("H100-SXM", on=ON, book=book_with(own()))
    assert (quote.price.amount, quote.count, quote.price.evidence) == (2.1, 1, "contract")
    assert quote.price.layer.startswith("prices.yaml: prices[0]")


def test_a_contract_fits_every_kind_of_landlord_and_place_but_not_every_tier():
    book = book_with(own())
    assert rental_price("H100-SXM", on=ON, provider_class="neocloud", book=book).price.amount == 2.1
    assert rental_price("H100-SXM", on=ON, region="us-east-1", book=book).price.amount == 2.1
    assert rental_price("H100-SXM", on=ON, tier="spot", book=book).count == 15
    assert rental_price("H100-SXM", on=ON, provider="aws", region="us-east-1", book=book).price.amount == 6.88


def test_a_gpu_that_only_the_users_file_knows_has_a_quote():
    quote = rental_price("H9000", on=ON, book=book_with(own(item="H9000", amount=9.5)))
    assert (quote.gpu, quote.price.amount) == ("H9000", 9.5)


def test_a_discount_of_the_users_comes_off_the_offers_it_is_for_and_the_market_stays():
    discount = {
        "provider": "aws",
        "per": "gpu_hour",
        "discount_fraction": 0.1,
        "source": "a letter",
        "as_of": "2026-10-01",
    }
    book = book_with(discounts=[discount])
    aws = rental_price("H100-SXM", on=ON, provider="aws", region="us-east-1", book=book)
    assert aws.price.amount == pytest.approx(6.88 * 0.9)
    assert rental_price("H100-SXM", on=ON, book=book).count == 29
