"""What both transports share: limits, what is sent, and the kinds of trouble that show before an answer is read."""

from __future__ import annotations

import asyncio
import email.utils
import time
import urllib.request
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import urlsplit

from probes.endpoint import is_loopback
from probes.trace import FailureKind, RawAnswer

HTTP_OK = 200
HTTP_TOO_MANY_REQUESTS = 429
HTTP_CLIENT_ERROR = 400
HTTP_SERVER_ERROR = 500
DETAIL_CHARACTERS = 300
CONNECT_S = 30.0
"""Longest wait for a connection [s]."""
IDLE_S = 2.0
"""An idle connection older than this is not used again: servers close them after some seconds, at the moment of sending if need be [s]."""

TransportKind = Literal["plain", "tls", "proxy"]
"""`plain`: HTTP/1.1 straight to the server; `tls`: https; `proxy`: through a proxy of the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long one request may take.

    Attributes:
        total_s: from sending to the answer's end [s].
        stall_s: between two reads, once the answer has begun [s].
    """

    total_s: float = 600.0
    stall_s: float = 60.0

    def words(self, *, begun: bool) -> str:
        """What is said of a request that took too long.

        >>> Timeouts().words(begun=True)
        'stalled; limits are 600 s in all and 60 s between reads'
        """
        waited = "stalled" if begun else "no answer"
        return f"{waited}; limits are {self.total_s:g} s in all and {self.stall_s:g} s between reads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One request, ready to be sent.

    Attributes:
        body: its JSON.
        input_tokens: tokens in the prompt.
        output_tokens: tokens that are asked for.
        planned_hit_tokens: prompt tokens that a prefix cache may rightly answer.
    """

    body: bytes
    input_tokens: int = 0
    output_tokens: int = 0
    planned_hit_tokens: int = 0


class Transport(Protocol):
    """Sends requests to one URL and notes when their answers come."""

    kind: TransportKind

    def send(
        self, outgoing: Outgoing, *, scheduled_ns: int | None = None, stream: int = 0, number: int = 0
    ) -> asyncio.Future[RawAnswer]:
        """Sends one request at once; failures come back as data, never raised."""

    def cut(self) -> None:
        """Ends everything that is in flight; it comes back as `cancelled`."""

    async def close(self) -> None:
        """Closes all connections."""


class Exchange:
    """One request and its answer while it grows, so that what had come before a failure is kept."""

    __slots__ = (
        "detail", "done", "failure", "number", "outgoing", "parts", "retry_after_s", "scheduled_ns", "sent_ns", "status",
        "stream", "times",
    )  # fmt: skip

    def __init__(
        self, outgoing: Outgoing, done: asyncio.Future[RawAnswer], scheduled_ns: int | None, stream: int, number: int
    ) -> None:
        self.sent_ns = time.perf_counter_ns()
        self.scheduled_ns = self.sent_ns if scheduled_ns is None else scheduled_ns
        self.outgoing, self.done, self.stream, self.number = outgoing, done, stream, number
        # Two lists instead of one of pairs: the garbage collector does not follow numbers and bytes.
        self.times: list[int] = []
        self.parts: list[bytes] = []
        self.status: int | None = None
        self.failure: FailureKind | None = None
        self.detail = ""
        self.retry_after_s: float | None = None

    def end(self, failure: FailureKind | None = None, detail: str = "") -> None:
        """The answer is complete or has failed; only the first end counts."""
        if self.done.done():
            return
        self.done.set_result(
            RawAnswer(
                scheduled_ns=self.scheduled_ns,
                sent_ns=self.sent_ns,
                ended_ns=time.perf_counter_ns(),
                reads=tuple(zip(self.times, self.parts, strict=True)),
                status=self.status,
                failure=failure,
                detail=detail[:DETAIL_CHARACTERS],
                input_tokens=self.outgoing.input_tokens,
                stream=self.stream,
                number=self.number,
                planned_hit_tokens=self.outgoing.planned_hit_tokens,
                retry_after_s=self.retry_after_s,
            )
        )

    @property
    def broken(self) -> FailureKind:
        """What a lost connection is called at this moment."""
        return "connection_failed" if self.status is None else "dropped_mid_stream"


def transport_kind(url: str) -> TransportKind:
    """Which way a URL is reached.

    Args:
        url: where requests go. One that carries a user's name is left to the general client, as are https and proxies.

    >>> transport_kind("http://127.0.0.1:8000/v1/completions"), transport_kind("https://api.example.com/v1/completions")
    ('plain', 'tls')
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not is_loopback(url):
        proxies = urllib.request.getproxies()
        proxied = parts.scheme in proxies or "all" in proxies
        if proxied and not urllib.request.proxy_bypass(host):
            return "proxy"
    return "plain" if parts.scheme == "http" and parts.username is None else "tls"


def kind_of_status(status: int) -> FailureKind:
    """The failure that an HTTP status other than 200 stands for.

    >>> [kind_of_status(status) for status in (302, 404, 429, 503)]
    ['not_event_stream', 'http_4xx', 'http_429', 'http_5xx']
    """
    if status == HTTP_TOO_MANY_REQUESTS:
        return "http_429"
    if status < HTTP_CLIENT_ERROR:
        return "not_event_stream"
    return "http_5xx" if status >= HTTP_SERVER_ERROR else "http_4xx"


def is_event_stream(content_type: str, first: bytes) -> bool:
    """Whether an answer is a stream of events, by its header or its first bytes.

    >>> is_event_stream("text/event-stream; charset=utf-8", b""), is_event_stream("text/html", b"<html>")
    (True, False)
    """
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "text/event-stream" or first.lstrip().startswith((b"data:", b"event:", b":"))


def parse_retry_after(value: str | None) -> float | None:
    """Seconds that a `Retry-After` header asks for; RFC 9110, section 10.2.3, allows seconds and a date.

    Args:
        value: the header, None if there is none.

    Returns:
        None where there is no header or it says nothing; never negative.

    >>> parse_retry_after("2"), parse_retry_after("soon"), parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT")
    (2.0, None, 0.0)
    """
    text = (value or "").strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        at = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, at.timestamp() - time.time())
