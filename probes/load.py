"""The closed loop: a fixed number of streams, each sending its next request when the last one is answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from probes.trace import NS_PER_S, RawAnswer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class ClosedLoop:
    """One load point while it runs.

    Each stream sends one warm-up request, then `repeats * requests_per_stream` measured ones without a pause, so that only the
    first repeat could feel a start and the warm-up takes that. A stream that has done its share goes on with *filler* requests
    that are thrown away, until the slowest stream is done: otherwise the last requests would run on a server that empties, and
    look faster than they are. Unfinished fillers are cancelled.
    """

    def __init__(
        self,
        send: Callable[[int, int], Awaitable[RawAnswer]],
        *,
        concurrency: int,
        repeats: int,
        requests_per_stream: int,
        on_measuring: Callable[[], None] = lambda: None,
        on_repeat: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Prepares the loop.

        Args:
            send: sends one request, given its stream and its number within the stream; failures are returned, not raised.
            concurrency: streams.
            repeats: windows that are measured separately.
            requests_per_stream: requests of each stream in each repeat.
            on_measuring: called once, when the first measured request is about to be sent.
            on_repeat: called with the number of repeats that all streams have finished.
        """
        self._send = send
        self._repeats = repeats
        self._requests_per_stream = requests_per_stream
        self._on_measuring = on_measuring
        self._on_repeat = on_repeat
        self._measuring = False
        self._streams_done = [0] * repeats
        self._all_done = asyncio.Event()
        self.warmup: list[RawAnswer] = []
        self.answers: list[list[list[RawAnswer]]] = [[[] for _ in range(concurrency)] for _ in range(repeats)]

    @property
    def finished_repeats(self) -> int:
        """Repeats in which every stream has done its share."""
        return sum(done == len(self.answers[0]) for done in self._streams_done)

    @property
    def mean_request_s(self) -> float | None:
        """Mean time of the requests answered so far, warm-up included [s]; None before the first."""
        done = [*self.warmup, *(answer for repeat in self.answers for stream in repeat for answer in stream)]
        return sum(answer.ended_ns - answer.sent_ns for answer in done) / NS_PER_S / len(done) if done else None

    async def run(self) -> None:
        """Runs to the end. What has been answered is in `answers`, also after a cancellation."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._stream(number)) for number in range(len(self.answers[0]))]
            await self._all_done.wait()
            for task in tasks:
                task.cancel()

    async def _stream(self, stream: int) -> None:
        self.warmup.append(await self._send(stream, 0))
        if not self._measuring:
            self._measuring = True
            self._on_measuring()
        number = 0
        for repeat in range(self._repeats):
            for _ in range(self._requests_per_stream):
                number += 1
                self.answers[repeat][stream].append(await self._send(stream, number))
            self._finish(repeat)
        while not self._all_done.is_set():
            number += 1
            filler = await self._send(stream, number)
            if filler.failure is not None:
                return

    def _finish(self, repeat: int) -> None:
        self._streams_done[repeat] += 1
        if self._streams_done[repeat] < len(self.answers[repeat]):
            return
        if repeat == self._repeats - 1:
            self._all_done.set()
        self._on_repeat(repeat + 1)
