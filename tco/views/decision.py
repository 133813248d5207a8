"""Decision: the answer first, then how good it is, then why."""

from __future__ import annotations

import streamlit as st

from tco import InputError, OptionResult, Result
from tco.answer import explain, footing, headline
from tco.charts import DARK, LIGHT, cumulative_cost
from tco.constraint_result import titled
from tco.constraint_words import constraint_sentences, nothing_is_left
from tco.format import months, usd
from tco.hybrid_charts import cost_over_replicas
from tco.hybrid_words import mix_sentence
from tco.views import _state
from tco.words import basis, driver_sentence, driver_title, evidence_counts, model_error, plain

SHOWN_DRIVERS = 3
_BADGES = {
    "measured": ("green", ":material/verified:", "Read from a load point that was measured."),
    "interpolated": ("green", ":material/timeline:", "Read between two load points that were measured."),
    "modelled": ("orange", ":material/function:", "Outside what was measured: a model carries it on from there."),
    "literature": ("blue", ":material/menu_book:", "Somebody else measured and published it."),
    "listed": ("blue", ":material/sell:", "A price from a price list."),
    "assumed": ("orange", ":material/help:", "Nobody measured or looked it up."),
}
_OTHER_BADGE = ("gray", ":material/description:", "The evidence class of the option's price.")


def show_answer(result: Result) -> None:
    """The sentence, how good it is, four numbers, the chart, what moves it, the options."""
    st.caption(f"{plain(result.scenario)} · prices as of {result.as_of:%d %B %Y}")
    st.header(plain(headline(result)), anchor=False)
    _evidence(result)
    _numbers(result)
    chart, side = st.columns([5, 3], gap="medium")
    with chart:
        _chart(result)
    with side:
        _drivers(result)
        _options(result)
    _hybrids(result)
    _constraints(result)
    _cautions(result)


def _subject(result: Result) -> OptionResult:
    return result.option(result.contender or result.baseline)


def _evidence(result: Result) -> None:
    subject = _subject(result)
    word = basis(subject)
    colour, icon, meaning = _BADGES.get(word, _OTHER_BADGE)
    counts = ", ".join(f"{count} {group}" for group, count in evidence_counts(result).items())
    what = "throughput" if subject.capacity else "price"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(word, color=colour, icon=icon, help=meaning)  # type: ignore[arg-type]
        missed = model_error(subject)
        st.caption(
            f"{what} of {plain(subject.name)}{f': {missed}' if missed else ''} · of all inputs {counts}",
            width="content",
        )


def _numbers(result: Result) -> None:
    baseline, contender = result.option(result.baseline), result.contender
    best = result.option(contender) if contender else None
    horizon = result.conventions.horizon_months
    worth = best.npv_usd if best else None
    with st.grid(4, min_column_width=150):
        st.metric(
            "Today, per month",
            usd(baseline.monthly_usd[0] if baseline.monthly_usd else None),
            help=f"What {plain(baseline.name)} costs in the first month.",
            border=True,
        )
        st.metric(
            "Extra cost (NPV)" if worth is not None and worth < 0 else "Saving (NPV)",
            usd(abs(worth) if worth is not None else None),
            help=f"Net present value against today: all cash flows of {horizon} months, later ones discounted.",
            border=True,
        )
        st.metric(
            "All-in investment",
            usd(best.capex_usd if best else None),
            help="Everything that is laid out at the start of a month: set-up, servers, replacements.",
            border=True,
        )
        st.metric(
            "Payback",
            _payback(best),
            help="Month in which the running saving has paid for the investment. Never: not within the horizon.",
            border=True,
        )


def _payback(best: OptionResult | None) -> str:
    return months(best.payback_months) if best and best.npv_usd is not None else "–"


def _chart(result: Result) -> None:
    if not any(option.feasible for option in result.options):
        remedy = (
            "Say in the options' `terms` what is not known, or loosen a constraint."
            if nothing_is_left(result.constraints)
            else "Loosen the latency limits on *Inputs*."
        )
        st.info(f"No option can and may serve this workload, so there is no cost to draw. {remedy}")
        return
    palette = DARK if st.context.theme.type == "dark" else LIGHT
    st.markdown("**Cumulative cost**")
    st.altair_chart(
        cumulative_cost(result, palette), alt=f"Cumulative cost of every option by month. {headline(result)}"
    )


def _drivers(result: Result) -> None:
    st.markdown("**What moves it most**", help="Each input over its own range, all others held.")
    if not result.drivers:
        st.write("No input has a range yet. Give low and high values on *Inputs* to see what the answer hangs on.")
    for driver in result.drivers[:SHOWN_DRIVERS]:
        icon = ":orange[:material/swap_horiz:]" if driver.flips else ":material/arrow_range:"
        st.markdown(f"{icon} **{plain(driver_title(driver))}**, {plain(driver_sentence(driver))}")


def _options(result: Result) -> None:
    st.markdown("**The options**")
    for option in result.options:
        icon = ":green[:material/check_circle:]" if option.name == result.recommended else ":material/circle:"
        if not option.feasible:
            icon = ":red[:material/block:]"
        st.markdown(f"{icon} {plain(explain(result, option))}")


def _hybrids(result: Result) -> None:
    """What each hybrid costs by the number of its replicas."""
    palette = DARK if st.context.theme.type == "dark" else LIGHT
    for option in result.options:
        if option.hybrid is None or not option.feasible:
            continue
        with st.expander(f"How many replicas: {plain(option.name)}", icon=":material/stacked_line_chart:"):
            told = plain(str(mix_sentence(option)))
            st.markdown(f"{told[:1].upper()}{told[1:]}.")
            st.altair_chart(cost_over_replicas(option.hybrid, palette), alt=f"Cost by the number of replicas. {told}")


def _constraints(result: Result) -> None:
    """What each constraint costs, and which option keeps which."""
    answer = result.constraints
    if answer is None:
        return
    st.markdown("**What the constraints cost**", help="The best option that may be taken, against the best without it.")
    for sentence in constraint_sentences(answer, result.conventions.horizon_months):
        st.markdown(f"- {plain(sentence)}")
    with st.expander("Which option keeps which", icon=":material/rule:"):
        for finding in answer.findings:
            mark = "" if finding.verdict == "met" else ", ruled out" if finding.rules_out else ", allowed"
            title = titled(finding.constraint, finding.asks)
            st.markdown(
                f"- **{plain(finding.option)}**, {plain(title)}: {finding.verdict}{mark}; {plain(finding.says)}"
            )


def _cautions(result: Result) -> None:
    if result.warnings:
        with st.expander(f"Mind: {len(result.warnings)} cautions", icon=":material/warning:"):
            for warning in result.warnings:
                st.markdown(f"- {plain(warning.message)}")
    st.caption(plain(f"Answer {result.answer_id}. {footing(result)}"))


try:
    answer = _state.result()
except InputError as error:
    st.header("There is no answer yet", anchor=False)
    st.error(plain(str(error)), icon=":material/error:")
    st.write("Change it on *Inputs*, or measure this machine on *Probe* and use the run in an option.")
else:
    show_answer(answer)
