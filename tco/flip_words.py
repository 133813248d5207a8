"""What flips an answer, in sentences, from what every answer has: volumes at which it pays, and drivers that turn it within their range."""

from __future__ import annotations

from tco.format import volume
from tco.result import OptionResult, Result
from tco.words import amount, driver_title

_VOLUME = "workload.requests_per_day"


def flip_sentences(result: Result, most: int = 3) -> list[str]:
    """The nearest volume at which the recommendation changes, and inputs that change it within their own range.

    Args:
        result: the answer, with its searches.
        most: how many.
    """
    if result.contender is None:
        return []
    found = _volume(result, result.option(result.contender))
    for driver in result.drivers:
        if driver.flips and driver.path != _VOLUME:
            at_low, at_high = driver.npv_at_low_usd, driver.npv_at_high_usd
            unit = next((row.unit for row in result.assumptions if row.path == driver.path), "")
            stays = result.recommended == result.baseline
            turns_low = at_low is None or (at_low > 0) == stays
            turns_high = at_high is None or (at_high > 0) == stays
            ends = [amount(end, unit) for end, turns in ((driver.low, turns_low), (driver.high, turns_high)) if turns]
            found.append(f"{driver_title(driver)} at {' or '.join(ends) or 'an end of its range'}.")
    return found[:most]


def _volume(result: Result, option: OptionResult) -> list[str]:
    now = next((row.value for row in result.assumptions if row.path == _VOLUME), None)
    if now is None or option.breakeven is None:
        return []
    stretches = option.breakeven.stretches
    within = next((s for s in stretches if s.low_requests_per_day <= now <= s.high_requests_per_day), None)
    if within is not None and result.recommended == option.name:
        ends = []
        if not within.is_open_low:
            ends.append(f"below {volume(within.low_requests_per_day)}")
        if not within.is_open_high:
            ends.append(f"above {volume(within.high_requests_per_day)}")
        return [f"Traffic {' or '.join(ends)} requests a day."] if ends else []
    if result.recommended != result.baseline or not stretches:
        return []
    nearest = min(stretches, key=lambda s: min(abs(s.low_requests_per_day - now), abs(s.high_requests_per_day - now)))
    if nearest.low_requests_per_day > now:
        return [f"Traffic from {volume(nearest.low_requests_per_day)} requests a day on."]
    return [f"Traffic below {volume(nearest.high_requests_per_day)} requests a day."]
