"""Who serves what in an option that is made of others, in sentences."""

from __future__ import annotations

from tco.format import share, usd
from tco.hybrid_records import HybridAnswer
from tco.number_style import local
from tco.result import OptionResult

_ALL = 0.9995


def mix_sentence(option: OptionResult) -> str | None:
    """How many replicas carry which share, and where the rest goes; None of an option that is not made of others.

    Args:
        option: its answer.
    """
    if option.cascade is not None:
        pair = option.cascade
        return f"every request goes to {pair.small}, {share(pair.escalation_fraction)} of them again to {pair.large}"
    if option.hybrid is None:
        return None
    made = option.hybrid
    most = max(made.replicas_by_month, default=0)
    if most == 0:
        why = "no number of replicas saves what it costs" if made.is_optimal else "there are no replicas"
        return f"{why}: everything goes to {made.overflow}"
    carries = f"{_replicas(made)} of {made.base} {'carry' if most > 1 else 'carries'}"
    if made.base_requests_fraction >= _ALL:
        return f"{carries} all requests{_around(made)}"
    return f"{carries} {share(made.base_requests_fraction)} of the requests; the rest goes to {made.overflow}{_around(made)}"


def neighbours(made: HybridAnswer) -> tuple[float | None, float | None]:
    """What one replica fewer and one more would add to the present value of all costs [USD]; None where there is no such number, or months differ.

    Args:
        made: of a hybrid.
    """
    by_count = {point.replicas: point.cost_npv_usd for point in made.curve}
    counts = set(made.replicas_by_month)
    here = next(iter(counts)) if len(counts) == 1 else None
    if here is None or here not in by_count:
        return None, None
    fewer, more = (by_count.get(here + step) for step in (-1, 1))
    return (
        None if fewer is None else fewer - by_count[here],
        None if more is None else more - by_count[here],
    )


def _replicas(made: HybridAnswer) -> str:
    least, most = min(made.replicas_by_month), max(made.replicas_by_month)
    if least == most:
        return "1 replica" if most == 1 else f"{local(most):,} replicas"
    return f"{local(least):,} to {local(most):,} replicas"


def _around(made: HybridAnswer) -> str:
    """What the neighbours of the optimum cost."""
    if not made.is_optimal:
        return ""
    fewer, more = neighbours(made)
    told = [
        f"one {word} would cost {usd(extra)} more"
        for word, extra in (("fewer", fewer), ("more", more))
        if extra is not None
    ]
    return f" ({', '.join(told)})" if told else ""
