"""vLLM's arguments and environment: what is set, what a user may add, and why."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psutil

from probes.engines.stale import cache_folder
from probes.errors import ProbeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from probes.architectures import ModelSource

GIB = 2**30

SAFE_VOCAB_SIZE = 1000
"""Token ids below it exist in every language model; used where the true number is not known."""

_MANAGED = {
    "--model": "--model",
    "--host": "nothing: the engine listens on the loopback address",
    "--port": "--port",
    "--served-model-name": "nothing: requests use a fixed name",
    "--api-key": "nothing: the engine listens on the loopback address",
    "--load-format": "--weights",
    "--skip-tokenizer-init": "nothing: prompts are token ids",
    "--dtype": "--dtype",
    "--quantization": "--quantization",
    "-q": "--quantization",
    "--max-model-len": "--max-model-len",
    "--tensor-parallel-size": "--tensor-parallel-size",
    "-tp": "--tensor-parallel-size",
    "--pipeline-parallel-size": "--pipeline-parallel-size",
    "-pp": "--pipeline-parallel-size",
    "--hf-token": "the environment variable HF_TOKEN",
}
"""Flags of the engine that this tool sets itself, and what to use in their place."""


ROUTING_VARIABLE = "VLLM_MOE_ROUTING_SIMULATION_STRATEGY"
BALANCED_ROUTING = "uniform_random"
"""How vLLM is told to draw each token's experts evenly instead of asking the gate (vllm/envs.py, vLLM 0.32 and 0.33)."""


def uses_cpu(packages: Mapping[str, str]) -> bool:
    """Whether the installed engine computes on the processor.

    Args:
        packages: from `engine_packages`.
    """
    return "vllm" not in packages


def default_max_model_len(input_tokens: int, output_tokens: int, limit: int | None = None) -> int:
    """The shortest context that holds a request [tokens]: prompt, answer and 16 to spare, rounded up to a multiple of 128.

    Args:
        input_tokens: of the prompt.
        output_tokens: of the answer.
        limit: what the model was made for; the context is not rounded beyond it.

    >>> default_max_model_len(128, 64)
    256
    """
    needed = input_tokens + output_tokens
    rounded = -(-(needed + 16) // 128) * 128
    return max(needed, min(rounded, limit)) if limit is not None else rounded


def vllm_args(
    *,
    weights: Literal["dummy", "real"],
    dtype: str,
    quantization: str | None,
    max_model_len: int,
    tensor_parallel_size: int,
    extra: Sequence[str],
    on_cpu: bool,
    pipeline_parallel_size: int = 1,
) -> tuple[str, ...]:
    """Engine arguments, all but the model and where to listen.

    On a processor `--enforce-eager` is added: compiling takes minutes and needs a C++ compiler. `extra` comes last, so `--no-enforce-eager` undoes it.

    Args:
        weights: `dummy` or `real`.
        dtype: number format of weights and activations.
        quantization: vLLM's name of a method, None for none.
        max_model_len: longest request, prompt and answer together [tokens].
        tensor_parallel_size: GPUs that share one copy of the model.
        extra: further arguments as the user gave them, `--flag` or `--flag=value`.
        on_cpu: the engine computes on the processor.
        pipeline_parallel_size: stages of layers that one copy of the model is cut into, each on its own GPUs.

    Raises:
        ProbeError: `bad_arguments` when `extra` is not a flag or sets what this tool sets itself.
    """
    args = ["--dtype", dtype, "--max-model-len", str(max_model_len), "--skip-tokenizer-init"]
    # A log line a request costs the server time that production servers do not spend either.
    args += ["--disable-uvicorn-access-log"]
    if weights == "dummy":
        args += ["--load-format", "dummy"]
    if quantization is not None:
        args += ["--quantization", quantization]
    if tensor_parallel_size > 1:
        args += ["--tensor-parallel-size", str(tensor_parallel_size)]
    if pipeline_parallel_size > 1:
        args += ["--pipeline-parallel-size", str(pipeline_parallel_size)]
    if on_cpu:
        args += ["--enforce-eager"]
    for argument in extra:
        _check_extra(argument)
    return (*args, *extra)


def _check_extra(argument: str) -> None:
    flag = argument.partition("=")[0].replace("_", "-")
    if not flag.startswith("-"):
        message = (
            f"--engine-arg {argument!r} is not a flag. Write it in one piece, for example --engine-arg=--block-size=16."
        )
        raise ProbeError("bad_arguments", message)
    if flag in _MANAGED:
        raise ProbeError("bad_arguments", f"--engine-arg {flag} is set by this tool. Use {_MANAGED[flag]}.")


def engine_environment(
    *, offline: bool, on_cpu: bool, balanced_routing: bool = False, workers: int = 1
) -> dict[str, str]:
    """The engine's environment: this process's own, with telemetry off.

    Args:
        offline: no look-ups at Hugging Face; false for a model that must be downloaded.
        on_cpu: sets `VLLM_CPU_KVCACHE_SPACE` [GiB], unless the user has.
        balanced_routing: sets `VLLM_MOE_ROUTING_SIMULATION_STRATEGY`, unless the user has.
        workers: processes that share the model; on a processor each is bound to cores of its own (`VLLM_CPU_OMP_THREADS_BIND`), unless the user has done so:
            by itself vLLM wants a NUMA node for each.
    """
    environment = dict(os.environ)
    environment.update({"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"})
    if offline:
        environment["HF_HUB_OFFLINE"] = "1"
    if on_cpu:
        environment.setdefault("VLLM_CPU_KVCACHE_SPACE", str(kv_cache_gib(psutil.virtual_memory().available / GIB)))
    if on_cpu and workers > 1 and (bound := cores_by_worker(sorted(os.sched_getaffinity(0)), workers)):
        environment.setdefault("VLLM_CPU_OMP_THREADS_BIND", bound)
    if balanced_routing:
        environment.setdefault(ROUTING_VARIABLE, BALANCED_ROUTING)
    if environment.pop("PYTHONDONTWRITEBYTECODE", None):
        # An engine imports vLLM three times; without compiled modules each import takes twice as long.
        environment.setdefault("PYTHONPYCACHEPREFIX", str(cache_folder() / "pycache"))
    return environment


def cores_by_worker(cores: Sequence[int], workers: int) -> str:
    """Cores of each worker, in the form of `VLLM_CPU_OMP_THREADS_BIND`; empty where there are fewer cores than workers.

    >>> cores_by_worker([0, 1, 2, 3], 2)
    '0,1|2,3'
    """
    each = len(cores) // workers
    groups = [cores[number * each : (number + 1) * each] for number in range(workers)]
    return "|".join(",".join(str(core) for core in group) for group in groups) if each else ""


def kv_cache_gib(available_gib: float) -> int:
    """KV cache on a processor [GiB]: 2, or 1 where less than 10 GiB are free.

    2 GiB hold 18,688 tokens of Qwen3-0.6B or 16,384 of Llama 3.1 8B, more than a small machine can serve at once. Each GiB costs about 3 s at the start, when its pages are
    touched, and the weights and three Python processes need memory too.

    >>> kv_cache_gib(12.0)
    2
    """
    return 2 if available_gib >= 10 else 1  # noqa: PLR2004 -- stated above


def complete_model(model: ModelSource) -> ModelSource:
    """The model with its config, read from Hugging Face's cache once the engine has downloaded it.

    Args:
        model: unchanged when it has its config already, or when the cache has none.
    """
    if model.config is not None:
        return model
    try:
        from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 -- comes with the engine, not with this tool
    except ImportError:
        return model
    cached = try_to_load_from_cache(model.path, "config.json")
    return model.with_config(Path(cached)) if isinstance(cached, str) else model
