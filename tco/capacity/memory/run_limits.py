"""The limits of the engine that a run was measured on."""

from __future__ import annotations

from pricing import ArchitectureError, PriceNotFound, architecture, gpu_spec
from probes.run import Run
from tco.capacity.memory import vllm_defaults
from tco.capacity.memory.engine_args import switch_of, whole_of
from tco.capacity.simulator.limits import EngineLimits
from tco.errors import InputError

CPU_ENGINE = "vllm-cpu"


def limits_of_run(run: Run, *, kv_cache_tokens: int | None = None) -> EngineLimits:
    """The limits of a run's engine: as its arguments say, and else as vLLM sets them by itself.

    A context that is not stated is the model's, and never more than the cache holds: vLLM does not start otherwise. For engines other than vLLM, whose
    flags have other names, what is not known is as in vLLM.

    Args:
        run: the probe.
        kv_cache_tokens: size of the KV cache where the run does not say [tokens].

    Raises:
        InputError: the run does not say how large its KV cache was and `kv_cache_tokens` is not given; an argument is no number; a cache below one block.
    """
    args = run.engine.args
    on_cpu = is_on_cpu(run)
    block_tokens = whole_of(args, "--block-size") or (
        vllm_defaults.CPU_BLOCK_TOKENS if on_cpu else vllm_defaults.BLOCK_TOKENS
    )
    tokens = _cache_tokens(run, kv_cache_tokens)
    if tokens < block_tokens:
        raise InputError(
            f"run {run.run_id}: a KV cache of {tokens} tokens does not hold one block of {block_tokens}; give the size that the engine logged"
        )
    max_model_len = min(whole_of(args, "--max-model-len") or _model_context(run) or tokens, tokens)
    batched, sequences = _step(run, max_model_len, on_cpu=on_cpu)
    prefix_caching = switch_of(args, "--enable-prefix-caching")
    scheduling = switch_of(args, "--async-scheduling")
    return EngineLimits(
        kv_blocks=tokens // block_tokens,
        block_tokens=block_tokens,
        max_num_batched_tokens=batched,
        max_num_seqs=sequences,
        max_model_len=max_model_len,
        prefix_caching=prefix_caching is not False,
        async_scheduling=vllm_defaults.async_scheduling_default(run.engine.version, on_cpu=on_cpu)
        if scheduling is None or on_cpu
        else scheduling,
    )


def is_on_cpu(run: Run) -> bool:
    """Whether a run's engine computed on the processor."""
    return run.engine.name == CPU_ENGINE or (
        run.gpu is None and not run.environment.gpus and run.engine.started_by_probe
    )


def device_memory_gib(run: Run) -> float | None:
    """Memory of one of a run's GPUs [GiB]: as its driver said, else as its maker states it; None where neither is known."""
    if run.environment.gpus:
        return run.environment.gpus[0].memory_gib
    try:
        return None if run.gpu is None else gpu_spec(run.gpu).memory_gb
    except PriceNotFound:
        return None


def _cache_tokens(run: Run, given: int | None) -> int:
    tokens = given if given is not None else run.engine.kv_cache_tokens
    if tokens is None:
        raise InputError(
            f"run {run.run_id}: it does not say how large the KV cache of {run.engine.name} was; give kv_cache_tokens, as the engine's log has it "
            '("GPU KV cache size: ... tokens")'
        )
    return tokens


def _model_context(run: Run) -> int | None:
    try:
        return architecture(run.model.name).max_context_tokens
    except ArchitectureError:
        return None


def _step(run: Run, max_model_len: int, *, on_cpu: bool) -> tuple[int, int]:
    """Tokens and sequences of a step."""
    name = None if on_cpu else (run.gpu or (run.environment.gpus[0].name if run.environment.gpus else "unknown"))
    workers = run.engine.tensor_parallel_size * run.engine.pipeline_parallel_size
    step = vllm_defaults.step_limits(
        run.engine.args, device_memory_gib(run), name, workers=workers, max_model_len=max_model_len
    )
    return step.max_num_batched_tokens, step.max_num_seqs
