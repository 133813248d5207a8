"""Step times of a real vLLM: the shipped measurements, predicted within what is promised."""

from __future__ import annotations

import pytest

from benchmarks.capacity_accuracy.loads import DATA, Measured, read_set, spread
from benchmarks.capacity_accuracy.predict import FIGURES, misses
from tco.capacity.memory.run_limits import limits_of_run
from tco.capacity.steptime.fit import basis_of, fit_cells
from tco.capacity.steptime.fitted import FittedStepTime
from tco.capacity.steptime.refine import refined

QUIET = ("closed-2", "closed-8", "closed-24", "closed-12-in")
"""Loads that were measured while nothing else ran; see the data's SOURCES.md."""


@pytest.fixture(scope="module")
def measured() -> Measured:
    return read_set(DATA / "8-layers")


@pytest.fixture(scope="module")
def fit(measured: Measured) -> FittedStepTime:
    assert measured.fit is not None
    limits = limits_of_run(measured.fit)
    basis = basis_of(measured.fit, limits)
    found = fit_cells(basis)
    assert isinstance(found, FittedStepTime)
    return refined(found, basis.cells, limits)


def test_the_terms_are_those_of_this_engine(fit: FittedStepTime) -> None:
    terms = {term.name: term for term in fit.terms}
    # One request alone has 19.5 ms between tokens (itl_ms.p50 of the curve's first cell): an empty step and one sequence.
    alone_s = fit.step_time.decode_s(1, 145)
    assert 0.0195 == pytest.approx(alone_s, rel=0.03)
    assert terms["per_prefill_token_s"].is_clear
    assert terms["per_kv_token_s"].is_clear
    assert fit.residual_fraction < 0.03


@pytest.mark.parametrize(
    ("metric", "goal"), [("requests_per_s", 0.05), ("tpot_p50", 0.05), ("ttft_p50", 0.10), ("ttft_p99", 0.15)]
)
def test_other_loads_of_a_quiet_machine_are_predicted_within_the_goal(
    measured: Measured, fit: FittedStepTime, metric: str, goal: float
) -> None:
    assert measured.fit is not None
    found = [
        abs(miss.fraction)
        for miss in misses(measured, fit.step_time, limits_of_run(measured.fit))
        if miss.metric == metric and miss.load in QUIET
    ]
    assert len(QUIET) == len(found)
    assert sorted(found)[len(found) // 2] < goal


def test_the_machines_own_repeats_are_told(measured: Measured) -> None:
    # 128 in and 32 out were measured twice at 1 and 4 streams, three times at 16.
    found = spread(measured, FIGURES)
    assert 3 == found["requests_per_s"][1]
    # Half ranges over means: 1.4251 and 1.3825, 3.6747 and 3.5071, 6.1514 to 6.0453 requests/s.
    assert 0.0152 == pytest.approx(found["requests_per_s"][0], abs=1e-4)
