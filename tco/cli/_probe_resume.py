"""From an interrupted run's file back to the session that goes on with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from probes import (
    ProbeError,
    Run,
    RunHeader,
    describe_environment,
    engine_packages,
    load_run,
    resolve_model,
)
from probes.blanking import BLANK
from probes.engines import DEFAULT_START_TIMEOUT_S, VllmOptions
from probes.servers.spending import SpendingGuard, Usage
from probes.workload.traces import read_again
from tco.cli._probe_request import environment_of, reach
from tco.cli._probe_session import Session
from tco.cli._probe_spending import spending_guard

if TYPE_CHECKING:
    from pathlib import Path

    from probes import Endpoint, Environment, Plan


def resumed_session(file: Path, *, port: int | None, start_timeout_s: float | None, budget_s: float | None) -> Session:
    """Settles how to go on: the same engine with the same arguments and model, or the same endpoint.

    Args:
        file: an interrupted run.
        port: for the engine; None takes a free one.
        start_timeout_s: when to give up waiting for the engine [s]; None takes the default.
        budget_s: for what is left to measure [s]; None takes the run's own.

    Raises:
        RunError: the file is not a run.
        ProbeError: nothing is left to do, the run cannot be resumed, or machine, engine or model have changed since.
    """
    run = load_run(file)
    if run.plan is None or (run.plan.model is None and run.plan.endpoint is None):
        raise ProbeError(
            "bad_arguments", f"{file} was not made by `tco probe run` and cannot be resumed. Start a new run."
        )
    if run.complete:
        raise ProbeError("bad_arguments", f"{file} is complete. `tco probe show {file}` shows it.")
    plan = run.plan if budget_s is None else run.plan.model_copy(update={"budget_s": budget_s})
    target: VllmOptions | Endpoint
    if plan.endpoint is not None:
        environment = environment_of(plan.endpoint)
        target = reach(plan.endpoint, plan.served_model_name or run.model.name, plan.api_key_env)
    else:
        environment = describe_environment()
        target = _same_engine(run, plan, file, port=port, start_timeout_s=start_timeout_s)
    _check_same_machine(run, environment, file)
    shape = run.workload
    replay = None if shape.trace is None else read_again(shape.trace, context_limit_tokens=shape.context_limit_tokens)
    return Session(
        target=target,
        header=_header(run),
        shape=shape,
        plan=plan,
        out=file,
        existing=run,
        trace=() if replay is None else replay.arrivals,
        guard=_spent(run, spending_guard(plan, shape)),
    )


def _spent(run: Run, guard: SpendingGuard | None) -> SpendingGuard | None:
    """The guard with what the cells of the run have used already; warm-up and trials, which no cell counts, are about a fifth more."""
    if guard is None:
        return None
    used = Usage(
        input_tokens=sum(cell.input_tokens for cell in run.cells),
        output_tokens=sum(cell.output_tokens for cell in run.cells),
        requests=sum(cell.requests_ok + cell.requests_failed for cell in run.cells),
    )
    return guard.add(used)


def _same_engine(run: Run, plan: Plan, file: Path, *, port: int | None, start_timeout_s: float | None) -> VllmOptions:
    packages = engine_packages()
    version = packages.get(run.engine.name)
    if packages and version != run.engine.version:
        now = " and ".join(f"{name} {number}" for name, number in packages.items())
        message = (
            f"{file} was measured with {run.engine.name} {run.engine.version}, here is {now}. "
            "One run belongs to one engine version: install that one, or start a new run."
        )
        raise ProbeError("bad_arguments", message)
    if any(BLANK in argument for argument in run.engine.args):
        message = (
            f"{file} keeps an engine argument with a secret blanked, so that the engine cannot be started in the same way. "
            "Give the secret by an environment variable, and start a new run."
        )
        raise ProbeError("bad_arguments", message)
    model = replace(resolve_model(plan.model or run.model.name), name=run.model.name)
    if model.config_sha256 is not None and model.config_sha256 != run.model.config_sha256:
        message = f"the config.json of {run.model.name} has changed since {file} was measured. Start a new run."
        raise ProbeError("bad_arguments", message)
    return VllmOptions(
        model=model,
        weights="real" if run.model.weights == "real" else "dummy",
        args=tuple(run.engine.args),
        dtype=run.model.dtype,
        quantization=run.model.quantization,
        tensor_parallel_size=run.engine.tensor_parallel_size,
        pipeline_parallel_size=run.engine.pipeline_parallel_size,
        port=port,
        start_timeout_s=start_timeout_s or DEFAULT_START_TIMEOUT_S,
    )


def _check_same_machine(run: Run, environment: Environment, file: Path) -> None:
    before = run.environment
    # Not the host's name: a container gets a new one each time it is started.
    facts = ("cpu", "cpu_cores", "gpus")
    changed = [fact for fact in facts if getattr(before, fact) != getattr(environment, fact)]
    if changed:
        words = ", ".join(fact.replace("_", " ") for fact in changed)
        message = f"{file} was measured on another machine ({words} differ). Resume it there, or start a new run here."
        raise ProbeError("bad_arguments", message)


def _header(run: Run) -> RunHeader:
    return RunHeader(
        run_id=run.run_id,
        created_at=run.created_at,
        tool_version=run.tool_version,
        environment=run.environment,
        engine=run.engine,
        model=run.model,
        gpu=run.gpu,
        gpus_per_replica=run.gpus_per_replica,
        client_floor=run.client_floor,
        idle=run.idle,
    )
