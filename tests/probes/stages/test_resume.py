"""Sweeps that are cut off, go on, or cannot be saved."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
import pytest

from probes.errors import ProbeError
from probes.run import Plan, Run
from probes.run_file import RunError
from probes.setting import Model
from tests.fake_server import Behaviour, FakeServer
from tests.sweeping import HEADER, SHAPE, Desk, measured, sweep

if TYPE_CHECKING:
    from probes.progress import Progress

pytestmark = pytest.mark.slow

PLAN = Plan(concurrency=[1, 2], repeats=2, requests_per_stream=2, stop_when_flat=False)


def _workers() -> set[int]:
    """Load workers of this process."""
    return {child.pid for child in psutil.Process().children() if "probes.loadgen.worker" in child.cmdline()}


async def _interrupted(server: FakeServer, when: str, *, after_s: float = 0.0, **more) -> Desk:
    """Cancels a sweep some time after its first event of a kind."""
    task: asyncio.Task[Run] | None = None

    def on_event(event: Progress) -> None:
        if event.kind == when and task is not None and not task.cancelling():
            asyncio.get_running_loop().call_later(after_s, task.cancel)

    desk = Desk(on_event=on_event)
    task = asyncio.create_task(sweep(server, desk, **({"plan": PLAN} | more)))
    with pytest.raises(asyncio.CancelledError):
        await task
    return desk


async def test_an_interruption_in_a_load_point_keeps_its_part_and_ends_the_workers():
    async with FakeServer() as server:
        desk = await _interrupted(server, "warmup", after_s=0.3)
    run = desk.saved[-1]
    (cell,) = run.cells
    assert (False, "interrupted") == (run.complete, run.incomplete_reason)
    assert (False, "interrupted", True) == (cell.complete, cell.reason, cell.requests_ok > 0)
    assert (8 * cell.requests_ok, "interrupted", set()) == (cell.output_tokens, desk.kinds()[-1], _workers())


async def test_an_interrupted_run_goes_on_and_no_prompt_comes_twice():
    async with FakeServer() as server:
        first = await _interrupted(server, "cell", after_s=0.3)
        before = len(measured(server))
        second, later = Desk(), replace(HEADER, run_id="run-2", created_at="2027-01-01T00:00:00+00:00")
        run = await sweep(server, second, existing=first.saved[-1], header=later, plan=PLAN)
        prompts = [tuple(served.body["prompt"]) for served in measured(server)]
    assert (True, [1, 2], "run-1", HEADER.created_at) == (
        run.complete,
        [cell.concurrency for cell in run.cells],
        run.run_id,
        run.created_at,
    )
    # The complete cell is kept to the last digit, the one that was cut short is measured again.
    kept, cut = first.saved[-1].cells
    assert (True, False, kept) == (kept.complete, cut.complete, run.cells[0])
    assert (["concurrency 1"], ["concurrency 2"]) == (second.points("skipped"), second.points("cell"))
    assert before < len(prompts) == len(set(prompts))


async def test_a_complete_run_is_resumed_without_a_single_measured_request():
    async with FakeServer() as server:
        run = await sweep(server, plan=PLAN)
        before = len(measured(server))
        again = await sweep(server, existing=run, plan=PLAN)
    # One request of full length belongs to finding out again what the server understands.
    assert (run, 1) == (again, len(measured(server)) - before)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"shape": SHAPE.model_copy(update={"output_tokens": 9})}, "another workload"),
        ({"shape": SHAPE.model_copy(update={"seed": 2})}, "another workload"),
        ({"header": replace(HEADER, model=Model(name="other"))}, "is of tiny, not other"),
    ],
)
async def test_another_workload_or_model_is_not_mixed_into_a_run(more, words):
    existing = Run(
        run_id="run-1",
        created_at=HEADER.created_at,
        tool_version="0",
        complete=False,
        environment=HEADER.environment,
        engine=HEADER.engine,
        model=HEADER.model,
        workload=SHAPE,
        cells=[],
    )
    server = FakeServer()
    async with server:
        with pytest.raises(ProbeError, match=words) as caught:
            await sweep(server, existing=existing, **more)
    assert ("bad_arguments", []) == (caught.value.kind, server.served)


async def test_a_full_disk_is_told_and_does_not_stop_the_measuring():
    desk = Desk(disk_full=range(2))
    async with FakeServer() as server:
        run = await sweep(server, desk, plan=PLAN)
    assert ([run], 2, True) == (desk.saved, desk.kinds().count("save_failed"), run.complete)


async def test_a_disk_that_stays_full_is_an_error_at_the_end_only():
    desk = Desk(disk_full=range(99))
    async with FakeServer() as server:
        with pytest.raises(RunError, match="No space left"):
            await sweep(server, desk, plan=PLAN)
    assert (3, 2, "done") == (desk.kinds().count("save_failed"), desk.kinds().count("cell"), desk.kinds()[-1])


async def test_a_server_that_is_gone_when_a_run_is_resumed_costs_nothing_of_it():
    async with FakeServer(Behaviour(models_fail="500")) as server:
        desk = Desk()
        with pytest.raises(ProbeError):
            await sweep(server, desk, plan=PLAN)
    assert [] == desk.saved
