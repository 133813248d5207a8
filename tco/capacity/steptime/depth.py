"""From step times of a model cut to a few layers to those of the whole model: every term is affine in layers.

A step runs each layer once, and some work beside them. So each term is `a + b · layers`, with neither `a` nor `b` below zero: no layer gives time back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import nnls

from probes.slicing import MAX_REACH, MEASURED_ERROR
from tco.capacity.step_time import StepTime
from tco.errors import InputError

_GROWING = (
    "intercept_s",
    "per_sequence_s",
    "per_kv_token_s",
    "per_prefill_token_s",
    "per_attention_pair_s",
    "per_chunk_s",
    "experts_s",
)

# A last bit below zero is no bend.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class FullDepth:
    """Step time of a whole model that was measured in slices.

    Attributes:
        step_time: of all layers, `modelled`.
        layers_measured: of the slices, ascending.
        layers_full: of the whole model.
        bent: terms whose line had to be bent so that neither its layers nor what is beside them take less than no time.
        band_fraction: how far a latency or a throughput from this step time may be off [fraction].
        sentence: what a reader must be told.
    """

    step_time: StepTime
    layers_measured: tuple[int, ...]
    layers_full: int
    bent: tuple[str, ...]
    band_fraction: float
    sentence: str


def to_full_depth(
    slices: Sequence[tuple[int, StepTime]], layers_full: int, error_fraction: float | None = None
) -> FullDepth:
    """Carries step times of slices to the full depth, term by term.

    Least squares of `a + b · layers` with `a, b ≥ 0` (Lawson and Hanson's algorithm, `scipy.optimize.nnls`). What hides behind the reading of the weights is
    carried as time, `hidden_tokens · per_prefill_token_s`. The client's latency and the server's dispatch do not hang on layers:
    the mean.

    Args:
        slices: layers and step time of each, at two depths or more.
        layers_full: of the whole model.
        error_fraction: how far such an extrapolation missed, `Run.extrapolation.error_fraction`; null: the worst miss that was measured.

    Raises:
        InputError: fewer than two depths, a slice deeper than the model, slices of different mixtures of experts, or a model more than ten times as deep as
            the deepest slice.

    >>> cut = [(layers, StepTime(intercept_s=0.001 + 0.002 * layers)) for layers in (4, 8)]
    >>> round(to_full_depth(cut, 32).step_time.intercept_s, 6)
    0.065
    """
    cut = sorted(slices, key=lambda item: item[0])
    depths = [layers for layers, _ in cut]
    _check(depths, [time for _, time in cut], layers_full)
    carried: dict[str, Any] = {}
    bent: list[str] = []
    for name in _GROWING:
        carried[name], was_bent = _carry(depths, [getattr(time, name) for _, time in cut], layers_full)
        bent += [name] * was_bent
    hidden, _ = _carry(depths, [time.hidden_tokens * time.per_prefill_token_s for _, time in cut], layers_full)
    prefill = carried["per_prefill_token_s"]
    band = MEASURED_ERROR.worst_fraction if error_fraction is None else error_fraction
    return FullDepth(
        step_time=replace(
            cut[-1][1],
            **carried,
            hidden_tokens=hidden / prefill if prefill else 0.0,
            latency_s=float(np.mean([time.latency_s for _, time in cut])),
            dispatch_s=float(np.mean([time.dispatch_s for _, time in cut])),
            basis="modelled",
        ),
        layers_measured=tuple(depths),
        layers_full=layers_full,
        bent=tuple(bent),
        band_fraction=band,
        sentence=_sentence(depths, layers_full, bent, band),
    )


def _check(depths: list[int], times: list[StepTime], layers_full: int) -> None:
    if len(set(depths)) < 2:  # noqa: PLR2004 - a line needs two depths
        raise InputError(f"slices of {sorted(set(depths))} layers; measure two depths, such as 4 and 8")
    if depths[0] < 1 or depths[-1] > layers_full:
        raise InputError(
            f"slices of {depths[0]} to {depths[-1]} layers of a model of {layers_full}; a slice has 1 to {layers_full}"
        )
    if layers_full > MAX_REACH * depths[-1]:
        raise InputError(
            f"the deepest slice has {depths[-1]} layers and the model {layers_full}, over {MAX_REACH:g} times as many; measure a slice of at least "
            f"{-(-layers_full // int(MAX_REACH))} layers"
        )
    kinds = {(time.experts, time.experts_per_token) for time in times}
    if len(kinds) > 1:
        raise InputError(
            f"slices of different mixtures of experts: {sorted(kinds)} (experts, experts per token); measure slices of one model"
        )


def _carry(depths: list[int], values: list[float], layers_full: int) -> tuple[float, bool]:
    """What the line says at full depth, and whether a bound bent it."""
    largest = max(values)
    if largest == 0:
        return 0.0, False
    table = np.column_stack([np.ones(len(depths)), np.asarray(depths, dtype=float)])
    scaled = np.asarray(values) / largest  # terms are 1e-2 to 1e-9 s; the algorithm's tolerance is absolute
    solution, _ = nnls(table, scaled)
    free = np.linalg.lstsq(table, scaled, rcond=None)[0]
    return float(solution @ [1.0, layers_full]) * largest, bool((free < -_ROUNDING).any())


def _sentence(depths: list[int], layers_full: int, bent: list[str], band: float) -> str:
    shapes = f"step times were fitted at {', '.join(str(depth) for depth in depths)} of {layers_full} layers and carried to all of them along a line"
    odd = f"; {', '.join(bent)} did not grow like one and was held at no less than zero" if bent else ""
    return f"{shapes}{odd}. Such lines missed models that were run whole by up to {band:.1%}; reckon with so much"
