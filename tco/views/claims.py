"""Claims: what the field says of costs, each claim held against the model, and its scenario to open."""

from __future__ import annotations

from itertools import groupby

import streamlit as st

from tco import InputError
from tco.claims import (
    CLAIMS,
    Claim,
    answer_sentence,
    claim_of,
    judge,
    turning_points,
    turning_sentence,
)
from tco.views import _state
from tco.words import plain

_BADGES = {
    "holds": ("green", ":material/check:"),
    "holds in part": ("orange", ":material/rule:"),
    "does not hold": ("red", ":material/close:"),
    "cannot be tested": ("gray", ":material/help:"),
}
_KEPT, _NEEDS = "claims", "claims_needs"


def show_claims() -> None:
    """The list, the chosen claim with its verdict, and what it needs."""
    st.header("Claims of the field, tested", anchor=False)
    st.caption(
        "Ten money claims of an industry article of March 2026. Each is a scenario: the claim's own inputs where it gives them, assumptions with ranges where it does not."
    )
    number = st.selectbox(
        "Claim",
        [claim.number for claim in CLAIMS],
        format_func=lambda number: f"{number}. {claim_of(number).title}",
        key="claims.number",
    )
    claim = claim_of(int(number))
    st.markdown(f"> {plain(claim.quote)}")
    with st.spinner("Answering the claim's scenario"):
        _verdict(claim)
    st.markdown(f"**Left open.** {plain(claim.left_open)}")
    for correction in claim.corrections:
        st.markdown(f"**Where the article is off.** {correction}")
    st.button(
        "Open its scenario",
        icon=":material/folder_open:",
        key="claims.open",
        on_click=_state.open_shipped,
        args=(claim.scenario,),
        help="Replaces the scenario of this session; the answer is then on Decision.",
    )
    if st.session_state["scenario_origin"] == claim.scenario:
        st.success("Its scenario is open: see *Decision*, *Inputs* and *Risk*.", icon=":material/balance:")
        with st.container(horizontal=True):
            st.page_link(_state.page("decision"), label="See the decision", icon=":material/arrow_forward:")
            if st.session_state["undo"]:
                st.button("Undo", icon=":material/undo:", type="tertiary", on_click=_state.undo, key="claims.undo")
    st.caption(f"`tco claims {claim.number}` says the same; docs/claims.md has all ten.")


def _verdict(claim: Claim) -> None:
    verdict, lines = _judged(claim)
    colour, icon = _BADGES[verdict]
    st.badge(verdict, color=colour, icon=icon)  # type: ignore[arg-type]
    for line in lines:
        st.markdown(f"- {plain(line)}")
    if not any(statement.levers for statement in claim.statements):
        return
    # Asked for, not shown folded: what is folded is computed all the same, and this takes seconds.
    if st.toggle("What would have to be true", key="claims.needs", help="One input at a time, all others kept."):
        for words, sentences in _needs(claim):
            st.markdown(f"**{plain(words)}**")
            for sentence in sentences:
                st.markdown(f"- {plain(sentence)}")


def _judged(claim: Claim) -> tuple[str, list[str]]:
    """The verdict and its sentences; only text is kept in the session."""
    kept = st.session_state.setdefault(_KEPT, {})
    if claim.number not in kept:
        found = judge(claim)
        begins = ["" if answer.statement.is_claimed else "Besides: " for answer in found.answers]
        kept[claim.number] = (
            found.verdict,
            [begin + answer_sentence(answer) for begin, answer in zip(begins, found.answers, strict=True)],
        )
    verdict, lines = kept[claim.number]
    return verdict, lines


def _needs(claim: Claim) -> list[tuple[str, list[str]]]:
    kept = st.session_state.setdefault(_NEEDS, {})
    if claim.number not in kept:
        kept[claim.number] = [
            (statement.words, [turning_sentence(solved) for _, solved in found])
            for statement, found in groupby(turning_points(claim), lambda pair: pair[0])
        ]
    found: list[tuple[str, list[str]]] = kept[claim.number]
    return found


try:
    show_claims()
except InputError as error:
    st.error(plain(str(error)), icon=":material/error:")
