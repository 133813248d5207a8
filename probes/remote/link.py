"""The talk with a probe on another machine: lines and bytes over the pipes of one `ssh`."""

from __future__ import annotations

import contextlib
import json
import queue
import re
import secrets
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from probes.errors import ProbeError
from probes.remote.agent import GRACE_S, READY
from probes.run_file import MAX_RUN_FILE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONNECT_TIMEOUT_S = 10
"""How long the TCP connection may take [s]."""

READY_TIMEOUT_S = 120.0
"""How long login, upload and the start of Python may take [s]."""

NO_PYTHON = 73
"""Exit code of the login command where no Python was found."""

_HEARTBEAT_S = 5.0
_MAX_LINE_BYTES = 65_536
_LAST_LINES = 20
_NO_CONNECTION = 255
_REASONS = (
    ("permission denied", "the login was refused. Add your key to an agent (`ssh-add`) or to that machine (`ssh-copy-id`)"),
    ("host key verification failed", "its host key is not known or has changed. Log in once by hand and check it"),
    ("could not resolve", "no such host. Correct its name"),
    ("connection refused", "nothing listens for ssh there. Correct host and port, or start sshd"),
    ("timed out", "it does not answer. Check the address, the network and firewalls between"),
    ("no route to host", "it cannot be reached from here. Check the network"),
    ("no such identity", "the key file is missing. Correct IdentityFile in the ssh configuration"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteResult:
    """How a probe there ended.

    Attributes:
        exit_code: that of `tco probe run`.
        record: the run file's text, as far as it got; None where there is none.
        python: which Python measured.
    """

    exit_code: int
    record: str | None = None
    python: str | None = None


class Link:
    """One connection: threads read, the caller waits with an ear for Ctrl-C."""

    def __init__(self, process: subprocess.Popen[bytes], name: str, on_line: Callable[[str], None]) -> None:
        """Begins to read.

        Args:
            process: `ssh`, with pipes for all three streams.
            name: of the other machine, for sentences.
            on_line: told each line of the probe's progress, without control characters.
        """
        assert process.stdin is not None
        self._process, self._name, self._on_line = process, name, on_line
        self._stdin: IO[bytes] = process.stdin
        self._events: queue.Queue[tuple[dict[str, Any], bytes] | None] = queue.Queue()
        self._mark = f"TCO-{secrets.token_hex(16)}"
        self._tail: list[str] = []
        self._begun = False
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=target, daemon=True) for target in (self._read, self._relay, self._heartbeat)
        ]
        for thread in self._threads[:2]:
            thread.start()

    def upload(self, bundle: bytes) -> None:
        """Sends the bundle and waits until the program in it answers.

        Raises:
            ProbeError: the machine cannot be reached, or has no Python.
        """
        writer = threading.Thread(target=self._write, args=(bundle,), daemon=True)
        writer.start()
        event = self._next(READY_TIMEOUT_S)
        if event is None or event[0]["event"] != "ready":
            raise self._lost()

    def converse(self, asked: Mapping[str, Any]) -> RemoteResult:
        """Asks for a probe and waits for its end; Ctrl-C here ends it there too.

        Args:
            asked: the request, without its mark (`probes.remote.agent.serve`).

        Raises:
            ProbeError: the machine lacks something, or the connection broke.
        """
        self._begun = True
        request = json.dumps({"mark": self._mark, **asked}).encode()
        self._write(b"%d\n" % len(request) + request)
        self._threads[2].start()
        try:
            return self._collect(None)
        except KeyboardInterrupt:
            self._on_line("interrupted; asking the probe there to save and stop (Ctrl-C again leaves at once)")
            self._hang_up()
            # The probe there has its grace, and the way back takes its time.
            result = self._collect(time.monotonic() + GRACE_S + CONNECT_TIMEOUT_S)
            return RemoteResult(exit_code=130, record=result.record, python=result.python)

    def close(self) -> None:
        """Hangs up, which ends what runs there, and ends `ssh`."""
        self._stop.set()
        self._hang_up()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads[:2]:
            thread.join(1)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _collect(self, deadline_s: float | None) -> RemoteResult:
        record: str | None = None
        python: str | None = None
        while True:
            found = self._next(None if deadline_s is None else max(0.0, deadline_s - time.monotonic()))
            if found is None:
                if deadline_s is not None:
                    return RemoteResult(exit_code=130, record=record, python=python)
                raise self._lost()
            event, data = found
            match event["event"]:
                case "facts":
                    python = str(event.get("python"))
                    version = ".".join(map(str, event.get("version", [])))
                    self._on_line(f"{self._name}: measuring with {_plain(python)} ({_plain(version)})")
                case "trouble":
                    raise ProbeError("missing_engine", f"{self._name}: {_plain(str(event.get('message')))}")
                case "record":
                    record = data.decode(errors="replace")
                case "ended":
                    return RemoteResult(exit_code=int(event.get("code", 3)), record=record, python=python)

    def _next(self, timeout_s: float | None) -> tuple[dict[str, Any], bytes] | None:
        """The next event; None where the connection has ended or time is up."""
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            # A wait without end would not hear a signal on every system.
            left_s = 1.0 if deadline_s is None else min(1.0, max(0.0, deadline_s - time.monotonic()))
            with contextlib.suppress(queue.Empty):
                return self._events.get(timeout=left_s)
            if deadline_s is not None and time.monotonic() >= deadline_s:
                return None

    def _lost(self) -> ProbeError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        self._threads[1].join(1)
        name, code, said = self._name, self._process.poll(), "\n".join(self._tail)
        if code == NO_PYTHON:
            return ProbeError("missing_engine", f"{name} has no Python. Install Python 3.11 or newer there.")
        if code is None:
            return ProbeError(
                "endpoint_unreachable",
                f"{name} gave no answer within {READY_TIMEOUT_S:g} s. Log in by hand: does it ask for something, or is it stuck?",
            )
        why = next((reason for words, reason in _REASONS if words in said.lower()), None)
        last = self._tail[-1] if self._tail else f"ssh ended with code {code}"
        if self._begun:
            return ProbeError(
                "endpoint_unreachable", f"the connection to {name} broke ({last}). Start the probe again.", said
            )
        if code == _NO_CONNECTION and why:
            return ProbeError("endpoint_unreachable", f"{name} cannot be reached: {why} ({last}).", said)
        return ProbeError("endpoint_unreachable", f"{name}: {last}. Try `ssh {name} true` by hand.", said)

    def _write(self, data: bytes) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stdin.write(data)
            self._stdin.flush()

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stdin.close()

    def _heartbeat(self) -> None:
        while not self._stop.wait(_HEARTBEAT_S):
            self._write(b"\n")

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        with contextlib.suppress(OSError, ValueError):
            while line := stream.readline(_MAX_LINE_BYTES):
                if not self._begun and line.startswith(READY.encode()):
                    self._events.put(({"event": "ready"}, b""))
                elif line.startswith(self._mark.encode()):
                    event = json.loads(line[len(self._mark) :])
                    self._events.put((event, stream.read(min(int(event["bytes"]), MAX_RUN_FILE_BYTES + 1))))
        self._events.put(None)

    def _relay(self) -> None:
        stream = self._process.stderr
        assert stream is not None
        with contextlib.suppress(OSError, ValueError):
            while line := stream.readline(_MAX_LINE_BYTES):
                text = _plain(line.decode(errors="replace").rstrip())
                self._tail = [*self._tail, text][-_LAST_LINES:]
                if self._begun and text:
                    self._on_line(text)


def _plain(text: str) -> str:
    """Text of another machine without what would move this terminal's cursor or change its colours."""
    return "".join(sign for sign in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text) if sign.isprintable())
