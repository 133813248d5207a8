"""What one replica of each self-hosted option is: as it was probed, or carried to another machine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pricing
from pricing import Architecture, Book, PriceNotFound
from pricing.tables import name_key
from probes.run import Run
from tco.capacity.carried import carried_engine
from tco.capacity.engine_model import EngineModel, NoEngineModel
from tco.capacity.memory.fits import Misfit, Wish, machine_gpus
from tco.capacity.memory.known import is_same_model, known_architecture
from tco.capacity.memory.layout import Layout, layout_of
from tco.capacity.memory.limits_on import memory_on
from tco.capacity.memory.placement import Placement, placement_of_run, published_precision
from tco.capacity.replica import Replica
from tco.capacity.served import Served
from tco.errors import InputError
from tco.scenario import FROM_RUN, OwnOption, RentOption, Scenario, SelfHostedOption, Workload

_KV_BYTES = {"bf16": 2, "fp8": 1}


def replicas_of(scenario: Scenario, runs: Mapping[str, Run], book: Book) -> dict[str, Replica]:
    """One replica of every self-hosted option, by option name.

    An option that is what was probed (model, GPU, number of GPUs and how they share the model, precision, type of the cache) has the run's own curve. Where
    something differs, step times are carried over (`tco.capacity.carried`). Two cases stay with the run's curve: a `throughput_factor` of the option's own, which is
    the user's word on how the two compare; and another number of GPUs where the run's model is not known, which is noted.

    Args:
        scenario: the question.
        runs: the run of each, by option name.
        book: what is known of GPUs and models.
    """
    needed = needed_tokens(scenario.workload)
    return {
        option.name: replace(
            _replica(_Case(option=option, run=runs[option.name], book=book, needed_tokens=needed)),
            reasoning_factor=option.reasoning_factor,
        )
        for option in scenario.options
        if isinstance(option, SelfHostedOption)
    }


def served_on(option: RentOption | OwnOption, run: Run, workload: Workload, book: Book) -> Served | NoEngineModel:
    """The model and the machine that an option runs on; or why they are not known.

    Args:
        option: the option.
        run: of it.
        workload: whose longest request must fit.
        book: what is known of GPUs and models.
    """
    case = _Case(option=option, run=run, book=book, needed_tokens=needed_tokens(workload))
    return _target(case, _measured(case))


def gpu_of(option: RentOption | OwnOption, run: Run) -> str | None:
    """The GPU by its name in the book: the option's own, or the one that the run was measured on; None without a GPU."""
    if option.gpu != FROM_RUN:
        return option.gpu
    if run.gpu is not None:
        return run.gpu
    return pricing.canonical_gpu(run.environment.gpus[0].name) if run.environment.gpus else None


def model_of(option: RentOption | OwnOption, run: Run) -> str:
    """The open model that an option runs: the one that it names, or the one that the run was measured with."""
    return run.model.name if option.model == FROM_RUN else option.model


def gpus_of(option: RentOption | OwnOption, run: Run) -> int:
    """GPUs of one replica: the option's own, the product of its sizes, or the run's; 0 where it runs on the CPU."""
    if option.gpus_per_replica is not None:
        return option.gpus_per_replica
    if option.tensor_parallel_size is None and option.pipeline_parallel_size is None:
        on_cpu = run.gpus_per_replica == 0 and option.gpu != FROM_RUN
        return 1 if on_cpu else run.gpus_per_replica
    return (option.tensor_parallel_size or 1) * (option.pipeline_parallel_size or 1)


def needed_tokens(workload: Workload) -> int:
    """Mean length of the longest kind of request, prompt and answer together, which must fit [tokens]."""
    if not workload.classes:
        return math.ceil(workload.mean_input_tokens + workload.mean_output_tokens)
    kinds = workload.classes.values()
    return math.ceil(max(kind.input_tokens_per_request.value + kind.output_tokens_per_request.value for kind in kinds))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """An option with its run."""

    option: RentOption | OwnOption
    run: Run
    book: Book
    needed_tokens: int


def _replica(case: _Case) -> Replica:
    gpus = gpus_of(case.option, case.run)
    differs = _differences(case)
    if not differs:
        measured = _measured(case)
        return Replica(run=case.run, gpus=gpus, served=measured if isinstance(measured, Served) else None)
    if case.option.throughput_factor is not None:
        return Replica(run=case.run, gpus=gpus, carried=_does_not_fit(case))
    measured = _measured(case)
    if differs == {"layout"} and not isinstance(measured, Served):
        note = f"nobody measured {gpus} GPUs a replica; the run's own curve stands for them unchanged, for {measured}"
        return Replica(run=case.run, gpus=gpus, notes=(note,))
    return Replica(run=case.run, gpus=gpus, carried=_carried(case, measured))


def _differences(case: _Case) -> set[str]:
    """What of an option is not the run's: `model`, `gpu`, `layout`, `precision`."""
    option, run = case.option, case.run
    sizes = {
        option.tensor_parallel_size: run.engine.tensor_parallel_size,
        option.pipeline_parallel_size: run.engine.pipeline_parallel_size,
    }
    found = set()
    if not _is_same_model(case):
        found.add("model")
    if not _is_same_gpu(case):
        found.add("gpu")
    if gpus_of(option, run) != run.gpus_per_replica or any(asked not in (None, had) for asked, had in sizes.items()):
        found.add("layout")
    if option.precision is not None or option.kv_cache_dtype != "auto":
        measured = _measured(case)
        bits = (measured.on.precision, measured.on.kv_dtype_bytes) if isinstance(measured, Served) else (None, None)
        asked = (option.precision or bits[0], _KV_BYTES.get(option.kv_cache_dtype, bits[1]))
        if asked != bits:
            found.add("precision")
    return found


def _is_same_model(case: _Case) -> bool:
    """A run under a name that nobody knows is of the model that the option names, unless its layers or its vocabulary say otherwise."""
    option, run = case.option, case.run
    if option.model == FROM_RUN or is_same_model(option.model, run.model.name, case.book):
        return True
    named = known_architecture(option.model, case.book)
    if known_architecture(run.model.name, case.book) is not None:
        return False
    layers = run.model.layers_full or run.model.layers
    return named is None or (layers in (None, named.layers) and run.model.vocab_size in (None, named.vocab_size))


def _is_same_gpu(case: _Case) -> bool:
    if case.option.gpu == FROM_RUN:
        return True
    had = case.run.gpu or (case.run.environment.gpus[0].name if case.run.environment.gpus else None)
    if had is None:
        return False
    return name_key(case.option.gpu) in {name_key(had), name_key(pricing.canonical_gpu(had, case.book) or had)}


def _measured(case: _Case) -> Served | str:
    """What the run is of; or why that is not known, in words that follow "for"."""
    run = case.run
    model = known_architecture(run.model.name, case.book)
    if model is None:
        return f"the architecture of the run's model, {run.model.name!r}, is not known"
    if run.gpu is None and not run.environment.gpus:
        return f"run {run.run_id} is of no GPU, and step times of a processor are carried to none"
    sizes = run.engine.tensor_parallel_size * run.engine.pipeline_parallel_size
    if sizes != run.gpus_per_replica:
        return f"run {run.run_id} does not say how its {run.gpus_per_replica} GPUs shared the model"
    try:
        own = pricing.gpu_spec(_gpu_of_run(run, case.book) or "", case.book)
        return Served(model=model, on=placement_of_run(run, model, own))
    except (InputError, PriceNotFound) as error:
        return str(error)


def _gpu_of_run(run: Run, book: Book) -> str | None:
    """The GPU that a run was measured on, by its name in the book; None without one."""
    name = run.gpu or (run.environment.gpus[0].name if run.environment.gpus else None)
    return None if name is None else pricing.canonical_gpu(name, book) or name


def _carried(case: _Case, measured: Served | str) -> EngineModel | NoEngineModel:
    target = _target(case, measured)
    if isinstance(target, NoEngineModel):
        return target
    return carried_engine(case.run, measured, target, case.needed_tokens)


def _does_not_fit(case: _Case) -> NoEngineModel | None:
    """A memory that does not hold the model is no matter of opinion."""
    target = _target(case, _measured(case))
    if isinstance(target, NoEngineModel):
        return None
    try:
        memory = memory_on(
            Wish(
                model=target.model,
                needed_tokens=case.needed_tokens,
                precision=target.on.precision,
                kv_dtype_bytes=target.on.kv_dtype_bytes,
            ),
            target.on,
        )
    except InputError:
        return None
    return NoEngineModel(code=memory.code, sentence=memory.sentence) if isinstance(memory, Misfit) else None


def _target(case: _Case, measured: Served | str) -> Served | NoEngineModel:
    """What the option runs on; or why that is not known."""
    name = model_of(case.option, case.run)
    model = known_architecture(name, case.book)
    if model is None:
        return NoEngineModel(
            code="unknown_model",
            sentence=f"nobody measured this option, and step times cannot be carried over to {name!r}: its architecture is not known; "
            "`tco prices model` lists those that are, or probe the option itself",
        )
    gpu = _gpu_of_run(case.run, case.book) if case.option.gpu == FROM_RUN else case.option.gpu
    if gpu is None:
        return NoEngineModel(
            code="no_gpu",
            sentence=f"run {case.run.run_id} is of a processor, whose step times are carried over to no other model or precision; name a `gpu`, or probe the option itself",
        )
    try:
        spec = pricing.gpu_spec(gpu, case.book)
    except PriceNotFound as error:
        return NoEngineModel(
            code="unknown_gpu",
            sentence=f"nobody measured this option, and step times cannot be carried over to it: {error.args[0]} Give its data sheet in your own prices file, or probe it",
        )
    layout = _layout(case, model, machine_gpus(spec))
    if layout is None:
        gpus = gpus_of(case.option, case.run)
        return NoEngineModel(
            code="layout_refused",
            sentence=f"{gpus} GPUs cannot share {model.name}: vLLM takes no layout of so many; choose another `gpus_per_replica`",
        )
    return _placed(case, measured, model, spec, layout)


def _placed(
    case: _Case, measured: Served | str, model: Architecture, spec: pricing.GpuSpec, layout: Layout
) -> Served | NoEngineModel:
    had = measured.on if isinstance(measured, Served) else None
    stored = published_precision(model)
    try:
        place = Placement(
            gpu=spec,
            tensor_parallel_size=layout.tensor_parallel_size,
            pipeline_parallel_size=layout.pipeline_parallel_size,
            precision=case.option.precision or (had.precision if had is not None and stored == "bf16" else stored),
            kv_dtype_bytes=_KV_BYTES.get(case.option.kv_cache_dtype, had.kv_dtype_bytes if had is not None else 2),
        )
    except InputError as error:
        return NoEngineModel(code="not_carried", sentence=str(error))
    return Served(model=model, on=place)


def _layout(case: _Case, model: Architecture, machine: int) -> Layout | None:
    """The option's own sizes, else the run's where the number of GPUs is the same, else the usual layout; None where vLLM takes none."""
    option, engine, gpus = case.option, case.run.engine, gpus_of(case.option, case.run)
    tensor, stages = option.tensor_parallel_size, option.pipeline_parallel_size
    if tensor or stages:
        return Layout(
            tensor_parallel_size=tensor or gpus // (stages or 1), pipeline_parallel_size=stages or gpus // (tensor or 1)
        )
    if gpus == engine.tensor_parallel_size * engine.pipeline_parallel_size:
        return Layout(
            tensor_parallel_size=engine.tensor_parallel_size, pipeline_parallel_size=engine.pipeline_parallel_size
        )
    return layout_of(model, gpus, min(machine, option.gpus_per_server) if isinstance(option, OwnOption) else machine)
