from __future__ import annotations

from typing import Any

import pytest

from pricing import Book
from probes.run import Lengths, Run, WorkloadShape
from tco.capacity.capacity import asked_classes, capacity_of
from tco.capacity.engine_model import NoEngineModel
from tco.capacity.replica import Replica, probed
from tco.capacity.steptime.priors import BACKTEST
from tco.replicas_of import replicas_of
from tco.runs import find_run
from tco.scenario import Workload
from tests.factories import API, RENT, run, scenario
from tests.tco.capacity.steptime.runs import cell
from tests.tco.capacity.steptime.runs import run as run_of


def workload(into: float = 128, out: float = 64, **changes: Any) -> Workload:
    return Workload.model_validate(
        {
            "requests_per_day": 1000,
            "input_tokens_per_request": into,
            "output_tokens_per_request": out,
            "slo": {"ttft_p50_ms": 500},
        }
        | changes
    )


@pytest.fixture(scope="module")
def identified() -> Run:
    """A run whose step times are known, with the limits of its engine."""
    probe = run_of([cell("curve", streams, 128, 64) for streams in (1, 4, 16)])
    args = ["--max-num-seqs", "64", "--max-num-batched-tokens", "2048", "--max-model-len", "4096"]
    return probe.model_copy(
        update={
            "engine": probe.engine.model_copy(update={"kv_cache_tokens": 100_000, "args": args}),
            "workload": WorkloadShape(input_tokens=128, output_tokens=64),
        }
    )


def test_lengths_that_were_probed_are_read_from_the_runs_curve(identified: Run) -> None:
    found = capacity_of(probed(identified), workload())
    assert "measured" == found.basis
    assert identified.cells[-1].requests_per_s.mean == pytest.approx(found.requests_per_s)


def test_other_lengths_are_simulated_and_carry_what_the_step_times_say(identified: Run) -> None:
    found = capacity_of(probed(identified), workload(256, 32, slo={}))
    assert "modelled" == found.basis
    assert "capacity is simulated with random arrivals: step times fitted to 3 load points" in found.reasons[0]
    # 64 sequences of 256 + 32 tokens without pause, by the run's own terms: 10 ms shared by 64, 0.5 ms and 1 us a cached token for each of 31, its prompt.
    contexts = 31 * 256 + 31 * 32 / 2
    prompt_s = 256 * 1e-4 + 256 * 257 / 2 * 2e-8
    assert 1 / (0.010 * 32 / 64 + 31 * 0.0005 + contexts * 1e-6 + prompt_s) == pytest.approx(
        found.requests_per_s, rel=0.1
    )


def test_a_percentile_that_the_run_has_not_is_simulated(identified: Run) -> None:
    found = capacity_of(probed(identified), workload(slo={"e2e_p99_ms": 60_000}))
    assert ("modelled", True) == (found.basis, found.feasible)


def test_lengths_that_vary_are_simulated_and_carry_less_where_the_tail_counts(identified: Run) -> None:
    promise = {"slo": {"ttft_p95_ms": 80}}
    fixed = capacity_of(probed(identified), workload(**promise))
    varying = workload(lengths={"kind": "lognormal", "spread_fraction": 1.5}, **promise)
    assert capacity_of(probed(identified), varying).requests_per_s < fixed.requests_per_s


def test_a_run_that_gives_no_step_times_keeps_the_safe_bound_and_says_why() -> None:
    found = capacity_of(probed(run()), workload(200, 50, slo={"ttft_p95_ms": 5000}))
    assert "modelled" == found.basis
    # Twice the prompt: the safe bound is half the rate.
    assert 1.0 == pytest.approx(found.requests_per_s)
    assert "step times are not known: run test-run: it does not say how large the KV cache" in found.reasons[0]


def test_several_classes_need_step_times() -> None:
    kinds = {
        name: {"share_fraction": 0.5, "input_tokens_per_request": into, "output_tokens_per_request": 50}
        for name, into in (("short", 50), ("long", 150))
    }
    asked = Workload.model_validate({"requests_per_day": 1000, "classes": kinds})
    found = capacity_of(probed(run()), asked)
    assert not found.feasible
    assert "several classes of requests need step times" in found.reasons[0]


def test_an_engine_that_could_not_be_carried_over_has_no_capacity_and_the_reason() -> None:
    refused = NoEngineModel(code="some_code", sentence="it does not fit")
    found = capacity_of(Replica(run=run(), gpus=1, carried=refused), workload())
    assert (False, ("it does not fit",)) == (found.feasible, found.reasons)


def test_a_class_takes_the_workloads_promise_and_spread_where_it_has_none_of_its_own() -> None:
    kinds = {
        "chat": {"share_fraction": 0.75, "input_tokens_per_request": 100, "output_tokens_per_request": 50},
        "reads": {
            "share_fraction": 0.25,
            "input_tokens_per_request": 900,
            "output_tokens_per_request": 10,
            "slo": {"ttft_p99_ms": 3000},
            "lengths": {"kind": "fixed"},
        },
    }
    spread = {"kind": "lognormal", "spread_fraction": 0.8}
    asked = Workload.model_validate(
        {"requests_per_day": 1000, "classes": kinds, "lengths": spread, "slo": {"tpot_p95_ms": 60}}
    )
    chat, reads = asked_classes(asked, run())
    assert (("tpot_p95_ms", 60.0),) == chat.limits_ms
    assert (("ttft_p99_ms", 3000.0),) == reads.limits_ms
    assert (0.8, 0.0) == (chat.spread.spread_fraction, reads.spread.spread_fraction)


def test_an_even_spread_of_a_run_is_taken_as_log_normal_of_the_same_deviation() -> None:
    lengths = Lengths(kind="uniform", spread_fraction=0.6)
    probe = run(workload=WorkloadShape(input_tokens=100, output_tokens=50, lengths=lengths))
    (asked,) = asked_classes(workload(100, 50), probe)
    assert 0.6 / 3**0.5 == pytest.approx(asked.spread.spread_fraction)


def test_a_curve_of_one_length_is_helped_by_its_data_sheet_for_other_lengths() -> None:
    question = scenario(
        options=[API, RENT | {"run": "h100-llama-3.1-8b-fp8", "model": "from-run", "throughput_factor": None}]
    )
    published = find_run("h100-llama-3.1-8b-fp8")
    replica = replicas_of(question, {"rent": published}, Book())["rent"]
    promise = {"ttft_p95_ms": 1000, "tpot_p95_ms": 60}
    # Probed were 512 in and 256 out, where the curve itself carries 30.9 requests/s under this promise.
    own = capacity_of(replica, workload(512, 256, slo=promise))
    near = capacity_of(replica, workload(500, 250, slo=promise, lengths={"kind": "lognormal", "spread_fraction": 0.1}))
    assert (BACKTEST.median_fraction, BACKTEST.nine_of_ten_fraction) == (near.error_fraction, near.band_fraction)
    assert own.error_fraction is None
    assert own.requests_per_s == pytest.approx(near.requests_per_s, rel=BACKTEST.nine_of_ten_fraction)
    longer = capacity_of(replica, workload(1024, 256, slo=promise))
    assert longer.requests_per_s < near.requests_per_s
    assert longer.relative_low < 0.8
    assert "with the data sheet's help" in longer.reasons[0]
