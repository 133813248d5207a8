"""Step times from a data sheet, where no run exists: the least times of the roofline over the efficiency that engines are known to reach.

| efficiency | value | range | where from |
|---|---|---|---|
| bandwidth reached by reading weights and cache | 0.75 | 0.60 to 0.85 | planners' own priors 0.75 and 0.80; 60 to 85 % of real systems [1]; 77 % on an A100 at one stream [2] |
| 16-bit rate reached by prompts | 0.45 | 0.30 to 0.60 | simulators' own priors 0.45 and 0.50; 30 to 50 % [3] |
| 8-bit rate reached by prompts | 0.30 | 0.18 to 0.45 | fits of the back-test; smaller matrices, and what is left in 16 bits, weigh more |
| of these two, with routed experts | 0.6 | 0.35 to 0.9 | fits of the back-test |
| link bandwidth reached | 0.77 | 0.50 to 0.85 | 366 of 475 GB/s of an all-reduce among 4 H100 [4] |
| wait of one all-reduce | 10 µs | 5 to 30 µs | assumption; PCIe and four or more GPUs are at the upper end |
| launches of a layer | 3 µs | 1 to 10 µs | a fleet simulator's prior, with CUDA graphs; mixtures in eager mode take more |
| routing of a layer with experts | 40 µs | 0 to 150 µs | fits of the back-test; a planner's prior is 18 µs for each expert of a token |
| processor time of a step | 0.5 ms | 0.1 to 2 ms | assumption, checked by the back-test |
| processor time of a sequence | 40 µs | 5 to 90 µs | fits of the back-test: scheduling, sampling, sending |
| between engine and client | 12 ms | 2 to 40 ms | fits of the back-test: tokenizing, HTTP, the first step's wait |

[1] https://www.open-source-ai.tech/glossary/model-bandwidth-utilization [2] https://johnmusgrave.com/p/vllm-throughput-latency-sweep-on
[3] https://zeroentropy.dev/concepts/mfu/ [4] https://waynehacking8.github.io/blog/nccl-nvlink-bandwidth/ (2026-05-31).
The back-test is `benchmarks/transfer_backtest.py`. All pages as of 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from pricing.architectures.records import Architecture
from tco.capacity.memory.placement import Placement
from tco.capacity.step_time import StepTime
from tco.capacity.steptime.roofline import IdealTimes, computes_in_8_bits, ideal_times

FULL_BATCH_SEQUENCES = 256
"""Decoding sequences at which their arithmetic beyond the ridge is reckoned exactly; it is spread evenly over fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """How far predictions missed what others measured.

    Of median time per output token, median time to first token, highest throughput and load at which a promise is just kept: the one that was missed most.

    Attributes:
        median_fraction: the middle of the absolute relative misses [fraction].
        nine_of_ten_fraction: nine of ten were no larger [fraction].
        worst_fraction: the largest [fraction].
    """

    median_fraction: float
    nine_of_ten_fraction: float
    worst_fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Efficiencies:
    """What an engine makes of its hardware.

    Attributes:
        bandwidth_fraction: of the memory bandwidth, when weights and cache are read.
        compute_16_bit_fraction: of the 16-bit matrix rate, when prompts are computed.
        compute_8_bit_fraction: of the 8-bit matrix rate, likewise.
        expert_compute_factor: of those in a model with routed experts, whose matrices are smaller [unitless].
        link_fraction: of the bandwidth between GPUs.
        all_reduce_s: wait of one message among the GPUs of a layer, however small [s].
        layer_s: launches of one layer [s].
        expert_layer_s: choosing, sorting and gathering of a layer with routed experts, on top [s].
        step_s: processor time of a step [s].
        sequence_s: processor time of a decoding sequence [s].
        latency_s: between engine and client [s].
    """

    bandwidth_fraction: float
    compute_16_bit_fraction: float
    compute_8_bit_fraction: float
    expert_compute_factor: float
    link_fraction: float
    all_reduce_s: float
    layer_s: float
    expert_layer_s: float
    step_s: float
    sequence_s: float
    latency_s: float

    def compute_fraction(self, on: Placement, experts: int) -> float:
        """Of the rate at which a model's weights are multiplied there.

        Args:
            on: hardware and precision.
            experts: routed experts of a layer; 0: none.
        """
        dense = (
            self.compute_8_bit_fraction if computes_in_8_bits(on.gpu, on.precision) else self.compute_16_bit_fraction
        )
        return dense * self.expert_compute_factor if experts else dense


TYPICAL = Efficiencies(
    bandwidth_fraction=0.75,
    compute_16_bit_fraction=0.45,
    compute_8_bit_fraction=0.30,
    expert_compute_factor=0.6,
    link_fraction=0.77,
    all_reduce_s=10e-6,
    layer_s=3e-6,
    expert_layer_s=40e-6,
    step_s=0.5e-3,
    sequence_s=40e-6,
    latency_s=12e-3,
)
BEST = Efficiencies(
    bandwidth_fraction=0.85,
    compute_16_bit_fraction=0.60,
    compute_8_bit_fraction=0.45,
    expert_compute_factor=0.9,
    link_fraction=0.85,
    all_reduce_s=5e-6,
    layer_s=1e-6,
    expert_layer_s=0.0,
    step_s=0.1e-3,
    sequence_s=5e-6,
    latency_s=2e-3,
)
WORST = Efficiencies(
    bandwidth_fraction=0.60,
    compute_16_bit_fraction=0.30,
    compute_8_bit_fraction=0.18,
    expert_compute_factor=0.35,
    link_fraction=0.50,
    all_reduce_s=30e-6,
    layer_s=10e-6,
    expert_layer_s=150e-6,
    step_s=2e-3,
    sequence_s=90e-6,
    latency_s=40e-3,
)
"""The table of this module, value and both ends."""

PERFECT = Efficiencies(
    bandwidth_fraction=1.0,
    compute_16_bit_fraction=1.0,
    compute_8_bit_fraction=1.0,
    expert_compute_factor=1.0,
    link_fraction=1.0,
    all_reduce_s=0.0,
    layer_s=0.0,
    expert_layer_s=0.0,
    step_s=0.0,
    sequence_s=0.0,
    latency_s=0.0,
)
"""No engine does better than the data sheet."""


BACKTEST = Missed(median_fraction=0.14, nine_of_ten_fraction=0.38, worst_fraction=0.78)
"""Misses of twelve published curves, vLLM 0.19.0 on H100 and A100 (`python -m benchmarks.transfer_backtest`, 2026-11-29). Time per output token was missed by 9 % in
the middle, time to first token by 7 %. These curves were looked at when priors were chosen. Fifteen figures of 1 to 64 streams on H100, H200, B200 and B300 that
were not looked at: time per output token missed by 3 % in the middle, 19 % at worst."""

PRIOR_BAND_FRACTION = 0.5
"""How far a step time from a data sheet may be off [fraction]: published errors of rooflines are 30 to 50 %, and nine of ten of the back-test lie within."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorStepTime:
    """A step time that nobody measured.

    Attributes:
        step_time: at typical efficiencies.
        low: every term as short as may be.
        high: every term as long.
        efficiencies: what `step_time` was made with.
        error_fraction: how far a latency or a throughput from it is off, typically [fraction].
        band_fraction: how far it may be off; `low` and `high` lie so far from it at least [fraction].
        sentence: what a reader must be told.
    """

    step_time: StepTime
    low: StepTime
    high: StepTime
    efficiencies: Efficiencies
    error_fraction: float
    band_fraction: float
    sentence: str


def prior_step_time(
    model: Architecture,
    on: Placement,
    *,
    context_tokens: int = 2048,
    efficiencies: Efficiencies = TYPICAL,
) -> PriorStepTime:
    """What a step takes by the data sheet: `modelled`, with a wide band.

    Args:
        model: the architecture.
        on: hardware, layout and precision.
        context_tokens: of a sequence, over which the cache of layers with windows is averaged [tokens].
        efficiencies: what the engine makes of the hardware.

    Raises:
        InputError: more GPUs than a layer can be shared by.

    >>> from pricing import architecture, gpu_spec
    >>> prior = prior_step_time(architecture("Meta-Llama-3.1-8B"), Placement(gpu=gpu_spec("H100-SXM")))
    >>> [round(1e3 * time.decode_s(1, 640), 1) for time in (prior.low, prior.step_time, prior.high)]
    [4.5, 6.7, 10.0]
    """
    ideal = ideal_times(model, on, context_tokens)
    middle = assemble(ideal, on, efficiencies)
    widened = 1 + PRIOR_BAND_FRACTION
    return PriorStepTime(
        step_time=middle,
        low=_widest(
            max, assemble(ideal, on, PERFECT), _widest(min, scaled(middle, 1 / widened), assemble(ideal, on, BEST))
        ),
        high=_widest(max, scaled(middle, widened), assemble(ideal, on, WORST)),
        efficiencies=efficiencies,
        error_fraction=BACKTEST.median_fraction,
        band_fraction=PRIOR_BAND_FRACTION,
        sentence=(
            f"nobody measured {model.name} on {on.label}: its step times come from the data sheet at "
            f"{efficiencies.bandwidth_fraction:.0%} of the memory bandwidth and {efficiencies.compute_fraction(on, model.experts):.0%} of the matrix rate, "
            f"like which published curves were missed by {BACKTEST.median_fraction:.0%} in the middle and by up to {BACKTEST.nine_of_ten_fraction:.0%} nine times in ten; "
            f"reckon with {PRIOR_BAND_FRACTION:.0%} or more. Probe it before you buy: `tco probe run`"
        ),
    )


def assemble(ideal: IdealTimes, on: Placement, reached: Efficiencies) -> StepTime:
    """Step time of a roofline at given efficiencies; the formulas are those of `StepTime`.

    ```
    intercept_s         = weights / e_bandwidth + layers · (layer_s + expert_layer_s) + all-reduces · all_reduce_s + step_s
    per_kv_token_s      = kv_token / e_bandwidth
    per_prefill_token_s = token_compute / e_compute + token_link / e_link
    hidden_tokens       = (weights + experts) / e_bandwidth / (token_compute / e_compute)
    per_sequence_s      = sequence_s + state / e_bandwidth + token_link / e_link + max(0, 1 − hidden_tokens / 256) · token_compute / e_compute
    ```
    """
    compute = ideal.token_compute_s / reached.compute_fraction(on, ideal.experts)
    link = ideal.token_link_s / reached.link_fraction
    hidden = (ideal.weights_s + ideal.experts_s) / reached.bandwidth_fraction / compute
    beyond_ridge = max(0.0, 1 - hidden / FULL_BATCH_SEQUENCES) * compute
    return StepTime(
        intercept_s=ideal.weights_s / reached.bandwidth_fraction + overhead_s(ideal, reached),
        per_sequence_s=reached.sequence_s + ideal.sequence_state_s / reached.bandwidth_fraction + link + beyond_ridge,
        per_kv_token_s=ideal.kv_token_s / reached.bandwidth_fraction,
        per_prefill_token_s=compute + link,
        per_attention_pair_s=ideal.pair_compute_s / reached.compute_16_bit_fraction,
        hidden_tokens=hidden,
        experts=ideal.experts,
        experts_per_token=ideal.experts_per_token,
        experts_s=ideal.experts_s / reached.bandwidth_fraction,
        latency_s=reached.latency_s,
        basis="modelled",
    )


def overhead_s(ideal: IdealTimes, reached: Efficiencies) -> float:
    """What a step takes whatever is in it and however fast the memory: `layers · (layer_s + expert_layer_s) + all-reduces · all_reduce_s + step_s` [s]."""
    layer = reached.layer_s + (reached.expert_layer_s if ideal.experts else 0.0)
    return ideal.layers * layer + ideal.all_reduces * reached.all_reduce_s + reached.step_s


_TIMES = tuple(field.name for field in fields(StepTime) if field.name.endswith("_s"))


def scaled(step_time: StepTime, factor: float) -> StepTime:
    """The same machine, slower by a factor in everything [unitless]."""
    times: dict[str, Any] = {name: factor * getattr(step_time, name) for name in _TIMES}
    return replace(step_time, **times)


def _widest(choose: Callable[[float, float], float], one: StepTime, other: StepTime) -> StepTime:
    times: dict[str, Any] = {name: choose(getattr(one, name), getattr(other, name)) for name in _TIMES}
    return replace(other, **times)
