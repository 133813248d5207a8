"""What became of simulated requests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tco.capacity.simulator.traffic import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaUse:
    """How one replica was used, over the whole simulated time.

    Attributes:
        steps: steps of the engine.
        busy_s: time in steps [s].
        span_s: from the first arrival to the end of the last request [s].
        sequences_mean: sequences in a step, mean over busy time.
        kv_usage_mean_fraction: blocks in use, mean over busy time.
        kv_usage_peak_fraction: the most.
        preemptions: sequences that lost their cache to others and were computed again.
        prefix_hit_tokens: prompt tokens that the prefix cache answered.
    """

    steps: int
    busy_s: float
    span_s: float
    sequences_mean: float
    kv_usage_mean_fraction: float
    kv_usage_peak_fraction: float
    preemptions: int
    prefix_hit_tokens: int

    @property
    def utilisation_fraction(self) -> float:
        """Share of the time in which the engine worked."""
        return self.busy_s / self.span_s if self.span_s > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """When each request got its first and its last token.

    Attributes:
        sent_s: when it was sent: its arrival, or in a closed loop when its stream was free [s], shape (requests,).
        first_token_s: when its first token reached the client [s], shape (requests,).
        finish_s: when its last did [s], shape (requests,).
        output_tokens: answer lengths [tokens], shape (requests,).
        replica: which one served it, shape (requests,).
        use: of each replica.
    """

    sent_s: Floats
    first_token_s: Floats
    finish_s: Floats
    output_tokens: Ints
    replica: npt.NDArray[np.int32]
    use: tuple[ReplicaUse, ...]

    @property
    def ttft_s(self) -> Floats:
        """Time to first token [s], shape (requests,)."""
        return self.first_token_s - self.sent_s

    @property
    def e2e_s(self) -> Floats:
        """From sending to the last token [s], shape (requests,)."""
        return self.finish_s - self.sent_s

    @property
    def tpot_s(self) -> Floats:
        """Time per output token after the first [s], shape (requests,); not a number for answers of one token."""
        after = self.output_tokens - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(after > 0, (self.finish_s - self.first_token_s) / after, np.nan)
