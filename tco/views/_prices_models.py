"""Prices, models: what a model is, whether its licence fits the scenario's company, how people rate it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

import pricing
from pricing import Company, ScoreNotFound
from tco import InputError
from tco.licence_check import who_asks
from tco.number_style import local
from tco.scenario import FROM_RUN, MixedOption, SelfHostedOption
from tco.views import _state
from tco.views._prices_table import link, linked, matches, nothing, table
from tco.words import number, plain

if TYPE_CHECKING:
    from typing import Literal

    from pricing import Answer, Architecture, Book, Score

_PRECISIONS: tuple[Literal["bf16", "fp8", "int4"], ...] = ("bf16", "fp8", "int4")
_VERDICTS = {
    "yes": ("Yes, the licence allows it", ":green[:material/check_circle:]"),
    "no": ("No, the licence does not allow it", ":red[:material/block:]"),
    "ask a lawyer": ("Not clear: ask a lawyer", ":orange[:material/help:]"),
}
_NOW = {True: "yes", False: "no", None: "depends"}


def show(book: Book, wanted: str) -> None:
    """One model: architecture, licence, rating; each part says so where the book knows nothing.

    Args:
        book: the book to read.
        wanted: the search.
    """
    names = [name for name in _names(book) if matches(wanted, name)]
    if not names:
        nothing(wanted)
        return
    model = st.selectbox(
        "Model",
        names,
        key="model",
        accept_new_options=True,
        help="From the book, or any name: Llama-4-Scout, Qwen/Qwen3-8B.",
    )
    if not model:
        return
    _architecture(model, book)
    licence, rating = st.columns([5, 3], gap="medium")
    with licence:
        _licence(model, book)
    with rating:
        _rating(model, book)


def _names(book: Book) -> list[str]:
    """Every model that the book knows anything of, those that the scenario hosts first; spellings of one name once."""
    known = _of_scenario()
    known += [row.name for row in pricing.shipped_models(book)]
    known += [row.model for row in pricing.model_licences(book)]
    known += [score.model for score in pricing.quality_scores(book)]
    once: dict[str, str] = {}
    for name in known:
        once.setdefault(name.rpartition("/")[2].casefold().replace("_", "-"), name)
    return list(once.values())


def _of_scenario() -> list[str]:
    """The models of the scenario, those that it hosts itself first, as the answer has them: `from-run` is a model there."""
    try:
        options = [(o.kind, o.model) for o in _state.result().options if o.kind not in {"hybrid", "cascade"}]
    except InputError:
        options = [
            (option.kind, option.model)
            for option in _state.scenario().options
            if option.model != FROM_RUN and not isinstance(option, MixedOption)
        ]
    return [model for kind, model in sorted(options, key=lambda option: option[0] in {"api", "hosted"})]


def _shipped(model: str, book: Book) -> Architecture | None:
    """Only by name: what a visitor writes must not open a file of the machine that the app runs on."""
    rows = {name: row.name for row in pricing.shipped_models(book) for name in row.ids}
    versions = [row.hf_id for row in pricing.models_named(model, book) if row.hf_id]
    names = [model, *versions] if len(versions) == 1 else [model]
    known = next((found for name in names if (found := pricing.find_name(name, rows))), None)
    return None if known is None else pricing.architecture(rows[known], book)


def _architecture(model: str, book: Book) -> None:
    st.markdown("**What it is**")
    found = _shipped(model, book)
    if found is None:
        st.caption(
            plain(f"The book has no architecture of {model}.")
            + " With the model's `config.json`, `tco prices model FILE` computes it."
        )
        return
    weights = {precision: f"{local(found.weight_bytes(precision) / 1e9):,.3g} GB" for precision in _PRECISIONS}
    with st.grid(4, min_column_width=150):
        st.metric("Parameters", _billions(found.parameters_total), help="All weights that are counted.", border=True)
        st.metric("Active", _billions(found.parameters_active), help="Weights that one token uses.", border=True)
        st.metric("Weights in bf16", weights["bf16"], help="Two bytes a parameter.", border=True)
        st.metric(
            "KV cache per token",
            f"{local(found.kv_bytes_per_token(2) / 1024):,.4g} KiB",
            help="At two bytes a number, while every window still has room; half of that at one byte.",
            border=True,
        )
    smaller = ", ".join(f"{size} in {precision}" for precision, size in weights.items() if precision != "bf16")
    layers = ", ".join(f"{kind.layers} {kind.kind}" for kind in found.layer_types)
    context = f" · context {local(found.max_context_tokens):,} tokens" if found.max_context_tokens else ""
    day = f", {found.as_of:%d %b %Y}" if found.as_of else ""
    facts = f"{found.hf_id or found.name} · weights {smaller} · layers: {layers}{context}"
    st.caption(f"{plain(facts)} · {linked(found.source)}{day}")


def _billions(count: int) -> str:
    return f"{local(count / 1e9):,.3g} B" if count >= 1e9 else f"{local(count / 1e6):,.3g} M"  # noqa: PLR2004 - a billion


def _licence(model: str, book: Book) -> None:
    company = _company(model)
    answer = pricing.allowed(model, company, book=book)
    place = f" in {company.country}" if company.country else ""
    st.markdown(f"**May a company{place} use it?**")
    if answer.model is None and not answer.licences:
        st.caption(plain(" ".join([*(reason.says for reason in answer.reasons), *_further(answer)])))
        return
    words, icon = _VERDICTS[answer.verdict]
    title = "; ".join(text.title for text in answer.licences)
    st.markdown(f"{icon} **{words}**{f' ({plain(title)})' if title else ''}")
    for reason in answer.reasons:
        where = f" {reason.rule.section}." if reason.rule and reason.rule.section else ""
        quote = f" “{reason.rule.quote}”" if reason.rule and reason.rule.quote else ""
        clause = f" {linked(reason.url, 'Read the clause')}" if link(reason.url) else ""
        st.markdown(f"- {plain(f'{reason.says}{quote}{where}')}{clause}")
    for line in _further(answer):
        st.markdown(f"- {plain(line)}")
    if answer.duties:
        with st.expander(f"What the licence asks for: {len(answer.duties)}"):
            _duties(answer)
    if answer.facts_to_supply:
        st.caption("Say who asks on *Inputs*: more is in `company` of the scenario's file.")
    st.caption(plain(answer.notice))


def _company(model: str) -> Company:
    """Who asks, with the paid licence that an option of the scenario has for the model."""
    scenario = _state.scenario()
    hosted = [option for option in scenario.options if isinstance(option, SelfHostedOption)]
    paid = any(option.paid_licence and option.model == model for option in hosted)
    return who_asks(scenario, paid=paid)


def _further(answer: Answer) -> list[str]:
    near = [f"Near names: {', '.join(answer.near)}."] if answer.near else []
    missing = [f"Say in `company`: {fact}." for fact in answer.facts_to_supply]
    return [*missing, *answer.assumptions, *answer.cautions, *near]


def _duties(answer: Answer) -> None:
    rows = [
        {
            "What to do": duty.rule.says,
            "When": duty.when,
            "Now": _NOW[duty.applies],
            "Section": duty.rule.section,
            "Link": duty.url,
        }
        for duty in answer.duties
    ]
    table(rows, {}, "Duties of the licence", height=280)


def _rating(model: str, book: Book) -> None:
    st.markdown("**How people rate it**", help="Text arena with style control: people vote between two answers.")
    try:
        score = pricing.quality_score(model, book)
    except ScoreNotFound:
        st.caption(plain(f"The book has no rating of {model}."))
        return
    st.metric(_measure(score), number(score.rating), help="More is better; bounds hold 95 % of the time.", border=True)
    bounds = "" if score.low is None or score.high is None else f"{number(score.low)} to {number(score.high)} · "
    day = f"{score.as_of:%d %b %Y} · " if score.as_of else ""
    st.caption(f"{plain(bounds + day)} {linked(score.source)}")


def _measure(score: Score) -> str:
    return "Arena rating" if score.measure == pricing.ARENA else score.measure
