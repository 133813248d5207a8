"""How long a replica takes to answer, and when a start is to be taken as failed."""

from __future__ import annotations

import math

from probes.run import Run
from tco.handover.records import StartUp

USUAL_ENGINE_S = {"cpu": 45.0, "gpu": 120.0}
"""What a start usually takes, random weights included: the probe's own expectation (`probes.engines.vllm.EXPECTED_START_S`) [s]."""

FETCH_BYTES_PER_S = 125e6
"""How fast weights are fetched: 1 Gbit/s, an assumption; a cache near the machines is faster [bytes/s]."""

PATIENCE = 3.0
"""A start that takes so many times longer than it should is taken as failed."""


def start_up_of(run: Run, weights_bytes: int | None, *, on_cpu: bool) -> StartUp:
    """The start-up time of one replica.

    A run of random weights did not fetch any, so their time over the network is added; a run of real weights has read them, from a cache or not.

    Args:
        run: what was measured.
        weights_bytes: size of the weights; None where it is not known.
        on_cpu: whether the replica has no accelerator.
    """
    measured = run.engine.start_s
    engine_s = measured or USUAL_ENGINE_S["cpu" if on_cpu else "gpu"]
    fetches = weights_bytes is not None and not (measured and run.model.weights == "real")
    fetch_s = weights_bytes / FETCH_BYTES_PER_S if fetches and weights_bytes is not None else 0.0
    return StartUp(
        engine_s=engine_s,
        measured=bool(measured),
        fetch_s=round(fetch_s, 1),
        limit_s=math.ceil(PATIENCE * (engine_s + fetch_s)),
    )
