"""A continuously batching engine in closed form: a queue whose service rate depends on how many requests are in its batch.

Plain M/M/c is pessimistic at low load when its servers are sequences of a full batch, and optimistic near saturation when they are sequences that run
alone. Means only: percentiles come from `tco.capacity.simulator`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from tco.errors import InputError

Floats = npt.NDArray[np.float64]

_LEAST_RATE = 1e-3
"""Of the service rate of one request alone: the quietest load that a limit is checked at."""
_EDGE = 1e-3
"""A steady load stays below the service rate of a full batch by this fraction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchingService:
    """A continuously batching engine as llm-inferno and llm-d describe it: all requests of one shape.

    A step of a batch of `B` takes `α + B δ` with `δ = w / (c + m)`, `w = (β + γ (c + 1) / 2) n + β m + γ m (n + (m + 1) / 2)`: each of the `c + m` steps
    of a request (`c` chunks of its `n` prompt tokens, `m` answer tokens) carries the same part of its work `w`.

    Source: https://github.com/llm-inferno/queue-analysis at cfadd1c, `pkg/analyzer/queueanalyzer.go`; llm-d's workload-variant-autoscaler uses the model.

    Attributes:
        alpha_s: `α`, of every step [s].
        beta_s: `β`, computing a token [s].
        gamma_s: `γ`, reading a token of the cache [s].
        input_tokens: `n`, mean.
        output_tokens: `m`, mean.
        max_num_seqs: requests in service at most.
        max_waiting: requests that wait at most; what comes beyond is turned away.
        max_num_batched_tokens: tokens of a step, which decides the number of chunks.
    """

    alpha_s: float
    beta_s: float
    gamma_s: float
    input_tokens: float
    output_tokens: float
    max_num_seqs: int
    max_waiting: int
    max_num_batched_tokens: int = 8192

    def __post_init__(self) -> None:
        """Refuses what no engine can be.

        Raises:
            InputError: a negative term, no token, no room for a sequence.
        """
        terms = (self.alpha_s, self.beta_s, self.gamma_s, self.input_tokens)
        if not all(math.isfinite(term) and term >= 0 for term in terms) or self.alpha_s + self.beta_s <= 0:
            raise InputError(
                "batching queue: alpha, beta, gamma and input tokens must be numbers of at least 0, alpha and beta not both 0"
            )
        if self.output_tokens < 1 or self.max_num_seqs < 1 or self.max_waiting < 0 or self.max_num_batched_tokens < 1:
            raise InputError(
                "batching queue: at least 1 answer token, 1 sequence, 1 token a step and 0 waiting requests are needed"
            )

    def chunks(self, batch: float) -> int:
        """Steps that a prompt is computed in, at a batch: the fewest whose tokens fit into a step beside the others'."""
        rounded = min(max(int(batch + 0.5), 1), self.max_num_seqs)
        n, m = self.input_tokens, self.output_tokens
        for count in range(1, max(2, math.ceil(n) + 1)):
            if (count + m) * (self.max_num_batched_tokens - n / count) / (n + m) >= rounded:
                return count
        return max(1, math.ceil(n))

    def work_s(self, batch: float) -> float:
        """`δ`: what each request of a batch adds to a step [s]."""
        chunks, m = self.chunks(batch), self.output_tokens
        decode = m * (self.beta_s + self.gamma_s * (self.input_tokens + (m + 1) / 2))
        return (self.prefill_work_s(batch) + decode) / (chunks + m)

    def prefill_work_s(self, batch: float) -> float:
        """Work of a prompt: `(β + γ (c + 1) / 2) n` [s]."""
        return (self.beta_s + self.gamma_s * (self.chunks(batch) + 1) / 2) * self.input_tokens

    def prefill_s(self, batch: float) -> float:
        """Time in which a prompt is computed beside the batch's others [s]."""
        others = max(0.0, self.alpha_s + (batch - 1) * self.work_s(batch))
        return self.chunks(batch) * others + self.prefill_work_s(batch)

    def service_s(self, batch: int) -> float:
        """`τ(B) = (c + m)(α + B δ)`: time in service beside a batch of constant size [s]."""
        return (self.chunks(batch) + self.output_tokens) * (self.alpha_s + batch * self.work_s(batch))

    def rates_per_s(self) -> Floats:
        """Requests that end a second with 1, 2, … in service, shape (max_num_seqs,)."""
        return np.array([batch / self.service_s(batch) for batch in range(1, self.max_num_seqs + 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchingLine:
    """A batching engine in its steady state; means over the requests that were let in.

    Attributes:
        requests_per_s: that were served.
        blocked_fraction: share of arrivals that found the queue full.
        response_s: from arrival to the last token [s].
        wait_s: before service [s].
        ttft_s: to the first token [s].
        itl_s: between tokens [s].
        in_service_mean: requests in the batch.
    """

    requests_per_s: float
    blocked_fraction: float
    response_s: float
    wait_s: float
    ttft_s: float
    itl_s: float
    in_service_mean: float


def batching_line(service: BatchingService, arrivals_per_s: float) -> BatchingLine:
    """The state-dependent M/M(n)/1/K queue: `p_k ∝ Π λ / μ(min(j, B))`, `μ(n) = n / τ(n)`, `K` = batch and waiting room together.

    Time to first token and between tokens are those of the mean batch `B̄`: `itl = (T_service − prefill(B̄)) / m`, `ttft = wait + prefill(B̄) + itl`.

    Args:
        service: of the engine.
        arrivals_per_s: random arrivals [requests/s], above 0; what is too much is blocked.

    Raises:
        InputError: a rate that is not above 0.

    Example:
        The published one of llm-inferno, `examples/solution-optimize.json`: response 10,231.625 ms, wait 14.22 ms, 30.1359 in service.

        >>> engine = BatchingService(alpha_s=12e-3, beta_s=0.05e-3, gamma_s=0.0005e-3, input_tokens=128, output_tokens=512, max_num_seqs=48, max_waiting=128)
        >>> line = batching_line(engine, 2.9494622)
        >>> round(line.response_s * 1e3, 3), round(line.wait_s * 1e3, 2), round(line.in_service_mean, 4)
        (10231.625, 14.22, 30.1359)
    """
    if not (math.isfinite(arrivals_per_s) and arrivals_per_s > 0):
        raise InputError(f"batching queue: {arrivals_per_s:g} requests/s; give a rate above 0")
    rates = service.rates_per_s()
    rates = np.concatenate([rates, np.full(service.max_waiting, rates[-1])])
    weights = np.concatenate([[0.0], np.cumsum(np.log(arrivals_per_s) - np.log(rates))])
    states = np.exp(weights - weights.max())
    states /= states.sum()
    present = np.arange(states.size)
    in_service = float(states @ np.minimum(present, service.max_num_seqs))
    served = arrivals_per_s * (1 - float(states[-1]))
    response_s, service_s = float(states @ present) / served, in_service / served
    prefill_s = service.prefill_s(in_service)
    itl_s = (service_s - prefill_s) / service.output_tokens
    wait_s = max(0.0, response_s - service_s)
    return BatchingLine(
        requests_per_s=served,
        blocked_fraction=float(states[-1]),
        response_s=response_s,
        wait_s=wait_s,
        ttft_s=wait_s + prefill_s + itl_s,
        itl_s=itl_s,
        in_service_mean=in_service,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchingCapacity:
    """Highest steady load of a batching engine under limits on means.

    Attributes:
        feasible: whether a load keeps the limits.
        requests_per_s: that load; 0 where there is none.
        reasons: what bounds it, or what is broken even when hardly anything comes.
    """

    feasible: bool
    requests_per_s: float
    reasons: tuple[str, ...]


def batching_capacity(
    service: BatchingService, *, ttft_s: float = math.inf, itl_s: float = math.inf
) -> BatchingCapacity:
    """Highest arrival rate at which mean time to first token and mean time between tokens keep their limits.

    Args:
        service: of the engine.
        ttft_s: limit on the mean time to first token [s].
        itl_s: limit on the mean time between tokens [s].
    """
    rates = service.rates_per_s()
    quiet, full = float(rates[0]) * _LEAST_RATE, float(rates[-1]) * (1 - _EDGE)
    found, reasons = full, ("a full batch works without pause",)
    for name, limit in (("ttft_s", ttft_s), ("itl_s", itl_s)):

        def over(rate: float, name: str = name, limit: float = limit) -> float:
            return float(getattr(batching_line(service, rate), name)) - limit

        if over(quiet) > 0:
            least = over(quiet) + limit
            return BatchingCapacity(
                feasible=False,
                requests_per_s=0.0,
                reasons=(f"mean {name} is {least:.4g} s with hardly any load; {limit:.4g} s cannot be kept",),
            )
        if over(full) > 0:
            rate = float(brentq(over, quiet, full, xtol=1e-13, rtol=1e-12))
            if rate < found:
                found, reasons = rate, (f"mean {name} reaches {limit:.4g} s",)
    return BatchingCapacity(feasible=True, requests_per_s=found, reasons=reasons)
