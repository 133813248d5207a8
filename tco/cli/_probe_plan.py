"""`tco probe plan`: what `tco probe run` would do with the same options, without sending anything."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pricing.architectures import Architecture, ArchitectureError, Precision, architecture
from probes import Endpoint, ProbeError
from probes.dry_run import DryRun, Speed, dry_run, most_usage
from probes.servers.spending import SpendingCap
from tco.cli._probe_config import with_config
from tco.cli._probe_options import RunRequest
from tco.cli._probe_request import new_session
from tco.cli._probe_text import duration_text
from tco.cli._shared import EXIT_INVALID, EXIT_PREFLIGHT, fail, print_json
from tco.errors import InputError
from tco.runs import find_run

if TYPE_CHECKING:
    from probes import Environment, Plan, Run
    from tco.cli._probe_session import Session

PLAN_CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}
"""How the command is registered: options that are not its own are those of `tco probe run`."""

SCHEMA = 1
_GIB = 2**30
_PRECISIONS: dict[str | None, Precision] = {None: "bf16", "fp8": "fp8", "awq": "int4", "gptq": "int4", "mxfp4": "mxfp4"}
_KV_BYTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a model needs of the memory it runs in [GiB]; None where a part is not known.

    Attributes:
        weights_gib: of one copy.
        kv_cache_gib: of the heaviest load at full length.
        available_gib: of the GPUs that share a copy, or of the machine.
        sentence: whether it fits.
    """

    weights_gib: float | None = None
    kv_cache_gib: float | None = None
    available_gib: float | None = None
    sentence: str


def plan_command(
    context: typer.Context,
    *,
    like: Annotated[
        str | None, typer.Option(help="Take request times from this run: a file, or a shipped run's name.")
    ] = None,
    ttft_ms: Annotated[
        float | None, typer.Option(min=0.001, help="Assume this time to first token of one user.")
    ] = None,
    tpot_ms: Annotated[
        float | None, typer.Option(min=0.001, help="Assume this time per further token of one user.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Show what `tco probe run` with the same options would do: load points, requests, tokens, time, dollars, memory. Sends nothing."""
    if (ttft_ms is None) != (tpot_ms is None):
        fail("--ttft-ms and --tpot-ms belong together: give both, or neither.")
    try:
        request = request_of(context)
        session = _session(request)
        earlier = None if like is None else find_run(like)
    except (ProbeError, InputError) as error:
        invalid = isinstance(error, InputError) or error.kind in ("bad_arguments", "model_not_found")
        fail(str(error), EXIT_INVALID if invalid else EXIT_PREFLIGHT)
    speed = None if ttft_ms is None or tpot_ms is None else Speed(ttft_ms=ttft_ms, tpot_ms=tpot_ms)
    priced = request.usd_per_mtok_input is not None and request.usd_per_mtok_output is not None
    prices = (
        SpendingCap(usd_per_mtok_input=request.usd_per_mtok_input, usd_per_mtok_output=request.usd_per_mtok_output)
        if priced
        else None
    )
    found = dry_run(
        session.plan, session.shape, speed=speed, cells=earlier.cells if earlier is not None else (), prices=prices
    )
    memory = None if isinstance(session.target, Endpoint) else memory_of(session, request)
    if as_json:
        print_json(_as_json(session, found, memory, _basis(speed, earlier, like)))
        return
    for line in plan_lines(session, found, memory, _basis(speed, earlier, like)):
        typer.echo(line)


def request_of(context: typer.Context) -> RunRequest:
    """The options that are not this command's own, read by `tco probe run` itself.

    Args:
        context: of the command, beside which `run` is registered.
    """
    group: Any = context.parent.command if context.parent is not None else None
    assert group is not None
    parsed = group.get_command(context.parent, "run").make_context("run", list(context.args), parent=context.parent)
    given = {name for name in parsed.params if parsed.get_parameter_source(name).name == "COMMANDLINE"}
    options = {"start_timeout_s" if name == "start_timeout" else name: value for name, value in parsed.params.items()}
    options["engine_arg"] = options.get("engine_arg") or []
    fields = {field.name: field for field in dataclasses.fields(RunRequest)}
    missing = {name: None for name, field in fields.items() if field.default is dataclasses.MISSING}
    request = RunRequest(**(missing | {name: value for name, value in options.items() if name in fields}))
    return with_config(request, options.get("config"), given)


def _session(request: RunRequest) -> Session:
    """Everything settled, without touching what the user has: no folder is made, and a key need not be there."""
    with tempfile.TemporaryDirectory() as folder:
        return new_session(replace(request, out=Path(folder) / "run.json", api_key_env=None))


def _basis(speed: Speed | None, earlier: Run | None, like: str | None) -> str:
    if earlier is not None:
        return f"request times of {like} ({earlier.model.name}), grown between and beyond its loads"
    if speed is not None:
        return f"assumed: one user waits {speed.ttft_ms:g} ms, then {speed.tpot_ms:g} ms a token; with more users, longer by the square root of their number"
    return "not known before something was measured: give --like RUN, or --ttft-ms and --tpot-ms"


def memory_of(session: Session, request: RunRequest) -> Memory:
    """Whether the model will fit, by its architecture.

    Args:
        session: what would be measured.
        request: the options.
    """
    name = session.plan.model or session.header.model.name
    try:
        model = architecture(name)
        weights = model.weight_bytes(_precision(request.quantization)) / _GIB
    except (ArchitectureError, KeyError) as error:
        return Memory(sentence=f"not known: {error.args[0] if error.args else error}")
    cache = _cache_gib(model, session)
    available, where = _available_gib(session.header.environment, session.header.gpus_per_replica)
    if available is None:
        return Memory(
            weights_gib=weights, kv_cache_gib=cache, sentence="fit not known: the machine's memory could not be read"
        )
    fits = weights < available
    sentence = f"{'fits' if fits else 'does not fit'} into {available:.1f} GiB of {where}"
    if fits and weights + cache > available:
        sentence += ", but the cache of the heaviest load does not: requests will wait"
    return Memory(weights_gib=weights, kv_cache_gib=cache, available_gib=available, sentence=sentence)


def _precision(quantization: str | None) -> Precision:
    return _PRECISIONS[quantization.partition("_")[0].lower() if quantization else None]


def _cache_gib(model: Architecture, session: Session) -> float:
    heaviest = max(session.plan.concurrency or [1])
    return heaviest * model.kv_bytes(session.shape.input_tokens + session.shape.output_tokens, _KV_BYTES) / _GIB


def _available_gib(environment: Environment, gpus: int) -> tuple[float | None, str]:
    if gpus and environment.gpus:
        used = environment.gpus[:gpus]
        return sum(gpu.memory_gib for gpu in used), f"{len(used)} × {used[0].name}"
    return environment.memory_gib, "main memory"


def plan_lines(session: Session, found: DryRun, memory: Memory | None, basis: str) -> list[str]:
    """The plan as text.

    Args:
        session: what would be measured.
        found: its load points.
        memory: whether the model fits; None for an endpoint.
        basis: what the times rest on.
    """
    plan, shape = session.plan, session.shape
    lines = [f"{_what(session)}; {shape.input_tokens} tokens in, {shape.output_tokens} out. Nothing is sent.", ""]
    lines += [
        f"  {point.part:<9} {point.label:<34} {point.usage.requests:>8,} requests {point.usage.tokens:>13,} tokens   {_time(point.expected_s)}"
        for point in found.points
    ]
    lines += [f"  {part:<9} {'as the measurements lead it':<34}" for part in found.open_ended]
    most = most_usage(found, plan)
    more = f", up to {most.requests:,} and {most.tokens:,} if loads vary much" if most != found.usage else ""
    lines += [
        "",
        f"  requests  {found.usage.requests:,} with {found.usage.input_tokens:,} tokens in and {found.usage.output_tokens:,} out at least{more}",
        f"  time      {_total(found, plan)}; {basis}",
    ]
    if found.usd is not None:
        usd = f"${found.usd:,.2f} at least" + (
            f", up to ${found.usd * most.tokens / found.usage.tokens:,.2f}" if more else ""
        )
        lines.append(f"  cost      {usd}, at the prices given")
    elif isinstance(session.target, Endpoint):
        lines.append("  cost      not known; for a paid endpoint give --usd-per-mtok-input and --usd-per-mtok-output")
    return lines + _engine_lines(session, memory)


def _what(session: Session) -> str:
    target = session.target
    if isinstance(target, Endpoint):
        return f"{target.served_model_name} at {target.base_url}"
    return f"{session.header.model.name}, by an engine that is started for it"


def _engine_lines(session: Session, memory: Memory | None) -> list[str]:
    lines = [] if isinstance(session.target, Endpoint) else [f"  engine    vllm {' '.join(session.target.args)}"]
    if memory is not None:
        parts = [
            f"{name} {value:.1f} GiB"
            for name, value in (("weights", memory.weights_gib), ("cache of the heaviest load", memory.kv_cache_gib))
            if value is not None
        ]
        lines.append(f"  memory    {'; '.join([*parts, memory.sentence])}")
    return lines


def _time(seconds: float | None) -> str:
    return "" if seconds is None else f"about {duration_text(seconds)}"


def _total(found: DryRun, plan: Plan) -> str:
    budget = None if plan.budget_s is None else f"at most {duration_text(plan.budget_s)} of measuring (--budget)"
    if found.expected_s is None:
        return budget or "no limit (--budget sets one)"
    expected = f"about {duration_text(found.expected_s)} for the load points above"
    return expected if budget is None else f"{expected}, {budget}"


def _as_json(session: Session, found: DryRun, memory: Memory | None, basis: str) -> dict[str, Any]:
    target = session.target
    most = most_usage(found, session.plan)
    return {
        "schema": SCHEMA,
        "target": {"endpoint": target.base_url, "served_model": target.served_model_name}
        if isinstance(target, Endpoint)
        else {"model": session.header.model.name, "engine_args": list(target.args)},
        "workload": session.shape.model_dump(mode="json"),
        "plan": session.plan.model_dump(mode="json"),
        **asdict(found),
        "most": asdict(most),
        "budget_s": session.plan.budget_s,
        "time_basis": basis,
        "memory": None if memory is None else asdict(memory),
    }
