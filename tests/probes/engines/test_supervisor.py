from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from probes.engines import supervisor

pytestmark = pytest.mark.slow


@pytest.fixture
def supervise():
    """Runs the supervisor as the program that it is; gives the process and the parent's end of the pipe."""
    started = []

    def run(code, grace_s="5"):
        read_end, write_end = os.pipe()
        command = [sys.executable, "-P", supervisor.__file__, str(read_end), grace_s, sys.executable, "-c", code]
        process = subprocess.Popen(command, pass_fds=(read_end,), stdout=subprocess.PIPE, text=True)
        os.close(read_end)
        started.append((process, open(write_end, "wb")))  # noqa: PTH123, SIM115 -- a file knows whether it is closed
        return started[-1]

    yield run
    for process, pipe in started:
        process.kill()
        process.communicate()
        pipe.close()


SLEEP = "print('ready', flush=True); import time; time.sleep(600)"


def test_it_ends_with_the_commands_exit_code(supervise):
    assert supervise("raise SystemExit(9)")[0].wait(10) == 9


def test_a_closed_pipe_ends_the_command(supervise):
    process, pipe = supervise(SLEEP)
    assert process.stdout.readline() == "ready\n"
    (command,) = psutil.Process(process.pid).children()
    pipe.close()

    assert process.wait(10) == 128 + signal.SIGTERM
    assert not command.is_running()


def test_the_grace_is_given_and_then_it_is_over(supervise):
    process, _ = supervise(f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}", grace_s="0.5")
    assert process.stdout.readline() == "ready\n"
    began = time.monotonic()
    process.terminate()

    assert process.wait(10) == 128 + signal.SIGKILL
    assert 0.5 <= time.monotonic() - began < 3


def test_orphans_are_collected_while_the_command_runs(supervise):
    # A grandchild that outlives its parent for a moment becomes the supervisor's child; it must not stay as a zombie.
    code = (
        "import os, subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'import os, time\\nif os.fork() == 0: time.sleep(0.2)'])\n" + SLEEP
    )
    process, _ = supervise(code)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.8)

    assert 1 == len(psutil.Process(process.pid).children())
