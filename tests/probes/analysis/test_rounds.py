import pytest

from probes.analysis.rounds import Cycle, Grid, Precision, grid_of, narrow, rate_interval, warm_up
from probes.record import Interval
from probes.run import Plan
from tests.probes.analysis.loads import MS, closed


def _grid(traces, concurrency) -> Grid:
    streams: dict[int, dict[int, Cycle]] = {}
    for made in traces:
        if made.failure is None:
            cycle = Cycle(made.sent_ns, made.ended_ns, 1, made.output_tokens, made.output_tokens + made.input_tokens)
            streams.setdefault(made.stream, {})[made.number] = cycle
    return grid_of(streams, concurrency)


@pytest.mark.parametrize("cycles", [1, 2, 3, 7])
def test_throughput_of_one_stream_is_exact_for_any_number_of_requests(cycles):
    # 11 tokens each 50 + 10 x 5 = 100 ms: 110 tokens/s, 10 requests/s, 210 tokens/s with the prompts.
    found = _grid(closed(1, cycles), 1).rates(0, cycles)
    assert (110.0, 210.0, 10.0) == pytest.approx(
        (found.output_tokens_per_s, found.total_tokens_per_s, found.requests_per_s)
    )


def test_a_fixed_window_from_first_to_last_token_would_have_been_16_per_cent_too_high():
    stream = [made for made in closed(1, 3) if made.failure is None]
    window_s = (stream[-1].arrivals_ns[-1] - stream[0].arrivals_ns[0]) / 1e9
    assert 128.0 == pytest.approx(32 / window_s)


def test_streams_add_up_although_one_is_half_as_fast():
    grid = _grid(closed(3, 4, first_ms=lambda stream, _: 50.0 + 100 * (stream == 2), stagger_ms=20), 3)
    assert 110 + 110 + 55 == pytest.approx(grid.rates(0, 4).output_tokens_per_s)


def test_rounds_are_complete_only_when_every_stream_has_them():
    assert [3, 0, 0] == [_grid(closed(2, 3, fillers=4), count).rounds for count in (2, 3, 4)]
    assert 0 == grid_of({}, 1).rounds


def test_a_failed_request_takes_time_and_gives_nothing():
    good, bad = Cycle(0, 100 * MS, 1, 11, 21), Cycle(100 * MS, 200 * MS, 0, 0, 0)
    assert 55.0 == pytest.approx(grid_of({0: {0: good, 1: bad}}, 1).rates(0, 2).output_tokens_per_s)


@pytest.mark.parametrize(
    ("waits", "rounds", "settled"),
    [
        ([50] * 6, 1, True),
        ([500, 50, 50, 50], 1, True),
        ([500, 300, 100, 50, 50], 3, True),
        ([500, 400, 300, 200, 150, 50], 5, False),
        ([50, 60], None, False),
        ([50], None, False),
    ],
)
def test_the_warm_up_ends_with_the_first_two_rounds_that_agree_but_never_before_the_first(waits, rounds, settled):
    found = warm_up(_grid(closed(1, len(waits), first_ms=lambda _, n: float(waits[n])), 1), Precision())
    assert (rounds, settled) == (found.rounds, found.settled)


def test_rounds_agree_within_what_the_streams_own_spread_explains():
    # Four streams that differ by chance: the sum moves by 10 %, each stream by up to 60 %.
    first = [[50, 20, 80, 40], [20, 60, 45, 70]]
    noisy = warm_up(_grid(closed(4, 2, first_ms=lambda s, n: float(first[n][s])), 4), Precision())
    # Four streams that all become 15 % faster.
    alike = warm_up(_grid(closed(4, 2, first_ms=lambda _, n: 50.0 - 13 * n), 4), Precision())
    assert (1, None) == (noisy.rounds, alike.rounds)


def test_without_rounds_there_is_no_interval_and_one_round_has_no_spread():
    grid = _grid(closed(2, 3), 2)
    assert ("no round of requests was completed", 0.0) == (
        rate_interval(grid, 1, 1).reason,
        rate_interval(grid, 1, 1).mean,
    )
    assert (None, pytest.approx(220.0)) == (rate_interval(grid, 0, 1).low, rate_interval(grid, 0, 1).mean)


def test_precision_comes_from_the_plan():
    plan = Plan(repeats=2, max_repeats=9, precision_fraction=0.02, requests_per_stream=5)
    assert Precision(repeats=2, max_repeats=9, precision_fraction=0.02, requests_per_stream=5) == Precision.of_plan(
        plan
    )


@pytest.mark.parametrize(
    ("precision", "most"),
    [
        (Precision(repeats=3), 3),
        (Precision(repeats=3, max_repeats=9), 3),
        (Precision(max_repeats=9, precision_fraction=0.05), 9),
    ],
)
def test_more_repeats_than_must_be_are_for_a_precision_only(precision, most):
    assert most == precision.most_repeats


def test_at_least_20_requests_are_measured_however_few_streams():
    assert [21, 24, 24, 288] == [
        count * 3 * Precision(repeats=3).rounds_per_repeat(count) for count in (1, 2, 8 // 3, 32)
    ]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Interval(mean=100, low=95, high=105), True),
        (Interval(mean=100, low=94, high=106), False),
        (Interval(mean=100), False),
        (Interval(mean=0, low=0, high=0), False),
    ],
)
def test_an_interval_is_narrow_by_its_half_width(found, expected):
    assert expected is narrow(found, 0.05)
