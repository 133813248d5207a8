"""The load client: spreads a load over worker processes, asks whether it is enough, collects what they saw."""

from __future__ import annotations

import asyncio
import math
import os
import time
from array import array
from collections.abc import Callable
from typing import Self

from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.loadgen.contract import Load, LoadClient, LoadEnd, LoadProgress, LoadResult, Verdict
from probes.loadgen.lag import nearest_rank_ms
from probes.loadgen.process import WorkerProcess
from probes.loadgen.transport import Timeouts
from probes.loadgen.wire import load_message, target_message
from probes.servers.dialect import Dialect
from probes.trace import NS_PER_S

PROGRESS_S = 0.5
CHUNKS_PER_S_OF_A_WORKER = 25_000
"""Chunks a second that one process takes in with half a core to spare; see `benchmarks/client_beside_peers.py`."""
STREAMS_OF_A_WORKER = 512
SILENCE_S = 60.0
"""A worker that says nothing for so long is given up; it should be heard twice a second."""
_START_IN_NS = 20_000_000


def open_load_client(
    endpoint: Endpoint,
    dialect: Dialect,
    *,
    timeouts: Timeouts | None = None,
    workers: int | None = None,
    expected_chunks_per_s: float | None = None,
    streams: int | None = None,
) -> LoadClient:
    """A load client for one endpoint, to be used as `async with`.

    Args:
        endpoint: the server.
        dialect: the form of request and answer.
        timeouts: limits of one request; the defaults of `Timeouts` if None.
        workers: processes; as many as the expected load needs, if None.
        expected_chunks_per_s: chunks that are expected at the highest load.
        streams: requests in flight at the highest load.

    Raises:
        ProbeError: `workers` is below 1.
    """
    if workers is not None and workers < 1:
        raise ProbeError("bad_arguments", f"{workers} load workers; give 1 or more, or leave it to the probe.")
    count = workers or workers_for(expected_chunks_per_s, streams, cores=os.cpu_count() or 1)
    return ProcessLoadClient(endpoint, dialect, timeouts or Timeouts(), count)


def workers_for(chunks_per_s: float | None, streams: int | None, *, cores: int) -> int:
    """How many processes a load needs, at most half of the machine's cores: the server may need the others.

    Args:
        chunks_per_s: chunks that are expected; None if nobody knows.
        streams: requests in flight; None if nobody knows.
        cores: processor cores of this machine.

    >>> workers_for(60_000, 256, cores=16), workers_for(None, 1024, cores=16), workers_for(1e6, 4096, cores=2)
    (3, 2, 1)
    """
    by_chunks = math.ceil((chunks_per_s or 0) / CHUNKS_PER_S_OF_A_WORKER)
    by_streams = math.ceil((streams or 0) / STREAMS_OF_A_WORKER)
    return max(1, min(max(by_chunks, by_streams), cores // 2))


class ProcessLoadClient:
    """A load client with worker processes; see `probes.loadgen.contract.LoadClient`."""

    def __init__(self, endpoint: Endpoint, dialect: Dialect, timeouts: Timeouts, workers: int) -> None:
        self._target = target_message(endpoint, dialect, timeouts)
        self._count = workers
        self._workers: list[WorkerProcess] = []
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Starts the workers."""
        try:
            for _ in range(self._count):
                self._workers.append(await WorkerProcess.start(self._changed))
            for worker in self._workers:
                worker.tell(self._target)
            for worker in self._workers:
                await worker.started()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends the workers."""
        workers, self._workers = self._workers, []
        await asyncio.gather(*(worker.end() for worker in workers))

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.pid for worker in self._workers]

    async def run(
        self, load: Load, *, on_progress: Callable[[LoadProgress], Verdict], deadline_s: float | None = None
    ) -> LoadResult:
        """Generates one load point; see `probes.loadgen.contract.LoadClient.run`.

        Raises:
            ProbeError: a worker died or refused, or the load makes no sense.
        """
        if (load.concurrency is None) == (not load.arrivals) or (load.concurrency is not None and load.concurrency < 1):
            raise ProbeError("bad_arguments", "A load has either a concurrency of 1 or more, or arrivals.")
        if not self._workers:
            raise ProbeError("load_client_failed", "The load client is not open; use it as `async with`.")
        used = self._workers[: load.concurrency or len(load.arrivals)]
        point = _LoadPoint(load, used, self._changed, on_progress)
        for index, worker in enumerate(used):
            worker.forget()
            worker.tell(load_message(load, worker=index, workers=len(used)))
        try:
            return await point.run(deadline_s)
        except BaseException:
            # Nobody knows what the workers are at; a next load would be mixed up with this one.
            for worker in self._workers:
                worker.kill()
            raise


class _LoadPoint:
    """One load point while it runs."""

    def __init__(
        self,
        load: Load,
        workers: list[WorkerProcess],
        changed: asyncio.Event,
        on_progress: Callable[[LoadProgress], Verdict],
    ) -> None:
        self._load, self._workers, self._changed, self._on_progress = load, workers, changed, on_progress
        self._start_ns = 0
        self._stopped_ns: int | None = None
        self._ended = 0

    async def run(self, deadline_s: float | None) -> LoadResult:
        end: LoadEnd = "schedule"
        try:
            async with asyncio.timeout_at(deadline_s):
                await self._until(lambda worker: worker.ready)
                self._go()
                end = await self._generate()
        except TimeoutError:
            end = "deadline"
        except asyncio.CancelledError:
            end = "cancelled"
        self._stop()
        await self._until(lambda worker: worker.done is not None)
        self._tell_progress()
        return self._result(end)

    def _go(self) -> None:
        self._start_ns = time.perf_counter_ns() + _START_IN_NS
        for worker in self._workers:
            worker.tell({"is": "go", "start_ns": self._start_ns})

    async def _generate(self) -> LoadEnd:
        """Asks for the verdict whenever all workers have told how far they are; one that is held up is not waited for."""
        loop = asyncio.get_running_loop()
        while True:
            await self._all(lambda worker: worker.fresh, until_s=loop.time() + 2 * PROGRESS_S)
            if all(worker.done is not None for worker in self._workers):
                return "schedule"
            for worker in self._workers:
                worker.fresh = worker.done is not None
            if self._tell_progress() == "enough":
                return "enough"

    def _stop(self) -> None:
        self._stopped_ns = time.perf_counter_ns()
        for worker in self._workers:
            worker.tell({"is": "stop"})

    def _tell_progress(self) -> Verdict:
        new = tuple(completion for worker in self._workers for completion in worker.new)
        for worker in self._workers:
            worker.new.clear()
        self._ended += len(new)
        sent = sum(worker.sent for worker in self._workers)
        elapsed_s = max(0.0, (time.perf_counter_ns() - self._start_ns) / NS_PER_S) if self._start_ns else 0.0
        return self._on_progress(LoadProgress(elapsed_s=elapsed_s, sent=sent, in_flight=sent - self._ended, new=new))

    async def _until(self, reached: Callable[[WorkerProcess], bool]) -> None:
        while not await self._all(reached, until_s=asyncio.get_running_loop().time() + PROGRESS_S):
            pass

    async def _all(self, reached: Callable[[WorkerProcess], bool], *, until_s: float) -> bool:
        """Waits until all workers have reached something, or until a moment; a worker that is dead or silent is an error."""
        loop = asyncio.get_running_loop()
        while True:
            self._changed.clear()
            for worker in self._workers:
                self._check(worker, loop.time())
            if all(reached(worker) for worker in self._workers):
                return True
            try:
                async with asyncio.timeout_at(until_s):
                    await self._changed.wait()
            except TimeoutError:
                return False

    def _check(self, worker: WorkerProcess, now_s: float) -> None:
        if worker.problem is not None:
            raise worker.problem
        if worker.done is not None:
            return
        if worker.gone:
            raise worker.death()
        if now_s - worker.heard_s > SILENCE_S:
            raise ProbeError(
                "load_client_failed",
                f"A load worker (process {worker.pid}) has said nothing for {SILENCE_S:g} s. Is the machine out of memory, or was it stopped?",
            )

    def _result(self, end: LoadEnd) -> LoadResult:
        done = [worker.done or {} for worker in self._workers]
        if any(one.get("full") for one in done):
            end = "full"
        traces = tuple(trace for worker in self._workers for trace in worker.traces)
        lags = array("q", (trace.sent_ns - trace.scheduled_ns for trace in traces))
        # A schedule that was sent to its end was over when its last answer was.
        ended = [one["stopped_ns"] for one in done if "stopped_ns" in one]
        stopped_ns = max(ended) if end == "schedule" and ended else self._stopped_ns
        first_s = self._load.arrivals[0].offset_s if self._load.arrivals else 0.0
        return LoadResult(
            traces=traces,
            started_ns=self._start_ns + int(first_s * NS_PER_S),
            stopped_ns=stopped_ns or self._start_ns,
            workers=len(self._workers),
            transport=done[0].get("transport", "plain"),
            client_cpu_fraction=max((one["cpu_fraction"] for one in done if one.get("cpu_fraction")), default=None),
            client_lag_p99_ms=max(
                (one["lag_p99_ms"] for one in done if one.get("lag_p99_ms") is not None), default=None
            ),
            schedule_lag_p99_ms=nearest_rank_ms(lags, 0.99) if self._load.arrivals else None,
            cut_short=end in {"deadline", "cancelled", "full"},
            end=end,
            retry_wait_s=sum(one.get("retry_wait_s", 0.0) for one in done),
        )
