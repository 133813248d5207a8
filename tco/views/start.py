"""Start: begin anew with six numbers on a template, with usage files, with an example or a claim that ships with the product, or with a scenario file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

import pricing
from pricing import PriceNotFound
from tco import InputError, load
from tco.shipped import shipped_scenarios, shipped_templates
from tco.views import _look, _scenario_upload, _six, _state, _usage_start
from tco.words import plain

if TYPE_CHECKING:
    from datetime import date

    from pricing import Book

# Whose rent the book has, and whose servers of eight. (A text of its own below would be drawn on the page.)
GPUS = ("H100-SXM", "H200-SXM", "B200-SXM", "L40S", "RTX PRO 6000")

_SELLERS = ("openai", "anthropic", "google", "mistral", "deepseek", "cohere")
_CLAIM = "claim-"
_KEPT = " · its own range is kept where you leave it as it is"


def show_start() -> None:
    """The ways to begin."""
    st.header("Start from", anchor=False)
    st.caption("What you begin with takes the place of the scenario of this session; *Undo* brings that back.")
    numbers, usage, examples, file = st.tabs(
        ["Six numbers", "A usage file", "An example or a claim", "A scenario file"]
    )
    with numbers:
        _numbers()
    with usage:
        _usage_start.show(lambda day: _models(day, pricing.shipped_book()))
    with examples:
        _examples()
    with file:
        _file()


def _numbers() -> None:
    templates = list(shipped_templates())
    name = st.selectbox("What it is for", templates, format_func=_title, key="start.template")
    scenario, own = load(shipped_templates()[name]), _six.of_template(name)
    models = _models(scenario.as_of, pricing.shipped_book())
    with st.form(f"start.{name}", border=False):
        with st.grid(3, min_column_width=180, gap="small"):
            requests = st.number_input("Requests a day", 1.0, None, own.requests_per_day, 1_000.0, format="%g")
            into = st.number_input("Prompt length (tokens)", 1.0, None, own.input_tokens, 100.0, format="%g")
            out = st.number_input("Answer length (tokens)", 1.0, None, own.output_tokens, 10.0, format="%g")
            paid = st.selectbox("Model that you pay for today", models, models.index(own.paid_model))
            gpu = st.selectbox("GPU that it would run on", GPUS, GPUS.index(own.gpu))
            fte = st.number_input(
                "Staff to keep it running (FTE)", 0.0, None, own.run_fte, 0.25, format="%g", help="Full-time people."
            )
        ways = st.pills(
            "Hold against it",
            list(_six.WAYS),
            selection_mode="multi",
            default=list(own.ways),
            format_func=lambda way: _six.WAYS[way],
        )
        st.caption(f"Everything else has a default with its source, on *Inputs*{_KEPT}.")
        if st.form_submit_button("Show the answer", type=_look.emphasis(), icon=":material/balance:"):
            six = _six.Six(requests, into, out, paid, tuple(ways), gpu, fte)
            _begin_with(name, six)


def _begin_with(name: str, six: _six.Six) -> None:
    if not six.ways:
        st.error("Choose at least one way to hold against what you pay today.", icon=":material/error:")
        return
    try:
        text = _six.scenario_text(name, six)
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
    else:
        _state.replace(text, origin=_state.OWN)
        st.switch_page(_state.page("decision"))


def _title(name: str) -> str:
    return load(shipped_templates()[name]).name


def _models(day: date, book: Book) -> list[str]:
    """Models of the sellers of closed ones that have a price on that day."""
    found = []
    for seller in _SELLERS:
        for model in pricing.api_models(seller, book):
            try:
                prices = pricing.token_prices(model, day, book)
            except PriceNotFound:
                continue
            if not prices.deprecated:
                found.append(model)
    return found


def _examples() -> None:
    names = sorted(shipped_scenarios(), key=lambda name: name.startswith(_CLAIM))
    chosen = st.selectbox("Example", names, format_func=_example, key="start.example")
    question = load(shipped_scenarios()[chosen]).question
    if question:
        st.markdown(plain(question))
    if st.button("Open it", type=_look.emphasis(), icon=":material/folder_open:"):
        _state.open_shipped(chosen)
        st.switch_page(_state.page("decision"))


def _example(name: str) -> str:
    title = load(shipped_scenarios()[name]).name
    return f"Claim: {title}" if name.startswith(_CLAIM) else title


def _file() -> None:
    file = st.file_uploader(
        "Scenario file (YAML)",
        type=_scenario_upload.TYPES,
        max_upload_size=_scenario_upload.MAX_MB,
        key="start.upload",
    )
    st.caption("As *Save as YAML* on *Inputs* or `tco plan` knows it. It stays in this session.")
    if file is None:
        return
    try:
        text = _scenario_upload.text_of(file)
    except InputError as error:
        st.error(plain(f"{error}. Nothing was changed."), icon=":material/error:")
    else:
        if st.button("Open it", type=_look.emphasis(), icon=":material/folder_open:", key="start.open"):
            _state.replace(text, origin=_state.OWN)
            st.switch_page(_state.page("decision"))


show_start()
