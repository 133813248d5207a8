"""The decision's chart, as Altair: cumulative costs, the crossing, and where it lies in nine runs of ten. No Streamlit here."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tco.charts import LIGHT, Palette, cumulative_cost, layers_of
from tco.result import Result

BandMonths = tuple[float, float | None]
"""Months by which the luckiest and the unluckiest twentieth of the runs have paid back; None: never."""


def decision_chart(
    result: Result, band_months: BandMonths | None, palette: Palette = LIGHT, *, height: int = 340
) -> alt.LayerChart:
    """Cumulative cost of every option, the month of the payback, and a band for the months in which nine runs of ten have it.

    Args:
        result: the answer.
        band_months: ends of the band; None: there is none to draw.
        palette: colours.
        height: of the plot [pixels].
    """
    chart = cumulative_cost(result, palette)
    layers = layers_of(chart)
    if band_months is not None:
        low, high = band_months
        end = float(result.conventions.horizon_months)
        frame = pd.DataFrame({"month": [low], "until": [end if high is None else min(high, end)]})
        layers.append(
            alt.Chart(frame)
            .mark_rect(color=palette.muted, opacity=0.14)
            .encode(
                x=alt.X("month:Q"),
                x2=alt.X2("until:Q"),
                tooltip=[
                    alt.Tooltip("month:Q", title="Nine runs in ten pay back from month", format=".1f"),
                    alt.Tooltip("until:Q", title="to month", format=".1f"),
                ],
            )
        )
    return alt.LayerChart(layer=layers, height=height, width="container")
