"""Limits of an engine on a machine that nobody probed."""

from __future__ import annotations

from dataclasses import replace

from pricing import Book
from pricing.architectures.records import Architecture
from probes.run import Run
from tco.capacity.memory import vllm_defaults
from tco.capacity.memory.engine_args import switch_of, whole_of
from tco.capacity.memory.fits import Misfit, Wish, beyond_model, misfit
from tco.capacity.memory.known import known_architecture
from tco.capacity.memory.layout import Layout, refusal
from tco.capacity.memory.overheads import Overheads, prior_overheads
from tco.capacity.memory.placement import Placement, placement_of_run
from tco.capacity.memory.run_limits import is_on_cpu
from tco.capacity.memory.settings import EngineSettings, settings_on
from tco.capacity.memory.waterfall import Waterfall, waterfall
from tco.capacity.simulator.limits import EngineLimits
from tco.errors import InputError
from tco.number_style import local

_USUAL_CONTEXT = 131_072


def limits_on(
    model: Architecture,
    target: Placement,
    *,
    needed_tokens: int,
    run: Run | None = None,
    overheads: Overheads | None = None,
) -> EngineLimits | Misfit:
    """Limits of an engine on a machine that nobody probed: blocks by the waterfall, the rest as vLLM sets it.

    The arguments that a run's engine was started with are carried over, as they would be if the run were deployed there; a processor's are not. A context that is
    not stated is the model's, and never more than the cache holds: vLLM does not start otherwise.

    Args:
        model: the architecture.
        target: the machine.
        needed_tokens: longest request that must fit [tokens].
        run: whose arguments are carried over.
        overheads: as a run showed them; null: priors.

    Returns:
        The limits; or why the model does not fit, with the smallest layout of that GPU that would.

    Raises:
        InputError: an argument of the run that is no number.

    >>> from pricing import architecture, gpu_spec
    >>> limits_on(architecture("Meta-Llama-3.1-8B"), Placement(gpu=gpu_spec("H100-SXM")), needed_tokens=2048).max_num_batched_tokens
    8192
    >>> limits_on(architecture("Meta-Llama-3.1-70B"), Placement(gpu=gpu_spec("H100-SXM")), needed_tokens=2048).code
    'does_not_fit'
    """
    args = carried_args(run)
    wish = Wish(
        model=model,
        needed_tokens=needed_tokens,
        precision=target.precision,
        kv_dtype_bytes=target.kv_dtype_bytes,
        args=args,
        version=_version(run),
    )
    memory = memory_on(wish, target, overheads)
    if isinstance(memory, Misfit):
        return memory
    stated = whole_of(args, "--max-model-len")
    longest = min(stated or model.max_context_tokens or _USUAL_CONTEXT, memory.longest_tokens)
    settings = memory.settings
    step = vllm_defaults.step_limits(args, target.gpu.memory_gb, target.gpu.gpu, max_model_len=longest)
    scheduling = switch_of(args, "--async-scheduling")
    return EngineLimits(
        kv_blocks=memory.kv_blocks,
        block_tokens=settings.block_tokens,
        max_num_batched_tokens=max(step.max_num_batched_tokens, step.max_num_seqs),
        max_num_seqs=step.max_num_seqs,
        max_model_len=longest,
        prefix_caching=switch_of(args, "--enable-prefix-caching") is not False,
        async_scheduling=vllm_defaults.async_scheduling_default(settings.version, on_cpu=False)
        if scheduling is None
        else scheduling,
    )


def memory_on(wish: Wish, target: Placement, overheads: Overheads | None = None) -> Waterfall | Misfit:
    """Memory of one GPU of a placement; or why it does not hold what is asked.

    Args:
        wish: what is asked; its precision and cache type are the placement's.
        target: the machine.
        overheads: as a run showed them; null: priors.

    Raises:
        InputError: an argument that is no number.
    """
    beyond = beyond_model(wish)
    if beyond is not None:
        return beyond
    layout = Layout(
        tensor_parallel_size=target.tensor_parallel_size, pipeline_parallel_size=target.pipeline_parallel_size
    )
    refused = refusal(wish.model, layout)
    if refused is not None:
        return Misfit(
            code="layout_refused",
            sentence=f"vLLM does not start on {layout.label}: {refused}; choose another number of GPUs",
            path="gpus_per_replica",
        )
    settings = settings_on(
        target.gpu,
        precision=target.precision,
        kv_dtype_bytes=target.kv_dtype_bytes,
        args=wish.args,
        version=wish.version,
    )
    found = waterfall(wish.model, target.gpu, layout, settings, context_tokens=wish.needed_tokens, overheads=overheads)
    return found if found.holds(wish.needed_tokens) else misfit(wish, found)


def overheads_of_run(run: Run, model: Architecture, source: Placement) -> Overheads | None:
    """What a run's engine needed beside weights and cache: what is missing of its share of the memory; None where the run does not tell it.

    ```
    overheads = share of the engine · usable memory − weights − blocks of the cache · bytes of a block
    ```

    Args:
        run: on a GPU, with the size of its cache.
        model: its architecture.
        source: where it was measured.

    Special cases:
        - pipeline stages differ from one another, and windows are reckoned over a context: None for both;
        - less than nothing is missing: the run was of other weights or another share of memory than it says: None.
    """
    tokens = run.engine.kv_cache_tokens
    kept = model.kv_layers
    uneven = any(one.window_tokens or one.chunk_tokens or one.state_bytes for one in kept)
    if tokens is None or is_on_cpu(run) or source.pipeline_parallel_size > 1 or uneven:
        return None
    layout = Layout(tensor_parallel_size=source.tensor_parallel_size)
    settings = settings_of_run(run, source)
    bare = waterfall(model, source.gpu, layout, settings, overheads=_NOTHING)
    found = bare.pool_bytes - round(tokens * bare.kv_bytes_per_token)
    prior = prior_overheads(model, layout, settings)
    if found <= 0:
        return None
    rest = max(0, found - prior.non_torch_bytes - prior.graphs_bytes)
    return replace(
        prior,
        activation_bytes=rest,
        source=f"run {run.run_id}, whose engine had a cache of {local(tokens):,} tokens",
    )


def settings_of_run(run: Run, source: Placement) -> EngineSettings:
    """Settings of a run's engine.

    Args:
        run: on a GPU.
        source: where it was measured.
    """
    return settings_on(
        source.gpu,
        precision=source.precision,
        kv_dtype_bytes=source.kv_dtype_bytes,
        args=carried_args(run),
        version=_version(run),
    )


def kv_tokens_of_run(run: Run, model: Architecture, source: Placement) -> int:
    """Tokens of a run's cache: as it says, else by the waterfall of its GPU; 0 where the model would not fit there.

    Args:
        run: on a GPU.
        model: its architecture.
        source: where it was measured.
    """
    if run.engine.kv_cache_tokens is not None:
        return run.engine.kv_cache_tokens
    layout = Layout(
        tensor_parallel_size=source.tensor_parallel_size, pipeline_parallel_size=source.pipeline_parallel_size
    )
    return waterfall(model, source.gpu, layout, settings_of_run(run, source)).kv_tokens


def carried_args(run: Run | None) -> tuple[str, ...]:
    """Arguments of a run's engine that hold on another machine: all of a vLLM on a GPU; none of a processor's, and none of other engines.

    Args:
        run: the probe; null: none.
    """
    return () if run is None or run.engine.name != "vllm" or is_on_cpu(run) else tuple(run.engine.args)


def _version(run: Run | None) -> str | None:
    return None if run is None or run.engine.name != "vllm" else run.engine.version


_NOTHING = Overheads(activation_bytes=0, non_torch_bytes=0, graphs_bytes=0, source="nothing")


def kv_tokens_by_memory(run: Run, book: Book | None = None) -> int | None:
    """Tokens of a run's cache, for `limits_of_run`: as the run says, else by the waterfall of its GPU; None where model or GPU are not known.

    Args:
        run: the probe.
        book: where its model and its GPU are looked up; null: the shipped one.

    >>> from tco.runs import find_run
    >>> kv_tokens_by_memory(find_run("h100-llama-3.1-8b-fp8"))
    497120
    """
    if run.engine.kv_cache_tokens is not None:
        return run.engine.kv_cache_tokens
    model = known_architecture(run.model.name, book)
    if model is None or is_on_cpu(run):
        return None
    try:
        return kv_tokens_of_run(run, model, placement_of_run(run, model)) or None
    except InputError:
        return None
