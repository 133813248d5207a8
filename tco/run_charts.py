"""Charts of a run, as Altair: throughput and latency against load, and the share of requests that kept a promise."""

from __future__ import annotations

import altair as alt
import pandas as pd

from probes.cell import Cell
from probes.record import Percentiles
from probes.run import Run
from tco.charts import LIGHT, Palette, x_at
from tco.run_words import promise_text

HEIGHT = 300
_BAR = 4
"""Width of an interval's bar at each load: the band of a single load would have no width."""
_LATENCIES = {"first token": "ttft_ms", "per token": "tpot_ms"}
_LATENCY_NAMES = [f"{name}, {percentile}" for name in _LATENCIES for percentile in ("median", "p95")]


def run_frame(run: Run) -> pd.DataFrame:
    """A run's load curve as a table: columns `load`, `requests_per_s`, `output_tokens_per_s`, and its interval `low`, `high`."""
    rows = [
        {
            "load": _load(cell),
            "requests_per_s": cell.requests_per_s.mean,
            "output_tokens_per_s": cell.output_tokens_per_s.mean,
            "low": cell.output_tokens_per_s.low,
            "high": cell.output_tokens_per_s.high,
        }
        for cell in run.usable_cells
    ]
    return pd.DataFrame(rows, columns=["load", "requests_per_s", "output_tokens_per_s", "low", "high"])


def throughput_curve(run: Run, palette: Palette = LIGHT) -> alt.LayerChart:
    """Output tokens per second with their 95 % interval against the load that was offered."""
    base = alt.Chart(run_frame(run)).encode(x=_load_axis(run))
    colour = palette.lines[0]
    low = alt.Y("low:Q", title="Output tokens/s")
    band = base.mark_area(opacity=0.2, color=colour).encode(y=low, y2=alt.Y2("high:Q"))
    bar = base.mark_rule(strokeWidth=_BAR, opacity=0.3, color=colour).encode(y=low, y2=alt.Y2("high:Q"))
    line = base.mark_line(point={"color": colour}, color=colour).encode(
        y=alt.Y("output_tokens_per_s:Q", title="Output tokens/s"),
        tooltip=[
            alt.Tooltip("load:Q", title="Load"),
            alt.Tooltip("output_tokens_per_s:Q", title="Output tokens/s", format=",.1f"),
            alt.Tooltip("low:Q", title="low", format=",.1f"),
            alt.Tooltip("high:Q", title="high", format=",.1f"),
            alt.Tooltip("requests_per_s:Q", title="Requests/s", format=".3f"),
        ],
    )
    # A layer without marks is an image without a name to those who hear the page.
    bounded = [band, bar] if run_frame(run)["low"].notna().any() else []
    return alt.LayerChart(layer=[*bounded, line], height=HEIGHT, width="container")


def latency_frame(run: Run) -> pd.DataFrame:
    """Latencies of the load curve [ms], one percentile of one load a row; `low` and `high` bound those that have bounds.

    What is not known, and 0, which a logarithmic axis has no place for, is left out.
    """
    rows = [row for cell in run.usable_cells for row in _latencies(cell)]
    return pd.DataFrame(rows, columns=["load", "metric", "latency_ms", "low", "high"])


def _latencies(cell: Cell) -> list[dict[str, float | str | None]]:
    rows: list[dict[str, float | str | None]] = []
    for name, field in _LATENCIES.items():
        known: Percentiles = getattr(cell, field)
        bounds = known.bounds.get("p95")
        bounded = None if bounds is None or not bounds.low else bounds
        for percentile, value in (("median", known.p50), ("p95", known.p95)):
            if not value:
                continue
            has = bounded if percentile == "p95" else None
            rows.append(
                {
                    "load": _load(cell),
                    "metric": f"{name}, {percentile}",
                    "latency_ms": value,
                    "low": None if has is None else has.low,
                    "high": None if has is None else has.high,
                }
            )
    return rows


def latency_curve(run: Run, palette: Palette = LIGHT) -> alt.LayerChart:
    """Time to first token and per output token, median and 95th percentile [ms], against the load; p95 with its 95 % bounds where known."""
    base = alt.Chart(latency_frame(run)).encode(
        x=_load_axis(run),
        color=alt.Color(
            "metric:N",
            title=None,
            # The legend of layers takes the opacity of the first, which is a pale band.
            legend=alt.Legend(orient="top", columns=2, symbolOpacity=1, symbolType="circle"),
            scale=alt.Scale(domain=_LATENCY_NAMES, range=palette.lines[: len(_LATENCY_NAMES)]),
        ),
    )
    scale = alt.Scale(type="log", nice=False, padding=8)
    known = base.transform_filter("datum.low != null && datum.high != null")
    low = alt.Y("low:Q", scale=scale, title="Latency (ms)")
    layers = [
        # Unfiltered, so that the band breaks off at a load whose bounds are not known.
        base.mark_area(opacity=0.15, invalid="break-paths-filter-domains").encode(y=low, y2=alt.Y2("high:Q")),
        known.mark_rule(strokeWidth=_BAR, opacity=0.3).encode(y=low, y2=alt.Y2("high:Q")),
        base.mark_line(point=True).encode(
            y=alt.Y("latency_ms:Q", title="Latency (ms)", scale=scale, axis=alt.Axis(tickCount=5, format="~s")),
            tooltip=[
                alt.Tooltip("metric:N", title="Latency"),
                alt.Tooltip("load:Q", title="Load"),
                alt.Tooltip("latency_ms:Q", title="ms", format=",.1f"),
                alt.Tooltip("low:Q", title="low", format=",.1f"),
                alt.Tooltip("high:Q", title="high", format=",.1f"),
            ],
        ),
    ]
    bounded = latency_frame(run)["low"].notna().any()
    return alt.LayerChart(layer=layers if bounded else layers[2:], height=HEIGHT, width="container")


def attainment_frame(run: Run) -> pd.DataFrame:
    """Share of requests that kept the promise at each rate that was tried, with its 95 % interval; usable load points only."""
    rows = [
        {
            "rate": cell.request_rate_per_s,
            "kept": cell.attainment.kept_fraction,
            "low": cell.attainment.low,
            "high": cell.attainment.high,
            "requests": cell.attainment.requests,
            "promise": promise_text(cell.attainment.limits_ms),
        }
        for cell in run.usable_of("goodput")
        if cell.attainment is not None and cell.request_rate_per_s is not None
    ]
    return pd.DataFrame(rows, columns=["rate", "kept", "low", "high", "requests", "promise"]).sort_values("rate")


def attainment_chart(run: Run, palette: Palette = LIGHT) -> alt.LayerChart:
    """Share of requests that kept the promise against the rate that was offered, and the share that was promised.

    Args:
        run: with at least one usable load point of the search.
        palette: colours.
    """
    frame = attainment_frame(run)
    promises = frame["promise"].unique().tolist()
    colour = alt.Color(
        "promise:N",
        title=None,
        scale=alt.Scale(domain=promises, range=palette.lines[: len(promises)]),
        legend=alt.Legend(orient="top") if len(promises) > 1 else None,
    )
    base = alt.Chart(frame).encode(
        x=alt.X(
            "rate:Q",
            title="Requests/s offered, at random times",
            scale=alt.Scale(zero=False, padding=20),
            axis=alt.Axis(labelFlush=True),
        ),
        color=colour,
    )
    percent = alt.Axis(format=".0%", tickCount=5)
    title = "Requests that kept the promise"
    bar = base.mark_rule(strokeWidth=3, opacity=0.5).encode(
        y=alt.Y("low:Q", title=title, axis=percent, scale=alt.Scale(zero=False, nice=True)), y2=alt.Y2("high:Q")
    )
    point = base.mark_point(filled=True, size=70, opacity=1).encode(
        y=alt.Y("kept:Q", title=title),
        tooltip=[
            alt.Tooltip("rate:Q", title="Requests/s offered", format=".3~f"),
            alt.Tooltip("kept:Q", title="Kept", format=".1%"),
            alt.Tooltip("low:Q", title="low", format=".1%"),
            alt.Tooltip("high:Q", title="high", format=".1%"),
            alt.Tooltip("requests:Q", title="Requests"),
            alt.Tooltip("promise:N", title="Promise"),
        ],
    )
    return alt.LayerChart(layer=[*_target_layers(run, palette), bar, point], height=HEIGHT, width="container")


def _target_layers(run: Run, palette: Palette) -> list[alt.Chart]:
    targets = sorted({found.target_fraction for found in run.goodput})
    if not targets:
        return []
    frame = pd.DataFrame({"target": targets, "label": [f"promised: {target:.0%}" for target in targets]})
    base = alt.Chart(frame).encode(y=alt.Y("target:Q", title="Requests that kept the promise"))
    return [
        base.mark_rule(color=palette.muted, strokeDash=[5, 4]),
        base.mark_text(align="left", baseline="top", dx=4, dy=6, color=palette.muted).encode(
            x=x_at(0), text=alt.Text("label:N")
        ),
    ]


def _load(cell: Cell) -> float | None:
    return cell.concurrency if cell.concurrency is not None else cell.request_rate_per_s


def _load_axis(run: Run) -> alt.X:
    closed = any(cell.concurrency is not None for cell in run.usable_cells)
    return alt.X(
        "load:Q",
        title="Concurrent requests" if closed else "Requests per second offered",
        scale=alt.Scale(type="log", base=2 if closed else 10, nice=False),
        axis=alt.Axis(values=run_frame(run)["load"].tolist(), format="~g"),
    )
