from __future__ import annotations

import pytest

from probes.jobs.time_left import TimeLeft, starts, time_left


@pytest.mark.parametrize(
    ("event", "since_s", "left"),
    [
        # The engine still needs 20 of its 30 s, then everything is to be measured.
        ({"kind": "engine_start", "elapsed_s": 5.0, "remaining_s": 30.0}, 10.0, TimeLeft(left_s=620, is_limit=True)),
        ({"kind": "engine_start", "elapsed_s": 5.0, "remaining_s": 30.0}, 50.0, TimeLeft(left_s=600, is_limit=True)),
        ({"kind": "engine_ready", "elapsed_s": 40.0}, 3.0, TimeLeft(left_s=600, is_limit=True)),
        ({"kind": "warmup", "elapsed_s": 100.0, "remaining_s": None}, 50.0, TimeLeft(left_s=450, is_limit=True)),
        ({"kind": "repeat", "elapsed_s": 100.0, "remaining_s": 70.0}, 50.0, TimeLeft(left_s=20, is_limit=False)),
        ({"kind": "repeat", "elapsed_s": 100.0, "remaining_s": 70.0}, 90.0, TimeLeft(left_s=0, is_limit=False)),
        # What is reckoned may be more than what is allowed.
        ({"kind": "cell", "elapsed_s": 590.0, "remaining_s": 70.0}, 5.0, TimeLeft(left_s=5, is_limit=False)),
        ({"kind": "cell", "elapsed_s": 700.0, "remaining_s": 70.0}, 5.0, TimeLeft(left_s=0, is_limit=False)),
        ({"kind": "failed", "elapsed_s": None}, 2.0, TimeLeft(left_s=0, is_limit=False)),
    ],
)
def test_what_is_left_follows_from_the_last_event(event, since_s, left):
    assert left == time_left([event], limit_s=600, start_s=60, elapsed_s=900, since_event_s=since_s)


def test_what_was_reckoned_before_a_load_point_holds_until_there_is_something_newer():
    events = [
        {"kind": "engine_start", "elapsed_s": 1.0, "remaining_s": 7.0},
        {"kind": "cell", "elapsed_s": 100.0, "remaining_s": 70.0},
        {"kind": "warmup", "elapsed_s": 110.0, "remaining_s": None},
    ]
    known = time_left(events, limit_s=600, start_s=60, elapsed_s=900, since_event_s=20)
    # 70 s less the 10 s until the load point began, less 20 s since.
    assert TimeLeft(left_s=40, is_limit=False) == known
    # What a start needs says nothing of the measuring.
    del events[1]
    unknown = time_left(events, limit_s=600, start_s=60, elapsed_s=900, since_event_s=20)
    assert TimeLeft(left_s=470, is_limit=True) == unknown


def test_where_nothing_runs_the_first_starts_now_and_the_end_is_the_sum_of_limits():
    assert [0, 60, 360] == [time.left_s for time in starts(None, [60, 300])]
    assert (TimeLeft(left_s=0, is_limit=False),) == starts(None, [])


def test_without_a_limit_only_what_the_probe_itself_reckons_is_known():
    assert TimeLeft(left_s=None, is_limit=True) == time_left((), limit_s=None, start_s=60, elapsed_s=0, since_event_s=0)
    event = {"kind": "cell", "elapsed_s": 100.0, "remaining_s": 70.0}
    known = time_left([event], limit_s=None, start_s=60, elapsed_s=900, since_event_s=50)
    assert TimeLeft(left_s=20, is_limit=False) == known
    assert [20, 80, None, None] == [time.left_s for time in starts(known, [60, None, 60])]
