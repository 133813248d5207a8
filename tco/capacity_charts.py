"""Charts of a fleet, as Altair: where the promise stops it on its run's curve, replicas by hour and by month, memory. No Streamlit here."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from probes.run import Run
from tco.capacity.memory.waterfall import Waterfall
from tco.charts import LIGHT, Palette, from_zero, layers_of, whole_months, x_at
from tco.format import milliseconds
from tco.number_style import local
from tco.result import Capacity
from tco.run_charts import latency_curve, run_frame, throughput_curve
from tco.workload.demand import HOURS_PER_DAY
from tco.workload_charts import DAYS, week_axis

HEIGHT = 310
_LIMITED = {"ttft": "first token", "tpot": "per token"}


def chosen_load(run: Run, requests_per_s: float) -> tuple[float, float] | None:
    """Where on a run's curve it carries so much: the load, and output tokens per second there; None off the curve.

    Between two load points both are interpolated on a straight line, for the picture only: the capacity itself is read by `tco.capacity.curve`.

    Args:
        run: the run.
        requests_per_s: what is carried [requests/s].
    """
    frame = run_frame(run).sort_values("load")
    rates, loads = frame["requests_per_s"].to_numpy(), frame["load"].to_numpy(dtype=float)
    if rates.size == 0 or not rates[0] <= requests_per_s * (1 + 1e-9) <= rates.max() * (1 + 2e-9):
        return None
    rising = np.maximum.accumulate(rates)
    load = float(np.interp(requests_per_s, rising, loads))
    return load, float(np.interp(load, loads, frame["output_tokens_per_s"].to_numpy(dtype=float)))


def throughput_with_point(run: Run, requests_per_s: float, palette: Palette = LIGHT) -> alt.LayerChart:
    """The throughput curve with the point at which the promise still holds.

    Args:
        run: the run.
        requests_per_s: its goodput under the promise [requests/s].
        palette: colours.
    """
    chart, at = throughput_curve(run, palette), chosen_load(run, requests_per_s)
    if at is None:
        return chart
    point = pd.DataFrame(
        {"load": [at[0]], "output_tokens_per_s": [at[1]], "label": [f"{local(requests_per_s):.3g} requests/s"]}
    )
    base = alt.Chart(point).encode(x=alt.X("load:Q"), y=alt.Y("output_tokens_per_s:Q"))
    mark = base.mark_point(size=130, filled=True, color=palette.ink, opacity=1)
    text = base.mark_text(align="right", dx=-10, dy=-10, color=palette.ink, fontWeight="bold").encode(
        text=alt.Text("label:N")
    )
    return alt.LayerChart(layer=[*layers_of(chart), mark, text], height=chart.height, width="container")


def latency_with_promise(run: Run, limits_ms: dict[str, float], palette: Palette = LIGHT) -> alt.LayerChart:
    """The latency curves with the limits of the promise, of first token and per token.

    Args:
        run: the run.
        limits_ms: by name, `ttft_p95_ms` [ms].
        palette: colours.
    """
    chart = latency_curve(run, palette)
    shown = [(name, limit) for name, limit in limits_ms.items() if name.split("_")[0] in _LIMITED]
    if not shown:
        return chart
    rows = pd.DataFrame(
        [
            {
                "latency_ms": limit,
                "label": f"promised: {_LIMITED[name.split('_')[0]]}, {name.split('_')[1]} {milliseconds(limit)}",
            }
            for name, limit in shown
        ]
    )
    base = alt.Chart(rows).encode(y=alt.Y("latency_ms:Q"))
    rule = base.mark_rule(color=palette.ink, strokeDash=[5, 4])
    text = base.mark_text(align="left", baseline="bottom", dx=4, dy=-3, color=palette.ink).encode(
        x=x_at(0), text=alt.Text("label:N")
    )
    return alt.LayerChart(layer=[*layers_of(chart), rule, text], height=chart.height, width="container")


def hours_frame(replicas: npt.NDArray[np.float64], filled: npt.NDArray[np.float64]) -> pd.DataFrame:
    """One week of a fleet: columns `hour`, `when`, `replicas` that stand, `filled` of them.

    Args:
        replicas: that stand in each hour, shape (168,).
        filled: that the requests of each hour fill, shape (168,).
    """
    hours = np.arange(replicas.size)
    when = [f"{DAYS[hour // HOURS_PER_DAY]} {hour % HOURS_PER_DAY:02d}:00" for hour in hours]
    return pd.DataFrame({"hour": hours, "when": when, "replicas": replicas, "filled": np.minimum(filled, replicas)})


def hours_chart(
    replicas: npt.NDArray[np.float64], filled: npt.NDArray[np.float64], palette: Palette = LIGHT
) -> alt.LayerChart:
    """Replicas that stand hour by hour, and how many of them the requests fill: what is between the two is idle and paid for."""
    base = alt.Chart(hours_frame(replicas, filled)).encode(
        x=week_axis(),
        tooltip=[
            alt.Tooltip("when:N", title="Hour"),
            alt.Tooltip("replicas:Q", title="Replicas", format=",.3~g"),
            alt.Tooltip("filled:Q", title="Filled by requests", format=",.3~g"),
        ],
    )
    y = alt.Y(
        "replicas:Q",
        title="Replicas",
        axis=alt.Axis(tickMinStep=1, format="~s"),
        scale=from_zero(float(np.max(replicas))),
    )
    used = base.mark_area(interpolate="step-after", color=palette.lines[0], opacity=0.45).encode(
        y=alt.Y("filled:Q", title="Replicas")
    )
    stands = base.mark_line(interpolate="step-after", strokeWidth=2.5, color=palette.lines[1]).encode(y=y)
    return alt.LayerChart(layer=[used, stands], height=HEIGHT, width="container")


def months_frame(capacity: Capacity) -> pd.DataFrame:
    """Replicas by month: columns `month`, `of`, `replicas`; what is the same as another is left out."""
    parts = {"busiest hour": [float(count) for count in capacity.replicas_by_month]}
    if capacity.policy != "fixed":
        parts |= {
            "paid for, mean": capacity.paid_replicas_by_month,
            "quietest hour": [float(count) for count in capacity.least_replicas_by_month],
        }
    rows = [
        {"month": month, "of": name, "replicas": count}
        for name, counts in parts.items()
        for month, count in enumerate(counts, start=1)
    ]
    return pd.DataFrame(rows, columns=["month", "of", "replicas"])


def months_chart(capacity: Capacity, palette: Palette = LIGHT) -> alt.LayerChart:
    """Replicas over the months of the plan.

    Args:
        capacity: of an option that can serve.
        palette: colours.
    """
    frame = months_frame(capacity)
    names = list(dict.fromkeys(frame["of"]))
    drawn = (
        alt.Chart(frame)
        # Of one month there is no line.
        .mark_line(interpolate="step-after", strokeWidth=2.5, point=len(capacity.replicas_by_month) == 1)
        .encode(
            x=alt.X("month:Q", title="Month", scale=alt.Scale(nice=False), axis=whole_months()),
            y=alt.Y(
                "replicas:Q",
                title="Replicas",
                axis=alt.Axis(tickMinStep=1, format="~s"),
                scale=from_zero(frame["replicas"].max()),
            ),
            color=alt.Color(
                "of:N",
                title=None,
                scale=alt.Scale(
                    domain=names, range=[palette.lines[1], palette.lines[0], palette.lines[2]][: len(names)]
                ),
                legend=alt.Legend(orient="top") if len(names) > 1 else None,
            ),
            tooltip=[
                alt.Tooltip("month:Q", title="Month"),
                alt.Tooltip("of:N", title="In the"),
                alt.Tooltip("replicas:Q", title="Replicas", format=",.4~g"),
            ],
        )
    )
    return alt.LayerChart(layer=[drawn], height=HEIGHT, width="container")


def memory_frame(memory: Waterfall) -> pd.DataFrame:
    """Where one GPU's memory goes: columns `part`, `gib`, `formula`, from weights to what is left for the KV cache."""
    takes = [(term.name, -term.gib, term.formula) for term in memory.terms if term.size_bytes < 0]
    left = sum(term.gib for term in memory.terms)
    rows = [*takes, ("KV cache", left, "what is left")]
    frame = pd.DataFrame(rows, columns=["part", "gib", "formula"])
    return frame[frame["gib"] > 0].reset_index(drop=True)


def memory_chart(memory: Waterfall, palette: Palette = LIGHT) -> alt.LayerChart:
    """Where one GPU's memory goes, one bar a part.

    Args:
        memory: of a replica.
        palette: colours.
    """
    frame = memory_frame(memory)
    order: Sequence[str] = frame["part"].tolist()
    drawn = (
        alt.Chart(frame)
        .mark_bar(height={"band": 0.62})
        .encode(
            y=alt.Y("part:N", sort=list(order), title=None, axis=alt.Axis(labelLimit=200)),
            x=alt.X("gib:Q", title="GiB of one GPU"),
            color=alt.condition(
                alt.FieldEqualPredicate(field="part", equal="KV cache"),
                alt.value(palette.lines[0]),
                alt.value(palette.muted),
            ),
            tooltip=[
                alt.Tooltip("part:N", title="For"),
                alt.Tooltip("gib:Q", title="GiB", format=",.2f"),
                alt.Tooltip("formula:N", title="How"),
            ],
        )
    )
    return alt.LayerChart(layer=[drawn], height=HEIGHT, width="container")
