"""A process that generates load: `python -m probes.loadgen.worker`, told what to do through its standard input.

It ends when its input ends: if the probe that started it is killed, nothing is left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import time
from typing import Any

from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.loadgen.fast import run_fast
from probes.loadgen.generate import ClosedLoop, Generator, OpenLoop
from probes.loadgen.kept import KeptAnswers
from probes.loadgen.lag import Lag
from probes.loadgen.open_transport import open_transport
from probes.loadgen.reading import read_kept
from probes.loadgen.transport import Timeouts, Transport
from probes.loadgen.wire import arrivals_of, completion_row, frame, pack_traces, read_frame, shape_of, target_of
from probes.run import WorkloadShape
from probes.servers.dialect import Dialect
from probes.trace import NS_PER_S
from probes.workload.requests import RequestMaker

PROGRESS_S = 0.5
_YOUNG_OBJECTS = 100_000
_RESULT_TRACES = 2_000
"""Traces in one message: the other side stays awake between messages."""


class Worker:
    """One worker: a target, then one load after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._target: tuple[Endpoint, Dialect, Timeouts] | None = None
        self._generator: Generator | None = None
        self._go: asyncio.Future[int] | None = None
        self._load: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Does what it is told until its input ends."""
        self._say({"is": "hello", "pid": os.getpid()})
        while (told := await read_frame(self._reader)) is not None:
            self._take(told[0])
        if self._load is not None:
            self._load.cancel()

    def _take(self, message: dict[str, Any]) -> None:
        match message["is"]:
            case "target":
                self._target = target_of(message)
            case "load":
                self._go = asyncio.get_running_loop().create_future()
                self._load = asyncio.create_task(self._run_load(message, self._go))
            case "go":
                if self._go is not None and not self._go.done():
                    self._go.set_result(int(message["start_ns"]))
            case "stop":
                if self._go is not None and not self._go.done():
                    self._go.cancel()
                if self._generator is not None:
                    self._generator.stop()

    async def _run_load(self, message: dict[str, Any], go: asyncio.Future[int]) -> None:
        try:
            await self._generate(message, go)
        except ProbeError as error:
            self._say({"is": "error", "kind": error.kind, "message": str(error)})
        except Exception as error:  # noqa: BLE001 -- the other side must hear of it, whatever it is
            self._say({"is": "error", "kind": "load_client_failed", "message": f"{type(error).__name__}: {error}"})

    async def _generate(self, message: dict[str, Any], go: asyncio.Future[int]) -> None:
        assert self._target is not None
        endpoint, dialect, timeouts = self._target
        shape = shape_of(message)
        kept = KeptAnswers()
        transport = open_transport(endpoint, dialect, timeouts)
        try:
            generator = _generator(message, shape, transport, kept, endpoint, dialect)
            generator.prepare()
            self._say({"is": "ready"})
            with contextlib.suppress(asyncio.CancelledError):
                lag = await self._timed(generator, await go)
                await self._hand_over(generator, kept, dialect, lag, transport)
                return
            self._say({"is": "done", "traces": [], "transport": transport.kind, "lag_p99_ms": None})
        finally:
            await transport.close()
            kept.close()

    async def _timed(self, generator: Generator, start_ns: int) -> Lag:
        """Runs the load with the garbage collector at rest: what it would walk through, it would walk through while tokens arrive."""
        gc.collect()
        gc.freeze()
        gc.disable()
        lag, self._generator = Lag(), generator
        progress = asyncio.create_task(self._tell(generator))
        try:
            await generator.run(start_ns)
        finally:
            await lag.stop()
            progress.cancel()
            self._generator = None
            gc.enable()
            gc.unfreeze()
        return lag

    async def _tell(self, generator: Generator) -> None:
        while True:
            await asyncio.sleep(PROGRESS_S)
            self._progress(generator)
            if gc.get_count()[0] > _YOUNG_OBJECTS:
                gc.collect(0)

    def _progress(self, generator: Generator) -> None:
        tally = generator.tally
        rows = [completion_row(completion) for completion in tally.new]
        tally.new.clear()
        self._say({"is": "progress", "sent": tally.sent, "new": rows})

    async def _hand_over(
        self, generator: Generator, kept: KeptAnswers, dialect: Dialect, lag: Lag, transport: Transport
    ) -> None:
        stopped_ns = time.perf_counter_ns()
        self._progress(generator)
        batch, beat_ns = [], stopped_ns
        for raw in kept.take_all():
            batch.append(read_kept(raw, dialect))
            if len(batch) == _RESULT_TRACES or time.perf_counter_ns() - beat_ns > NS_PER_S:
                self._say_traces(batch)
                batch, beat_ns = [], time.perf_counter_ns()
                await self._writer.drain()
                await asyncio.sleep(0)
        self._say_traces(batch)
        tally = generator.tally
        self._say(
            {
                "is": "done",
                "stopped_ns": stopped_ns,
                "transport": transport.kind,
                "cpu_fraction": lag.cpu_fraction,
                "lag_p99_ms": lag.p99_ms,
                "retry_wait_s": tally.retry_wait_s,
                "full": tally.full,
            }
        )
        await self._writer.drain()

    def _say_traces(self, batch: list[Any]) -> None:
        rows, numbers = pack_traces(batch)
        self._say({"is": "traces", "rows": rows}, numbers)

    def _say(self, message: dict[str, Any], numbers: bytes = b"") -> None:
        self._writer.write(frame(message, numbers))


def _generator(
    message: dict[str, Any],
    shape: WorkloadShape,
    transport: Transport,
    kept: KeptAnswers,
    endpoint: Endpoint,
    dialect: Dialect,
) -> Generator:
    maker = RequestMaker(
        shape,
        prompt=endpoint.prompt,
        vocab_size=endpoint.vocab_size,
        attempt=message["attempt"],
        cell=message["cell"],
    )
    arrivals = arrivals_of(message)
    if arrivals:
        return OpenLoop(transport, kept, maker, endpoint=endpoint, dialect=dialect, arrivals=arrivals)
    return ClosedLoop(
        transport,
        kept,
        maker,
        endpoint=endpoint,
        dialect=dialect,
        streams=message["streams"],
        turns=shape.turns,
    )


async def _main(write_to: int) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    pipe, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(write_to, "wb"))
    await Worker(reader, asyncio.StreamWriter(pipe, protocol, None, loop)).serve()


def main() -> None:
    """Runs the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The pipe is for messages; whatever a library prints goes to standard error.
    write_to = os.dup(1)
    os.dup2(2, 1)
    run_fast(_main(write_to))
    # Whatever was still going on is of no use to anybody: its reader has gone.
    os._exit(0)


if __name__ == "__main__":
    main()
