"""A load client that answers from a script, so that a sweep's decisions can be tried without a socket."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

from probes.endpoint import Endpoint
from probes.stages.conductor import Conductor, Stage
from probes.stages.ledger import Ledger
from tests.probes.analysis.loads import closed, failed, progress, result
from tests.sweeping import HEADER, Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    import aiohttp

    from probes.energy.idle import IdleMeter
    from probes.loadgen.contract import Load, LoadProgress, LoadResult, Verdict
    from probes.run import Plan, Run, WorkloadShape
    from probes.servers.spending import SpendingGuard
    from probes.stages.ledger import RunHeader
    from probes.trace import RequestTrace

ENDPOINT = Endpoint(base_url="http://127.0.0.1:9", served_model_name="fake-model")


class ScriptedClient:
    """Closed loops of back-to-back requests of 100 ms, or whatever `traces` makes of a load."""

    def __init__(self, traces: Callable[[Load], list[RequestTrace]] | None = None, **changes: object) -> None:
        self.loads: list[Load] = []
        self._traces, self._changes = traces or _steady, changes

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def run(
        self, load: Load, *, on_progress: Callable[[LoadProgress], Verdict], deadline_s: float | None = None
    ) -> LoadResult:
        self.loads.append(load)
        traces = self._traces(load)
        ended = 0
        for told in progress(traces) if traces else ():
            ended += len(told.new)
            if on_progress(replace(told, sent=ended + (load.concurrency or 0))) == "enough":
                break
        return result(traces, **self._changes)


def _steady(load: Load) -> list[RequestTrace]:
    return closed(load.concurrency or 1, 40)


def refusing(load: Load) -> list[RequestTrace]:
    """Every request is refused at once."""
    return [
        failed(
            10.0 * number, 10.0 * number + 5, "http_5xx", stream=stream, number=number, status=500, detail="HTTP 500"
        )
        for stream in range(load.concurrency or 1)
        for number in range(40)
    ]


def stage_of(
    client: ScriptedClient,
    plan: Plan,
    shape: WorkloadShape,
    *,
    existing: Run | None = None,
    guard: SpendingGuard | None = None,
    session: aiohttp.ClientSession | None = None,
    meter: IdleMeter | None = None,
    desk: Desk | None = None,
    header: RunHeader = HEADER,
) -> tuple[Conductor, Desk]:
    """A conductor whose loads are scripted, and the desk that it tells."""
    desk = desk or Desk()
    ledger = Ledger(header, shape=shape, plan=plan, save=desk.save, existing=existing)
    # Without a page of numbers the session is never used.
    stage = Stage(endpoint=ENDPOINT, client=client, session=session, metrics_url=None, meter=meter)  # type: ignore[arg-type]
    return Conductor(stage, plan=plan, ledger=ledger, on_event=desk.note, guard=guard), desk
