"""Which load points are measured, in which order, and when it is enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from probes.endpoint import Endpoint
    from probes.progress import EnergyMeter, Progress
    from probes.run import Engine, Environment, Model, Plan, Run, WorkloadShape


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeader:
    """What is known about a run before its first request: everything of the record that is not measured.

    Attributes:
        run_id: unique name of the run.
        created_at: ISO 8601 with time zone.
        tool_version: version of this tool.
        environment: the machine.
        engine: the server and its arguments.
        model: the architecture and how its weights are held.
        gpu: name of the GPU as price lists know it, None on a CPU or where unknown.
        gpus_per_replica: GPUs that serve one copy of the model; 0 on a CPU.
    """

    run_id: str
    created_at: str
    tool_version: str
    environment: Environment
    engine: Engine
    model: Model
    gpu: str | None = None
    gpus_per_replica: int = 0


async def check_endpoint(endpoint: Endpoint, *, timeout_s: float = 5.0) -> tuple[str, ...]:
    """Asks `GET /v1/models` before anything is measured.

    Args:
        endpoint: the server.
        timeout_s: how long the server may take to answer [s].

    Returns:
        The names of the models that it serves; empty where the server has no `/v1/models`.

    Raises:
        ProbeError: `endpoint_unreachable` (nothing listens, no such host, no answer in time), `endpoint_refused` (401, 403,
            429, 5xx), `endpoint_not_openai` (a web page, a redirect, other JSON), `model_not_found` (with the names served).
    """
    raise NotImplementedError


async def run_sweep(
    endpoint: Endpoint,
    *,
    shape: WorkloadShape,
    plan: Plan,
    header: RunHeader,
    save: Callable[[Run], None],
    on_event: Callable[[Progress], None],
    meter: EnergyMeter | None = None,
    existing: Run | None = None,
) -> Run:
    """Measures every load point of a plan, saving after each."""
    raise NotImplementedError
