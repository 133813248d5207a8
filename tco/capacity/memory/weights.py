"""Weights that one GPU of a replica holds."""

from __future__ import annotations

from pricing.architectures.records import Architecture
from pricing.architectures.weights import FULL_BYTES, Precision, weight_bytes
from tco.capacity.memory.layout import Layout, layers_of_stages


def stage_weight_bytes(model: Architecture, precision: Precision, layout: Layout) -> tuple[int, ...]:
    """Bytes of weights on one GPU of each pipeline stage.

    ```
    layers of a stage = share of layers · ((attention + feed-forward + shared experts) / TP + experts / TP + norms + routers)
    first stage       + embeddings / TP + vision / TP          last stage + output head / TP
    ```

    Whole experts are dealt out where experts are parallel: `ceil(experts / TP) / experts` of them instead of `1 / TP`. Layers count as equal; norms,
    routers and what is none of these are copied to every GPU. A head that is tied to the embedding is held by the last stage too, where that is another.

    Args:
        model: the architecture.
        precision: of the weights; `pricing.architectures.weights` says what stays in 16 bits and what scales take.
        layout: how the GPUs share it.

    >>> from pricing import architecture
    >>> two = Layout(tensor_parallel_size=2)
    >>> [round(size / 2**30, 2) for size in stage_weight_bytes(architecture("Meta-Llama-3.1-8B"), "bf16", two)]
    [7.48]
    """
    tensor, parts = layout.tensor_parallel_size, model.parameters
    experts = expert_bytes(model, precision)
    copied = FULL_BYTES * (parts.norms + parts.router + parts.other)
    outside = FULL_BYTES * (parts.embeddings + (parts.vision or 0))
    cut = weight_bytes(parts, precision) - experts - copied - outside
    body = cut / tensor + experts * _expert_share(model, layout) + copied
    stages = layers_of_stages(model.layers, layout.pipeline_parallel_size)
    sizes = [body * layers / model.layers for layers in stages]
    first, head = _embedding_bytes(model)
    sizes[0] += (first + FULL_BYTES * (parts.vision or 0)) / tensor
    if len(sizes) > 1 or not model.tied_embeddings:
        sizes[-1] += head / tensor
    return tuple(round(size) for size in sizes)


def expert_bytes(model: Architecture, precision: Precision) -> int:
    """Bytes of all routed experts at a precision; 0 for a dense model.

    >>> from pricing import architecture
    >>> expert_bytes(architecture("Mixtral-8x7B-v0.1"), "bf16")
    90194313216
    """
    if not model.parameters.experts:
        return 0
    nothing = dict.fromkeys(type(model.parameters).model_fields, 0)
    kept = {name: getattr(model.parameters, name) for name in ("experts", "expert_biases")}
    return weight_bytes(model.parameters.model_copy(update=nothing | kept), precision)


def _expert_share(model: Architecture, layout: Layout) -> float:
    tensor = layout.tensor_parallel_size
    if not (layout.expert_parallel and model.experts):
        return 1 / tensor
    return -(-model.experts // tensor) / model.experts


def _embedding_bytes(model: Architecture) -> tuple[int, int]:
    """Of the tables that are looked up, and of the output head."""
    head = model.vocab_size * model.hidden_size
    looked_up = model.parameters.embeddings - (0 if model.tied_embeddings else head)
    return FULL_BYTES * looked_up, FULL_BYTES * head
