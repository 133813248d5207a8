"""One probe from start to exit code: engine or endpoint, sweep, interruption."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from probes import (
    Endpoint,
    ProbeError,
    RunError,
    Warn,
    engine_packages,
    find_engines,
    is_loopback,
    open_meter,
    run_sweep,
    save_run,
    stop_leftover,
)
from probes.blanking import blank_command
from probes.energy.choose import no_meter
from probes.energy.idle import driver_idle
from probes.engines import start_vllm, uses_cpu
from probes.engines.vllm_overrides import has_random_gates, routing_warning
from probes.loadgen.floor import measure_floor
from probes.manifest import ClockWatch, clock_step, collect_manifest, finish, watch_clock
from probes.prometheus import write_prometheus
from probes.stages.points import ladder
from probes.stages.sweep import reach_server
from tco.cli._shared import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_INVALID, EXIT_PREFLIGHT
from tco.cli._signals import stop_signals

if TYPE_CHECKING:
    from pathlib import Path

    from probes import Plan, Run, RunHeader, WorkloadShape
    from probes.energy.meter import SamplingMeter
    from probes.engines import VllmOptions
    from probes.servers.spending import SpendingGuard
    from probes.workload.request import Arrival
    from tco.cli._probe_reporter import Reporter


_DYING_S = 5.0
"""How long an engine whose requests failed is given to be dead [s], so that its log can say why."""

IDLE_S = 10.0
"""How long idle power is watched before an engine is started [s]."""

FLOOR_STREAMS = (1, 256)
"""Fewest and most streams at which the client measures itself: beyond them several processes share the load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Everything that is settled before a probe starts.

    Attributes:
        target: an engine to start, or an endpoint that answers already.
        header: the record so far; engine and model are filled in once an engine answers.
        shape: the requests.
        plan: the load points.
        out: the run's file.
        existing: the run that is resumed.
        layers: depths to which the model is sliced; empty for the whole model.
        trace: recorded arrivals that are replayed.
        warnings: about what is sent, for the run.
        guard: what a paid endpoint may cost at most.
        client_workers: processes of the load client; as many as the load needs, if None.
        prometheus: where the run is written for Prometheus as well.
    """

    target: VllmOptions | Endpoint
    header: RunHeader
    shape: WorkloadShape
    plan: Plan
    out: Path
    existing: Run | None = None
    layers: tuple[int, ...] = ()
    trace: tuple[Arrival, ...] = ()
    warnings: tuple[Warn, ...] = ()
    guard: SpendingGuard | None = None
    client_workers: int | None = None
    prometheus: Path | None = None
    clock: ClockWatch = field(default_factory=watch_clock)


def run_session(session: Session, reporter: Reporter) -> tuple[int, Run | None]:
    """Runs a probe to its end and tells the reporter how it ended.

    Args:
        session: what to measure.
        reporter: who is told.

    Returns:
        Exit code, and the run where there is one.
    """
    saved: list[Path] = []
    with stop_signals():
        try:
            run, failure = _measure(session, reporter, saved)
        except KeyboardInterrupt:
            reporter.ended(_how_to_go_on(session, saved), EXIT_INTERRUPTED)
            return EXIT_INTERRUPTED, None
        except ProbeError as error:
            code = EXIT_INVALID if error.kind == "bad_arguments" else EXIT_PREFLIGHT
            reporter.problem(error)
            reporter.ended("nothing usable was measured.", code)
            return code, None
        except RunError as error:
            reporter.ended(f"error: {error}", EXIT_INCOMPLETE)
            return EXIT_INCOMPLETE, None
    if failure is not None:
        reporter.problem(failure)
    code = 0 if run.complete else EXIT_INCOMPLETE
    state = (
        "complete"
        if run.complete
        else f"incomplete ({run.incomplete_reason}); go on with `tco probe resume {session.out}`"
    )
    reporter.ended(f"{session.out}: {len(run.cells)} cells, {state}.", code)
    return code, run


def _how_to_go_on(session: Session, saved: list[Path]) -> str:
    if saved or session.existing is not None:
        return f"interrupted. What was measured is in {session.out}; go on with `tco probe resume {session.out}`."
    return "interrupted before anything was measured; start it again with the same command."


def _measure(session: Session, reporter: Reporter, saved: list[Path]) -> tuple[Run, ProbeError | None]:
    """The run, and why the engine died during it, where it did."""
    target = session.target
    if isinstance(target, Endpoint):
        # A wrong address or name should not have to wait until the client has measured itself.
        asyncio.run(reach_server(target, session.plan))
    header = _prepared(session, reporter)
    if isinstance(target, Endpoint):
        with _meter_of(target, session.plan) as meter:
            return asyncio.run(_sweep(session, target, header, reporter, saved, meter)), None
    _tidy_up(reporter)
    gpus, dummy = header.gpus_per_replica, target.weights == "dummy"
    with open_meter(gpus=gpus, declared_host_watts=session.plan.declared_host_watts, dummy_weights=dummy) as meter:
        if (
            "idle" in session.plan.measure
            and meter.reads
            and (header.idle is None or header.idle.driver_idle_watts is None)
        ):
            reporter.say("idle: power before the engine is started")
            header = replace(header, idle=driver_idle(meter, IDLE_S))
        return _with_engine(session, target, header, reporter, saved, meter)


def _meter_of(target: Endpoint, plan: Plan) -> SamplingMeter:
    """A server that runs here already is metered by the GPUs on which something computes; one elsewhere by nothing."""
    if is_loopback(target.base_url):
        return open_meter(gpus=None, only_busy=True, declared_host_watts=plan.declared_host_watts)
    return no_meter("The endpoint is on another machine.", declared_host_watts=plan.declared_host_watts)


def _with_engine(
    session: Session,
    target: VllmOptions,
    header: RunHeader,
    reporter: Reporter,
    saved: list[Path],
    meter: SamplingMeter,
) -> tuple[Run, ProbeError | None]:
    with start_vllm(target, reporter.engine_starting) as running:
        reporter.engine_ready(running)
        engine = running.engine.model_copy(update={"args": blank_command(running.engine.args)})
        header = replace(header, engine=engine, model=running.model)
        try:
            run = asyncio.run(_sweep(session, running.endpoint, header, reporter, saved, meter))
        except ProbeError:
            # A dead engine looks like a closed connection from outside; its log knows better.
            failure = running.failure(_DYING_S)
            if failure is None:
                raise
            raise failure from None
        failed = any(cell.requests_failed for cell in run.cells)
        return run, running.failure(_DYING_S if failed else 0.0)


def _prepared(session: Session, reporter: Reporter) -> RunHeader:
    """The header with what must be known before anything is started: the machine's state, and what the client itself adds."""
    header = session.header
    if header.manifest is None:
        seeds = {} if session.shape.seed is None else {"prompts": session.shape.seed}
        header = replace(header, manifest=collect_manifest(sys.argv, seeds=seeds))
    if session.existing is not None and session.existing.client_floor is not None:
        return header
    fewest, most = FLOOR_STREAMS
    streams = max(fewest, min(most, max(ladder(session.plan))))
    floor = asyncio.run(measure_floor(streams=streams, workers=session.client_workers))
    reporter.say(
        f"client: adds {floor.ttft_error_p50_ms:.1f} ms to a first token (p99 {floor.ttft_error_p99_ms:.1f} ms) at {streams} streams"
    )
    return replace(header, client_floor=floor)


async def _sweep(
    session: Session,
    endpoint: Endpoint,
    header: RunHeader,
    reporter: Reporter,
    saved: list[Path],
    meter: SamplingMeter,
) -> Run:
    def complete(run: Run) -> Run:
        return _completed(run, session)

    def keep(run: Run) -> None:
        save_run(complete(run), session.out)
        saved.append(session.out)

    run = await run_sweep(
        endpoint,
        shape=session.shape,
        plan=session.plan,
        header=header,
        save=keep,
        on_event=reporter.sweep,
        meter=meter,
        existing=session.existing,
        trace=session.trace,
        guard=session.guard,
        client_workers=session.client_workers,
    )
    if session.prometheus is not None:
        write_prometheus(complete(run), session.prometheus)
    return complete(run)


def _completed(run: Run, session: Session) -> Run:
    """A run with what its reader must know about how it was started and what became of the clock, each once."""
    due = [*session.warnings, *_warnings(run)]
    if not isinstance(session.target, Endpoint) and has_random_gates(session.target):
        due.append(routing_warning(on_cpu=uses_cpu(engine_packages())))
    if (step := clock_step(session.clock)) is not None:
        due.append(step)
    codes = {warning.code for warning in due}
    manifest = None if run.manifest is None else finish(run.manifest)
    if manifest is not None and run.workload.seed is not None:
        manifest = manifest.model_copy(update={"seeds": {"prompts": run.workload.seed}})
    return run.model_copy(
        update={"warnings": [*due, *(w for w in run.warnings if w.code not in codes)], "manifest": manifest}
    )


def _warnings(run: Run) -> list[Warn]:
    """`dummy_weights` and `eager_mode` where they apply."""
    due: list[Warn] = []
    if run.model.weights == "dummy":
        text = (
            "The weights are random: timings are real, the text is not, and experts of a mixture may be used unevenly."
        )
        due.append(Warn(code="dummy_weights", message=text))
    if "--enforce-eager" in run.engine.args and "--no-enforce-eager" not in run.engine.args:
        text = (
            "Compilation is off (--enforce-eager), as is usual on processors here; with it on an engine may be faster."
        )
        due.append(Warn(code="eager_mode", message=text))
    return due


def _tidy_up(reporter: Reporter) -> None:
    for engine in find_engines():
        reporter.say(engine.sentence, style="yellow")
        if not engine.owner_alive:
            stop_leftover(engine)
            reporter.say("It was ours and is stopped now.")
