"""What the load client itself adds, measured before a probe against a server that only keeps time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import statistics
import sys
from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.findings import ClientFloor
from probes.loadgen.client import open_load_client
from probes.loadgen.contract import Load, LoadProgress, LoadResult, Verdict
from probes.loadgen.lag import nearest_rank_ms
from probes.loadgen.null_server import MODEL
from probes.run import WorkloadShape
from probes.servers.dialect import Dialect
from probes.trace import NS_PER_MS, NS_PER_S
from probes.workload.requests import RequestMaker

_VOCAB_SIZE = 1_000_000
"""Prompts are named in the server's report by their first two ids: many ids, so that no two are alike."""
_ANSWER_S = 10.0
_LOAD_S = 1.5


@dataclass(frozen=True, slots=True)
class NullServerProcess:
    """A null server that runs.

    Attributes:
        url: where.
        process: its process.
    """

    url: str
    process: asyncio.subprocess.Process

    async def report(self) -> dict[str, Any]:
        """What it did since the last report; see `probes.loadgen.null_server`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n")
        line = b""
        with contextlib.suppress(TimeoutError):
            # The first line is its port.
            while not line.startswith(b"{") and (line or not self.process.stdout.at_eof()):
                line = await asyncio.wait_for(self.process.stdout.readline(), _ANSWER_S)
        if not line:
            raise ProbeError(
                "load_client_failed",
                "The null server, which the client's floor is measured against, has ended or hangs. Try again.",
            )
        found: dict[str, Any] = json.loads(line)
        return found


@contextlib.asynccontextmanager
async def null_server(ttft_ms: float, token_ms: float) -> AsyncIterator[NullServerProcess]:
    """Runs a null server in a process of its own.

    Args:
        ttft_ms: true time to first token [ms].
        token_ms: true time between tokens [ms].

    Yields:
        The server, which may still be starting: what is sent to it waits.
    """
    root = str(Path(__file__).parents[2])
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listening:
        # The socket is opened here, so that it is known where the server is before it runs: whoever comes early waits in the kernel.
        file = listening.fileno()
        arguments = ["--ttft-ms", str(ttft_ms), "--token-ms", str(token_ms), "--listening-file", str(file)]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *["-P", "-m", "probes.loadgen.null_server", *arguments],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            pass_fds=(file,),
            limit=2**26,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        port = listening.getsockname()[1]
    try:
        yield NullServerProcess(f"http://127.0.0.1:{port}", process)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
        await process.wait()


async def measure_floor(
    *, streams: int, ttft_ms: float = 50.0, token_ms: float = 10.0, output_tokens: int = 25, workers: int | None = None
) -> ClientFloor:
    """Measures what the client adds to every answer, in about three seconds.

    The error of a request is its reported less its true time to first token, both of that one request: from the arrival of its bytes at the server to
    the moment before the first token was sent. The server's own lateness is therefore not in it; the way of the request to the server is.

    Args:
        streams: requests in flight.
        ttft_ms: true time to first token [ms].
        token_ms: true time between tokens [ms].
        output_tokens: tokens of each answer.
        workers: processes of the client, as in `open_load_client`.

    Returns:
        The floor. Its `max_chunk_rate_per_s` is the rate at which the processor time that was used for each chunk would fill the core of every worker.

    Raises:
        ProbeError: the null server or the client failed, or not one answer came.
    """
    async with null_server(ttft_ms, token_ms) as server:
        endpoint = Endpoint(base_url=server.url, served_model_name=MODEL, vocab_size=_VOCAB_SIZE)
        chunks_per_s = streams * 1e3 / token_ms
        client = open_load_client(
            endpoint, Dialect(), workers=workers, expected_chunks_per_s=chunks_per_s, streams=streams
        )
        async with client:
            shape = WorkloadShape(input_tokens=16, output_tokens=output_tokens, seed=0)
            result = await client.run(
                Load(cell=0, shape=shape, concurrency=streams), on_progress=_enough_after(_LOAD_S)
            )
        if result.end == "cancelled":  # the client hands over what it saw instead of raising
            raise asyncio.CancelledError
        served = (await server.report())["requests"]
    return floor_of(result, _truth(result, shape, served), streams=streams)


def floor_of(result: LoadResult, truth: Mapping[tuple[int, int], int], *, streams: int) -> ClientFloor:
    """The floor, from what the client saw and what the server did.

    Args:
        result: what the client saw.
        truth: the true time to first token of each request, by its stream and number [ns].
        streams: requests in flight.

    Raises:
        ProbeError: no request was answered.
    """
    # The first request of a stream opens its connection; a load point has that behind it when it is measured.
    good = [t for t in result.traces if t.failure is None and t.number > 0 and (t.stream, t.number) in truth]
    if not good:
        raise ProbeError(
            "load_client_failed", "The client's floor could not be measured: the null server answered nothing."
        )
    errors = array("q", (trace.arrivals_ns[0] - trace.sent_ns - truth[trace.stream, trace.number] for trace in good))
    chunks = sum(len(trace.arrivals_ns) for trace in result.traces)
    cpu_s = (result.client_cpu_fraction or 0.0) * result.workers * (result.stopped_ns - result.started_ns) / NS_PER_S
    return ClientFloor(
        streams=streams,
        workers=result.workers,
        transport=result.transport,
        ttft_error_p50_ms=statistics.median(errors) / NS_PER_MS,
        ttft_error_p99_ms=nearest_rank_ms(errors, 0.99) or 0.0,
        cpu_s_per_1000_tokens=1000 * cpu_s / chunks,
        max_chunk_rate_per_s=chunks / cpu_s * result.workers if cpu_s > 0 else None,
    )


def _truth(result: LoadResult, shape: WorkloadShape, served: Sequence[Sequence[int]]) -> dict[tuple[int, int], int]:
    """True times to first token by stream and number: prompts are drawn again to see whose they were."""
    by_prompt = {(first, second): first_ns - received_ns for first, second, received_ns, first_ns in served}
    maker = RequestMaker(shape, prompt="token_ids", vocab_size=_VOCAB_SIZE, attempt=0, cell=0)
    found = {}
    for trace in result.traces:
        prompt = maker.closed(trace.stream, trace.number).prompt
        assert isinstance(prompt, list)
        if (key := (prompt[0], prompt[1])) in by_prompt:
            found[trace.stream, trace.number] = by_prompt[key]
    return found


def _enough_after(seconds: float) -> Any:
    def judge(progress: LoadProgress) -> Verdict:
        return "enough" if progress.elapsed_s >= seconds else "go_on"

    return judge
