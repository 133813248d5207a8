"""How long prompts and answers of single requests are, and how much that varies: sums that can be added, so that no request is kept."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields


@dataclass(slots=True)
class LengthSums:
    """Sums over requests that have a prompt and an answer.

    Attributes:
        count: requests.
        into: Σ input [tokens].
        into_squared: Σ input².
        out: Σ output, reasoning included [tokens].
        out_squared: Σ output².
        log_into: Σ ln input.
        log_into_squared: Σ (ln input)².
        log_out: Σ ln output.
        log_out_squared: Σ (ln output)².
        log_both: Σ ln input · ln output.
    """

    count: float = 0.0
    into: float = 0.0
    into_squared: float = 0.0
    out: float = 0.0
    out_squared: float = 0.0
    log_into: float = 0.0
    log_into_squared: float = 0.0
    log_out: float = 0.0
    log_out_squared: float = 0.0
    log_both: float = 0.0

    def add(self, input_tokens: int, output_tokens: int) -> None:
        """One more request; one without prompt or answer has no length and is left out."""
        if input_tokens <= 0 or output_tokens <= 0:
            return
        log_into, log_out = math.log(input_tokens), math.log(output_tokens)
        self.count += 1
        self.into += input_tokens
        self.into_squared += input_tokens * input_tokens
        self.out += output_tokens
        self.out_squared += output_tokens * output_tokens
        self.log_into += log_into
        self.log_into_squared += log_into * log_into
        self.log_out += log_out
        self.log_out_squared += log_out * log_out
        self.log_both += log_into * log_out

    def __add__(self, other: LengthSums) -> LengthSums:
        """The sums over the requests of both."""
        return LengthSums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def input_spread_fraction(self) -> float:
        """Coefficient of variation of prompts: standard deviation over mean [fraction]."""
        return _spread(self.count, self.into, self.into_squared)

    @property
    def output_spread_fraction(self) -> float:
        """Coefficient of variation of answers [fraction]."""
        return _spread(self.count, self.out, self.out_squared)

    @property
    def rank_correlation(self) -> float:
        """Spearman's rank correlation of prompts and answers, if both are log-normal: `6/π · asin(ρ / 2)` with ρ of their logarithms.

        Special cases: 0 where one of them does not vary.

        Source: W. H. Kruskal, "Ordinal measures of association", JASA 53 (1958), p. 827.
        """
        covariance = self.log_both * self.count - self.log_into * self.log_out
        one = self.log_into_squared * self.count - self.log_into**2
        other = self.log_out_squared * self.count - self.log_out**2
        if one <= 1e-9 * self.count**2 or other <= 1e-9 * self.count**2:
            return 0.0
        rho = max(-1.0, min(1.0, covariance / math.sqrt(one * other)))
        return 6 / math.pi * math.asin(rho / 2)


def _spread(count: float, total: float, squares: float) -> float:
    if count < 2 or total <= 0:  # noqa: PLR2004 - one value does not vary
        return 0.0
    mean = total / count
    return math.sqrt(max(0.0, squares / count - mean * mean)) / mean
