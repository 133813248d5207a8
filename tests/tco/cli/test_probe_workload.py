from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from probes import ProbeError
from tco.cli._probe_options import RunRequest
from tco.cli._probe_workload import plan_of, workload_of

TRACES = Path(__file__).parents[2] / "data" / "traces"
NOTHING = {name: None for name, field in RunRequest.__dataclass_fields__.items()} | {
    "engine_arg": (),
    "concurrency": "1,4",
    "input_tokens": 128,
    "output_tokens": 64,
    "repeats": 3,
    "requests_per_stream": 3,
    "force": False,
    "arrivals": "poisson",
    "burstiness": 1.0,
    "shared_prefix": 0.0,
    "shared_prefixes": 1,
    "turns": 1,
    "trace_speed": 1.0,
}
REQUEST = RunRequest(**NOTHING)


def test_what_is_not_said_is_a_closed_loop_of_fixed_lengths_and_its_curve() -> None:
    work, plan = workload_of(REQUEST), plan_of(REQUEST)

    assert ("closed-loop", "fixed", 128, 64) == (
        work.shape.arrivals,
        work.shape.lengths.kind,
        work.shape.input_tokens,
        work.shape.output_tokens,
    )
    assert (["curve"], [1, 4], 6, 0.05) == (plan.measure, plan.concurrency, plan.max_repeats, plan.precision_fraction)


def test_a_promise_is_searched_with_random_arrivals() -> None:
    request = replace(REQUEST, slo="ttft_p95_ms=500", arrivals="gamma", burstiness=0.5)

    assert ("gamma", 0.5) == (workload_of(request).shape.arrivals, workload_of(request).shape.burstiness)
    assert ({"ttft": 500.0}, 0.95, ["curve", "goodput"]) == (
        plan_of(request).slo_ms,
        plan_of(request).slo_target_fraction,
        plan_of(request).measure,
    )


def test_the_engines_context_holds_the_longest_request_of_any_part() -> None:
    request = replace(REQUEST, measure="all")
    plan = plan_of(request)

    # Prefill goes to four times the prompt, one token out.
    assert (512, 1) == workload_of(request).longest(plan)


def test_random_lengths_are_shortened_to_the_context_and_say_so() -> None:
    request = replace(REQUEST, lengths="lognormal:1.0")
    work = workload_of(request, context_limit_tokens=300)

    assert 300 >= sum(work.longest(plan_of(request)))
    assert ["lengths_capped"] == [warning.code for warning in work.warnings]


def test_a_trace_brings_its_own_lengths_and_arrivals() -> None:
    trace = next(path for path in sorted(TRACES.iterdir()) if "conv" in path.name and path.suffix == ".csv")
    request = replace(REQUEST, trace=trace, trace_requests=5)
    work = workload_of(request, context_limit_tokens=100_000)

    assert (5, 5) == (len(work.arrivals), work.shape.trace.requests if work.shape.trace else None)
    assert ["curve", "trace"] == plan_of(request).measure


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shared_prefix": 1.0}, "--shared-prefix"),
        ({"turns": 3, "rate": "1"}, "--turns"),
        ({"measure": "lengths", "rate": "1"}, "--rate"),
        ({"lengths": "wild:1"}, "wild"),
        ({"trace": Path("no-such-file.csv")}, "no-such-file.csv"),
    ],
)
def test_what_cannot_be_is_said(change: dict[str, object], words: str) -> None:
    request = replace(REQUEST, **change)

    with pytest.raises(ProbeError, match=words):
        (workload_of(request), plan_of(request))
