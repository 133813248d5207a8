"""Where the memory of one GPU of a replica goes: from what the maker states down to the tokens of the KV cache."""

from __future__ import annotations

from dataclasses import dataclass

from pricing.architectures.records import Architecture
from pricing.gpus import GpuSpec
from tco.capacity.memory.kv_cache import blocks_of_pool, longest_sequence_tokens, sequence_bytes
from tco.capacity.memory.layout import Layout, layers_of_stages, refusal
from tco.capacity.memory.overheads import GIB, Overheads, prior_overheads, usable_bytes
from tco.capacity.memory.settings import EngineSettings
from tco.capacity.memory.weights import stage_weight_bytes
from tco.errors import InputError
from tco.number_style import local

_GB_STATED = "as its maker states it, which counts in GiB"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryTerm:
    """One step of a waterfall.

    Attributes:
        name: what it is.
        size_bytes: positive where it adds, negative where it takes away [bytes].
        formula: how it was had, in words.
    """

    name: str
    size_bytes: int
    formula: str

    @property
    def gib(self) -> float:
        """In GiB."""
        return self.size_bytes / GIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """Memory of one GPU of a replica: of the pipeline stage that has room for the fewest tokens.

    Attributes:
        model: what is served.
        gpu: the part.
        layout: how the GPUs share the model.
        settings: of the engine.
        terms: the steps, which add up to the pool.
        pool_bytes: what is left for the KV cache [bytes]; negative where the rest does not fit.
        pool_share_fraction: share of the layers whose cache the pool keeps; below 1 with pipeline stages.
        kv_bytes_per_token: of one token's cache on this GPU, averaged over `context_tokens` [bytes].
        kv_blocks: whole blocks of the pool.
        context_tokens: of a sequence, over which windows and states are averaged [tokens].
    """

    model: Architecture
    gpu: GpuSpec
    layout: Layout
    settings: EngineSettings
    terms: tuple[MemoryTerm, ...]
    pool_bytes: int
    pool_share_fraction: float
    kv_bytes_per_token: float
    kv_blocks: int
    context_tokens: int

    @property
    def kv_tokens(self) -> int:
        """Tokens that the cache holds, for sequences of `context_tokens`; vLLM prints it as "GPU KV cache size"."""
        return self.kv_blocks * self.settings.block_tokens

    @property
    def longest_tokens(self) -> int:
        """The longest request that fits alone, no longer than the model's context [tokens]."""
        return longest_sequence_tokens(
            self.model,
            max(0, self.pool_bytes) / self.pool_share_fraction,
            self.model.max_context_tokens or self.context_tokens,
            layout=self.layout,
            kv_dtype_bytes=self.settings.kv_dtype_bytes,
            block_tokens=self.settings.block_tokens,
        )

    def missing_bytes(self, tokens: int) -> int:
        """What a request of so many tokens lacks of the pool; 0 or less where it fits [bytes]."""
        needed = sequence_bytes(
            self.model,
            tokens,
            layout=self.layout,
            kv_dtype_bytes=self.settings.kv_dtype_bytes,
            block_tokens=self.settings.block_tokens,
        )
        return round(needed * self.pool_share_fraction) - self.pool_bytes

    def holds(self, tokens: int) -> bool:
        """Whether a request of so many tokens fits, without which vLLM does not start."""
        return self.missing_bytes(tokens) <= 0


def waterfall(
    model: Architecture,
    gpu: GpuSpec,
    layout: Layout,
    settings: EngineSettings,
    *,
    context_tokens: int | None = None,
    overheads: Overheads | None = None,
) -> Waterfall:
    """Where one GPU's memory goes.

    ```
    pool = share that the engine takes · usable memory − weights − activations − CUDA and NCCL − recorded graphs
    blocks = floor(pool / (tokens of a block · bytes of a token))
    ```

    As vLLM reckons it (0.32, `v1/worker/gpu_worker.py`, `v1/core/kv_cache_utils.py`). With pipeline stages every stage is reckoned and the one with the fewest
    blocks counts. Layers count as equal, so of a model whose layers differ a stage may hold some per cent more or less.

    Args:
        model: the architecture.
        gpu: the part.
        layout: how the GPUs share the model.
        settings: of the engine.
        context_tokens: of a sequence, over which windows and states are averaged [tokens]; null: the model's context, at most 8,192.
        overheads: as a run showed them; null: priors.

    Raises:
        InputError: a layout that vLLM does not take, or a context of less than one token.

    >>> from pricing import architecture, gpu_spec
    >>> from tco.capacity.memory.settings import settings_on
    >>> h100 = gpu_spec("H100-SXM")
    >>> told = settings_on(h100, args=["--gpu-memory-utilization", "0.95"], version="0.19.0")
    >>> waterfall(architecture("Meta-Llama-3.1-8B"), h100, Layout(), told).kv_tokens  # vLLM printed 476,016
    476320
    """
    refused = refusal(model, layout)
    if refused is not None:
        raise InputError(f"layout of {layout.label}: {refused}; choose another number of GPUs")
    context = context_tokens or min(model.max_context_tokens or _USUAL_CONTEXT, _USUAL_CONTEXT)
    if context < 1:
        raise InputError(f"a context of {context} tokens; write at least 1")
    stages = layers_of_stages(model.layers, layout.pipeline_parallel_size)
    weights = stage_weight_bytes(model, settings.precision, layout)
    per_token = sequence_bytes(model, context, layout=layout, kv_dtype_bytes=settings.kv_dtype_bytes) / context
    found = []
    for place, layers in enumerate(stages):
        own = overheads or prior_overheads(model, layout, settings, is_last_stage=place == len(stages) - 1)
        terms = _terms(gpu, settings, weights[place], own, _stage_words(place, layers, layout))
        pool = sum(term.size_bytes for term in terms)
        token = per_token * layers / model.layers
        found.append(
            Waterfall(
                model=model,
                gpu=gpu,
                layout=layout,
                settings=settings,
                terms=terms,
                pool_bytes=pool,
                pool_share_fraction=layers / model.layers,
                kv_bytes_per_token=token,
                kv_blocks=blocks_of_pool(pool, settings.block_tokens * token),
                context_tokens=context,
            )
        )
    return min(found, key=lambda stage: stage.pool_bytes / stage.pool_share_fraction)


_USUAL_CONTEXT = 8192


def _terms(
    gpu: GpuSpec, settings: EngineSettings, weights: int, overheads: Overheads, stage: str
) -> tuple[MemoryTerm, ...]:
    stated, usable = round(gpu.memory_gb * GIB), usable_bytes(gpu)
    share = settings.gpu_memory_utilization_fraction
    taken = round(usable * share)
    said = overheads.source
    return (
        MemoryTerm(name="memory of the GPU", size_bytes=stated, formula=_GB_STATED),
        MemoryTerm(
            name="not shown by CUDA", size_bytes=usable - stated, formula=f"{usable / stated:.0%} of it is shown"
        ),
        MemoryTerm(
            name="left alone by the engine",
            size_bytes=taken - usable,
            formula=f"--gpu-memory-utilization {share:g}: it takes {share:.0%} of what is shown",
        ),
        MemoryTerm(name="weights", size_bytes=-weights, formula=f"{settings.precision}, {stage}"),
        MemoryTerm(
            name="activations",
            size_bytes=-overheads.activation_bytes,
            formula=f"a step of {local(settings.max_num_batched_tokens):,} tokens and sampling for {local(settings.max_num_seqs):,} sequences; {said}",
        ),
        MemoryTerm(name="CUDA and NCCL", size_bytes=-overheads.non_torch_bytes, formula=said),
        MemoryTerm(name="recorded graphs", size_bytes=-overheads.graphs_bytes, formula=said),
    )


def _stage_words(place: int, layers: int, layout: Layout) -> str:
    cut = "" if layout.tensor_parallel_size == 1 else f" / TP {layout.tensor_parallel_size}"
    if layout.pipeline_parallel_size == 1:
        return f"all {layers} layers{cut}"
    return f"stage {place + 1} of {layout.pipeline_parallel_size} with {layers} layers{cut}"
