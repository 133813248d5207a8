import math

import numpy as np
import pytest
from scipy import stats

from probes.errors import ProbeError
from probes.run import Lengths, WorkloadShape
from probes.workload.sampling import LengthSampler, capped, turn_means

N = 50_000
UNIFORM = Lengths(kind="uniform", spread_fraction=0.5)
LOGNORMAL = Lengths(kind="lognormal", spread_fraction=1.0, correlation=0.4)
ROWS = np.array([[10, 1], [20, 5], [60, 3], [510, 91]])


def sampler(lengths, inputs=512, outputs=128, **other):
    return LengthSampler(lengths, input_mean_tokens=inputs, output_mean_tokens=outputs, **other)


def drawn(lengths, inputs=512, outputs=128, **other):
    return sampler(lengths, inputs, outputs, **other).draw_many(np.random.default_rng(11), N)


def assert_mean(expected, values, sd):
    """Within 4.5 standard errors: one chance in 150,000 for a right sampler."""
    assert values.mean() == pytest.approx(expected, abs=4.5 * sd / math.sqrt(len(values)))


def test_fixed_lengths_do_not_vary():
    assert (512, 128) == sampler(Lengths()).draw(np.random.default_rng(1))
    assert [{512}, {128}] == [set(part.tolist()) for part in drawn(Lengths())]


def test_a_mean_between_two_whole_numbers_is_one_of_them_and_right_on_average():
    inputs, _ = drawn(Lengths(), inputs=10.25)
    assert {10, 11} == set(inputs.tolist())
    assert_mean(10.25, inputs, math.sqrt(0.25 * 0.75))


@pytest.mark.parametrize("mean", [1.4, 2, 5, 512])
def test_uniform_lengths_have_their_mean_spread_and_ends(mean):
    half = min(0.5 * mean, mean - 1)
    inputs, _ = drawn(UNIFORM, inputs=mean)

    assert_mean(mean, inputs, math.sqrt(half**2 / 3 + 0.25))
    assert (math.floor(mean - half), math.ceil(mean + half)) == (inputs.min(), inputs.max())


def test_uniform_lengths_are_uniform():
    inputs, _ = drawn(UNIFORM, inputs=10_000)
    assert stats.kstest(inputs, stats.uniform(5_000, 10_000).cdf).pvalue > 1e-4


@pytest.mark.parametrize(("mean", "spread"), [(2, 1.0), (16, 0.5), (512, 1.0), (512, 3.0)])
def test_lognormal_lengths_have_exactly_the_mean_and_spread_asked_for_and_are_at_least_1(mean, spread):
    inputs, _ = drawn(Lengths(kind="lognormal", spread_fraction=spread), inputs=mean)
    sd = mean * spread

    assert_mean(mean, inputs, math.hypot(sd, 0.5))
    assert inputs.min() >= 1
    # Rounding adds at most 1/4 to the variance; a heavy tail makes the sample's own deviation wander by some percent.
    assert math.hypot(sd, 0.35) == pytest.approx(inputs.std(), rel=0.1)


def test_lognormal_lengths_follow_their_distribution():
    # Far above 1 the shift and the rounding do not show: the logarithm is normal.
    inputs, _ = drawn(Lengths(kind="lognormal", spread_fraction=0.3), inputs=1e6)
    logs = np.log(inputs[:20_000])
    assert stats.kstest((logs - logs.mean()) / logs.std(), "norm").pvalue > 1e-4


def test_a_mean_of_one_leaves_no_room_to_vary():
    for lengths in (UNIFORM, LOGNORMAL):
        inputs, outputs = drawn(lengths, inputs=1, outputs=1)
        assert ({1}, {1}) == (set(inputs.tolist()), set(outputs.tolist()))


@pytest.mark.parametrize("kind", ["uniform", "lognormal"])
@pytest.mark.parametrize("correlation", [-1.0, -0.5, 0.0, 0.3, 0.9, 1.0])
def test_the_rank_correlation_of_prompts_and_answers_is_the_one_asked_for(kind, correlation):
    lengths = Lengths(kind=kind, spread_fraction=0.8, correlation=correlation)
    inputs, outputs = drawn(lengths, inputs=5_000, outputs=4_000)
    found = stats.spearmanr(inputs, outputs).statistic
    # The standard error of a rank correlation is at most about 1 / sqrt(n) = 0.0045.
    assert found == pytest.approx(correlation, abs=4.5 * 0.0045)


def test_a_rank_correlation_is_not_taken_for_the_copulas_parameter():
    # A Gaussian copula of parameter 0.6 has a rank correlation of 6 / pi · asin(0.3) = 0.582. Standard error: about (1 - 0.36) / sqrt(200,000) = 0.0015.
    lengths = Lengths(kind="lognormal", spread_fraction=0.8, correlation=0.6)
    inputs, outputs = sampler(lengths, inputs=5_000, outputs=4_000).draw_many(np.random.default_rng(3), 200_000)
    assert stats.spearmanr(inputs, outputs).statistic == pytest.approx(0.6, abs=4.5 * 0.0015)


def test_recorded_pairs_are_drawn_whole_and_as_often_as_they_stand_there():
    # Means 150 and 25.
    inputs, outputs = drawn(Lengths(kind="pairs"), inputs=150, outputs=25, rows=ROWS)
    pairs, counts = np.unique(np.stack((inputs, outputs), axis=1), axis=0, return_counts=True)

    assert ROWS.tolist() == pairs.tolist()
    assert stats.chisquare(counts).pvalue > 1e-4


def test_recorded_pairs_are_scaled_to_another_mean():
    inputs, outputs = drawn(Lengths(kind="pairs"), inputs=300, outputs=25, rows=ROWS)

    assert_mean(300, inputs, inputs.std())
    assert {1, 3, 5, 91} == set(outputs.tolist())
    # 1 + 9 · 299/149 = 19.06: what was shortest is still at least 1 and in proportion above it.
    assert 19 == inputs.min()


@pytest.mark.parametrize("lengths", [Lengths(), UNIFORM, LOGNORMAL, Lengths(kind="pairs")])
@pytest.mark.parametrize("limit", [None, 700])
def test_no_request_is_longer_than_the_longest(lengths, limit):
    made = sampler(lengths, limit_tokens=limit, rows=ROWS)
    inputs, outputs = made.draw_many(np.random.default_rng(2), 50_000)

    assert int((inputs + outputs).max()) <= sum(made.longest)
    assert inputs.max() <= made.longest_input
    assert min(inputs.min(), outputs.min()) >= 1
    assert limit is None or sum(made.longest) <= limit


def test_the_longest_lognormal_is_the_one_in_ten_thousand():
    # Spread 1: sigma = 0.8369 and mu = ln 1000 - 0.3471 after the cut, so that exp(mu + 3.719 sigma) is 15.88 times the mean above 1.
    made = sampler(Lengths(kind="lognormal", spread_fraction=1.0), inputs=1001, outputs=1)
    assert 15_900 == pytest.approx(made.longest[0], rel=0.01)


def test_a_request_over_the_limit_is_shortened_in_proportion():
    inputs, outputs = capped(np.array([900, 1, 10_000, 50]), np.array([300, 10_000, 1, 50]), 400)
    assert ([300, 1, 399, 50], [100, 399, 1, 50]) == (inputs.tolist(), outputs.tolist())


@pytest.mark.parametrize(
    ("lengths", "other", "words"),
    [
        (Lengths(), {"inputs": 0.5}, "at least 1 token"),
        (Lengths(), {"inputs": math.nan}, "at least 1 token"),
        (Lengths(), {"limit_tokens": 1}, "holds no request"),
        (Lengths(kind="uniform", spread_fraction=1.5), {}, "below nothing; give at most 1"),
        (Lengths(kind="lognormal", spread_fraction=11), {}, "give at most 10"),
        (Lengths(kind="pairs"), {}, "need the file"),
        (Lengths(kind="pairs"), {"rows": ROWS[:0]}, "need the file"),
    ],
)
def test_lengths_that_cannot_be_had_are_refused_in_a_sentence(lengths, other, words):
    with pytest.raises(ProbeError, match=words):
        sampler(lengths, **other)


@pytest.mark.parametrize(("inputs", "outputs", "turns"), [(512, 100, 1), (512, 100, 3), (2000, 300, 7), (50, 1, 4)])
def test_the_mean_prompt_of_a_conversation_is_the_one_asked_for(inputs, outputs, turns):
    new, answer = turn_means(WorkloadShape(input_tokens=inputs, output_tokens=outputs, turns=turns))
    prompts = [(turn + 1) * new + turn * answer for turn in range(turns)]
    assert (inputs, outputs) == (pytest.approx(sum(prompts) / turns), answer)


def test_answers_that_outgrow_the_prompts_are_refused_with_the_least_that_goes():
    shape = WorkloadShape(input_tokens=101, output_tokens=100, turns=3)
    # New tokens a turn are (2 · input - 2 · 100) / 4: one at 102.
    with pytest.raises(ProbeError, match=r"at least 102\b"):
        turn_means(shape)
    assert (1, 100) == turn_means(shape.model_copy(update={"input_tokens": 102}))
