"""From the request lengths that were probed to the lengths of the scenario.

A server's work for a request is `a · input tokens + b · output tokens + c`, and one probe of one shape cannot tell a, b and c
apart. Whatever they are, as long as none is negative, the rate for other lengths lies between the smallest and the largest of
`probed input / asked input`, `probed output / asked output` and 1. The smallest is a safe capacity, and that is what is used;
the largest is the upper end of its range. So longer requests cost capacity, and shorter ones are never credited with more.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.run import WorkloadShape

_SAME_WITHIN = 0.02
FURTHEST_RATIO = 4.0
"""Requests longer than the probed ones by more than this factor are refused: attention and memory no longer grow in line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How capacity and latency of the probed shape carry over to the asked one.

    Attributes:
        low: factor on the rate that is safe for any split of work, at most 1 [unitless].
        high: factor on the rate at the other end, at least 1 [unitless].
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
        - either more than four times longer: not usable, with the command that measures it;
        - both shorter: the probed rate itself, a shorter request is surely not more work.
    """
    into, out = input_tokens / probed.input_tokens, output_tokens / probed.output_tokens
    if abs(into - 1) <= _SAME_WITHIN and abs(out - 1) <= _SAME_WITHIN:
        return Conversion(low=1.0, high=1.0, input_ratio=into, output_ratio=out, usable=True, sentence="")
    shapes = (
        f"{probed.input_tokens:g} in / {probed.output_tokens:g} out, "
        f"the scenario has {input_tokens:g} in / {output_tokens:g} out"
    )
    command = f"tco probe run --input-tokens {input_tokens:.0f} --output-tokens {output_tokens:.0f}"
    usable = max(into, out) <= FURTHEST_RATIO
    if usable:
        sentence = f"the run was probed with {shapes}: capacity is the safe bound; measure it with `{command}`"
    else:
        sentence = f"the run was probed with {shapes}, over {FURTHEST_RATIO:g} times longer; probe your own lengths: `{command}`"
    return Conversion(
        low=min(1 / into, 1 / out, 1.0),
        high=max(1 / into, 1 / out, 1.0),
        input_ratio=into,
        output_ratio=out,
        usable=usable,
        sentence=sentence,
    )
