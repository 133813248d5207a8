"""Charts of what an option costs, as Altair: by month and line item, by use, by year. No Streamlit here."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tco.charts import DOLLARS, LIGHT, Palette, by_width
from tco.cost_sources import source_of
from tco.result import OptionResult, Result
from tco.words import item_words

HEIGHT = 360
MOST_ITEMS = 8
OTHERS = "Everything else"
_MORE = ["#b08c2e", "#4f8f9e", "#a34a5b", "#9ca3af"]
_USES = ("tokens and busy machines", "idle machines", "people and everything around")
_CASH = {"capex_usd": "Investments", "opex_usd": "Running costs", "financing_usd": "Financing", "tax_usd": "Taxes"}


def items_frame(option: OptionResult, result: Result) -> pd.DataFrame:
    """What an option costs by month: columns `month`, `item`, `cost_usd`, `source`, `place`; the smaller items are one.

    What is laid out at the start of a month is in that month.

    Args:
        option: one answer.
        result: that it is of, whose register has the sources.
    """
    amounts: dict[str, list[float]] = {}
    for items in (option.line_items, option.investments):
        for name, by_month in items.items():
            held = amounts.get(name)
            amounts[name] = by_month if held is None else [a + b for a, b in zip(held, by_month, strict=True)]
    sizes = {name: sum(abs(amount) for amount in by_month) for name, by_month in amounts.items()}
    named = sorted((name for name in sizes if sizes[name]), key=lambda name: -sizes[name])
    kept = named if len(named) <= MOST_ITEMS else named[: MOST_ITEMS - 1]
    rest = [sum(amounts[name][month] for name in named[len(kept) :]) for month in range(len(option.monthly_usd))]
    rows = [
        {
            "month": month + 1,
            "item": item_words(name),
            "cost_usd": cost,
            "source": source_of(name, option, result) or "your scenario",
            "place": place,
        }
        for place, name in enumerate(kept)
        for month, cost in enumerate(amounts[name])
        if cost
    ]
    if len(kept) < len(named):
        told = ", ".join(item_words(name).lower() for name in named[len(kept) :])
        rows += [
            {"month": month + 1, "item": OTHERS, "cost_usd": cost, "source": told, "place": len(kept)}
            for month, cost in enumerate(rest)
            if cost
        ]
    return pd.DataFrame(rows, columns=["month", "item", "cost_usd", "source", "place"])


def items_chart(option: OptionResult, result: Result, palette: Palette = LIGHT) -> alt.LayerChart:
    """What an option costs month by month, stacked by line item; where each price is from is told on hover.

    Args:
        option: one that can serve.
        result: that it is of.
        palette: colours.
    """
    frame = items_frame(option, result)
    items = list(dict.fromkeys(frame["item"]))
    drawn = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X(
                "month:O",
                title="Month",
                axis=alt.Axis(labelAngle=0, values=_ticks(result.conventions.horizon_months), labelOverlap=True),
            ),
            y=alt.Y("sum(cost_usd):Q", title="USD a month", axis=alt.Axis(labelExpr=DOLLARS)),
            color=alt.Color(
                "item:N",
                title=None,
                scale=alt.Scale(domain=items, range=[*palette.lines, *_MORE][: max(1, len(items))]),
                legend=alt.Legend(orient="top", columns=by_width(1, 3), labelLimit=by_width(240, 180)),
            ),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("month:O", title="Month"),
                alt.Tooltip("item:N", title="For"),
                alt.Tooltip("cost_usd:Q", title="USD", format="$,.0f"),
                alt.Tooltip("source:N", title="Price from"),
            ],
        )
    )
    return alt.LayerChart(layer=[drawn], height=HEIGHT, width="container")


def _ticks(months: int) -> list[int]:
    step = 1 if months <= 12 else 6 if months <= 60 else 12  # noqa: PLR2004 - a year, five years
    return [1, *range(step, months + 1, step)] if step > 1 else list(range(1, months + 1))


def use_frame(result: Result) -> pd.DataFrame:
    """What of each option's cost is used, idle and around: columns `option`, `use`, `cost_usd`, `share`, `place`."""
    rows = []
    for option in result.options:
        by = option.cost_by_use
        if not option.feasible or by is None:
            continue
        total = by.allocated_usd + by.overhead_usd
        amounts = zip(_USES, (by.usage_usd, by.idle_usd, by.overhead_usd), strict=True)
        rows += [
            {
                "option": option.name,
                "use": use,
                "cost_usd": amount,
                "share": amount / total if total else None,
                "place": place,
            }
            for place, (use, amount) in enumerate(amounts)
        ]
    return pd.DataFrame(rows, columns=["option", "use", "cost_usd", "share", "place"])


def use_chart(result: Result, palette: Palette = LIGHT) -> alt.LayerChart:
    """What each option's money pays for over the horizon: what serves, what stands idle, what is around.

    Args:
        result: the answer.
        palette: colours.
    """
    frame = use_frame(result)
    colours = [palette.lines[0], palette.lines[1], palette.muted]
    drawn = (
        alt.Chart(frame)
        .mark_bar(height={"band": 0.62})
        .encode(
            y=alt.Y("option:N", sort=None, title=None, axis=alt.Axis(labelLimit=150)),
            x=alt.X("cost_usd:Q", title="Cost over the horizon (USD)", axis=alt.Axis(labelExpr=DOLLARS, tickCount=5)),
            color=alt.Color(
                "use:N",
                title=None,
                scale=alt.Scale(domain=list(_USES), range=colours),
                legend=alt.Legend(orient="top", columns=1, labelLimit=240),
            ),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("option:N", title="Option"),
                alt.Tooltip("use:N", title="For"),
                alt.Tooltip("cost_usd:Q", title="USD", format="$,.0f"),
                alt.Tooltip("share:Q", title="Of its cost", format=".0%"),
            ],
        )
    )
    return alt.LayerChart(layer=[drawn], height=max(220, 130 + 44 * frame["option"].nunique()), width="container")


def year_frame(option: OptionResult) -> pd.DataFrame:
    """Money of an option by year: columns `year`, `of`, `cost_usd`, `place`; what is zero in all years is left out."""
    if option.cash is None:
        return pd.DataFrame(columns=["year", "of", "cost_usd", "place"])
    by_year = option.cash.by_year
    rows = [
        {"year": year, "of": words, "cost_usd": amount, "place": place}
        for place, (field, words) in enumerate(_CASH.items())
        if any(getattr(by_year, field))
        for year, amount in enumerate(getattr(by_year, field), start=1)
    ]
    return pd.DataFrame(rows, columns=["year", "of", "cost_usd", "place"])


def year_chart(option: OptionResult, palette: Palette = LIGHT) -> alt.LayerChart:
    """Money that an option asks for year by year: investments, running costs, financing, taxes.

    Args:
        option: one that can serve.
        palette: colours.
    """
    frame = year_frame(option)
    names = list(dict.fromkeys(frame["of"]))
    colours = dict(
        zip(_CASH.values(), (palette.lines[1], palette.lines[0], palette.lines[2], palette.muted), strict=True)
    )
    drawn = (
        alt.Chart(frame)
        .mark_bar(width={"band": 0.5})
        .encode(
            x=alt.X("year:O", title="Year", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("cost_usd:Q", title="USD a year", axis=alt.Axis(labelExpr=DOLLARS, tickCount=5)),
            color=alt.Color(
                "of:N",
                title=None,
                scale=alt.Scale(domain=names, range=[colours[name] for name in names]),
                legend=alt.Legend(orient="top", columns=2),
            ),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("year:O", title="Year"),
                alt.Tooltip("of:N", title="For"),
                alt.Tooltip("cost_usd:Q", title="USD", format="$,.0f"),
            ],
        )
    )
    return alt.LayerChart(layer=[drawn], height=HEIGHT, width="container")
