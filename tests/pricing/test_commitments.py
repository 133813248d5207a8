from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from pricing.book import shipped_book
from pricing.commitments import (
    Commitment,
    CommitmentDiscount,
    commitment_discount,
    commitment_discounts,
    commitments,
    reserved_prices,
)
from pricing.offers import RentalOffer
from pricing.rental import rental_price, rental_prices

ON = date(2026, 11, 23)

OFFER = RentalOffer(
    gpu="H100-SXM",
    provider="somebody",
    provider_class="neocloud",
    instance="h100 x8",
    gpu_count=8,
    on_demand_usd_per_hour=32.0,
    as_of=date(2026, 8, 18),
    source="https://example.com/prices",
)

DISCOUNT = CommitmentDiscount(
    provider_class="neocloud",
    term_months=12,
    upfront_fraction=0,
    discount_fraction=0.25,
    low_fraction=0.1,
    high_fraction=0.5,
    evidence="assumption",
    as_of=date(2026, 11, 23),
    source="an assumption",
)


def test_a_derived_price_is_on_demand_less_the_discount_and_says_so():
    price = DISCOUNT.price(OFFER)
    # 32 / 8 = 4 on demand; x 0.75, x 0.5 and x 0.9.
    assert (price.amount, price.low, price.high) == (3.0, 2.0, 3.6)
    assert (price.tier, price.evidence, price.derived) == ("reserved-1y", "assumption", "on-demand 4 x (1 - 0.25)")
    assert (price.source, price.as_of) == ("https://example.com/prices", date(2026, 8, 18))
    assert price.note == "h100 x8; discount of an assumption"


def test_a_derived_price_is_as_old_as_the_older_of_offer_and_discount():
    old = DISCOUNT.model_copy(update={"as_of": date(2026, 1, 1)})
    assert old.price(OFFER).as_of == date(2026, 1, 1)


def test_a_discount_outside_its_own_range_is_refused():
    with pytest.raises(ValueError, match=r"a discount of 0\.6 is outside its own range"):
        CommitmentDiscount.model_validate(DISCOUNT.model_dump() | {"discount_fraction": 0.6})


@pytest.mark.parametrize(
    ("seller", "gpu", "months", "fraction"),
    [
        # The seller's own for the GPU, else its kind's.
        (("hyperscaler", "aws"), "H100-SXM", 12, 0.265),
        (("hyperscaler", "aws"), "H200-SXM", 12, 0.31),
        (("hyperscaler", "azure"), "H100-SXM", 36, 0.561),
        (("neocloud", "lambda"), "H100-SXM", 36, 0.35),
        (("marketplace", "vast-ai"), "H100-SXM", 12, 0.25),
    ],
)
def test_the_nearest_discount_counts(seller, gpu, months, fraction):
    found = commitment_discount(*seller, gpu, months)
    assert found is not None
    assert found.discount_fraction == fraction


def test_nobody_sells_three_years_on_a_marketplace_or_any_term_of_a_managed_service():
    assert commitment_discount("marketplace", "vast-ai", "H100-SXM", 36) is None
    assert commitment_discount("managed", "modal", "H100-SXM", 12) is None


def test_every_derived_price_is_exactly_its_offer_less_its_discount():
    on_demand = Counter()
    for price in rental_price_rows("on-demand"):
        on_demand[price.item, price.provider, price.region, price.amount] += 1
    derived = [price for price in reserved_prices(ON) if price.derived]
    assert len(derived) > 300
    for price in derived:
        fraction = float(price.derived.rsplit(" ", 1)[1].rstrip(")"))
        base = [
            amount
            for item, provider, region, amount in on_demand
            if (item, provider, region) == (price.item, price.provider, price.region)
            and amount * (1 - fraction) == price.amount
        ]
        assert base, price


def rental_price_rows(tier):
    return [price for price in rental_prices(ON) if price.tier == tier and price.provider_class != "managed"]


def test_every_derived_price_has_its_range_around_it():
    for price in reserved_prices(ON):
        if price.derived:
            assert price.low <= price.amount <= price.high
            assert price.evidence in ("assumption", "literature")


def test_a_listed_commitment_takes_the_place_of_a_derived_one():
    rows = [p for p in reserved_prices(ON) if (p.provider, p.region, p.item) == ("aws", "us-east-1", "H100-SXM")]
    assert [(p.tier, p.amount, p.derived) for p in rows] == [
        ("reserved-1y", 40.4545 / 8, None),
        ("reserved-3y", 20.6951 / 8, None),
    ]


def test_of_several_plans_the_one_with_the_least_upfront_is_the_price():
    plans = [c for c in commitments() if (c.instance, c.term_months) == ("g6e.2xlarge", 36)]
    assert sorted((c.upfront_fraction, c.usd_per_hour) for c in plans) == [(0, 0.96858), (1, 0.84304)]
    quote = rental_price("L40S", on=ON, tier="reserved-3y", provider="aws", region="us-east-1")
    assert [row.amount for row in quote.rows if row.note.startswith("g6e.2xlarge")] == [0.96858]
    assert "nothing paid upfront" in quote.rows[-1].note


def test_longer_terms_and_more_upfront_are_never_dearer_on_any_list():
    listed = {
        (c.provider, c.instance, c.region, c.term_months, c.upfront_fraction): c.usd_per_hour for c in commitments()
    }
    pairs = 0
    for (provider, instance, region, months, upfront), usd in listed.items():
        for other in ((provider, instance, region, 36, upfront), (provider, instance, region, months, 1.0)):
            if months == 12 and other in listed:
                assert listed[other] <= usd
                pairs += 1
    assert pairs > 10


def test_own_discounts_are_the_ratio_of_the_listed_prices():
    ratios = {
        ("aws", "H100-SXM", 12): 1 - 40.4545 / 55.04,
        ("aws", "H100-SXM", 36): 1 - 20.6951 / 55.04,
        ("aws", "L40S", 12): 1 - 1.41251 / 2.24208,
        ("aws", "L40S", 36): 1 - 0.96858 / 2.24208,
        ("azure", "H100-SXM", 12): 1 - 62.9248 / 98.32,
        ("azure", "H100-SXM", 36): 1 - 43.1625 / 98.32,
        ("azure", "H200-SXM", 12): 1 - 45.2239 / 84.8,
        ("azure", "GB200-NVL72", 36): 1 - 47.5904 / 108.16,
        ("gcp", "B200-SXM", 12): 1 - 11.1159 / 16.11,
        ("gcp", "H200-SXM", 36): 1 - 4.083 / 9.3117,
    }
    own = {(d.provider, d.gpu, d.term_months): d.discount_fraction for d in commitment_discounts() if d.provider}
    assert {key: own[key] for key in ratios} == pytest.approx(ratios, abs=0.001)


@pytest.mark.parametrize(
    ("gpu", "published"),
    [
        # Three-year rent in USD per GPU-hour of a large buyer: InferenceX-app, constants.ts, 2026-04-03.
        ("H100-SXM", 1.30),
        ("H200-SXM", 1.60),
        ("B200-SXM", 2.90),
        ("GB200-NVL72", 3.30),
    ],
)
def test_published_three_year_rents_lie_at_the_low_end_of_neoclouds(gpu, published):
    price = rental_price(gpu, on=ON, tier="reserved-3y", provider_class="neocloud").price
    # They are of April 2026 and of thousands of GPUs; since then on-demand rents rose by a quarter.
    assert published <= price.amount
    assert price.low <= published * 1.4


def test_every_row_has_a_link_a_day_not_after_the_books_and_counts_once():
    rows = [*commitments(), *commitment_discounts()]
    assert [row for row in rows if "https://" not in row.source and row.evidence != "assumption"] == []
    assert [row for row in rows if row.as_of > shipped_book().as_of] == []
    assert {row.evidence for row in commitments()} == {"listed", "literature"}
    assert max(Counter((*row.key, row.as_of) for row in commitments()).values()) == 1


def test_terms_other_than_one_and_three_years_are_refused():
    row = {**commitments()[0].model_dump(), "term_months": "24"}
    with pytest.raises(ValueError, match="Input should be 12 or 36"):
        Commitment.model_validate(row)
