"""Staff, by role."""

from __future__ import annotations

from tco.quantity import NonNegative, Quantity
from tco.terms.record import Record


class People(Record):
    """Staff who run an option. Never silently zero: a zero is listed among the warnings.

    `run_fte` keeps it running. `setup_person_days` set it up, once, at the start. `oncall_fte` is what being on call takes: people on the rota times the share
    of their time that they are paid for it, six people at 5 % each are 0.3. All cost `cost_per_fte_usd_per_year`, a person-day a 220th of it.
    """

    run_fte: NonNegative = Quantity(value=0.25, low=0.1, high=0.5, note="share of one engineer who keeps it running")
    setup_person_days: NonNegative | None = None
    oncall_fte: NonNegative | None = None
    cost_per_fte_usd_per_year: NonNegative = Quantity(
        value=160_000, low=120_000, high=220_000, note="salary with on-costs"
    )


NO_PEOPLE = People(run_fte=Quantity(value=0.0))
