import math

import numpy as np
import pytest

from probes.analysis.costs import fit_cost_split, fit_prefill
from probes.cell import Cell, CellShape
from probes.errors import ProbeError
from probes.record import Interval, Percentiles


def _cell(
    input_tokens: float, output_tokens: float, requests_per_s: float, *, concurrency=16, half=None, ok=100
) -> Cell:
    rate = Interval(mean=requests_per_s) if half is None else Interval(
        mean=requests_per_s, low=requests_per_s - half, high=requests_per_s + half
    )  # fmt: skip
    return Cell(
        concurrency=concurrency,
        role="lengths",
        shape=CellShape(input_tokens=input_tokens, output_tokens=output_tokens),
        duration_s=10,
        requests_ok=ok,
        input_tokens=round(ok * input_tokens),
        output_tokens=round(ok * output_tokens),
        token_source="usage",
        output_tokens_per_s=Interval(mean=requests_per_s * output_tokens),
        total_tokens_per_s=Interval(mean=requests_per_s * (input_tokens + output_tokens)),
        requests_per_s=rate,
        ttft_ms=Percentiles(),
        itl_ms=Percentiles(),
        tpot_ms=Percentiles(),
        e2e_ms=Percentiles(),
    )


A, B, C = 20e-6, 400e-6, 2e-3
MIXES = [(512, 128), (1536, 128), (512, 384), (256, 256)]  # the mixes of a probe of 512 in and 128 out


def _seconds(mix):
    return A * mix[0] + B * mix[1] + C


def test_three_costs_are_found_again_in_what_they_make():
    split = fit_cost_split([_cell(*mix, 1 / _seconds(mix)) for mix in MIXES])
    assert (A, B, C, 0.0) == pytest.approx(
        (split.input_token_s.mean, split.output_token_s.mean, split.request_s.mean, split.residual_fraction), abs=1e-12
    )
    assert (4, 16) == (split.mixes, split.concurrency)


def test_three_mixes_are_enough_but_leave_no_misfit_to_judge_by():
    split = fit_cost_split([_cell(*mix, 1 / _seconds(mix)) for mix in MIXES[:3]])
    assert (B, None, "throughput of a mix has no interval, and as many mixes as costs leave no misfit to judge by") == (
        pytest.approx(split.output_token_s.mean), split.output_token_s.low, split.output_token_s.reason
    )  # fmt: skip


def test_a_cost_that_would_be_negative_is_none():
    # Without a cost a request, and times that would ask for a negative one.
    split = fit_cost_split([_cell(*mix, 1 / (_seconds(mix) - 2.2 * C)) for mix in MIXES])
    assert 0.0 == split.request_s.mean
    assert split.residual_fraction > 0.001


@pytest.mark.slow
def test_the_intervals_hold_the_truth_in_95_of_100_trials():
    rng, hits, trials = np.random.default_rng(7), np.zeros(3), 200
    for _ in range(trials):
        cells = []
        for mix in MIXES:
            rate = 1 / _seconds(mix) * (1 + 0.02 * rng.normal())
            cells.append(_cell(*mix, rate, half=1.96 * 0.02 * rate))
        split = fit_cost_split(cells)
        found = (split.input_token_s, split.output_token_s, split.request_s)
        hits += [one.low <= true <= one.high for one, true in zip(found, (A, B, C), strict=True)]
    assert (hits / trials).min() >= 0.92


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([_cell(1, 1, 1.0)] * 2, "2 mixes of lengths were measured; three costs need at least 3"),
        ([_cell(1, 1, 1.0), _cell(2, 1, 1.0), _cell(1, 2, 1.0, concurrency=8)], "measured at concurrency 16, 1 in / 1 out, concurrency 16, 2 in / 1 out, concurrency 8, 1 in / 2 out;"),
        ([_cell(1, 1, 1.0), _cell(2, 1, 1.0), _cell(1, 2, 0.0, ok=0)], "has no answered request"),
        (
            [_cell(100 * k, 25 * k, 1 / (0.001 + 0.01 * k)) for k in (1, 2, 3, 4)],
            "the costs of input tokens and output tokens cannot be told apart",
        ),
    ],
)  # fmt: skip
def test_cells_that_cannot_tell_the_costs_apart_are_refused(cells, words):
    with pytest.raises(ProbeError, match=words):
        fit_cost_split(cells)


def test_time_to_first_token_grows_with_the_square_where_attention_does():
    lengths = [256, 512, 1024, 2048]
    times = [5 + 0.02 * n + 1e-5 * n * n for n in lengths]
    fit, line = fit_prefill(lengths, times, quadratic=True), fit_prefill(lengths, times)
    assert (5.0, 0.02, 1e-5, 0.0) == pytest.approx(
        (fit.base_ms, fit.per_token_ms, fit.per_token_squared_ms, fit.residual_fraction), abs=1e-9
    )
    assert 5 + 0.02 * 4096 + 1e-5 * 4096**2 == pytest.approx(fit.ttft_ms(4096))
    assert (0.0, True) == (line.per_token_squared_ms, line.residual_fraction > 0.01)


def test_a_prefill_fit_is_scipys_weighted_least_squares():
    lengths, times = np.array([100.0, 300.0, 700.0, 1500.0]), np.array([14.0, 17.0, 26.0, 41.0])
    slope, base = np.polyfit(lengths, times, 1, w=1 / times)
    fit = fit_prefill(list(lengths), list(times))
    assert (base, slope) == pytest.approx((fit.base_ms, fit.per_token_ms))


@pytest.mark.parametrize(
    ("lengths", "times", "words"),
    [([100, 100], [1.0, 2.0], "1 prompt lengths were measured"), ([100, 200], [0.0, 2.0], "times are above 0")],
)
def test_prompts_of_one_length_or_no_time_are_refused(lengths, times, words):
    with pytest.raises(ProbeError, match=words):
        fit_prefill(lengths, times)


def test_a_bootstrap_is_the_same_twice():
    cells = [_cell(*mix, 1 / _seconds(mix), half=0.05 / _seconds(mix)) for mix in MIXES]
    assert fit_cost_split(cells) == fit_cost_split(cells)
    assert not math.isnan(fit_cost_split(cells).request_s.high)
