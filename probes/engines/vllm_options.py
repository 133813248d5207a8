"""What vLLM is to be started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from probes.architectures import ModelSource
from probes.engines.launcher import DEFAULT_START_TIMEOUT_S


@dataclass(frozen=True, slots=True, kw_only=True)
class VllmOptions:
    """What to start.

    Attributes:
        model: what to serve.
        weights: `dummy` fills them at random, `real` loads them.
        args: engine arguments as `vllm_args` gives them, or as a run recorded them.
        log_folder: where the engine's log is kept; None takes the cache folder.
        dtype: for the record, as in `args`.
        quantization: for the record, as in `args`.
        tensor_parallel_size: GPUs that share each layer, as in `args`.
        pipeline_parallel_size: stages of layers, each on its own GPUs, as in `args`.
        port: to listen on; None takes a free one.
        start_timeout_s: when to give up waiting [s].
    """

    model: ModelSource
    weights: Literal["dummy", "real"]
    args: tuple[str, ...]
    log_folder: Path | None = None
    dtype: str | None = None
    quantization: str | None = None
    tensor_parallel_size: int = 1
    pipeline_parallel_size: int = 1
    port: int | None = None
    start_timeout_s: float = DEFAULT_START_TIMEOUT_S

    @property
    def gpus(self) -> int:
        """GPUs that one copy of the model takes: tensor times pipeline parallel; what `Run.gpus_per_replica` is on GPUs."""
        return self.tensor_parallel_size * self.pipeline_parallel_size
