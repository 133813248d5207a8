"""A small sweep against the fake server, and a desk that keeps what it leaves."""

from probes.endpoint import Endpoint
from probes.progress import Progress
from probes.run import Plan, Run, WorkloadShape
from probes.run_file import RunError
from probes.setting import Engine, Environment, Model
from probes.stages.ledger import RunHeader
from probes.stages.sweep import run_sweep
from tests.fake_server import MODEL, VOCAB_SIZE, FakeServer

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
SHAPE = WorkloadShape(input_tokens=16, output_tokens=8, seed=1)
QUICK = Plan(concurrency=[1, 2], repeats=2, requests_per_stream=2, stop_when_flat=False)


class Desk:
    """Where a sweep leaves its runs and says what it does."""

    def __init__(self, *, disk_full: range = range(0)) -> None:
        self.saved: list[Run] = []
        self.events: list[Progress] = []
        self.attempts = 0
        self.disk_full = disk_full

    def save(self, run: Run) -> None:
        self.attempts += 1
        if self.attempts - 1 in self.disk_full:
            raise RunError("out.json: cannot be written (No space left on device).")
        self.saved.append(run)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


async def sweep(server: FakeServer, desk: Desk | None = None, *, endpoint=None, **more) -> Run:
    desk = desk or Desk()
    endpoint = endpoint or Endpoint(base_url=server.url, served_model_name=MODEL, vocab_size=VOCAB_SIZE)
    values = {"shape": SHAPE, "plan": QUICK, "header": HEADER, "save": desk.save, "on_event": desk.events.append}
    return await run_sweep(endpoint, **(values | more))
