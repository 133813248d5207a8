from __future__ import annotations

import pytest

from benchmarks.capacity_accuracy.loads import DATA
from probes import load_run
from tco.capacity.engine_model import EngineModel, NoEngineModel, slower
from tco.capacity.fitted import LEAST_BAND_FRACTION, fitted_engine
from tco.capacity.step_time import StepTime
from tests.factories import run


@pytest.fixture(scope="module")
def engine() -> EngineModel:
    found = fitted_engine(load_run(DATA / "8-layers" / "fit-0.json"))
    assert isinstance(found, EngineModel)
    return found


def test_a_run_of_all_parts_gives_an_engine_with_its_limits_and_its_error(engine: EngineModel) -> None:
    # The engine was started with 512 tokens a step, 32 sequences, a context of 2048 tokens and blocks of 128.
    assert (512, 32, 2048, 128) == (
        engine.limits.max_num_batched_tokens,
        engine.limits.max_num_seqs,
        engine.limits.max_model_len,
        engine.limits.block_tokens,
    )
    assert 0 < engine.error_fraction < 0.05
    assert engine.band_fraction >= LEAST_BAND_FRACTION
    assert "step times fitted to 17 load points of run accuracy-8-fit-0" == engine.origin


def test_a_run_that_does_not_say_how_large_its_cache_was_gives_none() -> None:
    found = fitted_engine(run())
    assert isinstance(found, NoEngineModel)
    assert "limits_unknown" == found.code
    assert "give kv_cache_tokens" in found.sentence


def test_a_slower_engine_takes_longer_in_everything() -> None:
    step_time = StepTime(
        intercept_s=0.01, per_sequence_s=0.001, per_kv_token_s=1e-6, per_prefill_token_s=1e-4, latency_s=0.002
    )
    twice = slower(step_time, 2.0)
    assert 2 * step_time.step_s(4, 400, 100, 5050, 1) == pytest.approx(twice.step_s(4, 400, 100, 5050, 1))
    assert (0.004, step_time.hidden_tokens) == (twice.latency_s, twice.hidden_tokens)
