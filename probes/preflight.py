"""Before anything is measured: does the endpoint answer, does it serve the model, and which form of request does it take?"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import aiohttp

from probes.client import Timeouts, open_session, send
from probes.errors import ProbeError, ProblemKind
from probes.prompts import Place, fresh_prompt
from probes.servers.dialect import Dialect, request_body
from probes.sse import read_answer

if TYPE_CHECKING:
    from probes.endpoint import Endpoint
    from probes.run import WorkloadShape
    from probes.trace import FailureKind, RequestTrace

TRIAL = 2**31
"""Cell number of trial requests in `Place`; no sweep has so many cells."""

_HTTP_OK = 200
_NO_SUCH_ROUTE = (404, 405)
_NOT_THESE_FIELDS = (400, 422)
_NOT_ALLOWED = (401, 403)
_NAMES_SHOWN = 10
_LADDER = (
    Dialect("completions", "extended"),
    Dialect("completions", "openai"),
    Dialect("completions", "bare"),
    Dialect("chat", "extended"),
    Dialect("chat", "openai"),
    Dialect("chat", "bare"),
)
_KIND: dict[FailureKind, ProblemKind] = {
    "http_429": "endpoint_refused",
    "http_4xx": "bad_arguments",
    "http_5xx": "endpoint_refused",
    "connection_refused": "endpoint_unreachable",
    "connection_failed": "endpoint_unreachable",
    "timeout": "endpoint_unreachable",
    "dropped_mid_stream": "endpoint_refused",
    "malformed_sse": "endpoint_not_openai",
    "error_in_stream": "endpoint_refused",
    "not_event_stream": "endpoint_not_openai",
    "no_tokens": "endpoint_not_openai",
    "cancelled": "interrupted",
}
_REMEDY: dict[FailureKind, str] = {
    "http_429": "The server limits requests: lower --concurrency, or raise the limit.",
    "http_4xx": "The server rejects such requests: check --input-tokens and --output-tokens against the model's context length.",
    "http_5xx": "The server is failing: look at its log.",
    "connection_refused": "Nothing listens there: start the server, or correct host and port.",
    "connection_failed": "Check host, port, http or https, and the network between.",
    "timeout": "The server does not answer in time: look at its log, or send shorter requests.",
    "dropped_mid_stream": "The server stopped in the middle of an answer: look at its log for a crash or lack of memory.",
    "malformed_sse": "The answer is not a stream of OpenAI chunks: name an OpenAI-compatible endpoint.",
    "error_in_stream": "The server began to answer and then reported an error: look at its log.",
    "not_event_stream": "The answer is not an event stream: name the API's address, not a web page's.",
    "no_tokens": "The answers hold no tokens: check the model's name, and that it generates text.",
    "cancelled": "Start the probe again.",
}


async def check_endpoint(endpoint: Endpoint, *, timeout_s: float = 5.0) -> tuple[str, ...]:
    """Asks `GET /v1/models` before anything is measured.

    Args:
        endpoint: the server.
        timeout_s: how long the server may take to answer [s].

    Returns:
        The names of the models that it serves; empty where the server has no `/v1/models`.

    Raises:
        ProbeError: `endpoint_unreachable` (nothing listens, no such host, no answer in time), `endpoint_refused` (401, 403,
            429, 5xx), `endpoint_not_openai` (a web page, a redirect, other JSON), `model_not_found` (with the names served),
            `bad_arguments` (not an http address).
    """
    url = f"{endpoint.base_url}/v1/models"
    try:
        async with open_session(endpoint) as session:
            limit = aiohttp.ClientTimeout(total=timeout_s)
            async with session.get(url, timeout=limit, allow_redirects=False) as response:
                status, text = response.status, (await response.content.read(1_000_000)).decode(errors="replace")
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError):
        raise ProbeError(
            "bad_arguments", f"{endpoint.base_url!r} is not an address; give one such as http://127.0.0.1:8000."
        ) from None
    except TimeoutError:
        raise ProbeError(
            "endpoint_unreachable",
            f"{url} gave no answer within {timeout_s:g} s. Is the server still starting, or stuck?",
        ) from None
    except (aiohttp.ClientError, OSError) as error:
        raise ProbeError(
            "endpoint_unreachable",
            f"{url} cannot be reached ({error}). Start the server, or correct scheme, host and port.",
        ) from None
    return _check_models(endpoint, url, status, text)


def _check_models(endpoint: Endpoint, url: str, status: int, text: str) -> tuple[str, ...]:
    if status in _NOT_ALLOWED:
        raise ProbeError(
            "endpoint_refused",
            f"{url} says {status}: the API key is missing or wrong. Set the variable that --api-key-env names.",
        )
    names = _served_names(text)
    if status in _NO_SUCH_ROUTE and not text.lstrip().startswith("<"):
        return ()
    if status != _HTTP_OK and (status >= 400 and not text.lstrip().startswith("<")):  # noqa: PLR2004
        raise ProbeError("endpoint_refused", f"{url} says {status}: {text[:200]}. Look at the server's log.")
    if status != _HTTP_OK or names is None:
        what = f"HTTP {status}" if status != _HTTP_OK else f"this: {text[:80]!r}"
        raise ProbeError(
            "endpoint_not_openai",
            f"{url} answers with {what}, which is not a list of models. Name an OpenAI-compatible API, without /v1.",
        )
    if endpoint.served_model_name not in names:
        raise ProbeError(
            "model_not_found", f"{endpoint.base_url} does not serve {endpoint.served_model_name!r}; {_served(names)}"
        )
    return names


def _served_names(text: str) -> tuple[str, ...] | None:
    try:
        rows: Any = json.loads(text)["data"]
        return tuple(str(row["id"]) for row in rows)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _served(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"it serves {', '.join(names[:_NAMES_SHOWN])}{more}. Set --served-model to one of them."


async def settle_dialect(
    session: aiohttp.ClientSession, endpoint: Endpoint, *, shape: WorkloadShape, place: Place, timeouts: Timeouts
) -> Dialect:
    """Finds the richest form of request that the server accepts, by one trial request each, and warms the server up.

    A 400 or 422 drops vendor fields, then all optional ones; a 404 or 405 on `/v1/completions` moves on to
    `/v1/chat/completions`, which takes text only.

    Args:
        session: an open session.
        endpoint: the server.
        shape: lengths of the trial request, the same as those that will be measured.
        place: where the trial prompts stand; each trial counts `request` up.
        timeouts: limits of each trial.

    Raises:
        ProbeError: no form gives a good answer; the message has the server's own words and the remedy.
    """
    trace, missing_route = None, ""
    for number, dialect in enumerate(_LADDER):
        if dialect.route == missing_route or (dialect.route == "chat" and endpoint.prompt != "text"):
            continue
        trial = place._replace(request=place.request + number)
        trace = await _try(session, endpoint, dialect, shape=shape, place=trial, timeouts=timeouts)
        if trace.failure is None:
            return dialect
        if trace.status in _NO_SUCH_ROUTE:
            missing_route = dialect.route
        elif trace.status not in _NOT_THESE_FIELDS:
            break
    raise refusal(endpoint, trace)


async def _try(
    session: aiohttp.ClientSession,
    endpoint: Endpoint,
    dialect: Dialect,
    *,
    shape: WorkloadShape,
    place: Place,
    timeouts: Timeouts,
) -> RequestTrace:
    prompt = fresh_prompt(endpoint, seed=shape.seed or 0, place=place, length=shape.input_tokens)
    salt = secrets.token_hex(16)
    body = request_body(endpoint, dialect, prompt=prompt, output_tokens=shape.output_tokens, cache_salt=salt)
    url = f"{endpoint.base_url}{dialect.path}"
    return read_answer(await send(session, url, body, input_tokens=shape.input_tokens, timeouts=timeouts))


def refusal(endpoint: Endpoint, trace: RequestTrace | None) -> ProbeError:
    """Why no request succeeds, as an error with a remedy.

    Args:
        endpoint: the server.
        trace: one of the failed requests.
    """
    if trace is None or trace.failure is None:
        return ProbeError("endpoint_not_openai", f"{endpoint.base_url} answered no request.")
    kind, remedy = _KIND[trace.failure], _REMEDY[trace.failure]
    if trace.status in _NOT_ALLOWED:
        kind = "endpoint_refused"
        remedy = "The API key is missing, wrong or lacks the right: set the variable that --api-key-env names."
    elif trace.status in _NO_SUCH_ROUTE:
        kind = "endpoint_not_openai"
        remedy = (
            "Neither /v1/completions nor /v1/chat/completions is there: name an OpenAI-compatible API, without /v1."
        )
    return ProbeError(kind, f"{endpoint.base_url}: {trace.failure} ({trace.detail}). {remedy}")
