"""Charts of the traffic, as Altair: the week, the months, the lengths, what can wait. No Streamlit here."""

from __future__ import annotations

import math

import altair as alt
import numpy as np
import pandas as pd

from tco.charts import LIGHT, Palette, from_zero, whole_months
from tco.workload.asked import Workload
from tco.workload.demand import HOURS_PER_DAY, SECONDS_PER_DAY, Demand

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HEIGHT = 330
_POINTS = 160
_MOST_LENGTHS = 5.0
"""Lengths are drawn up to so many standard deviations of their logarithm."""


def week_frame(workload: Workload, month: int = 0) -> pd.DataFrame:
    """What comes in each hour of the week: columns `day`, `hour`, `requests_per_s`, `over_mean`.

    Args:
        workload: the traffic.
        month: of the horizon, 0 is the first.
    """
    growth = (1 + workload.growth_per_month_fraction.value) ** month
    mean = workload.requests_per_day.value * growth / SECONDS_PER_DAY
    rows = [
        {
            "day": DAYS[hour // HOURS_PER_DAY],
            "hour": hour % HOURS_PER_DAY,
            "requests_per_s": mean * weight,
            "over_mean": weight,
        }
        for hour, weight in enumerate(workload.weights.values)
    ]
    return pd.DataFrame(rows)


def week_chart(workload: Workload, palette: Palette = LIGHT, month: int = 0) -> alt.LayerChart:
    """The week as a heat map, Monday on top.

    Args:
        workload: the traffic.
        palette: colours.
        month: of the horizon, 0 is the first.
    """
    frame = week_frame(workload, month)
    # From the page's own ground to the first colour, so that it reads on dark pages too.
    ground = "#e8efed" if palette is LIGHT else "#1d2a27"
    most = float(frame["requests_per_s"].max()) or 1.0
    drawn = (
        alt.Chart(frame)
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X("hour:O", title="Hour of the day", axis=alt.Axis(labelAngle=0, values=list(range(0, 24, 3)))),
            y=alt.Y("day:O", title=None, sort=list(DAYS)),
            color=alt.Color(
                "requests_per_s:Q",
                title="Requests/s",
                scale=alt.Scale(range=[ground, palette.lines[0]], domain=[0, most]),
                legend=alt.Legend(orient="top", gradientLength=180, format="~s"),
            ),
            tooltip=[
                alt.Tooltip("day:O", title="Day"),
                alt.Tooltip("hour:O", title="From hour"),
                alt.Tooltip("requests_per_s:Q", title="Requests/s", format=",.3~g"),
                alt.Tooltip("over_mean:Q", title="Over the mean hour", format=".2f"),
            ],
        )
    )
    return alt.LayerChart(layer=[drawn], height=HEIGHT, width="container")


def growth_frame(asked: Demand) -> pd.DataFrame:
    """Requests a day and the rate to cover, by month: columns `month`, `requests_per_day`, `peak_requests_per_s`."""
    mean = asked.mean_requests_per_s
    return pd.DataFrame(
        {
            "month": np.arange(1, mean.size + 1),
            "requests_per_day": mean * SECONDS_PER_DAY,
            "peak_requests_per_s": asked.peak_requests_per_s,
        }
    )


def growth_chart(asked: Demand, palette: Palette = LIGHT) -> alt.LayerChart:
    """Requests a day over the months of the plan.

    Args:
        asked: the demand by month, of one scenario.
        palette: colours.
    """
    frame = growth_frame(asked)
    # Of one month there is neither line nor area.
    drawn = (
        alt.Chart(frame)
        .mark_area(
            line={"color": palette.lines[0], "strokeWidth": 2.5},
            point=len(frame) == 1,
            color=palette.lines[0],
            fillOpacity=0.15,
        )
        .encode(
            x=alt.X("month:Q", title="Month", scale=alt.Scale(nice=False), axis=whole_months()),
            y=alt.Y(
                "requests_per_day:Q",
                title="Requests a day",
                axis=alt.Axis(format="~s"),
                scale=from_zero(frame["requests_per_day"].max()),
            ),
            tooltip=[
                alt.Tooltip("month:Q", title="Month"),
                alt.Tooltip("requests_per_day:Q", title="Requests a day", format=",.0f"),
                alt.Tooltip("peak_requests_per_s:Q", title="To be covered, requests/s", format=",.3~g"),
            ],
        )
    )
    return alt.LayerChart(layer=[drawn], height=HEIGHT, width="container")


def length_frame(workload: Workload) -> pd.DataFrame:
    """How the lengths vary: columns `tokens`, `of`, `density`; empty where nothing varies.

    The density is that of the logarithm, so that equal areas under the curves over a logarithmic axis are equal shares of the requests.
    """
    spread = workload.lengths
    if spread is None or spread.spread_fraction <= 0 or workload.classes:
        return pd.DataFrame(columns=["tokens", "of", "density"])
    sigma = math.sqrt(math.log1p(spread.spread_fraction**2))
    at = np.linspace(-_MOST_LENGTHS / 1.5, _MOST_LENGTHS / 1.5, _POINTS)
    density = np.exp(-(at**2) / 2) / (sigma * math.sqrt(2 * math.pi))
    parts = []
    for name, mean in (("prompts", workload.mean_input_tokens), ("answers", workload.mean_output_tokens)):
        tokens = np.exp(math.log(mean) - sigma**2 / 2 + sigma * at)
        parts.append(pd.DataFrame({"tokens": tokens, "of": name, "density": density}))
    return pd.concat(parts, ignore_index=True)


def length_chart(workload: Workload, palette: Palette = LIGHT) -> alt.LayerChart:
    """How long prompts and answers are.

    Args:
        workload: of lengths that vary.
        palette: colours.
    """
    drawn = (
        alt.Chart(length_frame(workload))
        .mark_area(fillOpacity=0.18, line={"strokeWidth": 2.5}, interpolate="monotone")
        .encode(
            x=alt.X("tokens:Q", title="Tokens", scale=alt.Scale(type="log", nice=False), axis=alt.Axis(format="~s")),
            y=alt.Y(
                "density:Q",
                title="Share of requests",
                stack=None,
                axis=alt.Axis(labels=False, ticks=False, grid=False),
            ),
            color=alt.Color(
                "of:N",
                title=None,
                scale=alt.Scale(domain=["prompts", "answers"], range=palette.lines[:2]),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[alt.Tooltip("of:N", title="Of"), alt.Tooltip("tokens:Q", title="Tokens", format=",.0f")],
        )
    )
    return alt.LayerChart(layer=[drawn], height=HEIGHT, width="container")


def waiting_frame(workload: Workload, asked: Demand) -> pd.DataFrame:
    """What comes and what is served hour by hour of the first month: columns `hour`, `when`, `of`, `requests_per_s`."""
    mean = float(asked.mean_requests_per_s[..., 0])
    parts = (("comes", np.asarray(workload.weights.values)), ("is served", asked.hour_weights))
    rows = [
        {
            "hour": hour,
            "when": f"{DAYS[hour // HOURS_PER_DAY]} {hour % HOURS_PER_DAY:02d}:00",
            "of": name,
            "requests_per_s": mean * float(weight),
        }
        for name, weights in parts
        for hour, weight in enumerate(weights)
    ]
    return pd.DataFrame(rows)


def waiting_chart(workload: Workload, asked: Demand, palette: Palette = LIGHT) -> alt.LayerChart:
    """What comes hour by hour, and what is served once all that can wait has been moved into quiet hours.

    Args:
        workload: the traffic.
        asked: the demand of it.
        palette: colours.
    """
    drawn = (
        alt.Chart(waiting_frame(workload, asked))
        .mark_line(strokeWidth=2, interpolate="step-after")
        .encode(
            x=week_axis(),
            y=alt.Y("requests_per_s:Q", title="Requests/s", axis=alt.Axis(format="~s")),
            color=alt.Color(
                "of:N",
                title=None,
                scale=alt.Scale(domain=["comes", "is served"], range=[palette.lines[1], palette.lines[0]]),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[
                alt.Tooltip("when:N", title="Hour"),
                alt.Tooltip("of:N", title="What"),
                alt.Tooltip("requests_per_s:Q", title="Requests/s", format=",.3~g"),
            ],
        )
    )
    return alt.LayerChart(layer=[drawn], height=HEIGHT, width="container")


def week_axis() -> alt.X:
    """The hours of the week, with the names of the days at their noon."""
    noons = [HOURS_PER_DAY * day + HOURS_PER_DAY // 2 for day in range(len(DAYS))]
    names = "['" + "','".join(DAYS) + "'][floor(datum.value / 24)]"
    return alt.X(
        "hour:Q",
        title="Hour of the week",
        scale=alt.Scale(domain=[0, HOURS_PER_DAY * len(DAYS)], nice=False),
        axis=alt.Axis(values=noons, labelExpr=names, ticks=False, grid=False),
    )
