"""Raw answers → traces, by the server's own form."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from probes.servers.anthropic_events import take_anthropic
from probes.servers.counting import count_tokens
from probes.servers.events import events
from probes.servers.openai_chunks import take_openai
from probes.servers.reading import Reading
from probes.trace import RequestTrace

if TYPE_CHECKING:
    from probes.servers.dialect import Dialect
    from probes.trace import RawAnswer


def read_answer(raw: RawAnswer, dialect: Dialect | None = None, *, keep_token_ids: bool = False) -> RequestTrace:
    """Reads one answer.

    Args:
        raw: what the client kept.
        dialect: the form in which it was asked for; OpenAI's if None.
        keep_token_ids: whether the trace keeps the generated ids, which only conversations of several turns need.

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
        stream=raw.stream,
        number=raw.number,
        planned_hit_tokens=raw.planned_hit_tokens,
        retry_after_s=raw.retry_after_s,
    )
    if raw.failure is not None:
        return trace
    take = take_anthropic if dialect is not None and dialect.route == "messages" else take_openai
    reading = Reading()
    for at_ns, name, data in events(raw.reads):
        take(reading, at_ns, name, data)
        if reading.failure is not None:
            break
    return _settle(trace, reading, keep_token_ids=keep_token_ids)


def _settle(trace: RequestTrace, reading: Reading, *, keep_token_ids: bool) -> RequestTrace:
    if reading.failure is not None:
        return replace(trace, failure=reading.failure, detail=reading.detail)
    if not reading.finished:
        return replace(trace, failure="dropped_mid_stream", detail="the stream ended without a word that it was over")
    counted = count_tokens(reading)
    if not counted.tokens:
        return replace(trace, failure="no_tokens", detail=_without_tokens(reading))
    streamed = [chunk.ids for chunk in reading.chunks if chunk.ids is not None]
    return replace(
        trace,
        arrivals_ns=counted.arrivals_ns,
        tokens=counted.tokens,
        output_tokens=sum(counted.tokens),
        token_source=counted.source,
        split=counted.split,
        input_tokens=trace.input_tokens if reading.prompt_tokens is None else reading.prompt_tokens,
        input_counted=reading.prompt_tokens is not None,
        cached_tokens=reading.cached_tokens,
        token_ids=tuple(itertools.chain.from_iterable(streamed)) if keep_token_ids else (),
        usage_tokens=reading.completion_tokens,
        id_tokens=sum(map(len, streamed)) if streamed else None,
        text_chunks=sum(chunk.has_text for chunk in reading.chunks),
        reasoning_tokens=reading.reasoning_tokens,
        hidden_tokens=counted.hidden_tokens,
        finish_reason=reading.finish_reason,
        has_logprobs=reading.has_logprobs,
    )


def _without_tokens(reading: Reading) -> str:
    if reading.reasoning_tokens:
        return f"all {reading.reasoning_tokens} tokens went into reasoning that the server does not show; ask for longer answers"
    return "a well-formed answer without tokens"
