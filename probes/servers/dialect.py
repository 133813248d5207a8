"""The form of request that a server accepts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from probes.endpoint import Endpoint
    from probes.workload.request import Request


@dataclass(frozen=True, slots=True)
class Dialect:
    """The form of request that a server accepts.

    Attributes:
        route: `completions` or `chat`.
        fields: `extended` sends what vLLM understands (fixed length, token ids, cache salt), `openai` the public API's
            fields, `bare` only the model, the prompt, the length and `stream`.
    """

    route: Literal["completions", "chat"] = "completions"
    fields: Literal["extended", "openai", "bare"] = "extended"

    @property
    def path(self) -> str:
        """Path under the base URL."""
        return "/v1/completions" if self.route == "completions" else "/v1/chat/completions"


def request_body(
    endpoint: Endpoint, dialect: Dialect, *, prompt: list[int] | str, output_tokens: int, cache_salt: str
) -> bytes:
    """The JSON of one streamed request.

    Args:
        endpoint: for the model's name.
        dialect: which fields the server accepts.
        prompt: token ids, or text.
        output_tokens: tokens to generate; a fixed number where the server accepts `ignore_eos`, else the most.
        cache_salt: keeps the request out of everybody else's prefix cache.

    Returns:
        UTF-8 JSON.
    """
    body: dict[str, Any] = {"model": endpoint.served_model_name, "max_tokens": output_tokens, "stream": True}
    if dialect.route == "chat":
        body["messages"] = [{"role": "user", "content": prompt}]
    else:
        body["prompt"] = prompt
    if dialect.fields != "bare":
        body |= {"temperature": 0, "stream_options": {"include_usage": True}}
    if dialect.fields == "extended":
        body |= {"min_tokens": output_tokens, "ignore_eos": True, "return_token_ids": True, "cache_salt": cache_salt}
    return json.dumps(body, separators=(",", ":")).encode()


def url_of(endpoint: Endpoint, dialect: Dialect) -> str:
    """Where requests are posted."""
    return f"{endpoint.base_url}{dialect.path}"


def headers_of(endpoint: Endpoint, dialect: Dialect) -> dict[str, str]:
    """Headers of every request, the key among them: never to be printed or stored."""
    headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
    if endpoint.api_key:
        headers["Authorization"] = f"Bearer {endpoint.api_key}"
    return headers


def body_of(endpoint: Endpoint, dialect: Dialect, request: Request) -> bytes:
    """The JSON of one streamed request, UTF-8."""
    return request_body(
        endpoint, dialect, prompt=request.prompt, output_tokens=request.output_tokens, cache_salt=request.cache_salt
    )
