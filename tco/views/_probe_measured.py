"""How a run was measured: windows, the client, other counts beside ours, power, and what is needed to do the same again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from tco.glossary import explained
from tco.number_style import local
from tco.run_words import ROLE_TITLES
from tco.views import _dataframe
from tco.views._probe_facts import facts
from tco.words import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from probes import Cell, Run

_PERCENT = 100


def show(run: Run) -> None:
    """An expander with everything that a sceptic would ask.

    Args:
        run: any run.
    """
    with st.expander("How it was measured", icon=":material/fact_check:"):
        drawn = [_table(run, title, note, columns) for title, (note, columns) in TABLES.items()]
        known = facts(run)
        st.markdown("\n".join(f"- **{name}** · {plain(value)}" for name, value in known))
        if run.manifest is not None and run.manifest.command:
            st.code(shlex.join(run.manifest.command), language=None, wrap_lines=True)
        if not any(drawn):
            st.caption("Where this run is from says nothing about windows, repeats and the measuring client.")


def _table(run: Run, title: str, note: str, columns: Callable[[Cell], dict[str, object]]) -> bool:
    frame = table(run.cells, columns)
    if frame is None:
        return False
    st.markdown(f"**{title}**", help=note)
    numbers = {
        str(name): st.column_config.NumberColumn(help=explained(str(name))) for name in frame.select_dtypes("number")
    }
    _dataframe.draw(frame, column_config=numbers, alt=title)
    return True


def table(cells: Sequence[Cell], columns: Callable[[Cell], dict[str, object]]) -> pd.DataFrame | None:
    """What is known of load points, one a row; columns of which nothing is known are left out.

    Args:
        cells: load points.
        columns: what to tell of one.

    Returns:
        None where nothing is known of any.
    """
    frame = pd.DataFrame([columns(cell) for cell in cells]).dropna(axis="columns", how="all")
    if frame.empty:
        return None
    frame.insert(0, "Load", [cell.label for cell in cells])
    frame.insert(0, "Part", [ROLE_TITLES[cell.role] for cell in cells])
    return frame if len({cell.role for cell in cells}) > 1 else frame.drop(columns="Part")


def _window(cell: Cell) -> dict[str, object]:
    steady, little = cell.steady, cell.little
    if steady is None:
        return {}
    return {
        "Settled": "yes" if steady.settled else "no",
        "Warm-up (s)": steady.warmup_s,
        "Window (s)": steady.window_s,
        "Repeats": cell.repeats,
        "Requests": cell.requests_ok,
        "Trend (%)": _percent(steady.trend_fraction),
        "Little's law error (%)": None if little is None else _percent(little.error_fraction),
        "Tokens counted by": cell.token_source.replace("_", " "),
    }


def _beside(cell: Cell) -> dict[str, object]:
    """Ours beside the whole run's count and the server's own clock; nothing where there is neither."""
    whole, server = cell.whole_run, cell.server
    told: dict[str, object] = {}
    if whole is not None:
        told |= {
            "Tokens/s, steady": cell.output_tokens_per_s.mean,
            "Tokens/s, whole run": whole.output_tokens_per_s,
        }
    if server is None:
        return told
    for name, ours, theirs in (
        ("First token", cell.ttft_ms, server.ttft_ms),
        ("Per token", cell.tpot_ms, server.tpot_ms),
        ("Whole answer", cell.e2e_ms, server.e2e_ms),
    ):
        if theirs.p95 is None:
            continue
        bucket = theirs.bounds.get("p95")
        told |= {f"{name} p95, here": ours.p95, f"{name} p95, server": theirs.p95}
        told[f"{name} p95, server's bucket"] = (
            None if bucket is None else f"{local(bucket.low):g} to {local(bucket.high):g}"
        )
    told["Queue p95, server"] = server.queue_ms.p95
    told["Running, server"] = server.requests_running_mean
    told["Waiting at most, server"] = server.requests_waiting_max
    return told


def _client(cell: Cell) -> dict[str, object]:
    return {
        "Client CPU (%)": _percent(cell.client_cpu_fraction),
        "Client lag p99 (ms)": cell.client_lag_p99_ms,
        "Schedule lag p99 (ms)": cell.schedule_lag_p99_ms,
        "Workers": cell.client_workers,
    }


def _energy(cell: Cell) -> dict[str, object]:
    energy = cell.energy
    if energy is None or (energy.source is None and energy.power_watts is None and not energy.codes):
        return {}
    return {
        "Power (W)": energy.power_watts,
        "J per output token": energy.energy_joules_per_output_token,
        "Window (s)": energy.window_s,
        "Samples": energy.samples,
        "Counter and samples differ (%)": _percent(energy.disagreement_fraction),
        "Hottest GPU (°C)": max(energy.gpu_temperature_max_celsius, default=None),
        "Slowed by": ", ".join(energy.throttle_reasons) or None,
        "Codes": ", ".join(energy.codes) or None,
        "Read from": energy.source,
    }


WINDOWS_NOTE = (
    "Warm-up is left out; the window is what the numbers above rest on. Trend: second half's throughput over the first's, less 1. "
    "Little's law: requests in flight must be rate times time."
)
BESIDE_NOTE = "The whole run counts ramp and tail too. The server's percentiles come from its own histograms: the true one lies in the bucket."
CLIENT_NOTE = "How busy the load client was and how late it was; a load point that it limits is not usable."
POWER_NOTE = "Codes say what is wrong with a reading; none is good."
TABLES: dict[str, tuple[str, Callable[[Cell], dict[str, object]]]] = {
    "Windows": (WINDOWS_NOTE, _window),
    "Beside other counts": (BESIDE_NOTE, _beside),
    "Load client": (CLIENT_NOTE, _client),
    "Power": (POWER_NOTE, _energy),
}


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else _PERCENT * fraction
