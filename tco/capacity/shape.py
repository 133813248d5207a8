"""From the request lengths that were probed to the lengths of the scenario.

A server's work for a request grows with its input tokens and with its output tokens, at prices that one probe of one shape
cannot tell apart. Whatever those prices are (`work = a · input + b · output`, a and b not negative), the rate for other
lengths lies between the two ratios `probed input / asked input` and `probed output / asked output`. The lower one is a
safe capacity, and that is what is used; the higher one is the upper end of its range.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.run import WorkloadShape

_SAME_WITHIN = 0.02
FURTHEST_RATIO = 4.0
"""Lengths further apart than this factor are refused: fixed costs per request and per token no longer cancel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How capacity and latency of the probed shape carry over to the asked one.

    Attributes:
        low: factor on the rate that is safe for any split of work [unitless].
        high: factor on the rate at the other end [unitless].
        input_ratio: asked over probed input tokens [unitless].
        output_ratio: asked over probed output tokens [unitless].
        usable: whether the lengths are close enough to say anything.
        sentence: what was done or why it was refused.
    """

    low: float
    high: float
    input_ratio: float
    output_ratio: float
    usable: bool
    sentence: str

    @property
    def is_same(self) -> bool:
        """Whether the shapes are the same for all practical purposes (within 2 %)."""
        return self.low == self.high == 1.0

    def latency_factor(self, metric: str) -> float:
        """Factor on a measured latency: TTFT with the input, E2E with the longer of both; never below 1.

        A shorter prompt is surely not slower, but how much faster is not known, so nothing is taken off.
        """
        if self.is_same or metric.startswith(("tpot", "itl")):
            return 1.0
        ratio = self.input_ratio if metric.startswith("ttft") else max(self.input_ratio, self.output_ratio)
        return max(ratio, 1.0)


def convert(probed: WorkloadShape, input_tokens: float, output_tokens: float) -> Conversion:
    """How a run of one shape speaks for another.

    Args:
        probed: the run's shape.
        input_tokens: asked mean prompt length [tokens].
        output_tokens: asked mean answer length [tokens].

    Special cases:
        - both within 2 %: taken as the same;
        - either more than four times longer or shorter: not usable, with the command that measures it.
    """
    into, out = input_tokens / probed.input_tokens, output_tokens / probed.output_tokens
    if abs(into - 1) <= _SAME_WITHIN and abs(out - 1) <= _SAME_WITHIN:
        return Conversion(low=1.0, high=1.0, input_ratio=into, output_ratio=out, usable=True, sentence="")
    shapes = f"{probed.input_tokens:g} in / {probed.output_tokens:g} out, the scenario has {input_tokens:g} in / {output_tokens:g} out"
    command = f"tco probe run --input-tokens {input_tokens:.0f} --output-tokens {output_tokens:.0f}"
    usable = all(1 / FURTHEST_RATIO <= ratio <= FURTHEST_RATIO for ratio in (into, out))
    if usable:
        sentence = (
            f"the run was probed with {shapes}: capacity is the safe bound between the two; measure it with `{command}`"
        )
    else:
        sentence = f"the run was probed with {shapes}, more than {FURTHEST_RATIO:g} times apart; probe your own lengths: `{command}`"
    return Conversion(
        low=min(1 / into, 1 / out),
        high=max(1 / into, 1 / out),
        input_ratio=into,
        output_ratio=out,
        usable=usable,
        sentence=sentence,
    )
