"""What recurs beside the model itself: evaluation, migrations, support, audits, and what leaving costs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tco.quantity import Fraction, NonNegative, Quantity
from tco.terms.record import Record


class Evaluation(Record):
    """Runs of an evaluation set: how often, and what one costs, its judge and its people included."""

    runs_per_month: NonNegative
    run_usd: NonNegative


class Migrations(Record):
    """Moves to another model, because one is withdrawn or a better one is out. They happen to whoever pays per token too.

    Every `every_months` months one costs `migration_usd`: prompts, tests, release. For `parallel_months` from then on the old and the new model both answer
    `parallel_traffic_fraction` of the traffic, which is paid for twice.
    """

    every_months: Annotated[int, Field(ge=1, le=120)]
    migration_usd: NonNegative
    parallel_months: Annotated[int, Field(ge=0, le=24)] = 0
    parallel_traffic_fraction: Fraction = Quantity(value=1.0)


class Obligations(Record):
    """Contracts and duties: a support contract, audits, and what leaving costs at the end of the horizon (penalties, data taken back, disposal)."""

    support_usd_per_year: NonNegative | None = None
    audits_per_year: NonNegative | None = None
    audit_usd: NonNegative | None = None
    exit_usd: NonNegative | None = None
