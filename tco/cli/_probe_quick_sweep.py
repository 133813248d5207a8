"""The measurement of `tco probe quick`: one sweep a load point, since each decides about the next."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import time
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any

from probes import Cell, Endpoint, Engine, Model, Plan, ProbeError, Run, RunHeader, WorkloadShape, run_sweep
from probes.dry_run import TRIAL_REQUESTS, TRIAL_TOKENS
from probes.quick import Promise, next_concurrency, share_s
from probes.servers.spending import SpendingCap, SpendingGuard
from tco.cli._probe_request import environment_of
from tco.cli._probe_text import cell_line
from tco.cli._shared import console

if TYPE_CHECKING:
    from probes import Progress
    from probes.servers.identify import FoundServer

FEWEST_S = 2.0
"""A load point that would get less time is not begun [s]."""

_STUCK_S = 60.0
_REPEATS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickRequest:
    """What is measured.

    Attributes:
        server: where.
        model: the name that requests carry.
        input_tokens: of a prompt.
        output_tokens: of an answer.
        budget_s: time for measuring [s].
        max_tokens: never plan to send and receive more than so many in all.
        promise: what users are promised.
        api_key: bearer token.
    """

    server: FoundServer
    model: str
    input_tokens: int
    output_tokens: int
    budget_s: float
    max_tokens: int
    promise: Promise
    api_key: str | None = field(default=None, repr=False)


class QuickSweep:
    """A quick measurement while it runs.

    Attributes:
        cells: load points that were measured to their end.
    """

    def __init__(self, request: QuickRequest) -> None:
        """Starts nothing yet; `measure` does.

        Args:
            request: what is measured.
        """
        self._request = request
        self._shape = WorkloadShape(
            input_tokens=request.input_tokens,
            output_tokens=request.output_tokens,
            seed=secrets.randbits(31),
            prompt="text",
        )
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        server = request.server
        self._header = RunHeader(
            run_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
            created_at=now.isoformat(),
            tool_version=metadata.version("tco-llm"),
            environment=environment_of(server.base_url),
            engine=Engine(name=server.profile.name, version=server.version, profile=server.profile.name),
            model=Model(name=request.model),
        )
        self._last: Run | None = None
        self._partial: Run | None = None
        self.cells: list[Cell] = []

    async def measure(self) -> None:
        """Load point after load point, until more would tell nothing, or time or tokens are spent."""
        request = self._request
        until_s = time.monotonic() + request.budget_s
        while (load := next_concurrency(self.cells, request.promise)) is not None:
            share, before = share_s(until_s - time.monotonic(), len(self.cells)), len(self.cells)
            # However little time there is: one load point is always measured.
            if (self.cells and share < FEWEST_S) or self._tokens_of(load) > self._tokens_left():
                return
            await self._level(load, max(share, FEWEST_S))
            if len(self.cells) == before:
                return

    async def _level(self, load: int, budget_s: float) -> None:
        request = self._request
        plan = Plan(
            concurrency=[load],
            repeats=_REPEATS,
            requests_per_stream=1,
            stop_when_flat=False,
            budget_s=budget_s,
            endpoint=request.server.base_url,
            served_model_name=request.model,
            profile=request.server.profile.name,
        )
        try:
            async with asyncio.timeout(budget_s + _STUCK_S):
                run = await run_sweep(
                    Endpoint(
                        base_url=request.server.base_url,
                        served_model_name=request.model,
                        api_key=request.api_key,
                        prompt="text",
                    ),
                    shape=self._shape.model_copy(update={"seed": (self._shape.seed or 0) + load}),
                    plan=plan,
                    header=self._header,
                    save=self._keep,
                    on_event=self._tell,
                    guard=SpendingGuard(cap=SpendingCap(max_tokens=self._tokens_left())),
                )
        except TimeoutError:
            asked = f"{request.input_tokens} tokens in and {request.output_tokens} out"
            message = f"{request.server.base_url} did not answer requests of {asked} within {budget_s + _STUCK_S:.0f} s. Look at its log, or ask for less."
            raise ProbeError("endpoint_unreachable", message) from None
        self._last, self._partial = run, None
        self.cells += run.cells

    def _keep(self, run: Run) -> None:
        self._partial = run

    def _tell(self, event: Progress) -> None:
        if event.kind == "cell" and event.cell is not None:
            console().print(cell_line(event.cell), style="dim", markup=False, soft_wrap=True)

    def _tokens_of(self, load: int) -> int:
        """Tokens of a load point: trials, warm-up, 24 measured requests or six a stream, and what is in flight at its end."""
        requests = TRIAL_REQUESTS + max(24, load * _REPEATS) + 3 * load
        return TRIAL_TOKENS + requests * (self._request.input_tokens + self._request.output_tokens)

    def _tokens_left(self) -> int:
        used = sum(self._tokens_of(cell.concurrency or 1) for cell in self.cells)
        return max(0, self._request.max_tokens - used)

    def run(self) -> Run:
        """All load points as one run."""
        last = self._partial or self._last
        cells = [*self.cells, *(self._partial.cells if self._partial is not None else [])]
        if last is None:
            return Run(
                run_id=self._header.run_id,
                created_at=self._header.created_at,
                tool_version=self._header.tool_version,
                complete=False,
                incomplete_reason="nothing was measured",
                environment=self._header.environment,
                engine=self._header.engine,
                model=self._header.model,
                workload=self._shape,
                cells=[],
            )
        plan = (
            None
            if last.plan is None
            else last.plan.model_copy(update={"concurrency": [cell.concurrency or 1 for cell in cells]})
        )
        incomplete = next((cell.reason for cell in cells if not cell.complete), None)
        changes: dict[str, Any] = {
            "cells": cells,
            "plan": plan,
            "workload": self._shape,
            "complete": incomplete is None,
        }
        return last.model_copy(update=changes | {"incomplete_reason": incomplete})
