"""Requests made before they are due, so that drawing a long prompt never delays a sending."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from probes.loadgen.transport import Outgoing
from probes.workload.request import Request

AHEAD_BYTES = 64 * 1024 * 1024
"""Bodies that wait to be sent, in one process."""
AHEAD_CLOSED = 2
"""Requests that wait for each stream of a closed loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A request and its body."""

    request: Request
    outgoing: Outgoing


def made(request: Request, body: bytes) -> Made:
    """A request with its body, in the form that a transport takes."""
    outgoing = Outgoing(
        body=body,
        input_tokens=request.input_tokens,
        output_tokens=request.output_tokens,
        planned_hit_tokens=request.planned_hit_tokens,
    )
    return Made(request=request, outgoing=outgoing)


class BodiesAhead:
    """The next requests of several lines: a line is a stream of a closed loop, or the one schedule of an open loop.

    `fill` makes them before a load starts; `keep_filling` goes on during it, one at a time, so that an arriving answer waits for one prompt at most.
    """

    def __init__(
        self, make: Callable[[int, int], Made], lines: Sequence[int], *, ahead: int, last: int | None = None
    ) -> None:
        """Prepares.

        Args:
            make: makes the request of a line, given its place in the line.
            lines: the lines.
            ahead: requests that wait in each line.
            last: number of requests in a line; None for no end.
        """
        self._make, self._ahead, self._last = make, ahead, last
        self._waiting: dict[int, deque[Made]] = {line: deque() for line in lines}
        self._next = dict.fromkeys(lines, 0)
        self._bytes = 0
        self._hungry: deque[int] = deque(lines)
        self._wake = asyncio.Event()
        self.late = 0

    def take(self, line: int) -> Made:
        """The next request of a line; made on the spot if none is waiting, which `late` counts."""
        waiting = self._waiting[line]
        if waiting:
            one = waiting.popleft()
            self._bytes -= len(one.outgoing.body)
        else:
            one = self._one(line)
            self.late += 1
        self._hungry.append(line)
        self._wake.set()
        return one

    def fill(self) -> None:
        """Makes what is allowed to wait; for before the start."""
        while self._step():
            pass

    async def keep_filling(self) -> None:
        """Makes one request after the other in the gaps between arrivals, for ever."""
        while True:
            if self._step():
                await asyncio.sleep(0)
            else:
                self._wake.clear()
                await self._wake.wait()

    def _step(self) -> bool:
        while self._hungry and self._bytes < AHEAD_BYTES:
            line = self._hungry[0]
            if len(self._waiting[line]) >= self._ahead or self._next[line] == self._last:
                self._hungry.popleft()
                continue
            one = self._one(line)
            self._waiting[line].append(one)
            self._bytes += len(one.outgoing.body)
            # Round robin: no line is full before every line has one.
            self._hungry.rotate(-1)
            return True
        return False

    def _one(self, line: int) -> Made:
        number = self._next[line]
        self._next[line] += 1
        return self._make(line, number)
