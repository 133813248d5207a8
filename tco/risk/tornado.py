"""Which inputs move the answer most: each over its own range, one at a time."""

from __future__ import annotations

from collections.abc import Callable

from tco.register import quantities, with_value
from tco.result import Driver
from tco.scenario import Scenario


def drivers(scenario: Scenario, npv_usd: Callable[[Scenario], float | None], concerns: tuple[str, ...]) -> list[Driver]:
    """Inputs by how far they move the NPV, largest swing first.

    Each quantity that has a range is held at its low and at its high end while all others keep their value. Its range is its
    own: a price that is known is not shaken as hard as a guess.

    Args:
        scenario: the filled scenario.
        npv_usd: NPV of the contender against the baseline in a scenario [USD]; None where one of them cannot serve.
        concerns: names of the options that matter to that NPV; other options' inputs are not tried.

    Returns:
        One `Driver` for every input that moves the NPV at all; `flips` is True where an end changes its sign.
    """
    base = npv_usd(scenario)
    found = []
    for path, quantity in quantities(scenario):
        bounds = quantity.bounds
        if bounds is None or (path.startswith("options.") and path.split(".")[1] not in concerns):
            continue
        at_low, at_high = (npv_usd(with_value(scenario, path, value)) for value in bounds)
        if at_low == at_high:
            continue
        found.append(
            Driver(
                path=path,
                low=bounds[0],
                high=bounds[1],
                npv_at_low_usd=at_low,
                npv_at_high_usd=at_high,
                flips=len({_saves(value) for value in (base, at_low, at_high)}) > 1,
            )
        )
    return sorted(found, key=lambda driver: driver.swing_usd, reverse=True)


def _saves(npv_usd: float | None) -> bool:
    return npv_usd is not None and npv_usd > 0
