"""The inputs of one option by topic; only the topic that is chosen is drawn."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

import pricing
from tco.form_fields import form_fields
from tco.result import Assumption
from tco.scenario import AnyOption, Scenario
from tco.success_terms import HUMAN
from tco.views import _forms
from tco.views._forms import Context

PRICES = "Prices and people"

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Fleet": (
        "commitments", "scaling", "failures", "upgrades", "availability_target_fraction", "replica_availability_fraction", "gpus_per_replica",
        "tensor_parallel_size", "pipeline_parallel_size", "precision", "kv_cache_dtype", "throughput_factor",
    ),
    "Around it": (
        "one_off_usd", "extra_usd_per_month", "around", "hardware", "pipeline", "evaluation", "tuning", "migrations", "obligations", "purchase",
    ),
    "Quality": ("success", "retry_fraction", "reasoning_factor", "tokenizer_factor"),
    "Offers": ("terms",),
    "Time": ("starts_after_months", "then"),
}  # fmt: skip
"""Names of fields by topic; what no topic names is under `PRICES`, so that a new input is somewhere at once."""

ELSEWHERE = frozenset(
    {
        "name", "kind", "model", "run", "gpu", "price", "server", "electricity_usd_per_kwh", "paid_licence",
        "base", "overflow", "small", "large", "spares", "replicas",
    }
)  # fmt: skip
"""Fields that have widgets of their own above the topics."""


def fields_of(section: str, option: AnyOption) -> tuple[str, ...]:
    """Names of the fields of an option under one topic.

    Args:
        section: of `SECTIONS`, or `PRICES`.
        option: whose kind decides which of them it has.
    """
    names = [each.name for each in form_fields(type(option)) if each.name not in ELSEWHERE]
    if section != PRICES:
        return tuple(name for name in names if name in SECTIONS[section])
    placed = {name for held in SECTIONS.values() for name in held}
    return tuple(name for name in names if name not in placed)


def topic_key(name: str) -> str:
    """Key of the topic that is chosen: it stays so when the option's inputs are reshaped.

    Args:
        name: of the option.
    """
    return f"topic.{name}"


def show(option: AnyOption, at: str, filled: Mapping[str, Assumption], scenario: Scenario) -> None:
    """The topics of an option, and the fields of the one that is chosen.

    Args:
        option: as written.
        at: its path.
        filled: what the price book and the runs fill in, by path.
        scenario: that it is of.
    """
    offered = [section for section in (PRICES, *SECTIONS) if fields_of(section, option)]
    chosen = st.segmented_control(
        "Topic",
        offered,
        default=PRICES,
        required=True,
        key=topic_key(option.name),
        label_visibility="collapsed",
        persist_state="session",
    )
    others = tuple(each.name for each in scenario.options if each.name != option.name)
    context = Context(
        filled=filled,
        offered={"escalates_to": (*others, HUMAN), "gpu": pricing.gpu_names(), "option": others},
        followers=tuple(
            each.name
            for each in scenario.options
            if each.name != option.name and each.then is None and not each.starts_after_months
        ),
    )
    _forms.show(option, at, context, only=fields_of(str(chosen or PRICES), option))
