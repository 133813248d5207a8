"""One load point: prompts out, answers in, and the cell that comes of it."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.client import Timeouts, send
from probes.load import ClosedLoop
from probes.measure import Repeat, build_cell
from probes.prompts import Place, fresh_prompt
from probes.servers.dialect import Dialect, request_body
from probes.sse import read_answer
from probes.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    import aiohttp

    from probes.cell import Cell
    from probes.endpoint import Endpoint
    from probes.progress import EnergyMeter
    from probes.run import WorkloadShape
    from probes.trace import RawAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom the requests go to and what they look like; the same for all load points of a sweep.

    Attributes:
        session: the one HTTP session.
        endpoint: the server.
        dialect: the form of request that it accepts.
        shape: lengths and seed; the seed is set.
        timeouts: limits of one request.
        attempt: see `Place`.
    """

    session: aiohttp.ClientSession
    endpoint: Endpoint
    dialect: Dialect
    shape: WorkloadShape
    timeouts: Timeouts
    attempt: int


class LoadPoint:
    """Measures one concurrency. `run` fills it; `cell` can be asked at any time, also after a cancellation."""

    def __init__(
        self,
        target: Target,
        *,
        number: int,
        concurrency: int,
        repeats: int,
        requests_per_stream: int,
        meter: EnergyMeter | None = None,
        on_repeat: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Prepares a load point.

        Args:
            target: whom to ask what.
            number: the load point's place in the sweep, for its prompts.
            concurrency: streams.
            repeats: windows that are measured separately.
            requests_per_stream: requests of each stream in each repeat.
            meter: measures energy between the first and the last measured request.
            on_repeat: called with the number of repeats finished.
        """
        self._target = target
        self._number = number
        self._concurrency = concurrency
        self._watch = Watch(target.session, target.endpoint.base_url, meter)
        self.loop = ClosedLoop(
            self._send,
            concurrency=concurrency,
            repeats=repeats,
            requests_per_stream=requests_per_stream,
            on_measuring=self._watch.begin,
            on_repeat=on_repeat,
        )

    async def run(self, deadline_s: float | None = None) -> bool:
        """Sends everything.

        Args:
            deadline_s: event-loop time at which to give up; None for never.

        Returns:
            False if the deadline cut it short.
        """
        async with self._watch:
            try:
                async with asyncio.timeout_at(deadline_s):
                    await self.loop.run()
            except TimeoutError:
                return False
            await self._watch.finish()
        return True

    def repeats(self) -> list[Repeat]:
        """The repeats so far, parsed; those that are not finished come last."""
        return [
            tuple(tuple(read_answer(answer) for answer in stream) for stream in repeat) for repeat in self.loop.answers
        ]

    def cell(self, stopped: str | None = None) -> Cell | None:
        """The cell.

        Args:
            stopped: why the load point was cut short, None if it was not.

        Returns:
            None if it was cut short before its first measured answer.
        """
        repeats = self.repeats()
        finished = self.loop.finished_repeats
        partial = repeats[finished] if finished < len(repeats) else None
        if finished == 0 and not any(partial or ()):
            return None
        return build_cell(
            repeats[:finished],
            concurrency=self._concurrency,
            input_tokens=self._target.shape.input_tokens,
            output_tokens=self._target.shape.output_tokens,
            around=self._watch.surroundings(stopped),
            partial=partial,
        )

    async def _send(self, stream: int, request: int) -> RawAnswer:
        scheduled_ns = time.perf_counter_ns()
        target = self._target
        shape = target.shape
        place = Place(target.attempt, self._number, stream, request)
        prompt = fresh_prompt(target.endpoint, seed=shape.seed or 0, place=place, length=shape.input_tokens)
        body = request_body(
            target.endpoint,
            target.dialect,
            prompt=prompt,
            output_tokens=shape.output_tokens,
            cache_salt=secrets.token_hex(16),
        )
        return await send(
            target.session,
            f"{target.endpoint.base_url}{target.dialect.path}",
            body,
            scheduled_ns=scheduled_ns,
            input_tokens=shape.input_tokens,
            timeouts=target.timeouts,
        )
