"""How the time of a probe is shared among its parts. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WEIGHTS = {"curve": 5.0, "goodput": 4.0, "lengths": 2.0, "prefill": 1.0, "context": 1.5, "trace": 2.0, "idle": 0.3}
"""What matters more to a decision gets more: first the curve, then the load at which the promise holds, then the price of longer requests."""


def share_s(remaining_s: float, parts: Sequence[str]) -> float:
    """What the first of the parts that are left may spend [s].

    Its weight over the weights of all that are left; what a part does not use flows on to those behind it.

    Args:
        remaining_s: time that is left [s].
        parts: the parts that are left, the next one first.

    >>> share_s(90.0, ["curve", "goodput"])
    50.0
    """
    return remaining_s * WEIGHTS[parts[0]] / sum(WEIGHTS[part] for part in parts)
