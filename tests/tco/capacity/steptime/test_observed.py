from __future__ import annotations

import pytest

from probes.record import Bounds, Interval, Percentiles
from probes.run import Lengths, WorkloadShape
from tco.capacity.steptime.observed import FLOOR_FRACTION, UNKNOWN_FRACTION, contradictions, observed
from tests.tco.capacity.steptime.runs import cell, run


def test_lengths_are_those_that_were_answered() -> None:
    (found,) = observed(run([cell("curve", 4, 100, 20, requests_ok=10, input_tokens=990, output_tokens=210)]))
    assert (99.0, 21.0) == (found.input_tokens, found.output_tokens)


def test_a_prefix_cache_shortens_what_is_computed_and_not_the_context() -> None:
    (found,) = observed(run([cell("curve", 4, 100, 20, prefix_cache_hit_fraction=0.4)]))
    assert (60.0, 100.0) == (found.input_tokens, found.context_tokens)
    # 60 tokens behind 40 cached ones: 60 · 40 + 60 · 61 / 2
    assert 4230.0 == found.pairs


def test_contexts_of_a_decode_are_summed() -> None:
    (found,) = observed(run([cell("curve", 1, 10, 4)]))
    # three tokens after the first, with 10 + 1, 10 + 2 and 10 + 3 in the cache
    assert 36.0 == found.decode_contexts


def test_pairs_of_lengths_that_vary_count_the_square() -> None:
    shape = WorkloadShape(input_tokens=100, output_tokens=20, lengths=Lengths(kind="lognormal", spread_fraction=0.5))
    (found,) = observed(run([cell("curve", 1, 100, 20)], workload=shape))
    # E[n²] = 100² · 1.25
    assert (12_500 + 100) / 2 == found.pairs


def test_uniform_lengths_have_the_deviation_of_a_uniform_law() -> None:
    shape = WorkloadShape(input_tokens=100, output_tokens=20, lengths=Lengths(kind="uniform", spread_fraction=0.6))
    (found,) = observed(run([cell("curve", 1, 100, 20)], workload=shape))
    assert 0.12 == pytest.approx(found.spread_fraction**2)


def test_errors_come_from_intervals_and_never_fall_below_the_floor() -> None:
    narrow = cell(
        "curve",
        4,
        100,
        20,
        requests_per_s=Interval(mean=10.0, low=9.99, high=10.01),
        ttft_ms=Percentiles(p50=100.0, bounds={"p50": Bounds(low=90.2, high=109.8)}),
    )
    (found,) = observed(run([narrow]))
    assert FLOOR_FRACTION == found.errors["requests_per_s"]
    assert 0.05 == pytest.approx(found.errors["ttft_s"], rel=1e-3)
    assert UNKNOWN_FRACTION == found.errors["tpot_s"]


@pytest.mark.parametrize(
    "changes", [{"complete": False, "reason": "cut"}, {"client_bound": True}, {"requests_ok": 0}, {"role": "trace"}]
)
def test_cells_that_prove_nothing_are_left_out(changes: dict[str, object]) -> None:
    spoilt = cell("curve", 4, 100, 20).model_copy(update=changes)
    assert () == observed(run([spoilt]))


def test_more_load_that_is_faster_is_a_contradiction() -> None:
    light = cell("curve", 4, 100, 20, requests_per_s=Interval(mean=4.0, low=3.9, high=4.1))
    heavy = cell("curve", 8, 100, 20, requests_per_s=Interval(mean=10.0, low=9.9, high=10.1))
    (caution,) = contradictions(observed(run([light, heavy])))
    assert "cells_contradict" == caution.code
    assert "concurrency 8, 100 in / 20 out carries 10 requests/s with 0.8 s from one request" in caution.sentence


@pytest.mark.parametrize(("name", "words"), [("ttft_ms", "to the first token"), ("tpot_ms", "for every further token")])
def test_a_latency_that_falls_with_the_load_is_a_contradiction(name, words) -> None:
    light = cell("curve", 4, 100, 20, **{name: Percentiles(p50=80.0)})
    heavy = cell(
        "curve", 8, 100, 20, requests_per_s=Interval(mean=5.0, low=4.9, high=5.1), **{name: Percentiles(p50=60.0)}
    )
    slower = cell("curve", 16, 100, 20, requests_per_s=Interval(mean=5.1), **{name: Percentiles(p50=57.0)})
    (caution,) = contradictions(observed(run([light, heavy, slower])))
    assert f"concurrency 8, 100 in / 20 out carries 5 requests/s with 0.06 s {words}" in caution.sentence


def test_more_load_that_is_as_fast_is_none() -> None:
    light = cell("curve", 4, 100, 20, requests_per_s=Interval(mean=4.0, low=3.9, high=4.1))
    heavy = cell("curve", 8, 100, 20, requests_per_s=Interval(mean=8.2, low=8.1, high=8.3))
    other_shape = cell("curve", 16, 200, 20, requests_per_s=Interval(mean=40.0, low=39.0, high=41.0))
    assert () == contradictions(observed(run([light, heavy, other_shape])))
