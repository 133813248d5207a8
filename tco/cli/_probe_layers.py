"""`tco probe run --layers 4,8`: a model too big for this machine is timed in slices, and carried to its full depth."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from probes import ProbeError, save_run
from probes.engines import VllmOptions
from probes.engines.vllm_overrides import sliced
from probes.layers import layer_kinds
from probes.slicing import extrapolate
from tco.cli._probe_session import run_session
from tco.cli._shared import EXIT_INVALID

if TYPE_CHECKING:
    from probes import Run
    from tco.cli._probe_reporter import Reporter
    from tco.cli._probe_session import Session


def run_layers(session: Session, reporter: Reporter) -> tuple[int, Run | None]:
    """Runs the probe once for each depth, each into a file of its own beside the run's, and extrapolates.

    Args:
        session: its `layers` are set; the budget is shared evenly.
        reporter: who is told.

    Returns:
        Exit code, and the run of the full depth where there is one. A slice that is incomplete ends it: its file can be resumed.
    """
    assert isinstance(session.target, VllmOptions)
    depths = session.layers
    budget_s = None if session.plan.budget_s is None else session.plan.budget_s / len(depths)
    runs: list[Run] = []
    try:
        targets = [sliced(session.target, depth) for depth in depths]
        for depth, target in zip(depths, targets, strict=True):
            reporter.say(f"slice of {depth} layers")
            part = replace(
                session,
                target=target,
                out=session.out.with_name(f"{session.out.stem}.layers-{depth}.json"),
                layers=(),
                plan=session.plan.model_copy(update={"budget_s": budget_s}),
            )
            code, run = run_session(part, reporter)
            if run is None or code:
                return code, run
            runs.append(run)
        config = session.target.model.config
        full = extrapolate(runs, kinds=() if config is None else layer_kinds(config))
    except ProbeError as error:
        reporter.problem(error)
        return EXIT_INVALID, None
    save_run(full, session.out)
    reporter.ended(f"{session.out}: {len(full.cells)} cells of all {full.model.layers} layers, modelled.", 0)
    return 0, full
