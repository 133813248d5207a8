"""From an answered scenario to the deployments that it costed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import metadata

from pricing import Book
from probes.run import Run
from tco.handover.assumed import assumptions, missing
from tco.handover.context import longest_request_tokens
from tco.handover.engine import engine_of, started_for
from tco.handover.environment import memory_gib
from tco.handover.hardware import hardware_of
from tco.handover.load import class_limits_ms, strictest_limits_ms
from tco.handover.models import architecture_of, served_model
from tco.handover.names import one_line, slugs
from tco.handover.records import (
    Deployment,
    NothingToDeploy,
    Promise,
    Provenance,
)
from tco.handover.scale import ReplicaBounds, scaling_of
from tco.handover.start_up import start_up_of
from tco.replicas_of import gpu_of, gpus_of
from tco.result import Capacity, OptionResult, Result
from tco.scenario import AnyOption, MixedOption, OwnOption, RentOption, Scenario, SelfHostedOption, TokenOption

ENGINES = {"vllm": "vllm", "vllm-cpu": "vllm-cpu"}
"""Engines that deployments are written for, by their name in a run."""

_LAST_STAYS = (
    "The policy lets the last replica go; here it stays, for a fleet of none has no waiting requests that would wake it. "
    "A gateway that counts requests before they reach a replica is needed for that."
)

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
    bounds: ReplicaBounds | None


def deployments(
    scenario: Scenario,
    runs: Mapping[str, Run],
    result: Result,
    *,
    book: Book | None = None,
    made_on: date | None = None,
    policies: Mapping[str, ReplicaBounds] | None = None,
) -> list[Deployment]:
    """The deployment of every self-hosted option that can serve, as it was costed.

    Args:
        scenario: the question, filled (`tco.fill`).
        runs: the run of each self-hosted option, by option name.
        result: the answer.
        book: the price book; None: the shipped one.
        made_on: the day; None: the scenario's.
        policies: between how many replicas an option moves, by name, where its costs rest on a scaling policy; others stand as the answer counts them.
    """
    made = handovers(scenario, runs, result, book=book, made_on=made_on, policies=policies)
    return [one for one in made if isinstance(one, Deployment)]


def handovers(
    scenario: Scenario,
    runs: Mapping[str, Run],
    result: Result,
    *,
    book: Book | None = None,
    made_on: date | None = None,
    policies: Mapping[str, ReplicaBounds] | None = None,
) -> list[Deployment | NothingToDeploy]:
    """For every option its deployment, or why there is none; arguments as of `deployments`."""
    names = slugs(option.name for option in scenario.options)
    bounds = policies or {}
    return [
        make_deployment(
            option,
            scenario,
            runs.get(option.name),
            result,
            slug=slug,
            book=book,
            made_on=made_on,
            bounds=bounds.get(option.name),
        )
        for option, slug in zip(scenario.options, names, strict=True)
    ]


def make_deployment(
    option: AnyOption,
    scenario: Scenario,
    run: Run | None,
    result: Result,
    *,
    slug: str | None = None,
    book: Book | None = None,
    made_on: date | None = None,
    bounds: ReplicaBounds | None = None,
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
        bounds: between how many replicas its scaling policy moves; None where it has none.
    """
    answer = result.option(option.name)
    reason = _reason_for_none(option, run, answer)
    if reason is not None:
        return NothingToDeploy(option=option.name, reason=reason)
    assert isinstance(option, SelfHostedOption)
    assert run is not None
    assert answer.capacity is not None
    parts = _Parts(option, scenario, run, answer, answer.capacity, book, bounds)
    return _deployment(parts, result, slug or slugs([option.name])[0], made_on or result.as_of)


def _reason_for_none(option: AnyOption, run: Run | None, answer: OptionResult) -> str | None:
    if isinstance(option, MixedOption):
        return f"{option.name!r} is made of {' and '.join(repr(part) for part in option.parts)}: deploy these, with the replicas of the answer"
    if isinstance(option, TokenOption):
        return f"{option.name!r} is paid per token: the vendor runs it, so there is nothing to deploy"
    if run is None:
        return f"{option.name!r} has no run to deploy from"
    if not answer.feasible or answer.capacity is None:
        return f"{option.name!r} cannot serve the workload: {'; '.join(answer.reasons) or 'no reason given'}"
    if answer.capacity.replicas < 1:
        return f"{option.name!r} needs no replica: the scenario asks for no requests"
    return None if run.engine.name in ENGINES else _other_engine(option, run)


def _other_engine(option: AnyOption, run: Run) -> str:
    measured = one_line(shlex.join(run.engine.args))[:_SHOWN] or "none recorded"
    return (
        f"{option.name!r} was measured on {one_line(run.engine.name)!r}; manifests are written for vLLM only. "
        f"Start that engine with the arguments that were measured: {measured}"
    )


def _deployment(parts: _Parts, result: Result, slug: str, made_on: date) -> Deployment:
    run, option = parts.run, parts.option
    gpus = gpus_of(option, run)
    hardware = hardware_of(option, gpu_of(option, run) if gpus else None, gpus, run, parts.book)
    model = served_model(option, run, parts.book)
    start_up = start_up_of(run, model.weights_bytes, on_cpu=gpus == 0)
    shape = architecture_of(model.hf_id or model.name, parts.book)
    limit = None if shape is None else shape.max_context_tokens
    context = longest_request_tokens(parts.scenario.workload, run, limit)
    engine = engine_of(option, run, hardware, model, shape, context)
    if gpus == 0:
        hardware = hardware.model_copy(update={"memory_gib": memory_gib(engine.environment, model.weights_bytes)})
    made = Deployment(
        slug=slug,
        model=model,
        engine=engine,
        hardware=hardware,
        start_up=start_up,
        scaling=scaling_of(option, parts.scenario, run, parts.capacity, start_up, parts.bounds),
        promise=_promise(parts, started_for(engine.arguments, context)),
        provenance=_provenance(parts, result, made_on),
    )
    assumed = assumptions(made, run, parts.scenario.workload, parts.book)
    if parts.bounds is not None and parts.bounds.min_replicas == 0:
        assumed = (*assumed, _LAST_STAYS)
    return made.model_copy(update={"to_do": missing(made, shape, option.precision), "assumed": assumed})


def _promise(parts: _Parts, context: int) -> Promise:
    workload, factor = parts.scenario.workload, parts.option.throughput_factor
    low, high = (1.0, 1.0) if factor is None or factor.bounds is None else factor.bounds
    value = 1.0 if factor is None else factor.value
    return Promise(
        slo_ms=strictest_limits_ms(workload),
        class_slo_ms=class_limits_ms(workload),
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
