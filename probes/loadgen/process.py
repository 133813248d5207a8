"""One worker process as the load client sees it: what it was told, what it has said."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Any

from probes.errors import ProbeError
from probes.loadgen.contract import Completion
from probes.loadgen.wire import completion_of, frame, read_frame, unpack_traces
from probes.trace import RequestTrace

START_S = 30.0
_END_S = 2.0
_WORDS = 4_000


class WorkerProcess:
    """A process that generates load. It ends when this end of its pipe closes, however that comes about."""

    def __init__(self, process: asyncio.subprocess.Process, changed: asyncio.Event) -> None:
        self._process, self._changed = process, changed
        self._errors = b""
        self._hello = asyncio.Event()
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._listen_to_errors())]
        self.heard_s = asyncio.get_running_loop().time()
        self.gone = False
        self.forget()

    @classmethod
    async def start(cls, changed: asyncio.Event) -> WorkerProcess:
        """Starts one and returns at once.

        Args:
            changed: set whenever it has said something.
        """
        root = str(Path(__file__).parents[2])
        paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "probes.loadgen.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # A Ctrl-C is for the probe, which then tells its workers to stop and hands over what they saw.
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        return cls(process, changed)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def forget(self) -> None:
        """Forgets what was said about the load before."""
        self.ready = False
        self.done: dict[str, Any] | None = None
        self.fresh = False
        self.sent = 0
        self.new: list[Completion] = []
        self.traces: list[RequestTrace] = []
        self.problem: ProbeError | None = None

    def tell(self, message: dict[str, Any]) -> None:
        """Sends a message; one that has gone is told nothing."""
        if not self.gone and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(frame(message))

    async def started(self) -> None:
        """Waits until it is there.

        Raises:
            ProbeError: it is not, within half a minute.
        """
        try:
            await asyncio.wait_for(self._hello.wait(), START_S)
        except TimeoutError:
            raise ProbeError(
                "load_client_failed", f"A load worker did not start within {START_S:g} s. Is the machine overloaded?"
            ) from None
        if self.gone:
            raise self.death()

    def death(self) -> ProbeError:
        """The error that a dead worker is."""
        code = self._process.returncode
        how = (
            "ended by itself"
            if code is None
            else f"ended with signal {-code}"
            if code < 0
            else f"ended with code {code}"
        )
        words = self._errors.decode(errors="replace").strip().splitlines()
        last = f" Its last words: {words[-1]}" if words else ""
        return ProbeError(
            "load_client_failed",
            f"A load worker (process {self.pid}) {how} while it was needed; its part of the load point is lost.{last} "
            "If memory ran out (signal 9), ask for a shorter load point; then try again.",
            "\n".join(words[-20:]),
        )

    async def end(self) -> None:
        """Ends it, by force if it does not go."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _END_S)
        except TimeoutError:
            self.kill()
            await self._process.wait()
        finally:
            self.kill()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def kill(self) -> None:
        """Ends it at once."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        try:
            while (said := await read_frame(self._process.stdout)) is not None:
                self.heard_s = asyncio.get_running_loop().time()
                self._take(*said)
                self._changed.set()
        except (ProbeError, ValueError) as error:
            self.problem = ProbeError("load_client_failed", str(error))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _END_S)
        self.gone = True
        self._hello.set()
        self._changed.set()

    async def _listen_to_errors(self) -> None:
        assert self._process.stderr is not None
        while piece := await self._process.stderr.read(_WORDS):
            self._errors = (self._errors + piece)[-_WORDS:]

    def _take(self, message: dict[str, Any], numbers: bytes) -> None:
        match message["is"]:
            case "hello":
                self._hello.set()
            case "ready":
                self.ready = True
            case "progress":
                self.sent = message["sent"]
                self.new.extend(completion_of(row) for row in message["new"])
                self.fresh = True
            case "traces":
                self.traces.extend(unpack_traces(message["rows"], numbers))
            case "done":
                self.done = message
                self.fresh = True
            case "error":
                self.problem = ProbeError(message["kind"], message["message"])
