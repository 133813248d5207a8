from __future__ import annotations

from probes.cell import EnergyReading
from probes.findings import ClientFloor, CostSplit, Extrapolation, Goodput, IdlePower
from probes.record import Interval
from tco.run_words import findings, goodput_sentence, split_sentence
from tests.factories import cell, run

PROMISE = {"limits_ms": {"ttft": 2000.0}, "target_fraction": 0.95}


def test_a_run_without_findings_has_none_to_tell() -> None:
    assert [] == findings(run())


def test_a_resolved_search_names_the_load_and_the_bracket() -> None:
    found = Goodput(**PROMISE, requests_per_s=1.4, low=1.4, high=1.6, resolved=True)

    expected = "Random traffic keeps TTFT up to 2,000 ms for 95% of requests up to 1.4 requests/s; the true limit lies between 1.4 and 1.6."
    assert expected == goodput_sentence(found)


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

    assert [
        "Energy: 1.5 J for an output token at best, at concurrency 8 (an estimate: the weights are random)."
    ] == findings(run(cells=read))
    assert ["Energy: not measured. No GPU."] == findings(run(cells=blind))


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

    assert "Power with nothing to do: 60 W before the engine was started, 115 W with the model loaded." == told[0]
    assert (
        "Modelled: measured with 4 and 8 layers and carried to all 28; on a model that was also run whole this was off by 6% (here)."
        == told[1]
    )
    assert (
        "The measuring client itself adds 0.3 ms to a first token (p99 1.2 ms, 16 streams against a server of known speed)."
        == told[2]
    )
