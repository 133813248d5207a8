"""Recorded traffic, to be replayed with its own arrivals and lengths: Azure's and Mooncake's traces, and the user's own logs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from probes.errors import ProbeError
from probes.record import Warn
from probes.run import TraceSource
from probes.workload.clock import TIME_COLUMNS, Clock
from probes.workload.hygiene import with_planned_hits
from probes.workload.request import Arrival
from probes.workload.sampling import capped
from probes.workload.tables import TOKEN_COLUMNS, Row, Table, bad_row, digest, open_table, whole_tokens

MAX_REQUESTS = 1_000_000
MOONCAKE_BLOCK_TOKENS = 512

_COLUMNS = {**TIME_COLUMNS, **TOKEN_COLUMNS, "blocks": ("hash_ids",)}
_AZURE = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
_NS_PER_S = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """Which part of a recording is replayed, and how.

    Attributes:
        speed_factor: how much faster than it came; 2 halves every gap.
        start_s: leaves out what came before, in the recording's own time [s].
        duration_s: leaves out what came later than so long after `start_s`, in the recording's own time [s].
        first: leaves out all but so many requests.
        length_factor: scales all lengths; blocks are scaled with them, so that what is shared stays shared.
        context_limit_tokens: most tokens that a request may have, input and output together.
        too_long: a longer request is cut, input and output in proportion, or dropped.
        block_tokens: tokens in a block of a Mooncake trace; its own has 512.
        skip_empty: leaves out requests without input or output, which are an error else.
    """

    speed_factor: float = 1.0
    start_s: float = 0.0
    duration_s: float | None = None
    first: int | None = None
    length_factor: float = 1.0
    context_limit_tokens: int | None = None
    too_long: Literal["cut", "drop"] = "cut"
    block_tokens: int = MOONCAKE_BLOCK_TOKENS
    skip_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A recording, ready to be sent.

    Attributes:
        arrivals: ascending; those that share blocks say how much of it came before.
        source: for the record.
        input_tokens: mean prompt [tokens].
        output_tokens: mean answer [tokens].
        warnings: what was cut, dropped or left out.
    """

    arrivals: tuple[Arrival, ...]
    source: TraceSource
    input_tokens: float
    output_tokens: float
    warnings: tuple[Warn, ...] = ()


@dataclass(frozen=True, slots=True)
class _Recorded:
    line: int
    time_ns: int
    input_tokens: int
    output_tokens: int
    blocks: tuple[int, ...]


def read_trace(path: str | Path, options: ReplayOptions | None = None) -> Replay:
    """Reads a recording.

    - Azure (https://github.com/Azure/AzurePublicDataset): CSV with `TIMESTAMP,ContextTokens,GeneratedTokens`.
    - Mooncake (https://github.com/kvcache-ai/Mooncake): JSONL with `timestamp` in milliseconds, `input_length`, `output_length` and `hash_ids`, one for
      each block of 512 tokens. Equal ids become equal blocks of a prompt, so that its reuse of prefixes is replayed.
    - Own logs, CSV with a header or JSONL: a time (`probes.workload.clock.TIME_COLUMNS`) and two lengths (`probes.workload.tables.TOKEN_COLUMNS`).

    Args:
        path: the file: UTF-8, at most 1 GiB, sorted by time.
        options: which part, and how.

    Raises:
        ProbeError: `bad_arguments`: an option out of its range; no such file, too large, empty, not UTF-8, a column missing; a row with a time that is
            missing, negative or before the one above it, with lengths that are no whole numbers or zero, or with too many blocks; nothing left to send.
    """
    options = options or ReplayOptions()
    _check(options)
    table = open_table(path, _COLUMNS, required=("input_tokens", "output_tokens"))
    timed = [column for column in TIME_COLUMNS if column in table.found]
    if len(timed) != 1:
        _no_time(table, timed)
    rows = _Rows(table, options)
    kept = _kept(rows, options)
    if not kept:
        raise ProbeError(
            "bad_arguments", f"{table.path} has no request in the part that was asked for; nothing can be sent."
        )
    arrivals, changed = _arrivals(kept, options)
    source = TraceSource(
        source=str(path),
        format=rows.format,
        sha256=digest(path),
        requests=len(arrivals),
        speed_factor=options.speed_factor,
        start_s=options.start_s,
        length_factor=options.length_factor,
        too_long=options.too_long,
        block_tokens=options.block_tokens if rows.format == "mooncake" else None,
    )
    return Replay(
        arrivals=arrivals,
        source=source,
        input_tokens=sum(arrival.input_tokens for arrival in arrivals) / len(arrivals),
        output_tokens=sum(arrival.output_tokens for arrival in arrivals) / len(arrivals),
        warnings=tuple(_warnings(options, changed, len(arrivals), rows.dropped, rows.empty)),
    )


def read_again(source: TraceSource, *, context_limit_tokens: int | None, skip_empty: bool = True) -> Replay:
    """Reads the recording of a run again, to resume it.

    Args:
        source: as the run keeps it.
        context_limit_tokens: of the run's workload.
        skip_empty: as `ReplayOptions`.

    Raises:
        ProbeError: `bad_arguments`: the file is gone, or no longer the same.
    """
    if digest(source.source) != source.sha256:
        raise ProbeError(
            "bad_arguments",
            f"{source.source} has changed since this run began; put the old file back, or begin a new run.",
        )
    options = ReplayOptions(
        speed_factor=source.speed_factor,
        start_s=source.start_s,
        first=source.requests,
        length_factor=source.length_factor,
        context_limit_tokens=context_limit_tokens,
        too_long=source.too_long,
        block_tokens=source.block_tokens or MOONCAKE_BLOCK_TOKENS,
        skip_empty=skip_empty,
    )
    return read_trace(source.source, options)


class _Rows:
    """The requests of a recording, checked, and counts of those that were left out."""

    def __init__(self, table: Table, options: ReplayOptions) -> None:
        self._table, self._options = table, options
        self.format = _format(table)
        self._clock = Clock(table.path, table.found, mooncake=self.format == "mooncake")
        self.empty = 0
        self.dropped = 0

    def __iter__(self) -> Iterator[_Recorded]:
        before: _Recorded | None = None
        for row in self._table.rows:
            recorded = self._read(row)
            if before is not None and recorded.time_ns < before.time_ns:
                bad_row(
                    self._table.path,
                    row.line,
                    f"{self._clock.name} is {row.values[self._clock.column]}, before that of line {before.line}; sort the log by time",
                )
            before = recorded
            yield recorded

    def _read(self, row: Row) -> _Recorded:
        table = self._table
        lengths = [whole_tokens(table.path, row, column, name=table.found[column]) for column in TOKEN_COLUMNS]
        if 0 in lengths and not self._options.skip_empty:
            bad_row(
                table.path,
                row.line,
                f"{lengths[0]} tokens in, {lengths[1]} out; each must be at least 1. Take out requests that failed, or skip empty ones",
            )
        blocks = _blocks(table.path, row, lengths[0], self._options.block_tokens)
        return _Recorded(row.line, self._clock.time_ns(row), lengths[0], lengths[1], blocks)


def _format(table: Table) -> Literal["azure", "mooncake", "csv", "jsonl"]:
    if table.form == "csv":
        return "azure" if table.headers == _AZURE else "csv"
    return "mooncake" if "blocks" in table.found else "jsonl"


def _blocks(path: Path, row: Row, input_tokens: int, block_tokens: int) -> tuple[int, ...]:
    given = row.values.get("blocks")
    if given is None or given == "":
        return ()
    if not isinstance(given, list):
        bad_row(path, row.line, "hash_ids is no list of block identities")
    if len(given) > math.ceil(input_tokens / block_tokens):
        bad_row(
            path,
            row.line,
            f"{len(given)} hash_ids for {input_tokens} tokens; blocks of {block_tokens} tokens make {math.ceil(input_tokens / block_tokens)}. "
            "Give the size of this trace's blocks",
        )
    return tuple(_identity(path, row.line, value) for value in given)


def _identity(path: Path, line: int, value: Any) -> int:
    try:
        number = value if isinstance(value, int) and not isinstance(value, bool) else int(str(value), 16)
    except ValueError:
        number = 2**64
    # Some tools write a 64-bit hash as a signed number.
    if not -(2**63) <= number < 2**64:
        bad_row(path, line, f"hash_ids holds {value!r}; a whole number of 64 bits, or one in hex, is needed")
    return number % 2**64


def _kept(rows: _Rows, options: ReplayOptions) -> list[_Recorded]:
    """Requests of the part that was asked for, their times counted from its start."""
    kept: list[_Recorded] = []
    start_ns = end_ns = 0.0
    for index, recorded in enumerate(rows):
        if index == 0:
            start_ns = recorded.time_ns + round(options.start_s * _NS_PER_S)
            end_ns = math.inf if options.duration_s is None else start_ns + options.duration_s * _NS_PER_S
        if recorded.time_ns >= end_ns or len(kept) == options.first:
            break
        if recorded.time_ns < start_ns:
            continue
        if not recorded.input_tokens or not recorded.output_tokens:
            rows.empty += 1
        elif options.too_long == "drop" and _too_long(recorded, options):
            rows.dropped += 1
        else:
            kept.append(replace(recorded, time_ns=recorded.time_ns - round(start_ns)))
        if len(kept) > MAX_REQUESTS:
            raise ProbeError(
                "bad_arguments",
                f"More than {MAX_REQUESTS} requests; replay a part of the recording (start, duration, or the first so many).",
            )
    return kept


def _too_long(recorded: _Recorded, options: ReplayOptions) -> bool:
    limit = options.context_limit_tokens
    return limit is not None and sum(_scaled(recorded, options)) > limit


def _block_factor(options: ReplayOptions) -> tuple[int, float]:
    """Tokens of a scaled block, which are whole, and the factor that this comes to."""
    tokens = max(1, round(options.block_tokens * options.length_factor))
    return tokens, tokens / options.block_tokens


def _scaled(recorded: _Recorded, options: ReplayOptions) -> tuple[int, int]:
    factor = _block_factor(options)[1] if recorded.blocks else options.length_factor
    return max(1, round(recorded.input_tokens * factor)), max(1, round(recorded.output_tokens * options.length_factor))


def _arrivals(kept: list[_Recorded], options: ReplayOptions) -> tuple[tuple[Arrival, ...], int]:
    """The arrivals, and how many of them were cut to the context."""
    sizes = np.array([_scaled(recorded, options) for recorded in kept], dtype=np.int64)
    inputs, outputs = capped(sizes[:, 0], sizes[:, 1], options.context_limit_tokens)
    block_tokens = _block_factor(options)[0]
    arrivals = [
        Arrival(
            offset_s=recorded.time_ns / _NS_PER_S / options.speed_factor,
            input_tokens=asked,
            output_tokens=given,
            blocks=recorded.blocks[: math.ceil(asked / block_tokens)],
            block_tokens=block_tokens if recorded.blocks else 0,
        )
        for recorded, asked, given in zip(kept, inputs.tolist(), outputs.tolist(), strict=True)
    ]
    return with_planned_hits(arrivals), int(((inputs != sizes[:, 0]) | (outputs != sizes[:, 1])).sum())


def _warnings(options: ReplayOptions, cut: int, sent: int, dropped: int, empty: int) -> Iterator[Warn]:
    limit = options.context_limit_tokens
    if cut:
        message = f"{cut} of {sent} recorded requests are longer than {limit} tokens and are cut to it, input and output in proportion."
        yield Warn(code="trace_cut", message=message, observed=cut / sent)
    if dropped:
        message = f"{dropped} of {sent + dropped} recorded requests are longer than {limit} tokens and are left out; the load is lower by them."
        yield Warn(code="trace_dropped", message=message, observed=dropped / (sent + dropped))
    if empty:
        message = f"{empty} recorded requests without input or output are left out."
        yield Warn(code="trace_empty_requests", message=message, observed=empty / (sent + dropped + empty))
    if options.length_factor != 1:
        message = (
            f"All recorded lengths are multiplied by {options.length_factor:g}: this is not the recorded load any more."
        )
        yield Warn(code="trace_scaled", message=message, observed=options.length_factor)


def _check(options: ReplayOptions) -> None:
    for name, value, least, included in (
        ("speed factor", options.speed_factor, 0, False),
        ("length factor", options.length_factor, 0, False),
        ("start", options.start_s, 0, True),
        ("duration", options.duration_s, 0, False),
        ("number of requests", options.first, 1, True),
        ("context", options.context_limit_tokens, 2, True),
        ("block size", options.block_tokens, 1, True),
    ):
        if value is not None and not (math.isfinite(value) and (value >= least if included else value > least)):
            needed = f"{least} or more" if included else f"more than {least}"
            raise ProbeError("bad_arguments", f"A {name} of {value:g} for a replay: {needed} is needed.")


def _no_time(table: Table, timed: list[str]) -> None:
    if timed:
        both = " and ".join(table.found[column] for column in timed)
        raise ProbeError("bad_arguments", f"{table.path}: {both} both say when a request came; leave one of them.")
    names = ", ".join(itertools.chain(*TIME_COLUMNS.values()))
    have = ", ".join(table.headers[:12])
    raise ProbeError(
        "bad_arguments",
        f"{table.path} does not say when its requests came; accepted names are {names}. The file has: {have}.",
    )
