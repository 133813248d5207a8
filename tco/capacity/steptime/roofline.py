"""What a step of an engine reads, multiplies and sends, counted from a model's architecture, and the least time that takes.

Everything here is counting: bytes, floating-point operations, messages, and what a GPU's data sheet says it does of them in a second. How much of
that a real engine reaches is `tco.capacity.steptime.priors`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pricing.architectures.records import Architecture
from pricing.architectures.weights import Precision, weight_bytes
from pricing.gpus import GpuSpec
from tco.capacity.memory.kv_cache import cache_shards
from tco.capacity.memory.placement import Placement
from tco.capacity.memory.weights import expert_bytes
from tco.errors import InputError

_ACTIVATION_BYTES = 2
"""Activations travel in 16 bits whatever the weights are stored in."""

_LINEAR = "linear"
_WINDOWED = ("sliding", "chunked")


@dataclass(frozen=True, slots=True, kw_only=True)
class IdealTimes:
    """The least time of each part of a step on given hardware: data sheet only, nothing lost.

    Attributes:
        weights_s: reading all weights but the routed experts once [s].
        experts_s: reading all routed experts once [s].
        kv_token_s: reading the cache of one token [s].
        sequence_state_s: reading and writing what a sequence keeps whatever its length [s].
        token_compute_s: arithmetic of one token, attention to others left out [s].
        pair_compute_s: arithmetic of one token's attention to one other [s].
        token_link_s: sending one token's activations between the GPUs of a layer [s].
        all_reduces: messages of a step that wait for all GPUs of a layer.
        layers: layers of the model.
        experts: routed experts of a layer; 0: none.
        experts_per_token: experts that a token is sent to.
    """

    weights_s: float
    experts_s: float
    kv_token_s: float
    sequence_state_s: float
    token_compute_s: float
    pair_compute_s: float
    token_link_s: float
    all_reduces: int
    layers: int
    experts: int
    experts_per_token: int


def ideal_times(model: Architecture, on: Placement, context_tokens: int = 2048) -> IdealTimes:
    """The least time of each part of a step.

    ```
    weights_s       = (bytes of the weights − looked-up embeddings − vision − routed experts) / (TP · bandwidth)
    experts_s       = bytes of all routed experts / (TP · PP · bandwidth)
    kv_token_s      = Σ_layers bytes of one token / shards / (PP · bandwidth)
    token_compute_s = 2 · active weights without embeddings / (TP · PP · peak rate)
    pair_compute_s  = 4 · heads · head size · Σ_layers share of pairs / (TP · PP · 16-bit peak rate)
    token_link_s    = 2 · layers · 2 (TP − 1) / TP · hidden size · 2 bytes / (PP · link)
    ```

    Pipeline stages work on different requests at once, so what grows with tokens is divided among them; each stage's weights are read for its own part of
    the batch, one stage after the other from a request's view, so that the weights' time is not.

    Args:
        model: the architecture.
        on: hardware, layout and precision.
        context_tokens: of a sequence, over which the cache of layers with windows is averaged [tokens].

    Raises:
        InputError: more GPUs than a layer can be shared by.

    References:
        S. Williams, A. Waterman, D. Patterson, "Roofline", Communications of the ACM 52(4), 2009, https://doi.org/10.1145/1498765.1498785;
        R. Pope et al., "Efficiently Scaling Transformer Inference", https://arxiv.org/abs/2211.05102 (sections 2 and 3).

    >>> from pricing import architecture, gpu_spec
    >>> times = ideal_times(architecture("Meta-Llama-3.1-8B"), Placement(gpu=gpu_spec("H100-SXM")))
    >>> round(times.weights_s * 1e3, 2), round(times.kv_token_s * 1e9, 1)
    (4.48, 39.1)
    """
    tensor, stages = on.tensor_parallel_size, on.pipeline_parallel_size
    if tensor > model.heads:
        raise InputError(
            f"placement: tensor_parallel_size is {tensor}, and {model.name} has {model.heads} heads to share"
        )
    parts = model.parameters
    experts = expert_bytes(model, on.precision)
    looked_up = _ACTIVATION_BYTES * (parts.input_embeddings + (parts.vision or 0))
    fixed = weight_bytes(parts, on.precision) - experts - looked_up
    bandwidth = on.gpu.memory_bandwidth_gb_per_s * 1e9
    state, per_token = _cache_bytes(model, on, context_tokens)
    rate, rate_16 = peak_flops_per_s(on.gpu, on.precision), on.gpu.bf16_dense_tflops * 1e12
    sends = 2 * model.layers if tensor > 1 else 0
    message = 2 * (tensor - 1) / tensor * model.hidden_size * _ACTIVATION_BYTES
    return IdealTimes(
        weights_s=fixed / tensor / bandwidth,
        experts_s=experts / tensor / stages / bandwidth,
        kv_token_s=per_token / stages / bandwidth,
        sequence_state_s=2 * state / stages / bandwidth,
        token_compute_s=2 * (parts.active - parts.embeddings) / tensor / stages / rate,
        pair_compute_s=4
        * model.heads
        * model.head_dim
        * _pair_layers(model, context_tokens)
        / tensor
        / stages
        / rate_16,
        token_link_s=sends * message / stages / ((on.gpu.link_gb_per_s or 1.0) * 1e9) if sends else 0.0,
        all_reduces=sends,
        layers=model.layers,
        experts=model.experts,
        experts_per_token=model.experts_active,
    )


def peak_flops_per_s(gpu: GpuSpec, precision: Precision) -> float:
    """Peak matrix rate at which weights of a precision are multiplied [FLOP/s].

    fp8 runs at the 8-bit rate where the part has one. Without one, and for int4, the weights are widened to 16 bits first. mxfp4 runs at the 8-bit rate on a part
    with 4-bit arithmetic, and is widened to 16 bits elsewhere.

    >>> from pricing import gpu_spec
    >>> peak_flops_per_s(gpu_spec("A100-80GB-SXM"), "fp8") / 1e12
    312.0
    """
    eight_bit = precision == "fp8" or (precision == "mxfp4" and gpu.fp4_dense_tflops is not None)
    rate = gpu.fp8_dense_tflops if eight_bit else None
    return (gpu.bf16_dense_tflops if rate is None else rate) * 1e12


def computes_in_8_bits(gpu: GpuSpec, precision: Precision) -> bool:
    """Whether weights of that precision are multiplied at the part's 8-bit rate."""
    return peak_flops_per_s(gpu, precision) > gpu.bf16_dense_tflops * 1e12


def _cache_bytes(model: Architecture, on: Placement, context_tokens: int) -> tuple[float, float]:
    """Bytes on one GPU of a layer's group that a sequence keeps whatever its length, and of each token at that context."""
    state, total = 0.0, 0.0
    for kept in model.kv_layers:
        shards = cache_shards(kept, model, on.tensor_parallel_size)
        fixed = kept.sequence_bytes(0, on.kv_dtype_bytes) / shards
        state += fixed
        total += kept.sequence_bytes(context_tokens, on.kv_dtype_bytes) / shards - fixed
    return state, total / context_tokens


def _pair_layers(model: Architecture, context_tokens: int) -> float:
    """Layers, each counted by the share of a prompt's pairs of tokens that it looks at.

    A window of W in a prompt of C tokens keeps `W C − W² / 2` of `C² / 2` pairs. Layers that choose or compress tokens are counted in full, their
    upper bound; linear attention has no pairs.
    """
    windows = {
        kept.attention: kept.window_tokens or kept.chunk_tokens
        for kept in model.kv_layers
        if kept.attention.startswith(_WINDOWED)
    }
    return sum(
        kind.layers * _share_of_pairs(windows.get(kind.kind), context_tokens)
        for kind in model.layer_types
        if not kind.kind.startswith(_LINEAR)
    )


def _share_of_pairs(window: int | None, context_tokens: int) -> float:
    reach = 1.0 if window is None else min(1.0, window / context_tokens)
    return 2 * reach - reach**2
