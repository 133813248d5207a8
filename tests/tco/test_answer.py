from __future__ import annotations

import tco
from pricing import shipped_book
from tco.answer import explain, footing, headline
from tests.factories import API, RENT, run, scenario

RUNS = {"test-run": run()}


def answer(**changes: object) -> tco.Result:
    return tco.evaluate(scenario(**changes), RUNS)


def rent(**changes: object) -> list[dict[str, object]]:
    return [API, {**RENT, **changes}]


def test_moving_says_when_it_pays_back_and_what_it_is_worth() -> None:
    """A month saves 657.45 - 365.25 = 292.20 USD; 500 are back after 1.7 months, 12 months are worth 3,006 USD."""
    result = answer(options=rent(price_usd_per_hour=0.5, one_off_usd={"move": 500.0}))

    assert headline(result) == "Move to rent: it pays back in 1.7 months and is worth $3,006 over 12 months."
    assert explain(result, result.option("api")) == "api costs $1.67 per million tokens (what you pay today)."


def test_staying_says_what_moving_would_cost() -> None:
    result = answer(options=rent(price_usd_per_hour=2.0))

    assert headline(result) == "Stay with api: the best alternative, rent, would cost $9,643 more over 12 months."


def test_an_option_that_never_pays_back_says_what_would_have_to_be_true() -> None:
    """Loaded fully, 2 USD/h at 1.6 requests/s of 150 tokens is 2.31 USD per million; the API is 1.67: 1.4 times."""
    result = answer(options=rent(price_usd_per_hour=2.0))

    assert explain(result, result.option("rent")) == (
        "rent costs $3.70 per million tokens at 62.5% utilisation, 122% more than today, and never pays back; no volume makes it "
        "cheaper: even fully loaded it costs $2.31, so it would have to be 1.4 times faster or cheaper."
    )


def test_an_option_that_cannot_serve_says_why() -> None:
    result = answer(workload__slo={"ttft_p95_ms": 1.0})

    assert headline(result) == "Stay with api: no other option can serve this workload."
    assert explain(result, result.option("rent")).startswith("rent is ruled out: no measured load meets the promise")


def test_saving_from_the_first_month_needs_no_payback() -> None:
    result = answer(options=rent(price_usd_per_hour=0.5))

    assert "it saves from the first month" in headline(result)


def test_one_option_is_not_stayed_with_for_want_of_others_that_can_serve() -> None:
    assert headline(answer(options=[API])) == "api is the only option, so there is nothing to hold it against."


def test_without_requests_nothing_is_dearer_and_nothing_saves() -> None:
    result = answer(workload__requests_per_day=0.0)

    assert headline(result) == "Stay with api: the best alternative, rent, costs just as much over 12 months."
    assert explain(result, result.option("api")) == "api costs $0.00 over 12 months (what you pay today)."
    assert "saves nothing; " in explain(result, result.option("rent"))


def test_what_costs_many_times_as_much_is_told_in_times_and_not_in_per_cents() -> None:
    """A year of the API is 7,889 USD; one more million makes the rent of 17,532 USD 129 times as much."""
    result = answer(options=rent(price_usd_per_hour=2.0, one_off_usd={"move": 1e6}))

    assert "129 times today's cost, and never pays back" in explain(result, result.option("rent"))


def test_one_month_is_one_month() -> None:
    result = answer(horizon_months=1)

    assert headline(result).endswith(" more over 1 month.")
    assert footing(result).startswith("1 month, ")


def test_nothing_can_serve() -> None:
    result = tco.evaluate(scenario(options=[RENT], baseline="rent", workload__slo={"ttft_p95_ms": 1.0}), RUNS)

    assert headline(result) == "No option can serve this workload within its latency promise."


def test_a_baseline_that_cannot_serve_hands_over() -> None:
    result = answer(workload__slo={"ttft_p95_ms": 1.0}, baseline="rent")

    assert headline(result) == "rent is ruled out for this workload; api is the cheapest option that is not."


def test_the_footing_names_the_conventions_and_the_state_of_the_price_book() -> None:
    result = answer()
    assert footing(result).startswith("12 months, 730.5 hours a month, 0% a year, before tax; nominal money")
    assert footing(result).endswith(f"Price book {shipped_book().id}.")
    own = result.model_copy(
        update={"price_book": result.price_book.model_copy(update={"own_prices": "prices.yaml (1a2b)"})}
    )
    assert footing(own).endswith(f"Price book {shipped_book().id}, under your own prices prices.yaml (1a2b).")


def test_a_baseline_that_is_ruled_out_is_nothing_to_hold_an_option_against() -> None:
    """No "never pays back" where nothing was compared."""
    result = answer(constraints={"residency": ["EU"]}, options=rent(terms={"regions": ["FI"]}))

    assert headline(result) == "api is ruled out for this workload; rent is the cheapest option that is not."
    assert explain(result, result.option("rent")) == (
        "rent costs $3.70 per million tokens at 62.5% utilisation; there is nothing to hold it against, since api is ruled out."
    )


def test_constraints_that_leave_nothing_say_so() -> None:
    result = answer(constraints={"residency": ["EU"]})

    assert headline(result) == "No option that can serve this workload meets all constraints."
