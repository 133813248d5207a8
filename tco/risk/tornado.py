"""Which inputs move the answer most: each over its own range, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tco.register import quantities
from tco.result import Driver
from tco.scenario import Scenario

Change = tuple[str, float]
"""The path of an input, and the value that it takes."""


def drivers(
    scenario: Scenario,
    npv_usd: float | None,
    npv_after: Callable[[Sequence[Change]], Sequence[float | None]],
    concerns: tuple[str, ...],
) -> list[Driver]:
    """Inputs by how far they move the NPV, largest swing first.

    Each quantity that has a range is held at its low and at its high end while all others keep their value. Its range is its
    own: a price that is known is not shaken as hard as a guess.

    Args:
        scenario: the filled scenario.
        npv_usd: NPV of the contender against the baseline [USD]; None where one of them cannot serve.
        npv_after: the same after each of many changes (`tco.risk.changes.npv_after`).
        concerns: names of the options that matter to that NPV; other options' inputs are not tried.

    Returns:
        One `Driver` for every input that moves the NPV at all; `flips` is True where an end changes its sign.
    """
    asked = [
        (path, quantity.bounds)
        for path, quantity in quantities(scenario)
        if quantity.bounds is not None and (not path.startswith("options.") or path.split(".")[1] in concerns)
    ]
    answers = iter(npv_after([(path, end) for path, bounds in asked for end in bounds]))
    found = []
    for path, (low, high) in asked:
        at_low, at_high = next(answers), next(answers)
        if at_low == at_high:
            continue
        flips = len({_saves(value) for value in (npv_usd, at_low, at_high)}) > 1
        found.append(Driver(path=path, low=low, high=high, npv_at_low_usd=at_low, npv_at_high_usd=at_high, flips=flips))
    return sorted(found, key=lambda driver: driver.swing_usd, reverse=True)


def _saves(npv_usd: float | None) -> bool:
    return npv_usd is not None and npv_usd > 0
