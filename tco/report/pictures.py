"""Charts of a report as pictures: the app's own charts in the brand's colours, and those that only a report has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

from tco.charts import DOLLARS, Palette, cumulative_cost, in_notation
from tco.report.blocks import Document, Picture, PictureName
from tco.report.brand import Brand
from tco.report.inert import inert, inert_record, short
from tco.report.names import with_short_names
from tco.report.options import totals_by_item
from tco.report.pack import ReportPack
from tco.result import Result
from tco.risk_charts import paid_back_chart
from tco.words import item_words, label

WIDTH, HEIGHTS = 760, {"cumulative": 270, "tornado": 300, "paid_back": 260, "line_items": 220}
"""Size of a chart [points]; the pages scale it."""
MOST_BARS = 8
MOST_ITEMS = 8
"""Line items that have a colour of their own; the smaller ones are one."""
_LABEL, _TICKS = 46, 7
_OTHERS = "all others"
_ANY_MACHINE = ("Liberation Sans", "Arial", "DejaVu Sans", "sans-serif")


def pictures_of(document: Document) -> Iterator[Picture]:
    """Pictures that a document names."""
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Picture):
                yield block


def svg(pack: ReportPack, name: PictureName) -> str:
    """A chart as SVG.

    Args:
        pack: of the report.
        name: which one.
    """
    return str(vl_convert.vegalite_to_svg(_spec(pack, name)))


def png(pack: ReportPack, name: PictureName, scale: float = 2.5) -> bytes:
    """A chart as PNG.

    Args:
        pack: of the report.
        name: which one.
        scale: pixels a point.
    """
    return bytes(vl_convert.vegalite_to_png(_spec(pack, name), scale=scale))


def _spec(pack: ReportPack, name: PictureName) -> dict[str, Any]:
    chart = _chart(with_short_names(pack), name)
    # The drawing leaves text out where a machine has none of the fonts that are named.
    font = ", ".join((pack.brand.terms.fonts.body, *_ANY_MACHINE))
    dressed = chart.properties(width=WIDTH, height=HEIGHTS[name], background="white", padding=4)
    dressed = dressed.configure(font=font).configure_axis(
        labelFontSize=12, labelLimit=0, titleFontSize=12, titleFontWeight="normal"
    )
    dressed = dressed.configure_legend(labelFontSize=12, labelLimit=0, offset=22).configure_view(strokeOpacity=0)
    return in_notation(dict(_whole_labels(dressed.to_dict())))


def _whole_labels(node: Any) -> Any:
    """Labels are short already: Vega cuts them by half characters, and a half of an emoji ends the drawing."""
    if isinstance(node, dict):
        return {
            key: 0 if key == "labelLimit" else _whole_labels(value) for key, value in node.items() if key != "datasets"
        } | ({"datasets": node["datasets"]} if "datasets" in node else {})
    return [_whole_labels(each) for each in node] if isinstance(node, list) else node


def _chart(pack: ReportPack, name: PictureName) -> alt.LayerChart:
    if name == "cumulative":
        return cumulative_cost(inert_record(pack.result), palette(pack.brand))
    if name == "tornado":
        return tornado(pack.result, pack.brand)
    if name == "line_items":
        return line_items(pack.result, pack.brand)
    assert pack.risk is not None  # of a document that names this picture
    return paid_back_chart(
        inert_record(pack.risk), palette(pack.brand), [inert(name) for name in coloured(pack.result)]
    )


def coloured(result: Result) -> list[str]:
    """Options in the order in which they take their colours: those of the chart of cumulative costs, the same in every chart."""
    return [option.name for option in result.options if option.feasible]


def palette(brand: Brand) -> Palette:
    """Colours of the app's charts, from the brand's."""
    held = brand.terms.colours
    return Palette(held.ink, held.muted, held.apart * 9)


def tornado_frame(result: Result, most: int = MOST_BARS) -> pd.DataFrame:
    """The inputs that move the answer most: columns `input`, `end`, `npv_usd`, `from_usd`.

    A bar goes from the answer to what it is with the input at that end of its range; an end that cannot be served has none.

    Args:
        result: the answer.
        most: how many inputs.
    """
    middle = 0.0 if result.contender is None else result.option(result.contender).npv_usd or 0.0
    rows = []
    for driver in result.drivers[:most]:
        name = inert(short(label(driver.path).rpartition(" (")[0], _LABEL))
        ends = (("at its low end", driver.npv_at_low_usd), ("at its high end", driver.npv_at_high_usd))
        rows += [
            {"input": name, "end": end, "npv_usd": npv_usd, "from_usd": middle}
            for end, npv_usd in ends
            if npv_usd is not None
        ]
    return pd.DataFrame(rows, columns=["input", "end", "npv_usd", "from_usd"])


def tornado(result: Result, brand: Brand) -> alt.LayerChart:
    """How far each input, moved alone over its own range, moves the NPV; the widest on top."""
    frame, held = tornado_frame(result), brand.terms.colours
    bars = (
        alt.Chart(frame)
        .mark_bar(height={"band": 0.68})
        .encode(
            y=alt.Y("input:N", sort=None, title=None, axis=alt.Axis(labelLimit=330)),
            x=alt.X(
                "npv_usd:Q",
                title="NPV (USD)",
                axis=alt.Axis(labelExpr=DOLLARS, tickCount=_TICKS),
                scale=alt.Scale(zero=False),
            ),
            x2="from_usd:Q",
            color=alt.Color(
                "end:N",
                title=None,
                scale=alt.Scale(domain=["at its low end", "at its high end"], range=[held.accent, held.primary]),
                legend=alt.Legend(orient="top"),
            ),
        )
    )
    zero = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=held.muted, strokeDash=[3, 3]).encode(x="at:Q")
    return alt.LayerChart(layer=[bars, zero])


def line_item_frame(result: Result) -> pd.DataFrame:
    """What each option costs over the horizon by line item: columns `option`, `item`, `cost_usd`; the smaller items are one.

    Args:
        result: the answer.
    """
    totals = {option.name: totals_by_item(option) for option in result.options if option.feasible}
    sizes: dict[str, float] = {}
    for items in totals.values():
        for name, amount in items.items():
            sizes[name] = sizes.get(name, 0.0) + abs(amount)
    named = sorted((name for name in sizes if sizes[name]), key=lambda name: -sizes[name])
    kept = named if len(named) <= MOST_ITEMS else named[: MOST_ITEMS - 1]
    rows = [
        {"option": inert(option), "item": inert(short(item_words(name), _LABEL)), "cost_usd": items[name]}
        for option, items in totals.items()
        for name in kept
        if items.get(name)
    ]
    rows += [
        {"option": inert(option), "item": _OTHERS, "cost_usd": rest}
        for option, items in totals.items()
        if (rest := sum(amount for name, amount in items.items() if name not in kept))
    ]
    return pd.DataFrame(rows, columns=["option", "item", "cost_usd"])


def line_items(result: Result, brand: Brand) -> alt.LayerChart:
    """What each option costs over the horizon, stacked by line item."""
    frame = line_item_frame(result)
    items = list(dict.fromkeys(frame["item"]))
    # The place is data: a name from outside never stands in an expression.
    frame["place"] = [items.index(item) for item in frame["item"]]
    bars = (
        alt.Chart(frame)
        .mark_bar(height={"band": 0.62})
        .encode(
            y=alt.Y("option:N", sort=None, title=None, axis=alt.Axis(labelLimit=220)),
            x=alt.X(
                "sum(cost_usd):Q",
                title="Cost over the horizon (USD)",
                axis=alt.Axis(labelExpr=DOLLARS, tickCount=_TICKS),
            ),
            color=alt.Color(
                "item:N",
                title=None,
                scale=alt.Scale(domain=items, range=brand.terms.colours.apart[: max(1, len(items))]),
                legend=alt.Legend(orient="top", columns=4, labelLimit=200),
            ),
            order=alt.Order("place:Q"),
        )
    )
    return alt.LayerChart(layer=[bars])
