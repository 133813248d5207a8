"""Kept for the modules that still import it: one trial request finds the form that a server takes; see `probes.servers`."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from probes.client import Timeouts, send
from probes.prompts import Place, fresh_prompt
from probes.servers.answers import read_answer
from probes.servers.dialect import Dialect, request_body, url_of
from probes.servers.models_page import check_endpoint
from probes.servers.refusals import NO_SUCH_ROUTE, NOT_THESE_FIELDS, refusal

if TYPE_CHECKING:
    import aiohttp

    from probes.endpoint import Endpoint
    from probes.run import WorkloadShape
    from probes.trace import RequestTrace

__all__ = ["TRIAL", "check_endpoint", "refusal", "settle_dialect"]

TRIAL = 2**31
"""Cell number of trial requests in `Place`; no sweep has so many cells."""

_LADDER = (
    Dialect("completions", "extended"),
    Dialect("completions", "openai"),
    Dialect("completions", "bare"),
    Dialect("chat", "extended"),
    Dialect("chat", "openai"),
    Dialect("chat", "bare"),
)


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
        if trace.status in NO_SUCH_ROUTE:
            missing_route = dialect.route
        elif trace.status not in NOT_THESE_FIELDS:
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
    url = url_of(endpoint, dialect)
    return read_answer(await send(session, url, body, input_tokens=shape.input_tokens, timeouts=timeouts), dialect)
