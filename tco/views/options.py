"""Options: all of them side by side, what one gets for what it costs, and one of them in detail."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from tco import InputError, OptionResult, Result
from tco.answer import explain
from tco.compare import Prepared
from tco.constraint_result import titled
from tco.cost_sources import item_rows
from tco.format import share, usd
from tco.glossary import TERMS, term
from tco.offers import costs_if_allowed, offers_of
from tco.option_charts import CHOSEN, can_be_drawn, front_chart
from tco.option_rows import NOTHING, Row
from tco.option_words import KINDS
from tco.side_by_side import price_row, rows_of, side_by_side_sentence
from tco.views import _bar, _chart, _empty, _look, _options, _quick_risk, _state
from tco.words import amount, linked, plain

# Wider than any page: the table takes the page's width, and keeps its first column in sight where it scrolls.
_WIDE = 2000
_FIRST_AXES = ("TTFT P95", "Rating", "Investment")
_SHOWN_ITEMS = 8
_NO_AXIS = "No second figure tells two options apart, so there is nothing to draw them against."


def show_options(result: Result, prepared: Prepared) -> None:
    """The table, the chart, one option.

    Args:
        result: the answer.
        prepared: what it rests on.
    """
    _bar.show(result, plain(result.scenario))
    st.header(plain(side_by_side_sentence(result)), anchor=False)
    by_name = {option.name: option for option in result.options}
    rows = rows_of(result, offers_of(_state.scenario(), prepared, by_name), _quick_risk.of_options(result, prepared))
    _table(rows, result)
    _front(rows, result, prepared)
    _one(result)


def _table(rows: tuple[Row, ...], result: Result) -> None:
    cells: dict[str, list[str]] = {option.name: [] for option in result.options}
    titles: list[str] = []
    group = None
    for row in rows:
        if row.group != group:
            group = row.group
            titles.append(f"**{group}**")
            for column in cells.values():
                column.append("")
        titles.append(plain(row.title))
        for place, column in enumerate(cells.values()):
            text = plain(row.cells[place])
            column.append(f"**{text}** :material/star:" if place in row.best else text)
    heads = [_head(option, result) for option in result.options]
    frame = pd.DataFrame(cells, index=titles)
    frame.columns = pd.Index(heads)
    st.table(frame, border="horizontal", width=_WIDE, alt="All options side by side, figures as rows")
    for option in result.options:
        if not option.feasible:
            told = f"{option.name} is ruled out: {'; '.join(option.reasons)}."
            st.markdown(f":red[:material/block:] {plain(told)}")
    words = list(dict.fromkeys(word for row in rows for word in row.words))
    st.caption(f":material/star: best of its row among those that can serve · {NOTHING} not known, or there is none")
    # Unfolded on the page and not above it, where what is longer than the screen could not be scrolled by keyboard.
    with st.expander("What the rows mean", icon=":material/menu_book:"):
        for word in words:
            st.markdown(f"**{plain(word)}**: {plain(TERMS[word])}.")


def _head(option: OptionResult, result: Result) -> str:
    icon = (
        ":material/block:"
        if not option.feasible
        else ":material/check_circle:"
        if option.name == result.recommended
        else ""
    )
    return f"{icon} {plain(option.name)}".strip()


def _front(rows: tuple[Row, ...], result: Result, prepared: Prepared) -> None:
    cost = next((row for row in rows if row.title.startswith("Cost in ")), None)
    offered = {row.title: row for row in rows if row is not cost and can_be_drawn(row)}
    st.markdown("**What one gets for what it costs**", help=f"{term('Front')} Hollow: ruled out.")
    if cost is None or not offered:
        st.info(_NO_AXIS, icon=":material/info:")
        return
    first = next((title for start in _FIRST_AXES for title in offered if title.startswith(start)), next(iter(offered)))
    title = st.selectbox(
        "Against",
        list(offered),
        list(offered).index(first),
        key=_state.key("options.axis"),
        persist_state="session",
        width=320,
    )
    other = offered[str(title)]
    palette = _look.palette()
    if_allowed = costs_if_allowed(prepared)
    told = "; ".join(
        f"{option.name}: {cost.cells[place]}, {other.cells[place]}" for place, option in enumerate(result.options)
    )
    _chart.draw(
        front_chart(result, cost, other, if_allowed, palette),
        key=_state.key("options.chart"),
        on_select=_picked,
        selection_mode=CHOSEN,
        alt=f"{cost.title} against {other.title}. {told}",
    )
    missing = [option.name for place, option in enumerate(result.options) if other.numbers[place] is None]
    if missing:
        st.caption(plain(f"Not drawn, because it is not known of them: {', '.join(missing)}."))


def _picked() -> None:
    points = st.session_state[_state.key("options.chart")]["selection"][CHOSEN]
    if points:
        st.session_state[_state.key("options.option")] = points[0]["option"]


def _one(result: Result) -> None:
    names = [option.name for option in result.options]
    start = names.index(result.contender or result.baseline)
    name = str(
        st.selectbox(
            "Option in detail", names, start, key=_state.key("options.option"), persist_state="session", width=320
        )
    )
    option = result.option(name)
    st.markdown(f"{plain(explain(result, option))} {plain(f'It is {KINDS[option.kind]}.')}")
    _links(option)
    for reason in option.reasons if option.feasible else ():
        st.caption(f"{plain(reason[:1].upper() + reason[1:])}.")
    _constraints(option, result)
    _items(option, result)


def _links(option: OptionResult) -> None:
    with st.container(horizontal=True):
        _link("cost", "Its costs", "payments", option, able=option.feasible)
        _link("capacity", "Its capacity", "speed", option, able=option.kind in {"rent", "own"})
        if st.button("Change it", icon=":material/tune:", key="options.change"):
            st.session_state["inputs_tab"] = "Options"
            st.session_state[_options.opened(option.name)] = True
            st.switch_page(_state.page("inputs"))


def _link(page: str, words: str, icon: str, option: OptionResult, *, able: bool) -> None:
    if able and st.button(words, icon=f":material/{icon}:", key=f"options.{page}"):
        st.session_state[_state.key(f"{page}.option")] = option.name
        st.switch_page(_state.page(page))


def _constraints(option: OptionResult, result: Result) -> None:
    if result.constraints is None:
        return
    st.markdown("**What it keeps**", help=term("Constraint"))
    for finding in result.constraints.findings:
        if finding.option == option.name:
            icon = (
                ":material/check:"
                if finding.verdict == "met"
                else ":red[:material/block:]"
                if finding.rules_out
                else ":orange[:material/help:]"
            )
            from_ = "" if finding.source is None else f" ({linked(finding.source)})"
            st.markdown(f"{icon} {plain(titled(finding.constraint, finding.asks))}: {plain(finding.says)}{from_}")


def _items(option: OptionResult, result: Result) -> None:
    price = price_row(option, result)
    if price is not None:
        known = [price.evidence, f"{price.as_of:%d %b %Y}" if price.as_of else None, price.source]
        st.markdown(
            f"**The price that carries it**: {plain(amount(price.value, price.unit))}, {linked(' · '.join(part for part in known if part))}"
        )
    used = [row for row in item_rows(option, result) if row["Total (USD)"]]
    if not used:
        return
    st.markdown("**What it is paid for**")
    for row in used[:_SHOWN_ITEMS]:
        told = f"{row['For']}: {usd(float(str(row['Total (USD)'])))}"
        told += "" if row["Of all"] is None else f", {share(float(str(row['Of all'])))}"
        told += f" · {row['Price from']}" if row["Price from"] else ""
        st.markdown(f"- {plain(told)}")
    if len(used) > _SHOWN_ITEMS:
        st.caption(plain(f"{len(used) - _SHOWN_ITEMS} smaller items are on Cost."))


try:
    found = _state.prepared()
    show_options(_state.answer(found), found)
except InputError as error:
    _empty.show(error)
