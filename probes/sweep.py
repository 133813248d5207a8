"""Which load points are measured, in which order, and when it is enough."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from probes.cell import Cell
from probes.client import Timeouts, open_session
from probes.errors import ProbeError
from probes.estimate import (
    FLAT_GAIN_FRACTION,
    expected_cell_s,
    gain_fraction,
    is_flat,
    load_points,
    request_times,
    requests_per_stream,
)
from probes.ledger import STOPPED_FLAT, Ledger, RunHeader
from probes.load_point import LoadPoint, Target
from probes.preflight import TRIAL, check_endpoint, refusal, settle_dialect
from probes.progress import Progress, ProgressKind
from probes.prompts import Place
from probes.record import Warn
from probes.server_metrics import fetch_metrics_text, parse_metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    import aiohttp

    from probes.endpoint import Endpoint
    from probes.progress import EnergyMeter
    from probes.run import Plan, Run, WorkloadShape
    from probes.trace import RequestTrace

__all__ = ["RunHeader", "check_endpoint", "run_sweep"]

TRIAL_TIMEOUT_S = 300.0
"""A first request may compile kernels, but a server that is stuck must not cost ten minutes [s]."""


async def run_sweep(
    endpoint: Endpoint,
    *,
    shape: WorkloadShape,
    plan: Plan,
    header: RunHeader,
    save: Callable[[Run], None],
    on_event: Callable[[Progress], None],
    meter: EnergyMeter | None = None,
    existing: Run | None = None,
    timeouts: Timeouts | None = None,
) -> Run:
    """Measures every load point of a plan, from the lowest concurrency up, and saves the run after each.

    Args:
        endpoint: the server, which must answer.
        shape: prompt and answer lengths; a seed is drawn and recorded where it has none.
        plan: load points, repeats, when to stop.
        header: what is known about the run beforehand; `existing` replaces its id and date.
        save: keeps the run; a `RunError` from it does not stop the measuring.
        on_event: told about everything that happens; must be quick, since it runs between requests.
        meter: measures energy, None if nothing can.
        existing: an interrupted run of the same workload and model; its complete cells are kept.
        timeouts: limits of one request.

    Returns:
        The run. `complete` is False, with a reason, where the budget ran out or a cell may not carry a decision.

    Raises:
        ProbeError: the endpoint cannot be measured, every request of the first load point failed, or the arguments do not
            fit together.
        RunError: the last attempt to save failed; everything was measured.
        asyncio.CancelledError: cancelled; what there was has been saved.
    """
    _check_arguments(plan, shape, endpoint)
    if existing is not None:
        _check_resume(existing, shape, header)
    await check_endpoint(endpoint)
    ledger = Ledger(header, shape=shape, plan=plan, save=save, existing=existing)
    sweep = _Sweep(endpoint, plan=plan, ledger=ledger, on_event=on_event, meter=meter)
    async with open_session(endpoint) as session:
        try:
            await sweep.measure(session, timeouts or Timeouts())
        except (asyncio.CancelledError, KeyboardInterrupt):
            sweep.interrupted()
            raise
    return sweep.finish()


def _check_arguments(plan: Plan, shape: WorkloadShape, endpoint: Endpoint) -> None:
    wrong = [value for value in plan.concurrency if value < 1]
    if wrong:
        raise ProbeError(
            "bad_arguments", f"concurrency {wrong[0]} was given; give whole numbers from 1 up, such as 1,2,4,8."
        )
    if plan.budget_s is not None and not plan.budget_s > 0:
        raise ProbeError("bad_arguments", f"a budget of {plan.budget_s:g} s was given; give more than 0, or none.")
    if shape.arrivals != "closed-loop":
        raise ProbeError("bad_arguments", f"{shape.arrivals} arrivals were asked for; a sweep measures closed loops.")
    if endpoint.prompt == "token_ids" and (endpoint.vocab_size is None or endpoint.vocab_size < 2):  # noqa: PLR2004
        raise ProbeError(
            "bad_arguments",
            f"vocab_size is {endpoint.vocab_size}; token-id prompts need the model's. Or probe with text.",
        )


def _check_resume(existing: Run, shape: WorkloadShape, header: RunHeader) -> None:
    seed = existing.workload.seed if shape.seed is None else shape.seed
    if existing.workload != shape.model_copy(update={"seed": seed}):
        raise ProbeError("bad_arguments", "the run to resume has another workload; start a new one with --out NEWFILE.")
    if existing.model.name != header.model.name:
        raise ProbeError(
            "bad_arguments", f"the run to resume is of {existing.model.name}, not {header.model.name}; start a new one."
        )


class _Sweep:
    """A sweep while it runs: what has been measured, and what is known about how long the rest will take."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        plan: Plan,
        ledger: Ledger,
        on_event: Callable[[Progress], None],
        meter: EnergyMeter | None,
    ) -> None:
        self._endpoint, self._plan, self._ledger = endpoint, plan, ledger
        self._on_event, self._meter = on_event, meter
        self._points = load_points(plan)
        self._current: LoadPoint | None = None
        self._stopped: str | None = None
        self._began_s = time.monotonic()

    async def measure(self, session: aiohttp.ClientSession, timeouts: Timeouts) -> None:
        target = await self._prepare(session, timeouts)
        for number, concurrency in enumerate(self._points):
            kept = self._ledger.kept.get(concurrency)
            if kept is not None:
                self._add(kept, "skipped", f"concurrency {concurrency}: already measured")
            elif self._too_late(concurrency):
                self._stop_for_budget(concurrency)
            else:
                await self._measure(target, number, concurrency)
            if self._stopped is not None or self._is_flat():
                break

    def interrupted(self) -> None:
        cell = self._current.cell("interrupted") if self._current else None
        self._current = None
        if cell is not None:
            self._ledger.cells.append(cell)
        self._keep("interrupted")
        self._tell("interrupted", "interrupted; what was measured is kept", cell)

    def finish(self) -> Run:
        bad = next((cell for cell in self._ledger.cells if not cell.complete), None)
        reason = self._stopped or (f"{bad.label}: {bad.reason}" if bad else None)
        self._keep(reason)
        self._tell("done", "done" if reason is None else f"ended early: {reason}")
        if self._ledger.save_error is not None:
            raise self._ledger.save_error
        return self._ledger.run(reason)

    async def _prepare(self, session: aiohttp.ClientSession, timeouts: Timeouts) -> Target:
        trial = replace(timeouts, total_s=min(timeouts.total_s, TRIAL_TIMEOUT_S))
        place = Place(self._ledger.attempt, TRIAL, 0, 0)
        dialect = await settle_dialect(session, self._endpoint, shape=self._ledger.shape, place=place, timeouts=trial)
        page = await fetch_metrics_text(session, self._endpoint.base_url)
        metrics = parse_metrics(page) if page is not None else None
        if metrics is not None:
            self._ledger.note_kv_cache(metrics.kv_cache_tokens)
        return Target(
            session=session,
            endpoint=self._endpoint,
            dialect=dialect,
            shape=self._ledger.shape,
            timeouts=timeouts,
            attempt=self._ledger.attempt,
        )

    async def _measure(self, target: Target, number: int, concurrency: int) -> None:
        self._tell("warmup", f"concurrency {concurrency}: warming up")
        point = self._current = LoadPoint(
            target,
            number=number,
            concurrency=concurrency,
            repeats=self._plan.repeats,
            requests_per_stream=requests_per_stream(self._plan, concurrency),
            meter=self._meter,
            on_repeat=lambda done: self._tell(
                "repeat", f"concurrency {concurrency}: repeat {done} of {self._plan.repeats}"
            ),
        )
        in_time = await point.run(self._deadline_s())
        cell = point.cell(None if in_time else "budget")
        self._current = None
        if cell is not None:
            self._add(cell, "cell", f"{cell.label}: {cell.output_tokens_per_s.mean:.1f} output tokens/s")
            if cell.requests_ok == 0:
                self._give_up(point, cell)
        if not in_time:
            self._stop_for_budget(concurrency)

    def _give_up(self, point: LoadPoint, cell: Cell) -> None:
        self._stopped = f"{cell.label}: {cell.reason}"
        if len(self._ledger.cells) > 1 or len(cell.failures) > 1:
            return
        self._keep(self._stopped)
        failed: RequestTrace = next(trace for repeat in point.repeats() for stream in repeat for trace in stream)
        raise refusal(self._endpoint, failed)

    def _add(self, cell: Cell, kind: ProgressKind, message: str) -> None:
        self._ledger.cells.append(cell)
        self._keep("in progress")
        self._tell(kind, message if cell.complete else f"{message} (not usable: {cell.reason})", cell)

    def _is_flat(self) -> bool:
        cells = self._ledger.cells
        if not self._plan.stop_when_flat or not 1 < len(cells) < len(self._points) or not is_flat(*cells[-2:]):
            return False
        before, after = cells[-2:]
        gain = gain_fraction(before, after)
        text = f"Throughput is flat: {gain:+.1%} from {before.label} to {after.label}; higher loads were not measured."
        self._ledger.warnings.append(Warn(code=STOPPED_FLAT, message=text, observed=gain, threshold=FLAT_GAIN_FRACTION))
        self._tell("stopped_flat", text)
        return True

    def _too_late(self, concurrency: int) -> bool:
        expected_s = expected_cell_s(concurrency, self._plan, request_times(self._ledger.cells)) or 0.0
        return self._plan.budget_s is not None and self._elapsed_s() + expected_s > self._plan.budget_s

    def _stop_for_budget(self, concurrency: int) -> None:
        self._stopped = "budget"
        self._tell(
            "stopped_budget", f"concurrency {concurrency} does not fit into the budget of {self._plan.budget_s:g} s"
        )

    def _deadline_s(self) -> float | None:
        if self._plan.budget_s is None:
            return None
        return asyncio.get_running_loop().time() + self._plan.budget_s - self._elapsed_s()

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._began_s

    def _remaining_s(self) -> float | None:
        ahead = [point for point in self._points[len(self._ledger.cells) :] if point not in self._ledger.kept]
        known = request_times(self._ledger.cells)
        done = 0.0
        if self._current is not None and (so_far := self._current.loop.mean_request_s) is not None:
            known.append((ahead[0], so_far))
            per_repeat = requests_per_stream(self._plan, ahead[0])
            done = so_far * (1 + per_repeat * self._current.loop.finished_repeats)
        expected = [expected_cell_s(point, self._plan, known) for point in ahead]
        if None in expected:
            return None
        return max(0.0, sum(value for value in expected if value is not None) - done)

    def _keep(self, incomplete_reason: str | None) -> None:
        error = self._ledger.keep(incomplete_reason)
        if error is not None:
            self._tell("save_failed", str(error))

    def _tell(self, kind: ProgressKind, message: str, cell: Cell | None = None) -> None:
        self._on_event(
            Progress(
                kind=kind,
                message=message,
                cells_done=len(self._ledger.cells),
                cells_total=len(self._points),
                elapsed_s=self._elapsed_s(),
                remaining_s=0.0 if kind in ("stopped_flat", "stopped_budget", "done") else self._remaining_s(),
                cell=cell,
            )
        )
