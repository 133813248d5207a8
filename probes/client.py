"""One streamed request: bytes out, bytes in, and the time of every network read.

This is the only module that sends work to a model. It reads no JSON: parsing costs time that would be counted as the server's,
so `probes.sse` does it after the load point is over. Failures are data, never exceptions.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp

from probes.trace import FailureKind, RawAnswer

if TYPE_CHECKING:
    from probes.endpoint import Endpoint

HTTP_OK = 200
HTTP_TOO_MANY_REQUESTS = 429
HTTP_CLIENT_ERROR = 400
HTTP_SERVER_ERROR = 500
_DETAIL_CHARACTERS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long one request may take.

    Attributes:
        total_s: from sending to the answer's end [s].
        stall_s: between two reads, once the answer has begun [s].
    """

    total_s: float = 600.0
    stall_s: float = 60.0


def is_loopback(url: str) -> bool:
    """Whether a URL points at this machine.

    >>> is_loopback("http://127.0.0.1:8000"), is_loopback("http://[::1]:8000"), is_loopback("https://api.example.com")
    (True, True, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def open_session(endpoint: Endpoint) -> aiohttp.ClientSession:
    """Opens the one HTTP session of a probe; use it as `async with`.

    No limit on connections (aiohttp's default of 100 would queue requests inside the client), no compression (it holds chunks
    back), proxies from the environment except for this machine itself.

    Args:
        endpoint: the server; its key becomes the bearer token.
    """
    headers = {"Accept-Encoding": "identity"}
    if endpoint.api_key:
        headers["Authorization"] = f"Bearer {endpoint.api_key}"
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=2.0),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=30.0),
        headers=headers,
        trust_env=not is_loopback(endpoint.base_url),
    )


async def send(
    session: aiohttp.ClientSession,
    url: str,
    body: bytes,
    *,
    scheduled_ns: int | None = None,
    input_tokens: int = 0,
    timeouts: Timeouts | None = None,
) -> RawAnswer:
    """Sends one request and notes when each piece of its answer arrives.

    Args:
        session: from `open_session`.
        url: where to POST.
        body: from `request_body`.
        scheduled_ns: when it should have been sent; now, if None.
        input_tokens: tokens in the prompt, carried into the answer.
        timeouts: limits; the defaults of `Timeouts` if None.

    Returns:
        The answer, or what went wrong. Only cancellation raises.
    """
    limits = timeouts or Timeouts()
    answer = _Answer()
    sent_ns = time.perf_counter_ns()
    try:
        await _post(session, url, body, limits, answer)
    except TimeoutError:
        waited = "stalled" if answer.reads else "no answer"
        answer.fail(
            "timeout", f"{waited}; limits are {limits.total_s:g} s in all and {limits.stall_s:g} s between reads"
        )
    except aiohttp.ClientConnectorError as error:
        refused = error.os_error.errno == errno.ECONNREFUSED
        answer.fail("connection_refused" if refused else "connection_failed", str(error))
    except (aiohttp.ClientError, OSError) as error:
        answer.fail("dropped_mid_stream" if answer.reads else "connection_failed", str(error) or type(error).__name__)
    return RawAnswer(
        scheduled_ns=sent_ns if scheduled_ns is None else scheduled_ns,
        sent_ns=sent_ns,
        ended_ns=time.perf_counter_ns(),
        reads=tuple(answer.reads),
        status=answer.status,
        failure=answer.failure,
        detail=answer.detail,
        input_tokens=input_tokens,
    )


class _Answer:
    """The answer while it grows, so that what had come before a failure is kept."""

    __slots__ = ("detail", "failure", "reads", "status")

    def __init__(self) -> None:
        self.reads: list[tuple[int, bytes]] = []
        self.status: int | None = None
        self.failure: FailureKind | None = None
        self.detail = ""

    def fail(self, kind: FailureKind, detail: str) -> None:
        self.failure = kind
        self.detail = detail[:_DETAIL_CHARACTERS]


async def _post(session: aiohttp.ClientSession, url: str, body: bytes, limits: Timeouts, answer: _Answer) -> None:
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + limits.total_s
    headers = {"Content-Type": "application/json"}
    async with (
        asyncio.timeout_at(deadline_s) as limit,
        session.post(url, data=body, headers=headers, allow_redirects=False) as response,
    ):
        answer.status = response.status
        if response.status != HTTP_OK:
            text = (await response.content.read(4 * _DETAIL_CHARACTERS)).decode(errors="replace")
            answer.fail(_kind_of_status(response.status), f"HTTP {response.status}: {text}")
            return
        async for data in response.content.iter_any():
            answer.reads.append((time.perf_counter_ns(), data))
            if len(answer.reads) == 1 and not _is_event_stream(response.content_type, data):
                answer.fail("not_event_stream", f"{response.content_type}: {data[:200].decode(errors='replace')}")
                return
            limit.reschedule(min(loop.time() + limits.stall_s, deadline_s))


def _kind_of_status(status: int) -> FailureKind:
    if status == HTTP_TOO_MANY_REQUESTS:
        return "http_429"
    if status < HTTP_CLIENT_ERROR:
        return "not_event_stream"
    return "http_5xx" if status >= HTTP_SERVER_ERROR else "http_4xx"


def _is_event_stream(content_type: str, first: bytes) -> bool:
    return content_type == "text/event-stream" or first.lstrip().startswith((b"data:", b"event:", b":"))
