"""Charts that PowerPoint itself draws and that the reader may edit: their numbers lie in a workbook inside of the slide."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from pptx.chart.chart import Chart
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_MARKER_STYLE, XL_TICK_LABEL_POSITION
from pptx.enum.dml import MSO_LINE
from pptx.slide import Slide
from pptx.util import Inches, Pt

from tco.charts import crossing, cumulative_frame
from tco.format import usd
from tco.number_style import local
from tco.report.inert import inert, no_formula, short
from tco.report.pack import ReportPack
from tco.report.pictures import MOST_BARS, coloured, line_item_frame
from tco.report.pptx.deck import Deck, rgb
from tco.report.pptx.measure import Box
from tco.report.summary import cumulative_caption
from tco.risk_charts import paid_back_frame
from tco.words import label

_MONEY, _SHARE = "money", "0%"
_SCALES = ((2e6, '$#,##0.0,,"M"'), (2e4, '$#,##0,"k"'), (0.0, "$#,##0"))
"""Formats of axes by the largest amount; they write a minus by themselves."""
_NAME = 60
Series = Mapping[str, Sequence[float | None]]


def _chart(
    deck: Deck,
    slide: Slide,
    box: Box,
    kind: Any,
    categories: Sequence[str],
    series: Series,
    numbers: str,
    told: str,
) -> Chart:
    # python-pptx pastes this format into XML as it is, so it holds no sign that XML knows; the axis has the real one.
    data = CategoryChartData(number_format="0%" if numbers == _SHARE else "$#,##0")
    data.categories = [_safe(name) for name in categories]
    for name, values in series.items():
        data.add_series(_safe(name), values)
    frame: Any = slide.shapes.add_chart(kind, *(Inches(each) for each in box), data)
    # Who cannot see it hears this.
    frame._element.nvGraphicFramePr.cNvPr.set("descr", inert(told))  # noqa: SLF001 - python-pptx has no call for it
    chart: Chart = frame.chart
    # python-pptx lets a name that starts with "=" become a formula of the workbook.
    chart.part.chart_workbook.update_from_xlsx_blob(_workbook(data, data.number_format))
    chart.font.size, chart.font.name, chart.font.color.rgb = Pt(11), deck.body, deck.ink
    # One series alone would get its name as a title.
    chart.has_title, chart.has_legend = False, len(series) > 1
    if chart.legend is not None:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    chart.value_axis.tick_labels.number_format = _scaled(series) if numbers == _MONEY else numbers
    chart.value_axis.tick_labels.number_format_is_linked = False
    chart.value_axis.major_gridlines.format.line.color.rgb = rgb("#E5E7EB")
    chart.value_axis.format.line.fill.background()
    chart.category_axis.format.line.color.rgb = deck.muted
    return chart


def _scaled(series: Series) -> str:
    largest = max((abs(value) for values in series.values() for value in values if value is not None), default=0.0)
    return next(form for least, form in _SCALES if largest >= least)


def _safe(name: str) -> str:
    return no_formula(inert(short(name, _NAME)))


def _workbook(data: CategoryChartData, numbers: str) -> bytes:
    """The workbook behind a chart, texts as texts: categories in column A from row 2 on, a series a column."""
    told = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(told, options)
    sheet, form = book.add_worksheet(), book.add_format({"num_format": numbers})
    for row, category in enumerate(data.categories, start=1):
        sheet.write_string(row, 0, str(category.label))
    for column, series in enumerate(data, start=1):
        sheet.write_string(0, column, str(series.name))
        for row, value in enumerate(series.values, start=1):
            if value is not None:
                sheet.write_number(row, column, float(value), form)
    book.close()
    return told.getvalue()


def cumulative(deck: Deck, slide: Slide, box: Box, pack: ReportPack) -> None:
    """Cumulative cost of every option that can serve, by month; what is paid today is dashed."""
    frame = cumulative_frame(pack.result)
    names = list(dict.fromkeys(frame["option"]))
    if not names:
        return
    months = [str(month) for month in frame[frame["option"] == names[0]]["month"]]
    series = {name: frame[frame["option"] == name]["cost_usd"].tolist() for name in names}
    chart = _chart(deck, slide, box, XL_CHART_TYPE.LINE, months, series, _MONEY, cumulative_caption(pack.result))
    _lines(deck, chart, names, pack)
    _every(chart, len(months))
    at = crossing(pack.result)
    if at is not None:
        _title(chart.category_axis, f"Month; {pack.result.contender} has paid back in month {local(at[0]):.1f}")
    else:
        _title(chart.category_axis, "Month")


def paid_back(deck: Deck, slide: Slide, box: Box, pack: ReportPack) -> None:
    """Share of the runs that have paid back by each month."""
    assert pack.risk is not None  # of a slide on risk
    frame = paid_back_frame(pack.risk)
    names = list(dict.fromkeys(frame["option"]))
    if not names:
        return
    months = [str(month) for month in range(pack.risk.horizon_months + 1)]
    series = {name: frame[frame["option"] == name]["share_fraction"].tolist() for name in names}
    chart = _chart(
        deck,
        slide,
        box,
        XL_CHART_TYPE.LINE,
        months,
        series,
        _SHARE,
        "Share of the runs that have paid back by each month.",
    )
    chart.has_legend = True
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    chart.value_axis.minimum_scale, chart.value_axis.maximum_scale = 0, 1
    _lines(deck, chart, names, pack)
    _every(chart, len(months))
    _title(chart.category_axis, "Month by which so many runs have paid back")


def line_items(deck: Deck, slide: Slide, box: Box, pack: ReportPack) -> None:
    """Cost of every option over the horizon, stacked by line item."""
    frame = line_item_frame(pack.result)
    options, items = list(dict.fromkeys(frame["option"])), list(dict.fromkeys(frame["item"]))
    if not options:
        return
    held = dict(zip(zip(frame["option"], frame["item"], strict=True), frame["cost_usd"].tolist(), strict=True))
    series = {item: [held.get((option, item)) for option in options] for item in items}
    chart = _chart(
        deck, slide, box, XL_CHART_TYPE.BAR_STACKED, options, series, _MONEY, "Cost of every option by line item."
    )
    chart.plots[0].gap_width, chart.plots[0].overlap = 60, 100
    _first_on_top(chart)
    colours = deck.brand.terms.colours.apart
    for number, each in enumerate(chart.plots[0].series):
        each.format.fill.solid()
        each.format.fill.fore_color.rgb = rgb(colours[number % len(colours)])
        each.invert_if_negative = False


def tornado(deck: Deck, slide: Slide, box: Box, pack: ReportPack) -> None:
    """What the NPV is with each input at either end of its range; bars begin at the answer, the widest on top."""
    drivers = [
        each for each in pack.result.drivers if each.npv_at_low_usd is not None or each.npv_at_high_usd is not None
    ]
    drivers = drivers[:MOST_BARS]
    if not drivers or pack.result.contender is None:
        return
    middle = pack.result.option(pack.result.contender).npv_usd or 0.0
    names = [short(label(each.path).rpartition(" (")[0], 40) for each in drivers]
    series = {
        "at its low end": [each.npv_at_low_usd for each in drivers],
        "at its high end": [each.npv_at_high_usd for each in drivers],
    }
    chart = _chart(
        deck, slide, box, XL_CHART_TYPE.BAR_CLUSTERED, names, series, _MONEY, "Inputs that move the NPV most."
    )
    chart.plots[0].gap_width, chart.plots[0].overlap = 45, 100
    _first_on_top(chart)
    chart.value_axis.crosses_at = middle
    _title(chart.value_axis, f"NPV (USD); bars begin at the answer, {usd(middle)}")
    for each, colour in zip(chart.plots[0].series, (deck.accent, deck.primary), strict=True):
        each.format.fill.solid()
        each.format.fill.fore_color.rgb = colour
        each.invert_if_negative = False


def yearly(deck: Deck, slide: Slide, box: Box, pack: ReportPack) -> None:
    """What each option asks for in each year."""
    able = [option for option in pack.result.options if option.cash is not None]
    if not able or able[0].cash is None:
        return
    years = [f"Year {year}" for year in range(1, len(able[0].cash.by_year.total_usd) + 1)]
    series = {option.name: option.cash.by_year.total_usd for option in able if option.cash is not None}
    chart = _chart(
        deck, slide, box, XL_CHART_TYPE.COLUMN_CLUSTERED, years, series, _MONEY, "Costs of every option by year."
    )
    chart.plots[0].gap_width = 80
    if all(cost >= 0 for costs in series.values() for cost in costs):
        # Bars that begin elsewhere would make a small difference look large.
        chart.value_axis.minimum_scale = 0
    colours = deck.brand.terms.colours.apart
    for number, each in enumerate(chart.plots[0].series):
        each.format.fill.solid()
        each.format.fill.fore_color.rgb = rgb(colours[number % len(colours)])
        each.invert_if_negative = False


def _lines(deck: Deck, chart: Chart, names: Sequence[str], pack: ReportPack) -> None:
    """An option has the same colour in every chart; what is paid today is dashed."""
    colours = deck.brand.terms.colours.apart
    places = {name: place for place, name in enumerate(dict.fromkeys([*coloured(pack.result), *names]))}
    for name, each in zip(names, chart.plots[0].series, strict=True):
        each.smooth = False
        each.format.line.width, each.format.line.color.rgb = Pt(2.25), rgb(colours[places[name] % len(colours)])
        each.marker.style = XL_MARKER_STYLE.NONE
        if name == pack.result.baseline:
            each.format.line.dash_style = MSO_LINE.DASH


def _first_on_top(chart: Chart) -> None:
    """Bars from the top down, their scale below them, their names on the left whatever the sign."""
    chart.category_axis.reverse_order = True
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    crosses = chart.value_axis._element.find(_name("c:crosses"))  # noqa: SLF001 - `category_axis.crosses` leaves it as it is
    crosses.set("val", "max")


def _every(chart: Chart, months: int) -> None:
    """Labels at every sixth or twelfth month."""
    step = "6" if months <= 61 else "12"  # noqa: PLR2004 - five years
    axis: Any = chart.category_axis._element  # noqa: SLF001 - python-pptx has no call for these
    for name in ("c:tickLblSkip", "c:tickMarkSkip"):
        element = axis.makeelement(_name(name), {"val": step})
        before = axis.find(_name("c:noMultiLvlLbl"))
        before.addprevious(element) if before is not None else axis.append(element)


def _name(tag: str) -> str:
    return f"{{http://schemas.openxmlformats.org/drawingml/2006/chart}}{tag.partition(':')[2]}"


def _title(axis: Any, text: str) -> None:
    axis.has_title = True
    axis.axis_title.text_frame.text = inert(short(text, 120))
    run = axis.axis_title.text_frame.paragraphs[0].runs[0]
    run.font.size, run.font.bold = Pt(10), False
