"""Chart of what a token costs over the load, with its steps, as Altair. No Streamlit here."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import pandas as pd

from tco.charts import LIGHT, Palette, baseline_dash, from_zero, option_colour, y_at
from tco.format import volume
from tco.load_curve import LoadCurve

_MONEY = "datum.value < 1 ? format(datum.value, '$.2~g') : format(datum.value, '$~s')"
_LOG = alt.Scale(type="log", nice=False)
_LEAST_SPAN = 4.0
"""Of the axis of costs, from its least to its most: on less of it, roundings of the last digit would be drawn as jumps."""


def curve_frame(curve: LoadCurve) -> pd.DataFrame:
    """Rows of the chart: columns `requests_per_day`, `load`, `replicas`, `option`, `usd_per_mtok`; loads that cannot be served are left out."""
    rows = [
        {
            "requests_per_day": point.requests_per_day,
            "load": point.load_fraction,
            "replicas": point.replicas,
            "option": name,
            "usd_per_mtok": cost,
        }
        for point in curve.points
        # One line where the option is the baseline itself.
        for name, cost in {curve.option: point.usd_per_mtok, curve.baseline: point.baseline_usd_per_mtok}.items()
        if cost is not None
    ]
    return pd.DataFrame(rows, columns=["requests_per_day", "load", "replicas", "option", "usd_per_mtok"])


def cost_over_load(curve: LoadCurve, palette: Palette = LIGHT) -> alt.LayerChart:
    """Cost of a million tokens over the requests of a day, both on logarithmic axes, with today's volume, steps and crossings."""
    names = list(dict.fromkeys([curve.option, curve.baseline]))
    frame = curve_frame(curve)
    lines = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("requests_per_day:Q", title="Requests a day", scale=_LOG, axis=alt.Axis(format="~s", tickCount=6)),
            y=alt.Y(
                "usd_per_mtok:Q",
                title="USD per million tokens",
                scale=_costs(frame["usd_per_mtok"]),
                axis=alt.Axis(labelExpr=_MONEY, tickCount=6),
            ),
            color=option_colour(names, palette),
            strokeDash=baseline_dash(names, curve.baseline),
            tooltip=[
                alt.Tooltip("option:N", title="Option"),
                alt.Tooltip("requests_per_day:Q", title="Requests a day", format=",.0f"),
                alt.Tooltip("load:Q", title="Of what today's fleet carries", format=".0%"),
                alt.Tooltip("replicas:Q", title="Replicas"),
                alt.Tooltip("usd_per_mtok:Q", title="USD per million tokens", format="$,.4g"),
            ],
        )
    )
    layers = [lines, *_today(curve, palette), *_steps(curve, palette), *_crossings(curve, palette)]
    return alt.LayerChart(layer=layers, height=420, width="container")


def _costs(usd_per_mtok: pd.Series[float]) -> alt.Scale:
    least, most = float(usd_per_mtok.min()), float(usd_per_mtok.max())
    if least <= 0:
        return from_zero(most)
    room = math.sqrt(max(1.0, _LEAST_SPAN * least / most))
    return _LOG if room == 1 else alt.Scale(type="log", nice=False, domain=[least / room, most * room])


def _today(curve: LoadCurve, palette: Palette) -> list[alt.Chart]:
    frame = pd.DataFrame({"requests_per_day": [curve.now.requests_per_day], "label": ["today"]})
    base = alt.Chart(frame).encode(x=alt.X("requests_per_day:Q"))
    return [
        base.mark_rule(color=palette.muted, strokeDash=[2, 3]),
        base.mark_text(align="left", baseline="bottom", dx=4, dy=-4, color=palette.muted).encode(
            y=y_at("height"), text=alt.Text("label:N")
        ),
    ]


def _steps(curve: LoadCurve, palette: Palette) -> list[alt.Chart]:
    """Above each step the replicas that stand beyond it."""
    rows = [
        {
            "requests_per_day": step.requests_per_day,
            "usd_per_mtok": step.after.usd_per_mtok,
            "label": step.after.replicas,
        }
        for step in curve.steps
        if step.after.usd_per_mtok is not None
    ]
    if not rows or len(rows) > _MOST_LABELS:
        return []
    return [_placed(rows).mark_text(baseline="bottom", dy=-5, color=palette.muted).encode(text=alt.Text("label:Q"))]


_MOST_LABELS = 12
"""More numbers of replicas than these would run into each other."""


def _crossings(curve: LoadCurve, palette: Palette) -> list[alt.Chart]:
    rows: list[dict[str, Any]] = [
        {
            "requests_per_day": each.requests_per_day,
            "usd_per_mtok": each.usd_per_mtok,
            "label": f"{each.becomes} from {volume(each.requests_per_day)} a day",
        }
        for each in curve.crossings
        if each.usd_per_mtok > 0
    ]
    if not rows:
        return []
    drawn = [_placed(rows).mark_point(size=110, filled=True, color=palette.ink, opacity=1)]
    # Words stand on the side that has room for them.
    ends = curve.points[0].requests_per_day, curve.points[-1].requests_per_day
    middle = math.sqrt(max(ends[0], 1e-9) * ends[1])
    left = [row for row in rows if row["requests_per_day"] <= middle]
    right = [row for row in rows if row["requests_per_day"] > middle]
    if left:
        drawn.append(_named(left, palette, align="left", dx=8, baseline="bottom", dy=-6))
    if right:
        drawn.append(_named(right, palette, align="right", dx=-8, baseline="top", dy=7))
    return drawn


def _named(rows: list[dict[str, Any]], palette: Palette, **place: Any) -> alt.Chart:
    words = _placed(rows).mark_text(color=palette.ink, fontWeight="bold", **place)
    named: alt.Chart = words.encode(text=alt.Text("label:N"))
    return named


def _placed(rows: list[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(pd.DataFrame(rows)).encode(x=alt.X("requests_per_day:Q"), y=alt.Y("usd_per_mtok:Q"))
