"""What a run found, in sentences that the command line and the app share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.cell import load_label
from tco.format import milliseconds
from tco.number_style import local

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from probes import Cell, Run
    from probes.cell import CellRole
    from probes.findings import CostSplit, Extrapolation, Goodput, IdlePower
    from probes.record import Interval

ROLE_TITLES: dict[CellRole, str] = {
    "curve": "Load curve",
    "goodput": "Random arrivals",
    "lengths": "Length mixes",
    "prefill": "Prefill",
    "context": "Context",
    "trace": "Trace",
}
"""What load points were measured for, as a heading; in the order in which people read them."""

_TOLD = frozenset({"goodput_unresolved"})
"""Warnings whose whole content is in a finding's sentence."""


def by_role(run: Run) -> dict[CellRole, list[Cell]]:
    """The load points of a run by what they were measured for, the load curve first; roles without one are left out.

    Args:
        run: any run.
    """
    grouped = {role: [cell for cell in run.cells if cell.role == role] for role in ROLE_TITLES}
    return {role: cells for role, cells in grouped.items() if cells}


def load_text(cell: Cell) -> str:
    """The load that was offered, without lengths: they have a column of their own."""
    return load_label(cell.concurrency, cell.request_rate_per_s, None)


def lengths_text(cell: Cell, run: Run) -> str:
    """Mean tokens in and out that a load point was asked for: its own, else the run's.

    Args:
        cell: the load point.
        run: its run.
    """
    shape = cell.shape or run.workload
    return f"{local(shape.input_tokens):g} / {local(shape.output_tokens):g}"


def run_cautions(run: Run) -> list[str]:
    """Warnings about the run as a whole; what the findings say is left out."""
    return [warning.message for warning in run.warnings if warning.code not in _TOLD]


def cautions(run: Run) -> list[str]:
    """Everything that a reader should be warned of, each once; what is about one load point begins with its name."""
    of_cells = [f"{cell.label}: {warning.message}" for cell in run.cells for warning in cell.warnings]
    return list(dict.fromkeys([*run_cautions(run), *of_cells]))


def findings(run: Run) -> list[str]:
    """Everything that a run found out.

    Args:
        run: any run.

    Returns:
        Sentences, what decides first.
    """
    sentences = [goodput_sentence(found) for found in run.goodput]
    if run.usable_cells:
        sentences.append(curve_sentence(run.usable_cells))
    if run.cost_split is not None:
        sentences.append(split_sentence(run.cost_split))
    if (energy := _energy_sentence(run)) is not None:
        sentences.append(energy)
    if run.idle is not None and (idle := _idle_sentence(run.idle)) is not None:
        sentences.append(idle)
    if run.extrapolation is not None:
        sentences.append(_extrapolation_sentence(run.extrapolation))
    if run.engine.start_s is not None:
        sentences.append(f"The engine answered {run.engine.start_s:.0f} s after it was started.")
    if run.client_floor is not None:
        floor = run.client_floor
        sentences.append(
            f"The measuring client itself adds {local(floor.ttft_error_p50_ms):.1f} ms to a first token (p99 {local(floor.ttft_error_p99_ms):.1f} ms, "
            f"{floor.streams} streams against a server of known speed)."
        )
    return sentences


def promise_text(limits_ms: Mapping[str, float]) -> str:
    """Limits as people say them.

    >>> promise_text({"ttft": 2000.0, "tpot": 100.0})
    'TTFT up to 2,000 ms and TPOT up to 100 ms'
    """
    return " and ".join(f"{name.upper()} up to {milliseconds(limit)}" for name, limit in limits_ms.items())


def goodput_sentence(found: Goodput) -> str:
    """How much random traffic keeps the promise, or why that is not known.

    Args:
        found: the search's finding.
    """
    promise = f"{promise_text(found.limits_ms)} for {found.target_fraction:.0%} of requests"
    if found.requests_per_s is None:
        return f"No random traffic was shown to keep {promise}: {found.reason}."
    sentence = f"Random traffic keeps {promise} up to {_plain(found.requests_per_s, 3)} requests/s"
    if found.high is not None:
        sentence += f"; the true limit lies between {_plain(found.low or 0.0, 3)} and {_plain(found.high, 3)}"
    return f"{sentence}." if found.resolved else f"{sentence}; not resolved further: {found.reason}."


def curve_sentence(cells: Sequence[Cell]) -> str:
    """The most that was delivered, and how long a first token took there.

    Args:
        cells: usable ones of the load curve, one at least.
    """
    best = max(cells, key=lambda cell: cell.output_tokens_per_s.mean)
    rate = best.output_tokens_per_s
    spread = "" if rate.low is None or rate.high is None else f" ({_plain(rate.low)} to {_plain(rate.high)})"
    sentence = f"Most throughput: {_plain(rate.mean)} output tokens/s{spread} at {best.label}"
    if best.ttft_ms.p95 is None:
        return f"{sentence}."
    return f"{sentence}, where 95% of first tokens come within {_plain(best.ttft_ms.p95)} ms."


def _plain(value: float, digits: int = 4) -> str:
    """So many digits, never as a power of ten; from 1,000 on all before the point."""
    return f"{local(value):,.0f}" if value >= 1000 else f"{local(value):.{digits}g}"  # noqa: PLR2004 -- a power of ten from here on


def split_sentence(split: CostSplit) -> str:
    """What input and output tokens take of the machine.

    Args:
        split: the fit over length mixes.
    """
    sentence = (
        f"Machine time by tokens, from {split.mixes} length mixes: {_per_1000(split.input_token_s)} for {local(1000):,} in, "
        f"{_per_1000(split.output_token_s)} for {local(1000):,} out"
    )
    if split.input_token_s.mean > 0:
        sentence += f"; an output token takes as much as {local(split.output_token_s.mean / split.input_token_s.mean):.1f} input tokens"
    return f"{sentence} (the fit misses {split.residual_fraction:.0%})."


def _per_1000(part: Interval) -> str:
    if part.mean == 0 and part.high is not None:
        return f"at most {local(part.high * 1000):.3g} s"
    text = f"{local(part.mean * 1000):.3g} s"
    return (
        text
        if part.low is None or part.high is None
        else f"{text} ({local(part.low * 1000):.3g} to {local(part.high * 1000):.3g})"
    )


def _energy_sentence(run: Run) -> str | None:
    rated = [
        (cell.energy.energy_joules_per_output_token, cell)
        for cell in run.usable_cells
        if cell.energy is not None and cell.energy.energy_joules_per_output_token is not None
    ]
    if rated:
        joules, cell = min(rated, key=lambda pair: pair[0])
        assert cell.energy is not None
        hedge = " (an estimate: the weights are random)" if cell.energy.estimate else ""
        return f"Energy: {local(joules):.3g} J for an output token at best, at {cell.label}{hedge}."
    reasons = {cell.energy.reason for cell in run.cells if cell.energy is not None and cell.energy.reason}
    return f"Energy: not measured. {min(reasons)}" if reasons else None


def _idle_sentence(idle: IdlePower) -> str | None:
    parts = [
        f"{watts:.0f} W {when}"
        for watts, when in (
            (idle.driver_idle_watts, "before the engine was started"),
            (idle.loaded_idle_watts, "with the model loaded"),
        )
        if watts is not None
    ]
    return f"Power with nothing to do: {', '.join(parts)}." if parts else None


def _extrapolation_sentence(how: Extrapolation) -> str:
    depths = " and ".join(str(depth) for depth in how.layers_measured)
    sentence = f"Modelled: measured with {depths} layers and carried to all {how.layers_full}"
    if how.error_fraction is None:
        return f"{sentence}; how far that is off was not measured."
    return (
        f"{sentence}; on a model that was also run whole this was off by {how.error_fraction:.0%} ({how.error_source})."
    )
