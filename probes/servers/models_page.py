"""Before anything is measured: does the endpoint answer, and does it serve the model?"""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.servers.pages import Page, get_page, open_pages
from probes.servers.profile import UNKNOWN, Profile
from probes.servers.refusals import NO_SUCH_ROUTE, NOT_ALLOWED, model_not_served, unreachable, waiting_words

_HTTP_CLIENT_ERROR = 400
_TOO_MANY_REQUESTS = 429


async def check_endpoint(
    endpoint: Endpoint, *, timeout_s: float = 5.0, profile: Profile | None = None
) -> tuple[str, ...]:
    """Asks for the list of models before anything is measured.

    Args:
        endpoint: the server.
        timeout_s: how long the server may take to answer [s].
        profile: says where the list is and which header carries the key; OpenAI's form if None.

    Returns:
        The names of the models that it serves; empty where the server has no list.

    Raises:
        ProbeError: `endpoint_unreachable` (nothing listens, no such host, a certificate that is not trusted, no answer in time),
            `endpoint_refused` (401, 403, 429, 5xx), `endpoint_not_openai` (a web page, a redirect, other JSON), `model_not_found`
            (with the names served), `bad_arguments` (not an http address).
    """
    known = profile or UNKNOWN
    if known.models_path is None:
        return ()
    url = f"{endpoint.base_url}{known.models_path}"
    try:
        async with open_pages(endpoint, known.dialects[0]) as session:
            page = await get_page(session, url, timeout_s=timeout_s)
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        raise _no_address(endpoint) from None
    except TimeoutError:
        raise ProbeError(
            "endpoint_unreachable",
            f"{url} gave no answer within {timeout_s:g} s. Is the server still starting, or stuck?",
        ) from None
    except (aiohttp.ClientError, OSError) as error:
        raise unreachable(url, error) from None
    except ValueError:
        raise _no_address(endpoint) from None
    return _check_models(endpoint, url, page)


def _no_address(endpoint: Endpoint) -> ProbeError:
    return ProbeError(
        "bad_arguments", f"{endpoint.base_url!r} is not an address; give one such as http://127.0.0.1:8000."
    )


def _check_models(endpoint: Endpoint, url: str, page: Page) -> tuple[str, ...]:
    is_web_page = page.text.lstrip().startswith("<")
    if page.status in NOT_ALLOWED:
        raise ProbeError(
            "endpoint_refused",
            f"{url} says {page.status}: the API key is missing or wrong. Set the variable that --api-key-env names.",
        )
    if page.status in NO_SUCH_ROUTE and not is_web_page:
        return ()
    if page.status >= _HTTP_CLIENT_ERROR and not is_web_page:
        remedy = "Look at the server's log."
        if page.status == _TOO_MANY_REQUESTS:
            remedy = "The server limits requests: try later." + waiting_words(_seconds(page.headers.get("retry-after")))
        raise ProbeError("endpoint_refused", f"{url} says {page.status}: {page.text[:200]}. {remedy}")
    names = served_names(page.text)
    if not page.good or names is None:
        what = f"this: {page.text[:80]!r}" if page.good else f"HTTP {page.status}"
        raise ProbeError(
            "endpoint_not_openai",
            f"{url} answers with {what}, which is not a list of models. Name an OpenAI-compatible API, without /v1.",
        )
    if endpoint.served_model_name not in names:
        raise model_not_served(endpoint, names)
    return names


def served_names(text: str) -> tuple[str, ...] | None:
    """Names in a list of models; None where it is none.

    Args:
        text: the page.

    >>> served_names('{"data": [{"id": "a"}, {"id": "b"}]}'), served_names("<html>")
    (('a', 'b'), None)
    """
    try:
        rows: Any = json.loads(text)["data"]
        return tuple(str(row["id"]) for row in rows)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _seconds(value: str | None) -> float | None:
    """`Retry-After` in seconds; a date is left to the server's own words."""
    return float(value) if value is not None and value.strip().isdigit() else None
