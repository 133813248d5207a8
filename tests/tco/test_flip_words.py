from __future__ import annotations

from tco import evaluate
from tco.flip_words import flip_sentences
from tests.factories import API, RENT, run, scenario


def answered(**changes):
    return evaluate(scenario(**changes), {"test-run": run()})


def test_a_volume_that_turns_the_answer_is_named_and_true():
    # A replica at 1 USD an hour is 730.5 USD a month, as much as 96,000 requests a day of 250 micro-USD for 30.4 days.
    options = [dict(API), {**RENT, "price_usd_per_hour": 1.0}]
    result = answered(options=options, workload__requests_per_day=120_000.0)
    turned = answered(options=options, workload__requests_per_day=95_000.0)

    assert ("rent", "api") == (result.recommended, turned.recommended)
    assert "Traffic below 96,000" in flip_sentences(result)[0]
    assert "Traffic from 96,000 requests a day on." == flip_sentences(turned)[0]


def test_an_input_that_turns_it_within_its_range_says_at_which_end():
    unsure = {**API, "output_usd_per_mtok": {"value": 3.0, "low": 2.0, "high": 30.0}}
    result = answered(options=[unsure, dict(RENT)])
    told = flip_sentences(result)

    assert "api" == result.recommended
    assert "Output price of api at 30 USD/Mtok." in told


def test_what_no_input_turns_has_nothing_to_say():
    result = answered(options=[dict(API), {**RENT, "price_usd_per_hour": 500.0}])

    assert [] == [text for text in flip_sentences(result) if not text.startswith("Traffic")]


def test_without_an_alternative_there_is_nothing_to_flip():
    assert [] == flip_sentences(answered(workload__slo={"ttft_p95_ms": 1.0}))
