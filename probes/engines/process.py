"""A command in a process tree that ends with this process, however this process ends."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

MARKER_VARIABLE = "TCO_PROBE_TREE"
"""Environment variable that every process of a supervised tree inherits; its value names the tree."""

GRACE_S = 5.0
"""How long a command may take to stop by itself [s] before its tree is killed."""

_SUPERVISOR = Path(__file__).with_name("supervisor.py")


class SupervisedProcess:
    """A command under a supervisor, in a session of its own.

    Ctrl-C in the terminal does not reach it. It is stopped by `stop`, by leaving the `with` block, or by this process's end: a clean one, an exception, or SIGKILL.

    Attributes:
        marker: value of `TCO_PROBE_TREE` in every process of the tree.
        log_path: where the command's output goes.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log_path: Path,
        grace_s: float = GRACE_S,
        marker: str | None = None,
    ) -> None:
        """Starts the command.

        Args:
            command: program and arguments.
            env: the whole environment of the command.
            log_path: file for stdout and stderr together; overwritten.
            grace_s: time between asking to stop and killing [s].
            marker: name of the tree; None makes one.

        Raises:
            OSError: the log cannot be written or no process can be made.
        """
        self.marker = marker or uuid.uuid4().hex
        self.log_path = log_path
        self._grace_s = grace_s
        # -P: the supervisor's folder must not come first on sys.path, it holds a `vllm.py`.
        head = [sys.executable, "-P", str(_SUPERVISOR)]
        read_end, self._pipe = os.pipe()
        try:
            with log_path.open("wb") as log:
                self._process = subprocess.Popen(  # noqa: S603 -- the command is the caller's
                    [*head, str(read_end), str(grace_s), *command],
                    env={**env, MARKER_VARIABLE: self.marker},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(read_end,),
                    start_new_session=True,
                )
        except BaseException:
            os.close(self._pipe)
            raise
        finally:
            os.close(read_end)

    @property
    def pid(self) -> int:
        """The supervisor's process id; SIGTERM to it ends the tree."""
        return self._process.pid

    def poll(self) -> int | None:
        """Exit code of the command (128 + signal number when a signal ended it), None while it runs."""
        code = self._process.poll()
        return None if code is None else self._exit_code(code)

    def log_text(self) -> str:
        """What the command has written so far."""
        try:
            return self.log_path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def listens_on(self, port: int) -> bool:
        """Whether a process of this tree listens on a TCP port; another program's server there does not count."""
        for process in self.members():
            with contextlib.suppress(psutil.Error):
                if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in process.net_connections("tcp")):
                    return True
        return False

    def members(self) -> list[psutil.Process]:
        """Living processes of the tree, the supervisor among them."""
        return tree_of(self.marker, self.pid)

    def terminate(self) -> None:
        """Asks the tree to stop and returns at once."""
        if self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> int:
        """Stops the tree and waits until nothing of it is left; a second call does nothing.

        Returns:
            Exit code of the command.
        """
        if self._pipe < 0:
            return self._exit_code(self._process.wait())
        try:
            self.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(self._grace_s + 10)
        finally:
            # Also reached by a second Ctrl-C while waiting: then without grace.
            self._process.kill()
            kill_tree(self.marker, self.pid)
            code = self._process.wait()
            os.close(self._pipe)
            self._pipe = -1
        return self._exit_code(code)

    @staticmethod
    def _exit_code(code: int) -> int:
        return code if code >= 0 else 128 - code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def tree_of(marker: str, session: int | None = None, title: str = "") -> list[psutil.Process]:
    """Living processes of a supervised tree.

    They carry the tree's marker in their environment. A process that has given itself a title (vLLM's workers do) may have overwritten its environment with it; those are
    found by their session.

    Args:
        marker: from `SupervisedProcess.marker`.
        session: the supervisor's process id, whose session the tree is in; None looks at markers only.
        title: what the name of a process that is found by its session only must begin with.

    Returns:
        The processes, zombies and other users' processes left out.
    """
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            marked = process.environ().get(MARKER_VARIABLE) == marker
            if not marked and session is not None:
                marked = os.getsid(process.pid) == session and process.name().startswith(title)
            if marked and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def kill_tree(marker: str, session: int | None = None, title: str = "", within_s: float = 10.0) -> None:
    """Kills every process of a tree and waits until they are gone.

    Args:
        marker: as for `tree_of`.
        session: as for `tree_of`.
        title: as for `tree_of`.
        within_s: when to give up on processes that the kernel does not end [s].
    """
    deadline = time.monotonic() + within_s
    while (living := tree_of(marker, session, title)) and time.monotonic() < deadline:
        for process in living:
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(0.02)
