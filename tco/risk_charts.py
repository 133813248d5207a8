"""Charts of a Monte Carlo simulation, as Altair: when runs have paid back, and what they are worth. No Streamlit here."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt
import pandas as pd

from tco.charts import DOLLARS, LIGHT, Palette, by_width, option_colour, whole_months, x_at
from tco.number_style import local
from tco.result import Driver
from tco.risk.records import OptionRisk, Risk, Share
from tco.risk.two_way import TwoWay
from tco.words import driver_title, label, name, number


def paid_back_frame(risk: Risk) -> pd.DataFrame:
    """Share of the runs that have paid back by each month: columns `month`, `option`, `share_fraction`."""
    rows = [
        {"month": month, "option": option.name, "share_fraction": fraction}
        for option in risk.options
        for month, fraction in enumerate(option.paid_back_by_month)
    ]
    return pd.DataFrame(rows, columns=["month", "option", "share_fraction"])


def paid_back_chart(risk: Risk, palette: Palette = LIGHT, coloured: Sequence[str] = ()) -> alt.LayerChart:
    """Share of the runs that have paid back by each month, an option a line; the rule is at nine runs in ten.

    Args:
        risk: the simulation.
        palette: colours.
        coloured: options in the order of another chart, whose colours they keep; null: those that have a line.
    """
    names = [option.name for option in risk.options if option.paid_back_by_month]
    lines = (
        alt.Chart(paid_back_frame(risk))
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X(
                "month:Q",
                title="Month",
                scale=alt.Scale(domain=[0, risk.horizon_months], nice=False),
                axis=whole_months(),
            ),
            y=alt.Y(
                "share_fraction:Q",
                title="Runs that have paid back",
                axis=alt.Axis(format="%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            color=option_colour(list(dict.fromkeys([*coloured, *names])), palette, names),
            tooltip=[
                alt.Tooltip("option:N", title="Option"),
                alt.Tooltip("month:Q", title="Month"),
                alt.Tooltip("share_fraction:Q", title="Runs that have paid back", format=".1%"),
            ],
        )
    )
    rule = (
        alt.Chart(pd.DataFrame({"at": [0.9]})).mark_rule(color=palette.muted, strokeDash=[2, 3]).encode(y=alt.Y("at:Q"))
    )
    label = (
        alt.Chart(pd.DataFrame({"at": [0.9], "label": ["9 in 10 runs"]}))
        .mark_text(align="left", baseline="bottom", dx=4, dy=-3, color=palette.muted)
        .encode(x=x_at(0), y=alt.Y("at:Q"), text=alt.Text("label:N"))
    )
    return alt.LayerChart(layer=[lines, rule, label], height=360, width="container")


_LABEL_PX = 260


def npv_chart(option: OptionRisk, palette: Palette = LIGHT) -> alt.LayerChart:
    """Runs of one option by their NPV: those that save in one colour, those that cost more in another, the rule at zero.

    Args:
        option: with a histogram.
        palette: colours.
    """
    assert option.npv_histogram is not None  # of an option that is compared
    edges, counts = option.npv_histogram.edges_usd, option.npv_histogram.counts
    total = sum(counts)
    frame = pd.DataFrame(
        {
            "from_usd": edges[:-1],
            "to_usd": edges[1:],
            "share_fraction": [count / total for count in counts],
            "outcome": ["saves" if low >= 0 else "costs more" for low in edges[:-1]],
        }
    )
    bars = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X(
                "from_usd:Q",
                bin="binned",
                title="NPV against today (USD)",
                axis=alt.Axis(labelExpr=DOLLARS, tickCount=by_width(3, 8)),
            ),
            x2=alt.X2("to_usd:Q"),
            y=alt.Y("share_fraction:Q", title="Runs", axis=alt.Axis(format="%")),
            color=alt.Color(
                "outcome:N",
                title=None,
                scale=alt.Scale(domain=["saves", "costs more"], range=palette.lines[:2]),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[
                alt.Tooltip("from_usd:Q", title="From", format="$,.0f"),
                alt.Tooltip("to_usd:Q", title="to", format="$,.0f"),
                alt.Tooltip("share_fraction:Q", title="Runs", format=".1%"),
            ],
        )
    )
    rule = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=palette.ink).encode(x=alt.X("at:Q"))
    return alt.LayerChart(layer=[bars, rule], height=260, width="container")


def shares_chart(shares: Sequence[Share], palette: Palette = LIGHT) -> alt.LayerChart:
    """Where the spread comes from: the share of the NPV's variance that goes when an input becomes known.

    Args:
        shares: largest first.
        palette: colours.
    """
    subjects = list(dict.fromkeys(share.subject for share in shares))
    frame = pd.DataFrame(
        {
            "input": [label(share.path).rpartition(" (")[0] for share in shares],
            "share_fraction": [share.share_fraction for share in shares],
            "subject": [share.subject for share in shares],
        }
    )
    bars = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X(
                "share_fraction:Q",
                title="Share of the NPV's variance",
                axis=alt.Axis(format="%", tickCount=by_width(3, 8)),
            ),
            y=alt.Y("input:N", title=None, sort=None, axis=alt.Axis(labelLimit=by_width(120, _LABEL_PX))),
            color=alt.Color(
                "subject:N",
                title=None,
                scale=alt.Scale(domain=subjects, range=palette.lines[: len(subjects)]),
                legend=alt.Legend(orient="top", columns=by_width(1, 2)),
            ),
            tooltip=["input:N", alt.Tooltip("share_fraction:Q", title="Share of the variance", format=".1%")],
        )
    )
    return alt.LayerChart(layer=[bars], height=alt.Step(26), width="container")


def tornado_chart(drivers: Sequence[Driver], npv_usd: float, palette: Palette = LIGHT) -> alt.LayerChart:
    """The NPV with each input at the low and at the high end of its own range, all others held; the rule is the NPV as planned.

    Args:
        drivers: largest swing first; those of which one end cannot be served are left out.
        npv_usd: as planned [USD].
        palette: colours.
    """
    rows = [
        {"input": driver_title(driver), "end": end, "at_usd": at, "npv_usd": npv_usd, "value": number(value)}
        for driver in drivers
        for end, at, value in (
            ("low end", driver.npv_at_low_usd, driver.low),
            ("high end", driver.npv_at_high_usd, driver.high),
        )
        if driver.npv_at_low_usd is not None and driver.npv_at_high_usd is not None
    ]
    bars = (
        alt.Chart(pd.DataFrame(rows, columns=["input", "end", "at_usd", "npv_usd", "value"]))
        .mark_bar(opacity=0.85)
        .encode(
            x=alt.X(
                "npv_usd:Q", title="NPV against today (USD)", axis=alt.Axis(labelExpr=DOLLARS, tickCount=by_width(3, 8))
            ),
            x2=alt.X2("at_usd:Q"),
            y=alt.Y("input:N", title=None, sort=None, axis=alt.Axis(labelLimit=by_width(120, _LABEL_PX))),
            color=alt.Color(
                "end:N",
                title=None,
                scale=alt.Scale(domain=["low end", "high end"], range=[palette.lines[2], palette.lines[1]]),
                legend=alt.Legend(orient="top", columns=by_width(1, 2)),
            ),
            tooltip=[
                "input:N",
                alt.Tooltip("value:N", title="Input"),
                alt.Tooltip("at_usd:Q", title="NPV", format="$,.0f"),
            ],
        )
    )
    rule = alt.Chart(pd.DataFrame({"at": [npv_usd]})).mark_rule(color=palette.ink).encode(x=alt.X("at:Q"))
    return alt.LayerChart(layer=[bars, rule], height=alt.Step(26), width="container")


def two_way_chart(grid: TwoWay, palette: Palette = LIGHT) -> alt.LayerChart:
    """The NPV over two inputs: each cell with its amount, saving and costing more in colours that part at zero.

    Args:
        grid: of `tco.risk.two_way`.
        palette: colours.
    """
    rows = [
        {"across": number(x), "down": number(y), "npv_usd": npv, "text": _short(npv)}
        for y, row in zip(grid.down, grid.npv_usd, strict=True)
        for x, npv in zip(grid.across, row, strict=True)
    ]
    most = max((abs(npv) for row in grid.npv_usd for npv in row if npv is not None), default=1.0) or 1.0
    base = alt.Chart(pd.DataFrame(rows, columns=["across", "down", "npv_usd", "text"])).encode(
        x=alt.X("across:O", sort=None, title=f"{name(grid.paths[0])} ({grid.units[0]})", axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            "down:O", sort=[number(y) for y in reversed(grid.down)], title=f"{name(grid.paths[1])} ({grid.units[1]})"
        ),
    )
    cells = base.mark_rect().encode(
        color=alt.Color(
            "npv_usd:Q",
            title="NPV (USD)",
            scale=alt.Scale(domain=[-most, 0, most], range=[palette.lines[1], "#f3f4f6", palette.lines[0]]),
            legend=None,
        ),
        tooltip=["across:N", "down:N", alt.Tooltip("npv_usd:Q", title="NPV", format="$,.0f")],
    )
    # Dark letters on all cells: the colours between are light in both palettes.
    text = base.mark_text(fontSize=11, color="#16201d").encode(text=alt.Text("text:N"))
    return alt.LayerChart(layer=[cells, text], height=alt.Step(32), width="container")


def _short(npv_usd: float | None) -> str:
    if npv_usd is None:
        return "no"
    size = abs(npv_usd)
    scale, suffix = next(((s, t) for s, t in ((1e9, "bn"), (1e6, "M"), (1e3, "k")) if size >= s), (1.0, ""))
    digits = 0 if size / scale >= 100 or math.isclose(scale, 1.0) else 1  # noqa: PLR2004
    return f"{'-' if npv_usd < 0 else ''}{local(size / scale):.{digits}f}{suffix}"
