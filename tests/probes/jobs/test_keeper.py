from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from probes.engines.process import tree_of
from probes.jobs.keeper import Keeper
from tests.stand_in import wait_until

ROOT = Path(__file__).parents[3]


def keeper_of(answers):
    """One whose tick gives these answers, one after the other."""
    given, seen = iter(answers), []

    def tick():
        seen.append(threading.current_thread().name)
        answer = next(given)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Keeper(tick, every_s=0.001), seen


def test_it_ticks_in_a_thread_of_its_own_while_there_is_something_to_do():
    keeper, seen = keeper_of([True, True, False])
    assert not keeper.is_awake
    keeper.wake()
    wait_until(lambda: not keeper.is_awake)

    assert ["probe-queue"] * 3 == seen


def test_it_is_woken_again_after_it_has_gone():
    keeper, seen = keeper_of([False, False])
    keeper.wake()
    wait_until(lambda: not keeper.is_awake)
    keeper.wake()
    wait_until(lambda: not keeper.is_awake)

    assert 2 == len(seen)


def test_what_comes_while_it_is_about_to_go_is_not_missed():
    ticks = []

    def tick():
        ticks.append(1)
        if len(ticks) == 1:
            # Somebody adds a probe after this tick has looked.
            keeper.wake()
        return False

    keeper = Keeper(tick, every_s=60)
    keeper.wake()
    wait_until(lambda: not keeper.is_awake)

    assert 2 == len(ticks)


def test_an_accident_is_logged_and_does_not_end_it(caplog):
    keeper, seen = keeper_of([ValueError("odd"), False])
    with caplog.at_level(logging.ERROR):
        keeper.wake()
        wait_until(lambda: not keeper.is_awake)

    assert 2 == len(seen)
    assert "the queue of probes stumbled" in caplog.text
    assert "odd" in caplog.text


APP = """
import sys
from probes.jobs.keeper import Keeper
from probes.jobs.queue import JobQueue
from probes.jobs.records import JobRequest

def request(name, code):
    return JobRequest(title=name, where="", load="", limit_s=1, start_s=0,
        settle=lambda events: ([sys.executable, "-c", code], events.parent / "no-run"))

queue = JobQueue()
keeper = Keeper(queue.tick, every_s=0.05)
queue.add(request("fails", "raise SystemExit(3)"))
queue.add(request("works", "pass"))
queue.add(request("stays", "import time; time.sleep(600)"))
keeper.wake()
while len(queue.look().ended) < 2:
    pass
print([(job.request.title, job.outcome) for job in queue.look().ended], queue._running.job.process.marker, sep=chr(10), flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("is_killed", [False, True])
def test_nobody_has_to_watch_and_nothing_outlives_the_process(is_killed):
    code = APP + ("import time; time.sleep(600)" if is_killed else "")
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as app:
        try:
            assert "[('works', 'complete'), ('fails', 'failed')]" == app.stdout.readline().strip()
            marker = app.stdout.readline().strip()
            if is_killed:
                wait_until(lambda: len(tree_of(marker)) == 2)
                app.kill()
            # Without being killed it ends by itself: its thread does not hold it up.
            app.wait(30)
        finally:
            app.kill()
    wait_until(lambda: not tree_of(marker), within_s=15)
    assert not psutil.pid_exists(app.pid)
