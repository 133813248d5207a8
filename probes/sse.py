"""Server-sent events → tokens and their arrival times.

The event format is https://html.spec.whatwg.org/multipage/server-sent-events.html; the chunks inside are OpenAI's `completions`
and `chat.completions` chunks with vLLM's `token_ids`. A chunk is not a token: servers put several tokens in a chunk (speculative
decoding, several scheduler steps, coalesced output) and send chunks without any (the role, usage). So tokens are counted by the
server's `usage`, else by `token_ids`, and by chunks only as a last resort that shows in `token_source`.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from probes.trace import FailureKind, RawAnswer, RequestTrace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from probes.cell import TokenSource

_DETAIL_CHARACTERS = 300
_ABORTED = ("abort", "error")


def events(reads: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, str, bytes]]:
    r"""Splits network reads into server-sent events.

    Reads cut events anywhere and may hold several. An event has arrived when its last `data:` line has.

    Args:
        reads: arrival time [ns] and bytes, in order.

    Yields:
        Arrival time [ns], event name (empty if none) and data.

    >>> list(events([(10, b'data: {"a"'), (20, b': 1}\n\ndata: [DONE]\n\n')]))
    [(20, '', b'{"a": 1}'), (20, '', b'[DONE]')]
    """
    rest, name, data, at_ns, now_ns = b"", "", [], 0, 0
    for now_ns, piece in reads:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            text = line.rstrip(b"\r")
            if text.startswith(b"data:"):
                data.append(text[5:].removeprefix(b" "))
                at_ns = now_ns
            elif text.startswith(b"event:"):
                name = text[6:].strip().decode(errors="replace")
            elif not text:
                if data:
                    yield at_ns, name, b"\n".join(data)
                name, data = "", []
    if rest.startswith(b"data:"):
        data.append(rest[5:].strip())
        at_ns = now_ns
    if data:
        yield at_ns, name, b"\n".join(data)


def read_answer(raw: RawAnswer) -> RequestTrace:
    """Reads one answer.

    Args:
        raw: what the client kept.

    Returns:
        The trace; with `failure` set and no tokens where the answer cannot be used.
    """
    trace = RequestTrace(
        scheduled_ns=raw.scheduled_ns,
        sent_ns=raw.sent_ns,
        ended_ns=raw.ended_ns,
        input_tokens=raw.input_tokens,
        status=raw.status,
        failure=raw.failure,
        detail=raw.detail,
    )
    if raw.failure is not None:
        return trace
    reading = _Reading()
    for at_ns, name, data in events(raw.reads):
        reading.take(at_ns, name, data)
        if reading.failure is not None:
            break
    return _settle(trace, reading)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """One chunk that may carry tokens; `idle` where it has no text and only says that the answer is over."""

    at_ns: int
    ids: int | None
    idle: bool


@dataclass(slots=True)
class _Reading:
    """What has been read of one answer so far."""

    chunks: list[_Chunk] = field(default_factory=list)
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    finished: bool = False
    failure: FailureKind | None = None
    detail: str = ""

    def take(self, at_ns: int, name: str, data: bytes) -> None:
        if data == b"[DONE]":
            self.finished = True
            return
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            self._fail("malformed_sse", data.decode(errors="replace"))
        elif event.get("error") is not None or name == "error":
            self._fail("error_in_stream", json.dumps(event.get("error", event)))
        else:
            self._take_usage(event.get("usage"))
            self._take_choice(at_ns, event.get("choices"))

    def _take_usage(self, usage: Any) -> None:
        if isinstance(usage, dict):
            self.prompt_tokens = _count(usage.get("prompt_tokens"), self.prompt_tokens)
            self.completion_tokens = _count(usage.get("completion_tokens"), self.completion_tokens)

    def _take_choice(self, at_ns: int, choices: Any) -> None:
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return
        reason = choice.get("finish_reason")
        if reason in _ABORTED:
            self._fail("error_in_stream", f"finish_reason: {reason}")
            return
        self.finished = self.finished or reason is not None
        chunk = _chunk(at_ns, choice)
        if chunk is not None:
            self.chunks.append(chunk)

    def _fail(self, kind: FailureKind, detail: str) -> None:
        self.failure = kind
        self.detail = detail[:_DETAIL_CHARACTERS]


def _chunk(at_ns: int, choice: dict[str, Any]) -> _Chunk | None:
    ids = choice.get("token_ids")
    if isinstance(ids, list):
        return _Chunk(at_ns, len(ids), idle=False) if ids else None
    delta = choice.get("delta")
    if isinstance(delta, dict):
        has_text = any(delta.get(key) for key in ("content", "reasoning_content", "reasoning", "tool_calls"))
        if not has_text and "role" in delta:
            return None
    else:
        has_text = bool(choice.get("text"))
    return _Chunk(at_ns, None, idle=not has_text and choice.get("finish_reason") is not None)


def _count(value: Any, otherwise: int | None) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else otherwise


def _settle(trace: RequestTrace, reading: _Reading) -> RequestTrace:
    if reading.failure is not None:
        return replace(trace, failure=reading.failure, detail=reading.detail)
    if not reading.finished:
        return replace(trace, failure="dropped_mid_stream", detail="the stream ended without finish_reason or [DONE]")
    chunks, tokens, source = _tokens_by_chunk(reading)
    carriers = [(chunk.at_ns, count) for chunk, count in zip(chunks, tokens, strict=True) if count > 0]
    if not carriers:
        return replace(trace, failure="no_tokens", detail="a well-formed answer without tokens")
    return replace(
        trace,
        arrivals_ns=tuple(at_ns for at_ns, _ in carriers),
        tokens=tuple(count for _, count in carriers),
        output_tokens=sum(tokens),
        token_source=source,
        input_tokens=trace.input_tokens if reading.prompt_tokens is None else reading.prompt_tokens,
        input_counted=reading.prompt_tokens is not None,
    )


def _tokens_by_chunk(reading: _Reading) -> tuple[list[_Chunk], list[int], TokenSource]:
    every = reading.chunks
    ids = [chunk.ids for chunk in every if chunk.ids is not None]
    has_ids = len(ids) == len(every)
    total = reading.completion_tokens
    if total is None and has_ids:
        return every, ids, "token_ids"
    busy = [chunk for chunk in every if not chunk.idle]
    if total is None:
        return busy, [1] * len(busy), "chunks"
    if has_ids and sum(ids) == total:
        return every, ids, "usage"
    # A last chunk without text is a token in vLLM (it completed no character) and none elsewhere: usage tells which.
    chosen = every if total == len(every) or not busy else busy
    return chosen, spread(total, len(chosen)), "usage"


def spread(total: int, parts: int) -> list[int]:
    """Spreads tokens over chunks as evenly as whole numbers allow, the first chunk never empty.

    Args:
        total: tokens.
        parts: chunks.

    >>> spread(7, 3), spread(2, 4), spread(5, 0)
    ([3, 2, 2], [1, 0, 1, 0], [])
    """
    steps = [-(-index * total // parts) for index in range(parts + 1)] if parts else []
    return [after - before for before, after in itertools.pairwise(steps)]
