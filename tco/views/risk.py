"""Risk: how sure the answer is, what its spread comes from, two inputs at once, and what would have to be true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from tco import InputError
from tco.charts import Palette
from tco.compare import Prepared, compare
from tco.format import months, usd
from tco.glossary import term, terms
from tco.number_style import local
from tco.register import quantities
from tco.risk.changes import drivers_of
from tco.risk.records import Risk
from tco.risk.simulate import simulate
from tco.risk.two_way import two_way
from tco.risk_charts import npv_chart, paid_back_chart, shares_chart, tornado_chart, two_way_chart
from tco.risk_words import likely, measuring_sentence, npv_range, paid_back, risk_headline
from tco.views import _bar, _chart, _empty, _hosted, _look, _state
from tco.what_if import Condition, solve_for, solved_sentence
from tco.words import label, plain

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

DRAWS = (1_000, 10_000, 100_000)
SHOWN_INPUTS = 8
_KEPT = "risk"


def show_risk(prepared: Prepared) -> None:
    """The controls, then the answer in shares of runs."""
    planned = compare(prepared, prepared.scenario)
    names = [each.name for each in prepared.scenario.options if each.name != prepared.scenario.baseline]
    _bar.show(None, plain(prepared.scenario.name))
    # The answer comes first on the page, though it is known last.
    head = st.container()
    option, draws, seed = _controls(names, planned.contender)
    with head, st.spinner("Answering again and again"):
        found = _simulated(prepared, option, draws, seed)
    with head:
        st.header(plain(risk_headline(found)), anchor=False)
        _numbers(found)
    if found.of(option).saves is None:
        # Without a saving there is nothing to vary and nothing to solve for.
        _empty.links()
        return
    palette = _look.palette()
    _spread(found, palette)
    if found.measuring is not None:
        st.info(plain(measuring_sentence(found.measuring)), icon=":material/speed:")
    _one_by_one(prepared, planned.option(option).npv_usd, option, palette)
    _two_inputs(prepared, option, palette)
    _solve(prepared, option)
    for warning in found.warnings:
        st.caption(plain(warning.message))
    st.caption(
        f"{local(found.draws):,} runs, seed {found.seed}. {len(found.inputs)} inputs with a range were drawn, each from its own distribution; all others were kept. "
        "Payback without residual value, NPV with it."
    )


def _controls(names: list[str], contender: str | None) -> tuple[str, int, int]:
    offered = _hosted.draws_allowed(DRAWS)
    usual = offered[min(1, len(offered) - 1)]
    which, many, other = st.columns([3, 2, 1], gap="medium")
    with which:
        start = names.index(contender) if contender in names else 0
        option = st.selectbox(
            "Option", names, start, key=_state.key("risk.option"), help="Held against what is paid today."
        )
    with many:
        draws = st.segmented_control(
            "Runs",
            offered,
            default=usual,
            format_func=lambda count: f"{local(count):,}",
            key=_state.key("risk.draws"),
            required=True,
        )
    with other:
        seed = st.number_input(
            "Seed", 0, 2**31, 1, key=_state.key("risk.seed"), help="The same seed gives the same runs."
        )
    return str(option), int(draws or usual), int(seed)


def _simulated(prepared: Prepared, option: str, draws: int, seed: int) -> Risk:
    """The simulation, once for the same question; its progress is shown where it takes a while."""
    asked = (
        _state.text(),
        prepared.book.id,
        str(prepared.book.overrides),
        option,
        draws,
        seed,
        tuple(sorted(_state.own_runs())),
    )
    kept = st.session_state.get(_KEPT)
    if kept is not None and kept[0] == asked:
        return Risk.model_validate_json(kept[1])
    bar = st.progress(0.0, "Answering again and again") if draws > DRAWS[1] else None

    def on_runs(done: int, total: int) -> None:
        if bar is not None:
            bar.progress(min(1.0, done / total), f"Answering again and again: {local(done):,} of {local(total):,} runs")

    found = simulate(prepared, draws=draws, seed=seed, option=option, on_runs=on_runs)
    if bar is not None:
        bar.empty()
    # Only the last one is kept, as text, in the session alone.
    st.session_state[_KEPT] = (asked, found.model_dump_json(by_alias=True))
    return found


def _numbers(found: Risk) -> None:
    assert found.option is not None  # it was chosen
    option = found.of(found.option)
    if option.saves is None or option.npv_usd is None or option.payback_months is None:
        st.warning("It cannot carry the workload in any run, or what is paid today cannot.", icon=":material/block:")
        return
    with st.grid(4, min_column_width=150):
        st.metric(
            "Saves in",
            likely(option.saves).split(" ")[0],
            help=f"{likely(option.saves)} have a positive NPV.",
            border=True,
        )
        st.metric(
            "Median NPV",
            usd(option.npv_usd.percentiles["50"]),
            help=f"NPV against today; nine runs in ten lie at {plain(npv_range(option.npv_usd))}.",
            border=True,
        )
        st.metric(
            "Median payback",
            months(option.payback_months.percentiles["50"]),
            help=plain(paid_back(option, found.horizon_months)),
            border=True,
        )
        st.metric(
            "Best of all in",
            likely(option.best).split(" ")[0],
            help="In so many runs no other option is worth more.",
            border=True,
        )


def _spread(found: Risk, palette: Palette) -> None:
    assert found.option is not None
    option = found.of(found.option)
    if option.npv_histogram is None:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**When runs have paid back**", help=term("Payback"))
        _chart.draw(
            paid_back_chart(found, palette),
            alt=f"Share of the runs that have paid back by month. {risk_headline(found)}",
        )
    with right:
        ends = f": nine runs in ten, {npv_range(option.npv_usd)}" if option.npv_usd else ""
        st.markdown(f"**What {plain(option.name)} is worth**{plain(ends)}", help=terms("NPV", "Nine runs in ten"))
        _chart.draw(
            npv_chart(option, palette),
            alt=f"Runs by their NPV{ends}.",
        )
    if found.shares:
        st.markdown(
            "**Where the spread comes from**",
            help="Share of the NPV's variance that goes when the input becomes known.",
        )
        _chart.draw(
            shares_chart(found.shares[:SHOWN_INPUTS], palette),
            alt="; ".join(f"{label(each.path)}: {each.share_fraction:.0%}" for each in found.shares[:SHOWN_INPUTS]),
        )


def _one_by_one(prepared: Prepared, npv_usd: float | None, option: str, palette: Palette) -> None:
    if npv_usd is None:
        return
    found = drivers_of(prepared, option, npv_usd)
    shown = [each for each in found if each.npv_at_low_usd is not None and each.npv_at_high_usd is not None]
    if not shown:
        return
    st.markdown("**One input at a time**", help="Each input at both ends of its own range, all others held.")
    _chart.draw(
        tornado_chart(shown[:SHOWN_INPUTS], npv_usd, palette),
        alt=f"Inputs by how far they move the NPV of {usd(npv_usd)}, largest first.",
    )


def _two_inputs(prepared: Prepared, option: str, palette: Palette) -> None:
    paths = [path for path, _ in quantities(prepared.scenario)]
    with st.expander("Two inputs at once", icon=":material/grid_on:"):
        left, right = st.columns(2, gap="medium")
        volume = paths.index("workload.requests_per_day")
        across = left.selectbox("Across", paths, volume, format_func=label, key=_state.key("risk.across"))
        others = [path for path in paths if path != across]
        start = next(
            (n for n, path in enumerate(others) if path.endswith(("price_usd_per_hour", "output_usd_per_mtok"))),
            0,
        )
        down = right.selectbox("Down", others, start, format_func=label, key=_state.key("risk.down"))
        grid = two_way(prepared, (str(across), str(down)), option)
        _chart.draw(two_way_chart(grid, palette), alt=f"NPV of {option} over two inputs.")


def _solve(prepared: Prepared, option: str) -> None:
    paths = [path for path, _ in quantities(prepared.scenario)]
    with st.expander("What would have to be true", icon=":material/target:"):
        left, right = st.columns(2, gap="medium")
        path = str(left.selectbox("Input", paths, format_func=label, key=_state.key("risk.for")))
        wish = right.selectbox("So that it", ["saves money", "pays back within …"], key=_state.key("risk.until"))
        condition = Condition("npv_usd", ">", 0.0)
        if wish != "saves money":
            condition = Condition("payback_months", "<=", _within(prepared.scenario.horizon_months, right))
        try:
            st.markdown(plain(solved_sentence(solve_for(prepared, path, condition, option))))
        except InputError as error:
            # The rest of the page has its answer.
            st.info(plain(f"{error}."), icon=":material/info:")


def _within(horizon_months: int, place: DeltaGenerator) -> float:
    """Months to pay back within; of a plan of one month there is no choice."""
    if horizon_months == 1:
        return 1.0
    return float(place.slider("Months", 1, horizon_months, min(12, horizon_months), key=_state.key("risk.within")))


try:
    question = _state.prepared()
    if len(question.scenario.options) < 2:  # noqa: PLR2004 - the baseline and another one
        _bar.show(None, plain(question.scenario.name))
        st.header("There is nothing to compare", anchor=False)
        st.write("The scenario has one option. Add another one on *Inputs*.")
        _empty.links()
    else:
        with _hosted.turn():
            show_risk(question)
except InputError as error:
    _empty.show(error)
