"""Options whose engine and demand are known, for the tests of this room."""

from __future__ import annotations

from typing import Any

import pytest

import pricing
from tco.capacity.engine_model import EngineModel
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.step_time import StepTime
from tco.scenario import Scenario
from tco.simulation.question import Asked, asked_option
from tests.factories import run, scenario

ENGINE = EngineModel(
    step_time=StepTime(intercept_s=0.01, per_sequence_s=1e-4, per_prefill_token_s=1e-5),
    limits=EngineLimits(kv_blocks=2_000, max_num_seqs=32, max_model_len=4_000),
    origin="step times of a test",
    error_fraction=0.04,
    band_fraction=0.1,
    error_source="nobody measured it",
)


def asked(monkeypatch: pytest.MonkeyPatch, question: Scenario | None = None, name: str | None = "rent") -> Asked:
    """An option of a scenario whose run has the curve of `tests.factories` and the step times of `ENGINE`."""
    monkeypatch.setattr("tco.simulation.question.fitted_engine", lambda _: ENGINE)
    return asked_option(question or scenario(), name, {"test-run": run()}, pricing.shipped_book())


def with_rent(**changes: Any) -> Scenario:
    """The scenario of `tests.factories` with another rented option."""
    question = scenario()
    option = question.option("rent").model_dump() | changes
    return Scenario.model_validate(
        question.model_dump(by_alias=True) | {"options": [question.options[0].model_dump(), option]}
    )
