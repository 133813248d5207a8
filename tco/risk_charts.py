"""Charts of a Monte Carlo simulation, as Altair: when runs have paid back, and what they are worth. No Streamlit here."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tco.charts import LIGHT, Palette
from tco.risk.records import Risk


def paid_back_frame(risk: Risk) -> pd.DataFrame:
    """Share of the runs that have paid back by each month: columns `month`, `option`, `share_fraction`."""
    rows = [
        {"month": month, "option": option.name, "share_fraction": fraction}
        for option in risk.options
        for month, fraction in enumerate(option.paid_back_by_month)
    ]
    return pd.DataFrame(rows, columns=["month", "option", "share_fraction"])


def paid_back_chart(risk: Risk, palette: Palette = LIGHT) -> alt.LayerChart:
    """Share of the runs that have paid back by each month, an option a line; the rule is at nine runs in ten."""
    names = [option.name for option in risk.options if option.paid_back_by_month]
    lines = (
        alt.Chart(paid_back_frame(risk))
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("month:Q", title="Month", scale=alt.Scale(domain=[0, risk.horizon_months], nice=False)),
            y=alt.Y(
                "share_fraction:Q",
                title="Runs that have paid back",
                axis=alt.Axis(format="%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            color=alt.Color(
                "option:N",
                title=None,
                scale=alt.Scale(domain=names, range=palette.lines[: len(names)]),
                legend=alt.Legend(orient="top", columns=2, labelLimit=220),
            ),
            tooltip=[
                alt.Tooltip("option:N", title="Option"),
                alt.Tooltip("month:Q", title="Month"),
                alt.Tooltip("share_fraction:Q", title="Runs that have paid back", format=".1%"),
            ],
        )
    )
    rule = alt.Chart(pd.DataFrame({"at": [0.9]})).mark_rule(color=palette.muted, strokeDash=[2, 3]).encode(y="at:Q")
    label = (
        alt.Chart(pd.DataFrame({"at": [0.9], "label": ["9 in 10 runs"]}))
        .mark_text(align="left", baseline="bottom", dx=4, dy=-3, color=palette.muted)
        .encode(x=alt.value(0), y="at:Q", text="label:N")
    )
    return alt.LayerChart(layer=[lines, rule, label], height=360, width="container")
