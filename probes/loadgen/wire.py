"""What a load client and its workers say to each other through pipes: frames of JSON with numbers behind, nothing that could run."""

from __future__ import annotations

import asyncio
import json
import struct
from array import array
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.loadgen.contract import Completion, Load
from probes.loadgen.transport import Timeouts
from probes.run import WorkloadShape
from probes.servers.dialect import Dialect
from probes.trace import RequestTrace
from probes.workload.request import Arrival

_HEAD = struct.Struct("<IQ")
_LONGEST_JSON_BYTES, _LONGEST_NUMBERS_BYTES = 2**31, 2**34
_SERIES = ("arrivals_ns", "tokens")
_SCALARS = tuple(field.name for field in fields(RequestTrace) if field.name not in {*_SERIES, "token_ids"})
_ARRIVAL = tuple(field.name for field in fields(Arrival))
_COMPLETION = tuple(field.name for field in fields(Completion))


def frame(message: dict[str, Any], numbers: bytes = b"") -> bytes:
    """One message as bytes: two lengths, JSON, numbers.

    Args:
        message: its `is` says what it is.
        numbers: whatever would be slow as JSON.
    """
    text = json.dumps(message, separators=(",", ":")).encode()
    return b"".join((_HEAD.pack(len(text), len(numbers)), text, numbers))


async def read_frame(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes] | None:
    """The next message.

    Args:
        reader: the pipe.

    Returns:
        None where the other side has gone, also in the middle of a message.

    Raises:
        ProbeError: what came is not a frame.
    """
    try:
        text_bytes, numbers_bytes = _HEAD.unpack(await reader.readexactly(_HEAD.size))
        if text_bytes > _LONGEST_JSON_BYTES or numbers_bytes > _LONGEST_NUMBERS_BYTES:
            raise ProbeError("load_client_failed", "A load worker sent something that is not a message. Try again.")
        message = json.loads(await reader.readexactly(text_bytes))
        return message, await reader.readexactly(numbers_bytes)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def load_message(load: Load, *, worker: int, workers: int) -> dict[str, Any]:
    """One worker's part of a load: every so-manieth stream, or every so-manieth arrival.

    Args:
        load: the load point.
        worker: which worker, from 0.
        workers: how many there are.
    """
    arrivals = [
        [number, *(getattr(arrival, name) for name in _ARRIVAL)]
        for number, arrival in enumerate(load.arrivals)
        if number % workers == worker
    ]
    return {
        "is": "load",
        "cell": load.cell,
        "attempt": load.attempt,
        "kind": load.kind,
        "shape": load.shape.model_dump(mode="json"),
        "streams": list(range(worker, load.concurrency or 0, workers)),
        "arrivals": arrivals,
    }


def shape_of(message: dict[str, Any]) -> WorkloadShape:
    """The workload in a load message."""
    return WorkloadShape.model_validate(message["shape"])


def arrivals_of(message: dict[str, Any]) -> list[tuple[int, Arrival]]:
    """The arrivals in a load message, each with its place in the whole schedule."""
    found = []
    for number, *values in message["arrivals"]:
        named = dict(zip(_ARRIVAL, values, strict=True))
        found.append((number, Arrival(**{**named, "blocks": tuple(named["blocks"])})))
    return found


def target_message(endpoint: Endpoint, dialect: Dialect, timeouts: Timeouts) -> dict[str, Any]:
    """Where requests go, the key among it: it goes through the pipe and nowhere else."""
    return {"is": "target", "endpoint": asdict(endpoint), "dialect": asdict(dialect), "timeouts": asdict(timeouts)}


def target_of(message: dict[str, Any]) -> tuple[Endpoint, Dialect, Timeouts]:
    """The target in a message."""
    return Endpoint(**message["endpoint"]), Dialect(**message["dialect"]), Timeouts(**message["timeouts"])


def pack_traces(traces: Sequence[RequestTrace]) -> tuple[list[list[Any]], bytes]:
    """Traces as plain values and, behind, the arrival time and the tokens of every chunk. Token ids stay behind.

    Args:
        traces: what a worker has read.

    Returns:
        One list a trace, the last of it its number of chunks; the chunks of all as 64-bit numbers, times first.
    """
    rows = [[*(getattr(trace, name) for name in _SCALARS), len(trace.arrivals_ns)] for trace in traces]
    times, tokens = array("q"), array("q")
    for trace in traces:
        times.extend(trace.arrivals_ns)
        tokens.extend(trace.tokens)
    return rows, times.tobytes() + tokens.tobytes()


def unpack_traces(rows: list[list[Any]], numbers: bytes) -> list[RequestTrace]:
    """Undoes `pack_traces`."""
    both: array[int] = array("q")
    both.frombytes(numbers)
    half, place, traces = len(both) // 2, 0, []
    for *values, chunks in rows:
        traces.append(
            RequestTrace(
                **dict(zip(_SCALARS, values, strict=True)),
                arrivals_ns=tuple(both[place : place + chunks]),
                tokens=tuple(both[half + place : half + place + chunks]),
            )
        )
        place += chunks
    return traces


def completion_row(completion: Completion) -> list[Any]:
    """A completion as plain values."""
    return [getattr(completion, name) for name in _COMPLETION]


def completion_of(row: list[Any]) -> Completion:
    """Undoes `completion_row`."""
    return Completion(**dict(zip(_COMPLETION, row, strict=True)))
