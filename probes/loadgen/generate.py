"""One worker's part of a load point: closed-loop streams, or arrivals on a schedule."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from probes.endpoint import Endpoint
from probes.loadgen.bodies import AHEAD_CLOSED, BodiesAhead, Made, made
from probes.loadgen.contract import Completion
from probes.loadgen.kept import KeptAnswers
from probes.loadgen.timer import Timer
from probes.loadgen.transport import Transport
from probes.servers.answers import read_answer
from probes.servers.dialect import Dialect, body_of
from probes.trace import NS_PER_S, RawAnswer
from probes.workload.request import Arrival
from probes.workload.requests import RequestMaker

LONGEST_RETRY_AFTER_S = 60.0
"""A server that refuses is left alone as long as it asks, but no longer than this [s]."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 2.0


@dataclass(slots=True)
class Tally:
    """What has happened so far in one process.

    Attributes:
        sent: requests sent.
        new: what has ended since somebody last took it.
        retry_wait_s: time that streams waited because a refusing server asked for it, summed over streams [s].
        full: whether there was no room to keep an answer.
    """

    sent: int
    new: list[Completion]
    retry_wait_s: float = 0.0
    full: bool = False


class Generator(Protocol):
    """Sends one part of a load."""

    tally: Tally

    def prepare(self) -> None:
        """Makes requests before the start."""

    async def run(self, start_ns: int) -> None:
        """Sends until there is nothing more to send or `stop`."""

    def stop(self) -> None:
        """Nothing new is sent; what is in flight is cut off."""


class _Sender:
    """What both loops do alike: send, count, keep."""

    def __init__(self, transport: Transport, kept: KeptAnswers) -> None:
        self.tally = Tally(0, [])
        self.stopping = asyncio.Event()
        self._transport, self._kept = transport, kept

    def send(self, one: Made, due_ns: int, stream: int, number: int) -> asyncio.Future[RawAnswer]:
        self.tally.sent += 1
        return self._transport.send(one.outgoing, scheduled_ns=due_ns, stream=stream, number=number)

    def keep(self, raw: RawAnswer, output_tokens: int) -> None:
        self.tally.new.append(
            Completion(
                stream=raw.stream,
                number=raw.number,
                sent_ns=raw.sent_ns,
                ended_ns=raw.ended_ns,
                output_tokens=output_tokens,
                failed=raw.failure is not None,
            )
        )
        try:
            self._kept.add(raw)
        except OSError:
            self.tally.full = True
            self.stop()

    def stop(self) -> None:
        self.stopping.set()
        self._transport.cut()


class ClosedLoop(_Sender):
    """Streams that each send their next request when the last one is answered, without end."""

    def __init__(
        self,
        transport: Transport,
        kept: KeptAnswers,
        maker: RequestMaker,
        *,
        endpoint: Endpoint,
        dialect: Dialect,
        streams: list[int],
        turns: int,
    ) -> None:
        super().__init__(transport, kept)
        self._maker, self._endpoint, self._dialect, self._turns = maker, endpoint, dialect, turns
        self._streams = streams
        self._bodies = BodiesAhead(self._make, streams, ahead=AHEAD_CLOSED if turns == 1 else 0)

    def prepare(self) -> None:
        """Makes the first requests of every stream."""
        self._bodies.fill()

    async def run(self, start_ns: int) -> None:
        """Runs until `stop`."""
        filling = asyncio.create_task(self._bodies.keep_filling())
        try:
            async with asyncio.TaskGroup() as group:
                for stream in self._streams:
                    group.create_task(self._stream(stream, start_ns))
        finally:
            filling.cancel()

    def _make(self, stream: int, number: int) -> Made:
        request = self._maker.closed(stream, number)
        return made(request, body_of(self._endpoint, self._dialect, request))

    async def _stream(self, stream: int, start_ns: int) -> None:
        await self._wait(start_ns - time.perf_counter_ns())
        due_ns, number, failures, turn = start_ns, 0, 0, _Turn(self)
        while not self.stopping.is_set():
            one = self._bodies.take(stream) if self._turns == 1 else turn.make(stream, number)
            raw = await self.send(one, due_ns, stream, number)
            self.keep(raw, one.outgoing.output_tokens)
            if self._turns > 1:
                turn.after(one, raw)
            failures = 0 if raw.failure is None else failures + 1
            due_ns, number = raw.ended_ns, number + 1
            if failures and not self.stopping.is_set():
                pause_s = pause_after(raw, failures)
                due_ns += int(pause_s * NS_PER_S)
                if raw.retry_after_s is not None:
                    self.tally.retry_wait_s += pause_s
                await self._wait(due_ns - time.perf_counter_ns())

    async def _wait(self, left_ns: int) -> None:
        if left_ns > 0:
            try:
                await asyncio.wait_for(self.stopping.wait(), left_ns / NS_PER_S)
            except TimeoutError:
                return

    def made_after(self, stream: int, number: int, before: tuple[Made, tuple[int, ...]] | None) -> Made:
        """The next turn of a conversation."""
        asked = None if before is None or number % self._turns == 0 else (before[0].request, before[1])
        request = self._maker.closed(stream, number, before=asked)
        return made(request, body_of(self._endpoint, self._dialect, request))

    def ids_of(self, raw: RawAnswer) -> tuple[int, ...]:
        """The generated ids of an answer: the one thing that is read while others are being timed, since the next turn repeats them."""
        return read_answer(raw, self._dialect, keep_token_ids=True).token_ids


class _Turn:
    """Where one stream's conversation is."""

    def __init__(self, loop: ClosedLoop) -> None:
        self._loop = loop
        self._before: tuple[Made, tuple[int, ...]] | None = None

    def make(self, stream: int, number: int) -> Made:
        return self._loop.made_after(stream, number, self._before)

    def after(self, one: Made, raw: RawAnswer) -> None:
        self._before = (one, () if raw.failure else self._loop.ids_of(raw))


class OpenLoop(_Sender):
    """Requests at the times of a schedule, whatever the server does.

    A request that could not be sent in time is sent as soon as can be, with the time at which it was due in its record.
    """

    def __init__(
        self,
        transport: Transport,
        kept: KeptAnswers,
        maker: RequestMaker,
        *,
        endpoint: Endpoint,
        dialect: Dialect,
        arrivals: list[tuple[int, Arrival]],
    ) -> None:
        super().__init__(transport, kept)
        self._maker, self._endpoint, self._dialect, self._arrivals = maker, endpoint, dialect, arrivals
        count = len(arrivals)
        self._bodies = BodiesAhead(self._make, [0], ahead=count, last=count)
        self._open = 0
        self._answered = asyncio.Event()

    def prepare(self) -> None:
        """Makes the first requests of the schedule; all of them, if they fit into memory."""
        self._bodies.fill()

    async def run(self, start_ns: int) -> None:
        """Runs until the last arrival is answered, or `stop`."""
        filling = asyncio.create_task(self._bodies.keep_filling())
        timer = Timer()
        try:
            for number, arrival in self._arrivals:
                due_ns = start_ns + int(arrival.offset_s * NS_PER_S)
                await self._until(timer, due_ns)
                if self.stopping.is_set():
                    break
                self._send_one(number, due_ns)
            while self._open:
                self._answered.clear()
                await self._answered.wait()
        finally:
            timer.close()
            filling.cancel()

    async def _until(self, timer: Timer, due_ns: int) -> None:
        # In pieces, so that a stop is seen within a tenth of a second on a sparse schedule.
        while not self.stopping.is_set() and (left_ns := due_ns - time.perf_counter_ns()) > 0:
            await timer.until(due_ns if left_ns < NS_PER_S / 10 else time.perf_counter_ns() + int(NS_PER_S / 10))

    def _make(self, _: int, place: int) -> Made:
        number, arrival = self._arrivals[place]
        request = self._maker.scheduled(number, arrival)
        return made(request, body_of(self._endpoint, self._dialect, request))

    def _send_one(self, number: int, due_ns: int) -> None:
        one = self._bodies.take(0)
        self._open += 1
        answer = self.send(one, due_ns, -1, number)
        answer.add_done_callback(self._ended(one.outgoing.output_tokens))

    def _ended(self, output_tokens: int) -> Callable[[asyncio.Future[RawAnswer]], None]:
        def note(answer: asyncio.Future[RawAnswer]) -> None:
            self._open -= 1
            raw = answer.result()
            self.keep(raw, output_tokens)
            self._answered.set()

        return note


def pause_after(raw: RawAnswer, failures: int) -> float:
    """How long a stream waits after a failure [s].

    As long as a refusing server asks (`Retry-After`), but at most a minute; else a little, more after each further failure, so that a server that
    refuses everything is not asked thousands of times a second. The next request is due after the pause.

    Args:
        raw: the failed answer.
        failures: failures in a row, this one included.

    >>> pause_after(RawAnswer(scheduled_ns=0, sent_ns=0, ended_ns=0, failure="http_429", retry_after_s=3600.0), 1)
    60.0
    """
    if raw.retry_after_s is not None:
        return min(raw.retry_after_s, LONGEST_RETRY_AFTER_S)
    return min(_FIRST_PAUSE_S * 2.0 ** min(failures - 1, 10), _LONGEST_PAUSE_S)
