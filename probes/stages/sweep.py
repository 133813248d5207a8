"""A whole probe of one endpoint: preflight, then part after part, each with its share of the time, the run saved after every load point."""

from __future__ import annotations

import asyncio
import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from probes.errors import ProbeError
from probes.loadgen.client import open_load_client
from probes.loadgen.open_transport import send_one
from probes.loadgen.transport import Timeouts
from probes.servers.capabilities import Capabilities, probe_capabilities
from probes.servers.identify import identify_server
from probes.servers.models_page import check_endpoint
from probes.servers.pages import open_pages
from probes.servers.profile import UNKNOWN, Profile
from probes.servers.profiles import find_profile
from probes.stages.budget import share_s
from probes.stages.conductor import BUDGET, INTERRUPTED, Conductor, Stage
from probes.stages.curve import MOST_CONCURRENCY, measure_curve
from probes.stages.goodput import search_goodput
from probes.stages.idle import measure_idle
from probes.stages.ledger import Ledger, RunHeader
from probes.stages.lists import measure_list, points_of
from probes.stages.open_loop import measure_rates, measure_trace
from probes.stages.split import note_split

if TYPE_CHECKING:
    from collections.abc import Callable

    from probes.endpoint import Endpoint
    from probes.energy.idle import IdleMeter
    from probes.progress import Progress
    from probes.run import Plan, Run, WorkloadShape
    from probes.servers.spending import SpendingGuard
    from probes.workload.request import Arrival

PARTS = ("curve", "goodput", "lengths", "prefill", "context", "trace", "idle")
"""In the order in which they are measured: each may use what those before it found."""

TRIAL_TIMEOUT_S = 300.0
"""A first request may compile kernels, but a server that is stuck must not cost ten minutes [s]."""


async def run_sweep(
    endpoint: Endpoint,
    *,
    shape: WorkloadShape,
    plan: Plan,
    header: RunHeader,
    save: Callable[[Run], None],
    on_event: Callable[[Progress], None],
    meter: IdleMeter | None = None,
    existing: Run | None = None,
    timeouts: Timeouts | None = None,
    trace: tuple[Arrival, ...] = (),
    guard: SpendingGuard | None = None,
    client_workers: int | None = None,
) -> Run:
    """Measures every part of a plan and saves the run after each load point.

    Args:
        endpoint: the server, which must answer.
        shape: prompt and answer lengths; a seed is drawn and recorded where it has none.
        plan: parts, load points, precision, budget.
        header: what is known about the run beforehand; `existing` replaces its id and date.
        save: keeps the run; a `RunError` from it does not stop the measuring.
        on_event: told about everything that happens; must be quick, since it runs between requests.
        meter: an open power meter; None if nothing is to be metered.
        existing: an interrupted run of the same workload and model; its complete cells are kept.
        timeouts: limits of one request.
        trace: recorded arrivals, for the part `trace`.
        guard: stops before a paid endpoint costs more than was allowed.
        client_workers: processes of the load client; as many as the load needs, if None.

    Returns:
        The run. `complete` is False, with a reason, where the budget ran out or a cell may not carry a decision.

    Raises:
        ProbeError: the endpoint cannot be measured, every request of the first load point failed, or the arguments do not
            fit together.
        RunError: the last attempt to save failed; everything was measured.
        asyncio.CancelledError: cancelled; what there was has been saved.
    """
    _check_arguments(plan, endpoint, trace)
    if existing is not None:
        _check_resume(existing, shape, header)
    profile = await reach_server(endpoint, plan)
    ledger = Ledger(header, shape=shape, plan=plan, save=save, existing=existing)
    known = await _ask(endpoint, ledger, profile, timeouts)
    guard = None if guard is None else guard.add(known.spent)
    client = open_load_client(
        endpoint,
        known.dialect,
        timeouts=timeouts,
        workers=client_workers,
        streams=max(plan.concurrency, default=MOST_CONCURRENCY),
    )
    async with open_pages(endpoint, known.dialect) as session, client:
        pages = None if profile.metrics_path is None else f"{endpoint.base_url}{profile.metrics_path}"
        stage = Stage(endpoint=endpoint, client=client, session=session, metrics_url=pages, meter=meter)
        conductor = Conductor(stage, plan=plan, ledger=ledger, on_event=on_event, guard=guard)
        try:
            await _measure(conductor, trace)
        except (asyncio.CancelledError, KeyboardInterrupt):
            conductor.keep(INTERRUPTED)
            conductor.tell("interrupted", "interrupted; what was measured is kept")
            raise
    return _finish(conductor)


async def reach_server(endpoint: Endpoint, plan: Plan) -> Profile:
    """Makes sure that the server answers and serves the model.

    Args:
        endpoint: the server.
        plan: may name its kind.

    Returns:
        What is known beforehand of the server: as the plan names it, else as it shows itself.

    Raises:
        ProbeError: as `check_endpoint`.
    """
    if plan.profile is not None:
        profile = find_profile(plan.profile)
    else:
        found = await identify_server(endpoint.base_url, api_key=endpoint.api_key)
        profile = UNKNOWN if found is None else found.profile
    await check_endpoint(endpoint, profile=profile)
    return profile


async def _ask(endpoint: Endpoint, ledger: Ledger, profile: Profile, timeouts: Timeouts | None) -> Capabilities:
    """Finds out what the server understands, and warms it up by one request of full length."""
    limits = timeouts or Timeouts()
    trial = replace(limits, total_s=min(limits.total_s, TRIAL_TIMEOUT_S))
    known = await probe_capabilities(
        endpoint,
        ask=functools.partial(send_one, endpoint, timeouts=trial),
        shape=ledger.shape,
        profile=profile,
    )
    ledger.note_engine(kv_cache_tokens=known.kv_cache_tokens, profile=known.profile, capabilities=known.flags)
    seen = {warning.code for warning in ledger.warnings}
    ledger.warnings += [warning for warning in known.warnings if warning.code not in seen]
    return known


async def _measure(conductor: Conductor, trace: tuple[Arrival, ...]) -> None:
    parts = [part for part in PARTS if part in conductor.plan.measure]
    for number, part in enumerate(parts):
        share = None if conductor.left_s is None else share_s(conductor.left_s, parts[number:])
        await _measure_part(conductor, part, share, trace)
        if conductor.stopped is not None:
            return


async def _measure_part(conductor: Conductor, part: str, share: float | None, trace: tuple[Arrival, ...]) -> None:
    match part:
        case "curve":
            await measure_curve(conductor, share)
            if conductor.stopped is None:
                await measure_rates(conductor)
        case "goodput":
            await search_goodput(conductor, share)
        case "trace":
            await measure_trace(conductor, trace)
        case "idle":
            await measure_idle(conductor)
        case _:
            await measure_list(conductor, points_of(part, conductor), share)
            if part == "lengths":
                note_split(conductor)


def _finish(conductor: Conductor) -> Run:
    ledger = conductor.ledger
    bad = next((cell for cell in ledger.cells if not cell.complete), None)
    reason = conductor.stopped or (f"{bad.label}: {bad.reason}" if bad else None)
    if reason is None and conductor.left_out:
        reason = BUDGET
    conductor.keep(reason)
    conductor.tell("done", "done" if reason is None else f"ended early: {reason}")
    if ledger.save_error is not None:
        raise ledger.save_error
    return ledger.run(reason)


def _check_arguments(plan: Plan, endpoint: Endpoint, trace: tuple[Arrival, ...]) -> None:
    wrong = [value for value in plan.concurrency if value < 1]
    if wrong:
        raise ProbeError(
            "bad_arguments", f"concurrency {wrong[0]} was given; give whole numbers from 1 up, such as 1,2,4,8."
        )
    if plan.budget_s is not None and not plan.budget_s > 0:
        raise ProbeError("bad_arguments", f"a budget of {plan.budget_s:g} s was given; give more than 0, or none.")
    if "goodput" in plan.measure and not plan.slo_ms:
        raise ProbeError(
            "bad_arguments", "a search for goodput needs a promise; name limits, such as a TTFT of 2000 ms."
        )
    if "trace" in plan.measure and not trace:
        raise ProbeError(
            "bad_arguments", "a trace is to be replayed and none was given; name a file of recorded traffic."
        )
    if endpoint.prompt == "token_ids" and (endpoint.vocab_size is None or endpoint.vocab_size < 2):  # noqa: PLR2004
        raise ProbeError(
            "bad_arguments",
            f"vocab_size is {endpoint.vocab_size}; token-id prompts need the model's. Or probe with text.",
        )


def _check_resume(existing: Run, shape: WorkloadShape, header: RunHeader) -> None:
    seed = existing.workload.seed if shape.seed is None else shape.seed
    if existing.workload != shape.model_copy(update={"seed": seed}):
        raise ProbeError("bad_arguments", "the run to resume has another workload; start a new one with --out NEWFILE.")
    if existing.model.name != header.model.name:
        raise ProbeError(
            "bad_arguments", f"the run to resume is of {existing.model.name}, not {header.model.name}; start a new one."
        )
