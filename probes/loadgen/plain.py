"""Plain HTTP/1.1 as fast as Python goes: raw sockets, one parser a connection, a time for every network read of a body.

Nothing of a body is looked at except its first bytes: reading JSON costs time that would be counted as the server's. So far as HTTP itself has to be
parsed to find where an answer ends, `httptools` (the parser of Node.js) does it.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from typing import cast
from urllib.parse import urlsplit

import httptools

from probes.errors import ProbeError
from probes.loadgen.transport import (
    CONNECT_S,
    DETAIL_CHARACTERS,
    HTTP_OK,
    IDLE_S,
    Exchange,
    Outgoing,
    Timeouts,
    TransportKind,
    is_event_stream,
    kind_of_status,
    parse_retry_after,
)
from probes.trace import NS_PER_S, FailureKind, RawAnswer

_FIRST_FINAL_STATUS = 200
_ERROR_BYTES = 4 * DETAIL_CHARACTERS
_WATCH_S = (0.01, 0.25)
"""Shortest and longest time between two looks at what takes too long [s]; a tenth of the shorter limit between them."""
KEEPALIVE_S = (15, 5, 6)
"""A silent peer is asked for a sign of life after the first, then every second number of seconds, and given up after so many asked in vain: 45 s, less
than the limit between two reads, so that a machine that is gone and a server that hangs can be told apart."""


class PlainTransport:
    """Requests to one http URL over connections that are kept and used again."""

    kind: TransportKind = "plain"

    def __init__(self, url: str, headers: dict[str, str], timeouts: Timeouts | None = None) -> None:
        """Prepares; nothing is connected before the first request.

        Args:
            url: where to POST.
            headers: of every request, the key among them.
            timeouts: limits; the defaults of `Timeouts` if None.

        Raises:
            ProbeError: a header has a line break in it.
        """
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._head = _head(parts.netloc, parts.path + (f"?{parts.query}" if parts.query else ""), headers)
        self._limits = timeouts or Timeouts()
        self._loop = asyncio.get_running_loop()
        self._live: set[_PlainExchange] = set()
        self._idle: list[tuple[float, _Connection]] = []
        self._open: set[_Connection] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._addresses: list[tuple[str, int]] = []
        self._watching: asyncio.TimerHandle | None = None
        shortest_s = min(self._limits.total_s, self._limits.stall_s)
        self._watch_s = min(max(shortest_s / 10, _WATCH_S[0]), _WATCH_S[1])

    def send(
        self, outgoing: Outgoing, *, scheduled_ns: int | None = None, stream: int = 0, number: int = 0
    ) -> asyncio.Future[RawAnswer]:
        """Sends one request at once.

        Args:
            outgoing: what to send.
            scheduled_ns: when it should have been sent; now, if None.
            stream: carried into the answer.
            number: likewise.

        Returns:
            The answer to be, or what went wrong; it never raises.
        """
        exchange = _PlainExchange(outgoing, self._loop.create_future(), scheduled_ns, stream, number)
        self._live.add(exchange)
        if self._watching is None:
            self._watching = self._loop.call_later(self._watch_s, self._watch)
        connection = self._kept_connection()
        if connection is None:
            self._connect_for(exchange)
        else:
            exchange.reused = True
            connection.start(exchange)
        return exchange.done

    def cut(self) -> None:
        """Ends everything that is in flight; it comes back as `cancelled`."""
        for exchange in list(self._live):
            self.end(exchange, "cancelled", "cut off: the load point was over")

    async def close(self) -> None:
        """Cuts off what is in flight and closes all connections."""
        self.cut()
        if self._watching is not None:
            self._watching.cancel()
        for task in self._connecting:
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        for connection in list(self._open):
            connection.abort()
        await asyncio.sleep(0)

    def end(self, exchange: _PlainExchange, failure: FailureKind | None = None, detail: str = "") -> None:
        """An exchange is over; a failed one takes its connection with it."""
        self._live.discard(exchange)
        connection, exchange.connection = exchange.connection, None
        if connection is not None:
            connection.exchange = None
            if failure is not None:
                connection.abort()
        exchange.end(failure, detail)

    def opened(self, connection: _Connection) -> None:
        """A connection stands."""
        self._open.add(connection)

    def free(self, connection: _Connection) -> None:
        """A connection may be used again."""
        self._idle.append((self._loop.time(), connection))

    def lost(self, connection: _Connection, exchange: _PlainExchange | None, error: Exception | None) -> None:
        """A connection is gone, with an answer unfinished if there is an exchange."""
        self._open.discard(connection)
        if exchange is None:
            return
        exchange.connection = None
        if exchange.reused and exchange.status is None:
            # The server closed an idle connection at the very moment of sending. It answered nothing: ask on a fresh one, in the same time.
            exchange.reused = False
            self._connect_for(exchange)
            return
        self.end(exchange, exchange.broken, str(error) if error else "the server closed the connection")

    def _kept_connection(self) -> _Connection | None:
        while self._idle:
            since_s, connection = self._idle.pop()
            if connection.usable and self._loop.time() - since_s < IDLE_S:
                return connection
            connection.abort()
        return None

    def _connect_for(self, exchange: _PlainExchange) -> None:
        task = self._loop.create_task(self._connect(exchange))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, exchange: _PlainExchange) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                connection = await self._new_connection()
        except TimeoutError:
            self.end(exchange, "timeout", f"no answer; not connected within {CONNECT_S:g} s")
        except ConnectionRefusedError as error:
            self.end(exchange, "connection_refused", f"{self._host}:{self._port}: {error}")
        except OSError as error:
            self.end(exchange, "connection_failed", f"{self._host}:{self._port}: {error}")
        except Exception as error:  # noqa: BLE001 -- nobody awaits this task; an exchange without an end would hang its stream
            self.end(exchange, "connection_failed", f"{self._host}:{self._port}: {type(error).__name__}: {error}")
        else:
            if exchange.done.done():
                self.free(connection)
            else:
                connection.start(exchange)

    async def _new_connection(self) -> _Connection:
        if not self._addresses:
            found = await self._loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            self._addresses = list(dict.fromkeys((str(entry[4][0]), int(entry[4][1])) for entry in found))
        error: OSError | None = None
        for host, port in self._addresses:
            try:
                _, connection = await self._loop.create_connection(lambda: _Connection(self, self._head), host, port)
            except OSError as problem:
                error = problem
            else:
                if self._addresses[0] != (host, port):
                    self._addresses.remove((host, port))
                    self._addresses.insert(0, (host, port))
                return connection
        raise error or OSError(f"no address for {self._host}")

    def _watch(self) -> None:
        now_ns = time.perf_counter_ns()
        for exchange in list(self._live):
            begun = bool(exchange.times)
            stalled = begun and now_ns - exchange.times[-1] > self._limits.stall_s * NS_PER_S
            if stalled or now_ns - exchange.sent_ns > self._limits.total_s * NS_PER_S:
                self.end(exchange, "timeout", self._limits.words(begun=begun))
        self._watching = self._loop.call_later(self._watch_s, self._watch) if self._live else None


class _PlainExchange(Exchange):
    """An exchange and the connection that it runs on."""

    __slots__ = ("connection", "reused")

    def __init__(
        self, outgoing: Outgoing, done: asyncio.Future[RawAnswer], scheduled_ns: int | None, stream: int, number: int
    ) -> None:
        super().__init__(outgoing, done, scheduled_ns, stream, number)
        self.connection: _Connection | None = None
        self.reused = False


class _Connection(asyncio.Protocol):
    """One TCP connection: at most one exchange at a time."""

    __slots__ = (
        "_content_type", "_head", "_now_ns", "_parser", "_pool", "_sized", "_socket", "_status", "_words", "exchange",
    )  # fmt: skip

    def __init__(self, pool: PlainTransport, head: bytes) -> None:
        self._pool, self._head = pool, head
        self._parser = httptools.HttpResponseParser(self)
        self._socket: asyncio.Transport | None = None
        self._now_ns = 0
        self._reset()
        self.exchange: _PlainExchange | None = None

    @property
    def usable(self) -> bool:
        return self._socket is not None and not self._socket.is_closing()

    def start(self, exchange: _PlainExchange) -> None:
        """Sends a request in one write."""
        self._reset()
        self.exchange, exchange.connection = exchange, self
        body = exchange.outgoing.body
        if self._socket is not None:
            self._socket.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))

    def abort(self) -> None:
        if self._socket is not None:
            self._socket.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio's classes.
        self._socket = cast("asyncio.Transport", transport)
        _tune(self._socket)
        self._pool.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        exchange, self.exchange = self.exchange, None
        self._pool.lost(self, exchange, error)

    def eof_received(self) -> bool:
        # Without a length the end of the connection is the end of the answer; else it is a loss.
        exchange = self.exchange
        if exchange is not None and self._status and not self._sized:
            self._finish(exchange, keep=False)
        return False

    def data_received(self, data: bytes) -> None:
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
        match name.lower():
            case b"content-type":
                self._content_type = value.decode("latin-1")
            case b"content-length" | b"transfer-encoding":
                self._sized = True
            case b"retry-after":
                if self.exchange is not None:
                    self.exchange.retry_after_s = parse_retry_after(value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self.exchange is not None and self._status >= _FIRST_FINAL_STATUS:
            self.exchange.status = self._status

    def on_body(self, body: bytes) -> None:
        exchange = self.exchange
        if exchange is None:
            return
        if not exchange.times and not self._well_begun(exchange, body):
            return
        exchange.times.append(self._now_ns)
        exchange.parts.append(body)

    def on_message_complete(self) -> None:
        exchange = self.exchange
        if exchange is None:
            return
        if self._status < _FIRST_FINAL_STATUS:
            self._reset()
            return
        self._finish(exchange, keep=self._parser.should_keep_alive())

    def _well_begun(self, exchange: _PlainExchange, body: bytes) -> bool:
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

    def _finish(self, exchange: _PlainExchange, *, keep: bool) -> None:
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


def _head(netloc: str, target: str, headers: dict[str, str]) -> bytes:
    lines = [
        f"POST {target or '/'} HTTP/1.1",
        f"Host: {netloc}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    if any("\r" in line or "\n" in line for line in lines):
        raise ProbeError(
            "bad_arguments", "A line break in the address or in a header, most likely in the key. Take it out."
        )
    return "\r\n".join([*lines, "Content-Length: "]).encode("latin-1", errors="replace")


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
