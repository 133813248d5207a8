"""The Monte Carlo simulation for the bands of the decision page: kept for the answer that it is of, in the session alone."""

from __future__ import annotations

import streamlit as st

from tco import InputError, OptionResult, Result
from tco.compare import Prepared
from tco.risk.records import OptionRisk, Risk
from tco.risk.simulate import simulate
from tco.views import _hosted

DRAWS = 10_000
"""As *Risk* and the reports make them to begin with, and with the same seed: what is told twice is the same number."""

_KEPT = "quick_risk"


def draws() -> int:
    """How many runs it makes: fewer where a hosted server lets a visitor ask for fewer only."""
    return _hosted.draws_allowed((DRAWS,))[-1]


def of_answer(result: Result, held: Prepared) -> OptionRisk | None:
    """How the best alternative fares over the ranges of the inputs; None where nothing has a range, or there is none.

    Args:
        result: the answer of the session's scenario.
        held: what it rests on.
    """
    return of_options(result, held).get(result.contender or "")


def of_options(result: Result, held: Prepared) -> dict[str, OptionRisk]:
    """How every option fares over the ranges of the inputs, by name; empty where nothing has a range, or nothing can be compared.

    Args:
        result: the answer of the session's scenario.
        held: what it rests on.
    """
    if result.contender is None or result.option(result.contender).npv_usd is None:
        return {}
    kept = st.session_state.get(_KEPT)
    if kept is None or kept[0] != result.answer_id:
        try:
            found = simulate(held, draws=draws(), option=result.contender)
        except InputError:
            # What is wrong with a distribution or a correlation is said on Risk, where it is asked for.
            return {}
        kept = (result.answer_id, found.model_dump_json(by_alias=True))
        st.session_state[_KEPT] = kept
    risk = Risk.model_validate_json(kept[1])
    return {each.name: each for each in risk.options} if risk.inputs else {}


def npv_band(risk: OptionRisk | None) -> tuple[float, float] | None:
    """The NPV of nine runs in ten [USD]; None where it is not known."""
    if risk is None or risk.npv_usd is None:
        return None
    low, high = risk.npv_usd.percentiles["5"], risk.npv_usd.percentiles["95"]
    return None if low is None or high is None else (low, high)


def payback_band(risk: OptionRisk | None, option: OptionResult | None) -> tuple[float, float | None] | None:
    """The payback of nine runs in ten [months], its end None where it is never; None as a whole where nearly none pays back."""
    if risk is None or option is None or risk.payback_months is None:
        return None
    low, high = risk.payback_months.percentiles["5"], risk.payback_months.percentiles["95"]
    return None if low is None else (low, high)
