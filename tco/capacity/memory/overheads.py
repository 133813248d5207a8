"""What an engine needs of a GPU's memory beside weights and cache: priors from what vLLM printed at its start, by version.

| what | prior | where from |
|---|---|---|
| memory that CUDA shows | 99 % of the stated size, as GiB; 92 % where GDDR6 keeps its error correction in itself | H100 79.19 GiB [1], H200 139.80, L40S 44.5, L4 and A10G 22.1 in public out-of-memory messages; NVML's figures in [2] |
| sampling of the largest batch | 14.2 bytes for each sequence and token of the vocabulary, and 0.15 GiB; before vLLM 0.17 38.4 bytes and 0.06 GiB | fitted to 20 models in [1], and to 7 runs in [3] |
| one step's activations | tokens · 2 bytes · (feed-forward width / TP + 2 · hidden size); the larger of this and sampling counts | arithmetic; three first stages of a pipeline in [1] are 8 to 18 % above it |
| room for routed experts | 0.8 · tokens · 2 bytes · (their feed-forward width / TP + experts of a token · hidden size), on top | fitted to 7 mixtures in [1]; gpt-oss's own kernel needs none |
| CUDA, NCCL and what is not PyTorch's | 0.25 GiB; 2.1 GiB where a layer is shared; before vLLM 0.18 0.13 and 0.55 GiB | [1]; [3] |
| recorded graphs | 1.04 GiB (0.51 to 1.85); before vLLM 0.21 they were left out of the reckoning, and with `--enforce-eager` there are none | [1]; vLLM 0.32, `v1/worker/gpu_worker.py` |

[1] llm-d-planner, "Capacity Planner Accuracy Report", vLLM 0.19.0 on H100, 58 starts,
https://github.com/llm-d-incubation/llm-d-planner/blob/main/docs/accuracy/vllm-v0.19.0-accuracy-report.md (Apache-2.0)
[2] https://thundergolfer.com/blog/nvidia-gpu-memory-capacity
[3] the same project's `docs/empirical-vllm-memory-results.md`, vLLM up to 0.16. All as of 2026-11-24.
"""

from __future__ import annotations

from dataclasses import dataclass

from pricing.architectures.records import Architecture
from pricing.gpus import GpuSpec
from tco.capacity.memory.layout import Layout
from tco.capacity.memory.settings import EngineSettings
from tco.capacity.memory.vllm_defaults import is_before

GIB = 2**30

_SAMPLING_SINCE = (0, 17)
_LARGER_NON_TORCH_SINCE = (0, 18)
_GRAPHS_COUNT_SINCE = (0, 21)

SAMPLING_BYTES, SAMPLING_BASE_GIB = 14.2, 0.15
OLD_SAMPLING_BYTES, OLD_SAMPLING_BASE_GIB = 38.4, 0.06
EXPERT_ROOM_FRACTION = 0.8
NON_TORCH_GIB, SHARED_NON_TORCH_GIB = 0.25, 2.1
OLD_NON_TORCH_GIB, OLD_SHARED_NON_TORCH_GIB = 0.13, 0.55
GRAPHS_GIB = 1.04

_ACTIVATION_BYTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Overheads:
    """What one GPU needs beside weights and cache.

    Attributes:
        activation_bytes: peak of a step's activations, sampling included [bytes].
        non_torch_bytes: CUDA's and NCCL's own [bytes].
        graphs_bytes: recorded graphs [bytes].
        source: where the three are from.
    """

    activation_bytes: int
    non_torch_bytes: int
    graphs_bytes: int
    source: str

    @property
    def total_bytes(self) -> int:
        """All three together."""
        return self.activation_bytes + self.non_torch_bytes + self.graphs_bytes


def prior_overheads(
    model: Architecture, layout: Layout, settings: EngineSettings, *, is_last_stage: bool = True
) -> Overheads:
    """What vLLM needs beside weights and cache, where nobody started it; see this module's table.

    Args:
        model: the architecture.
        layout: how the GPUs share it.
        settings: of the engine.
        is_last_stage: whether this GPU's stage samples; the others of a pipeline do not.

    >>> from pricing import architecture, gpu_spec
    >>> from tco.capacity.memory.settings import settings_on
    >>> found = prior_overheads(architecture("Meta-Llama-3.1-8B"), Layout(), settings_on(gpu_spec("H100-SXM"), version="0.19.0"))
    >>> [round(size / GIB, 2) for size in (found.activation_bytes, found.non_torch_bytes, found.graphs_bytes)]
    [1.89, 0.25, 0.0]
    """
    old = is_before(settings.version, _LARGER_NON_TORCH_SINCE)
    alone, shared = (OLD_NON_TORCH_GIB, OLD_SHARED_NON_TORCH_GIB) if old else (NON_TORCH_GIB, SHARED_NON_TORCH_GIB)
    graphs = settings.cuda_graphs and not is_before(settings.version, _GRAPHS_COUNT_SINCE)
    return Overheads(
        activation_bytes=_activation_bytes(model, layout, settings, is_last_stage=is_last_stage),
        non_torch_bytes=round(GIB * (alone if layout.tensor_parallel_size == 1 else shared)),
        graphs_bytes=round(GIB * GRAPHS_GIB) if graphs else 0,
        source="priors from 58 starts of vLLM 0.19 on H100",
    )


def usable_bytes(gpu: GpuSpec) -> int:
    """Memory that CUDA shows of a GPU [bytes]; makers count in GiB and call it GB.

    Args:
        gpu: the part.

    >>> from pricing import gpu_spec
    >>> [round(usable_bytes(gpu_spec(name)) / GIB, 1) for name in ("H100-SXM", "H200-SXM", "L4")]
    [79.2, 139.6, 22.1]
    """
    return round(GIB * gpu.memory_gb * (_INLINE_ECC_FRACTION if gpu.gpu in _INLINE_ECC else _SHOWN_FRACTION))


_SHOWN_FRACTION = 0.99
_INLINE_ECC_FRACTION = 0.92
_INLINE_ECC = frozenset({"T4", "A10", "A10G", "A40", "L4", "L40", "L40S"})
"""Data-centre parts with GDDR6, a sixteenth of which holds the error correction of the rest."""


def _activation_bytes(model: Architecture, layout: Layout, settings: EngineSettings, *, is_last_stage: bool) -> int:
    tensor, tokens = layout.tensor_parallel_size, settings.max_num_batched_tokens
    old = is_before(settings.version, _SAMPLING_SINCE)
    each, base = (OLD_SAMPLING_BYTES, OLD_SAMPLING_BASE_GIB) if old else (SAMPLING_BYTES, SAMPLING_BASE_GIB)
    parts, weights_of_width = model.parameters, model.layers * model.hidden_size
    width = (parts.mlp + parts.shared) / weights_of_width
    step = _ACTIVATION_BYTES * tokens * (width / tensor + 2 * model.hidden_size)
    sampling = each * settings.max_num_seqs * model.vocab_size if is_last_stage else 0.0
    expert_width = parts.experts_used / weights_of_width
    experts = _ACTIVATION_BYTES * tokens * (expert_width / tensor + model.experts_active * model.hidden_size)
    return round(base * GIB + max(step, sampling) + EXPERT_ROOM_FRACTION * experts)
