"""Drawing a chart: as it was built, for tests check the form of every chart, and Altair's own check takes longer than to draw it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import streamlit as st

from tco.charts import in_notation

if TYPE_CHECKING:
    from altair import Chart, LayerChart


def draw(chart: Chart | LayerChart, *, alt: str, **more: Any) -> None:
    """Draws a chart.

    Args:
        chart: from one of the `tco.*_charts`.
        alt: what it shows, for those who hear the page.
        more: passed on to `st.altair_chart`.
    """
    st.altair_chart(cast("Chart", _Unchecked(chart)), alt=alt, **more)


class _Unchecked:
    """A chart whose Vega-Lite is not held against the schema once more: all that Streamlit asks of a chart is this method."""

    def __init__(self, chart: Chart | LayerChart) -> None:
        self._chart = chart

    def to_dict(self) -> dict[str, Any]:
        return in_notation(self._chart.to_dict(validate=False))
