"""Charts of a result, as Altair: the same picture on a page, in a report and in a file. No Streamlit here."""

from __future__ import annotations

import importlib.util
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import altair as alt
import pandas as pd

from probes.run import Run
from tco.errors import InputError
from tco.result import Result


class Palette(NamedTuple):
    """Colours of a chart: of a point that matters, of its label, and of the lines."""

    ink: str
    muted: str
    lines: list[str]


LIGHT = Palette("#16201d", "#6b7280", ["#0f6b5c", "#c2571a", "#3b5ba5", "#8a4f9e", "#7a6a2f", "#6b7280"])
DARK = Palette("#e6edea", "#9aa4ae", ["#4fc3ac", "#f0935a", "#8aa6ec", "#c792dc", "#cbb866", "#9aa4ae"])
"""On a dark page."""

_DOLLARS = "datum.value == 0 ? '$0' : format(datum.value, '$~s')"


def cumulative_frame(result: Result) -> pd.DataFrame:
    """Cumulative cost of every feasible option by month [USD]: columns `month`, `option`, `cost_usd`."""
    rows = []
    for option in result.options:
        if not option.feasible:
            continue
        upfront = [sum(items) for items in zip(*option.investments.values(), strict=True)] + [0.0]
        at_time = [a + b for a, b in zip(upfront, [0.0, *option.monthly_usd], strict=True)]
        rows += [
            {"month": month, "option": option.name, "cost_usd": cost} for month, cost in enumerate(accumulate(at_time))
        ]
    return pd.DataFrame(rows, columns=["month", "option", "cost_usd"])


def crossing(result: Result) -> tuple[float, float] | None:
    """Month and cumulative cost [USD] where the contender has paid back against the baseline; None where it never does."""
    if result.contender is None:
        return None
    month = result.option(result.contender).payback_months
    if not month:
        return None
    frame = cumulative_frame(result)
    costs = frame[frame["option"] == result.baseline].set_index("month")["cost_usd"]
    before = int(month)
    after = min(before + 1, int(costs.index.max()))
    return month, float(costs[before] + (month - before) * (costs[after] - costs[before]))


def cumulative_cost(result: Result, palette: Palette = LIGHT) -> alt.LayerChart:
    """Cumulative cost of every option, with the month at which the contender has paid back."""
    frame = cumulative_frame(result)
    names = [option.name for option in result.options if option.feasible]
    lines = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X(
                "month:Q", title="Month", scale=alt.Scale(domain=[0, result.conventions.horizon_months], nice=False)
            ),
            y=alt.Y("cost_usd:Q", title="Cumulative cost (USD)", axis=alt.Axis(labelExpr=_DOLLARS, grid=True)),
            color=alt.Color(
                "option:N",
                title=None,
                scale=alt.Scale(domain=names, range=palette.lines[: len(names)]),
                legend=alt.Legend(orient="top", columns=2, labelLimit=220),
            ),
            strokeDash=alt.StrokeDash(
                "option:N",
                legend=None,
                scale=alt.Scale(domain=names, range=[[6, 4] if n == result.baseline else [1, 0] for n in names]),
            ),
            tooltip=[
                alt.Tooltip("option:N", title="Option"),
                alt.Tooltip("month:Q", title="Month"),
                alt.Tooltip("cost_usd:Q", title="Cumulative cost", format="$,.0f"),
            ],
        )
    )
    layers: list[alt.Chart] = [lines]
    point = crossing(result)
    if point is not None:
        layers += _crossing_layers(*point, palette, late=point[0] > result.conventions.horizon_months / 2)
    return alt.LayerChart(layer=layers, height=420, width="container")


def _crossing_layers(month: float, cost_usd: float, palette: Palette, *, late: bool) -> list[alt.Chart]:
    """The point, a line up from it, and its label above the plot, where no curve runs."""
    frame = pd.DataFrame({"month": [month], "cost_usd": [cost_usd], "label": [f"paid back: month {month:.1f}"]})
    base = alt.Chart(frame).encode(x="month:Q")
    return [
        base.mark_rule(color=palette.muted, strokeDash=[2, 3]).encode(y="cost_usd:Q", y2=alt.value(0)),
        base.mark_point(size=110, filled=True, color=palette.ink, opacity=1).encode(y="cost_usd:Q"),
        base.mark_text(
            align="right" if late else "left", baseline="bottom", dy=-5, color=palette.ink, fontWeight="bold"
        ).encode(y=alt.value(0), text="label:N"),
    ]


def run_frame(run: Run) -> pd.DataFrame:
    """A run's cells as a table: load, achieved rate, throughput with its interval, latency percentiles."""
    rows = [
        {
            "load": cell.concurrency if cell.concurrency is not None else cell.request_rate_per_s,
            "requests_per_s": cell.requests_per_s.mean,
            "output_tokens_per_s": cell.output_tokens_per_s.mean,
            "low": cell.output_tokens_per_s.low,
            "high": cell.output_tokens_per_s.high,
            "ttft_p50_ms": cell.ttft_ms.p50,
            "ttft_p95_ms": cell.ttft_ms.p95,
            "tpot_p50_ms": cell.tpot_ms.p50,
            "tpot_p95_ms": cell.tpot_ms.p95,
            "e2e_p50_ms": cell.e2e_ms.p50,
        }
        for cell in run.usable_cells
    ]
    columns = [
        "load",
        "requests_per_s",
        "output_tokens_per_s",
        "low",
        "high",
        "ttft_p50_ms",
        "ttft_p95_ms",
        "tpot_p50_ms",
        "tpot_p95_ms",
        "e2e_p50_ms",
    ]
    return pd.DataFrame(rows, columns=columns)


def throughput_curve(run: Run, palette: Palette = LIGHT) -> alt.LayerChart:
    """Output tokens per second with their 95 % interval against the load that was offered."""
    base = alt.Chart(run_frame(run)).encode(x=_load_axis(run))
    colour = palette.lines[0]
    band = base.mark_area(opacity=0.2, color=colour).encode(y=alt.Y("low:Q", title="Output tokens/s"), y2="high:Q")
    line = base.mark_line(point={"color": colour}, color=colour).encode(
        y=alt.Y("output_tokens_per_s:Q", title="Output tokens/s"),
        tooltip=[
            alt.Tooltip("load:Q", title="Load"),
            alt.Tooltip("output_tokens_per_s:Q", title="Output tokens/s", format=",.1f"),
            alt.Tooltip("requests_per_s:Q", title="Requests/s", format=".3f"),
        ],
    )
    return alt.LayerChart(layer=[band, line], height=300, width="container")


def latency_curve(run: Run, palette: Palette = LIGHT) -> alt.Chart:
    """Time to first token and per output token, median and 95th percentile [ms], against the load that was offered."""
    wide = run_frame(run).rename(columns=_LATENCY_NAMES)
    latencies = wide.melt("load", list(_LATENCY_NAMES.values()), "metric", "latency_ms").dropna()
    names = list(_LATENCY_NAMES.values())
    chart: alt.Chart = alt.Chart(latencies, height=300, width="container").mark_line(point=True)
    return chart.encode(
        x=_load_axis(run),
        y=alt.Y(
            "latency_ms:Q", title="Latency (ms)", scale=alt.Scale(type="log"), axis=alt.Axis(tickCount=5, format="~s")
        ),
        color=alt.Color(
            "metric:N",
            title=None,
            legend=alt.Legend(orient="top", columns=2),
            scale=alt.Scale(domain=names, range=palette.lines[: len(names)]),
        ),
        tooltip=[
            alt.Tooltip("metric:N", title="Latency"),
            alt.Tooltip("load:Q", title="Load"),
            alt.Tooltip("latency_ms:Q", title="ms", format=",.1f"),
        ],
    )


_LATENCY_NAMES = {
    "ttft_p50_ms": "first token, median",
    "ttft_p95_ms": "first token, p95",
    "tpot_p50_ms": "per token, median",
    "tpot_p95_ms": "per token, p95",
}


def _load_axis(run: Run) -> alt.X:
    closed = any(cell.concurrency is not None for cell in run.cells)
    title = "Concurrent requests" if closed else "Requests per second offered"
    return alt.X(
        "load:Q",
        title=title,
        scale=alt.Scale(type="log", base=2 if closed else 10, nice=False),
        axis=alt.Axis(values=run_frame(run)["load"].tolist(), format="~g"),
    )


def save_chart(chart: alt.LayerChart, path: Path) -> None:
    """Writes a chart to a file: `.svg` and `.png` need the `[report]` extra, `.json` is the Vega-Lite text.

    Raises:
        InputError: another ending, the extra is missing, or the file cannot be written.
    """
    if path.suffix not in {".svg", ".png", ".json"}:
        raise InputError(f"--chart {path}: end the name with .svg, .png or .json")
    if path.suffix != ".json" and importlib.util.find_spec("vl_convert") is None:
        raise InputError(
            f"--chart {path}: drawing needs one more package; run `pip install 'tco-llm[report]'`, or end the name with .json"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        chart.properties(width=760, background="white").save(str(path), scale_factor=2 if path.suffix == ".png" else 1)
    except OSError as error:
        raise InputError(f"--chart {path}: cannot be written ({error.strerror})") from None
