from __future__ import annotations

import pytest
from pydantic import ValidationError

import tco
from tco import costs
from tco.errors import InputError
from tco.scenario import TokenOption
from tco.workload.demand import demand
from tests.factories import API, RENT, run, scenario

REQUESTS_PER_MONTH = 86_400 * 730.5 / 24


def usd(**pipeline: object) -> float:
    option = TokenOption.model_validate({**API, "pipeline": pipeline})
    return float(costs.pipeline_usd(option, demand(scenario()))[0])


def test_a_guard_before_and_after_is_two_calls() -> None:
    guard = {"calls_per_request": 2, "call_usd": 0.0001}

    assert usd(guard=guard) == pytest.approx(REQUESTS_PER_MONTH * 0.0002)


def test_a_judge_of_every_tenth_answer_is_billed_by_its_tokens() -> None:
    judge = {
        "sampled_fraction": 0.1,
        "input_tokens": 1_500,
        "output_tokens": 100,
        "input_usd_per_mtok": 2.0,
        "output_usd_per_mtok": 8.0,
    }

    # 1,500 x 2 + 100 x 8 = 3,800 USD a million calls.
    assert usd(judge=judge) == pytest.approx(REQUESTS_PER_MONTH * 0.1 * 0.0038)


def test_a_judge_of_every_answer_can_cost_more_than_the_model() -> None:
    question = scenario()
    asked = demand(question)
    model = costs.input_tokens_usd(question.options[0], question, asked) + costs.output_tokens_usd(
        question.options[0], question, asked
    )
    judge = {"input_tokens": 400, "output_tokens": 20, "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 3.0}

    assert usd(judge=judge) > model[0]


def test_prices_of_a_model_come_from_the_book() -> None:
    call = {"model": "openai/gpt-4o-mini", "input_tokens": 1_000_000, "output_tokens": 0}
    question = scenario(options=[API, {**RENT, "pipeline": {"guard": call}}])
    result = tco.evaluate(question, {"test-run": run()}, searches=False)

    # 0.15 USD a million input tokens, https://openai.com/api/pricing
    assert result.option("rent").line_items["pipeline"][0] == pytest.approx(REQUESTS_PER_MONTH * 0.15)
    assert any(row.path == "options.rent.pipeline.guard.input_usd_per_mtok" for row in result.assumptions)


def test_a_model_that_the_book_does_not_know_is_named() -> None:
    call = {"model": "nobody/nothing", "input_tokens": 1, "output_tokens": 1}
    question = scenario(options=[{**API, "pipeline": {"guard": call}}])

    with pytest.raises(InputError, match=r"options\.api\.pipeline\.guard\.model"):
        tco.evaluate(question)


@pytest.mark.parametrize("call", [{}, {"call_usd": 1, "model": "a", "input_tokens": 1, "output_tokens": 1}])
def test_a_call_is_priced_one_way(call: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="priced one way"):
        TokenOption.model_validate({**API, "pipeline": {"guard": call}})
