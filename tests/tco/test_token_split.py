from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tco
from probes.findings import CostSplit
from probes.record import Interval
from tco.capacity.step_time import StepTime
from tco.token_split import step_time_input_fraction
from tests.factories import API, RENT, run, scenario

MTOK_IN = 12 * 86_400 * 730.5 / 24 * 100 / 1e6


def unit(held: object, name: str, **changes: object) -> tuple[tco.OptionResult, object]:
    option = tco.evaluate(scenario(**changes), {"test-run": held}, searches=False).option(name)
    return option, option.unit_costs


def test_an_api_is_divided_as_it_bills() -> None:
    _, found = unit(run(), "api")

    assert (found.split_rule, found.input_usd_per_mtok, found.output_usd_per_mtok) == (
        "bill",
        pytest.approx(1.0),
        pytest.approx(3.0),
    )


def test_what_is_not_billed_by_the_token_follows_in_proportion() -> None:
    """100 in at 1 and 50 out at 3: two fifths of everything are the input's."""
    dear = {**API, "extra_usd_per_month": {"hotline": 1000.0}}
    option, found = unit(run(), "api", options=[dear, RENT])

    assert found.input_cost_fraction == pytest.approx(0.4)
    assert found.input_usd_per_mtok == pytest.approx(1.0 + 0.4 * 12 * 1000 / MTOK_IN)
    assert option.total_usd == pytest.approx((found.input_usd_per_mtok + found.output_usd_per_mtok / 2) * MTOK_IN)


def test_machines_are_divided_by_what_the_run_measured() -> None:
    """A microsecond an input token and twenty an output token: 100 to 1,000."""
    measured = CostSplit(
        input_token_s=Interval(mean=1e-6),
        output_token_s=Interval(mean=20e-6),
        request_s=Interval(mean=0.01),
        mixes=3,
        residual_fraction=0.01,
        concurrency=8,
    )
    option, found = unit(run(cost_split=measured), "rent")

    assert (found.split_rule, found.input_cost_fraction) == ("cost_split", pytest.approx(100 / 1100))
    assert found.input_usd_per_mtok * 10 == pytest.approx(found.output_usd_per_mtok / 2)
    assert option.usd_per_mtok == pytest.approx((2 * found.input_usd_per_mtok + found.output_usd_per_mtok) / 3)


def test_without_any_knowledge_each_token_costs_the_same() -> None:
    option, found = unit(run(gpu=None), "rent")

    assert found.split_rule == "tokens"
    assert found.input_usd_per_mtok == pytest.approx(option.usd_per_mtok)
    assert found.output_usd_per_mtok == pytest.approx(option.usd_per_mtok)


def test_a_shipped_run_is_divided_by_its_step_times() -> None:
    question = tco.load("scenarios/support-chat-eu.yaml")
    found = tco.evaluate(question, searches=False).option("rented-h100").unit_costs

    assert found.split_rule == "step_time"
    # Answers come token by token: a token of them costs more than one of a prompt, on any machine.
    assert found.output_usd_per_mtok > 3 * found.input_usd_per_mtok


@given(st.floats(1e-6, 1e-3), st.floats(1e-5, 1e-2), st.floats(10, 5000), st.floats(10, 2000), st.floats(1e-3, 0.99))
def test_where_batching_saves_nothing_it_is_the_work_of_each(
    prompt_s: float, answer_s: float, into: float, out: float, busy: float
) -> None:
    """A step that costs each sequence the same: machine time is `a · input + b · output`, at any load that it can carry."""
    step = StepTime(intercept_s=0.0, per_sequence_s=answer_s, per_prefill_token_s=prompt_s)
    work = prompt_s * into + answer_s * out

    found = step_time_input_fraction(step, busy / work, into, out)
    assert found == pytest.approx(prompt_s * into / work, rel=1e-6)


def test_batching_makes_answers_cheaper_and_so_the_prompts_share_larger() -> None:
    step = StepTime(intercept_s=0.02, per_prefill_token_s=5e-5)
    shares = [step_time_input_fraction(step, load, 1000, 200) for load in (0.1, 1.0, 5.0, 15.0)]

    assert np.all(np.diff(shares) >= 0)
    # At 15 requests/s prompts take 0.75 of each second; the rest decodes.
    assert shares[-1] == pytest.approx(0.75)
