"""Cost: what an option costs month by month and for what, what of it is idle, what a unit costs, at which load it pays."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from tco import InputError, OptionResult, Result
from tco.charts import Palette
from tco.compare import Prepared
from tco.cost_charts import items_chart, use_chart, year_chart
from tco.cost_sources import item_rows
from tco.curve_charts import cost_over_load
from tco.format import month_count, share, usd, volume
from tco.glossary import explained, term
from tco.load_curve import load_curve
from tco.views import _bar, _chart, _dataframe, _empty, _look, _state
from tco.words import plain

_UNIT_WORDS = {
    "A million tokens": term("Mtok"),
    "of input": "Of the whole cost, what a million input tokens bear.",
    "of output": "Of the whole cost, what a million output tokens bear.",
    "Tokens at full load": "A million tokens if the fleet were always as full as its promise lets it be.",
}
_SPLIT = {
    "bill": "as the vendor bills them",
    "cost_split": "by the machine time that the run measured",
    "step_time": "by the machine time of the engine's steps",
    "tokens": "every token alike, for nothing is known of their machine time",
    "mixed": "machines by their time, what is paid per token by the bill",
}


def show_cost(result: Result, prepared: Prepared) -> None:
    """All options side by side, then one of them in detail."""
    _bar.show(result, plain(result.scenario))
    able = [option for option in result.options if option.feasible]
    if not able:
        st.header("No option can and may serve this workload, so nothing has a cost", anchor=False)
        for option in result.options:
            st.markdown(f"- {plain(option.name)}: {plain('; '.join(option.reasons))}")
        _empty.links()
        return
    st.header(plain(_headline(result, able)), anchor=False)
    palette = _look.palette()
    _units(able)
    st.markdown("**What the money pays for**", help="Over the whole horizon, not discounted.")
    _chart.draw(use_chart(result, palette), alt="; ".join(_use_words(option) for option in able))
    names = [option.name for option in able]
    start = names.index(result.contender) if result.contender in names else 0
    name = st.selectbox("Option", names, start, key=_state.key("cost.option"), persist_state="session")
    _one(result.option(str(name)), result, prepared, palette)


def _headline(result: Result, able: list[OptionResult]) -> str:
    totals = [option for option in able if option.total_usd is not None]
    best = min(totals, key=lambda option: option.total_usd or 0.0)
    told = f"{best.name} costs least: {usd(best.total_usd)} over {month_count(result.conventions.horizon_months)}"
    told += "" if best.usd_per_mtok is None else f", {usd(best.usd_per_mtok)} per million tokens"
    today = result.option(result.baseline)
    if best.name == today.name or today.total_usd is None:
        return f"{told}."
    return f"{told}; {today.name} costs {usd(today.total_usd)}."


def _use_words(option: OptionResult) -> str:
    by = option.cost_by_use
    if by is None:
        return option.name
    return f"{option.name}: {usd(by.usage_usd)} serve, {usd(by.idle_usd)} idle, {usd(by.overhead_usd)} around"


def _units(able: list[OptionResult]) -> None:
    st.markdown("**What a unit costs**", help="Over the whole horizon, with people and everything around.")
    rows = []
    for option in able:
        unit = option.unit_costs
        rows.append(
            {
                "Option": option.name,
                "A million tokens": option.usd_per_mtok,
                "of input": None if unit is None else unit.input_usd_per_mtok,
                "of output": None if unit is None else unit.output_usd_per_mtok,
                "A thousand requests": None if option.usd_per_request is None else 1000 * option.usd_per_request,
                "A user and month": None if unit is None else unit.usd_per_user_month,
                "A solved task": None if option.task_cost is None else option.task_cost.usd_per_successful_task,
                "Tokens at full load": option.usd_per_mtok_at_full_load,
            }
        )
    frame = pd.DataFrame(rows)
    frame = frame.drop(columns=[name for name in frame.columns[1:] if frame[name].isna().all()])
    columns = {
        name: st.column_config.NumberColumn(help=_UNIT_WORDS.get(name, explained(name))) for name in frame.columns[1:]
    }
    money = dict.fromkeys(frame.columns[1:], "$,.4g")
    _dataframe.draw(frame, money, column_config=columns, alt="Unit costs of every option")


def _one(option: OptionResult, result: Result, prepared: Prepared, palette: Palette) -> None:
    with st.grid(2, min_column_width=320, gap="medium"):
        with st.container():
            st.markdown("**Month by month**", help="Point at a bar for the price that carries it and where it is from.")
            _chart.draw(
                items_chart(option, result, palette),
                alt=f"Costs of {option.name} by month and line item, {usd(option.total_usd)} in all",
            )
        with st.container():
            st.markdown("**Year by year**", help="What is received, such as a loan, counts against it.")
            _chart.draw(year_chart(option, palette), alt=f"Money that {option.name} asks for by year: {_years(option)}")
    if option.unit_costs is not None:
        split = _SPLIT[option.unit_costs.split_rule]
        st.caption(plain(f"Costs of {option.name} are told apart into input and output {split}."))
    _items(option, result)
    _load(option, prepared, palette)


def _years(option: OptionResult) -> str:
    if option.cash is None:
        return "not known"
    return ", ".join(usd(amount) for amount in option.cash.by_year.total_usd)


def _items(option: OptionResult, result: Result) -> None:
    rows = item_rows(option, result)
    used = [row for row in rows if row["Total (USD)"]]
    unused = [str(row["For"]).lower() for row in rows if not row["Total (USD)"]]
    st.markdown(
        "**Line items**",
        help="Running costs, each from one formula, and what is laid out, with the price that carries it.",
    )
    _dataframe.draw(
        pd.DataFrame(used),
        {"First month (USD)": "$,.2f", "Total (USD)": "$,.2f", "Of all": ".1%"},
        column_config={"Price from": st.column_config.TextColumn(width="large")},
        alt=f"Line items of {option.name} with their sources",
    )
    if unused:
        st.caption(plain(f"Zero, because nobody set them: {', '.join(unused)}."))


def _load(option: OptionResult, prepared: Prepared, palette: Palette) -> None:
    st.markdown(
        "**At every load**",
        help="Whole replicas make the price of a token fall in curves and jump in steps. All money counts alike here; where later money "
        "counts less, as in the NPV on *Decision*, an option is cheaper from a slightly other load on.",
    )
    try:
        curve = load_curve(prepared, option.name)
    except InputError as error:
        st.info(plain(str(error)), icon=":material/info:")
        return
    crossings = ", ".join(
        f"{each.becomes} from {volume(each.requests_per_day)} requests a day" for each in curve.crossings
    )
    _chart.draw(
        cost_over_load(curve, palette),
        alt=f"USD per million tokens of {option.name} against requests a day{f': {crossings}' if crossings else ''}",
    )
    if option.capacity is not None and option.usd_per_mtok_at_full_load is not None:
        st.caption(
            plain(
                f"Today's fleet is {share(option.capacity.utilisation_fraction)} used; fully used, a million tokens would cost {usd(option.usd_per_mtok_at_full_load)}."
            )
        )


try:
    found = _state.prepared()
    show_cost(_state.answer(found), found)
except InputError as error:
    _empty.show(error)
