"""Settings of an engine that decide what fits: as its arguments say, and else as vLLM sets them by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pricing.architectures.records import KV_TYPES
from pricing.architectures.weights import Precision
from pricing.gpus import GpuSpec
from tco.capacity.memory import vllm_defaults
from tco.capacity.memory.engine_args import fraction_of, switch_of, value_of, whole_of
from tco.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """What an engine is told, as far as memory hangs on it.

    Attributes:
        precision: of the weights.
        kv_dtype_bytes: bytes of one number in the KV cache: 2 (bf16), 1 (fp8) or 4.
        gpu_memory_utilization_fraction: share of a GPU's memory that the engine takes.
        max_num_batched_tokens: tokens of one step.
        max_num_seqs: sequences that run at once.
        block_tokens: tokens of a block of the cache.
        cuda_graphs: whether steps are recorded and replayed.
        version: of vLLM; None where it is not known: taken as today's.
    """

    precision: Precision = "bf16"
    kv_dtype_bytes: int = 2
    gpu_memory_utilization_fraction: float = vllm_defaults.UTILISATION_FRACTION
    max_num_batched_tokens: int = 8192
    max_num_seqs: int = 1024
    block_tokens: int = vllm_defaults.BLOCK_TOKENS
    cuda_graphs: bool = True
    version: str | None = None

    def __post_init__(self) -> None:
        """Refuses what no engine takes.

        Raises:
            InputError: as said.
        """
        if self.kv_dtype_bytes not in KV_TYPES:
            known = ", ".join(f"{size} ({name})" for size, name in KV_TYPES.items())
            raise InputError(
                f"engine settings: {self.kv_dtype_bytes} bytes for one number of the KV cache; write {known}"
            )
        if not 0 < self.gpu_memory_utilization_fraction <= 1:
            raise InputError(
                f"engine settings: gpu_memory_utilization_fraction is {self.gpu_memory_utilization_fraction}; write a number above 0 and at most 1"
            )
        for name in ("max_num_batched_tokens", "max_num_seqs", "block_tokens"):
            if getattr(self, name) < 1:
                raise InputError(f"engine settings: {name} is {getattr(self, name)}; it must be at least 1")


def settings_on(
    gpu: GpuSpec,
    *,
    precision: Precision = "bf16",
    kv_dtype_bytes: int | None = None,
    args: Sequence[str] = (),
    version: str | None = None,
) -> EngineSettings:
    """Settings of an engine on a GPU: what its arguments say, and else vLLM's own defaults for that GPU.

    Args:
        gpu: the part.
        precision: of the weights.
        kv_dtype_bytes: of the KV cache; null: as the arguments say.
        args: of the engine.
        version: of vLLM; null: today's.

    Raises:
        InputError: an argument that is no number.

    >>> from pricing import gpu_spec
    >>> settings_on(gpu_spec("L4"), args=["--max-num-seqs", "64"]).max_num_seqs, settings_on(gpu_spec("H100-SXM")).max_num_seqs
    (64, 1024)
    """
    step = vllm_defaults.step_limits(args, gpu.memory_gb, gpu.gpu)
    return EngineSettings(
        precision=precision,
        kv_dtype_bytes=kv_dtype_bytes or kv_bytes_of(args),
        gpu_memory_utilization_fraction=fraction_of(args, "--gpu-memory-utilization")
        or vllm_defaults.utilisation_default(version),
        max_num_batched_tokens=step.max_num_batched_tokens,
        max_num_seqs=step.max_num_seqs,
        block_tokens=whole_of(args, "--block-size") or vllm_defaults.BLOCK_TOKENS,
        cuda_graphs=switch_of(args, "--enforce-eager") is not True,
        version=version,
    )


def kv_bytes_of(args: Sequence[str]) -> int:
    """Bytes of one number in the KV cache, by the engine's arguments.

    >>> kv_bytes_of(["--kv-cache-dtype", "fp8_e4m3"]), kv_bytes_of([])
    (1, 2)
    """
    return 1 if (value_of(args, "--kv-cache-dtype") or "").startswith("fp8") else 2
