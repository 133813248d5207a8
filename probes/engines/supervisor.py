"""Runs one command and guarantees that nothing of it outlives whoever asked for it.

It is a program of its own: `python supervisor.py PIPE_FD GRACE_S COMMAND...`. The parent holds the other end of the pipe. When the parent dies in any way, even by
SIGKILL, the kernel closes that end; then, and on SIGTERM, the supervisor asks the command to stop, waits `GRACE_S`, and kills every process that the command has started.

Why not `PR_SET_PDEATHSIG` alone: grandchildren do not inherit it, and it fires when the *thread* that made the child ends. Here it only guards the command against the
supervisor's own death. `PR_SET_CHILD_SUBREAPER` makes orphaned grandchildren the supervisor's children, so none can slip away by forking twice or starting a session.

It imports the standard library and psutil only, so that it starts in a tenth of a second.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
"""From `prctl(2)`."""

KILL_WITHIN_S = 10.0
"""How long killed processes may take to disappear [s]; one stuck in the kernel must not hold the supervisor for ever."""

_TICK_S = 0.1


def main(arguments: Sequence[str]) -> int:
    """Supervises one command.

    Args:
        arguments: pipe's file descriptor, grace [s], command.

    Returns:
        The command's exit code; 128 + signal number when a signal ended it, as shells have it.
    """
    pipe, grace_s, command = int(arguments[0]), float(arguments[1]), list(arguments[2:])
    asked_to_stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked_to_stop.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    child = subprocess.Popen(command, close_fds=True, preexec_fn=_prepare_child)  # noqa: S603, PLW1509 -- one thread here
    try:
        while child.poll() is None and not asked_to_stop and not _closed(pipe):
            reap_orphans(child.pid)
        if child.poll() is None:
            _ask_to_stop(child, grace_s)
    finally:
        kill_descendants(child.pid)
    code = child.wait()
    return code if code >= 0 else 128 - code


def _prepare_child() -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _closed(pipe: int) -> bool:
    """Waits one tick; true when the parent's end of the pipe is gone."""
    with contextlib.suppress(InterruptedError):
        readable, _, _ = select.select([pipe], [], [], _TICK_S)
        return bool(readable) and os.read(pipe, 1) == b""
    return False


def _ask_to_stop(child: subprocess.Popen[bytes], grace_s: float) -> None:
    child.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(grace_s)


def reap_orphans(but: int) -> None:
    """Collects orphans that have ended, so that they do not stay as zombies.

    Args:
        but: the command itself, which `subprocess` collects.
    """
    for process in psutil.Process().children():
        if process.pid != but:
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE:
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(process.pid, os.WNOHANG)


def kill_descendants(command: int) -> None:
    """Kills all descendants of this process, again and again until none is left or `KILL_WITHIN_S` has passed.

    Args:
        command: process id of the command itself, whose exit code `subprocess` still wants.
    """
    deadline = time.monotonic() + KILL_WITHIN_S
    while (living := _living_descendants()) and time.monotonic() < deadline:
        for process in living:
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(0.02)
        reap_orphans(but=command)


def _living_descendants() -> list[psutil.Process]:
    return [process for process in psutil.Process().children(recursive=True) if _is_living(process)]


def _is_living(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
