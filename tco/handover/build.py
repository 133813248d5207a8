"""From an answered scenario to the deployments that it costed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import metadata

from pricing import Architecture, Book
from probes.run import Run
from tco.capacity.replicas import replicas_needed
from tco.capacity.shape import convert
from tco.handover.assumed import assumptions, missing
from tco.handover.context import longest_request_tokens
from tco.handover.environment import deployed_environment, memory_gib
from tco.handover.hardware import hardware_of, image_of
from tco.handover.load import in_flight_per_replica, waiting_per_replica
from tco.handover.models import architecture_of, served_model
from tco.handover.names import one_line, slugs
from tco.handover.records import (
    Deployment,
    Hardware,
    NothingToDeploy,
    Promise,
    Provenance,
    Scaling,
    ServedEngine,
    ServedModel,
    StartUp,
)
from tco.handover.start_up import start_up_of
from tco.handover.vllm_args import Wanted, deployed_arguments
from tco.replicas_of import gpu_of
from tco.result import Capacity, OptionResult, Result
from tco.scenario import OwnOption, RentOption, Scenario, TokenOption
from tco.workload.demand import demand

ENGINES = {"vllm": "vllm", "vllm-cpu": "vllm-cpu"}
"""Engines that deployments are written for, by their name in a run."""

_DTYPES = {"auto", "half", "float16", "bfloat16", "float", "float32"}
_SHORTEST_SCALE_DOWN_S = 300
"""Kubernetes' own window before a replica is taken away [s]."""

_LONGEST_SCALE_DOWN_S = 3600
_SHOWN = 400


@dataclass(frozen=True, slots=True)
class _Parts:
    """What one option's deployment is made of."""

    option: RentOption | OwnOption
    scenario: Scenario
    run: Run
    answer: OptionResult
    capacity: Capacity
    book: Book | None


def deployments(
    scenario: Scenario,
    runs: Mapping[str, Run],
    result: Result,
    *,
    book: Book | None = None,
    made_on: date | None = None,
) -> list[Deployment]:
    """The deployment of every self-hosted option that can serve, as it was costed.

    Args:
        scenario: the question, filled (`tco.fill`).
        runs: the run of each self-hosted option, by option name.
        result: the answer.
        book: the price book; None: the shipped one.
        made_on: the day; None: the scenario's.
    """
    made = handovers(scenario, runs, result, book=book, made_on=made_on)
    return [one for one in made if isinstance(one, Deployment)]


def handovers(
    scenario: Scenario,
    runs: Mapping[str, Run],
    result: Result,
    *,
    book: Book | None = None,
    made_on: date | None = None,
) -> list[Deployment | NothingToDeploy]:
    """For every option its deployment, or why there is none; arguments as of `deployments`."""
    names = slugs(option.name for option in scenario.options)
    return [
        make_deployment(option, scenario, runs.get(option.name), result, slug=slug, book=book, made_on=made_on)
        for option, slug in zip(scenario.options, names, strict=True)
    ]


def make_deployment(
    option: TokenOption | RentOption | OwnOption,
    scenario: Scenario,
    run: Run | None,
    result: Result,
    *,
    slug: str | None = None,
    book: Book | None = None,
    made_on: date | None = None,
) -> Deployment | NothingToDeploy:
    """One option as it was costed, or why there is nothing to deploy.

    Args:
        option: the option, filled.
        scenario: the question, filled.
        run: what one replica was measured as; None for an option that is paid per token.
        result: the answer.
        slug: the name for the cluster; None makes one of the option's name.
        book: the price book; None: the shipped one.
        made_on: the day; None: the scenario's.
    """
    answer = result.option(option.name)
    reason = _reason_for_none(option, run, answer)
    if reason is not None:
        return NothingToDeploy(option=option.name, reason=reason)
    assert not isinstance(option, TokenOption)
    assert run is not None
    assert answer.capacity is not None
    parts = _Parts(option, scenario, run, answer, answer.capacity, book)
    return _deployment(parts, result, slug or slugs([option.name])[0], made_on or result.as_of)


def _reason_for_none(option: TokenOption | RentOption | OwnOption, run: Run | None, answer: OptionResult) -> str | None:
    if isinstance(option, TokenOption):
        return f"{option.name!r} is paid per token: the vendor runs it, so there is nothing to deploy"
    if run is None:
        return f"{option.name!r} has no run to deploy from"
    if not answer.feasible or answer.capacity is None:
        return f"{option.name!r} cannot serve the workload: {'; '.join(answer.reasons) or 'no reason given'}"
    if answer.capacity.replicas < 1:
        return f"{option.name!r} needs no replica: the scenario asks for no requests"
    if run.engine.name not in ENGINES:
        measured = one_line(shlex.join(run.engine.args))[:_SHOWN] or "none recorded"
        return (
            f"{option.name!r} was measured on {one_line(run.engine.name)!r}; manifests are written for vLLM only. "
            f"Start that engine with the arguments that were measured: {measured}"
        )
    return None


def _deployment(parts: _Parts, result: Result, slug: str, made_on: date) -> Deployment:
    run, option = parts.run, parts.option
    gpus = run.gpus_per_replica if option.gpus_per_replica is None else option.gpus_per_replica
    hardware = hardware_of(option, gpu_of(option, run) if gpus else None, gpus, run, parts.book)
    model = served_model(option, run, parts.book)
    start_up = start_up_of(run, model.weights_bytes, on_cpu=gpus == 0)
    shape = architecture_of(model.hf_id or model.name, parts.book)
    limit = None if shape is None else shape.max_context_tokens
    context = longest_request_tokens(parts.scenario.workload, run, limit)
    engine = _engine(parts, hardware, model, shape, context)
    if gpus == 0:
        hardware = hardware.model_copy(update={"memory_gib": memory_gib(engine.environment, model.weights_bytes)})
    made = Deployment(
        slug=slug,
        model=model,
        engine=engine,
        hardware=hardware,
        start_up=start_up,
        scaling=_scaling(parts, start_up),
        promise=_promise(parts, context),
        provenance=_provenance(parts, result, made_on),
    )
    return made.model_copy(
        update={"to_do": missing(made, shape), "assumed": assumptions(made, run, parts.scenario.workload, parts.book)}
    )


def _engine(
    parts: _Parts, hardware: Hardware, model: ServedModel, shape: Architecture | None, context: int
) -> ServedEngine:
    run = parts.run
    tensor, stages = _layout(run, hardware)
    quantised = shape is not None and shape.quantization is not None
    wanted = Wanted(
        context_tokens=context,
        tensor_parallel_size=tensor,
        pipeline_parallel_size=stages,
        layout_reason="the run names it apart from its arguments"
        if (tensor, stages) == (run.engine.tensor_parallel_size, run.engine.pipeline_parallel_size)
        else "the option has other GPUs per replica than the run",
        dtype=run.model.dtype if run.model.dtype in _DTYPES else None,
        quantization=None if quantised else run.model.quantization,
        revision=model.revision,
        sliced=run.model.layers_full is not None or run.extrapolation is not None,
        spans_nodes=hardware.nodes_per_replica > 1,
    )
    arguments, differences = deployed_arguments(run.engine.args, wanted)
    return ServedEngine(
        name="vllm-cpu" if hardware.platform == "cpu" else "vllm",
        version=run.engine.version,
        image=image_of(hardware.platform, run.engine.version),
        arguments=arguments,
        environment=deployed_environment(run, shape, on_cpu=hardware.platform == "cpu"),
        differences=differences,
        measured_arguments=tuple(run.engine.args),
    )


def _layout(run: Run, hardware: Hardware) -> tuple[int, int]:
    """Tensor and pipeline parallel size: the run's where the GPUs are the same, else all GPUs of a machine in one tensor-parallel group."""
    measured = run.engine.tensor_parallel_size, run.engine.pipeline_parallel_size
    if hardware.gpus_per_replica in (0, measured[0] * measured[1]):
        return measured
    if hardware.gpus_per_replica % hardware.nodes_per_replica:
        return hardware.gpus_per_replica, 1
    return hardware.gpus_per_node, hardware.nodes_per_replica


def _scaling(parts: _Parts, start_up: StartUp) -> Scaling:
    capacity, limits = parts.capacity, parts.scenario.workload.slo.limits()
    months = capacity.replicas_by_month or [capacity.replicas]
    goodput = capacity.goodput_requests_per_s
    peaks = demand(parts.scenario).peak_requests_per_s
    spares = [
        count - replicas_needed(float(peak), goodput) for count, peak in zip(months, peaks, strict=False) if count > 0
    ]
    in_flight = in_flight_per_replica(parts.run, _in_lengths_of_the_run(parts))
    return Scaling(
        min_replicas=max(1, min(count for count in months if count > 0)),
        max_replicas=max(months),
        replicas_by_month=tuple(months),
        spare_replicas=max(0, min(spares, default=0)),
        in_flight_per_replica=None if in_flight is None else round(max(1.0, in_flight), 1),
        waiting_per_replica=round(waiting_per_replica(goodput, limits, start_up.total_s), 1),
        scale_down_s=int(min(max(_SHORTEST_SCALE_DOWN_S, 2 * start_up.total_s), _LONGEST_SCALE_DOWN_S)),
    )


def _in_lengths_of_the_run(parts: _Parts) -> float:
    """Load of one replica in requests of the run's own lengths [requests/s]."""
    workload, run = parts.scenario.workload, parts.run
    shape = convert(run.workload, workload.mean_input_tokens, workload.mean_output_tokens, run.cost_split)
    factor = parts.option.throughput_factor.value if parts.option.throughput_factor is not None else 1.0
    return parts.capacity.goodput_requests_per_s / (factor * shape.rate)


def _promise(parts: _Parts, context: int) -> Promise:
    workload, factor = parts.scenario.workload, parts.option.throughput_factor
    low, high = (1.0, 1.0) if factor is None or factor.bounds is None else factor.bounds
    value = 1.0 if factor is None else factor.value
    return Promise(
        slo_ms=workload.slo.limits(),
        requests_per_s=parts.capacity.goodput_requests_per_s,
        relative_low=low / value,
        relative_high=high / value,
        basis=parts.capacity.basis,
        evidence=parts.answer.evidence,
        input_tokens=workload.mean_input_tokens,
        output_tokens=workload.mean_output_tokens,
        context_tokens=context,
        remarks=tuple(one_line(reason) for reason in parts.answer.reasons),
    )


def _provenance(parts: _Parts, result: Result, made_on: date) -> Provenance:
    return Provenance(
        scenario=result.scenario,
        option=parts.option.name,
        kind=parts.option.kind,
        run_id=parts.run.run_id,
        run_created_at=parts.run.created_at,
        price_book=result.price_book.id,
        price_book_as_of=result.price_book.as_of,
        tool_version=_tool_version(),
        made_on=made_on,
    )


def _tool_version() -> str:
    try:
        return metadata.version("tco-llm")
    except metadata.PackageNotFoundError:
        return "unknown"
