"""Events of Anthropic's `/v1/messages`.

`message_start` has the prompt's usage, `content_block_delta` the text, `message_delta` the reason for the end and the final usage, `message_stop` ends:
https://platform.claude.com/docs/en/build-with-claude/streaming. An event may hold many tokens, and only the total is told.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from probes.servers.reading import Chunk, count, inside

if TYPE_CHECKING:
    from probes.servers.reading import Reading

_TEXT = ("text", "thinking", "partial_json")


def take_anthropic(reading: Reading, at_ns: int, name: str, data: bytes) -> None:
    """Adds one event to what has been read.

    Args:
        reading: so far; changed.
        at_ns: when the event arrived.
        name: the event's name.
        data: its data, which names the event again in `type`.
    """
    if data == b"[DONE]":  # not Anthropic's; gateways add it
        reading.finish(None)
        return
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        reading.fail("malformed_sse", data.decode(errors="replace"))
        return
    match event.get("type") or name:
        case "error":
            reading.fail("error_in_stream", json.dumps(event.get("error", event)))
        case "message_start":
            _take_prompt(reading, inside(event.get("message"), "usage"))
        case "content_block_delta":
            _take_delta(reading, at_ns, event.get("delta"))
        case "message_delta":
            _take_end(reading, inside(event.get("delta"), "stop_reason"), event.get("usage"))
        case "message_stop":
            reading.finish(None)


def _take_prompt(reading: Reading, usage: Any) -> None:
    """The prompt's tokens are in three parts: `input_tokens` are those that no cache was asked about."""
    parts = [count(inside(usage, f"{part}input_tokens")) for part in ("", "cache_creation_", "cache_read_")]
    if parts[0] is not None:
        reading.prompt_tokens = sum(part or 0 for part in parts)
        reading.cached_tokens = parts[2]


def _take_delta(reading: Reading, at_ns: int, delta: Any) -> None:
    has_text = any(inside(delta, key) for key in _TEXT)
    reading.reasoning_seen = reading.reasoning_seen or bool(inside(delta, "thinking"))
    if has_text:
        reading.chunks.append(Chunk(at_ns=at_ns, has_text=True))


def _take_end(reading: Reading, reason: Any, usage: Any) -> None:
    reading.completion_tokens = count(inside(usage, "output_tokens"), reading.completion_tokens)
    thinking = inside(inside(usage, "output_tokens_details"), "thinking_tokens")
    reading.reasoning_tokens = count(thinking, reading.reasoning_tokens)
    _take_prompt(reading, usage)
    if reason is not None:
        reading.finish(reason)
