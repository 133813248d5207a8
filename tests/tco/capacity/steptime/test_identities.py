from __future__ import annotations

import numpy as np
import pytest

from probes.record import Interval, Percentiles
from tco.capacity.steptime.identities import TERMS, Engine, Experts, Row, rows_of
from tco.capacity.steptime.observed import observed
from tests.tco.capacity.steptime.runs import TRUE, cell, cells, run

DENSE = Experts()


def coefficient(row: Row, name: str) -> float:
    return float(row.coefficients[TERMS.index(name)])


def rows(*, streams: int, into: int, out: int, budget: int | None = None, experts: Experts = DENSE, **changes: object):
    return {
        row.kind: row
        for row in rows_of(
            observed(run([cell("curve", streams, into, out, **changes)])),
            Engine(experts=experts, max_num_batched_tokens=budget),
        )
    }


def test_time_of_a_request_in_a_closed_loop_by_hand() -> None:
    row = rows(streams=4, into=100, out=20)["time"]
    expected = {
        "intercept_s": 20 / 4,
        "per_sequence_s": 19,
        "per_kv_token_s": 19 * 100 + 19 * 10,
        "per_prefill_token_s": 100,
        "per_attention_pair_s": 5050,
        "per_chunk_s": 1,
        "experts_s": 0,
        "latency_s": 1 / 4,
    }
    assert expected == {name: pytest.approx(coefficient(row, name)) for name in TERMS}


def test_a_prompt_beyond_the_budget_takes_chunks() -> None:
    row = rows(streams=1, into=1000, out=1, budget=512)["first"]
    assert (2, 2, 500_500) == tuple(
        coefficient(row, name) for name in ("intercept_s", "per_chunk_s", "per_attention_pair_s")
    )


def test_steps_are_never_fewer_than_their_tokens_need() -> None:
    # 400 in and 10 out over 16 streams: not 10 / 16 of a step, since 409 tokens do not fit into it.
    row = rows(streams=16, into=400, out=10, budget=512)["time"]
    assert 409 / 512 == coefficient(row, "intercept_s")


def test_the_median_gap_is_a_step_without_prompts_while_few_gaps_hold_one() -> None:
    row = rows(streams=4, into=100, out=200)["token"]
    assert (1, 4, 0) == tuple(
        coefficient(row, name) for name in ("intercept_s", "per_sequence_s", "per_prefill_token_s")
    )


def test_without_gaps_the_mean_carries_the_prompts_of_others() -> None:
    row = rows(
        streams=4,
        into=100,
        out=20,
        requests_per_s=Interval(mean=5.0),
        itl_ms=Percentiles(),
        tpot_ms=Percentiles(mean=40.0, p50=40.0),
    )["token"]
    # In 40 ms 5 · 0.04 · 3/4 prompts of others begin; past their first token are 5 · 0.04 · 19 requests.
    assert (0.04, 15.0, 3.8) == pytest.approx(
        (row.target_s, coefficient(row, "per_prefill_token_s"), coefficient(row, "per_sequence_s"))
    )


def test_an_open_loop_says_how_many_decode_by_littles_law() -> None:
    row = rows(
        streams=1,
        into=100,
        out=21,
        concurrency=None,
        request_rate_per_s=2.0,
        requests_per_s=Interval(mean=2.0),
        itl_ms=Percentiles(),
        tpot_ms=Percentiles(mean=50.0),
    )
    assert ["token"] == list(row)
    assert (2.0, 10.0) == pytest.approx(
        (coefficient(row["token"], "per_sequence_s"), coefficient(row["token"], "per_prefill_token_s"))
    )


def test_a_mixture_reads_the_experts_that_its_tokens_choose() -> None:
    row = rows(streams=2, into=100, out=200, experts=Experts(count=8, per_token=2))["token"]
    assert 1 - 0.75**2 == pytest.approx(coefficient(row, "experts_s"))


def test_identities_hold_for_the_times_that_they_are_made_of() -> None:
    values = np.array([getattr(TRUE, name) for name in TERMS])
    for row in rows_of(observed(run(cells())), Engine()):
        assert row.target_s == pytest.approx(float(row.coefficients @ values), rel=1e-9), row.kind
