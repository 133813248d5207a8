"""What every field of a scenario is called on a page, what it means and in which unit it is: quantities and all others, from one place."""

from __future__ import annotations

import re

from tco.field_meanings import FIELD_MEANINGS
from tco.finance_words import FINANCE_MEANINGS, NEVER_LOOKED_UP
from tco.number_style import prose
from tco.register import unit_of
from tco.term_words import LOOKED_UP, TERM_MEANINGS, TERM_WORDS
from tco.words import WORDS

FIELD_LABELS = {
    "after_months": "It follows after",
    "around": "Around the machines",
    "as_of": "As of",
    "at_end": "At the end of the lease",
    "at_horizon": "What outlasts the horizon",
    "baa": "Business associate agreement (HIPAA)",
    "batch_deadline_hours": "What can wait is answered within",
    "book": "Pinned price book (a day or an id)",
    "book_life_months": "Book life",
    "certifications": "Certificates",
    "changes_model": "Fine-tunes or changes the model",
    "commercial": "The model is for business",
    "commitments": "Commitments",
    "cost_escalation_per_year_fraction": "Rise of costs",
    "country": "Country (DE, FR, US ...)",
    "covers": "Asked of",
    "data_person_days": "Data preparation",
    "economic_life_months": "Economic life",
    "evaluation": "Evaluation runs",
    "every_months": "A move every",
    "extra_usd_per_month": "Named running costs",
    "failures": "Failures",
    "gpu": "GPU",
    "gpus_per_replica": "GPUs per replica",
    "gpus_per_server": "GPUs per server",
    "hardware": "Hardware beside the servers",
    "has_paid_licence": "Holds a licence of every model's maker",
    "holds_slo": "What is paid per token must keep the latency promise",
    "horizon_months": "Horizon",
    "kv_cache_dtype": "KV cache",
    "latency": "Measured latency",
    "lead_time_months": "Lead time",
    "licence_commercial": "The licence must allow business use",
    "log_retention_months": "Logs are kept for",
    "max_lead_time_months": "Longest lead time",
    "max_replicas": "Most replicas",
    "max_retention_days": "Longest retention",
    "max_surge": "Replicas beside the fleet in an upgrade",
    "max_unavailable": "Replicas that may miss in an upgrade",
    "migrations": "Moves to another model",
    "min_quality": "Minimum quality",
    "min_rating_points": "Least rating",
    "min_replicas": "Least replicas",
    "monthly_active_users": "Monthly active users, all products",
    "needs_baa": "A business associate agreement (HIPAA) is needed",
    "obligations": "Support, audits, exit",
    "one_off_usd": "Named costs at the start",
    "operator_country": "Country of the operator's group",
    "operator_nationality": "Run by groups of",
    "parallel_months": "Both models answer for",
    "people": "People",
    "pipeline": "Further models",
    "pipeline_parallel_size": "Stages of a replica",
    "precision": "Precision of the weights",
    "provider": "Landlord",
    "purchase": "How servers are paid for",
    "rating_measure": "Measure of the rating",
    "rating_points": "Rating",
    "recompute": "The forward pass is done twice",
    "redistributes": "Passes the weights on",
    "regions": "Data may be in",
    "renews": "It is agreed again when it ends",
    "reporting_currency": "Another currency",
    "residency": "Data may be in",
    "retention_days": "Requests are kept for",
    "revenue_usd_per_month": "Revenue of the month before",
    "revenue_usd_per_year": "Revenue",
    "scaling": "Scaling",
    "sells_model_access": "Sells access to the model",
    "spread_fraction": "Lengths vary by",
    "starts_after_months": "Starts after",
    "table_fraction": "Shares by year",
    "tensor_parallel_size": "GPUs that share a layer",
    "term_months": "Term",
    "terms": "What it offers beside its price",
    "then": "What follows it",
    "trains_other_models": "Its outputs train other models",
    "tuning": "Fine-tuning",
    "unknown": "An option of which it is not known is",
    "upgrades": "Upgrades",
    "usd": "US dollars for one unit",
    "users_on": "Users counted on",
}
"""What fields are called that are no quantities, where their names with blanks are not good enough."""

_NEVER_LOOKED_UP = (
    {"users", "human_usd_per_task", "gpu_availability_fraction", "server_availability_fraction", "upgrades_per_month"}
    | (TERM_WORDS.keys() - LOOKED_UP)
    | set(NEVER_LOOKED_UP)
)
_NAMED = {"one_off_usd", "extra_usd_per_month"}
"""Fields that hold amounts by names that people choose, which may be called like a field."""
_UNITS = {"_ms": "ms", "_months": "months", "_hours": "h", "_days": "days", "_points": "points"}
_METRICS = {"ttft": "time to first token", "tpot": "time per output token", "e2e": "whole request"}
_FOR_THE_REFERENCE = re.compile(r"(, below)|( \([a-z-]+\.md\))")


def is_looked_up(name: str) -> bool:
    """Whether the price book or the run gives a quantity that a scenario leaves open; else it then stays open.

    Args:
        name: of the field.

    >>> is_looked_up("input_usd_per_mtok"), is_looked_up("inflation_per_year_fraction")
    (True, False)
    """
    return name not in _NEVER_LOOKED_UP


def unit_of_field(name: str) -> str:
    """Unit of a field by its name; empty where it has none.

    Args:
        name: of the field, or a path that ends with it.

    >>> unit_of_field("ttft_p95_ms"), unit_of_field("term_months"), unit_of_field("run_usd"), unit_of_field("policy")
    ('ms', 'months', 'USD', '')
    """
    for suffix, unit in _UNITS.items():
        if name.endswith(suffix):
            return unit
    try:
        return unit_of(name)
    except LookupError:
        return ""


def meaning_of_field(name: str) -> str:
    """What a field of the scenario file means, as the reference tells it.

    Args:
        name: of the field.

    Raises:
        LookupError: nobody has said; add it to a room's words.
    """
    if name in WORDS:
        return WORDS[name].meaning
    told = FINANCE_MEANINGS | FIELD_MEANINGS | TERM_MEANINGS
    if name in told:
        return told[name]
    metric, _, rest = name.partition("_")
    if metric not in _METRICS:
        raise LookupError(f"`{name}` has no meaning yet; add it to `tco.field_meanings` or the words of its room")
    return f"Limit on the {rest.partition('_')[0]} of the {_METRICS[metric]}."


def help_of_field(path: str) -> str | None:
    """What a field means, as help on a page; None where nobody has said, as of names that people choose.

    Args:
        path: of the field.

    >>> help_of_field("options.rented.tuning")
    'Fine-tuning.'
    """
    if _is_named(path):
        return None
    try:
        return prose(_FOR_THE_REFERENCE.sub("", meaning_of_field(path.rpartition(".")[2])))
    except LookupError:
        return None


def label_of_field(path: str) -> str:
    """What a field is called on a page, with its unit.

    Args:
        path: of the field.

    >>> label_of_field("finance.tax_fraction"), label_of_field("constraints.max_retention_days"), label_of_field("a.slo.ttft_p95_ms")
    ('Tax (fraction)', 'Longest retention (days)', 'Time to first token, p95 (ms)')
    >>> label_of_field("options.own.evaluation"), label_of_field("options.own.one_off_usd.evaluation")
    ('Evaluation runs', 'Evaluation (USD)')
    """
    last = path.rpartition(".")[2]
    unit = unit_of_field(path)
    if _is_named(path):
        called = last.replace("_", " ").capitalize()
    elif last in WORDS:
        called = WORDS[last].label
    elif last.partition("_")[0] in _METRICS and last.endswith("_ms"):
        called = f"{_METRICS[last.partition('_')[0]].capitalize()}, {last.split('_')[1]}"
    else:
        called = FIELD_LABELS.get(last) or last.replace("_", " ").capitalize()
    return called if unit in ("", "factor", called.lower()) else f"{called} ({unit})"


def _is_named(path: str) -> bool:
    return path.rpartition(".")[0].rpartition(".")[2] in _NAMED
