"""One plain HTTP/1.1 connection: a request goes out in one write, and every network read of the answer's body gets its time.

Nothing of a body is looked at except its first bytes: reading JSON costs time that would be counted as the server's. So far as HTTP itself has to be
parsed to find where an answer ends, `httptools` (the parser of Node.js) does it.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from typing import Protocol, cast

import httptools

from probes.loadgen.transport import (
    DETAIL_CHARACTERS,
    HTTP_OK,
    Exchange,
    Outgoing,
    is_event_stream,
    kind_of_status,
    parse_retry_after,
)
from probes.trace import FailureKind, RawAnswer

_FIRST_FINAL_STATUS = 200
_ERROR_BYTES = 4 * DETAIL_CHARACTERS
KEEPALIVE_S = (15, 5, 6)
"""A silent peer is asked for a sign of life after the first, then every second number of seconds, and given up after so many asked in vain: 45 s, less
than the limit between two reads, so that a machine that is gone and a server that hangs can be told apart."""


class Pool(Protocol):
    """Whoever keeps connections."""

    def end(self, exchange: PlainExchange, failure: FailureKind | None = None, detail: str = "") -> None:
        """An exchange is over."""

    def opened(self, connection: Connection) -> None:
        """A connection stands."""

    def free(self, connection: Connection) -> None:
        """A connection may be used again."""

    def lost(self, connection: Connection, exchange: PlainExchange | None, error: Exception | None) -> None:
        """A connection is gone."""


class PlainExchange(Exchange):
    """An exchange and the connection that it runs on."""

    __slots__ = ("connection", "reused")

    def __init__(
        self, outgoing: Outgoing, done: asyncio.Future[RawAnswer], scheduled_ns: int | None, stream: int, number: int
    ) -> None:
        super().__init__(outgoing, done, scheduled_ns, stream, number)
        self.connection: Connection | None = None
        self.reused = False


class Connection(asyncio.Protocol):
    """One TCP connection: at most one exchange at a time."""

    __slots__ = (
        "_content_type", "_head", "_now_ns", "_parser", "_pool", "_sized", "_socket", "_status", "_words", "exchange",
    )  # fmt: skip

    def __init__(self, pool: Pool, head: bytes) -> None:
        self._pool, self._head = pool, head
        self._parser = httptools.HttpResponseParser(self)
        self._socket: asyncio.Transport | None = None
        self._now_ns = 0
        self._reset()
        self.exchange: PlainExchange | None = None

    @property
    def usable(self) -> bool:
        """Whether a request may be sent on it."""
        return self._socket is not None and not self._socket.is_closing()

    def start(self, exchange: PlainExchange) -> None:
        """Sends a request in one write."""
        self._reset()
        self.exchange, exchange.connection = exchange, self
        body = exchange.outgoing.body
        if self._socket is not None:
            self._socket.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))

    def abort(self) -> None:
        """Ends it at once."""
        if self._socket is not None:
            self._socket.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        # uvloop's transports are not asyncio's classes.
        self._socket = cast("asyncio.Transport", transport)
        _tune(self._socket)
        self._pool.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        """It is gone."""
        exchange, self.exchange = self.exchange, None
        self._pool.lost(self, exchange, error)

    def eof_received(self) -> bool:
        """The server will send nothing more."""
        # Without a length the end of the connection is the end of the answer; else it is a loss.
        exchange = self.exchange
        if exchange is not None and self._status and not self._sized:
            self._finish(exchange, keep=False)
        return False

    def data_received(self, data: bytes) -> None:
        """One network read; its time is that of all body bytes in it."""
        self._now_ns = time.perf_counter_ns()
        exchange = self.exchange
        if exchange is None:
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._pool.end(exchange, exchange.broken, f"not HTTP/1.1: {error}")

    # What `httptools` calls while it parses.

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        match name.lower():
            case b"content-type":
                self._content_type = value.decode("latin-1")
            case b"content-length" | b"transfer-encoding":
                self._sized = True
            case b"retry-after":
                if self.exchange is not None:
                    self.exchange.retry_after_s = parse_retry_after(value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        """The status is known."""
        self._status = self._parser.get_status_code()
        if self.exchange is not None and self._status >= _FIRST_FINAL_STATUS:
            self.exchange.status = self._status

    def on_body(self, body: bytes) -> None:
        """A piece of the body, kept as it is."""
        exchange = self.exchange
        if exchange is None:
            return
        if not exchange.times and not self._well_begun(exchange, body):
            return
        exchange.times.append(self._now_ns)
        exchange.parts.append(body)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        exchange = self.exchange
        if exchange is None:
            return
        if self._status < _FIRST_FINAL_STATUS:
            self._reset()
            return
        self._finish(exchange, keep=self._parser.should_keep_alive())

    def _well_begun(self, exchange: PlainExchange, body: bytes) -> bool:
        if self._status != HTTP_OK:
            self._words += body
            if len(self._words) >= _ERROR_BYTES:
                self._finish(exchange, keep=False)
            return False
        if is_event_stream(self._content_type, body):
            return True
        words = body[:_ERROR_BYTES].decode(errors="replace")
        self._pool.end(exchange, "not_event_stream", f"{self._content_type}: {words}")
        return False

    def _finish(self, exchange: PlainExchange, *, keep: bool) -> None:
        if self._status != HTTP_OK:
            words = self._words.decode(errors="replace")
            failure = kind_of_status(self._status)
            self._pool.end(exchange, failure, f"HTTP {self._status}: {words}")
            return
        self._pool.end(exchange)
        if keep:
            self._pool.free(self)
        else:
            self.abort()

    def _reset(self) -> None:
        self._status, self._content_type, self._sized, self._words = 0, "", False, b""


def _tune(transport: asyncio.Transport) -> None:
    """No gathering of small writes, and a peer that vanished without a word is found out."""
    raw = transport.get_extra_info("socket")
    if raw is None or raw.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        first_s, every_s, times = KEEPALIVE_S
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, first_s)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, every_s)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, times)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * (first_s + every_s * times))
