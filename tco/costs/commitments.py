"""What agreed commitments of a rented fleet cost, and what is left to be rented by the hour beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tco.capacity.fleet import Fleet
from tco.costs.paths import filled, price_path
from tco.quantity import Numbers
from tco.scenario import RentOption, Scenario
from tco.terms.commitment import Commitment
from tco.workload.demand import Months

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class _Term:
    """One term of one commitment.

    Attributes:
        of: the commitment.
        start: its first month, 0 is the first.
        replicas: that are agreed, shape () or (draws,).
    """

    of: Commitment
    start: int
    replicas: Numbers

    def in_months(self, months: int) -> Months:
        """1 in the months in which it is paid, else 0, shape (months,)."""
        month = np.arange(months)
        return np.asarray((month >= self.start) & (month < self.start + self.of.term_months), dtype=float)


def committed_replicas(option: RentOption, fleet: Fleet, start: int = 0) -> Months:
    """Replicas that are agreed, by month, shape (months,) or (draws, months).

    Args:
        option: filled.
        fleet: what must stand.
        start: month in which the option begins to serve, in all that follow.
    """
    found = np.zeros(fleet.replicas.shape[-1])
    for term in _terms(option, fleet, start):
        found = found + term.replicas[..., np.newaxis] * term.in_months(found.shape[-1])
    return np.asarray(found)


def uncommitted_replicas(option: RentOption, fleet: Fleet, start: int = 0) -> Months:
    """Replicas that stand beyond those that are agreed, mean over each month.

    With `n` agreed and between `least` and `most` standing, `mean` of them: `mean − n` up to `n = least`, nothing from `n = most` on. Between them it hangs on how
    many hours need how many; taken is the most that it can be, `(mean − least) / (most − least) · (most − n)`, which a fleet has that stands at either end.
    """
    agreed, most, least = committed_replicas(option, fleet, start), fleet.replicas, fleet.least_replicas
    spread = np.where(most > least, most - least, 1.0)
    between = (fleet.paid_replicas - least) / spread * np.maximum(most - agreed, 0.0)
    return np.where(agreed <= least, fleet.paid_replicas - agreed, np.where(most > least, between, 0.0))


def with_commitments(option: RentOption, fleet: Fleet, start: int = 0) -> Fleet:
    """The fleet with what is paid for: what is agreed, needed or not, and the rest. Where the rest is not exact it says so."""
    agreed = committed_replicas(option, fleet, start)
    paid = replace(fleet, paid_replicas=agreed + uncommitted_replicas(option, fleet, start))
    if not ((agreed > fleet.least_replicas) & (agreed < fleet.replicas)).any():
        return paid
    told = "more is agreed than stands in every hour: what is rented beside it is the most that the hours can need"
    capacity = replace(fleet.capacity, reasons=(*fleet.capacity.reasons, told))
    return replace(paid, capacity=capacity)


def committed_rent_usd(option: RentOption, scenario: Scenario, fleet: Fleet, start: int = 0) -> Months:
    """Agreed replicas, around the clock to the end of their term: `replicas · units · hours · price · (1 − upfront)` [USD/month].

    The price is that of the month in which the term begins; a later term has moved with the option's rents.
    """
    found = np.zeros(fleet.replicas.shape[-1])
    for term in _terms(option, fleet, start):
        monthly = _month_usd(term, option, scenario, fleet) * (1 - term.of.upfront_fraction.numbers)
        found = found + monthly * term.in_months(found.shape[-1])
    return np.asarray(found)


def commitment_due_usd(option: RentOption, scenario: Scenario, fleet: Fleet, start: int = 0) -> Months:
    """What terms still owe when the horizon ends, in its last month: `months beyond it · monthly payment` [USD/month].

    Special cases: nothing where a term is `passed-on`; money that was paid up front does not come back.
    """
    months = fleet.replicas.shape[-1]
    found = np.zeros(months)
    for term in _terms(option, fleet, start):
        beyond = max(0, term.start + term.of.term_months - months)
        if beyond and term.of.at_horizon == "due":
            monthly = _month_usd(term, option, scenario, fleet) * (1 - term.of.upfront_fraction.numbers)
            found = found + beyond * monthly * (np.arange(months) == months - 1)
    return np.asarray(found)


def commitment_upfront_usd(option: RentOption, scenario: Scenario, fleet: Fleet, start: int = 0) -> Months:
    """What is paid when a term begins: `replicas · units · hours · price · months of the term · upfront` [USD/month].

    Special cases: of a term that outlasts the horizon all of it, for nobody pays it back.
    """
    found = np.zeros(fleet.replicas.shape[-1])
    for term in _terms(option, fleet, start):
        amount = _month_usd(term, option, scenario, fleet) * term.of.term_months * term.of.upfront_fraction.numbers
        found = found + amount * (np.arange(found.shape[-1]) == term.start)
    return np.asarray(found)


def _terms(option: RentOption, fleet: Fleet, start: int) -> Iterator[_Term]:
    months = fleet.replicas.shape[-1]
    for agreed in option.commitments.values():
        for first in range(start, months, agreed.term_months):
            if first > start and not agreed.renews:
                break
            yield _Term(agreed, first, _agreed(agreed, fleet, first, is_new=first == start))


def _agreed(agreed: Commitment, fleet: Fleet, month: int, *, is_new: bool) -> Numbers:
    if agreed.base_fraction is not None:
        share = agreed.base_fraction.numbers
        of_base = (share[..., 0] if share.ndim else share) * fleet.least_replicas[..., month]
        return np.asarray(np.floor(of_base + _ROUNDING))
    asked = np.full(fleet.replicas.shape[:-1], float(agreed.replicas or 0))
    return asked if is_new else np.minimum(asked, fleet.replicas[..., month])


def _month_usd(term: _Term, option: RentOption, scenario: Scenario, fleet: Fleet) -> Numbers:
    """Of all replicas of a term [USD/month], shape (1,) or (draws, 1)."""
    path = price_path(filled(option.price_change_per_year_fraction), fleet.replicas.shape[-1])
    price = filled(term.of.price_usd_per_hour) * path[..., term.start : term.start + 1]
    return np.asarray(term.replicas[..., np.newaxis] * fleet.machines_per_replica * scenario.hours_per_month * price)
