"""The simulator here is one that can be followed by hand: requests are served one at a time, first come, first served."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pricing import architecture, gpu_spec
from tco.capacity.memory.placement import Placement
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.outcome import Outcome
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime
from tco.capacity.steptime.backtest import (
    Curve,
    LoadPoint,
    capacity_per_s,
    fit_curve,
    misses,
    poisson_traffic,
    predict,
)
from tco.capacity.steptime.priors import TYPICAL, assemble
from tco.capacity.steptime.roofline import ideal_times
from tco.errors import InputError

LLAMA = "Meta-Llama-3.1-8B"


def one_by_one(traffic: Traffic, step: StepTime, _: EngineLimits) -> Outcome:
    prompt, answer = int(traffic.input_tokens[0]), int(traffic.output_tokens[0])
    first = step.step_s(0, 0, prompt, prompt * (prompt + 1) / 2, 1)
    rest = (answer - 1) * step.decode_s(1, prompt + answer / 2)
    ready, begun = 0.0, []
    for arrival in traffic.arrival_s:
        begun.append(max(ready, float(arrival)))
        ready = begun[-1] + first + rest
    firsts = np.array(begun) + first + step.latency_s
    return Outcome(
        sent_s=traffic.arrival_s,
        first_token_s=firsts,
        finish_s=firsts + rest,
        output_tokens=traffic.output_tokens,
        replica=np.zeros(traffic.requests, dtype=np.int32),
        use=(),
    )


def at(offered: float, *, answered: float | None = None, tpot: float = 0.01, ttft: float = 0.1) -> LoadPoint:
    return LoadPoint(offered_per_s=offered, answered_per_s=answered or offered, tpot_p50_s=tpot, ttft_p50_s=ttft)


def curve(*points: LoadPoint, name: str = LLAMA, gpu: str = "H100-SXM") -> Curve:
    return Curve(
        name="T1",
        model=architecture(name),
        on=Placement(gpu=gpu_spec(gpu)),
        limits=EngineLimits(kv_blocks=10_000),
        input_tokens=512,
        output_tokens=64,
        requests=200,
        points=points or tuple(at(rate) for rate in (0.2, 0.5, 1.0)),
    )


def test_traffic_lasts_just_as_long_as_its_rate_says() -> None:
    traffic = poisson_traffic(curve(), 4.0)

    assert traffic.arrival_s[-1] == pytest.approx(200 / 4.0)
    assert ({512}, {64}) == (set(traffic.input_tokens.tolist()), set(traffic.output_tokens.tolist()))


def test_gaps_of_the_traffic_vary_as_random_arrivals_do() -> None:
    """Exponential gaps deviate by their mean; 200 of them know that within 15 %."""
    gaps = np.diff(poisson_traffic(curve(), 1.0).arrival_s)

    assert gaps.std() / gaps.mean() == pytest.approx(1.0, abs=0.15)


def test_at_light_load_a_prediction_is_one_request_alone() -> None:
    """10 ms a step, 20 µs a prompt token: TTFT 10 + 10.24 + 5 ms; TPOT 10 ms."""
    step = StepTime(intercept_s=0.010, per_prefill_token_s=20e-6, latency_s=0.005)
    found = predict(step, curve(at(0.01)), one_by_one)[0]

    assert found.ttft_p50_s == pytest.approx(0.02524)
    assert found.tpot_p50_s == pytest.approx(0.010)
    assert found.kept_up


def test_far_beyond_saturation_the_answered_rate_is_the_machines() -> None:
    """64 steps of 10 ms and one prompt of 10.24 ms: 1 / 0.65024 s."""
    step = StepTime(intercept_s=0.010, per_prefill_token_s=20e-6)
    found = predict(step, curve(at(1000.0)), one_by_one)[0]

    assert found.answered_per_s == pytest.approx(1 / 0.65024, rel=0.01)
    assert not found.kept_up


def test_a_fit_finds_the_machine_that_made_the_curve() -> None:
    """What its two sums say (a step's time, a prompt's time with the way to the client) is met; how they split is drawn towards priors."""
    bare = curve()
    truth = replace(TYPICAL, bandwidth_fraction=0.65, compute_16_bit_fraction=0.35, latency_s=5e-3)
    step = assemble(ideal_times(bare.model, bare.on, bare.context_tokens), bare.on, truth)
    made = replace(bare, points=predict(step, bare, one_by_one))

    found = fit_curve(made, one_by_one)

    assert found.error_fraction < 0.02
    assert found.step_time.decode_s(1, 544) == pytest.approx(step.decode_s(1, 544), rel=0.02)
    assert found.step_time.basis == "measured"


def test_a_curve_with_one_load_that_was_kept_up_with_tells_too_little() -> None:
    with pytest.raises(InputError, match="curve T1: 1 loads were kept up with; at least two"):
        fit_curve(curve(at(1.0), at(9.0, answered=4.0)), one_by_one)


def test_misses_are_of_loads_that_were_kept_up_with() -> None:
    measured = (at(1.0), at(2.0), at(4.0, answered=3.0, tpot=0.05))
    predicted = (at(1.0, tpot=0.011), at(2.0, tpot=0.009, ttft=0.05), at(4.0, answered=3.3, tpot=9.0))

    found = misses(predicted, measured, tpot_s=1.0, ttft_s=1.0)

    assert found.tpot == pytest.approx((0.1, -0.1))
    assert found.ttft == pytest.approx((0.0, -0.5))
    assert found.throughput == pytest.approx(0.1)


def test_capacity_is_where_the_first_promise_breaks() -> None:
    """Time to first token doubles with each doubling: 0.2 s at 2 requests/s, though time per output token holds until 4."""
    points = [at(1.0, ttft=0.1), at(2.0, ttft=0.2), at(4.0, ttft=0.4)]

    assert capacity_per_s(points, tpot_s=0.02, ttft_s=0.3) == pytest.approx(3.0)


def test_capacity_is_never_more_than_was_answered() -> None:
    points = [at(1.0), at(100.0, answered=20.0, tpot=0.04)]

    assert capacity_per_s(points, tpot_s=0.035, ttft_s=1.0) == 20.0
    assert capacity_per_s(points, tpot_s=1.0, ttft_s=1.0) == 20.0


def test_a_promise_that_the_lightest_load_breaks_has_no_capacity() -> None:
    assert capacity_per_s([at(1.0)], tpot_s=0.005, ttft_s=1.0) is None
    assert misses((at(1.0),), (at(1.0),), tpot_s=0.005, ttft_s=1.0).capacity is None
