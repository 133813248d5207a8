"""Back-test of the price paths: what would have been said on a day of the past, from what was known then, beside what came.

A forecast of a day reads nothing after it. What came is the factor of every model, quality or offer that had a price on the
day and still has one at the horizon. The ratings of the same-quality series are of 2025-12-17 also where the forecast is
older, and its last price is of 2025-12: it can be tested over 6 months only.

Beside ours stand two beliefs: that prices of AI fall by 80 % a year, and that the trend of the past goes on (what
`trends` makes of the same windows; for rents ours is `wanders`, chosen after the trend had missed the rise of 2026).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from statistics import median
from typing import NamedTuple

from pricing.outlook.paths import History, Kind, PricePath, history_of, price_path
from pricing.outlook.windows import windows
from pricing.price import PriceNotFound

CASES: list[tuple[Kind, int, list[date]]] = [
    ("same-model", 12, [date(2024, 11, 1), date(2025, 5, 1), date(2025, 11, 1)]),
    ("same-quality", 6, [date(2025, 3, 1), date(2025, 4, 1), date(2025, 5, 1), date(2025, 6, 1)]),
    ("gpu-rent", 12, [date(2024, 11, 1), date(2025, 5, 1), date(2025, 9, 1)]),
]
BELIEF_PER_YEAR = -0.8
LAST = date(2026, 11, 23)
ROUNDING = 0.005


class Outcome(NamedTuple):
    """How one forecast did.

    Attributes:
        path: the forecast.
        came: factors that came, in order.
        inside_fraction: share of them within the band that should hold 8 of 10.
        error: median of |ln(came / forecast's median)|.
        belief_error: the same for a fall of 80 % a year.
        trend_inside_fraction: share within the band of the carried-on trend.
        gone_fraction: share of what had a price on the day and has none at the horizon.
    """

    path: PricePath
    came: list[float]
    inside_fraction: float
    error: float
    belief_error: float
    trend_inside_fraction: float
    gone_fraction: float


def main() -> None:
    """Prints each forecast, what came, and how often it came inside."""
    print("\nprice paths, back-tested: of 10 cases the band should hold 8 or more")
    for kind, months, days in CASES:
        history = history_of(kind)
        for day in days:
            try:
                _print(outcome(kind, history, day, months))
            except PriceNotFound as error:
                print(f"{kind} on {day}: no forecast. {error}")


def outcome(kind: Kind, history: History, day: date, months: int) -> Outcome:
    """One forecast beside what came.

    Args:
        kind: which series.
        history: its prices.
        day: the day of the forecast, the first of a month.
        months: the horizon.
    """
    path = price_path(kind, months, as_of=day, history=history)
    trend = price_path(kind, months, as_of=day, history=history._replace(manner="trends"))
    seen = [window for window in windows(history.tracks, until=LAST, months=months) if window.start == day]
    came = sorted(math.exp(window.log_factor) for window in seen if window.log_factor is not None)
    belief = (1 + BELIEF_PER_YEAR) ** (months / 12)
    return Outcome(
        path,
        came,
        _inside(path, came),
        _error(came, path.p50_factor),
        _error(came, belief),
        _inside(trend, came),
        1 - len(came) / len(seen),
    )


def _inside(path: PricePath, came: Sequence[float]) -> float:
    low, high = path.p10_factor * (1 - ROUNDING), path.p90_factor * (1 + ROUNDING)
    return sum(low <= factor <= high for factor in came) / len(came)


def _error(came: Sequence[float], forecast: float) -> float:
    return median(abs(math.log(factor / forecast)) for factor in came)


def _print(result: Outcome) -> None:
    path, came = result.path, result.came
    became = [came[math.ceil(share * len(came)) - 1] for share in (0.1, 0.5, 0.9)]
    fell, rose = (sum(test) / len(came) for test in ([f < 0.99 for f in came], [f > 1.01 for f in came]))
    print(
        f"{path.kind}, {path.months:g} months from {path.as_of} ({path.windows} spans of {path.window_months} months seen)\n"
        f"  forecast {path.p10_factor:.3g} .. {path.p50_factor:.3g} .. {path.p90_factor:.3g}, "
        f"falls {path.fall_fraction:.0%}, rises {path.rise_fraction:.0%}"
        f"{'' if path.gone_fraction is None else f', gone in a year {path.gone_fraction:.0%}'}\n"
        f"  became   {became[0]:.3g} .. {became[1]:.3g} .. {became[2]:.3g}, fell {fell:.0%}, rose {rose:.0%}"
        f"{'' if path.gone_fraction is None else f', gone {result.gone_fraction:.0%}'}; {len(came)} prices\n"
        f"  inside {result.inside_fraction:.0%} (a trend carried on: {result.trend_inside_fraction:.0%}); "
        f"median error in the logarithm {result.error:.2f} (a fall of 80 % a year: {result.belief_error:.2f})"
    )


if __name__ == "__main__":
    main()
