"""Options as points of two figures, as Altair: what one costs, and what one gets for it. No Streamlit here."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from tco.charts import DOLLARS, LIGHT, Palette
from tco.number_style import local
from tco.option_rows import Row
from tco.result import Result

HEIGHT = 380
CHOSEN = "chosen"
"""Name of the selection that a click makes."""

_FRACTION = "format(datum.value, '.0%')"
_AXES = {"USD": DOLLARS, "fraction": _FRACTION}
_COLUMNS = ["option", "cost_usd", "other", "cost", "told", "state", "front"]
_NEAR_X, _NEAR_Y = 0.12, 0.08
"""Shares of the axes within which two names would run into each other."""


def can_be_drawn(row: Row) -> bool:
    """Whether a figure tells at least two options apart to six digits, so that it can be an axis.

    Args:
        row: of the table.
    """
    return len({f"{number:.6g}" for number in row.numbers if number is not None}) > 1


def front_frame(result: Result, cost: Row, other: Row, if_allowed_usd: Mapping[str, float]) -> pd.DataFrame:
    """Options of which both figures are known: columns `option`, `cost_usd`, `other`, their texts `cost` and `told`, `state`, `front`.

    `front` is true of those that no other option beats in one figure without losing in the other.

    Args:
        result: the answer.
        cost: row of what they cost, less is better.
        other: row of the other figure; where neither end is better, less is taken to be.
        if_allowed_usd: costs of options that only constraints rule out, by name [USD].
    """
    rows = []
    for place, option in enumerate(result.options):
        cost_usd = cost.numbers[place] if option.feasible else if_allowed_usd.get(option.name)
        value = other.numbers[place]
        if cost_usd is None or value is None:
            continue
        state = "recommended" if option.name == result.recommended else "can serve" if option.feasible else "ruled out"
        told = cost.cells[place] if option.feasible else f"{local(cost_usd):,.0f} USD, if it were allowed"
        rows.append((option.name, cost_usd, value, told, other.cells[place], state))
    sign = -1.0 if other.better == "high" else 1.0
    able = [(usd, sign * value) for _, usd, value, *_, state in rows if state != "ruled out"]
    return pd.DataFrame(
        [(*row, row[5] != "ruled out" and _is_unbeaten((row[1], sign * row[2]), able)) for row in rows],
        columns=_COLUMNS,
    )


def _is_unbeaten(point: tuple[float, float], points: Sequence[tuple[float, float]]) -> bool:
    """Both figures are the better the smaller they are."""
    return not any(each[0] <= point[0] and each[1] <= point[1] and each != point for each in points)


def front_chart(
    result: Result, cost: Row, other: Row, if_allowed_usd: Mapping[str, float], palette: Palette = LIGHT
) -> alt.LayerChart:
    """Every option as a point of its cost and one other figure; ruled out ones are hollow, a line joins those that nobody beats in both.

    Args:
        result: the answer.
        cost: row of what they cost.
        other: row of the other figure.
        if_allowed_usd: see `front_frame`.
        palette: colours.
    """
    frame = front_frame(result, cost, other, if_allowed_usd)
    frame["below"] = _names_below(frame)
    x = alt.X(
        "cost_usd:Q",
        title=f"{cost.title} (USD)",
        axis=alt.Axis(labelExpr=DOLLARS, tickCount=6),
        scale=alt.Scale(zero=False, padding=40),
    )
    axis = alt.Axis(labelExpr=_AXES[other.unit]) if other.unit in _AXES else alt.Axis(format=",.6~g")
    from_zero = other.unit != "" and bool((frame["other"] >= 0).all())
    y = alt.Y("other:Q", title=_titled(other), axis=axis, scale=alt.Scale(zero=from_zero))
    base = alt.Chart(frame).encode(x=x, y=y)
    picked = alt.selection_point(name=CHOSEN, fields=["option"], toggle=False)
    points = _points(base, [option.name for option in result.options], cost, other, palette).add_params(picked)
    return alt.LayerChart(
        layer=[_front_line(base, palette), points, *_names(base, palette)], height=HEIGHT, width="container"
    )


def _front_line(base: alt.Chart, palette: Palette) -> alt.Chart:
    """Joins the options that nobody beats in both figures."""
    line: alt.Chart = (
        base.transform_filter("datum.front")
        .mark_line(color=palette.muted, strokeDash=[4, 4], strokeWidth=1.5)
        .encode(order=alt.Order("cost_usd:Q"))
    )
    return line


def _points(base: alt.Chart, names: Sequence[str], cost: Row, other: Row, palette: Palette) -> alt.Chart:
    """Ruled out options are hollow, the recommended one is a diamond."""
    colour = alt.Color("option:N", legend=None, scale=alt.Scale(domain=names, range=palette.lines))
    tooltip = [
        alt.Tooltip("option:N", title="Option"),
        alt.Tooltip("state:N", title="It is"),
        alt.Tooltip("cost:N", title=cost.title),
        alt.Tooltip("told:N", title=other.title),
    ]
    points: alt.Chart = base.mark_point(size=170, strokeWidth=2.5, opacity=1).encode(
        color=colour,
        fill=alt.condition("datum.state == 'ruled out'", alt.value("transparent"), colour),
        shape=alt.Shape(
            "state:N",
            title=None,
            scale=alt.Scale(domain=["recommended", "can serve", "ruled out"], range=["diamond", "circle", "circle"]),
            legend=None,
        ),
        tooltip=tooltip,
    )
    return points


def _names(base: alt.Chart, palette: Palette) -> list[alt.Chart]:
    """Above the points, or below where two would be one."""
    return [
        base.transform_filter(f"datum.below == {'true' if below else 'false'}")
        .mark_text(align="center", baseline="middle", dy=18 if below else -18, color=palette.ink, limit=160)
        .encode(text=alt.Text("option:N"))
        for below in (False, True)
    ]


def _names_below(frame: pd.DataFrame) -> list[bool]:
    """Whether a point's name stands below it: where its left neighbour is so near that both names above would be one."""
    spans = [float(frame[name].max() - frame[name].min()) or 1.0 for name in ("cost_usd", "other")]
    below = dict.fromkeys(frame.index, False)
    order = list(frame.sort_values("cost_usd").index)
    for left, right in itertools.pairwise(order):
        gaps = [abs(float(frame.loc[right, name] - frame.loc[left, name])) for name in ("cost_usd", "other")]
        if gaps[0] < _NEAR_X * spans[0] and gaps[1] < _NEAR_Y * spans[1]:
            below[right] = not below[left]
    return list(below.values())


def _titled(row: Row) -> str:
    unit = {"USD": " (USD)", "fraction": ""}.get(row.unit, "")
    better = {"low": ", less is better", "high": ", more is better"}.get(row.better or "", "")
    return f"{row.title}{unit}{better}"
