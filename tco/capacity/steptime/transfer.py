"""Step times carried over from what was measured to another GPU, precision, number of GPUs or model.

Each term of the fitted step time is one of three things, and goes over as what it is:

- *read* (weights, experts, cache): by bytes and memory bandwidth;
- *multiplied* (prompt tokens, attention pairs): by floating-point operations and matrix rate at the precision;
- *waited for* (launches, scheduling, sampling, messages among GPUs, the network): kept, by the number of layers and messages where these change.

An efficiency that was measured on one part says something of another, but not all: half of what sets it apart from the data sheet's prior, in logarithms,
is carried over (`TRUST_FRACTION`). How wrong that is was measured: `BAND_FRACTION`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot
from typing import Any, Literal

from pricing.architectures.records import Architecture
from tco.capacity.memory.placement import Placement
from tco.capacity.step_time import StepTime
from tco.capacity.steptime.priors import TYPICAL, Missed, assemble, overhead_s
from tco.capacity.steptime.roofline import IdealTimes, ideal_times
from tco.errors import InputError

Kind = Literal["gpu", "precision", "layout", "model"]


TRUST_FRACTION = 0.5
"""Share of a fitted efficiency's distance from its prior that holds on another part [fraction]. Of 0, 0.3, 0.5, 0.7 and 1, tried on the back-test's own curves: all
of it makes the worst misses half as large again, none of it misses least there, but these curves are also what priors were chosen by, and it would forget what
was measured."""

BACKTEST: dict[Kind, Missed] = {
    "gpu": Missed(median_fraction=0.15, nine_of_ten_fraction=0.54, worst_fraction=0.77),
    "precision": Missed(median_fraction=0.14, nine_of_ten_fraction=0.36, worst_fraction=0.52),
    "layout": Missed(median_fraction=0.29, nine_of_ten_fraction=0.49, worst_fraction=0.63),
    "model": Missed(median_fraction=0.19, nine_of_ten_fraction=0.38, worst_fraction=0.79),
}
"""Misses between published curves that differ in one thing (`python -m benchmarks.transfer_backtest`, 2026-11-29): vLLM 0.19.0, three models, H100 and A100, 16 and
8 bits; for another GPU and another number of them the larger of that and of 118 ordered pairs of published figures of vLLM 0.5.4, seven models on 1 to 8 GPUs."""

BAND_FRACTION: dict[Kind, float] = {kind: missed.nine_of_ten_fraction for kind, missed in BACKTEST.items()}
"""How far a step time may be off that was carried over [fraction]."""

KIND_WORDS: dict[Kind, str] = {
    "gpu": "another GPU",
    "precision": "another precision",
    "layout": "another number of GPUs",
    "model": "another model",
}
"""What differs, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """A step time that was measured elsewhere.

    Attributes:
        step_time: of the target, `modelled`.
        kinds: what differs between source and target.
        bandwidth_fraction: of the source's memory bandwidth that the fit shows, and that the target is taken to reach [fraction].
        compute_fraction: of the source's matrix rate, likewise [fraction].
        error_fraction: how far a latency or a throughput from this step time is off, typically [fraction].
        band_fraction: how far it may be off [fraction].
        sentence: what a reader must be told.
    """

    step_time: StepTime
    kinds: tuple[Kind, ...]
    bandwidth_fraction: float
    compute_fraction: float
    error_fraction: float
    band_fraction: float
    sentence: str


def transfer(
    fitted: StepTime,
    model: Architecture,
    source: Placement,
    target: Placement,
    *,
    target_model: Architecture | None = None,
    fit_error_fraction: float = 0.0,
    trust_fraction: float = TRUST_FRACTION,
    context_tokens: int = 2048,
) -> Transferred:
    """Carries fitted step times over.

    ```
    intercept_s         = overhead' + (intercept − overhead) · weights' / weights
    per_kv_token_s      = per_kv_token_s · kv_token' / kv_token                          likewise experts_s
    per_prefill_token_s = (per_prefill_token_s − link) · token_compute' / token_compute · e / e' + link'     likewise per_attention_pair_s, without link
    per_sequence_s      = per_sequence_s − hardware's share + hardware's share on the target
    ```

    `'` is the target; least times (`weights`, `kv_token` ...) are those of `tco.capacity.steptime.roofline`, overheads and links those of
    `tco.capacity.steptime.priors`. `e / e'` is 1 but between 16-bit and 8-bit arithmetic, and between dense models and mixtures, where it is the ratio of the
    two priors. Each term is then `carried^trust · data sheet's^(1 − trust)`; latency and dispatch are the fit's.

    Args:
        fitted: step time of the source.
        model: that was measured.
        source: where it was measured.
        target: where it shall run.
        target_model: that shall run; null: the same.
        fit_error_fraction: how far the fit misses its own run [fraction]; goes into the band.
        trust_fraction: how much of a fitted efficiency's distance from its prior is taken to hold on the target; 1: all of it.
        context_tokens: of a sequence, over which the cache of layers with windows is averaged [tokens].

    Special cases:
        - nothing differs: the fitted step time itself, with the fit's own error;
        - a term that the fit left at zero stays zero: it could not be told from the others, which carry its time; experts of a model without a fitted
          experts term are read at the efficiency of the weights.

    Raises:
        InputError: a fit that is faster than the source's data sheet allows by a factor of two, or a layout that cannot be.
    """
    into = model if target_model is None else target_model
    kinds = _differences(model, into, source, target)
    was = ideal_times(model, source, context_tokens)
    will = ideal_times(into, target, context_tokens)
    bandwidth = _bandwidth_fraction(fitted, was, model.name, source)
    compute = _compute_fraction(fitted, was)
    step_time = fitted
    if kinds:
        step_time = _between(
            _carried(fitted, (was, source), (will, target), bandwidth), assemble(will, target, TYPICAL), trust_fraction
        )
    band = hypot(fit_error_fraction, *(BAND_FRACTION[kind] for kind in kinds))
    return Transferred(
        step_time=step_time,
        kinds=kinds,
        bandwidth_fraction=bandwidth,
        compute_fraction=compute,
        error_fraction=hypot(fit_error_fraction, *(BACKTEST[kind].median_fraction for kind in kinds)),
        band_fraction=band,
        sentence=_sentence(
            kinds, f"{model.name} on {source.label}", f"{into.name} on {target.label}", bandwidth, compute, band
        ),
    )


def _carried(
    fitted: StepTime, source: tuple[IdealTimes, Placement], target: tuple[IdealTimes, Placement], bandwidth: float
) -> StepTime:
    (was, at), (will, to) = source, target
    before, after = assemble(was, at, TYPICAL), assemble(will, to, TYPICAL)
    link, link_after = was.token_link_s / TYPICAL.link_fraction, will.token_link_s / TYPICAL.link_fraction
    compute = max(fitted.per_prefill_token_s - link, min(was.token_compute_s, fitted.per_prefill_token_s))
    reached, reached_after = TYPICAL.compute_fraction(at, was.experts), TYPICAL.compute_fraction(to, will.experts)
    slower = will.token_compute_s / was.token_compute_s * reached / reached_after
    read = (will.weights_s + will.experts_s) / (was.weights_s + was.experts_s)
    prefill = compute * slower + link_after if fitted.per_prefill_token_s else 0.0
    return replace(
        fitted,
        intercept_s=_intercept(fitted, was, will, bandwidth),
        per_sequence_s=_per_sequence(fitted.per_sequence_s, before.per_sequence_s, after.per_sequence_s),
        per_kv_token_s=fitted.per_kv_token_s * _ratio(will.kv_token_s, was.kv_token_s),
        per_prefill_token_s=prefill,
        per_attention_pair_s=fitted.per_attention_pair_s * _ratio(will.pair_compute_s, was.pair_compute_s),
        hidden_tokens=fitted.hidden_tokens * read / slower,
        experts=will.experts,
        experts_per_token=will.experts_per_token,
        experts_s=fitted.experts_s * will.experts_s / was.experts_s
        if was.experts_s and fitted.experts_s
        else will.experts_s / bandwidth,
        basis="modelled",
    )


_HARDWARE = (
    "intercept_s",
    "per_sequence_s",
    "per_kv_token_s",
    "per_prefill_token_s",
    "per_attention_pair_s",
    "experts_s",
    "hidden_tokens",
)


def _between(carried: StepTime, sheet: StepTime, trust: float) -> StepTime:
    """Each term of the hardware between what was carried over and the data sheet's, in logarithms; a term that is zero in either is the carried one."""
    terms = {name: (getattr(carried, name), getattr(sheet, name)) for name in _HARDWARE}
    between: dict[str, Any] = {
        name: one**trust * two ** (1 - trust) for name, (one, two) in terms.items() if one and two
    }
    return replace(carried, **between)


def _intercept(fitted: StepTime, was: IdealTimes, will: IdealTimes, bandwidth: float) -> float:
    """Overhead by layers and messages; the rest by bytes over bandwidth. Between dense models and mixtures the weights' efficiency is that of all bytes."""
    overhead = min(overhead_s(was, TYPICAL), max(0.0, fitted.intercept_s - was.weights_s))
    overhead_after = overhead * overhead_s(will, TYPICAL) / overhead_s(was, TYPICAL)
    if bool(was.experts) != bool(will.experts):
        return overhead_after + will.weights_s / bandwidth
    return overhead_after + (fitted.intercept_s - overhead) * will.weights_s / was.weights_s


def _per_sequence(fitted: float, before: float, after: float) -> float:
    """The hardware's share changes with the hardware, the processor's stays; a fit below the hardware's share goes over in proportion."""
    share, share_after = before - TYPICAL.sequence_s, after - TYPICAL.sequence_s
    if fitted <= share:
        return fitted * share_after / share if share else fitted
    return fitted - share + share_after


def _bandwidth_fraction(fitted: StepTime, was: IdealTimes, name: str, source: Placement) -> float:
    """Share of the bandwidth at which all weights are read, experts included; at most 1, for a fit's noise is no free lunch."""
    least = was.weights_s + (was.experts_s if fitted.experts_s else 0.0)
    whole = fitted.intercept_s + fitted.experts_s
    if whole < least / 2:
        raise InputError(
            f"step time of {name} on {source.label}: a step takes {whole * 1e3:.3g} ms, and reading the weights alone takes {least * 1e3:.3g} ms at the data "
            "sheet's bandwidth; the run is not of this model, GPU or precision: correct them, or probe again"
        )
    return min(1.0, least / max(least, whole - overhead_s(was, TYPICAL)))


def _compute_fraction(fitted: StepTime, was: IdealTimes) -> float:
    link = was.token_link_s / TYPICAL.link_fraction
    own = fitted.per_prefill_token_s - link
    return min(1.0, was.token_compute_s / own) if own > 0 else 1.0


def _differences(model: Architecture, into: Architecture, source: Placement, target: Placement) -> tuple[Kind, ...]:
    layout = (source.tensor_parallel_size, source.pipeline_parallel_size)
    other_layout = (target.tensor_parallel_size, target.pipeline_parallel_size)
    bits = (source.precision, source.kv_dtype_bytes) != (target.precision, target.kv_dtype_bytes)
    differs: dict[Kind, bool] = {
        "gpu": source.gpu.gpu != target.gpu.gpu,
        "precision": bits,
        "layout": layout != other_layout,
        "model": model.config_sha256 != into.config_sha256,
    }
    return tuple(kind for kind, differ in differs.items() if differ)


def _ratio(after: float, before: float) -> float:
    return after / before if before else 1.0


def _sentence(kinds: Sequence[Kind], source: str, target: str, bandwidth: float, compute: float, band: float) -> str:
    if not kinds:
        return f"step times are those that were fitted for {source}"
    hardest = max(kinds, key=lambda kind: BAND_FRACTION[kind])
    missed = BACKTEST[hardest]
    return (
        f"step times of {target} were carried over from {source} ({', '.join(KIND_WORDS[kind] for kind in kinds)}): what is read by memory bandwidth "
        f"({bandwidth:.0%} of it was reached there), what is multiplied by matrix rate ({compute:.0%}), overheads kept. Carried over to {KIND_WORDS[hardest]}, "
        f"published curves were missed by {missed.median_fraction:.0%} in the middle and by up to {missed.nine_of_ten_fraction:.0%} nine times in ten; "
        f"reckon with {band:.0%}, and probe the target before you buy"
    )
