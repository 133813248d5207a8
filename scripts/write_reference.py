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
from tco.field_words import is_looked_up, meaning_of_field, unit_of_field
from tco.finance_terms import Depreciation, Finance, Lease, Loan
from tco.option_terms import Terms
from tco.quantity import Quantity
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
from tco.terms.agent import Agent
from tco.terms.around import Around
from tco.terms.commitment import Commitment
from tco.terms.hardware import Hardware
from tco.terms.pipeline import ModelCall
from tco.terms.tuning import FineTuning
from tco.terms.upkeep import Evaluation, Migrations, Obligations

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

SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
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
_REQUIRED_OR = dict.fromkeys(("input_tokens_per_request", "output_tokens_per_request"), "**required**, or `classes`")


def page_text() -> str:
    """The whole page."""
    return _HEAD + "".join(f"\n## {title}\n\n{_table(record)}" for title, record in SECTIONS)


def _table(record: type[BaseModel]) -> str:
    rows = ["| field | unit | default | meaning |", "|---|---|---|---|"]
    for name, field in record.model_fields.items():
        shown = field.alias or name
        default = _default(field)
        if field.default is None:
            default = _REQUIRED_OR.get(shown) or (default if is_looked_up(shown) else "none")
        rows.append(f"| `{shown}` | {unit_of_field(shown)} | {default} | {meaning_of_field(shown)} |")
    return "\n".join(rows) + "\n"


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


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
