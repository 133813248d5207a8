"""Chunks of OpenAI's `completions` and `chat.completions`, with the fields that vLLM, SGLang, TGI and Groq add.

Streams: https://developers.openai.com/api/reference/resources/chat/subresources/completions/streaming-events; usage in every chunk
(`continuous_usage_stats`) and `token_ids`: https://docs.vllm.ai/en/stable/serving/online_serving/openai_compatible_server/.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from probes.servers.reading import Chunk, count, inside

if TYPE_CHECKING:
    from probes.servers.reading import Reading

_ABORTED = ("abort", "error")
_REASONING = ("reasoning_content", "reasoning")
_TEXT = ("content", *_REASONING, "tool_calls", "refusal")


def take_openai(reading: Reading, at_ns: int, name: str, data: bytes) -> None:
    """Adds one event to what has been read.

    Args:
        reading: so far; changed.
        at_ns: when the event arrived.
        name: the event's name; empty for these servers, except for errors.
        data: its data.
    """
    if data == b"[DONE]":
        reading.finish(None)
        return
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        reading.fail("malformed_sse", data.decode(errors="replace"))
    elif event.get("error") is not None or name == "error":
        reading.fail("error_in_stream", json.dumps(event.get("error", event)))
    else:
        usage = event.get("usage") or inside(event.get("x_groq"), "usage")
        _take_usage(reading, usage)
        _take_choice(reading, at_ns, event.get("choices"), count(inside(usage, "completion_tokens")))


def _take_usage(reading: Reading, usage: Any) -> None:
    """Keeps the latest numbers; SGLang names reasoning tokens beside the others, OpenAI below them."""
    details = inside(usage, "completion_tokens_details")
    reading.prompt_tokens = count(inside(usage, "prompt_tokens"), reading.prompt_tokens)
    reading.completion_tokens = count(inside(usage, "completion_tokens"), reading.completion_tokens)
    cached = inside(inside(usage, "prompt_tokens_details"), "cached_tokens")
    reading.cached_tokens = count(cached, reading.cached_tokens)
    reasoning = count(inside(details, "reasoning_tokens"), count(inside(usage, "reasoning_tokens")))
    reading.reasoning_tokens = count(reasoning, reading.reasoning_tokens)


def _take_choice(reading: Reading, at_ns: int, choices: Any, running: int | None) -> None:
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return
    reason = choice.get("finish_reason")
    if reason in _ABORTED:
        reading.fail("error_in_stream", f"finish_reason: {reason}")
        return
    if reason is not None:
        reading.finish(reason)
    reading.has_logprobs = reading.has_logprobs or bool(choice.get("logprobs"))
    delta = choice.get("delta")
    if isinstance(delta, dict):
        has_text = any(delta.get(key) for key in _TEXT)
        reading.reasoning_seen = reading.reasoning_seen or any(delta.get(key) for key in _REASONING)
    else:
        has_text = bool(choice.get("text"))
    ids = _ids(choice.get("token_ids"))
    opens = isinstance(delta, dict) and "role" in delta and not has_text and not ids and not running
    if not opens:
        chunk = Chunk(at_ns=at_ns, ids=ids, running=running, has_text=has_text, last=reason is not None)
        reading.chunks.append(chunk)


def _ids(value: Any) -> tuple[int, ...] | None:
    return tuple(value) if isinstance(value, list) and all(isinstance(one, int) for one in value) else None
