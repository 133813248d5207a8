"""Start from usage files: what was found in them, a template for the rest, the answer. Of the files only sums stay, in this session."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from tco import InputError, dump, load
from tco.number_style import local
from tco.shipped import shipped_templates
from tco.usage import Asked, ReadOptions, Usage, UsageFile, bills, put_in, read_usage, together, workload_of, zone_named
from tco.usage.bill import largest_in_book, sentence
from tco.usage.words import headline, measured_text, span_sentence, verdict
from tco.views import _dataframe, _edit, _hosted, _look, _state
from tco.words import label, name, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from tco.usage import Derived, ModelBill

MAX_UPLOAD_MB = 20
MAX_FILES = 20

_MAX_UNPACKED_BYTES = 200_000_000
_KEPT = "start_usage"
_BASELINE = "api-today"
_SHOWN_MODELS = 8
_MTOK = 1e6
_TYPES = ["csv", "tsv", "txt", "json", "jsonl", "ndjson", "gz"]
_TOLD = "told"
_CACHED = {_TOLD: "The file says it", "inside": "Among the input", "beside": "Beside the input"}
_BUCKETS = {_TOLD: "The file says it", "minute": "A minute", "hour": "An hour", "day": "A day"}
_ASKED = {
    "timezone_needed": "Time zone",
    "cached_unclear": "Cached tokens are counted",
    "cached_above_input": "Cached tokens are counted",
    "totals_disagree": "Cached tokens are counted",
    "bucket_unclear": "A row with several requests is of",
}
"""The field of the page for what an error asks for by the command's flag."""


def show(models: Callable[[date], Sequence[str]]) -> None:
    """Upload, what was found, the rest, the answer.

    Args:
        models: that can be paid for on a day, as the price book names them.
    """
    files = st.file_uploader(
        "Usage files (CSV, JSON, JSON lines, or .gz of these)",
        type=_TYPES,
        accept_multiple_files=True,
        max_upload_size=MAX_UPLOAD_MB,
        key="start.usage",
    )
    st.caption(
        "Exports of OpenAI, Anthropic, OpenRouter, LiteLLM, Langfuse, Helicone, Bedrock, Gemini, OpenTelemetry or FOCUS, or a CSV of your own. "
        "Prompts and answers are dropped while a file is read, identities are not read, and only sums stay, in this session."
    )
    with st.expander("What a file may not say of itself"):
        options = _options()
    if not files:
        return
    try:
        usage = _read(files, options)
    except InputError as error:
        field = _ASKED.get(error.code)
        here = "" if field is None else f" On this page: *{field}*, above."
        st.error(f"{plain(str(error))}.{here} Nothing was changed.", icon=":material/error:")
    else:
        _found(usage, models)


def _options() -> dict[str, Any]:
    with st.grid(3, min_column_width=180, gap="small"):
        zone = st.text_input(
            _ASKED["timezone_needed"],
            "",
            key="start.usage.zone",
            placeholder="UTC",
            help="Clock of days and weeks, and of times that name none: Europe/Berlin.",
        )
        cached = st.selectbox(
            _ASKED["cached_unclear"], list(_CACHED), format_func=_CACHED.__getitem__, key="start.usage.cached"
        )
        bucket = st.selectbox(
            _ASKED["bucket_unclear"], list(_BUCKETS), format_func=_BUCKETS.__getitem__, key="start.usage.bucket"
        )
    return {
        "zone": zone.strip(),
        "cached": None if cached == _TOLD else cached,
        "bucket": None if bucket == _TOLD else bucket,
    }


def _read(files: Sequence[UploadedFile], said: dict[str, Any]) -> Usage:
    """The files' sums. The last ones are kept in the session alone, so that a click elsewhere on the page does not read the files anew.

    Raises:
        InputError: see `tco.usage.read_usage`.
    """
    if len(files) > MAX_FILES:
        raise InputError(f"{len(files)} files; at most {MAX_FILES} are read here, `tco usage import` takes more")
    digests = tuple((file.name, hashlib.sha256(file.getvalue()).hexdigest()) for file in files)
    asked = (digests, tuple(said.items()))
    kept = st.session_state.get(_KEPT)
    # One of an older class, from before a reload of the code, is read anew.
    if kept is not None and kept[0] == asked and isinstance(kept[1], Usage):
        return kept[1]
    options = ReadOptions(
        zone=zone_named(said["zone"]) if said["zone"] else None,
        asked=Asked(cached=said["cached"], bucket=said["bucket"]),
        max_bytes=_MAX_UNPACKED_BYTES,
    )
    with _hosted.turn(), st.spinner("Reading…"):
        usage = read_usage([UsageFile.of_bytes(file.name, file.getvalue()) for file in files], options)
    st.session_state[_KEPT] = (asked, usage)
    return usage


def _found(whole: Usage, models: Callable[[date], Sequence[str]]) -> None:
    paid = bills(whole)
    busy = [bill.model for bill in paid if bill.input_tokens + bill.output_tokens > 0]
    chosen = st.multiselect("Models", busy, busy, key=f"start.usage.models.{len(busy)}") if len(busy) > 1 else busy
    usage = whole
    if 0 < len(chosen) < len(busy):
        usage = whole.of_models(chosen)
        paid = bills(usage)
    asked = (
        None
        if usage.counts_requests
        else st.number_input(
            "Requests a day",
            1.0,
            None,
            None,
            1_000.0,
            format="%g",
            key="start.usage.requests",
            help="The files count tokens, not requests.",
        )
    )
    derived = workload_of(usage, asked)
    st.markdown(f"**{plain(headline(derived))}**")
    st.caption(
        plain(span_sentence(derived, usage.grain)) + "  \n" + "  \n".join(plain(verdict(file)) for file in usage.files)
    )
    _tables(derived, paid)
    said = sentence(together(paid))
    if said is not None:
        st.markdown(plain(f"{said}."))
    _untold(derived)
    if derived.is_complete:
        _rest(derived, paid, models)


def _tables(derived: Derived, paid: Sequence[ModelBill]) -> None:
    rows = [
        {
            "Input": label(f"workload.{key}"),
            "Measured": measured_text(key, quantity.value),
            "Seen": "" if quantity.bounds is None else " to ".join(measured_text(key, end) for end in quantity.bounds),
        }
        for key, quantity in derived.quantities.items()
    ]
    if derived.profile is not None:
        rows.append(
            {"Input": "Busiest hour of the week (factor)", "Measured": f"{local(max(derived.profile)):.2f}", "Seen": ""}
        )
    if derived.lengths is not None:
        rows.append(
            {"Input": "Spread of lengths (fraction)", "Measured": f"{derived.lengths.spread_fraction:.0%}", "Seen": ""}
        )
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt="What the files say of the workload")
    frame = pd.DataFrame(
        [
            {
                "Model": bill.model,
                "Requests": bill.requests or None,
                "Input (Mtok)": bill.input_tokens / _MTOK,
                "Output (Mtok)": bill.output_tokens / _MTOK,
                "Paid (USD)": bill.billed_usd,
                "At the price book's prices (USD)": bill.reckoned_usd,
            }
            for bill in paid[:_SHOWN_MODELS]
        ]
    )
    forms = dict.fromkeys(frame.columns[1:], ",.2f") | {"Requests": ",.0f"}
    _dataframe.draw(frame.round(2), forms, alt="What each model used and cost")


def _untold(derived: Derived) -> None:
    with st.expander("What the files do not tell, and what to know of them"):
        for key, reason in derived.left_open.items():
            st.markdown(f"- {plain(name(f'workload.{key}'))}: {plain(reason)}")
        for note in derived.notes:
            st.markdown(f"- {plain(note)}")


def _rest(derived: Derived, paid: Sequence[ModelBill], models: Callable[[date], Sequence[str]]) -> None:
    templates = list(shipped_templates())
    with st.grid(2, min_column_width=220, gap="small"):
        template = st.selectbox(
            "Everything else from",
            templates,
            format_func=lambda one: load(shipped_templates()[one]).name,
            key="start.usage.template",
        )
        scenario = load(shipped_templates()[template])
        known, used = list(models(scenario.as_of)), next(largest_in_book(paid), None)
        paid_model = used or scenario.single(_BASELINE).model
        offered = known if paid_model in known else [paid_model, *known]
        model = st.selectbox(
            "Model that you pay for today", offered, offered.index(paid_model), key=f"start.usage.model.{paid_model}"
        )
    if not st.button("Show the answer", type=_look.emphasis(), icon=":material/balance:", key="start.usage.show"):
        return
    try:
        text = scenario_text(template, derived, model)
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
    else:
        st.session_state.pop(_KEPT, None)
        _state.replace(text, origin=_state.OWN)
        st.switch_page(_state.page("decision"))


def scenario_text(template: str, derived: Derived, model: str) -> str:
    """A template with the measured workload and the model that is paid today.

    Args:
        template: of `tco.shipped.shipped_templates`.
        derived: what the files say.
        model: as the price book names it.

    Returns:
        The scenario as YAML.

    Raises:
        InputError: they make no valid scenario.
    """
    scenario, _ = put_in(load(shipped_templates()[template]), derived)
    return dump(_edit.set_field(scenario, f"options.{_BASELINE}.model", model))
