"""Decision: the answer first, then how good it is, then why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from tco import InputError, OptionResult, Result
from tco.answer import explain, footing, headline
from tco.compare import Prepared
from tco.constraint_result import titled
from tco.constraint_words import constraint_sentences, nothing_is_left
from tco.decision_charts import decision_chart
from tco.flip_words import flip_sentences
from tco.format import month_count, months, usd
from tco.glossary import term
from tco.hybrid_charts import cost_over_replicas
from tco.hybrid_words import mix_sentence
from tco.number_style import local
from tco.risk_words import likely, paid_back
from tco.views import _bar, _chart, _empty, _link, _look, _quick_risk, _state
from tco.words import basis, driver_sentence, driver_title, evidence_counts, model_error, plain

if TYPE_CHECKING:
    from tco.risk.records import OptionRisk

SHOWN_DRIVERS = 3
_HALF = 0.5
SHOWN_FLIPS = 3
SHOWN_BINDS = 2
LONGEST_REASON = 110
CHART_HEIGHT = 400
_BADGES = {
    "measured": ("green", ":material/verified:", "Read from a load point that was measured."),
    "interpolated": ("green", ":material/timeline:", "Read between two load points that were measured."),
    "modelled": ("orange", ":material/function:", "Outside what was measured: a model carries it on from there."),
    "literature": ("blue", ":material/menu_book:", "Somebody else measured and published it."),
    "listed": ("blue", ":material/sell:", "A price from a price list."),
    "assumed": ("orange", ":material/help:", "Nobody measured or looked it up."),
}
_OTHER_BADGE = ("gray", ":material/description:", "The evidence class of the option's price.")


def show_answer(result: Result, held: Prepared) -> None:
    """The sentence with its band, how good it is, four numbers, the chart, what moves it, what flips it, what binds, the options."""
    _bar.show(result, f"{plain(result.scenario)} · prices as of {result.as_of:%d %B %Y}")
    _link.differs(result)
    risk = _quick_risk.of_answer(result, held)
    st.header(plain(headline(result)), anchor=False)
    _evidence(result, risk)
    _numbers(result, risk)
    chart, side = st.columns([5, 3], gap="medium")
    with chart:
        _costs(result, risk)
    with side:
        _drivers(result)
        _flips(result)
        _binds(result)
    _options(result)
    _hybrids(result)
    _constraints(result)
    _cautions(result)


def _subject(result: Result) -> OptionResult:
    return result.option(result.contender or result.baseline)


def _evidence(result: Result, risk: OptionRisk | None) -> None:
    subject = _subject(result)
    counts = ", ".join(f"{count} {group}" for group, count in evidence_counts(result).items())
    if not subject.feasible:
        st.caption(f"Of all inputs {counts}")
        return
    word = basis(subject)
    colour, icon, meaning = _BADGES.get(word, _OTHER_BADGE)
    what = "throughput" if subject.capacity else "price"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(word, color=colour, icon=icon, help=meaning)  # type: ignore[arg-type]
        missed = model_error(subject)
        st.caption(
            f"{what} of {plain(subject.name)}{f': {missed}' if missed else ''} · of all inputs {counts}",
            width="content",
        )
    if risk is not None and risk.saves is not None:
        # The plan takes every input at its best estimate; where ranges lean to one side, most runs may come out otherwise.
        disagrees = (risk.saves.fraction > _HALF) != (result.recommended == result.contender)
        mark = ":orange[:material/warning:] **Most runs say otherwise.** " if disagrees else ""
        st.markdown(
            mark
            + plain(
                f"Over the ranges of the inputs {risk.name} saves in {likely(risk.saves)}; {paid_back(risk, result.conventions.horizon_months)}."
            ),
            help=f"{local(_quick_risk.draws()):,} runs, each with every uncertain input drawn anew. More on *Risk*.",
        )


def _numbers(result: Result, risk: OptionRisk | None) -> None:
    baseline, contender = result.option(result.baseline), result.contender
    best = result.option(contender) if contender else None
    horizon = month_count(result.conventions.horizon_months)
    worth = best.npv_usd if best else None
    band, months_band = _quick_risk.npv_band(risk), _quick_risk.payback_band(risk, best)
    with st.grid(4, min_column_width=150):
        st.metric(
            "Today, per month",
            usd(baseline.monthly_usd[0] if baseline.monthly_usd else None),
            help=f"What {plain(baseline.name)} costs in the first month.",
            **_below(None if baseline.total_usd is None else f"{usd(baseline.total_usd)} in {horizon}"),
        )
        st.metric(
            "Extra cost (NPV)" if worth is not None and worth < 0 else "Saving (NPV)",
            usd(abs(worth) if worth is not None else None),
            help=f"Net present value against today: all cash flows of {horizon}, later ones discounted. Below it where nine runs of ten lie.",
            **_below(_worth_range(band, worth)),
        )
        st.metric(
            "All-in investment",
            usd(best.capex_usd if best else None),
            help="Everything that is laid out at the start of a month: set-up, servers, replacements.",
            **_below(f"for {best.name}" if best else None),
        )
        st.metric(
            "Payback",
            _payback(best),
            help=f"Month in which the running saving has paid for the investment. {term('Payback')}",
            **_below(_payback_range(months_band)),
        )


def _below(words: str | None) -> dict[str, Any]:
    """A grey line below a number, and the border that all four share."""
    line = {} if words is None else {"delta": plain(words), "delta_color": "off", "delta_arrow": "off"}
    return {"border": True, "height": "stretch", **line}


def _worth_range(band: tuple[float, float] | None, worth_usd: float | None) -> str | None:
    """The band as the number above it is counted: a saving, or an extra cost. So short that a phone shows all of it."""
    if band is None:
        return None
    low, high = band if worth_usd is None or worth_usd >= 0 else (-band[1], -band[0])
    return f"{usd(low)} to {usd(high)}"


def _payback_range(band: tuple[float, float | None] | None) -> str | None:
    if band is None:
        return None
    soonest, latest = band
    if latest is None:
        return f"month {soonest:.0f} to never"
    return "at once" if soonest == latest == 0 else f"month {soonest:.0f} to {latest:.0f}"


def _payback(best: OptionResult | None) -> str:
    return months(best.payback_months) if best and best.npv_usd is not None else "–"


def _costs(result: Result, risk: OptionRisk | None) -> None:
    if not any(option.feasible for option in result.options):
        remedy = (
            "Say in the options' `terms` what is not known, or loosen a constraint."
            if nothing_is_left(result.constraints)
            else "Loosen the latency limits on *Inputs*."
        )
        st.info(f"No option can and may serve this workload, so there is no cost to draw. {remedy}")
        return
    palette = _look.palette()
    best = result.option(result.contender) if result.contender else None
    band = _quick_risk.payback_band(risk, best)
    st.markdown("**Cumulative cost**", help="Grey: the months in which nine runs of ten have paid back.")
    _chart.draw(
        decision_chart(result, band, palette, height=CHART_HEIGHT),
        alt=f"Cumulative cost of every option by month. {headline(result)}",
    )


def _drivers(result: Result) -> None:
    st.markdown("**What moves it most**", help="Each input over its own range, all others held.")
    if not result.drivers:
        st.write(_no_drivers(result))
    for driver in result.drivers[:SHOWN_DRIVERS]:
        icon = ":orange[:material/swap_horiz:]" if driver.flips else ":material/arrow_range:"
        st.markdown(f"{icon} **{plain(driver_title(driver))}**, {plain(driver_sentence(driver))}")


def _no_drivers(result: Result) -> str:
    if not _is_compared(result):
        return "There is no saving that an input could move: it takes two options that can serve, today's among them."
    if any(row.low is not None or row.high is not None for row in result.assumptions):
        return "No input moves it over its own range."
    return "No input has a range yet. Give low and high values on *Inputs* to see what the answer hangs on."


def _is_compared(result: Result) -> bool:
    return result.contender is not None and result.option(result.contender).npv_usd is not None


def _flips(result: Result) -> None:
    if not _is_compared(result):
        return
    st.markdown("**What flips it**", help="Values at which the recommendation is another one.")
    told = flip_sentences(result, SHOWN_FLIPS)
    if told:
        st.markdown("\n".join(f"- {plain(sentence)}" for sentence in told))
    else:
        st.write("No input within its own range.")
    st.page_link(_state.page("risk"), label="What would have to be true", icon=":material/target:")


def _binds(result: Result) -> None:
    """Options that are ruled out, each with its first reason."""
    barred = [option for option in result.options if not option.feasible and option.reasons]
    if not barred:
        return
    st.markdown("**What binds**", help="Latency, memory, law and policy rule options out before any is ranked.")
    for option in barred[:SHOWN_BINDS]:
        st.markdown(f":red[:material/block:] {plain(f'{option.name}: {_short(option.reasons[0])}')}")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 1].rsplit(' ', 1)[0]} …"


def _options(result: Result) -> None:
    st.markdown("**The options**")
    for option in result.options:
        icon = ":green[:material/check_circle:]" if option.name == result.recommended else ":material/circle:"
        if not option.feasible:
            icon = ":red[:material/block:]"
        st.markdown(f"{icon} {plain(explain(result, option))}")


def _hybrids(result: Result) -> None:
    """What each hybrid costs by the number of its replicas."""
    palette = _look.palette()
    for option in result.options:
        if option.hybrid is None or not option.feasible:
            continue
        with st.expander(f"How many replicas: {plain(option.name)}", icon=":material/stacked_line_chart:"):
            told = plain(str(mix_sentence(option)))
            st.markdown(f"{told[:1].upper()}{told[1:]}.")
            _chart.draw(cost_over_replicas(option.hybrid, palette), alt=f"Cost by the number of replicas. {told}")


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
    found = _state.prepared()
    answer = _state.answer(found)
except InputError as error:
    _empty.show(error)
else:
    show_answer(answer, found)
