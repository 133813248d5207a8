"""One probe from start to exit code: engine or endpoint, sweep, interruption."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from probes import Endpoint, ProbeError, RunError, Warn, energy_meter, find_engines, run_sweep, save_run, stop_leftover
from probes.engines import start_vllm
from tco.cli._shared import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_INVALID, EXIT_PREFLIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from probes import Plan, Run, RunHeader, WorkloadShape
    from probes.engines import VllmOptions
    from tco.cli._probe_reporter import Reporter


_DYING_S = 5.0
"""How long an engine whose requests failed is given to be dead [s], so that its log can say why."""


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
    """

    target: VllmOptions | Endpoint
    header: RunHeader
    shape: WorkloadShape
    plan: Plan
    out: Path
    existing: Run | None = None


def run_session(session: Session, reporter: Reporter) -> tuple[int, Run | None]:
    """Runs a probe to its end and tells the reporter how it ended.

    Args:
        session: what to measure.
        reporter: who is told.

    Returns:
        Exit code, and the run where there is one.
    """
    saved: list[Path] = []
    with _stop_signals():
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
        return asyncio.run(_sweep(session, target, session.header, reporter, saved, meter=False)), None
    _tidy_up(reporter)
    with start_vllm(target, reporter.engine_starting) as running:
        reporter.engine_ready(running)
        header = replace(session.header, engine=running.engine, model=running.model)
        try:
            run = asyncio.run(_sweep(session, running.endpoint, header, reporter, saved, meter=True))
        except ProbeError:
            # A dead engine looks like a closed connection from outside; its log knows better.
            failure = running.failure(_DYING_S)
            if failure is None:
                raise
            raise failure from None
        failed = any(cell.requests_failed for cell in run.cells)
        return run, running.failure(_DYING_S if failed else 0.0)


async def _sweep(
    session: Session, endpoint: Endpoint, header: RunHeader, reporter: Reporter, saved: list[Path], *, meter: bool
) -> Run:
    def keep(run: Run) -> None:
        save_run(with_warnings(run), session.out)
        saved.append(session.out)

    run = await run_sweep(
        endpoint,
        shape=session.shape,
        plan=session.plan,
        header=header,
        save=keep,
        on_event=reporter.sweep,
        meter=energy_meter(header.gpus_per_replica) if meter else None,
        existing=session.existing,
    )
    return with_warnings(run)


def with_warnings(run: Run) -> Run:
    """A run with what its reader must know about how the engine was started.

    Args:
        run: as the sweep gives it.

    Returns:
        The run with `dummy_weights` and `eager_mode` where they apply, each once.
    """
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
    codes = {warning.code for warning in due}
    return run.model_copy(update={"warnings": [*due, *(w for w in run.warnings if w.code not in codes)]})


def _tidy_up(reporter: Reporter) -> None:
    for engine in find_engines():
        reporter.say(engine.sentence, style="yellow")
        if not engine.owner_alive:
            stop_leftover(engine)
            reporter.say("It was ours and is stopped now.")


@contextlib.contextmanager
def _stop_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP stop a probe as Ctrl-C does.

    Each is passed on as SIGINT, which asyncio turns into an orderly cancellation. SIGINT is set too: a shell that starts a command in the background has it ignored.
    """

    def pass_on(_number: int, _frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGHUP, pass_on)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
