"""A probe on another machine through the system's own `ssh`: one connection, nothing installed, nothing left behind.

The command that the other machine's shell reads is a constant and a number: what a user has typed travels as JSON through standard input, and no
shell ever sees it. Closing standard input, in whatever way, ends the probe there.
"""

from __future__ import annotations

import base64
import contextlib
import json
import queue
import re
import secrets
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from probes.errors import ProbeError
from probes.remote.agent import GRACE_S, READY
from probes.run_file import MAX_RUN_FILE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONNECT_TIMEOUT_S = 10
"""How long the TCP connection may take [s]."""

READY_TIMEOUT_S = 120.0
"""How long login, upload and the start of Python may take [s]."""

MAX_FILE_BYTES = 100_000_000
"""A file that goes along, such as a trace."""

_HEARTBEAT_S = 5.0
_MAX_LINE_BYTES = 65_536
_LAST_LINES = 20
_NO_CONNECTION = 255
_NO_PYTHON = 73
_USER = r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?"
_HOST = re.compile(rf"{_USER}(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+(?:%[A-Za-z0-9]+)?)")
# No quote of either kind inside the stub: it stands in double quotes, and those in the login shell's single ones.
_STUB = (
    "import os,sys,tempfile; n=int(sys.argv[4]); b=sys.stdin.buffer.read(n); len(b)==n or sys.exit(74); "
    "p=os.path.join(tempfile.mkdtemp(prefix=sys.argv[1]),sys.argv[2]); f=open(p,sys.argv[3]); f.write(b); f.close(); "
    "os.execv(sys.executable,[sys.executable,p,sys.argv[5]])"
)
_LOGIN = (
    "exec sh -c 'for p in python3 python3.13 python3.12 python3.11 python; do "
    'command -v "$p" >/dev/null 2>&1 && exec "$p" -c "{stub}" tco-probe- tco-probe.pyz wb {size:d} serve; '
    "done; exit {no_python:d}'"
)
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
class SshHost:
    """A machine that `ssh` reaches without asking for anything.

    Attributes:
        name: `host`, `user@host`, or a name of the ssh configuration.
        config: another configuration file than the user's own (`ssh -F`): port, key and jump hosts go there.
    """

    name: str
    config: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRequest:
    """What is to be run there.

    Attributes:
        args: options of `tco probe run`, without `--out`.
        files: options that name files of this machine, which go along: flag and path.
        needs_engine: the probe starts an engine, which must be installed there.
        python: which Python measures; None looks for one.
        install: whether missing packages may be installed into the probe's own folder there.
        key_env: environment variable that must be set there; its value stays there.
    """

    args: Sequence[str]
    files: Sequence[tuple[str, Path]] = ()
    needs_engine: bool = True
    python: str | None = None
    install: bool = True
    key_env: str | None = None


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


def check_host(name: str) -> str:
    """The name, if `ssh` can take it for nothing but a host.

    >>> check_host("me@gpu-box.example.com")
    'me@gpu-box.example.com'

    Raises:
        ProbeError: `bad_arguments` for a name that begins with `-` or holds what no host's name holds.
    """
    if not _HOST.fullmatch(name):
        shown = name if name.isprintable() else ascii(name)
        message = f"--ssh {shown[:80]!r} is not a host. Write host or user@host; port and key belong into the ssh configuration."
        raise ProbeError("bad_arguments", message)
    return name


def ssh_command(host: SshHost, bundle_bytes: int) -> list[str]:
    """The arguments of `ssh`.

    Args:
        host: where to.
        bundle_bytes: size of the bundle that is written to standard input.

    Raises:
        ProbeError: `bad_arguments` (not a host's name), `missing_engine` (no `ssh` here).
    """
    program = shutil.which("ssh")
    if program is None:
        raise ProbeError(
            "missing_engine", "`ssh` is not installed here. Install OpenSSH's client, or use `tco probe bundle`."
        )
    remote = _LOGIN.format(stub=_STUB, size=bundle_bytes, no_python=_NO_PYTHON)
    config = [] if host.config is None else ["-F", str(host.config)]
    options = [
        "BatchMode=yes",
        f"ConnectTimeout={CONNECT_TIMEOUT_S}",
        "ServerAliveInterval=15",
        "ServerAliveCountMax=4",
        "ForwardAgent=no",
        "ForwardX11=no",
        "ClearAllForwardings=yes",
        "EscapeChar=none",
    ]
    return [program, "-T", *config, *(f"-o{option}" for option in options), "--", check_host(host.name), remote]


def run_on_host(
    host: SshHost, request: RemoteRequest, bundle: bytes, *, on_line: Callable[[str], None]
) -> RemoteResult:
    """Runs a probe there and fetches its record; Ctrl-C ends it there too, and fetches what it has.

    Args:
        host: where.
        request: what.
        bundle: from `build_bundle`.
        on_line: told each line of the probe's progress, without control characters.

    Returns:
        How it ended. `exit_code` 130: it was interrupted here.

    Raises:
        ProbeError: the machine cannot be reached, lacks something, or the connection broke; the message says what to do.
    """
    command = ssh_command(host, len(bundle))
    # A session of its own: Ctrl-C must reach us, who then end the probe there, and not cut the connection first.
    process = subprocess.Popen(  # noqa: S603 -- ssh with a checked host and a constant command
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    link = _Link(process, host, on_line)
    try:
        link.upload(bundle)
        return link.converse(request)
    finally:
        link.close()


def _asked(request: RemoteRequest) -> dict[str, Any]:
    return {
        "args": list(request.args),
        "files": [_file(flag, path) for flag, path in request.files],
        "python": request.python,
        "install": request.install,
        "needs_engine": request.needs_engine,
        "key_env": request.key_env,
    }


def _file(flag: str, path: Path) -> dict[str, str]:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            message = f"{flag} {path}: {size:,} bytes; at most {MAX_FILE_BYTES:,} go along. Cut it to what is replayed."
            raise ProbeError("bad_arguments", message)
        data = path.read_bytes()
    except OSError as error:
        raise ProbeError("bad_arguments", f"{flag} {path}: cannot be read ({error.strerror}).") from None
    return {"flag": flag, "name": path.name, "data": base64.b64encode(data).decode()}


class _Link:
    """One connection: threads read, the caller waits with an ear for Ctrl-C."""

    def __init__(self, process: subprocess.Popen[bytes], host: SshHost, on_line: Callable[[str], None]) -> None:
        assert process.stdin is not None
        self._process, self._host, self._on_line = process, host, on_line
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
        writer = threading.Thread(target=self._write, args=(bundle,), daemon=True)
        writer.start()
        event = self._next(READY_TIMEOUT_S)
        if event is None or event[0]["event"] != "ready":
            raise self._lost()

    def converse(self, request: RemoteRequest) -> RemoteResult:
        self._begun = True
        asked = json.dumps({"mark": self._mark, **_asked(request)}).encode()
        self._write(b"%d\n" % len(asked) + asked)
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
                    self._on_line(f"{self._host.name}: measuring with {_plain(python)} ({_plain(version)})")
                case "trouble":
                    raise ProbeError("missing_engine", f"{self._host.name}: {_plain(str(event.get('message')))}")
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
        name, code, said = self._host.name, self._process.poll(), "\n".join(self._tail)
        if code == _NO_PYTHON:
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
