from __future__ import annotations

from dataclasses import replace

import pytest

from probes.cell import Cell
from probes.record import Interval, Percentiles
from tco.capacity.step_time import StepTime
from tco.capacity.steptime.fit import basis_of, fit_cells
from tco.capacity.steptime.fitted import FittedStepTime, Refusal
from tco.capacity.steptime.held_out import errors_of, held_out, missed, typical
from tco.capacity.steptime.observed import observed
from tco.capacity.steptime.of_run import held_out_error, step_time_of_run
from tco.capacity.steptime.refine import MODEL_ERROR_FRACTION, loads_of, refined
from tco.capacity.steptime.replay import Figures, replayed
from tests.tco.capacity.steptime.runs import LIMITS, TRUE, cell, run

SMALL = replace(LIMITS, max_num_batched_tokens=512)
LOADS = (
    *(("curve", streams, 128, 32) for streams in (1, 4, 16)),
    *(("context", streams, 384, 32) for streams in (1, 4, 16)),
    *(("lengths", 16, into, out) for into, out in ((384, 16), (64, 64), (38, 10))),
    *(("prefill", 1, into, 1) for into in (64, 128, 256, 512)),
)


def simulated_cells(true: StepTime = TRUE) -> list[Cell]:
    """What a probe would measure of an engine with these very step times: streams that move together, prompts that fill steps."""
    return [_simulated(cell(role, streams, into, out), true) for role, streams, into, out in LOADS]


def _simulated(template: Cell, true: StepTime) -> Cell:
    (load,) = observed(run([template.model_copy(update={"requests_ok": 10 * (template.concurrency or 1)})]))
    (load,) = observed(run([template]))
    found = replayed(load, true, SMALL)
    rate = found.requests_per_s
    return template.model_copy(
        update={
            "requests_per_s": Interval(mean=rate, low=0.99 * rate, high=1.01 * rate),
            "ttft_ms": Percentiles(p50=_ms(found.ttft_p50_s), p99=_ms(found.ttft_p99_s)),
            "tpot_ms": Percentiles(p50=_ms(found.tpot_p50_s), mean=_ms(found.tpot_mean_s)),
            "itl_ms": Percentiles(),
        }
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1e3


def test_a_refined_fit_comes_closer_to_the_engine_than_its_identities() -> None:
    basis = basis_of(run(simulated_cells()), SMALL)
    plain = fit_cells(basis)
    assert isinstance(plain, FittedStepTime)
    found = refined(plain, basis.cells, SMALL)
    assert "simulation" == found.method
    assert found.residual_fraction < MODEL_ERROR_FRACTION
    whole = (64, 64 * 200, 256, 256 * 257 / 2, 2)
    true_s = TRUE.step_s(*whole)
    assert abs(found.step_time.step_s(*whole) / true_s - 1) < abs(plain.step_time.step_s(*whole) / true_s - 1)
    assert true_s == pytest.approx(found.step_time.step_s(*whole), rel=0.05)


@pytest.mark.slow
def test_a_run_gives_step_times_with_their_error_on_loads_left_out() -> None:
    found = step_time_of_run(run(simulated_cells()), SMALL)
    assert isinstance(found, FittedStepTime)
    errors = {error.metric: error for error in found.errors}
    assert {"requests_per_s", "tpot_p50", "ttft_p50", "ttft_p99"} == set(errors)
    assert len(LOADS) == errors["requests_per_s"].cells
    assert errors["requests_per_s"].median_fraction < 0.02
    assert errors["ttft_p50"].median_fraction < 0.03
    assert errors == {error.metric: error for error in held_out_error(run(simulated_cells()), SMALL)}


def test_two_cells_have_neither_step_times_nor_an_error() -> None:
    two = run(simulated_cells()[:2])
    assert isinstance(step_time_of_run(two, SMALL), Refusal)
    assert isinstance(held_out_error(two, SMALL), Refusal)


def test_cells_of_one_load_are_one_load_that_is_known_better() -> None:
    twice = observed(run([cell("curve", 4, 128, 32), cell("context", 4, 128, 32), cell("curve", 8, 128, 32)]))
    first, second = loads_of(twice)
    assert (4, 8) == (first.streams, second.streams)
    assert twice[0].errors["requests_per_s"] / 2**0.5 == pytest.approx(first.errors["requests_per_s"])


def test_a_load_that_is_left_out_is_left_out_under_all_its_names() -> None:
    # The same load twice, once half as fast: were the second used, it would pull the prediction of the first.
    found = simulated_cells()
    basis = basis_of(run(found), SMALL)
    again = basis_of(run([*found, found[2].model_copy(update={"role": "lengths"})]), SMALL)
    once = held_out(basis, SMALL, by_simulation=False)
    assert [metric for metric, _ in once] == [metric for metric, _ in held_out(again, SMALL, by_simulation=False)]


def test_errors_are_medians_and_worst_without_sign() -> None:
    (load,) = observed(
        run([cell("curve", 4, 128, 32, requests_per_s=Interval(mean=2.0), ttft_ms=Percentiles(p50=100.0))])
    )
    pairs = missed(load, Figures(requests_per_s=1.8, ttft_p50_s=0.13))
    assert [("requests_per_s", pytest.approx(-0.1)), ("ttft_p50", pytest.approx(0.3))] == pairs
    assert 0.2 == pytest.approx(typical(pairs))
    assert [0.1, 0.3] == [pytest.approx(error.worst_fraction) for error in errors_of(pairs)]
