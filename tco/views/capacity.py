"""Capacity: how much one replica carries under the promise, how many stand when, how full they are, where memory goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from tco import InputError, OptionResult, Result
from tco.capacity.fleet_hours import replicas_by_hour
from tco.capacity.memory.fits import Misfit, Wish
from tco.capacity.memory.limits_on import carried_args, memory_on
from tco.capacity.memory.waterfall import Waterfall
from tco.capacity.served import Served
from tco.capacity_charts import (
    hours_chart,
    latency_with_promise,
    memory_chart,
    months_chart,
    throughput_with_point,
)
from tco.charts import Palette
from tco.compare import Prepared
from tco.format import limit_title, month_count, share, usd
from tco.glossary import terms
from tco.number_style import local
from tco.replicas_of import needed_tokens, served_on
from tco.run_charts import latency_frame
from tco.scenario import OwnOption, RentOption
from tco.views import _bar, _chart, _empty, _look, _state
from tco.words import basis, model_error, number, plain
from tco.workload.demand import demand

if TYPE_CHECKING:
    from probes import Run
    from tco.result import Capacity

_WORDS = {
    "measured": "read from a load point that was measured",
    "interpolated": "read between two load points that were measured",
    "modelled": "carried on by a model from what was measured",
}


def show_capacity(result: Result, prepared: Prepared) -> None:
    """One self-hosted option at a time."""
    _bar.show(result, plain(result.scenario))
    options = {
        option.name: option for option in prepared.scenario.options if isinstance(option, RentOption | OwnOption)
    }
    if not options:
        st.header("No option has machines of its own", anchor=False)
        st.write(
            "Every option is paid per token: their sellers see to capacity. Add one that is rented or owned on *Inputs*."
        )
        _empty.links()
        return
    names = list(options)
    start = names.index(result.contender) if result.contender in names else 0
    name = st.selectbox("Option", names, start, key=_state.key("capacity.option"), persist_state="session")
    found, palette = result.option(str(name)), _look.palette()
    if found.capacity is None or not found.feasible:
        st.header(plain(f"{name} cannot serve this workload"), anchor=False)
        st.error(plain("; ".join(found.reasons)), icon=":material/block:")
        _empty.links()
    else:
        _answer(found, result)
    _curve(found, prepared, palette)
    if found.capacity is not None and found.feasible:
        _fleet(found, options[str(name)], prepared, palette)
    _memory(options[str(name)], prepared, palette)
    if found.feasible:
        for reason in found.reasons:
            st.caption(plain(f"{reason[:1].upper()}{reason[1:]}."))


def _answer(found: OptionResult, result: Result) -> None:
    capacity = found.capacity
    assert capacity is not None
    stand = "stands" if capacity.replicas == 1 else "stand"
    st.header(
        plain(
            f"One replica of {found.name} carries {local(capacity.goodput_requests_per_s):,.3g} requests a second within the promise; "
            f"{local(capacity.replicas):,} {stand} in the busiest hour, and {share(capacity.utilisation_fraction)} of what is paid for is used."
        ),
        anchor=False,
    )
    how = _WORDS[capacity.basis]
    missed = model_error(found)
    st.caption(plain(f"{basis(found)}: {how}{f'; {missed}' if missed else ''}."))
    with st.grid(4, min_column_width=150):
        _number(
            "Goodput",
            f"{local(capacity.goodput_requests_per_s):,.3g}/s",
            "Requests a second of one replica at which every limit of the latency promise still holds.",
        )
        _number(
            "Replicas",
            f"{local(capacity.replicas):,}",
            "In the busiest hour of the largest month, spares for the availability target included.",
            delta=_machines(capacity),
            delta_color="off",
            delta_arrow="off",
        )
        _number(
            "Utilisation",
            share(capacity.utilisation_fraction),
            "Mean demand over what is paid for: an output, never an input.",
        )
        _number(
            "Idle cost",
            usd(capacity.idle_usd),
            f"Over {month_count(result.conventions.horizon_months)}: hours that are paid for and in which nothing is served.",
        )


def _number(label: str, value: str, meaning: str, **more: Any) -> None:
    st.metric(label, value, help=meaning, border=True, height="stretch", **more)


def _machines(capacity: Capacity) -> str:
    count, word = (capacity.gpus, "GPU") if capacity.gpus else (capacity.servers, "machine")
    return f"{local(count):,} {word}{'' if count == 1 else 's'}"


def _curve(found: OptionResult, prepared: Prepared, palette: Palette) -> None:
    run, replica = prepared.runs[found.name], prepared.replicas[found.name]
    st.subheader("The run's curve", anchor=False, help=terms("Run", "SLO", "TTFT", "TPOT", "P95"))
    if not run.usable_cells:
        st.info("No load point of its run is usable; *Probe* says why.", icon=":material/info:")
        return
    is_own = replica.carried is None and found.capacity is not None and found.capacity.basis != "modelled"
    if not is_own:
        st.info(
            plain(
                f"This is the curve of run {run.run_id}, of {run.model.name}. The option's own number is modelled from it: other lengths, "
                "another model or another machine. So its point is not on this curve."
            ),
            icon=":material/function:",
        )
    else:
        st.caption(plain(f"Run {run.run_id}, of {run.model.name}."))
    limits = prepared.scenario.workload.slo.limits()
    goodput = found.capacity.goodput_requests_per_s if found.capacity is not None and is_own else 0.0
    with st.grid(2, min_column_width=320, gap="medium"):
        with st.container():
            st.markdown("**Throughput**", help="Output tokens per second of one replica, with its 95 % interval.")
            _chart.draw(
                throughput_with_point(run, goodput, palette),
                alt=f"Output tokens per second against load{f'; the promise holds up to {local(goodput):.3g} requests a second' if goodput else ''}",
            )
        with st.container():
            st.markdown("**Latency and the promise**", help="Dashed lines: the limits that must hold.")
            _latency(run, limits, palette)


def _latency(run: Run, limits: dict[str, float], palette: Palette) -> None:
    promised = ", ".join(f"{limit_title(limit)} {local(ms):g} ms" for limit, ms in limits.items()) or "nothing"
    if latency_frame(run).empty:
        st.info(
            plain(f"Its source gives no times to first token and per token. Promised: {promised}."),
            icon=":material/timer_off:",
        )
        return
    _chart.draw(latency_with_promise(run, limits, palette), alt=f"Latency against load; promised: {promised}")


def _fleet(found: OptionResult, option: RentOption | OwnOption, prepared: Prepared, palette: Palette) -> None:
    capacity = found.capacity
    assert capacity is not None
    st.subheader("The fleet", anchor=False, help=terms("Replica", "Capacity"))
    with st.grid(2, min_column_width=320, gap="medium"):
        with st.container():
            st.markdown(
                "**By hour of the week**", help="Line: replicas that stand. Area: those that the requests fill."
            )
            # The month is chosen below the picture of it.
            picture = st.container()
            month = _month(len(capacity.replicas_by_month))
            with picture:
                _hours(found, option, prepared, month, palette)
        with st.container():
            st.markdown("**By month**", help="Replicas that stand; a fleet grows with its traffic in whole replicas.")
            _chart.draw(
                months_chart(capacity, palette),
                alt=f"Replicas by month, from {capacity.replicas_by_month[0]} to {capacity.replicas_by_month[-1]}",
            )


def _month(months: int) -> int:
    if months == 1:
        return 0
    return int(st.slider("Month", 1, months, 1, key=_state.key("capacity.month"))) - 1


def _hours(
    found: OptionResult, option: RentOption | OwnOption, prepared: Prepared, month: int, palette: Palette
) -> None:
    scenario, capacity = prepared.scenario, found.capacity
    assert capacity is not None
    if option.starts_after_months or option.then is not None:
        st.info("It serves a part of the plan only; see the months.", icon=":material/info:")
        return
    asked = demand(scenario)
    goodput = capacity.goodput_requests_per_s
    standing = replicas_by_hour(option, prepared.replicas[found.name].gpus, scenario.workload, asked, goodput)[month]
    filled = asked.mean_requests_per_s[month] * asked.hour_weights / goodput
    _chart.draw(
        hours_chart(standing, filled, palette),
        alt=f"Replicas by hour of the week in month {month + 1}: {local(standing.min()):.3g} to {local(standing.max()):.3g} stand, the busiest hour fills {local(filled.max()):.3g}",
    )
    if capacity.policy == "fixed":
        st.caption(
            "The fleet stands for its busiest hour around the clock. A scaling policy lets it follow the load: *Inputs*, *Options*, *Fleet* of the option."
        )


def _memory(option: RentOption | OwnOption, prepared: Prepared, palette: Palette) -> None:
    run = prepared.runs[option.name]
    memory = memory_of(option, prepared)
    st.subheader(
        "Memory of one GPU",
        anchor=False,
        help="Weights, engine, and the KV cache that holds the tokens of requests in flight.",
    )
    if isinstance(memory, str):
        st.info(plain(memory), icon=":material/memory:")
        return
    chart, words = st.columns([3, 2], gap="medium")
    with chart:
        _chart.draw(memory_chart(memory, palette), alt=f"Memory of one {memory.gpu.gpu} with {memory.model.name}")
    with words:
        st.markdown(
            plain(
                f"{memory.model.name} on {memory.gpu.gpu}: what weights and engine leave is the KV cache, {number(float(memory.kv_tokens))} tokens. "
                f"One request of this workload takes {local(needed_tokens(prepared.scenario.workload)):,}."
            )
        )
        st.caption(
            plain(
                f"As vLLM reckons it, with the arguments of run {run.run_id} where they apply; reckoned, not measured."
            )
        )


def memory_of(option: RentOption | OwnOption, prepared: Prepared) -> Waterfall | str:
    """Memory of one GPU of an option's replica; or why it is not known, in a sentence.

    Args:
        option: filled.
        prepared: what its answer rests on.
    """
    run, workload = prepared.runs[option.name], prepared.scenario.workload
    served = served_on(option, run, workload, prepared.book)
    if not isinstance(served, Served):
        return f"Where the memory goes is not known: {served.sentence}"
    wish = Wish(
        model=served.model,
        needed_tokens=needed_tokens(workload),
        precision=served.on.precision,
        kv_dtype_bytes=served.on.kv_dtype_bytes,
        args=carried_args(run),
    )
    try:
        found = memory_on(wish, served.on)
    except InputError as error:
        return f"Where the memory goes is not known: {error}"
    return found.sentence if isinstance(found, Misfit) else found


try:
    found = _state.prepared()
    show_capacity(_state.answer(found), found)
except InputError as error:
    _empty.show(error)
