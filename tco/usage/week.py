"""The hour-of-week profile of measured traffic: 168 weights, where the files tell hours of two weeks at least."""

from __future__ import annotations

import numpy as np

from tco.usage.days import Days, moments_of
from tco.usage.table import Usage
from tco.workload.profiles import HOURS_PER_WEEK

LEAST_DAYS = 14

_DIGITS = 4


def profile_of(usage: Usage, days: Days) -> list[float] | None:
    """Mean of each hour of the week over the mean hour, Monday 00:00 first, shape (168,) [unitless].

    Requests count, or tokens where nobody counted requests. Each hour's mean is over the weeks that have it, so that a second Monday does not make Mondays busier.

    Args:
        usage: by the hour.
        days: its whole days.

    Special cases: None where the files count days, where there are fewer than 14 whole days, or without traffic on them.
    """
    if usage.grain == "day" or len(days.dates) < LEAST_DAYS:
        return None
    moments = moments_of(usage)
    inside = (moments.day >= days.dates[0].toordinal()) & (moments.day <= days.dates[-1].toordinal())
    values = usage.cells[:, 0] if usage.counts_requests else usage.input_tokens + usage.output_tokens
    sums = np.bincount(moments.hour_of_week[inside], weights=values[inside], minlength=HOURS_PER_WEEK)
    weekdays = np.bincount([day.weekday() for day in days.dates], minlength=7)
    means = sums / np.repeat(weekdays, 24)
    if means.sum() <= 0:
        return None
    return [round(weight, _DIGITS) for weight in (means / means.mean()).tolist()]
