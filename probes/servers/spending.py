"""What a probe of a paid endpoint may cost: planned before it starts, watched while it runs.

Prices are plain numbers here; where they come from is the caller's matter. Planned tokens are what is asked for: a server that answers at greater
length, or counts a text prompt otherwise, spends more, so the guard goes by what was really used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from probes.errors import ProbeError

TOKENS_PER_MTOK = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens that are planned or spent.

    Attributes:
        input_tokens: prompt tokens.
        output_tokens: generated tokens.
        requests: requests.

    >>> Usage(input_tokens=100, output_tokens=20, requests=1) + Usage(input_tokens=1, output_tokens=2, requests=1)
    Usage(input_tokens=101, output_tokens=22, requests=2)
    """

    input_tokens: int = 0
    output_tokens: int = 0
    requests: int = 0

    @property
    def tokens(self) -> int:
        """Input and output tokens."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            requests=self.requests + other.requests,
        )


def planned(requests: int, *, input_tokens: float, output_tokens: float) -> Usage:
    """What some requests of one length use.

    Args:
        requests: how many.
        input_tokens: mean prompt length [tokens].
        output_tokens: mean answer length [tokens].

    >>> planned(60, input_tokens=1024, output_tokens=256)
    Usage(input_tokens=61440, output_tokens=15360, requests=60)
    """
    return Usage(
        input_tokens=round(requests * input_tokens), output_tokens=round(requests * output_tokens), requests=requests
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingCap:
    """The most that a probe may use, in tokens, in dollars, or both; and the prices that dollars are counted with.

    Attributes:
        max_tokens: input and output tokens together; None for no limit.
        max_usd: dollars; None for no limit.
        usd_per_mtok_input: price of a million prompt tokens; None where it is not known.
        usd_per_mtok_output: price of a million generated tokens; None where it is not known.

    Raises:
        ProbeError: `bad_arguments`, a limit or a price below 0, or a limit in dollars without both prices.
    """

    max_tokens: int | None = None
    max_usd: float | None = None
    usd_per_mtok_input: float | None = None
    usd_per_mtok_output: float | None = None

    def __post_init__(self) -> None:
        """Refuses what could not hold anything back."""
        for name in ("max_tokens", "max_usd", "usd_per_mtok_input", "usd_per_mtok_output"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise ProbeError("bad_arguments", f"{name} is {value}; give a number that is 0 or more.")
        if self.max_usd is not None and not self.priced:
            raise ProbeError(
                "bad_arguments",
                "A spending cap in dollars needs the price of input and of output tokens. Name both, or give a cap in tokens.",
            )

    @property
    def priced(self) -> bool:
        """Whether dollars can be counted."""
        return self.usd_per_mtok_input is not None and self.usd_per_mtok_output is not None

    def usd(self, usage: Usage) -> float | None:
        """What some usage costs: `input / 1e6 × price + output / 1e6 × price` [USD]; None without prices.

        >>> SpendingCap(usd_per_mtok_input=3.0, usd_per_mtok_output=15.0).usd(planned(1000, input_tokens=1000, output_tokens=200))
        6.0
        """
        if self.usd_per_mtok_input is None or self.usd_per_mtok_output is None:
            return None
        paid_input = usage.input_tokens * self.usd_per_mtok_input
        return (paid_input + usage.output_tokens * self.usd_per_mtok_output) / TOKENS_PER_MTOK

    def passed_by(self, usage: Usage) -> str | None:
        """Which limit some usage would pass, as a sentence; None where it stays within all of them.

        >>> SpendingCap(max_tokens=1000).passed_by(Usage(input_tokens=900, output_tokens=200))
        '1,100 tokens, above the cap of 1,000'
        """
        if self.max_tokens is not None and usage.tokens > self.max_tokens:
            return f"{usage.tokens:,} tokens, above the cap of {self.max_tokens:,}"
        usd = self.usd(usage)
        if self.max_usd is not None and usd is not None and usd > self.max_usd:
            return f"${usd:,.2f}, above the cap of ${self.max_usd:,.2f}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingGuard:
    """A cap and what was spent under it so far.

    Attributes:
        cap: the most that may be used.
        spent: what was used, failed requests and warm-up included.
    """

    cap: SpendingCap
    spent: Usage = Usage()

    def add(self, usage: Usage) -> SpendingGuard:
        """The guard after some more usage."""
        return replace(self, spent=self.spent + usage)

    def reason_to_stop(self, following: Usage) -> str | None:
        """Why the next load point must not start: a sentence for the run's `incomplete_reason`; None where it fits.

        Args:
            following: what the next load point is planned to use.
        """
        passed = self.cap.passed_by(self.spent + following)
        return None if passed is None else f"the next load point would bring the probe to {passed}"

    def requests_left(self, *, input_tokens: float, output_tokens: float) -> int | None:
        """How many more requests of one length fit; None without a limit.

        Args:
            input_tokens: prompt length [tokens].
            output_tokens: answer length [tokens].

        >>> SpendingGuard(cap=SpendingCap(max_tokens=1000)).requests_left(input_tokens=100, output_tokens=20)
        8
        """
        one = planned(1, input_tokens=input_tokens, output_tokens=output_tokens)
        fits: list[int] = []
        if self.cap.max_tokens is not None and one.tokens:
            fits.append((self.cap.max_tokens - self.spent.tokens) // one.tokens)
        usd, spent_usd = self.cap.usd(one), self.cap.usd(self.spent)
        if self.cap.max_usd is not None and usd and spent_usd is not None:
            fits.append(int((self.cap.max_usd - spent_usd) / usd))
        return max(0, min(fits)) if fits else None


def check_plan(cap: SpendingCap, cells: Iterable[Usage]) -> Usage:
    """Checks a whole plan before anything is sent.

    Args:
        cap: the most that may be used.
        cells: what each load point is planned to use.

    Returns:
        The sum.

    Raises:
        ProbeError: `bad_arguments`, even the first load point does not fit.
    """
    every = list(cells)
    if every and (passed := cap.passed_by(every[0])) is not None:
        raise ProbeError(
            "bad_arguments",
            f"The first load point alone would use {passed}. Raise the cap, or probe fewer or shorter requests.",
        )
    return sum(every, Usage())
