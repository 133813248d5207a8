"""A small sweep against the fake server, and a desk that keeps what it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.endpoint import Endpoint
from probes.run import Plan, Run, WorkloadShape
from probes.run_file import RunError
from probes.setting import Engine, Environment, Model
from probes.stages.ledger import RunHeader
from probes.stages.sweep import run_sweep
from tests.fake_server import MODEL, VOCAB_SIZE, FakeServer, Served

if TYPE_CHECKING:
    from collections.abc import Callable

    from probes.progress import Progress

HEADER = RunHeader(
    run_id="run-1",
    created_at="2026-01-02T03:04:05+00:00",
    tool_version="0.1.0",
    environment=Environment(cpu="fake"),
    engine=Engine(name="fake"),
    model=Model(name="tiny"),
    gpu="H100",
    gpus_per_replica=1,
)
SHAPE = WorkloadShape(input_tokens=24, output_tokens=8, seed=1)
"""Prompts longer than those of the trials, so that measured requests can be told from them."""
QUICK = Plan(concurrency=[1, 2], repeats=2, requests_per_stream=2, stop_when_flat=False)


class Desk:
    """Where a sweep leaves its runs and says what it does."""

    def __init__(
        self, *, disk_full: range = range(0), on_event: Callable[[Progress], None] = lambda _event: None
    ) -> None:
        self.saved: list[Run] = []
        self.events: list[Progress] = []
        self.attempts = 0
        self.disk_full = disk_full
        self._on_event = on_event

    def save(self, run: Run) -> None:
        self.attempts += 1
        if self.attempts - 1 in self.disk_full:
            raise RunError("out.json: cannot be written (No space left on device).")
        self.saved.append(run)

    def note(self, event: Progress) -> None:
        self.events.append(event)
        self._on_event(event)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def points(self, kind: str) -> list[str]:
        """Load points that an event of this kind told of, in order."""
        return [event.message.partition(":")[0] for event in self.events if event.kind == kind]


async def sweep(server: FakeServer, desk: Desk | None = None, *, endpoint=None, **more) -> Run:
    desk = desk or Desk()
    endpoint = endpoint or Endpoint(base_url=server.url, served_model_name=MODEL, vocab_size=VOCAB_SIZE)
    values = {"shape": SHAPE, "plan": QUICK, "header": HEADER, "save": desk.save, "on_event": desk.note}
    return await run_sweep(endpoint, **(values | more))


def measured(server: FakeServer, shape: WorkloadShape = SHAPE) -> list[Served]:
    """Requests of the load points, in the order in which they came: those of full length, less the trials' one."""
    full = [served for served in server.served if _length(served) == shape.input_tokens]
    return sorted(full, key=lambda served: served.received_ns)[1:]


def _length(served: Served) -> int:
    prompt = served.body.get("prompt") or served.body["messages"][0]["content"]
    return len(prompt.split()) if isinstance(prompt, str) else len(prompt)
