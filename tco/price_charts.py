"""Charts of prices, as Altair: how one went, how it may go, what hardware still fetches. No Streamlit here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

import altair as alt
import pandas as pd

from pricing import ElectricityQuote, Figure, PricePath, TokenPrices
from tco.charts import LIGHT, Palette, y_at

RATES = {"input": "input", "output": "output", "cached_read": "cached input"}
"""The rates of a price history, by the field of `TokenPrices`, and what the chart calls them."""

READ, TOLD = "as read", "as announced"

_MARGIN_FRACTION = 0.12
_LEAST_MARGIN = timedelta(days=21)
_DAY = timedelta(days=1)
_MANY_DAYS = timedelta(days=270)


def history_frame(history: Sequence[TokenPrices], on: date) -> pd.DataFrame:
    """A model's prices as corners of step lines: columns `day`, `rate`, `usd_per_mtok`, `part`.

    Up to the day of the last reading the part is `as read`, after it `as announced`. An oldest price whose first day nobody
    knows begins a little before its end; a newest one ends a little after `on`, and after the last change.

    Args:
        history: of `pricing.price_history`, oldest first.
        on: the day that the prices are to be used for.
    """
    read = max(entry.as_of for entry in history)
    changes = [entry.input.valid_from for entry in history if entry.input.valid_from is not None]
    known = [*changes, read, on]
    margin = max(_LEAST_MARGIN, (max(known) - min(known)) * _MARGIN_FRACTION)
    first, last = min(known) - margin, max(known) + margin
    spans = _spans(history, first, last)
    rows: list[dict[str, object]] = []
    for field, rate in RATES.items():
        amounts = [_amount(entry, field) for entry in history]
        if any(amount is not None for amount in amounts):
            rows += _corners(rate, spans, amounts, read)
    return pd.DataFrame(rows, columns=["day", "rate", "usd_per_mtok", "part"])


def price_history_chart(history: Sequence[TokenPrices], on: date, palette: Palette = LIGHT) -> alt.LayerChart:
    """A model's prices as step lines; what was only announced is dashed, and a rule marks the day of the plan.

    Args:
        history: of `pricing.price_history`, oldest first.
        on: the day that the prices are to be used for.
        palette: the colours.
    """
    frame = history_frame(history, on)
    names = [name for name in RATES.values() if name in set(frame["rate"])]
    lines = (
        alt.Chart(frame)
        .mark_line(interpolate="step-after", strokeWidth=2.5)
        .encode(
            x=_days(frame),
            y=alt.Y("usd_per_mtok:Q", title="USD per million tokens", scale=alt.Scale(zero=True)),
            color=alt.Color(
                "rate:N",
                title=None,
                scale=alt.Scale(domain=names, range=palette.lines[: len(names)]),
                legend=alt.Legend(orient="top", columns=3),
            ),
            strokeDash=alt.StrokeDash(
                "part:N", legend=None, scale=alt.Scale(domain=[READ, TOLD], range=[[1, 0], [5, 4]])
            ),
            tooltip=[
                alt.Tooltip("rate:N", title="Price"),
                alt.Tooltip("day:T", title="From", format="%d %b %Y"),
                alt.Tooltip("usd_per_mtok:Q", title="USD/Mtok", format="~g"),
                alt.Tooltip("part:N", title="Known"),
            ],
        )
    )
    return alt.LayerChart(layer=[lines, *_rule(on, palette)], height=300, width="container")


def path_frame(paths: Iterable[PricePath]) -> pd.DataFrame:
    """Forecasts of one series as a fan that opens at today's price: `months`, `p10`, `p50`, `p90` as factors on it."""
    rows = [{"months": 0.0, "p10": 1.0, "p50": 1.0, "p90": 1.0}]
    rows += [
        {"months": path.months, "p10": path.p10_factor, "p50": path.p50_factor, "p90": path.p90_factor}
        for path in paths
    ]
    return pd.DataFrame(rows, columns=["months", "p10", "p50", "p90"])


def path_chart(paths: Iterable[PricePath], palette: Palette = LIGHT, *, highest: float = 2.0) -> alt.LayerChart:
    """How a price may go: eight of ten cases of the past lie in the band, the line has half of them on either side.

    Args:
        paths: one series at several horizons.
        palette: the colours.
        highest: top of the axis [times today's price]; the same for charts that stand side by side.
    """
    base = alt.Chart(path_frame(paths)).encode(
        x=alt.X(
            "months:Q",
            title="Months from now",
            scale=alt.Scale(nice=False),
            axis=alt.Axis(values=[0, 12, 24, 36], grid=False),
        )
    )
    scale = alt.Scale(domain=[0, highest], nice=False)
    colour = palette.lines[0]
    tooltip = [
        alt.Tooltip("months:Q", title="Months"),
        alt.Tooltip("p10:Q", title="1 in 10 below", format=".2f"),
        alt.Tooltip("p50:Q", title="Half below", format=".2f"),
        alt.Tooltip("p90:Q", title="9 in 10 below", format=".2f"),
    ]
    band = base.mark_area(opacity=0.2, color=colour).encode(
        y=alt.Y("p10:Q", title="Times today's price", scale=scale), y2=alt.Y2("p90:Q"), tooltip=tooltip
    )
    line = base.mark_line(color=colour, point={"color": colour}).encode(y=alt.Y("p50:Q", scale=scale), tooltip=tooltip)
    today = (
        alt.Chart(pd.DataFrame({"one": [1.0]}))
        .mark_rule(color=palette.muted, strokeDash=[2, 3])
        .encode(y=alt.Y("one:Q"))
    )
    return alt.LayerChart(layer=[band, today, line], height=240, width="container")


def residual_chart(curves: Mapping[str, Mapping[int, Figure]], palette: Palette = LIGHT) -> alt.LayerChart:
    """What hardware still fetches, by age, each kind with its range.

    Args:
        curves: for each kind the share of the price by age [months].
        palette: the colours.
    """
    frame = pd.DataFrame(
        [
            {"kind": kind, "months": months, "share": point.value, "low": point.low, "high": point.high}
            for kind, points in curves.items()
            for months, point in points.items()
        ],
        columns=["kind", "months", "share", "low", "high"],
    )
    kinds = list(curves)
    base = alt.Chart(frame).encode(
        x=alt.X(
            "months:Q",
            title="Months since it was bought",
            scale=alt.Scale(nice=False),
            axis=alt.Axis(values=list(range(0, 73, 12))),
        ),
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=kinds, range=palette.lines[: len(kinds)]),
            legend=alt.Legend(orient="top", columns=2),
        ),
    )
    band = base.mark_area(opacity=0.15).encode(y=alt.Y("low:Q", title="Share of the price"), y2=alt.Y2("high:Q"))
    line = base.mark_line(point=True).encode(
        y=alt.Y("share:Q", axis=alt.Axis(format="%")),
        tooltip=[
            alt.Tooltip("kind:N", title="What"),
            alt.Tooltip("months:Q", title="Months"),
            alt.Tooltip("share:Q", title="Share", format=".0%"),
            alt.Tooltip("low:Q", title="Low", format=".0%"),
            alt.Tooltip("high:Q", title="High", format=".0%"),
        ],
    )
    return alt.LayerChart(layer=[band, line], height=300, width="container")


def electricity_chart(readings: Sequence[ElectricityQuote], palette: Palette = LIGHT) -> alt.LayerChart:
    """The readings of one place's electricity price, each with its range.

    Args:
        readings: of one region and sector.
        palette: the colours.
    """
    frame = pd.DataFrame(
        [
            {
                "day": quote.price.as_of.isoformat(),
                "usd_per_kwh": quote.price.amount,
                "low": quote.low_usd_per_kwh,
                "high": quote.high_usd_per_kwh,
            }
            for quote in sorted(readings, key=lambda quote: quote.price.as_of)
        ],
        columns=["day", "usd_per_kwh", "low", "high"],
    )
    colour = palette.lines[0]
    base = alt.Chart(frame).encode(x=_days(frame, padding=20))
    band = base.mark_rule(color=colour, opacity=0.4, strokeWidth=4).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
    line = base.mark_line(color=colour, point={"color": colour}).encode(
        y=alt.Y("usd_per_kwh:Q", title="USD per kWh", scale=alt.Scale(zero=True)),
        tooltip=[
            alt.Tooltip("day:T", title="Read", format="%d %b %Y"),
            alt.Tooltip("usd_per_kwh:Q", title="USD/kWh", format=".3f"),
            alt.Tooltip("low:Q", title="Low", format=".3f"),
            alt.Tooltip("high:Q", title="High", format=".3f"),
        ],
    )
    return alt.LayerChart(layer=[band, line], height=240, width="container")


def _amount(entry: TokenPrices, field: str) -> float | None:
    price = getattr(entry, field)
    return None if price is None else float(price.amount)


def _spans(history: Sequence[TokenPrices], first: date, last: date) -> list[tuple[date, date]]:
    """Where each price begins and where it ends: the day before which nothing else holds, or the edge of the chart."""
    starts = [entry.input.valid_from or first for entry in history]
    ends = [last if entry.input.valid_to is None else entry.input.valid_to + _DAY for entry in history]
    return list(zip(starts, ends, strict=True))


def _corners(
    rate: str, spans: Sequence[tuple[date, date]], amounts: Sequence[float | None], read: date
) -> list[dict[str, object]]:
    """The corners of one line: each change, the day of the last reading in both parts, the ends, gaps without a price."""
    rows: list[dict[str, object]] = []
    for number, ((start, end), amount) in enumerate(zip(spans, amounts, strict=True)):
        rows.append(_corner(start, rate, amount, READ if start < read else TOLD))
        if start < read <= end:
            # Both parts reach the day, or there would be a hole between them.
            rows += [_corner(read, rate, amount, READ), _corner(read, rate, amount, TOLD)]
        following = spans[number + 1][0] if number + 1 < len(spans) else None
        if following is None or end < following:
            part = READ if end < read else TOLD
            rows.append(_corner(end, rate, amount, part))
            rows += [] if following is None else [_corner(end, rate, None, part)]
    return rows


def _corner(day: date, rate: str, amount: float | None, part: str) -> dict[str, object]:
    return {"day": day.isoformat(), "rate": rate, "usd_per_mtok": amount, "part": part}


def _days(frame: pd.DataFrame, padding: int = 0) -> alt.X:
    """The axis of days, written as months where there are many."""
    span = date.fromisoformat(str(frame["day"].max())) - date.fromisoformat(str(frame["day"].min()))
    form = "%b %Y" if span > _MANY_DAYS else "%d %b %Y"
    return alt.X(
        "day:T",
        title=None,
        scale=alt.Scale(padding=padding),
        axis=alt.Axis(format=form, labelOverlap=True, tickCount=4, grid=False),
    )


def _rule(on: date, palette: Palette) -> list[alt.Chart]:
    """The day of the plan: a line over the whole height, its label above the plot."""
    base = alt.Chart(pd.DataFrame({"day": [on.isoformat()], "label": [f"plan: {on:%d %b %Y}"]})).encode(
        x=alt.X("day:T")
    )
    return [
        base.mark_rule(color=palette.muted, strokeDash=[2, 3]),
        base.mark_text(align="right", baseline="top", dx=-5, color=palette.muted).encode(
            y=y_at(2), text=alt.Text("label:N")
        ),
    ]
