"""How long the solver may try, and how near to the cheapest is near enough."""

from __future__ import annotations

from dataclasses import dataclass

from tco.capacity.mix.model import Answer, Problem, solve

DEFAULT_TIME_LIMIT_S = 10.0
DEFAULT_GAP_FRACTION = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long the solver may try, and how near is near enough."""

    time_limit_s: float = DEFAULT_TIME_LIMIT_S
    gap_fraction: float = DEFAULT_GAP_FRACTION

    def solve(self, problem: Problem) -> Answer:
        """Solves a problem so."""
        return solve(problem, time_limit_s=self.time_limit_s, gap_fraction=self.gap_fraction)


def gap(cost: float, bound: float | None) -> float | None:
    """How far a cost may lie above the cheapest [fraction]; None where no bound is known."""
    if bound is None:
        return None
    return 0.0 if cost <= 0 else max(0.0, (cost - bound) / cost)
