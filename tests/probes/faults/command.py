"""The real command and a real server, each a process of its own, for tests that break one of them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from probes import Run, load_run
from tests import stand_in

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "fake-model"
MARK = "TCO_TEST_MARK"
END_S = 60.0
SHORT = ("--input-tokens", "24", "--output-tokens", "8", "--repeats", "2", "--requests-per-stream", "2", "--seed", "7")


@dataclass(kw_only=True)
class Served:
    """The fake server as a process."""

    process: subprocess.Popen[str]
    url: str

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def serving(**behaviour: object) -> Iterator[Served]:
    command = [sys.executable, str(stand_in.ROOT / "tests/fake_server.py"), "--behaviour", json.dumps(behaviour)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield Served(process=process, url=f"http://127.0.0.1:{process.stdout.readline().strip()}")
    finally:
        process.kill()
        process.communicate()


@dataclass(kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    stderr: str
    stdout: str

    def __post_init__(self) -> None:
        """Whatever happens, nobody is shown a traceback."""
        assert "Traceback" not in self.stderr + self.stdout, self.stderr


@dataclass(kw_only=True)
class Command:
    """A `tco probe` that runs in an empty folder; `mark` is in the environment of all its processes."""

    folder: Path
    process: subprocess.Popen[str]
    mark: str
    events: list[dict] = field(default_factory=list)

    @classmethod
    def start(cls, folder: Path, *words: str, environ: dict[str, str] | None = None, file_bytes: int = 0) -> Self:
        """Starts it.

        Args:
            folder: where its files go.
            words: after `tco probe`.
            environ: more variables.
            file_bytes: no file may grow beyond this, as on a disk that is full; 0 for no limit.
        """
        mark = uuid.uuid4().hex
        more = {MARK: mark, "PYTHONPATH": str(stand_in.ROOT), "XDG_CACHE_HOME": str(folder / "cache")}
        command = [sys.executable, "-m", "tco.cli", "probe", *words]
        if file_bytes:
            command = ["prlimit", f"--fsize={file_bytes}", *command]
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **more, **(environ or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return cls(folder=folder, process=process, mark=mark)

    @classmethod
    def run(cls, folder: Path, url: str, *words: str, **more) -> Self:
        """Starts `tco probe run` of an endpoint; its file is `run.json`."""
        named = ("--endpoint", url, "--served-model", MODEL, "--out", "run.json", "--progress-file", "events")
        return cls.start(folder, "run", *named, *SHORT, *words, **more)

    def wait_for(self, kind: str, *, count: int = 1, within_s: float = 40.0) -> None:
        """Waits until events of a kind are in the progress file."""
        file, deadline = self.folder / "events", time.monotonic() + within_s
        while True:
            lines = file.read_text().splitlines() if file.exists() else []
            if sum(f'"kind": "{kind}"' in line for line in lines) >= count:
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise AssertionError(f"no {kind}: {lines} {self.process.communicate()}")
            time.sleep(0.02)

    def end(self, within_s: float = END_S) -> Ended:
        """Waits for its end."""
        try:
            stdout, stderr = self.process.communicate(timeout=within_s)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.communicate()
        return Ended(code=self.process.returncode, stderr=stderr, stdout=stdout)

    def saved(self) -> Run:
        return load_run(self.folder / "run.json")

    def no_process_left(self, within_s: float = 5.0) -> None:
        """Waits until none of its processes is there any more."""
        stand_in.wait_until(lambda: not stand_in.carrying(MARK, self.mark), within_s=within_s)


class Proxy:
    """Passes bytes to a server and back until it is frozen: then it neither reads nor closes, as a machine that lost its power or its network."""

    def __init__(self, url: str) -> None:
        self._port = int(url.rpartition(":")[2])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._flowing = threading.Event()
        self._flowing.set()
        self._over = False
        self._sockets = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._flowing.set()
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def freeze(self) -> None:
        self._flowing.clear()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                self._sockets += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                if self._over:
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
