"""Plain HTTP/1.1 as fast as Python goes: connections that are kept and used again, and what takes too long."""

from __future__ import annotations

import asyncio
import socket
import time
from urllib.parse import urlsplit

from probes.errors import ProbeError
from probes.loadgen.connection import Connection, PlainExchange
from probes.loadgen.transport import CONNECT_S, IDLE_S, Outgoing, Timeouts, TransportKind
from probes.trace import NS_PER_S, FailureKind, RawAnswer

_WATCH_S = (0.01, 0.25)
"""Shortest and longest time between two looks at what takes too long [s]; a tenth of the shorter limit between them."""


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
        self._live: set[PlainExchange] = set()
        self._idle: list[tuple[float, Connection]] = []
        self._open: set[Connection] = set()
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
        exchange = PlainExchange(outgoing, self._loop.create_future(), scheduled_ns, stream, number)
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

    def end(self, exchange: PlainExchange, failure: FailureKind | None = None, detail: str = "") -> None:
        """An exchange is over; a failed one takes its connection with it."""
        self._live.discard(exchange)
        connection, exchange.connection = exchange.connection, None
        if connection is not None:
            connection.exchange = None
            if failure is not None:
                connection.abort()
        exchange.end(failure, detail)

    def opened(self, connection: Connection) -> None:
        """A connection stands."""
        self._open.add(connection)

    def free(self, connection: Connection) -> None:
        """A connection may be used again."""
        self._idle.append((self._loop.time(), connection))

    def lost(self, connection: Connection, exchange: PlainExchange | None, error: Exception | None) -> None:
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

    def _kept_connection(self) -> Connection | None:
        while self._idle:
            since_s, connection = self._idle.pop()
            if connection.usable and self._loop.time() - since_s < IDLE_S:
                return connection
            connection.abort()
        return None

    def _connect_for(self, exchange: PlainExchange) -> None:
        task = self._loop.create_task(self._connect(exchange))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, exchange: PlainExchange) -> None:
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

    async def _new_connection(self) -> Connection:
        if not self._addresses:
            found = await self._loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            self._addresses = list(dict.fromkeys((str(entry[4][0]), int(entry[4][1])) for entry in found))
        error: OSError | None = None
        for host, port in self._addresses:
            try:
                _, connection = await self._loop.create_connection(lambda: Connection(self, self._head), host, port)
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
