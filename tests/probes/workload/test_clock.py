import pytest

from probes.errors import ProbeError
from probes.workload.clock import Clock
from probes.workload.tables import Row


def times(*values, column="time", mooncake=False):
    clock = Clock("log", {column: column}, mooncake=mooncake)
    return [clock.time_ns(Row(line, {column: value})) for line, value in enumerate(values, start=2)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1970-01-02 00:00:00", 86_400 * 10**9),
        ("1970-01-01T00:00:01.9799600", 1_979_960_000),
        ("1970-01-01 00:00:01.000000001Z", 1_000_000_001),
        ("1970-01-01T02:00:00,5+02:00", 500_000_000),
        ("1970-01-01 00:00:01 UTC", 10**9),
        ("12.5", 12_500_000_000),
        (12.5, 12_500_000_000),
        # A double holds 16 digits; the text of a log has all of them.
        ("1700158623.979960123", 1_700_158_623_979_960_123),
        (1_700_158_623_979, 1_700_158_623_979_000_000),
    ],
)
def test_dates_and_numbers_are_read_to_the_nanosecond(value, expected):
    assert [expected] == times(value)


def test_units_are_those_of_the_columns_name():
    assert [1_500_000_000] == times(1.5, column="time_s")
    assert [1_500_000] == times("1.5", column="time_ms")
    assert [1_500_000_000] == times(1500, mooncake=True)
    assert [10**20] == times("100000000000", column="time_s")


def test_the_unit_is_that_of_the_first_row():
    # 10¹¹ and more is milliseconds since 1970; a log that begins with seconds stays with seconds.
    assert [10**9, 10**11 * 10**9] == times(1, 1e11)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (("2026-13-01 00:00:00",), "line 2: time is '2026-13-01 00:00:00'; a number"),
        (("2026-11-24 08:30:00", "5"), "line 3: time is '5'; a date"),
        ((1, "yesterday"), "line 3: time is 'yesterday'; a number"),
        ((1, float("nan")), "line 3: time is nan"),
        (("NaN",), "line 2: time is 'NaN'"),
        (("1e400",), "line 2"),
        ((-1,), "may not be negative"),
        ((None,), "is missing"),
        (("",), "is missing"),
        ((True,), "a number is needed"),
    ],
)
def test_other_times_are_refused_with_the_line(values, words):
    with pytest.raises(ProbeError, match=words):
        times(*values)
