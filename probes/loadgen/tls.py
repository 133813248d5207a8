"""https, and whatever goes through a proxy: the same timing by way of aiohttp."""

from __future__ import annotations

import asyncio
import errno
import time

import aiohttp

from probes.endpoint import is_loopback
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
from probes.trace import FailureKind, RawAnswer


class GeneralTransport:
    """Requests to one URL by a general HTTP client.

    No limit on connections (aiohttp's default of 100 would queue requests inside the client), no compression (it holds chunks back), no redirects,
    proxies from the environment except for this machine itself.
    """

    def __init__(
        self, url: str, headers: dict[str, str], timeouts: Timeouts | None = None, kind: TransportKind = "tls"
    ) -> None:
        """Prepares; nothing is connected before the first request.

        Args:
            url: where to POST.
            headers: of every request, the key among them.
            timeouts: limits; the defaults of `Timeouts` if None.
            kind: how it is called in the record.
        """
        self.kind = kind
        self._url = url
        self._limits = timeouts or Timeouts()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_S),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            headers=headers,
            trust_env=not is_loopback(url),
        )

    def send(
        self, outgoing: Outgoing, *, scheduled_ns: int | None = None, stream: int = 0, number: int = 0
    ) -> asyncio.Future[RawAnswer]:
        """Sends one request at once; see `PlainTransport.send`."""
        exchange = Exchange(outgoing, self._loop.create_future(), scheduled_ns, stream, number)
        task = self._loop.create_task(self._exchange(exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return exchange.done

    def cut(self) -> None:
        """Ends everything that is in flight; it comes back as `cancelled`."""
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Cuts off what is in flight and closes all connections."""
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    async def _exchange(self, exchange: Exchange) -> None:
        try:
            await self._post(exchange)
        except asyncio.CancelledError:
            # Nobody awaits this task: only `cut` cancels it.
            exchange.end("cancelled", "cut off: the load point was over")
        except Exception as error:  # noqa: BLE001 -- whatever a general client raises is a failure of this one request
            exchange.end(*_failure(error, exchange, self._limits))

    async def _post(self, exchange: Exchange) -> None:
        loop, limits = self._loop, self._limits
        deadline_s = loop.time() + limits.total_s
        async with (
            asyncio.timeout_at(deadline_s) as limit,
            self._session.post(self._url, data=exchange.outgoing.body, allow_redirects=False) as response,
        ):
            exchange.status = response.status
            exchange.retry_after_s = parse_retry_after(response.headers.get("Retry-After"))
            if response.status != HTTP_OK:
                text = (await response.content.read(4 * DETAIL_CHARACTERS)).decode(errors="replace")
                exchange.end(kind_of_status(response.status), f"HTTP {response.status}: {text}")
                return
            times, parts = exchange.times, exchange.parts
            async for data in response.content.iter_any():
                now_ns = time.perf_counter_ns()
                if not times and not is_event_stream(response.content_type, data):
                    words = data[: 4 * DETAIL_CHARACTERS].decode(errors="replace")
                    exchange.end("not_event_stream", f"{response.content_type}: {words}")
                    return
                times.append(now_ns)
                parts.append(data)
                limit.reschedule(min(loop.time() + limits.stall_s, deadline_s))
        exchange.end()


def _failure(error: Exception, exchange: Exchange, limits: Timeouts) -> tuple[FailureKind, str]:
    words = str(error) or type(error).__name__
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return "timeout", f"no answer; not connected within {CONNECT_S:g} s"
    if isinstance(error, TimeoutError):
        return "timeout", limits.words(begun=bool(exchange.times))
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "connection_failed", f"the server's certificate is not trusted: {error.certificate_error}"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "connection_failed", f"TLS: {words}"
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno == errno.ECONNREFUSED:
        return "connection_refused", words
    return exchange.broken, words
