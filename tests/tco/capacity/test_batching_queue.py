"""The batching queue beside the published example and limits in which it is a known line."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tco.errors import InputError
from tests.tco.capacity.batching_queue import BatchingService, batching_capacity, batching_line
from tests.tco.capacity.queueing import mmc

PUBLISHED = BatchingService(
    alpha_s=12e-3,
    beta_s=0.05e-3,
    gamma_s=0.0005e-3,
    input_tokens=128,
    output_tokens=512,
    max_num_seqs=48,
    max_waiting=128,
)
"""https://github.com/llm-inferno/queue-analysis, examples/problem-data.json; its answer is examples/solution-optimize.json, in single precision."""


def test_the_published_example_comes_out_to_its_digits() -> None:
    line = batching_line(PUBLISHED, 2.9494622)
    assert "2.9494622" == f"{line.requests_per_s:.7f}"
    assert "10231.625" == f"{line.response_s * 1e3:.3f}"
    assert "19.90533" == f"{line.itl_s * 1e3:.5f}"
    # Published 30.135853 and 3.8609295: the last digit of single precision is 2e-6 and 2.4e-7.
    assert 30.135853 == pytest.approx(line.in_service_mean, abs=2e-6)
    assert 3.8609295 == pytest.approx(PUBLISHED.rates_per_s()[-1] * 0.999, abs=3e-7)
    # Published 14.219727 ms is a difference of two numbers of 10,000 ms in single precision, whose last digit is 1 ms / 1024.
    assert 14.219727 == pytest.approx(line.wait_s * 1e3, abs=1 / 1024)
    assert 60.000584 == pytest.approx(line.ttft_s * 1e3, abs=1 / 1024)


def test_the_rate_of_the_published_limits_is_found() -> None:
    found = batching_capacity(PUBLISHED, ttft_s=0.060, itl_s=0.020)
    assert found.feasible
    assert ("mean ttft_s reaches 0.06 s",) == found.reasons
    # Published 2.9494622, found in single precision: with a wait known to 1 ms / 1024 and a slope of 127 ms per request/s that is ± 8e-6.
    assert 2.9494622 == pytest.approx(found.requests_per_s, abs=8e-6)
    assert 0.060 == pytest.approx(batching_line(PUBLISHED, found.requests_per_s).ttft_s, rel=1e-9)


def test_times_of_the_published_primitives_come_out() -> None:
    # nous/harness/tests/golden_primitives.json, row 2: B = 40, alpha 8, beta 0.033, gamma 0.000333, 256 in, 1024 out.
    engine = BatchingService(
        alpha_s=8e-3,
        beta_s=0.033e-3,
        gamma_s=0.000333e-3,
        input_tokens=256,
        output_tokens=1024,
        max_num_seqs=64,
        max_waiting=0,
    )
    # Published with six and three digits after the point, the last of them rounded in single precision.
    assert 28.114445 == pytest.approx(engine.prefill_s(40) * 1e3, abs=1e-6)
    assert 20375.104 == pytest.approx(engine.service_s(40) * 1e3, abs=1e-3)


def test_a_batch_of_one_is_a_finite_line_with_one_server() -> None:
    """With waiting room for hundreds, M/M/1/K is M/M/1; the time in service is exponential of mean tau(1)."""
    engine = replace(PUBLISHED, max_num_seqs=1, max_waiting=2000)
    rate = 0.5 / engine.service_s(1)
    assert mmc(rate, engine.service_s(1)).response_s == pytest.approx(batching_line(engine, rate).response_s, rel=1e-9)


def test_work_without_a_batch_share_is_erlangs_line() -> None:
    """Without work per request, tau is alpha (c + m) at every batch: M/M/48 with room to wait."""
    engine = replace(PUBLISHED, beta_s=0.0, gamma_s=0.0, max_waiting=3000)
    service_s = 12e-3 * 513
    rate = 40 / service_s
    assert mmc(rate, service_s, 48).wait_s == pytest.approx(batching_line(engine, rate).wait_s, rel=1e-6)


def test_overload_serves_a_full_batch_and_blocks_the_rest() -> None:
    line = batching_line(PUBLISHED, 100.0)
    full = PUBLISHED.rates_per_s()[-1]
    assert full == pytest.approx(line.requests_per_s, rel=1e-6)
    assert 1 - full / 100 == pytest.approx(line.blocked_fraction, rel=1e-6)


def test_long_prompts_are_computed_in_chunks() -> None:
    engine = replace(PUBLISHED, input_tokens=4000, output_tokens=100, max_num_batched_tokens=2048)
    # The fewest c with (c + 100) (2048 − 4000 / c) / 4100 >= 1: c = 1 gives −48, c = 2 gives 1.19.
    assert 2 == engine.chunks(1)
    assert np.all(np.diff([engine.chunks(batch) for batch in range(1, 49)]) >= 0)


def test_limits_that_no_load_keeps_are_an_answer() -> None:
    found = batching_capacity(PUBLISHED, itl_s=0.001)
    assert (False, 0.0) == (found.feasible, found.requests_per_s)
    assert "0.001 s cannot be kept" in found.reasons[0]


def test_without_limits_a_full_batch_is_the_bound() -> None:
    assert PUBLISHED.rates_per_s()[-1] * 0.999 == pytest.approx(batching_capacity(PUBLISHED).requests_per_s)


def test_what_is_no_engine_or_no_load_is_refused() -> None:
    with pytest.raises(InputError, match="at least 0"):
        replace(PUBLISHED, gamma_s=-1.0)
    with pytest.raises(InputError, match="at least 1 answer token"):
        replace(PUBLISHED, max_num_seqs=0)
    with pytest.raises(InputError, match="above 0"):
        batching_line(PUBLISHED, math.nan)
