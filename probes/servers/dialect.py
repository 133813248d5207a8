"""The form of request that a server accepts, and where and with which headers it is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from probes.errors import ProbeError

if TYPE_CHECKING:
    from probes.endpoint import Endpoint
    from probes.workload.request import Request

Route = Literal["completions", "chat", "messages"]
"""`completions` and `chat` are OpenAI's, `messages` is Anthropic's."""

OPENAI_FIELDS = ("temperature", "stream_options")
"""Optional fields of the public API."""

EXTENDED_FIELDS = ("min_tokens", "ignore_eos", "return_token_ids", "cache_salt")
"""Optional fields that vLLM and SGLang understand beyond it: fixed length, ids of the answer, a prompt cache of one's own."""

ANTHROPIC_VERSION = "2023-06-01"
"""The only version of Anthropic's API: https://platform.claude.com/docs/en/api/versioning."""

_ROUTES: dict[Route, str] = {"completions": "/completions", "chat": "/chat/completions", "messages": "/messages"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """The form of request that a server accepts.

    Attributes:
        route: what is asked for.
        fields: `extended` sends what vLLM understands (fixed length, token ids, cache salt), `openai` the public API's
            fields, `bare` only the model, the prompt, the length and `stream`.
        leave_out: optional fields that the server refuses, of those that `fields` would send.
        length_field: what the greatest length is called; OpenAI's newer models refuse `max_tokens`.
        continuous_usage: whether usage is asked for in every chunk, so that tokens per chunk are known without ids.
        api: path between the base URL and the route; `{model}` stands for the served model's name (Azure's deployments).
        query: query string without `?`.
        auth: the header that carries the key.

    >>> Dialect("chat", "openai", ("temperature",)).optional_fields
    ('stream_options',)
    """

    route: Route = "completions"
    fields: Literal["extended", "openai", "bare"] = "extended"
    leave_out: tuple[str, ...] = ()
    length_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    continuous_usage: bool = False
    api: str = "/v1"
    query: str = ""
    auth: Literal["bearer", "x-api-key", "api-key"] = "bearer"

    def __post_init__(self) -> None:
        """A dialect that came through JSON has a list where a tuple was."""
        object.__setattr__(self, "leave_out", tuple(self.leave_out))

    @property
    def path(self) -> str:
        """Path under the base URL."""
        return self.api + _ROUTES[self.route]

    @property
    def optional_fields(self) -> tuple[str, ...]:
        """Optional fields that are sent."""
        public = () if self.fields == "bare" else OPENAI_FIELDS if self.route != "messages" else ("temperature",)
        more = EXTENDED_FIELDS if self.fields == "extended" and self.route != "messages" else ()
        return tuple(name for name in (*public, *more) if name not in self.leave_out)

    @property
    def fixes_length(self) -> bool:
        """Whether it asks for answers of an exact length rather than an upper bound."""
        return "ignore_eos" in self.optional_fields or "min_tokens" in self.optional_fields


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

    Raises:
        ProbeError: `bad_arguments`, token ids for a route that takes text only.
    """
    body: dict[str, Any] = {"model": endpoint.served_model_name, dialect.length_field: output_tokens, "stream": True}
    if dialect.route == "completions":
        body["prompt"] = prompt
    elif isinstance(prompt, str):
        body["messages"] = [{"role": "user", "content": prompt}]
    else:
        raise ProbeError("bad_arguments", f"{dialect.path} takes text, not token ids; probe it with text prompts.")
    values: dict[str, Any] = {
        "temperature": 0,
        "stream_options": {"include_usage": True},
        "min_tokens": output_tokens,
        "ignore_eos": True,
        "return_token_ids": True,
        "cache_salt": cache_salt,
    }
    if dialect.continuous_usage:
        values["stream_options"] = {"include_usage": True, "continuous_usage_stats": True}
    body |= {name: values[name] for name in dialect.optional_fields}
    return json.dumps(body, separators=(",", ":")).encode()


def url_of(endpoint: Endpoint, dialect: Dialect) -> str:
    """Where requests are posted.

    >>> from probes.endpoint import Endpoint
    >>> azure = Endpoint(base_url="https://r.openai.azure.com", served_model_name="my gpt")
    >>> url_of(azure, Dialect("chat", api="/openai/deployments/{model}", query="api-version=2024-10-21"))
    'https://r.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21'
    """
    path = dialect.path.replace("{model}", quote(endpoint.served_model_name, safe=""))
    return f"{endpoint.base_url}{path}{'?' if dialect.query else ''}{dialect.query}"


def headers_of(endpoint: Endpoint, dialect: Dialect) -> dict[str, str]:
    """Headers of every request, the key among them: never to be printed or stored."""
    headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
    if dialect.route == "messages":
        headers["anthropic-version"] = ANTHROPIC_VERSION
    if endpoint.api_key:
        key = f"Bearer {endpoint.api_key}" if dialect.auth == "bearer" else endpoint.api_key
        headers["Authorization" if dialect.auth == "bearer" else dialect.auth] = key
    return headers


def body_of(endpoint: Endpoint, dialect: Dialect, request: Request) -> bytes:
    """The JSON of one streamed request, UTF-8."""
    return request_body(
        endpoint, dialect, prompt=request.prompt, output_tokens=request.output_tokens, cache_salt=request.cache_salt
    )
