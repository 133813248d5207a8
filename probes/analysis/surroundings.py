"""What was seen beside the requests of one load: energy, the server's own numbers, why it was stopped."""

from __future__ import annotations

from dataclasses import dataclass

from probes.cell import EnergyReading, ServerSide
from probes.findings import ClientFloor


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What was seen beside the requests of one load; None where it could not be seen.

    What the client saw of itself (processor time, lateness, processes) is in `LoadResult`.

    Attributes:
        energy: power and energy of the measured window.
        kv_cache_usage_fraction: highest KV-cache use seen.
        preemptions: requests that the engine threw out for lack of cache.
        prefix_cache_hit_fraction: prompt tokens that came from the prefix cache.
        prefix_cache_unplanned_fraction: those of them that the workload did not plan; None derives it from the hits and the traces' plans.
        server: the same load as the server's own histograms have it.
        floor: what the client could do, measured before the run.
        stopped: why the load was cut short, None if it was not.
    """

    energy: EnergyReading | None = None
    kv_cache_usage_fraction: float | None = None
    preemptions: int | None = None
    prefix_cache_hit_fraction: float | None = None
    prefix_cache_unplanned_fraction: float | None = None
    server: ServerSide | None = None
    floor: ClientFloor | None = None
    stopped: str | None = None
