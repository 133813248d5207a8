"""What a sweep must know of a workload before it starts: its longest request, and what a context limit does to its lengths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from probes.record import Warn
from probes.run import WorkloadShape
from probes.workload.lengths import recorded_rows
from probes.workload.request import Arrival
from probes.workload.sampling import LengthSampler, turn_means
from probes.workload.seeds import Place, generator
from probes.workload.turns import fit_turn

_SAMPLE = 20_000


def longest_request(shape: WorkloadShape, arrivals: Sequence[Arrival] = ()) -> tuple[int, int]:
    """Input and output of a request whose sum no request of this workload exceeds [tokens]: what the engine's context must hold.

    Args:
        shape: of a closed loop, or of the schedule that made `arrivals`.
        arrivals: an open loop's, or a trace's; `shape` is not asked then.

    Raises:
        ProbeError: `bad_arguments`: lengths that cannot be had.

    Example:
        >>> longest_request(WorkloadShape(input_tokens=512, output_tokens=100, turns=3))
        (818, 100)
    """
    if arrivals:
        longest = max(arrivals, key=lambda arrival: arrival.input_tokens + arrival.output_tokens)
        return longest.input_tokens, longest.output_tokens
    new, out = sampler_of(shape).longest
    limit = shape.context_limit_tokens
    prompt = new * shape.turns + out * (shape.turns - 1)
    if limit is not None and prompt + out > limit:
        return limit - min(out, limit - 1), min(out, limit - 1)
    return prompt, out


def sampler_of(shape: WorkloadShape) -> LengthSampler:
    """Draws what each request of a closed loop adds: its lengths, or those of a turn's new part and answer.

    Args:
        shape: the workload; recorded pairs are read from their file.

    Raises:
        ProbeError: `bad_arguments`: lengths that cannot be had.
    """
    new, answer = turn_means(shape)
    return LengthSampler(
        shape.lengths,
        input_mean_tokens=new,
        output_mean_tokens=answer,
        # A conversation is shortened as a whole, when what was said before is known.
        limit_tokens=shape.context_limit_tokens if shape.turns == 1 else None,
        rows=recorded_rows(shape.lengths),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitEffect:
    """What a context limit makes of a workload's lengths, from 20,000 drawn requests.

    Attributes:
        shortened_fraction: share of requests that are shortened.
        input_tokens: mean prompt that is left.
        output_tokens: mean answer that is left.
    """

    shortened_fraction: float
    input_tokens: float
    output_tokens: float

    def warning(self, shape: WorkloadShape) -> Warn | None:
        """A caution for the run; None where nothing is shortened."""
        if not self.shortened_fraction:
            return None
        message = (
            f"{100 * self.shortened_fraction:.2g} % of the requests would be longer than {shape.context_limit_tokens} tokens and are shortened to it: on "
            f"average {self.input_tokens:.0f} tokens in and {self.output_tokens:.0f} out are sent instead of {shape.input_tokens} and {shape.output_tokens}."
        )
        return Warn(
            code="lengths_capped",
            message=message,
            observed=self.shortened_fraction,
            threshold=shape.context_limit_tokens,
        )


def limit_effect(shape: WorkloadShape) -> LimitEffect:
    """What the workload's context limit does to a closed loop or a schedule; nothing without one.

    Raises:
        ProbeError: `bad_arguments`: lengths that cannot be had.
    """
    sampler, limit, turns = sampler_of(shape), shape.context_limit_tokens, shape.turns
    longest = longest_request(shape.model_copy(update={"context_limit_tokens": None}))
    if limit is None or sum(longest) <= limit:
        return LimitEffect(
            shortened_fraction=0.0, input_tokens=float(shape.input_tokens), output_tokens=float(shape.output_tokens)
        )
    rng = generator(shape.seed or 0, Place(0, 0, "check"))
    news, outs = sampler.uncapped(rng, math.ceil(_SAMPLE / turns) * turns)
    shortened, inputs, outputs, said = 0, 0, 0, 0
    for index, (new, out) in enumerate(zip(news.tolist(), outs.tolist(), strict=True)):
        said = said if index % turns else 0
        fitted = fit_turn(said, new, out, limit)
        if fitted is None:
            said, fitted = 0, fit_turn(0, new, out, limit)
        assert fitted is not None
        shortened += fitted != (new, out)
        inputs, outputs = inputs + said + fitted[0], outputs + fitted[1]
        said += sum(fitted)
    count = len(news)
    return LimitEffect(shortened_fraction=shortened / count, input_tokens=inputs / count, output_tokens=outputs / count)
