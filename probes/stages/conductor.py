"""Measures one load point after another: load, judge, watch, meter, cell, books; and keeps the time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.analysis.cell import closed_cell, open_cell
from probes.analysis.judge import ClosedJudge, OpenJudge
from probes.analysis.rounds import Precision
from probes.analysis.windows import Window, closed_window, open_window
from probes.loadgen.contract import Load, LoadProgress, LoadResult, Verdict
from probes.progress import Progress, ProgressKind
from probes.servers.refusals import refusal
from probes.stages.estimate import expected_point_s
from probes.stages.load import Schedule, load_of, usage_of, usage_of_requests, used
from probes.stages.watch import Watch

if TYPE_CHECKING:
    import aiohttp

    from probes.analysis.surroundings import Surroundings
    from probes.cell import Cell
    from probes.endpoint import Endpoint
    from probes.energy.idle import IdleMeter
    from probes.loadgen.contract import LoadClient
    from probes.run import Plan, WorkloadShape
    from probes.servers.spending import SpendingGuard, Usage
    from probes.stages.ledger import Ledger
    from probes.stages.points import Point

INTERRUPTED, BUDGET = "interrupted", "budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What all load points of a sweep share.

    Attributes:
        endpoint: the server.
        client: the load client, open.
        session: for the server's page of numbers.
        metrics_url: where that is; None where there is none.
        meter: the power meter, open; None if nothing is to be metered.
    """

    endpoint: Endpoint
    client: LoadClient
    session: aiohttp.ClientSession
    metrics_url: str | None = None
    meter: IdleMeter | None = None


class Conductor:
    """A sweep while it runs: what has been measured, and how long the rest will take.

    Attributes:
        stage: endpoint, client, meter.
        plan: what is to be measured.
        ledger: the books.
        ahead: load points that are known to come, for the estimate of the time left.
        left_out: load points for which a part had no time.
        stopped: why the sweep ended early; None while it did not.
    """

    def __init__(
        self,
        stage: Stage,
        *,
        plan: Plan,
        ledger: Ledger,
        on_event: Callable[[Progress], None],
        guard: SpendingGuard | None = None,
    ) -> None:
        """Prepares to measure; the budget counts from here.

        Args:
            stage: endpoint, client, meter.
            plan: what is to be measured.
            ledger: where it is kept.
            on_event: told about everything that happens; must be quick.
            guard: stops before a paid endpoint costs more than was allowed; None where nothing is paid.
        """
        self.stage, self.plan, self.ledger = stage, plan, ledger
        self.ahead: list[Point] = []
        self.left_out: list[Point] = []
        self.stopped: str | None = None
        self._on_event, self._guard = on_event, guard
        self._began_s = time.monotonic()
        self._judge: ClosedJudge | OpenJudge | None = None
        self._cap_reached: str | None = None
        self._number = 0

    @property
    def shape(self) -> WorkloadShape:
        """The run's own workload, its seed set."""
        return self.ledger.shape

    @property
    def cells(self) -> list[Cell]:
        """What was measured so far, in the order in which it was."""
        return self.ledger.cells

    @property
    def elapsed_s(self) -> float:
        """Since the sweep began [s]."""
        return time.monotonic() - self._began_s

    @property
    def left_s(self) -> float | None:
        """What is left of the budget [s]; None without one."""
        return None if self.plan.budget_s is None else max(0.0, self.plan.budget_s - self.elapsed_s)

    async def closed(
        self, point: Point, *, limit_s: float | None = None, limits_ms: Mapping[str, float] | None = None
    ) -> Cell | None:
        """Measures a closed loop, unless the run that is resumed has it already.

        Args:
            point: the load point.
            limit_s: from then on the repeats that must be are enough [s]; None: only the precision decides.
            limits_ms: a promise, for the share of requests that kept it.

        Returns:
            The cell; None where there was no time or no money for it.
        """
        concurrency = point.concurrency or 1
        precision = Precision.of_plan(self.plan)
        judge = ClosedJudge(concurrency, precision, time_limit_s=limit_s)

        def window_of(_load: Load, result: LoadResult) -> Window:
            return closed_window(result, concurrency=concurrency, precision=precision)

        def cell_of(load: Load, result: LoadResult, window: Window, watch: Watch) -> Cell:
            return closed_cell(
                load,
                result,
                precision=precision,
                around=self._around(watch, window, result),
                role=point.role,
                shape=point.shape,
                limits_ms=limits_ms,
                window=window,
            )

        return await self._measure(point, judge, window_of, cell_of)

    async def open(
        self, point: Point, schedule: Schedule, *, limits_ms: Mapping[str, float] | None = None
    ) -> Cell | None:
        """Measures an open loop; see `closed`.

        Args:
            point: the load point.
            schedule: its arrivals and the window of them.
            limits_ms: a promise, for the share of requests that kept it.
        """
        start_s, end_s = schedule.start_s, schedule.end_s
        judge = OpenJudge(schedule.arrivals, start_s=start_s, end_s=end_s)

        def window_of(load: Load, result: LoadResult) -> Window:
            return open_window(result, load, start_s=start_s, end_s=end_s)

        def cell_of(load: Load, result: LoadResult, window: Window, watch: Watch) -> Cell:
            return open_cell(
                load,
                result,
                start_s=start_s,
                end_s=end_s,
                request_rate_per_s=point.request_rate_per_s or 0.0,
                around=self._around(watch, window, result),
                role=point.role,
                shape=point.shape,
                limits_ms=limits_ms,
                window=window,
            )

        return await self._measure(point, judge, window_of, cell_of, schedule)

    async def _measure(
        self,
        point: Point,
        judge: ClosedJudge | OpenJudge,
        window_of: Callable[[Load, LoadResult], Window],
        cell_of: Callable[[Load, LoadResult, Window, Watch], Cell],
        schedule: Schedule | None = None,
    ) -> Cell | None:
        if point in self.ahead:
            self.ahead.remove(point)
        kept = self.ledger.kept(point)
        if kept is not None:
            self._add(kept, "skipped", f"{point.label}: already measured")
            return kept
        if not self._may(point, schedule):
            return None
        self._judge = judge
        self.tell("warmup", f"{point.label}: warming up")
        load, self._cap_reached = self._load(point, schedule), None
        watch = Watch(self.stage.session, self.stage.metrics_url)
        async with watch:
            result = await self.stage.client.run(
                load, on_progress=self._reporting(point, judge, schedule), deadline_s=self._deadline_s()
            )
        self._judge = None
        if self._guard is not None:
            self._guard = self._guard.add(used(point, self.shape, result))
        cell = cell_of(load, result, window_of(load, result), watch)
        return self._settle(point, cell, result)

    def _settle(self, point: Point, cell: Cell, result: LoadResult) -> Cell | None:
        if cell.requests_ok + cell.requests_failed:
            self._add(cell, "cell", f"{point.label}: {cell.output_tokens_per_s.mean:.1f} output tokens/s")
        if result.end == "cancelled":
            raise asyncio.CancelledError
        if result.end == "full":
            self.stopped = f"{cell.label}: {cell.reason}"
        elif self._cap_reached is not None:
            self.stopped = self._cap_reached
            self.tell("stopped_budget", f"{point.label}: {self._cap_reached}")
        elif result.cut_short:
            self._stop(point, BUDGET)
        elif cell.requests_ok == 0:
            self._give_up(cell, result)
        return cell

    def _give_up(self, cell: Cell, result: LoadResult) -> None:
        """Nothing was answered: a sweep that has measured nothing yet has an error to tell, another one ends here."""
        self.stopped = f"{cell.label}: {cell.reason}"
        if len(self.cells) > 1 or len(cell.failures) > 1:
            return
        self.keep(self.stopped)
        failed = next(trace for trace in result.traces if trace.failure not in (None, "cancelled"))
        raise refusal(self.stage.endpoint, failed)

    def _may(self, point: Point, schedule: Schedule | None) -> bool:
        expected_s = expected_point_s(point, self.plan, self.cells) or 0.0
        if self.left_s is not None and expected_s > self.left_s:
            self._stop(point, BUDGET)
            return False
        usage = usage_of(point, self.plan, self.shape, schedule)
        reason = self._guard.reason_to_stop(usage) if self._guard is not None else None
        if reason is not None:
            self.stopped = reason
            self.tell("stopped_budget", f"{point.label}: {reason}")
        return reason is None

    def _stop(self, point: Point, reason: str) -> None:
        self.stopped = reason
        self.tell("stopped_budget", f"{point.label} does not fit into the budget of {self.plan.budget_s or 0:g} s")

    def _load(self, point: Point, schedule: Schedule | None) -> Load:
        self._number += 1
        return load_of(point, schedule, shape=self.shape, number=self._number, attempt=self.ledger.attempt)

    def _reporting(
        self, point: Point, judge: ClosedJudge | OpenJudge, schedule: Schedule | None
    ) -> Callable[[LoadProgress], Verdict]:
        told, sent = 0, 0

        def report(progress: LoadProgress) -> Verdict:
            nonlocal told, sent
            verdict = judge(progress)
            # Until the next report about as many are sent as since the last one.
            following, sent = 2 * progress.sent - sent, progress.sent
            if verdict == "go_on" and self._cap_reached is None:
                self._cap_reached = self._beyond_cap(usage_of_requests(following, point, self.shape, schedule))
            if judge.finished_repeats > told:
                told = judge.finished_repeats
                self.tell("repeat", f"{point.label}: repeat {told}")
            return verdict if self._cap_reached is None else "enough"

        return report

    def _beyond_cap(self, usage: Usage) -> str | None:
        """Why a load must end before it has shown enough; its warm-up and its repeats may take more than was planned at least."""
        passed = None if self._guard is None else self._guard.cap.passed_by(self._guard.spent + usage)
        return None if passed is None else f"more requests would bring the probe to {passed}"

    def _around(self, watch: Watch, window: Window, result: LoadResult) -> Surroundings:
        meter, floor = self.stage.meter, self.ledger.header.client_floor
        energy = None if meter is None else meter.between(window.start_ns, window.end_ns)
        return watch.surroundings(energy=energy, floor=floor, stopped=_stopped(result) or self._cap_reached)

    def _add(self, cell: Cell, kind: ProgressKind, message: str) -> None:
        self.ledger.cells.append(cell)
        self.keep("in progress")
        self.tell(kind, message if cell.complete else f"{message} (not usable: {cell.reason})", cell)

    def _deadline_s(self) -> float | None:
        return None if self.left_s is None else asyncio.get_running_loop().time() + self.left_s

    def remaining_s(self) -> float | None:
        """What the sweep will probably still take [s]; None while that cannot be told."""
        now_s = self._judge.remaining_s if self._judge is not None else 0.0
        expected = [expected_point_s(point, self.plan, self.cells) for point in self.ahead]
        if now_s is None or None in expected:
            return None
        total_s = now_s + sum(value for value in expected if value is not None)
        return total_s if self.left_s is None else min(total_s, self.left_s)

    def keep(self, incomplete_reason: str | None) -> None:
        """Saves the run as it stands; a full disk is told and does not stop the measuring."""
        error = self.ledger.keep(incomplete_reason)
        if error is not None:
            self.tell("save_failed", str(error))

    def tell(self, kind: ProgressKind, message: str, cell: Cell | None = None) -> None:
        """Tells what has just happened."""
        over = kind in ("stopped_budget", "done")
        done = len(self.cells)
        self._on_event(
            Progress(
                kind=kind,
                message=message,
                cells_done=done,
                cells_total=done + len(self.ahead) + (self._judge is not None),
                elapsed_s=self.elapsed_s,
                remaining_s=0.0 if over else self.remaining_s(),
                cell=cell,
            )
        )


def _stopped(result: LoadResult) -> str | None:
    if not result.cut_short or result.end == "full":  # for which the analysis has words
        return None
    return INTERRUPTED if result.end == "cancelled" else BUDGET
