from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from probes.engines.process import tree_of
from probes.job import cancel, events_path, poll, start_job
from tests.stand_in import wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def python(code):
    return [sys.executable, "-c", code]


@pytest.fixture
def start(tmp_path):
    jobs = []

    def start(code):
        jobs.append(start_job(python(code), tmp_path / "job"))
        return jobs[-1]

    yield start
    for job in jobs:
        job.process.stop()


def test_a_job_runs_reports_and_ends(start, tmp_path):
    events = events_path(tmp_path / "job")
    job = start(
        f"open({str(events)!r}, 'w').write('{{\"kind\": \"cell\"}}\\n'); print('last words'); raise SystemExit(5)"
    )
    wait_until(lambda: not poll(job).running)
    state = poll(job)

    assert ({"kind": "cell"},) == state.events
    assert (5, "last words") == (state.exit_code, state.log_tail)


def test_a_job_that_has_said_nothing_yet_is_running(start):
    state = poll(start("import time; time.sleep(600)"))

    assert ((), True, None, "") == (state.events, state.running, state.exit_code, state.log_tail)


def test_an_event_that_is_half_written_waits_for_the_next_poll(start, tmp_path):
    job = start("import time; time.sleep(600)")
    file = events_path(tmp_path / "job")
    file.write_text('{"kind": "a"}\n{"kind": "b"')
    assert ({"kind": "a"},) == poll(job).events
    file.write_text('{"kind": "a"}\n{"kind": "b"}\n')

    assert ({"kind": "a"}, {"kind": "b"}) == poll(job).events


def test_a_cancelled_job_may_save_before_it_ends(start):
    job = start(
        "import signal, sys, time\n"
        "def save(*_): time.sleep(0.2); print('saved', flush=True); sys.exit(130)\n"
        "signal.signal(signal.SIGTERM, save); print('ready', flush=True); time.sleep(600)"
    )
    wait_until(lambda: poll(job).log_tail == "ready")
    cancel(job)
    wait_until(lambda: not poll(job).running)

    assert (130, "ready\nsaved") == (poll(job).exit_code, poll(job).log_tail)
    cancel(job)
    assert poll(job).exit_code == 130


def test_a_new_job_forgets_the_events_of_the_last_one(start, tmp_path):
    (tmp_path / "job").mkdir()
    events_path(tmp_path / "job").write_text(json.dumps({"kind": "old"}) + "\n")

    assert () == poll(start("pass")).events


def test_a_job_survives_the_thread_that_started_it(start):
    # A web app starts it in the thread of one interaction, which ends at once.
    jobs = []
    thread = threading.Thread(
        target=lambda: jobs.append(start("import time; print('up', flush=True); time.sleep(600)"))
    )
    thread.start()
    thread.join()
    wait_until(lambda: poll(jobs[0]).log_tail == "up")
    time.sleep(0.3)

    assert poll(jobs[0]).running


def test_a_job_dies_with_its_app(tmp_path):
    app = python(
        "import pathlib, sys, time; from probes.job import start_job\n"
        f"job = start_job([sys.executable, '-c', 'import time; time.sleep(600)'], pathlib.Path({str(tmp_path)!r}))\n"
        "print(job.process.marker, flush=True); time.sleep(600)"
    )
    process = subprocess.Popen(app, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ)
    try:
        marker = process.stdout.readline().strip()
        wait_until(lambda: len(tree_of(marker)) == 2)
    finally:
        process.kill()
        process.communicate()
    wait_until(lambda: not tree_of(marker), within_s=10)
