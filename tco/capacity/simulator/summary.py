"""Percentiles of simulated requests, each with its standard error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tco.capacity.simulator.outcome import Outcome
from tco.capacity.simulator.traffic import Floats
from tco.errors import InputError

PERCENTILES = (50, 90, 95, 99)
BATCHES = 20
FEWEST_BATCHES = 5
BEYOND = 5
"""A batch needs at least so many requests beyond a percentile, or fewer batches are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A simulated number.

    Attributes:
        value: of all requests that count.
        standard_error: of it, by batch means; None where there are too few requests to tell.
    """

    value: float
    standard_error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """One latency over the requests that count [s]."""

    mean: Estimate
    p50: Estimate
    p90: Estimate
    p95: Estimate
    p99: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a simulation says.

    Attributes:
        requests: that count.
        requests_per_s: that ended, over the time from the first sent to the last ended [requests/s].
        output_tokens_per_s: likewise [tokens/s].
        ttft_s: time to first token.
        tpot_s: time per output token after the first; None where every answer has one token.
        e2e_s: from sending to the last token.
        utilisation_fraction: share of the time in which replicas worked, their mean.
        sequences_mean: sequences in a step.
        kv_usage_mean_fraction: blocks in use, over busy time.
        kv_usage_peak_fraction: the most of any replica.
        preemptions: of all.
        prefix_hit_tokens: of all.
    """

    requests: int
    requests_per_s: float
    output_tokens_per_s: float
    ttft_s: Latency
    tpot_s: Latency | None
    e2e_s: Latency
    utilisation_fraction: float
    sequences_mean: float
    kv_usage_mean_fraction: float
    kv_usage_peak_fraction: float
    preemptions: int
    prefix_hit_tokens: int


def summarise(outcome: Outcome, *, warm_up_fraction: float = 0.1) -> Summary:
    """Percentiles and use of a simulation.

    Standard errors are of batch means [1]: requests in the order in which they were sent are cut into 20 batches, and the spread of the batches' own figures over
    the root of their number is the error. Requests near each other wait for the same things, so that errors of independent samples would be too small.

    Args:
        outcome: of a simulation.
        warm_up_fraction: of the requests, the first, that do not count: the engine was empty when they came [fraction].

    Raises:
        InputError: a share that leaves nothing.

    References:
        [1] A. M. Law, Simulation Modeling and Analysis, 5th ed. 2015, section 9.5.3; A. F. Seila, "A batching approach to quantile estimation in
        regenerative simulations", Management Science 28(5), 1982.
    """
    if not 0 <= warm_up_fraction < 1:
        raise InputError(
            f"summary: warm_up_fraction {warm_up_fraction}; give a fraction from 0 to below 1, 0.1 is usual"
        )
    counted = slice(int(warm_up_fraction * outcome.sent_s.size), None)
    span_s = float(outcome.finish_s[counted].max() - outcome.sent_s[counted].min())
    requests = int(outcome.sent_s[counted].size)
    busy_s = [use.busy_s for use in outcome.use]
    return Summary(
        requests=requests,
        requests_per_s=requests / span_s,
        output_tokens_per_s=float(outcome.output_tokens[counted].sum()) / span_s,
        ttft_s=_required(latency(outcome.ttft_s[counted])),
        tpot_s=latency(outcome.tpot_s[counted]),
        e2e_s=_required(latency(outcome.e2e_s[counted])),
        utilisation_fraction=float(np.mean([use.utilisation_fraction for use in outcome.use])),
        sequences_mean=_weighted([use.sequences_mean for use in outcome.use], busy_s),
        kv_usage_mean_fraction=_weighted([use.kv_usage_mean_fraction for use in outcome.use], busy_s),
        kv_usage_peak_fraction=max(use.kv_usage_peak_fraction for use in outcome.use),
        preemptions=sum(use.preemptions for use in outcome.use),
        prefix_hit_tokens=sum(use.prefix_hit_tokens for use in outcome.use),
    )


def latency(values: Floats) -> Latency | None:
    """Mean and percentiles of a latency; None where no request has it.

    Args:
        values: in the order in which requests were sent [s], shape (requests,); what is not a number does not count.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    figures = {f"p{percent}": _estimate(known, percent) for percent in PERCENTILES}
    return Latency(mean=_estimate(known, None), **figures)


def _estimate(values: Floats, percent: int | None) -> Estimate:
    beyond = 1.0 if percent is None else min(percent, 100 - percent) / 100
    batches = min(BATCHES, int(values.size * beyond / BEYOND))
    error = None
    if batches >= FEWEST_BATCHES:
        figures = [_figure(batch, percent) for batch in np.array_split(values, batches)]
        error = float(np.std(figures, ddof=1)) / math.sqrt(batches)
    return Estimate(value=_figure(values, percent), standard_error=error)


def _figure(values: Floats, percent: int | None) -> float:
    return float(values.mean() if percent is None else np.percentile(values, percent))


def _required(found: Latency | None) -> Latency:
    assert found is not None  # every request has a first and a last token
    return found


def _weighted(values: list[float], weights: list[float]) -> float:
    return float(np.average(values, weights=weights)) if sum(weights) > 0 else 0.0
