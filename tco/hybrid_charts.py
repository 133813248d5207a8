"""Chart of a hybrid: what it costs by the number of replicas, and what they carry, as Altair. No Streamlit here."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tco.charts import DOLLARS, LIGHT, Palette
from tco.hybrid_records import HybridAnswer
from tco.number_style import local


def hybrid_frame(made: HybridAnswer) -> pd.DataFrame:
    """The curve: columns `replicas`, `cost_npv_usd`, `total_usd`, `base_fraction`."""
    rows = [
        {
            "replicas": point.replicas,
            "cost_npv_usd": point.cost_npv_usd,
            "total_usd": point.total_usd,
            "base_fraction": point.base_requests_fraction,
        }
        for point in made.curve
    ]
    return pd.DataFrame(rows, columns=["replicas", "cost_npv_usd", "total_usd", "base_fraction"])


def cost_over_replicas(made: HybridAnswer, palette: Palette = LIGHT) -> alt.LayerChart:
    """Present value of all costs over the number of replicas, its lowest point marked, and behind it the share of the requests that they carry.

    Args:
        made: of a hybrid that can serve.
        palette: colours.
    """
    frame = hybrid_frame(made)
    x = alt.X("replicas:Q", title=f"Replicas of {made.base} that serve", axis=alt.Axis(tickMinStep=1, format="~s"))
    tooltip = [
        alt.Tooltip("replicas:Q", title="Replicas", format=","),
        alt.Tooltip("cost_npv_usd:Q", title="Present value of costs", format="$,.0f"),
        alt.Tooltip("base_fraction:Q", title=f"Carried by {made.base}", format=".1%"),
    ]
    base = alt.Chart(frame).encode(x=x, tooltip=tooltip)
    carried = base.mark_area(opacity=0.18, color=palette.lines[1]).encode(
        y=alt.Y(
            "base_fraction:Q", title=f"Carried by {made.base}", axis=alt.Axis(format=".0%", orient="right", grid=False)
        )
    )
    y = alt.Y(
        "cost_npv_usd:Q",
        title="Present value of costs (USD)",
        axis=alt.Axis(labelExpr=DOLLARS),
        scale=alt.Scale(zero=False),
    )
    best = frame.loc[[frame["cost_npv_usd"].idxmin()]]
    best = best.assign(label=[f"lowest at {local(count):,}" for count in best["replicas"]])
    lowest = alt.Chart(best).encode(x=x, y=y)
    cost = alt.layer(
        base.mark_line(point=True, strokeWidth=2.5, color=palette.lines[0]).encode(y=y),
        lowest.mark_point(size=120, filled=True, color=palette.ink, opacity=1),
        lowest.mark_text(baseline="bottom", dy=-10, color=palette.ink, fontWeight="bold").encode(
            text=alt.Text("label:N")
        ),
    )
    chart: alt.LayerChart = alt.LayerChart(layer=[carried, cost], height=320, width="container")
    drawn: alt.LayerChart = chart.resolve_scale(y="independent")
    return drawn
