"""The `Cell` record: one load point, what was offered and what came back."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from probes.record import Count, Fraction, Interval, NonNegative, Percentiles, Record, Warn

TokenSource = Literal["usage", "token_ids", "chunks", "published"]
"""How output tokens were counted. `chunks` is a last resort that is always warned about."""

Arrivals = Literal["closed-loop", "constant", "poisson", "gamma", "trace"]
"""When requests are sent: when the one before is answered, at even gaps, at random gaps, or as recorded."""

CellRole = Literal["curve", "goodput", "lengths", "prefill", "context", "trace"]
"""What a cell was measured for: the load curve, the search for the highest load that keeps the promise, the split of cost between input and output,
the time to first token by prompt length, the time between tokens by context, or the replay of a trace."""


class CellShape(Record):
    """Mean lengths that were asked for in this cell, where they are not those of the run's workload [tokens]."""

    input_tokens: Annotated[float, Field(ge=1)]
    output_tokens: Annotated[float, Field(ge=1)]


class WholeRun(Record):
    """The same load point as `vllm bench serve` would count it: everything from the first request sent to the last one ended, ramp and tail included."""

    duration_s: NonNegative
    requests_ok: Count
    requests_per_s: NonNegative
    output_tokens_per_s: NonNegative
    total_tokens_per_s: NonNegative


class SteadyState(Record):
    """Which part of a load point was measured, and whether it had settled.

    `trend_fraction` is the second half's throughput over the first half's, less 1; `settled` is false where no two windows agreed before the warm-up's
    limit.
    """

    warmup_s: NonNegative
    warmup_requests: Count
    window_s: NonNegative
    trend_fraction: float | None = None
    settled: bool


class LittleCheck(Record):
    """Little's law, L = λW, on the measured window: requests in flight, and what rate times time make of them."""

    in_flight_mean: NonNegative
    rate_times_time: NonNegative
    error_fraction: float


class Attainment(Record):
    """Share of requests that kept every limit of a promise, with its 95 % Wilson interval.

    `limits_ms` are limits by metric (`ttft`, `tpot`, `itl`, `e2e`) that a request must keep all; a failed request keeps none.
    """

    limits_ms: dict[str, NonNegative]
    kept_fraction: Fraction
    low: Fraction
    high: Fraction
    requests: Count


class EnergyReading(Record):
    """Power and energy of one window, how they were read, and whether they may be trusted.

    `codes` is empty where nothing is wrong. `disagreement_fraction` is energy from sampled power over the counter's energy, less 1. `estimate` is true
    where the engine ran on random weights, whose arithmetic may draw other power than a model's. `reason` says why there is no number. `power_watts` and
    `power_limit_watts` are sums over the GPUs that were used; lists have one value a GPU, in CUDA's order, and are empty where one of them has none.
    """

    source: str | None = None
    window_s: NonNegative | None = None
    power_watts: NonNegative | None = None
    energy_joules: NonNegative | None = None
    gpu_watts: list[NonNegative] = []
    cpu_watts: NonNegative | None = None
    host_watts: NonNegative | None = None
    samples: Count | None = None
    disagreement_fraction: float | None = None
    energy_joules_per_output_token: NonNegative | None = None
    power_limit_watts: NonNegative | None = None
    gpu_temperature_max_celsius: list[NonNegative] = []
    gpu_sm_clock_mean_mhz: list[NonNegative] = []
    throttle_reasons: list[str] = []
    codes: list[str] = []
    estimate: bool = False
    reason: str | None = None


class ServerSide(Record):
    """The same load point as the server's own histograms have it; null where it does not say.

    A percentile is interpolated inside a bucket of the histogram; its `bounds` are the bucket's edges, between which the true one lies for certain.
    """

    ttft_ms: Percentiles = Percentiles()
    itl_ms: Percentiles = Percentiles()
    tpot_ms: Percentiles = Percentiles()
    e2e_ms: Percentiles = Percentiles()
    queue_ms: Percentiles = Percentiles()
    requests_running_mean: NonNegative | None = None
    requests_waiting_max: NonNegative | None = None


class Cell(Record):
    """One load point: what was offered, what came back, how long it took.

    Exactly one of `concurrency` (closed loop: that many requests always in flight) and `request_rate_per_s` (open loop:
    requests arrive on a schedule) is set.
    """

    concurrency: Annotated[int, Field(ge=1)] | None = None
    request_rate_per_s: Annotated[float, Field(gt=0)] | None = None
    role: CellRole = "curve"
    arrivals: Arrivals | None = None
    shape: CellShape | None = None
    repeats: Annotated[int, Field(ge=1)] = 1
    duration_s: NonNegative
    requests_ok: Count
    requests_failed: Count = 0
    failures: dict[str, int] = {}
    input_tokens: Count
    output_tokens: Count
    token_source: TokenSource
    output_tokens_per_s: Interval
    total_tokens_per_s: Interval
    requests_per_s: Interval
    ttft_ms: Percentiles
    itl_ms: Percentiles
    tpot_ms: Percentiles
    e2e_ms: Percentiles
    ttft_scheduled_ms: Percentiles = Percentiles()
    icl_ms: Percentiles = Percentiles()
    steady: SteadyState | None = None
    whole_run: WholeRun | None = None
    little: LittleCheck | None = None
    attainment: Attainment | None = None
    server: ServerSide | None = None
    power_watts: NonNegative | None = None
    energy_joules: NonNegative | None = None
    energy: EnergyReading | None = None
    kv_cache_usage_fraction: Fraction | None = None
    preemptions: Count | None = None
    prefix_cache_hit_fraction: Fraction | None = None
    client_cpu_fraction: NonNegative | None = None
    client_lag_p99_ms: NonNegative | None = None
    schedule_lag_p99_ms: NonNegative | None = None
    client_workers: Count | None = None
    client_bound: bool = False
    complete: bool = True
    reason: str | None = None
    warnings: list[Warn] = []

    @property
    def label(self) -> str:
        """How people name this load point; see `load_label`."""
        return load_label(self.concurrency, self.request_rate_per_s, self.shape)

    @property
    def usable(self) -> bool:
        """Whether it may carry a decision: complete, with answers, and not limited by the measuring client."""
        return self.complete and self.requests_ok > 0 and not self.client_bound


def load_label(concurrency: int | None, request_rate_per_s: float | None, shape: CellShape | None) -> str:
    """How people name a load point, with its lengths where they are its own.

    Args:
        concurrency: of a closed loop; None in an open one.
        request_rate_per_s: of an open loop; None in a closed one.
        shape: lengths, where they are not the run's.

    >>> load_label(8, None, None), load_label(None, 2.5, CellShape(input_tokens=96, output_tokens=8))
    ('concurrency 8', '2.5 requests/s, 96 in / 8 out')
    """
    load = f"{request_rate_per_s:g} requests/s" if concurrency is None else f"concurrency {concurrency}"
    return load if shape is None else f"{load}, {shape.input_tokens:g} in / {shape.output_tokens:g} out"
