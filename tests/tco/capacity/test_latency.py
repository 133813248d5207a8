from __future__ import annotations

import numpy as np
import pytest

from probes.record import Percentiles
from tco.capacity.latency import percentile, read_latency
from tests.factories import cell


def test_a_recorded_percentile_is_read_as_it_is() -> None:
    reading = read_latency(cell(1, 1.0, 120.0), "ttft_p95_ms")

    assert reading is not None
    assert (120.0, "measured", None) == (reading.value_ms, reading.basis, reading.stand_in)


def test_a_stricter_percentile_stands_in() -> None:
    reading = percentile(Percentiles(p50=1.0, p99=9.0), "p95")

    assert reading is not None
    assert (9.0, "measured", "p99") == (reading.value_ms, reading.basis, reading.stand_in)


def test_beyond_the_strictest_it_goes_on_along_a_log_normal() -> None:
    """Against a sample: for a log-normal the extension from p50 and p90 must give its own p95."""
    sample = np.exp(np.random.default_rng(1).normal(3, 0.4, 400_000))
    p50, p90, p95 = (float(np.quantile(sample, q)) for q in (0.5, 0.9, 0.95))
    reading = percentile(Percentiles(p50=p50, p90=p90), "p95")

    assert reading is not None
    assert reading.value_ms == pytest.approx(p95, rel=0.01)
    assert reading.basis == "modelled"


@pytest.mark.parametrize("values", [Percentiles(), Percentiles(p50=1.0), Percentiles(mean=5.0)])
def test_one_point_says_nothing_about_the_tail(values: Percentiles) -> None:
    assert percentile(values, "p95") is None


def test_a_zero_median_gives_no_infinite_tail() -> None:
    reading = percentile(Percentiles(p50=0.0, p90=4.0), "p99")

    assert reading is not None
    assert reading.value_ms == 4.0
