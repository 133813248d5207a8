from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil
import pytest

from probes.engines.process import MARKER_VARIABLE, SupervisedProcess, kill_tree, tree_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
STUBBORN = [sys.executable, str(ROOT / "tests/stubborn_tree.py"), "3"]


def wait_until(condition, within_s=30.0):
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def python(code):
    return [sys.executable, "-c", code]


@pytest.fixture
def start(tmp_path):
    """Starts supervised processes and leaves none behind, whatever the test finds."""
    started = []

    def start(command, **options):
        process = SupervisedProcess(command, env=os.environ, log_path=tmp_path / "log", **options)
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def marker():
    name = uuid.uuid4().hex
    yield name
    kill_tree(name)


def all_ready(process):
    return process.log_text().count("ready") == 3


def test_stop_ends_a_whole_tree_that_ignores_signals_and_hides_in_other_sessions(start):
    process = start(STUBBORN, grace_s=0.1)
    wait_until(lambda: all_ready(process))
    # The supervisor and three generations.
    assert len(tree_of(process.marker)) == 4
    sessions = {os.getsid(member.pid) for member in tree_of(process.marker)}
    assert len(sessions) == 3

    assert process.stop() == 128 + signal.SIGKILL
    assert [] == tree_of(process.marker)


def test_orphans_are_ended_too(start):
    process = start(STUBBORN, grace_s=0.1)
    wait_until(lambda: all_ready(process))
    middle = next(m for m in tree_of(process.marker) if m.cmdline()[-1] == "2")
    middle.kill()
    wait_until(lambda: len(tree_of(process.marker)) == 3)
    process.stop()

    assert [] == tree_of(process.marker)


def test_what_a_command_leaves_running_ends_with_it(start):
    code = f"import subprocess; subprocess.Popen({STUBBORN!r}, start_new_session=True)"
    process = start(python(code))
    wait_until(lambda: process.poll() is not None)

    assert process.poll() == 0
    assert [] == tree_of(process.marker)


def test_the_tree_ends_when_its_owner_is_killed_by_sigkill(tmp_path, marker):
    code = (
        "import os, pathlib, time; from probes.engines.process import SupervisedProcess\n"
        f"p = SupervisedProcess({STUBBORN!r}, env=os.environ, log_path=pathlib.Path({str(tmp_path / 'log')!r}), "
        f"grace_s=0.2, marker={marker!r})\n"
        "time.sleep(600)"
    )
    owner = subprocess.Popen(python(code), cwd=ROOT)
    try:
        wait_until(lambda: (tmp_path / "log").exists() and (tmp_path / "log").read_text().count("ready") == 3)
    finally:
        owner.kill()
        owner.wait()
    wait_until(lambda: not tree_of(marker), within_s=10)


def test_the_tree_ends_when_even_its_supervisor_is_killed(start):
    process = start(STUBBORN)
    wait_until(lambda: all_ready(process))
    os.kill(process.pid, signal.SIGKILL)
    process.stop()

    assert [] == tree_of(process.marker)


def test_the_command_itself_dies_with_a_killed_supervisor(start):
    process = start(python("print('ready', flush=True); import time; time.sleep(600)"))
    wait_until(lambda: "ready" in process.log_text())
    os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: not tree_of(process.marker))

    assert process.poll() == 128 + signal.SIGKILL


def test_a_process_that_has_lost_its_marker_is_found_by_its_session(start):
    # A worker that sets its title overwrites its environment; here it is started without one.
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], env={})\n"
        "print('ready', flush=True); time.sleep(600)"
    )
    process = start(python(code))
    wait_until(lambda: "ready" in process.log_text())
    assert (2, 3) == (len(tree_of(process.marker)), len(process.members()))
    # Killed at the same time as its supervisor, the worker is an orphan that nobody watches.
    os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: not tree_of(process.marker))
    assert len(process.members()) == 1
    process.stop()

    assert [] == process.members()


def test_a_command_gets_time_to_end_by_itself(start):
    code = (
        "import signal, sys, time\n"
        "def bye(*_): print('saved', flush=True); sys.exit(7)\n"
        "signal.signal(signal.SIGTERM, bye); print('ready', flush=True); time.sleep(600)"
    )
    process = start(python(code))
    wait_until(lambda: "ready" in process.log_text())

    assert process.stop() == 7
    assert process.log_text() == "ready\nsaved\n"


def test_ctrl_c_does_not_reach_the_command(start):
    process = start(python("print('ready', flush=True); import time; time.sleep(600)"))
    wait_until(lambda: "ready" in process.log_text())

    # Ctrl-C goes to the terminal's foreground process group, which is this test's.
    assert os.getpgid(process.pid) != os.getpgid(0)
    assert os.getsid(process.pid) == process.pid
    os.kill(process.pid, signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [("raise SystemExit(3)", 3), ("pass", 0), ("import os; os.kill(os.getpid(), 9)", 137)],
)
def test_the_exit_code_is_the_commands_own(start, code, expected):
    process = start(python(code))
    wait_until(lambda: process.poll() is not None)

    assert expected == process.poll()
    assert expected == process.stop()
    assert expected == process.stop()


def test_the_log_has_both_streams(start):
    process = start(python("import sys; print('out', flush=True); print('err', file=sys.stderr)"))
    wait_until(lambda: process.poll() is not None)

    assert process.log_text() == "out\nerr\n"


def test_leaving_the_block_by_an_exception_stops_the_tree(start):
    with pytest.raises(ZeroDivisionError), start(python("import time; time.sleep(600)")) as process:  # noqa: PT012
        wait_until(lambda: len(tree_of(process.marker)) == 2)
        _ = 1 / 0

    assert [] == tree_of(process.marker)


def test_only_a_server_of_the_tree_itself_counts_as_listening(start):
    code = (
        "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); "
        "time.sleep(600)"
    )
    process = start(python(code))
    wait_until(lambda: process.log_text().endswith("\n"))
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        assert process.listens_on(int(process.log_text()))
        assert not process.listens_on(foreign.getsockname()[1])


def test_the_marker_is_in_every_environment_of_the_tree(start, marker):
    process = start(python("import time; time.sleep(600)"), marker=marker)
    wait_until(lambda: len(tree_of(marker)) == 2)

    assert {marker} == {member.environ()[MARKER_VARIABLE] for member in psutil.Process(process.pid).children()}


def test_a_log_that_cannot_be_written_is_an_oserror_and_leaks_nothing(tmp_path):
    before = psutil.Process().num_fds()
    with pytest.raises(OSError, match="No such file"):
        SupervisedProcess(["true"], env=os.environ, log_path=tmp_path / "missing/log")

    assert before == psutil.Process().num_fds()
