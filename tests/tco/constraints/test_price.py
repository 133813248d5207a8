from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import numpy_financial as npf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.cashflow import Ledger
from tco.constraint_result import ConstraintFinding, ConstraintName, ConstraintPrice
from tco.constraint_words import constraint_sentences
from tco.constraints.findings import ruled_out
from tco.constraints.price import priced
from tests.factories import API
from tests.tco.constraints.holding import answer, with_terms

NAMES: tuple[ConstraintName, ...] = ("residency", "operator_nationality", "baa")
OPTIONS = "abcd"


def booked(monthly_usd: float, *, upfront_usd: float = 0.0, residual_usd: float = 0.0) -> Ledger:
    """Twelve months of one running cost."""
    return Ledger(
        line_items={"all": np.full(12, monthly_usd)},
        investments={"all": np.eye(1, 12)[0] * upfront_usd},
        residual_usd=np.asarray(residual_usd),
        fleet=None,
    )


def broken(constraint: ConstraintName, option: str, *, is_out: bool = True) -> ConstraintFinding:
    return ConstraintFinding(
        constraint=constraint,
        asks="it",
        option=option,
        verdict="not met" if is_out else "met",
        rules_out=is_out,
        says="so",
    )


def test_the_price_is_the_difference_that_it_makes_by_hand() -> None:
    """A month costs 657.45 by API and 365.25 by rent: whoever must not rent pays 292.20 x 12 = 3,506.40 more."""
    cheap = with_terms("rent", {"price_usd_per_hour": 0.5}, regions="US")
    result = answer({"residency": ["EU"]}, with_terms("api", regions="EU"), cheap)
    assert result.constraints is not None
    (price,) = result.constraints.prices

    assert ("api", "rent") == (price.chosen, price.chosen_without)
    assert price.price_usd == pytest.approx(3506.40)
    assert price.price_usd == result.constraints.together.price_usd
    assert constraint_sentences(result.constraints, 12) == [
        "Data residency (EU) costs $3,506 over 12 months (present value): without it rent would be the best option, with it it is api."
    ]


def test_the_price_is_discounted_as_npv_is() -> None:
    """numpy-financial discounts the same saving at the effective monthly rate."""
    cheap = with_terms("rent", {"price_usd_per_hour": 0.5}, regions="US")
    result = answer({"residency": ["EU"]}, with_terms("api", regions="EU"), cheap, discount_rate_per_year=0.10)
    assert result.constraints is not None

    assert result.constraints.together.price_usd == pytest.approx(npf.npv(1.1 ** (1 / 12) - 1, [0.0, *[292.20] * 12]))


def test_it_is_the_npv_that_the_option_would_have_had() -> None:
    """Also where the constraint rules out the baseline, against which nothing else is then held."""
    api, rent = with_terms("api", regions="US"), with_terms("rent", regions="FI")
    free, held = answer(None, api, rent), answer({"residency": ["EU"]}, api, rent)
    assert held.constraints is not None

    assert (None, "rent", "api") == (held.option("rent").npv_usd, held.recommended, free.recommended)
    assert held.constraints.together.price_usd == pytest.approx(-(free.option("rent").npv_usd or 0.0))


def test_a_constraint_that_the_best_option_meets_costs_nothing() -> None:
    cheap = with_terms("rent", {"price_usd_per_hour": 0.5}, regions="FI")
    result = answer({"residency": ["EU"]}, with_terms("api", regions="US"), cheap)
    assert result.constraints is not None

    assert 0 == result.constraints.prices[0].price_usd
    assert ["Data residency (EU) costs nothing: rent, the best option, meets it."] == constraint_sentences(
        result.constraints, 12
    )


def test_nobody_ruled_out_costs_nothing_either() -> None:
    result = answer({"residency": ["EU"]}, with_terms("api", regions="EU"))
    assert result.constraints is not None

    assert ["Data residency (EU) costs nothing: no option is ruled out by it."] == constraint_sentences(
        result.constraints, 12
    )


def test_two_that_rule_out_the_same_option_cost_nothing_alone_and_say_so() -> None:
    cheap = with_terms("rent", {"price_usd_per_hour": 0.5}, regions="US", operator_country="US")
    api = with_terms("api", regions="EU", operator_country="FR")
    result = answer({"residency": ["EU"], "operator_nationality": ["EU"]}, api, cheap)
    assert result.constraints is not None

    assert [0, 0] == [price.price_usd for price in result.constraints.prices]
    assert result.constraints.together.price_usd == pytest.approx(3506.40)
    sentences = constraint_sentences(result.constraints, 12)
    assert (
        "Data residency (EU) costs nothing by itself: rent, which would be better, is ruled out by something else too."
        == sentences[0]
    )
    assert sentences[2].startswith("All constraints together cost $3,506 over 12 months")


def test_where_no_option_is_left_the_one_that_leaves_none_is_named() -> None:
    api = with_terms("api", regions="US", baa=True)
    result = answer({"residency": ["EU"], "needs_baa": True}, api)
    assert result.constraints is not None
    residency, agreement = result.constraints.prices

    assert (None, None, "api") == (residency.price_usd, residency.chosen, residency.chosen_without)
    assert (None, None) == (agreement.price_usd, agreement.chosen_without)
    assert constraint_sentences(result.constraints, 12) == [
        "Data residency (EU) leaves no option: without it api could be taken.",
        "Business associate agreement (HIPAA) alone is not why no option is left: without it there is none either.",
        "All constraints together leave no option: without them api could be taken.",
    ]


def test_a_licence_has_its_price_too() -> None:
    """The rent at 0.50 USD an hour would win; Llama 4 grants nothing to a company in the EU."""
    rent = with_terms("rent", {"price_usd_per_hour": 0.5, "model": "Llama-4-Scout-17B-16E-Instruct"})
    result = answer(None, API, rent, company={"country": "DE"})
    assert result.constraints is not None

    assert (["licence"], pytest.approx(3506.40)) == (
        result.constraints.prices[0].constraints,
        result.constraints.prices[0].price_usd,
    )


def test_an_option_that_cannot_serve_is_no_alternative() -> None:
    """Its latency promise rules the rent out, whatever the constraints say, so that none of them costs anything."""
    rent = with_terms("rent", {"price_usd_per_hour": 0.01}, regions="US")
    result = answer({"residency": ["EU"]}, with_terms("api", regions="EU"), rent, workload__slo={"ttft_p95_ms": 1.0})
    assert result.constraints is not None

    assert (0, "api") == (result.constraints.together.price_usd, result.constraints.together.chosen_without)


def test_without_constraints_there_is_no_answer_to_them() -> None:
    assert answer(None).constraints is None


costs = st.fixed_dictionaries(
    {
        name: st.builds(
            booked,
            st.floats(0, 1e6),
            upfront_usd=st.floats(0, 1e6),
            residual_usd=st.floats(0, 1e5),
        )
        for name in OPTIONS
    }
)
bans = st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(OPTIONS)))


@given(costs, bans, st.floats(-0.5, 1.0))
def test_every_price_is_what_trying_all_options_gives(
    ledgers: dict[str, Ledger], banned: set[tuple[ConstraintName, str]], rate: float
) -> None:
    found = [broken(name, option, is_out=(name, option) in banned) for name in NAMES for option in OPTIONS]
    answer = priced(found, ledgers, rate, "a")
    assert answer is not None
    present = {
        name: npf.npv((1 + rate) ** (1 / 12) - 1, own.costs_by_time_usd) - own.residual_usd / (1 + rate)
        for name, own in ledgers.items()
    }

    def cheapest(held: set[ConstraintName]) -> float | None:
        return min((present[o] for o in OPTIONS if not any((c, o) in banned for c in held)), default=None)

    with_all = cheapest(set(NAMES))
    for price in chain(answer.prices, [answer.together]):
        without = cheapest(set(NAMES) - set(price.constraints))
        assert (with_all is None) == (price.price_usd is None) == (price.chosen is None)
        if with_all is not None and without is not None and price.price_usd is not None:
            assert price.price_usd == pytest.approx(with_all - without, rel=1e-9, abs=1e-4)
            assert price.price_usd >= 0


@given(costs, bans)
def test_fewer_constraints_never_cost_more(ledgers: dict[str, Ledger], banned: set[tuple[ConstraintName, str]]) -> None:
    answer = priced([broken(*pair) for pair in sorted(banned)], ledgers, 0.1, "a")
    if answer is None or answer.together.price_usd is None:
        return

    together = answer.together.price_usd
    assert all(
        isinstance(price, ConstraintPrice) and 0 <= (price.price_usd or 0) <= together for price in answer.prices
    )


def test_who_is_ruled_out_by_something_else_stays_so() -> None:
    """A ledger that is barred because its numbers are not finite is no alternative to anything."""
    found = [broken("residency", "b")]
    odd = Ledger(
        line_items={"all": np.full(12, 1.0)},
        investments={},
        residual_usd=np.zeros(()),
        fleet=None,
        barred=("its costs are not finite", *ruled_out(found)["b"]),
    )
    answer = priced(found, {"a": booked(5.0), "b": odd}, 0.1, "a")
    assert answer is not None

    assert "a" == answer.together.chosen_without


@pytest.mark.parametrize("taxed", [{}, {"finance": {"tax_fraction": 0.25}}], ids=["before tax", "after tax"])
@pytest.mark.parametrize(
    "places", [("US", "FI", "DE"), ("FI", "US", "DE"), ("FI", "DE", "US"), ("US", "US", "DE"), ("US", "US", "US")]
)
def test_what_is_chosen_is_what_the_plan_recommends_with_and_without_constraints(
    places: tuple[str, str, str], taxed: dict[str, Any]
) -> None:
    """Also after tax: the price is what the appraisal makes of the same cash flows, and the difference of the NPVs that it gives."""
    changes = {"price_usd_per_hour": 0.5}, {"server_price_usd": 10_000.0}
    options = (
        with_terms("api", regions=places[0]),
        with_terms("rent", changes[0], regions=places[1]),
        with_terms("own", changes[1], regions=places[2]),
    )
    free, held = answer(None, *options, **taxed), answer({"residency": ["EU"]}, *options, **taxed)
    assert held.constraints is not None
    price = held.constraints.together

    assert (held.recommended, free.recommended) == (price.chosen, price.chosen_without)
    if price.chosen is not None and price.chosen_without is not None:
        worth = [free.option(name).npv_usd for name in (price.chosen_without, price.chosen)]
        assert price.price_usd == pytest.approx((worth[0] or 0.0) - (worth[1] or 0.0))
