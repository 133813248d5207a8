"""What one replica runs on, as far as the time of a step hangs on it."""

from __future__ import annotations

from dataclasses import dataclass

from pricing import canonical_gpu, gpu_spec
from pricing.architectures.records import KV_TYPES, Architecture
from pricing.architectures.weights import Precision
from pricing.gpus import GpuSpec
from pricing.price import PriceNotFound
from probes.run import Run
from tco.capacity.memory.engine_args import value_of
from tco.errors import InputError

_PRECISIONS: tuple[tuple[str, Precision], ...] = (
    ("mxfp4", "mxfp4"),
    ("fp8", "fp8"),
    ("awq", "int4"),
    ("gptq", "int4"),
    ("int4", "int4"),
    ("w4a16", "int4"),
)
"""What a quantization's name contains, and the precision of the weights that is meant."""

_FULL = ("bfloat16", "float16", "bf16", "fp16", "half", "auto")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What one replica runs on: so many GPUs of a kind, with weights and cache held in so many bits.

    Attributes:
        gpu: the part.
        tensor_parallel_size: GPUs that share each layer.
        pipeline_parallel_size: groups of layers, each on its own such GPUs.
        precision: of the weights.
        kv_dtype_bytes: bytes of one number in the KV cache: 2 (bf16), 1 (fp8) or 4.
    """

    gpu: GpuSpec
    tensor_parallel_size: int = 1
    pipeline_parallel_size: int = 1
    precision: Precision = "bf16"
    kv_dtype_bytes: int = 2

    def __post_init__(self) -> None:
        """Refuses a layout or a type that cannot be.

        Raises:
            InputError: as said.
        """
        for name in ("tensor_parallel_size", "pipeline_parallel_size"):
            if getattr(self, name) < 1:
                raise InputError(f"placement: {name} is {getattr(self, name)}; it must be at least 1")
        if self.kv_dtype_bytes not in KV_TYPES:
            known = ", ".join(f"{size} ({name})" for size, name in KV_TYPES.items())
            raise InputError(f"placement: {self.kv_dtype_bytes} bytes for one number of the KV cache; write {known}")
        if self.tensor_parallel_size > 1 and self.gpu.link_gb_per_s is None:
            raise InputError(
                f"placement: tensor_parallel_size is {self.tensor_parallel_size}, and no bandwidth between {self.gpu.gpu} GPUs is known; "
                "give link_gb_per_s for it in your own prices file, or use one GPU a replica"
            )

    @property
    def label(self) -> str:
        """How people name it.

        >>> from pricing import gpu_spec
        >>> Placement(gpu=gpu_spec("H100-SXM"), tensor_parallel_size=2, precision="fp8").label
        '2 x H100-SXM, fp8'
        """
        count = self.tensor_parallel_size * self.pipeline_parallel_size
        stages = "" if self.pipeline_parallel_size == 1 else f" in {self.pipeline_parallel_size} stages"
        cache = "" if self.kv_dtype_bytes == 2 else f", {KV_TYPES[self.kv_dtype_bytes]} cache"  # noqa: PLR2004 - two bytes are the usual
        return f"{count} x {self.gpu.gpu}{stages}, {self.precision}{cache}"


def placement_of_run(run: Run, model: Architecture, gpu: GpuSpec | None = None) -> Placement:
    """Where a run was measured.

    The precision is that of the run's quantization, else of the published weights, else 16 bits.

    Args:
        run: the probe.
        model: its architecture.
        gpu: its part, where the caller knows it, such as one of the user's own; null: the book's, by the run's name for it.

    Raises:
        InputError: the run is of no GPU, of one that is not in the book, or of a precision that has no prior.
    """
    return Placement(
        gpu=gpu or _gpu_of(run),
        tensor_parallel_size=run.engine.tensor_parallel_size,
        pipeline_parallel_size=run.engine.pipeline_parallel_size,
        precision=_precision_of(run, model),
        kv_dtype_bytes=1 if (value_of(run.engine.args, "--kv-cache-dtype") or "").startswith("fp8") else 2,
    )


def _gpu_of(run: Run) -> GpuSpec:
    if run.gpu is None:
        raise InputError(
            f"run {run.run_id} is of no GPU; step times are carried over by data sheets of GPUs only: probe the machine that is meant"
        )
    try:
        return gpu_spec(canonical_gpu(run.gpu) or run.gpu)
    except PriceNotFound as error:
        raise InputError(f"run {run.run_id}: {error}") from None


def published_precision(model: Architecture) -> Precision:
    """Precision in which a model's weights are published, as far as one of the known ones comes near; `bf16` where its file says nothing.

    Args:
        model: the architecture.

    >>> from pricing import architecture
    >>> [published_precision(architecture(name)) for name in ("gpt-oss-120b", "DeepSeek-V3", "Qwen3-8B")]
    ['mxfp4', 'fp8', 'bf16']
    """
    return _named(_stored(model) or "") or "bf16"


def _precision_of(run: Run, model: Architecture) -> Precision:
    stated = (run.model.quantization or _stored(model) or run.model.dtype or "auto").lower()
    named = _named(stated)
    if named is None and stated not in _FULL:
        raise InputError(
            f"run {run.run_id}: weights in {stated!r}; step times are carried over between bf16, fp8, int4 and mxfp4: probe the target itself"
        )
    return named or "bf16"


def _stored(model: Architecture) -> str | None:
    """The file's own quantization in words."""
    if model.quantization is None:
        return None
    bits = {4: "int4", 8: "fp8"}.get(model.quantization.bits or 0, "")
    return f"{model.quantization.method} {bits}".lower()


def _named(stated: str) -> Precision | None:
    return next((precision for part, precision in _PRECISIONS if part in stated), None)
