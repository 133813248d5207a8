"""Writes `docs/scenario.md`, the reference of the scenario file, from the records that read it: `python -m scripts.write_reference`.

A test fails while the written page is not current, so it cannot drift from the code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pricing import Company
from pricing.own.exchange import Rate
from tco.constraint_terms import Constraints, MinQuality
from tco.finance_terms import Depreciation, Finance, Lease, Loan
from tco.finance_words import FINANCE_MEANINGS, NEVER_LOOKED_UP
from tco.option_terms import Terms
from tco.quantity import Quantity
from tco.register import unit_of
from tco.scaling import Failures, Scaling, Upgrades
from tco.scenario import (
    PROFILE_NAMES,
    CascadeOption,
    HybridOption,
    OwnOption,
    People,
    PriceSources,
    RentalPrice,
    RentOption,
    RequestClass,
    Scenario,
    Slo,
    Spread,
    Success,
    TokenOption,
    Workload,
)
from tco.sequence_terms import Then
from tco.term_words import LOOKED_UP, TERM_MEANINGS, TERM_WORDS
from tco.terms.agent import Agent
from tco.terms.around import Around
from tco.terms.commitment import Commitment
from tco.terms.hardware import Hardware
from tco.terms.pipeline import ModelCall
from tco.terms.tuning import FineTuning
from tco.terms.upkeep import Evaluation, Migrations, Obligations
from tco.words import WORDS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "scenario.md"

_HEAD = f"""# The scenario file

A scenario is the question: YAML in UTF-8, one file, at most a megabyte.
`scenarios/` holds examples that run; `tco plan FILE` answers one, the app's page *Inputs* edits one, `docs/schema/scenario.schema.json` is its schema for editors.

A number may be bare, which makes it an assumption, or say more:

```yaml
requests_per_day: 120_000
requests_per_day: {{value: 120_000, low: 80_000, high: 180_000, evidence: invoice, source: usage export of October 2026}}
```

Keys of a number are `value`, `low`, `high`, `distribution`, `evidence` (measured, invoice, contract, listed, literature, expert, assumption), `source`, `as_of` and `note`.
The unit is in the name; fractions are fractions, 0.10 for 10%.
Its range is what the answer is shaken by.
A field that is left out takes its default; a price that is left out comes from the price book on `as_of`.

One input is changed for one answer by `--set`: `tco plan FILE --set workload.requests_per_day=300000 --set options.rented-h100.price_usd_per_hour=2.5`.

Profiles of the week: {", ".join(f"`{name}`" for name in PROFILE_NAMES)}, or 168 weights from Monday 00:00.
Runs are named by a path beside the scenario file, or by the name of a shipped one.
"""

_SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The file", Scenario),
    ("`company`", Company),
    ("`constraints`", Constraints),
    ("`constraints.min_quality`", MinQuality),
    ("`prices`", PriceSources),
    ("`workload`", Workload),
    ("`workload.slo`", Slo),
    ("`workload.lengths`", Spread),
    ("`workload.classes`, by name", RequestClass),
    ("`workload.agent`", Agent),
    ("`finance`", Finance),
    ("`finance.depreciation`", Depreciation),
    ("`finance.purchase`, or `purchase` of an option of kind `own`: a loan", Loan),
    ("likewise, a lease", Lease),
    ("`finance.reporting_currency`", Rate),
    ("An option of kind `api` or `hosted`", TokenOption),
    ("An option of kind `rent`", RentOption),
    ("`price` of an option of kind `rent`", RentalPrice),
    ("`commitments` of an option of kind `rent`, by name", Commitment),
    ("An option of kind `own`", OwnOption),
    ("An option of kind `hybrid`", HybridOption),
    ("An option of kind `cascade`", CascadeOption),
    ("`scaling` of an option of kind `rent` or `own`", Scaling),
    ("`failures` likewise", Failures),
    ("`upgrades` likewise", Upgrades),
    ("`then` of any option", Then),
    ("`people` of any option", People),
    ("`pipeline` of any option, by name", ModelCall),
    ("`evaluation` of any option", Evaluation),
    ("`tuning` of any option", FineTuning),
    ("`migrations` of any option", Migrations),
    ("`obligations` of any option", Obligations),
    ("`around` of an option of kind `rent` or `own`", Around),
    ("`hardware` of an option of kind `own`", Hardware),
    ("`terms` of any option", Terms),
    ("`success` of any option", Success),
)
_MEANINGS = {
    "schema": "Number of the file's format.",
    "name": "What it is called.",
    "question": "What is asked, for people.",
    "as_of": "The day whose prices count; of terms, the day on which they were read.",
    "currency": "Of the scenario's prices, USD; of a rate, the other currency, three letters of ISO 4217.",
    "horizon_months": "How many months are counted.",
    "hours_per_month": "Hours that are paid for in a month.",
    "baseline": "Name of the option that is paid for today.",
    "company": "Who asks, as far as a model's licence wants to know, below; without it no option is ruled out by a licence.",
    "constraints": "What rules an option out before anything is ranked, below (constraints.md).",
    "licence_commercial": "The licence of a model that you run must allow business use, even where `company` says nothing.",
    "residency": "Places in which data may be: countries (`DE`, `US`), `EU`, `EEA`.",
    "operator_nationality": "Countries whose groups may run the machines, likewise; you yourself always may.",
    "max_retention_days": "Longest time for which others may keep requests; 0 asks for zero data retention.",
    "needs_baa": "A business associate agreement (HIPAA) must be had.",
    "certifications": "Certificates by name, such as `SOC 2` and `ISO 27001`: as a constraint all that are needed, as a term all that are held.",
    "holds_slo": "Options paid per token must keep `workload.slo` too, by latencies that their terms state.",
    "min_quality": "The least rating that will do, below.",
    "max_lead_time_months": "By when an option must be able to serve, from `as_of` on.",
    "unknown": "What happens to an option of which it is not known: `refuse` or `allow`; without it refused where law or policy asks, else allowed with a warning.",
    "covers": "`sensitive` asks residency, operator, retention, agreement and certificates of sensitive requests only, which a hybrid can hold back.",
    "min_rating_points": "The least rating.",
    "measure": "By which measure; another one than the book's needs ratings in the options' terms.",
    "terms": "What it offers beside its price, below (constraints.md).",
    "regions": "Every place in which its data may be, `WORLD` where none is promised; null: not known.",
    "operator_country": "Seat of the group that runs the machines.",
    "retention_days": "How long it keeps requests.",
    "baa": "Whether a business associate agreement is had.",
    "latency": "Percentiles that were measured of it, as those of `workload.slo`.",
    "rating_points": "How good it answers, by a measure of your own or the book's.",
    "rating_measure": "By which measure.",
    "lead_time_months": "From `as_of` until it can serve.",
    "available_from": "The day on which it can serve, in place of the lead time.",
    "evidence": "How good this is.",
    "source": "Contract or link.",
    "note": "What a reader must know.",
    "country": "Principal place of business, two letters of ISO 3166-1.",
    "monthly_active_users": "Of all products of the company and its affiliates.",
    "users_on": "A day of the month for which they were counted.",
    "revenue_usd_per_year": "Of the company and its affiliates over 12 months.",
    "revenue_usd_per_month": "Of the month before; without it a twelfth of the year's.",
    "commercial": "The model is for business.",
    "redistributes": "Passes the weights on, or hosts the model so that others use it.",
    "changes_model": "Fine-tunes or otherwise changes the weights.",
    "trains_other_models": "The model's outputs train another model.",
    "sells_model_access": "Sells others the model itself, by API or fine-tuning.",
    "has_paid_licence": "Holds a licence from the maker of every model; for one option write `paid_licence` there.",
    "paid_licence": "You hold a licence for this model from its maker.",
    "prices": "Which prices the answer rests on, below.",
    "book": "Pins a state of the price book by its id (a result carries it) or a day; without it, the newest that is here.",
    "file": "Your own prices over the book: a `prices.yaml` beside the scenario (prices-file.md).",
    "workload": "The traffic, below.",
    "options": "What is compared, below.",
    "correlations": "Pairs of inputs whose uncertain values move together (risk.md).",
    "cases": "What else may come true: inputs that differ, by name of the case (as-code.md).",
    "profile": "When in the week the requests come.",
    "slo": "The latency promise, below.",
    "lengths": "How lengths vary around their means, below; without it as the run was probed.",
    "classes": "Kinds of requests with lengths and promises of their own, by name, below; in place of the two lengths.",
    "batch_deadline_hours": "By when what can wait must be answered; it is moved into quiet hours until then.",
    "spread_fraction": "Standard deviation over the mean, of both lengths.",
    "correlation": "Of the ranks of prompt and answer length.",
    "kind": "Which way: of options how to buy, of lengths how they vary.",
    "model": "For `api` and `hosted` the price book's name, `seller/model`; else the open model that runs and whose licence is asked, or `from-run`.",
    "one_off_usd": "Named costs at the start.",
    "extra_usd_per_month": "Named running costs that have no line of their own.",
    "people": "Who runs it, below.",
    "success": "How often it solves a task, below (unit-costs.md); without it nothing is said of solved tasks.",
    "escalates_to": "Where unsolved tasks go: the name of another option, or `human`.",
    "run": "The run that says what one replica carries.",
    "gpu": "Where it runs, and whose price and power are looked up; `from-run` takes the run's. On another GPU the run's step times are carried over.",
    "gpus_per_replica": "Where the deployment is not the probed one; its capacity is then `modelled`.",
    "tensor_parallel_size": "GPUs that share each layer; without it the run's, or those of one machine.",
    "pipeline_parallel_size": "Groups of layers, each on its own such GPUs.",
    "precision": "Of the weights: `bf16`, `fp8`, `int4` or `mxfp4`; without it the run's. Another one is carried over and `modelled`.",
    "kv_cache_dtype": "Of the KV cache: `bf16`, `fp8`, or `auto` for the run's.",
    "price": "Which rental price is looked up, below.",
    "scaling": "When replicas are started and stopped, below (capacity-replicas.md).",
    "failures": "How replicas come to miss, beyond their own availability, below.",
    "upgrades": "How all replicas are replaced now and then, below.",
    "base": "Option of kind `rent` or `own` whose replicas carry the base load (hybrid.md).",
    "overflow": "Option of kind `api` or `hosted` that takes what goes beyond.",
    "spares": "`base`: those of its availability target; `overflow`: none, what a replica that fails does not serve goes there.",
    "small": "Option that gets every request.",
    "large": "Option that gets what is sent again.",
    "policy": "`fixed` stands for the month's busiest hour, `scheduled` follows the known hours of the week, `reactive` the load.",
    "min_replicas": "That stand in every hour, spares included; 0 lets the last one go.",
    "max_replicas": "A fleet that needs more is ruled out.",
    "max_surge": "Replicas that may stand beside the fleet while it is upgraded.",
    "max_unavailable": "Replicas that may miss meanwhile.",
    "class": "Kind of landlord.",
    "commitment": "How it is rented.",
    "provider": "One landlord only.",
    "region": "One region only.",
    "server": "A server of the price book (`HGX H100 x8`), for its price and power; without it, the book's first with the run's GPU.",
    "gpus_per_server": "GPUs in one server.",
    "economic_life_months": "After which a server is bought anew.",
}

_REQUIRED_OR = dict.fromkeys(("input_tokens_per_request", "output_tokens_per_request"), "**required**, or `classes`")
_NEVER_LOOKED_UP = dict.fromkeys(
    ("users", "human_usd_per_task", "gpu_availability_fraction", "server_availability_fraction", "upgrades_per_month"),
    "none",
) | dict.fromkeys((TERM_WORDS.keys() - LOOKED_UP) | set(NEVER_LOOKED_UP), "none")


def page_text() -> str:
    """The whole page."""
    return _HEAD + "".join(f"\n## {title}\n\n{_table(record)}" for title, record in _SECTIONS)


def _table(record: type[BaseModel]) -> str:
    rows = ["| field | unit | default | meaning |", "|---|---|---|---|"]
    for name, field in record.model_fields.items():
        shown = field.alias or name
        default = (
            (_REQUIRED_OR | _NEVER_LOOKED_UP).get(shown, _default(field)) if field.default is None else _default(field)
        )
        rows.append(f"| `{shown}` | {_unit(shown)} | {default} | {_meaning(shown)} |")
    return "\n".join(rows) + "\n"


def _unit(name: str) -> str:
    if name.endswith("_ms"):
        return "ms"
    if name.endswith("_months"):
        return "months"
    if name.endswith("_hours"):
        return "h"
    if name.endswith(("_days", "_points")):
        return name.rsplit("_", 1)[1]
    try:
        return unit_of(name)
    except LookupError:
        return ""


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if value is PydanticUndefined:
        return "**required**"
    if isinstance(value, Quantity):
        span = f" ({value.low:g} to {value.high:g})" if value.low is not None and value.high is not None else ""
        return f"{value.value:g}{span}"
    if isinstance(value, BaseModel):
        own = {
            key: part["value"] if isinstance(part, dict) else part
            for key, part in value.model_dump(exclude_defaults=True).items()
        }
        return (
            ", ".join(
                f"`{key}: {part:g}`" if isinstance(part, float) else f"`{key}: {part}`" for key, part in own.items()
            )
            or "its defaults"
        )
    if value is None:
        return "looked up" if "Quantity" in str(field.annotation) else "none"
    return "none" if isinstance(value, dict) else f"`{value}`"


def _meaning(name: str) -> str:
    if name in WORDS:
        return WORDS[name].meaning
    if name in FINANCE_MEANINGS | _MEANINGS | TERM_MEANINGS:
        return (FINANCE_MEANINGS | _MEANINGS | TERM_MEANINGS)[name]
    metric, percentile, _ = name.split("_")
    long = {"ttft": "time to first token", "tpot": "time per output token", "e2e": "whole request"}[metric]
    return f"Limit on the {percentile} of the {long}."


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
