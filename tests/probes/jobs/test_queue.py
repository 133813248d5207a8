"""The queue without processes: a job is a name, and time is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from probes import JobState
from probes.jobs.queue import KEPT, MOST_WAITING, JobQueue
from probes.jobs.records import JobRequest, QueueRefusedError, outcome_of
from probes.jobs.time_left import TimeLeft

NOW = datetime(2026, 11, 30, 5, 0, tzinfo=UTC)


def state(code=None, *events, log=""):
    return JobState(events=events, running=code is None, exit_code=code, log_tail=log)


class World:
    """What the queue would start, and how far that is."""

    def __init__(self):
        self.time_s, self.started, self.cancelled, self.states, self.refuse = 0.0, [], [], {}, {}
        self.folders = []
        self.queue = JobQueue(
            start=self.start, poll=self.poll, cancel=self.cancelled.append, clock=lambda: self.time_s, now=lambda: NOW
        )

    def start(self, command, folder):
        name = command[0]
        if name in self.refuse:
            raise self.refuse[name]
        self.started.append(name)
        self.folders.append(folder)
        self.states[name] = state()
        return name

    def poll(self, job):
        return self.states[job]

    def end(self, name, code=0, **more):
        self.states[name] = state(code, **more)
        self.queue.tick()

    def waiting(self):
        return [job.request.title for job in self.queue.look().waiting]

    def number(self, title):
        return next(job.number for job in self.queue.look().waiting if job.request.title == title)


@pytest.fixture
def world():
    made = World()
    yield made
    made.queue.close()
    for name in made.states:
        made.states[name] = state(0)
    made.queue.tick()


def request(title, limit_s=600.0, start_s=0.0, file=None, out="gone.json"):
    def settle(events):
        assert events.parent.is_dir()
        return [title], Path(out)

    return JobRequest(title=title, where="here", load="1,2", limit_s=limit_s, start_s=start_s, settle=settle, file=file)


def test_the_first_starts_at_once_and_the_others_wait(world):
    assert [0, 1, 2] == [world.queue.add(request(name)) for name in "abc"]

    shown = world.queue.look()
    assert (["a"], "a", ["b", "c"]) == (world.started, shown.running.request.title, world.waiting())


def test_the_next_starts_when_the_one_before_has_ended(world):
    for name in "abc":
        world.queue.add(request(name))
    assert world.queue.tick()
    assert ["a"] == world.started
    world.end("a")
    assert ["a", "b"] == world.started
    world.end("b")
    world.states["c"] = state(0)
    assert not world.queue.tick()

    shown = world.queue.look()
    assert (None, ()) == (shown.running, shown.waiting)
    assert ["c", "b", "a"] == [job.request.title for job in shown.ended]
    assert ["a", "b", "c"] == world.started


def test_a_failure_is_kept_with_its_reason_and_the_next_goes_on(world):
    world.queue.add(request("a"))
    world.queue.add(request("b"))
    world.end("a", 3, log="no such server")

    (ended,) = world.queue.look().ended
    assert ("failed", "no such server", None) == (ended.outcome, ended.state.log_tail, ended.out)
    assert ["a", "b"] == world.started


def test_the_running_one_is_cancelled_and_the_next_waits_until_it_has_ended(world):
    world.queue.add(request("a"))
    world.queue.add(request("b"))
    number = world.queue.look().running.number
    world.queue.cancel(number)
    world.queue.tick()
    shown = world.queue.look()
    assert (["a"], ["a"], True) == (world.cancelled, world.started, shown.running.is_stopping)
    # It may save and stop its engine, and is ended after half a minute.
    assert TimeLeft(left_s=30, is_limit=True) == shown.running.left == shown.waiting[0].starts
    world.end("a", 130)

    shown = world.queue.look()
    assert ("cancelled", "b", False) == (shown.ended[0].outcome, shown.running.request.title, shown.running.is_stopping)
    # A press that came late does not hit the one that follows.
    world.queue.cancel(number)
    assert ["a"] == world.cancelled


def test_one_that_waits_can_be_taken_out(world):
    for name in "abc":
        world.queue.add(request(name))
    number = world.number("b")

    assert world.queue.take_out(number)
    assert not world.queue.take_out(number)
    assert ["c"] == world.waiting()
    world.end("a")
    assert ["a", "c"] == world.started
    # It runs by now: it has to be cancelled.
    assert not world.queue.take_out(world.queue.look().running.number)


def test_one_that_waits_can_be_moved_up(world):
    for name in "abcd":
        world.queue.add(request(name))
    world.queue.move_up(world.number("d"))
    assert ["b", "d", "c"] == world.waiting()
    world.queue.move_up(world.number("b"))
    assert ["b", "d", "c"] == world.waiting()
    world.queue.move_up(99)
    assert ["b", "d", "c"] == world.waiting()


def test_the_queue_is_bounded(world):
    for number in range(MOST_WAITING + 1):
        world.queue.add(request(str(number)))
    with pytest.raises(QueueRefusedError, match="10 probes wait already"):
        world.queue.add(request("too many"))

    assert MOST_WAITING == len(world.queue.look().waiting)
    world.end("0")
    world.queue.add(request("fits again"))


def test_a_run_is_gone_on_with_once(world):
    file = Path("runs/cut.json")
    world.queue.add(request("a", file=file))
    assert world.queue.holds(file)
    with pytest.raises(QueueRefusedError, match=r"runs/cut\.json is in the queue already"):
        world.queue.add(request("again", file=file))
    world.end("a", 5)

    assert not world.queue.holds(file)
    world.queue.add(request("a", file=file))
    assert "incomplete" == world.queue.look().ended[0].outcome


def test_new_probes_of_the_same_thing_may_wait_beside_each_other(world):
    world.queue.add(request("a"))
    world.queue.add(request("a"))

    assert ["a"] == world.waiting()


@pytest.mark.parametrize(
    ("error", "why"),
    [(OSError(28, "No space left on device"), "No space left"), (ValueError("null byte"), "null byte")],
)
def test_one_that_cannot_be_started_says_why_and_the_next_is_tried(world, error, why):
    world.refuse["b"] = error
    for name in "abc":
        world.queue.add(request(name))
    world.end("a")

    shown = world.queue.look()
    assert ("c", "b") == (shown.running.request.title, shown.ended[0].request.title)
    assert "failed" == shown.ended[0].outcome
    assert shown.ended[0].state.log_tail.startswith(f"The probe could not be started ({why}")


def test_as_many_as_told_are_remembered(world):
    for number in range(KEPT + 3):
        world.queue.add(request(str(number)))
        world.end(str(number))

    assert [str(number) for number in range(KEPT + 2, 2, -1)] == [job.request.title for job in world.queue.look().ended]


def test_an_ended_probe_has_its_run_its_time_and_no_folder(world, tmp_path):
    out = tmp_path / "run.json"
    world.queue.add(request("a", out=out))
    assert world.folders[0].is_dir()
    out.write_text("{}")
    world.time_s = 12.5
    world.end("a")

    (ended,) = world.queue.look().ended
    assert (out, 12.5, NOW, "complete") == (ended.out, ended.took_s, ended.ended_at, ended.outcome)
    assert not world.folders[0].exists()


def test_closing_it_stops_the_one_that_runs_and_forgets_those_that_wait(world):
    world.queue.add(request("a"))
    world.queue.add(request("b"))
    world.queue.close()
    world.end("a", 130)

    assert (["a"], ["a"], None) == (world.cancelled, world.started, world.queue.look().running)
    world.queue.close()


def test_times_rest_on_what_is_measured_and_then_on_limits(world):
    world.queue.add(request("a", limit_s=600, start_s=60))
    world.queue.add(request("b", limit_s=120, start_s=5))
    world.queue.add(request("c", limit_s=300, start_s=60))
    world.time_s = 10
    times = [world.queue.look().running.left, *(job.starts for job in world.queue.look().waiting)]
    # The rest of its start and all of its limit; then what each before may take.
    assert [650, 650, 650 + 125] == [time.left_s for time in times]
    assert 650 + 125 + 360 == world.queue.look().left.left_s

    world.states["a"] = state(None, {"kind": "cell", "elapsed_s": 30.0, "remaining_s": 80.0})
    world.time_s = 100
    world.queue.tick()
    world.time_s = 120
    shown = world.queue.look()
    assert TimeLeft(left_s=60, is_limit=False) == shown.running.left == shown.waiting[0].starts
    assert TimeLeft(left_s=185, is_limit=True) == shown.waiting[1].starts
    assert TimeLeft(left_s=545, is_limit=True) == shown.left


def test_an_event_that_is_seen_twice_is_not_new(world):
    world.queue.add(request("a"))
    world.states["a"] = state(None, {"kind": "cell", "elapsed_s": 30.0, "remaining_s": 80.0})
    for at in (0, 10, 20):
        world.time_s = at
        world.queue.tick()

    assert 60 == world.queue.look().running.left.left_s


@pytest.mark.parametrize(
    ("code", "is_cancelled", "outcome"),
    [
        (0, False, "complete"),
        (0, True, "complete"),
        (5, False, "incomplete"),
        (130, False, "incomplete"),
        (130, True, "cancelled"),
        (137, True, "cancelled"),
        (2, False, "failed"),
        (3, False, "failed"),
        (None, False, "failed"),
    ],
)
def test_how_a_probe_ended_follows_from_its_exit_code(code, is_cancelled, outcome):
    ended = JobState(events=(), running=False, exit_code=code, log_tail="")

    assert outcome == outcome_of(ended, is_cancelled=is_cancelled)
