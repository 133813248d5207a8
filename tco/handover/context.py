"""The longest request that an engine must take, so that the workload that was costed fits."""

from __future__ import annotations

import math

from probes.run import Lengths, Run
from tco.scenario import Workload
from tco.workload.asked import Spread

COVERED_FRACTION = 0.999
"""Share of requests that must fit where lengths vary; the engine refuses a longer one."""

_Z = 3.090232306167813
"""Quantile of the normal distribution at `COVERED_FRACTION`."""

_TO_SPARE = 16
_MULTIPLE = 128

USUAL_SPREAD = Spread(kind="lognormal", spread_fraction=0.8)
"""How lengths are taken to vary where nobody says: an engine that is started for mean lengths only would refuse half of the requests."""


def longest_request_tokens(workload: Workload, run: Run, limit_tokens: int | None = None) -> int:
    """Prompt and answer together, of all but one request in a thousand [tokens], rounded up to a multiple of 128 with 16 to spare.

    Lengths vary as the workload says, by class; where it does not say, as the run's did; where that had fixed ones, as is usual for a chat. Where both prompt
    and answer vary, each is taken at the same quantile, which is right where they grow together and on the safe side where they do not.

    Args:
        workload: what is asked.
        run: what was measured.
        limit_tokens: context that the model was made for, which is not passed; None where it is not known.

    Special cases: lengths that a run drew from recorded pairs or a trace are not known here; they are taken to vary as usual, and the run's own limit of context
    is kept.
    """
    kinds = list(workload.classes.values())
    means = [(kind.input_tokens_per_request.value, kind.output_tokens_per_request.value) for kind in kinds]
    spreads = [kind.lengths or workload.lengths for kind in kinds]
    if not kinds:
        means, spreads = [(workload.mean_input_tokens, workload.mean_output_tokens)], [workload.lengths]
    longest = max(
        sum(tokens * _factor(spread or _of_the_run(run.workload.lengths)) for tokens in pair)
        for pair, spread in zip(means, spreads, strict=True)
    )
    needed = max(rounded_up(longest), run.workload.context_limit_tokens or 0)
    return needed if limit_tokens is None else min(needed, limit_tokens)


def lengths_are_guessed(workload: Workload, run: Run) -> bool:
    """Whether nobody says how the lengths of some requests vary."""
    spreads = [kind.lengths or workload.lengths for kind in workload.classes.values()] or [workload.lengths]
    return run.workload.lengths.kind in {"fixed", "pairs"} and any(spread is None for spread in spreads)


def _of_the_run(lengths: Lengths) -> Lengths | Spread:
    return USUAL_SPREAD if lengths.kind in {"fixed", "pairs"} else lengths


def rounded_up(tokens: float) -> int:
    """A length of context with 16 tokens to spare, as a multiple of 128.

    >>> rounded_up(192.0), rounded_up(1150.0)
    (256, 1280)
    """
    return math.ceil((tokens + _TO_SPARE) / _MULTIPLE) * _MULTIPLE


def _factor(spread: Spread | Lengths) -> float:
    """A long length over the mean: `exp(z σ − σ² / 2)` with `σ² = ln(1 + spread²)` where it is log-normal, `1 + spread` where it is uniform."""
    if spread.kind == "uniform":
        return 1 + spread.spread_fraction
    if spread.kind == "fixed":
        return 1.0
    variance = math.log1p(spread.spread_fraction**2)
    return math.exp(_Z * math.sqrt(variance) - variance / 2)
