from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date
from statistics import median

import pytest

from pricing.book import Book, shipped_book
from pricing.commitments import (
    Commitment,
    CommitmentDiscount,
    commitment_discount,
    commitment_discounts,
    commitments,
    reserved_prices,
)
from pricing.offers import RentalOffer, readings_on, rental_offers
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
        (("hyperscaler", "aws"), "L4", 12, 0.349),
        (("hyperscaler", "aws"), "L4", 36, 0.55),
        (("hyperscaler", "aws"), "H100-SXM", 12, 0.3),
        (("hyperscaler", "gcp"), "L4", 12, 0.3),
        (("neocloud", "lambda"), "H100-SXM", 36, 0.4),
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
    rows = [p for p in reserved_prices(ON) if (p.provider, p.region, p.item) == ("aws", "us-east-1", "A100-80GB-SXM")]
    # One year is listed; three years are 27.44705 / 8 on demand less the 0.55 of its kind.
    assert [(p.tier, p.amount, p.derived) for p in rows] == [
        ("reserved-1y", 17.401365 / 8, None),
        ("reserved-3y", pytest.approx(27.44705 / 8 * 0.45), "on-demand 3.431 x (1 - 0.55)"),
    ]


def plan(**changes):
    row = {
        "gpu": "H100-SXM",
        "provider": "somebody",
        "provider_class": "neocloud",
        "instance": "h100 x8",
        "gpu_count": "8",
        "term_months": "36",
        "plan": "monthly",
        "upfront_fraction": "0",
        "usd_per_hour": "20",
        "evidence": "listed",
        "as_of": "2026-08-18",
        "source": "https://example.com/prices",
    }
    return row | changes


def book_with_plans(tmp_path, *plans):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(plan()))
    writer.writeheader()
    writer.writerows(plans)
    (tmp_path / "gpu_reserved.csv").write_text(text.getvalue())
    return Book(newer={"gpu_reserved.csv": tmp_path / "gpu_reserved.csv"})


def test_of_several_plans_the_one_with_the_least_upfront_is_the_price(tmp_path):
    upfront = plan(plan="prepaid", upfront_fraction="1", usd_per_hour="16")
    unstated = plan(plan="a contract", upfront_fraction=None, usd_per_hour="12")
    book = book_with_plans(tmp_path, upfront, unstated, plan())
    [price] = [p for p in reserved_prices(ON, book) if p.provider == "somebody"]
    assert (price.amount, price.note) == (2.5, "h100 x8; monthly; nothing paid upfront")


@pytest.mark.parametrize(
    ("fraction", "said"),
    [("0.5", "50% of the term paid on the first day"), (None, "how it is paid is not stated")],
)
def test_the_note_says_what_is_paid_upfront_or_that_the_list_does_not_say(tmp_path, fraction, said):
    book = book_with_plans(tmp_path, plan(upfront_fraction=fraction))
    [price] = [p for p in reserved_prices(ON, book) if p.provider == "somebody"]
    assert price.note == f"h100 x8; monthly; {said}"


def test_a_listed_commitment_is_cheaper_than_the_same_machine_on_demand():
    on_demand = {(o.provider, o.instance, o.region): o.on_demand_usd_per_hour for o in readings_on(rental_offers(), ON)}
    pairs = [(c.usd_per_hour, on_demand.get((c.provider, c.instance, c.region))) for c in commitments()]
    ratios = [reserved / base for reserved, base in pairs if base is not None]
    # AWS takes off 35 to 37 % for one year on all of its older machines.
    assert len(ratios) == 21
    assert (min(ratios), max(ratios)) == (pytest.approx(0.63, abs=0.001), pytest.approx(0.651, abs=0.001))


@pytest.mark.parametrize(
    ("gpu", "usd_per_year"),
    [
        # Qubrid's price page, USD a year for eight GPUs.
        ("A100-80GB-SXM", 89_500),
        ("H100-SXM", 133_414.80),
        ("H200-SXM", 210_240),
        ("B200-SXM", 297_840),
        ("B300-SXM", 389_400),
    ],
)
def test_a_price_by_the_year_is_spread_over_its_hours(gpu, usd_per_year):
    quote = rental_price(gpu, on=ON, tier="reserved-1y", provider="qubrid")
    assert (quote.count, quote.derived_count) == (1, 0)
    assert quote.price.amount * 8 * 8760 == pytest.approx(usd_per_year, abs=0.5)
    assert "how it is paid is not stated" in quote.price.note


def test_own_discounts_are_the_ratio_of_the_listed_prices():
    ratios = {
        ("aws", "A100-40GB-SXM", 12): 1 - 13.921094 / 21.957642,
        ("aws", "A100-80GB-SXM", 12): 1 - 17.401365 / 27.44705,
        ("aws", "L40S", 12): 1 - 1.41251 / 2.24208,
        ("aws", "L4", 12): 1 - 0.63642 / 0.9776,
        ("aws", "A10G", 12): 1 - 0.76356 / 1.212,
    }
    own = {(d.provider, d.gpu, d.term_months): d.discount_fraction for d in commitment_discounts() if d.provider}
    assert own == pytest.approx(ratios, abs=0.001)


def test_assumed_discounts_have_the_ends_that_their_documents_have():
    kinds = {(d.provider_class, d.term_months): d for d in commitment_discounts() if d.provider is None}
    assert {d.evidence for d in kinds.values()} == {"assumption"}
    # Azure savings plans on a GPU machine, 2026-10-29: 5.3592 and 3.9556 of 6.38.
    assert kinds["hyperscaler", 12].low_fraction == pytest.approx(1 - 5.3592 / 6.38, abs=0.005)
    assert kinds["hyperscaler", 36].low_fraction == pytest.approx(1 - 3.9556 / 6.38, abs=0.005)
    # Hyperstack, 2026-08-26: the smallest discount is that of H100 SXM, 2.72 of 3.20. Nebius says up to 35 %, CoreWeave 60 %.
    assert kinds["neocloud", 12].low_fraction == pytest.approx(1 - 2.72 / 3.20)
    assert (kinds["neocloud", 12].high_fraction, kinds["neocloud", 36].high_fraction) == (0.35, 0.6)


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
def test_published_three_year_rents_lie_at_the_low_end_of_what_neoclouds_come_to(gpu, published):
    rows = rental_price(gpu, on=ON, tier="reserved-3y", provider_class="neocloud").rows
    [stated] = [row for row in rows if row.provider == "market (large buyers)"]
    assert (stated.amount, stated.evidence, stated.derived) == (published, "literature", None)
    derived = [row for row in rows if row.derived]
    # They are of April 2026 and of thousands of GPUs; since then on-demand rents rose by a third.
    assert published <= median(row.amount for row in derived)
    assert median(row.low for row in derived) <= published * 1.3


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
