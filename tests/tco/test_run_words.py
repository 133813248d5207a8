from __future__ import annotations

from probes.cell import CellShape, EnergyReading
from probes.findings import ClientFloor, CostSplit, Extrapolation, Goodput, IdlePower
from probes.record import Interval, Percentiles, Warn
from tco.run_words import (
    by_role,
    cautions,
    curve_sentence,
    findings,
    goodput_sentence,
    lengths_text,
    load_text,
    run_cautions,
    split_sentence,
)
from tests.factories import cell, run

PROMISE = {"limits_ms": {"ttft": 2000.0}, "target_fraction": 0.95}


def test_a_run_without_a_usable_load_point_has_nothing_to_tell() -> None:
    assert [] == findings(run(cells=[cell(1, 0.5, 100.0, complete=False, reason="budget")]))


def test_the_curve_is_told_by_its_best_load_point() -> None:
    best = cell(8, 2.0, 1800.0, output_tokens_per_s=Interval(mean=12345.6, low=12000.0, high=12700.0))

    expected = "Most throughput: 12,346 output tokens/s (12,000 to 12,700) at concurrency 8, where 95% of first tokens come within 1,800 ms."
    assert expected == curve_sentence([cell(1, 0.5, 100.0), best])


def test_what_is_not_known_of_the_best_load_point_is_left_out() -> None:
    assert "Most throughput: 25 output tokens/s at concurrency 1." == curve_sentence(
        [cell(1, 0.5, 100.0, ttft_ms=Percentiles())]
    )


def test_load_points_are_grouped_by_what_they_were_measured_for_the_curve_first() -> None:
    mixed = run(cells=[cell(8, 2.0, 9.0, role="lengths"), cell(1, 0.5, 9.0), cell(2, 0.9, 9.0)])

    assert [("curve", [1, 2]), ("lengths", [8])] == [
        (role, [point.concurrency for point in points]) for role, points in by_role(mixed).items()
    ]


def test_lengths_are_the_load_points_own_or_the_runs() -> None:
    own = cell(8, 2.0, 9.0, shape=CellShape(input_tokens=96, output_tokens=8))

    assert ["concurrency 8", "96 / 8", "100 / 50"] == [
        load_text(own),
        lengths_text(own, run()),
        lengths_text(cell(1, 0.5, 9.0), run()),
    ]


def test_a_caution_names_its_load_point_and_is_not_told_twice() -> None:
    noisy = Warn(code="noisy", message="The repeats differ.")
    told = Warn(code="goodput_unresolved", message="The search is not resolved.")
    both = run(warnings=[told, noisy], cells=[cell(1, 0.5, 9.0, warnings=[noisy, noisy])])

    assert ["The repeats differ."] == run_cautions(both)
    assert ["The repeats differ.", "concurrency 1: The repeats differ."] == cautions(both)


def test_a_resolved_search_names_the_load_and_the_bracket() -> None:
    found = Goodput(**PROMISE, requests_per_s=1.4, low=1.4, high=1.6, resolved=True)

    expected = "Random traffic keeps TTFT up to 2,000 ms for 95% of requests up to 1.4 requests/s; the true limit lies between 1.4 and 1.6."
    assert expected == goodput_sentence(found)


def test_a_high_rate_is_not_told_as_a_power_of_ten() -> None:
    found = Goodput(**PROMISE, requests_per_s=1516.2, low=1516.2, high=1604.0, resolved=True)

    assert goodput_sentence(found).endswith("up to 1,516 requests/s; the true limit lies between 1,516 and 1,604.")


def test_an_unresolved_search_says_what_would_resolve_it() -> None:
    nothing = Goodput(**PROMISE, resolved=False, reason="80 requests are too few, 300 would do")

    assert goodput_sentence(nothing).endswith("requests: 80 requests are too few, 300 would do.")


def test_the_split_says_how_many_input_tokens_an_output_token_is_worth() -> None:
    split = CostSplit(
        input_token_s=Interval(mean=0.001, low=0.0005, high=0.0015),
        output_token_s=Interval(mean=0.01),
        request_s=Interval(mean=0.0),
        mixes=4,
        residual_fraction=0.04,
        concurrency=8,
    )

    expected = (
        "Machine time by tokens, from 4 length mixes: 1 s (0.5 to 1.5) for 1,000 in, 10 s for 1,000 out; "
        "an output token takes as much as 10.0 input tokens (the fit misses 4%)."
    )
    assert expected == split_sentence(split)


def test_energy_is_told_at_its_best_load_or_with_the_reason_why_not() -> None:
    read = [cell(1, 0.5, 100.0, energy=reading(4.0)), cell(8, 2.0, 800.0, energy=reading(1.5))]
    blind = [cell(1, 0.5, 100.0, energy=EnergyReading(reason="No GPU."))]

    assert (
        "Energy: 1.5 J for an output token at best, at concurrency 8 (an estimate: the weights are random)."
        == findings(run(cells=read))[-1]
    )
    assert "Energy: not measured. No GPU." == findings(run(cells=blind))[-1]


def test_a_part_of_the_cost_that_cannot_be_told_from_nothing_is_a_bound() -> None:
    split = CostSplit(
        input_token_s=Interval(mean=0.0, low=0.0, high=0.000007),
        output_token_s=Interval(mean=0.0006),
        request_s=Interval(mean=0.0),
        mixes=4,
        residual_fraction=0.02,
        concurrency=8,
    )

    expected = "Machine time by tokens, from 4 length mixes: at most 0.007 s for 1,000 in, 0.6 s for 1,000 out (the fit misses 2%)."
    assert expected == split_sentence(split)


def reading(joules: float) -> EnergyReading:
    return EnergyReading(source="counter", energy_joules_per_output_token=joules, estimate=True)


def test_idle_power_depth_and_floor_are_told() -> None:
    told = findings(
        run(
            idle=IdlePower(driver_idle_watts=60.0, loaded_idle_watts=115.0),
            extrapolation=Extrapolation(
                layers_measured=[4, 8], layers_full=28, method="affine", error_fraction=0.06, error_source="here"
            ),
            client_floor=ClientFloor(
                streams=16,
                workers=1,
                transport="plain",
                ttft_error_p50_ms=0.31,
                ttft_error_p99_ms=1.2,
                cpu_s_per_1000_tokens=0.02,
            ),
        )
    )

    assert "Power with nothing to do: 60 W before the engine was started, 115 W with the model loaded." == told[1]
    assert (
        "Modelled: measured with 4 and 8 layers and carried to all 28; on a model that was also run whole this was off by 6% (here)."
        == told[2]
    )
    assert (
        "The measuring client itself adds 0.3 ms to a first token (p99 1.2 ms, 16 streams against a server of known speed)."
        == told[3]
    )
