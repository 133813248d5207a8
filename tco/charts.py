"""Charts of a result, as Altair: the same picture on a page, in a report and in a file. No Streamlit here."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from tco.errors import InputError
from tco.number_style import ENGLISH, local, notation
from tco.result import OptionResult, Result


class Palette(NamedTuple):
    """Colours of a chart: of a point that matters, of its label, and of the lines."""

    ink: str
    muted: str
    lines: list[str]


LIGHT = Palette("#16201d", "#6b7280", ["#0f6b5c", "#c2571a", "#3b5ba5", "#8a4f9e", "#7a6a2f", "#6b7280"])
DARK = Palette("#e6edea", "#9aa4ae", ["#4fc3ac", "#f0935a", "#8aa6ec", "#c792dc", "#cbb866", "#9aa4ae"])
"""On a dark page."""

DOLLARS = "datum.value == 0 ? '$0' : format(datum.value, '$~s')"


def cumulative_frame(result: Result) -> pd.DataFrame:
    """Cumulative cost of every feasible option by month [USD], lenders and taxes among them: columns `month`, `option`, `cost_usd`."""
    today = next((_at_time(option) for option in result.options if option.name == result.baseline), None)
    rows = []
    for option in result.options:
        if not option.feasible:
            continue
        saved = option.saving_by_time_usd
        # What is saved knows when each loan and tax falls due; the lines cross where it has paid back.
        at_time = [a - b for a, b in zip(today, saved, strict=True)] if today and saved else _at_time(option)
        rows += [
            {"month": month, "option": option.name, "cost_usd": cost} for month, cost in enumerate(accumulate(at_time))
        ]
    return pd.DataFrame(rows, columns=["month", "option", "cost_usd"])


def _at_time(option: OptionResult) -> list[float]:
    """Costs at time zero and at the end of each month [USD]; loans and taxes at the end of theirs."""
    upfront = [sum(items) for items in zip(*option.investments.values(), strict=True)] + [0.0]
    ends = [0.0, *option.monthly_usd]
    if option.cash is not None:
        by_month = option.cash.by_month
        further = [a + b for a, b in zip(by_month.financing_usd, by_month.tax_usd, strict=True)]
        ends = [a + b for a, b in zip(ends, [0.0, *further], strict=True)]
    return [a + b for a, b in zip(upfront, ends, strict=True)]


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


def whole_months() -> alt.Axis:
    """An axis of months, however few: a plan of one month has no tick at a tenth of it."""
    return alt.Axis(tickMinStep=1, format="d")


def by_width(narrow: int, wide: int) -> alt.ExprRef:
    """A number for a chart on a phone, and one for any other; a picture in a report is wide.

    Args:
        narrow: where the chart has less than 480 px.
        wide: elsewhere.
    """
    return alt.ExprRef(f"containerSize()[0] < 480 ? {narrow} : {wide}")


def in_notation(spec: dict[str, Any]) -> dict[str, Any]:
    """A chart whose axes and tooltips write numbers as the texts around it do; in English it is as it was.

    Args:
        spec: Vega-Lite.
    """
    style = notation()
    if style == ENGLISH:
        return spec
    first, others = style.sizes
    # D3 takes one size for each group; more groups no number has.
    sizes = [first, *[others] * 10]
    number = {"decimal": style.decimal, "thousands": style.group, "grouping": sizes, "currency": ["$", ""]}
    return spec | {"config": {**spec.get("config", {}), "locale": {"number": number}}}


def option_colour(names: Sequence[str], palette: Palette, shown: Sequence[str] | None = None) -> alt.Color:
    """A colour for each option, in their order, with the legend above.

    Args:
        names: of the options.
        palette: colours.
        shown: those that the legend names; null: all. An option that is left out keeps its colour, so that no other one takes it.
    """
    return alt.Color(
        "option:N",
        title=None,
        scale=alt.Scale(domain=names, range=palette.lines[: len(names)]),
        legend=alt.Legend(
            orient="top", columns=2, labelLimit=220, values=alt.Undefined if shown is None else list(shown)
        ),
    )


def baseline_dash(names: Sequence[str], baseline: str) -> alt.StrokeDash:
    """What is paid today is dashed, all others are not.

    Args:
        names: of the options.
        baseline: the one that is paid today.
    """
    dashes = [[6, 4] if name == baseline else [1, 0] for name in names]
    return alt.StrokeDash("option:N", legend=None, scale=alt.Scale(domain=names, range=dashes))


def cumulative_cost(result: Result, palette: Palette = LIGHT) -> alt.LayerChart:
    """Cumulative cost of every option, with the month at which the contender has paid back."""
    frame = cumulative_frame(result)
    names = [option.name for option in result.options if option.feasible]
    lines = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X(
                "month:Q",
                title="Month",
                scale=alt.Scale(domain=[0, result.conventions.horizon_months], nice=False),
                axis=whole_months(),
            ),
            y=alt.Y("cost_usd:Q", title="Cumulative cost (USD)", axis=alt.Axis(labelExpr=DOLLARS, grid=True)),
            color=option_colour(names, palette),
            strokeDash=baseline_dash(names, result.baseline),
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


_TOP = alt.Y2Value(0)  # type: ignore[no-untyped-call]


def _crossing_layers(month: float, cost_usd: float, palette: Palette, *, late: bool) -> list[alt.Chart]:
    """The point, a line up from it, and its label above the plot, where no curve runs."""
    frame = pd.DataFrame({"month": [month], "cost_usd": [cost_usd], "label": [f"paid back: month {local(month):.1f}"]})
    base = alt.Chart(frame).encode(x=alt.X("month:Q"))
    return [
        base.mark_rule(color=palette.muted, strokeDash=[2, 3]).encode(y=alt.Y("cost_usd:Q"), y2=_TOP),
        base.mark_point(size=110, filled=True, color=palette.ink, opacity=1).encode(y=alt.Y("cost_usd:Q")),
        base.mark_text(
            align="right" if late else "left", baseline="bottom", dy=-5, color=palette.ink, fontWeight="bold"
        ).encode(y=y_at(0), text=alt.Text("label:N")),
    ]


def from_zero(most: float) -> alt.Scale:
    """A scale that begins at zero; where nothing is above it, it ends at one, for no ticks can be found between zero and zero.

    Args:
        most: the largest value that is drawn.
    """
    return alt.Scale(zero=True) if most > 0 else alt.Scale(domain=[0, 1])


def x_at(pixels: float) -> alt.XValue:
    """A place across the plot [pixels from the left].

    `alt.value`, and a name without its channel (`x="month:Q"`), say the same, but Altair then looks for the class to make of them among all
    that it has, which takes longer than the rest of a chart.
    """
    return alt.XValue(pixels)  # type: ignore[no-untyped-call]


def y_at(pixels: float | str) -> alt.YValue:
    """A place down the plot [pixels from the top]; `height`: its lower end."""
    return alt.YValue(pixels)  # type: ignore[no-untyped-call]


def layers_of(chart: alt.LayerChart) -> list[Any]:
    """The layers of a chart, each with its data, to be laid with others: what all of them share stands on the chart alone.

    Args:
        chart: of at least one layer.
    """
    layers = [layer.copy() for layer in chart.layer]
    for layer in layers:
        if layer.data is alt.Undefined:
            layer.data = chart.data
    return layers


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
