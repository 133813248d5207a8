"""From the request lengths that were probed to the lengths of the scenario.

A server's work for a request is `a · input tokens + b · output tokens + c`, and one probe of one shape cannot tell a, b and c
apart. Whatever they are, as long as none is negative, the rate for other lengths lies between the smallest and the largest of
`probed input / asked input`, `probed output / asked output` and 1. The smallest is a safe capacity, and that is what is used;
the largest is the upper end of its range. So longer requests cost capacity, and shorter ones are never credited with more.

A run that measured several length mixes has told a, b and c apart (`Run.cost_split`): then the rate is carried over by the work itself,
with the range that the intervals of a, b and c leave.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from probes.findings import CostSplit
from probes.record import Interval
from probes.run import WorkloadShape
from tco.number_style import local

_SAME_WITHIN = 0.02
FURTHEST_RATIO = 4.0
"""Requests longer than the probed ones by more than this factor are refused: attention and memory no longer grow in line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How capacity and latency of the probed shape carry over to the asked one.

    Attributes:
        rate: factor on the rate that is reckoned with [unitless]: `low` where the split of work is not known, its best estimate where it is.
        low: lowest factor on the rate [unitless].
        high: highest factor on the rate [unitless].
        input_ratio: asked over probed input tokens [unitless].
        output_ratio: asked over probed output tokens [unitless].
        usable: whether the lengths are close enough to say anything.
        sentence: what was done or why it was refused.
    """

    rate: float
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


def convert(
    probed: WorkloadShape, input_tokens: float, output_tokens: float, split: CostSplit | None = None
) -> Conversion:
    """How a run of one shape speaks for another.

    Args:
        probed: the run's shape.
        input_tokens: asked mean prompt length [tokens].
        output_tokens: asked mean answer length [tokens].
        split: machine time of a request by its tokens, where the run measured it.

    Special cases:
        - both within 2 %: taken as the same;
        - either more than four times longer: not usable, with the command that measures it;
        - both shorter: the probed rate itself, a shorter request is surely not more work.
    """
    into, out = input_tokens / probed.input_tokens, output_tokens / probed.output_tokens
    if abs(into - 1) <= _SAME_WITHIN and abs(out - 1) <= _SAME_WITHIN:
        return Conversion(rate=1.0, low=1.0, high=1.0, input_ratio=into, output_ratio=out, usable=True, sentence="")
    shapes = (
        f"{local(probed.input_tokens):g} in / {local(probed.output_tokens):g} out, "
        f"the scenario has {local(input_tokens):g} in / {local(output_tokens):g} out"
    )
    command = f"tco probe run --input-tokens {input_tokens:.0f} --output-tokens {output_tokens:.0f}"
    usable = max(into, out) <= FURTHEST_RATIO
    rate = low = min(1 / into, 1 / out, 1.0)
    high = max(1 / into, 1 / out, 1.0)
    if usable and split is not None:
        rate, low, high = _by_work(split, probed, input_tokens, output_tokens)
        sentence = (
            f"the run was probed with {shapes}: capacity is carried over by the work of input and output that it measured on {split.mixes} length mixes, "
            f"a factor of {local(rate):.2f} ({local(low):.2f} to {local(high):.2f})"
        )
    elif usable:
        sentence = f"the run was probed with {shapes}: capacity is the safe bound; measure it with `{command}`"
    else:
        sentence = f"the run was probed with {shapes}, over {local(FURTHEST_RATIO):g} times longer; probe your own lengths: `{command}`"
    return Conversion(
        rate=rate,
        low=low,
        high=high,
        input_ratio=into,
        output_ratio=out,
        usable=usable,
        sentence=sentence,
    )


def _by_work(
    split: CostSplit, probed: WorkloadShape, input_tokens: float, output_tokens: float
) -> tuple[float, float, float]:
    """Probed work over asked work of a request: best estimate, lowest, highest.

    The ratio is linear-fractional in each of a, b and c, so that its extremes lie at the ends of their intervals; what the fit misses widens them.
    """

    def ratio(a: float, b: float, c: float) -> float:
        return (a * probed.input_tokens + b * probed.output_tokens + c) / (a * input_tokens + b * output_tokens + c)

    parts = (split.input_token_s, split.output_token_s, split.request_s)
    corners = [ratio(*corner) for corner in itertools.product(*(_ends(part) for part in parts)) if any(corner)]
    missed = split.residual_fraction
    return (
        ratio(*(part.mean for part in parts)),
        min(corners) * max(0.0, 1 - missed),
        max(corners) * (1 + missed),
    )


def _ends(part: Interval) -> tuple[float, ...]:
    return (part.mean,) if part.low is None or part.high is None else (part.low, part.high)
