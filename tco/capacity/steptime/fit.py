"""Step times of a run from its linear identities: non-negative least squares, and what the cells cannot tell.

`fit_step_time(run)` gives a `FittedStepTime`, or a `Refusal` that says what to measure. `tco.capacity.steptime.of_run` goes on from there with simulations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pricing import architecture
from pricing.architectures.errors import ArchitectureError
from probes.run import Run
from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.step_time import StepTime
from tco.capacity.steptime.fitted import Caution, FittedStepTime, Reach, Refusal, Residual, Term
from tco.capacity.steptime.identities import Engine, Experts
from tco.capacity.steptime.observed import Observed, contradictions, observed
from tco.capacity.steptime.solve import MAX_CONDITION, Solved, best_fit, bootstrap

MIN_CELLS = 3
POOR_FIT_FRACTION = 0.15
"""A fit that misses its own cells by more is said to be poor."""
_WORDS = {
    "intercept_s": "what every step takes",
    "per_sequence_s": "what a decoding sequence takes",
    "per_kv_token_s": "what a token of context takes",
    "per_prefill_token_s": "what a prompt's token takes",
    "per_attention_pair_s": "what attention within a prompt takes",
    "per_chunk_s": "what a prompt's chunk takes by itself",
    "experts_s": "what reading the experts takes",
    "latency_s": "the way between client and engine",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a fit rests on: the run's load points and what is known of model and engine.

    Attributes:
        cells: load points.
        experts: of the model.
        limits: of the engine, or None.
        command: that would measure what may be missing.
        cautions: about the cells.
    """

    cells: tuple[Observed, ...]
    experts: Experts
    limits: EngineLimits | None
    command: str
    cautions: tuple[Caution, ...] = field(default=())


def fit_step_time(run: Run, limits: EngineLimits | None = None) -> FittedStepTime | Refusal:
    """Fits step times to a run's linear identities (`tco.capacity.steptime.identities`).

    Least squares of relative errors, each over its own measured error, with no term below zero [1]. Terms that the cells cannot tell apart are left out
    one after the other, with a caution. Intervals are Bayesian bootstraps over cells [2]: each cell weighs an exponential number.

    Args:
        run: the probe.
        limits: of its engine; None: every prompt is taken for one chunk.

    Returns:
        The fit; or a `Refusal` with a code: `too_few_cells`, `one_shape`, `not_identified`.

    References:
        [1] C. L. Lawson, R. J. Hanson, Solving Least Squares Problems, SIAM 1995, chapter 23; scipy.optimize.nnls.
        [2] D. B. Rubin, "The Bayesian Bootstrap", Annals of Statistics 9(1), 1981.
    """
    return fit_cells(basis_of(run, limits))


def basis_of(run: Run, limits: EngineLimits | None = None) -> Basis:
    """What a fit of a run rests on.

    Args:
        run: the probe.
        limits: of its engine, where they are known.
    """
    cells = observed(run)
    known, caution = _experts(run)
    cautions = contradictions(cells) + ((caution,) if caution else ())
    return Basis(cells=cells, experts=known, limits=limits, command=_command(run), cautions=cautions)


def fit_cells(basis: Basis, *, intervals: bool = True) -> FittedStepTime | Refusal:
    """Fits step times to load points; see `fit_step_time`.

    Args:
        basis: the load points.
        intervals: whether terms get intervals; without, low and high are the value.
    """
    refused = _too_little(basis)
    if refused is not None:
        return refused
    budget = basis.limits.max_num_batched_tokens if basis.limits else None
    solved = best_fit(basis.cells, Engine(experts=basis.experts, max_num_batched_tokens=budget))
    if solved is None:
        return _not_identified(basis)
    spread = bootstrap(solved) if intervals else np.stack([solved.values, solved.values])
    terms = tuple(
        Term(name=name, value=float(value), low=float(min(low, value)), high=float(max(high, value)))
        for name, value, low, high in zip(solved.names, solved.values, *spread, strict=True)
    )
    residuals = _residuals(basis.cells, solved)
    missed = float(np.sqrt(np.mean([residual.fraction**2 for residual in residuals])))
    return FittedStepTime(
        step_time=step_time_of({term.name: term.value for term in terms}, basis.experts, solved.engine.hidden_tokens),
        terms=terms,
        residuals=residuals,
        cells_used=len({row.cell for row in solved.rows}),
        reach=_reach(basis.cells),
        residual_fraction=missed,
        cautions=basis.cautions + _merged(solved.left_out) + _poor(missed),
    )


def step_time_of(values: dict[str, float], experts: Experts, hidden_tokens: float = 0.0) -> StepTime:
    """The record of some terms [s]; terms that are not given are zero.

    Args:
        values: by name of the field.
        experts: of the model.
        hidden_tokens: of a step whose arithmetic hides behind the reading of the weights.
    """
    known: dict[str, Any] = {name: max(0.0, value) for name, value in values.items()}
    known["intercept_s"] = max(known.get("intercept_s", 0.0), 1e-9)
    if known.get("experts_s"):
        known |= {"experts": experts.count, "experts_per_token": experts.per_token}
    return StepTime(hidden_tokens=hidden_tokens, **known)


def _too_little(basis: Basis) -> Refusal | None:
    count = len(basis.cells)
    loads = {cell.load for cell in basis.cells}
    if len(loads) < MIN_CELLS:
        return Refusal(
            code="too_few_cells",
            sentence=(
                f"the run has {count} usable {'cell' if count == 1 else 'cells'} of {len(loads)} different loads; step times need at least {MIN_CELLS}. "
                "Measure the curve, mixes of lengths, prompts and contexts"
            ),
            command=basis.command,
        )
    alone = any(cell.streams == 1 and cell.ttft_s is not None for cell in basis.cells)
    shapes = {cell.load[1:] for cell in basis.cells}
    if len(shapes) == 1 and not alone:
        _, into, out = next(iter(loads))
        return Refusal(
            code="one_shape",
            sentence=(
                f"all {count} cells are of {into} tokens in and {out} out, and none is of one request alone: what prompts take and what answers take "
                "rise and fall together. Measure mixes of lengths and prompts by themselves"
            ),
            command=basis.command,
        )
    return None


def _not_identified(basis: Basis) -> Refusal:
    return Refusal(
        code="not_identified",
        sentence=(
            "the cells' loads and lengths rise and fall together, so that what every step takes and what prompts take cannot be told apart "
            f"(scaled condition number above {MAX_CONDITION:.0f}). Measure mixes of lengths, prompts by themselves and two contexts"
        ),
        command=basis.command,
    )


def _residuals(cells: tuple[Observed, ...], solved: Solved) -> tuple[Residual, ...]:
    return tuple(
        Residual(
            cell=cells[row.cell].label,
            role=cells[row.cell].role,
            metric=f"{row.kind}_s",
            measured=row.target_s,
            modelled=float(modelled_s),
        )
        for row, modelled_s in zip(solved.rows, solved.modelled_s, strict=True)
    )


def _reach(cells: tuple[Observed, ...]) -> Reach:
    return Reach(
        prompt_tokens=max(cell.input_tokens for cell in cells),
        context_tokens=max(cell.context_tokens + cell.output_tokens for cell in cells),
        streams=max(cell.streams for cell in cells),
    )


def _merged(left_out: tuple[str, ...]) -> tuple[Caution, ...]:
    return tuple(
        Caution(
            code="terms_merged",
            sentence=(
                f"{_WORDS[name]} cannot be told from the other terms by these cells; it is counted among them. "
                "For lengths or loads that were not measured the model is less sure"
            ),
        )
        for name in left_out
    )


def _poor(missed: float) -> tuple[Caution, ...]:
    if missed <= POOR_FIT_FRACTION:
        return ()
    sentence = (
        f"the step times miss the run's own cells by {missed * 100:.0f} % (root mean square); rest no promise on them"
    )
    return (Caution(code="poor_fit", sentence=sentence),)


def _experts(run: Run) -> tuple[Experts, Caution | None]:
    """The model's routed experts, as its architecture says; none with a caution where it is not known."""
    try:
        known = architecture(run.model.name)
    except ArchitectureError:
        sentence = (
            f"the architecture of {run.model.name!r} is not known; its steps are fitted as those of a dense model"
        )
        return Experts(), Caution(code="architecture_unknown", sentence=sentence, path="model.name")
    return Experts(count=known.experts, per_token=known.experts_active) if known.experts else Experts(), None


def _command(run: Run) -> str:
    return f"tco probe run --model {run.model.name} --measure curve,lengths,prefill,context"
