from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.energy.series import Series, interpolate

S = 1_000_000_000


def series(kind, readings):
    made = Series(kind)
    for stamp_s, value in readings:
        made.add(round(stamp_s * S), value)
    return made


def test_power_is_integrated_by_the_trapezoidal_rule():
    # 100 W, 300 W one second later, 200 W two seconds after that: (100+300)/2*1 + (300+200)/2*2 = 200 + 500 J.
    window = series("power", [(0, 100.0), (1, 300.0), (3, 200.0)]).window(0, 3 * S)

    assert (700.0, (100.0, 300.0, 200.0), 3, 2.0) == (window.joules, window.values, window.samples, window.gap_s)


def test_edges_of_a_window_are_interpolated_in_the_energy():
    # 0 J at 0 s, 100 J at 1 s, 300 J at 2 s: 50 J at 0.5 s, 250 J at 1.75 s.
    window = series("counter", [(0, 0.0), (1, 100.0), (2, 300.0)]).window(S // 2, 7 * S // 4)

    assert (200.0, 1) == (window.joules, window.samples)


@pytest.mark.parametrize(("start_s", "end_s"), [(-1, 1), (1, 4), (-1, 4), (2, 2), (2, 1), (5, 6)])
def test_nothing_is_extrapolated(start_s, end_s):
    assert series("counter", [(0, 0.0), (3, 300.0)]).window(start_s * S, end_s * S) is None


def test_a_series_without_readings_has_no_window():
    assert Series("power").window(0, S) is None


def test_a_reading_that_is_not_later_is_dropped():
    made = series("power", [(0, 100.0), (1, 100.0), (1, 900.0), (0.5, 900.0), (2, 100.0)])

    assert (3, 200.0) == (len(made), made.window(0, 2 * S).joules)


def test_the_oldest_readings_go_when_there_are_too_many():
    made = Series("counter", kept_samples=80)
    for second in range(1000):
        made.add(second * S, second * 10.0)

    assert len(made) <= 90
    assert made.window(100 * S, 200 * S) is None
    assert made.window(950 * S, 990 * S).joules == 400.0
    assert made.newest_ns == 999 * S


def test_energy_is_kept_when_the_oldest_readings_go():
    made = Series("power", kept_samples=80)
    for second in range(1000):
        made.add(second * S, 250.0)

    assert made.window(950 * S, 990 * S).joules == pytest.approx(10_000.0, rel=1e-12)


def test_a_counter_that_falls_and_one_that_stands_are_seen():
    assert series("counter", [(0, 5.0), (1, 9.0), (2, 1.0)]).window(0, 2 * S).backwards
    assert not series("counter", [(0, 5.0), (1, 5.0), (2, 9.0)]).window(0, 2 * S).backwards
    assert series("counter", [(0, 5.0), (1, 5.0)]).window(0, S).constant


@st.composite
def readings(draw):
    gaps_ns = draw(st.lists(st.integers(1, 2 * S), min_size=3, max_size=40))
    stamps_ns = [sum(gaps_ns[: index + 1]) for index in range(len(gaps_ns))]
    watts = draw(st.lists(st.floats(0, 2000), min_size=len(gaps_ns), max_size=len(gaps_ns)))
    cuts = sorted(draw(st.lists(st.integers(stamps_ns[0], stamps_ns[-1]), min_size=3, max_size=3, unique=True)))
    return stamps_ns, watts, cuts


@given(readings())
def test_windows_that_touch_add_up(made):
    stamps_ns, watts, (a, b, c) = made
    power = Series("power")
    for stamp_ns, value in zip(stamps_ns, watts, strict=True):
        power.add(stamp_ns, value)

    whole = power.window(a, c).joules
    assert whole == pytest.approx(power.window(a, b).joules + power.window(b, c).joules, rel=1e-9, abs=1e-6)


@given(readings(), st.floats(1, 2000))
def test_even_power_gives_power_times_time_in_every_window(made, watts):
    stamps_ns, _, (a, _, c) = made
    power = Series("power")
    for stamp_ns in stamps_ns:
        power.add(stamp_ns, watts)

    assert power.window(a, c).joules == pytest.approx(watts * (c - a) / S, rel=1e-6, abs=1e-6)


@given(readings())
def test_a_window_never_has_more_energy_than_the_highest_power_could_give(made):
    stamps_ns, watts, (a, _, c) = made
    power = Series("power")
    for stamp_ns, value in zip(stamps_ns, watts, strict=True):
        power.add(stamp_ns, value)

    assert -1e-6 <= power.window(a, c).joules <= max(watts) * (c - a) / S * (1 + 1e-6) + 1e-6


@given(st.integers(0, 10 * S))
def test_interpolation_lies_on_the_line(at_ns):
    assert interpolate([0, 10 * S], [5.0, 25.0], at_ns) == pytest.approx(5.0 + 2.0 * at_ns / S)
