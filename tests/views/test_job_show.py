"""The queue on the Probe page, with jobs that only say what they are told to say."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from probes import JobState, Plan, save_run
from probes.jobs.queue import MOST_WAITING, JobQueue
from tco.views import _job
from tco.words import plain
from tests.factories import run
from tests.views.conftest import at_page


class Machine:
    """What the app starts: commands, with the file that their run would go to."""

    def __init__(self):
        self.commands, self.states, self.cancelled = [], [], []
        self.queue = JobQueue(start=self.start, poll=lambda job: self.states[job], cancel=self.cancelled.append)

    def start(self, command, folder):
        self.commands.append(command)
        self.states.append(JobState(events=(), running=True, exit_code=None, log_tail="its log"))
        return len(self.states) - 1

    def out(self):
        """The file of the probe that was started last."""
        return Path(next(part for part in self.commands[-1] if part.startswith("--out=")).partition("=")[2])

    def says(self, *events, code=None, log="its log"):
        self.states[-1] = JobState(events=events, running=code is None, exit_code=code, log_tail=log)
        self.queue.tick()


@pytest.fixture
def machine(monkeypatch):
    made = Machine()
    monkeypatch.setattr(_job, "line", lambda: SimpleNamespace(queue=made.queue, keeper=SimpleNamespace(wake=list)))
    yield made
    made.queue.close()
    made.states = [JobState(events=(), running=False, exit_code=0, log_tail="") for _ in made.states]
    made.queue.tick()


@pytest.fixture
def probe(open_app, machine):
    app = at_page(open_app(), "probe")
    app.get("segmented_control")[0].set_value("A running server").run()
    assert not app.exception
    return app


def labels(app):
    return [button.label for button in app.button]


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def ask(app, model):
    """Fills in the form and presses its button, whatever it says."""
    boxes = {box.label: box for box in app.text_input}
    boxes["Address"].set_value("http://x:1")
    boxes["Model name that it serves"].set_value(model)
    return press(app, "Add to the queue" if "Add to the queue" in labels(app) else "Start the probe")


def texts(app):
    return [part.value for part in (*app.markdown, *app.caption)]


def row(app, number):
    return next(text.value for text in app.markdown if text.value.startswith(f"{number}. "))


def test_a_first_probe_starts_and_the_button_then_adds_to_the_queue(probe, machine):
    assert "Add to the queue" not in labels(probe)
    ask(probe, "first")

    assert 1 == len(machine.commands)
    assert "--served-model=first" in machine.commands[0]
    assert "Start the probe" not in labels(probe)
    ask(probe, "second")
    assert 1 == len(machine.commands)
    assert "**1 waits**" in " ".join(texts(probe))
    assert row(probe, 1).startswith("1. second at `http://x:1`")
    assert "starts in up to 10 min" in row(probe, 1)
    assert plain("at most 10 min") in row(probe, 1)


def test_those_that_wait_are_moved_and_taken_out(probe, machine):
    for name in ("one", "two", "three", "four"):
        ask(probe, name)
    up, out = (next(b for b in probe.button if b.key == f"job_{what}_4") for what in ("up", "out"))
    up.click().run()
    assert ["two", "four", "three"] == [job.request.title for job in machine.queue.look().waiting]
    assert row(probe, 2).startswith("2. four")
    assert next(b for b in probe.button if b.key == "job_up_2").disabled
    out.click().run()

    assert ["two", "three"] == [job.request.title for job in machine.queue.look().waiting]
    assert "**2 wait**" in " ".join(texts(probe))


def test_one_that_has_started_meanwhile_is_not_taken_out(probe, machine):
    ask(probe, "one")
    ask(probe, "two")
    button = next(b for b in probe.button if b.key == "job_out_2")
    machine.says(code=0)
    button.click().run()

    assert not probe.exception
    assert "It has been started meanwhile; cancel it instead." in [toast.value for toast in probe.toast]
    assert "two" == machine.queue.look().running.request.title


def test_cancelling_goes_on_with_the_next(probe, machine):
    ask(probe, "one")
    ask(probe, "two")
    press(probe, "Cancel")
    assert [0] == machine.cancelled
    assert next(b for b in probe.button if b.label == "Cancel").disabled
    assert any(text.startswith("**Stopping**") for text in texts(probe))
    machine.says(code=130)
    probe.run()

    assert "--served-model=two" in machine.commands[-1]
    assert not next(b for b in probe.button if b.label == "Cancel").disabled
    press(probe, "Cancel")
    machine.says(code=130)
    probe.run()
    assert [plain("Cancelled before anything was measured.")] == [part.value for part in probe.info][:1]


def test_a_failure_says_why_while_the_next_one_runs(probe, machine):
    ask(probe, "one")
    ask(probe, "two")
    machine.says(
        {"kind": "failed", "message": "no such server", "elapsed_s": None, "log_tail": "the server's words"}, code=3
    )
    probe.run()

    assert ["no such server"] == [part.value for part in probe.warning]
    assert "the server's words" in [part.value for part in probe.code]
    assert 2 == len(machine.commands)
    assert any(text.startswith("**Starting**") for text in texts(probe))


def event(**more):
    return {"kind": "repeat", "message": "repeat 1", "elapsed_s": 10.0, "remaining_s": None} | more


def test_progress_is_told_with_the_time_that_is_left(probe, machine):
    ask(probe, "one")
    ask(probe, "two")
    machine.says(event(cells_done=1, cells_total=4, remaining_s=45.0))
    probe.run()

    (bar,) = probe.get("progress")
    assert (25, "1 of 4 load points, about 45 s left") == (bar.proto.value, bar.proto.text)
    assert any(text.startswith("**Measuring** · repeat 1") for text in texts(probe))
    assert "starts in about 45 s" in row(probe, 1)
    # 45 s, and then 10 minutes at most and the start of a client.
    assert any("all done in up to 11 min" in text for text in texts(probe))


def test_the_run_of_a_probe_that_has_ended_is_shown_unless_another_was_chosen(probe, machine, folder):
    save_run(run(run_id="older"), folder / "runs" / "older.json")
    ask(probe, "one")
    save_run(run(run_id="one"), machine.out())
    machine.says({"kind": "ended", "message": "r.json: 1 cells, complete.", "elapsed_s": None}, code=0)
    probe.run()
    assert probe.selectbox(key="run_choice").value.endswith("one.json")
    assert [plain("r.json: 1 cells, complete.")] == [part.value for part in probe.success]

    ask(probe, "two")
    probe.selectbox(key="run_choice").select("runs/older.json").run()
    save_run(run(run_id="two"), machine.out())
    machine.says(code=0)
    probe.run()
    assert "runs/older.json" == probe.selectbox(key="run_choice").value
    # It is a press away.
    press(probe, "Show its run")
    assert probe.selectbox(key="run_choice").value.endswith("two.json")


def test_what_ended_before_a_visitor_came_does_not_change_what_is_shown(open_app, machine, folder):
    first = at_page(open_app(), "probe")
    first.get("segmented_control")[0].set_value("A running server").run()
    ask(first, "one")
    machine.out().parent.mkdir(exist_ok=True)
    save_run(run(), machine.out())
    machine.says(code=0)
    save_run(run(run_id="newest"), folder / "runs" / "zzz.json")
    later = at_page(open_app(), "probe")

    assert not later.exception
    assert "runs/zzz.json" == later.selectbox(key="run_choice").value
    assert any("Earlier probes (1)" == part.label for part in later.expander)


def test_a_full_queue_takes_no_more(probe, machine):
    for number in range(MOST_WAITING + 1):
        ask(probe, f"m{number}")

    assert next(b for b in probe.button if b.label == "Add to the queue").disabled
    assert MOST_WAITING == len(machine.queue.look().waiting)


def test_a_run_waits_once_for_being_gone_on_with(open_app, machine, folder):
    cut = run(plan=Plan(endpoint="http://x", budget_s=60), complete=False, incomplete_reason="budget")
    save_run(cut, folder / "runs" / "cut.json")
    app = at_page(open_app(), "probe")
    press(app, "Resume")

    assert "resume" in machine.commands[0]
    assert next(b for b in app.button if b.label == "Resume").disabled
    machine.says(code=5)
    app.run()
    assert not next(b for b in app.button if b.label == "Resume").disabled


def test_names_are_data(probe, machine):
    hostile = "$5 :red[x] <b>"
    ask(probe, hostile)
    ask(probe, hostile)
    machine.says(code=3, log=hostile)
    probe.run()

    shown = " ".join([*texts(probe), *(part.value for part in probe.warning)])
    assert hostile not in shown
    assert plain(hostile) in shown
