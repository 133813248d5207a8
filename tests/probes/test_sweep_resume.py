import asyncio
from dataclasses import replace

import pytest

from probes.errors import ProbeError
from probes.progress import Progress
from probes.run import Plan
from probes.run_file import RunError
from probes.setting import Model
from tests.fake_server import FakeServer
from tests.sweeping import HEADER, SHAPE, Desk, sweep

pytestmark = pytest.mark.slow


async def _interrupted(server: FakeServer, desk: Desk, when: str, **more) -> None:
    """Cancels the sweep at its first event of a kind."""
    task: asyncio.Task | None = None

    def on_event(event: Progress) -> None:
        desk.events.append(event)
        if event.kind == when and task is not None:
            task.cancel()

    task = asyncio.create_task(sweep(server, desk, on_event=on_event, **more))
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_interruption_saves_what_there_is():
    desk = Desk()
    async with FakeServer() as server:
        await _interrupted(server, desk, "repeat")
    run = desk.saved[-1]
    (cell,) = run.cells
    assert (
        run.complete,
        run.incomplete_reason,
        cell.complete,
        cell.reason,
        cell.requests_ok,
    ) == (False, "interrupted", False, "interrupted", 10)
    assert desk.kinds()[-1] == "interrupted"


async def test_an_interrupted_run_is_resumed_without_measuring_anything_twice():
    first, second = Desk(), Desk()
    async with FakeServer() as server:
        await _interrupted(server, first, "cell")
        before = len(server.served)
        later = replace(HEADER, run_id="run-2", created_at="2027-01-01T00:00:00+00:00")
        run = await sweep(server, second, existing=first.saved[-1], header=later)
        prompts = [tuple(served.body["prompt"]) for served in server.served]
    assert (True, [1, 2], "run-1", HEADER.created_at) == (
        run.complete,
        [cell.concurrency for cell in run.cells],
        run.run_id,
        run.created_at,
    )
    assert first.saved[-1].cells[0] == run.cells[0]
    assert second.kinds() == ["skipped", "warmup", "repeat", "repeat", "cell", "done"]
    assert len(prompts) == len(set(prompts)), "a resumed run must not find its prompts in the cache"
    assert before < len(server.served)


async def test_a_cell_that_was_cut_short_is_measured_again():
    desk = Desk()
    async with FakeServer() as server:
        await _interrupted(server, desk, "repeat")
        run = await sweep(server, existing=desk.saved[-1])
    assert [(cell.concurrency, cell.requests_ok, cell.complete) for cell in run.cells] == [(1, 20, True), (2, 20, True)]


async def test_a_complete_run_is_resumed_without_a_single_measured_request():
    async with FakeServer() as server:
        run = await sweep(server)
        before = len(server.served)
        again = await sweep(server, existing=run)
    assert (run, 1) == (again, len(server.served) - before)


@pytest.mark.parametrize(
    "more",
    [
        {"shape": SHAPE.model_copy(update={"output_tokens": 9})},
        {"shape": SHAPE.model_copy(update={"seed": 2})},
        {"header": replace(HEADER, model=Model(name="other"))},
    ],
)
async def test_another_workload_or_model_is_not_mixed_into_a_run(more):
    async with FakeServer() as server:
        run = await sweep(server, plan=Plan(concurrency=[1], repeats=2))
        with pytest.raises(ProbeError) as caught:
            await sweep(server, existing=run, **more)
    assert caught.value.kind == "bad_arguments"


async def test_a_full_disk_does_not_stop_the_measuring():
    desk = Desk(disk_full=range(2))
    async with FakeServer() as server:
        run = await sweep(server, desk)
    assert ([run], 2) == (desk.saved, desk.kinds().count("save_failed"))


async def test_a_disk_that_stays_full_is_an_error_at_the_end_only():
    desk = Desk(disk_full=range(99))
    async with FakeServer() as server:
        with pytest.raises(RunError, match="No space left"):
            await sweep(server, desk)
    assert (desk.kinds().count("save_failed"), desk.kinds().count("cell"), desk.kinds()[-1]) == (3, 2, "done")
