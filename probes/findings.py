"""What a run found beyond its cells: goodput, cost split, idle power, the client's own floor, how it was carried to full depth."""

from __future__ import annotations

from probes.cell import Attainment
from probes.record import Count, Fraction, Interval, NonNegative, Record


class ClientFloor(Record):
    """What the measuring client itself adds, measured before the run against a server that only echoes a schedule.

    `ttft_error_p50_ms` and `_p99_ms`: reported less true time to first token; `cpu_s_per_1000_tokens`: processor time of the client;
    `max_chunk_rate_per_s`: chunks a second that all its processes together took in without falling behind.
    """

    streams: Count
    workers: Count
    transport: str
    ttft_error_p50_ms: float
    ttft_error_p99_ms: float
    cpu_s_per_1000_tokens: NonNegative
    max_chunk_rate_per_s: NonNegative | None = None


class Goodput(Record):
    """The highest open-loop load at which a promise was kept, found by bisection.

    The promise: at least `target_fraction` of requests keep every limit. `requests_per_s` is the highest rate that was shown to keep it, `low` and
    `high` bracket the true one; `high` is null where no rate was shown to break it. `resolved` is false where no rate could be told to keep or break
    it with 95 % confidence, and `reason` says what would resolve it.
    """

    limits_ms: dict[str, NonNegative]
    target_fraction: Fraction
    requests_per_s: NonNegative | None = None
    low: NonNegative | None = None
    high: NonNegative | None = None
    resolved: bool
    reason: str | None = None
    at_rate: Attainment | None = None


class CostSplit(Record):
    """Machine time of one request at saturation: `a * input tokens + b * output tokens + c`, fitted over length mixes.

    `residual_fraction` is the root mean square of what the fit misses, over what was measured.
    """

    input_token_s: Interval
    output_token_s: Interval
    request_s: Interval
    mixes: Count
    residual_fraction: NonNegative
    concurrency: Count


class IdlePower(Record):
    """Power of the machine's accelerators with nothing to do: before the engine was started, and with the model loaded [W]."""

    driver_idle_watts: NonNegative | None = None
    loaded_idle_watts: NonNegative | None = None
    source: str | None = None
    reason: str | None = None


class Extrapolation(Record):
    """How a run of a sliced model was carried to the full depth.

    Times are affine in the number of layers; `error_fraction` is how far such an extrapolation missed a model of the same kind that was run whole,
    measured by `error_source`.
    """

    layers_measured: list[int]
    layers_full: Count
    method: str
    error_fraction: NonNegative | None = None
    error_source: str | None = None
