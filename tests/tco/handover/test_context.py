from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from probes.run import Lengths, WorkloadShape
from tco.handover.context import COVERED_FRACTION, _factor, lengths_are_guessed, longest_request_tokens
from tco.workload.asked import Spread
from tests.factories import run, scenario

FIXED = {"kind": "fixed"}


def longest(limit=None, held=None, **workload):
    question = scenario(**{f"workload__{key}": value for key, value in workload.items()})
    return longest_request_tokens(question.workload, held or run(), limit)


def test_requests_of_one_length_need_that_length_and_16_to_spare():
    assert 256 == longest(lengths=FIXED)  # 100 + 50 + 16 = 166, rounded up to a multiple of 128


def test_lengths_that_vary_need_the_longest_of_a_thousand():
    """Log-normal with a coefficient of variation of 0.8: σ² = ln 1.64 = 0.4947, exp(3.0902 · 0.7033 − 0.2473) = 6.864; 150 · 6.864 + 16 = 1,046."""
    assert 1152 == longest(lengths={"kind": "lognormal", "spread_fraction": 0.8})


def test_the_factor_is_the_distributions_own_quantile_over_its_mean():
    spread = 0.5
    sigma = math.sqrt(math.log1p(spread**2))
    drawn = np.exp(np.random.default_rng(7).normal(0, sigma, 2_000_000))

    found = _factor(Spread(kind="lognormal", spread_fraction=spread))

    assert found == pytest.approx(np.quantile(drawn, COVERED_FRACTION) / drawn.mean(), rel=0.01)
    assert found == pytest.approx(math.exp(norm.ppf(COVERED_FRACTION) * sigma - sigma**2 / 2), rel=1e-12)


def test_where_nobody_says_how_lengths_vary_they_vary_as_usual():
    assert longest() == longest(lengths={"kind": "lognormal", "spread_fraction": 0.8})
    assert lengths_are_guessed(scenario().workload, run())
    assert not lengths_are_guessed(scenario(workload__lengths=FIXED).workload, run())


def test_a_run_whose_lengths_varied_says_how():
    """Uniform within 50 %: 150 · 1.5 + 16 = 241."""
    shape = WorkloadShape(input_tokens=100, output_tokens=50, lengths=Lengths(kind="uniform", spread_fraction=0.5))

    assert 256 == longest(held=run(workload=shape))


def test_the_longest_class_decides():
    kind = {"share_fraction": 0.5, "input_tokens_per_request": 100, "output_tokens_per_request": 50}
    long = {**kind, "input_tokens_per_request": 4000}
    classes = {"short": kind, "long": long}

    found = longest(classes=classes, lengths=FIXED, input_tokens_per_request=None, output_tokens_per_request=None)

    assert 4096 == found  # 4,050 + 16 = 4,066


def test_no_longer_than_the_model_was_made_for():
    assert 1000 == longest(limit=1000, lengths={"kind": "lognormal", "spread_fraction": 2.0})


def test_a_context_limit_of_the_run_is_kept():
    shape = WorkloadShape(input_tokens=100, output_tokens=50, context_limit_tokens=8192)

    assert 8192 == longest(held=run(workload=shape), lengths=FIXED)
