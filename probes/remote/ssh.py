"""A probe on another machine through the system's own `ssh`: one connection, nothing installed, nothing left behind.

The command that the other machine's shell reads is a constant and a number: what a user has typed travels as JSON through standard input, and no
shell ever sees it. Closing standard input, in whatever way, ends the probe there.
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from probes.errors import ProbeError
from probes.remote.link import CONNECT_TIMEOUT_S, NO_PYTHON, Link, RemoteResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_FILE_BYTES = 100_000_000
"""A file that goes along, such as a trace."""

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
    remote = _LOGIN.format(stub=_STUB, size=bundle_bytes, no_python=NO_PYTHON)
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
    link = Link(process, host.name, on_line)
    try:
        link.upload(bundle)
        return link.converse(_asked(request))
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
