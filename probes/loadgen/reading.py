"""Kept answers → traces, those that the probe itself cut off among them."""

from __future__ import annotations

from dataclasses import replace

from probes.servers.answers import read_answer
from probes.servers.dialect import Dialect
from probes.trace import RawAnswer, RequestTrace

_END = b"\n\ndata: [DONE]\n\n"


def read_kept(raw: RawAnswer, dialect: Dialect) -> RequestTrace:
    """Reads one answer after the load point.

    One that was cut off because the load point was over had tokens too, and the server worked for them inside the measured window: they are read
    as far as they came, and the trace says `cancelled` as before.

    Args:
        raw: the answer.
        dialect: the form in which it was asked for.
    """
    if raw.failure != "cancelled" or not raw.reads:
        return read_answer(raw, dialect)
    trace = read_answer(replace(raw, failure=None, reads=whole_events(raw.reads)), dialect)
    return replace(trace, failure=raw.failure, detail=raw.detail)


def whole_events(reads: tuple[tuple[int, bytes], ...]) -> tuple[tuple[int, bytes], ...]:
    r"""A cut-off answer up to its last whole event, with an end.

    >>> whole_events(((1, b"data: {}\n\n"), (2, b"data: {}\n\ndata: {"), (3, b"..")))
    ((1, b'data: {}\n\n'), (2, b'data: {}\n\ndata: [DONE]\n\n'))
    """
    kept = list(reads)
    while kept:
        at_ns, piece = kept.pop()
        end = max(piece.rfind(b"\n\n"), piece.rfind(b"\r\n\r\n"))
        if end >= 0:
            return (*kept, (at_ns, piece[:end] + _END))
    return ()
