from __future__ import annotations

import pytest

from probes import Plan, ProbeError, WorkloadShape
from probes.servers.profiles import find_profile
from tco.cli._probe_spending import DEFAULT_MAX_USD, capped, planned_usage, spending_guard

SHAPE = WorkloadShape(input_tokens=1000, output_tokens=200)
PLAN = Plan(concurrency=[1], repeats=3, requests_per_stream=3)
PAID = find_profile("openai")


def test_a_paid_endpoint_that_nobody_capped_is_capped_at_its_listed_price() -> None:
    plan = capped(PLAN, PAID, "openai/gpt-5")

    assert (DEFAULT_MAX_USD, 1.25, 10.0) == (plan.max_usd, plan.input_usd_per_mtok, plan.output_usd_per_mtok)


def test_what_the_user_says_of_price_and_cap_wins() -> None:
    own = PLAN.model_copy(update={"max_usd": 0.5, "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 2.0})

    assert own == capped(own, PAID, "openai/gpt-5")


def test_a_server_of_ones_own_is_not_capped() -> None:
    assert PLAN == capped(PLAN, find_profile("vllm"), "anything")
    assert spending_guard(PLAN, SHAPE) is None


def test_without_a_price_tokens_must_be_capped() -> None:
    with pytest.raises(ProbeError, match="--max-tokens"):
        capped(PLAN, PAID, "no-such-model")

    by_tokens = PLAN.model_copy(update={"max_tokens": 100_000})
    assert by_tokens.max_tokens == capped(by_tokens, PAID, "no-such-model").max_tokens


def test_planned_usage_by_hand() -> None:
    # One stream: 2 rounds of warm-up and 3 repeats of 7 requests, 1000 in and 200 out each.
    (usage,) = planned_usage(PLAN, SHAPE)

    assert (23, 23_000, 4_600) == (usage.requests, usage.input_tokens, usage.output_tokens)


def test_a_first_load_point_beyond_the_cap_is_refused_before_anything_is_sent() -> None:
    # 23,000 input and 4,600 output tokens at 1 and 10 dollars a million are 6.9 cents.
    priced = PLAN.model_copy(update={"max_usd": 0.06, "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 10.0})

    with pytest.raises(ProbeError, match=r"\$0\.07, above the cap of \$0\.06"):
        spending_guard(priced, SHAPE)
    assert spending_guard(priced.model_copy(update={"max_usd": 0.07}), SHAPE) is not None
