"""What agreed commitments of a rented fleet cost, as formulas (`tco.costs.commitments`): of an option that serves from the first month on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tco.line_items import UPFRONT
from tco.report.xlsx.cells import Cell
from tco.report.xlsx.desk import NOTHING, Desk
from tco.report.xlsx.expressions import Expr
from tco.report.xlsx.fleet_rows import FleetRows
from tco.report.xlsx.functions import (
    MONTHS_PER_YEAR,
    added,
    at_index,
    both,
    equals,
    largest,
    smallest,
    when,
    whole_down,
)
from tco.report.xlsx.machine_rows import rent
from tco.scenario import RentOption
from tco.splice import involved
from tco.terms.commitment import Commitment

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Rented:
    """What a rented fleet costs.

    Attributes:
        rent: of what is agreed and of the rest, by line item.
        due: what terms still owe at the horizon, by line item.
        upfront: investment when a term begins, by name.
        fleet: with what is paid for.
    """

    rent: dict[str, Expr]
    due: dict[str, Expr]
    upfront: dict[str, Expr]
    fleet: FleetRows


@dataclass(frozen=True, slots=True)
class _Term:
    """One term of one commitment: its first month (0 is the first), what is agreed, what all of it costs in a month."""

    of: Commitment
    start: int
    replicas: Cell
    month_usd: Cell
    upfront: Cell

    def during(self, desk: Desk, amount: Expr) -> Expr:
        """An amount in the months in which it is paid."""
        return when(both(desk.month > self.start, desk.month <= self.start + self.of.term_months), amount, 0)


def has_commitments(desk: Desk, name: str) -> bool:
    """Whether there are any in an option, or in what serves before, after or within it.

    Args:
        desk: the desk.
        name: of the option.
    """
    parts = [desk.filled.option(each) for each in involved(name, desk.filled)]
    return any(isinstance(part, RentOption) and part.commitments for part in parts)


def rented_rows(desk: Desk, option: RentOption, fleet: FleetRows, label: str) -> Rented:
    """What is rented while it stands; with commitments their terms, what is agreed in each month, what is rented beside it, and what all of it costs.

    Args:
        desk: whose sheets Capacity and Prices they are written to.
        option: filled.
        fleet: what must stand.
        label: of the option, in rows.
    """
    if not option.commitments:
        return Rented(rent={"gpu_rent": rent(desk, option, fleet, label)}, due={}, upfront={}, fleet=fleet)
    sheet, terms = desk.capacity, list(_terms(desk, option, fleet))
    agreed = sheet.line(
        "Replicas that are agreed", "replicas", added(*(term.during(desk, term.replicas + 0) for term in terms))
    )
    most, least, paid = fleet.replicas, fleet.least, fleet.paid
    between = (paid - least) / largest(most - least, _ROUNDING) * largest(most - agreed, 0)
    beside = sheet.line(
        "Replicas beside those",
        "replicas",
        when(agreed <= least, paid - agreed, when(most > least, between, 0)),
    )
    both_paid = sheet.line("Replicas that are paid for, agreed ones among them", "replicas", agreed + beside)
    committed = added(*(term.during(desk, term.month_usd * (1 - term.upfront)) for term in terms))
    upfront = added(*(desk.once(term.month_usd * term.of.term_months * term.upfront, term.start + 1) for term in terms))
    return Rented(
        rent={"gpu_rent": rent(desk, option, replace(fleet, paid=beside), label), "committed_rent": committed},
        due={"commitment_due": _due(desk, terms)},
        upfront={UPFRONT: upfront},
        fleet=replace(fleet, paid=both_paid),
    )


def _due(desk: Desk, terms: list[_Term]) -> Expr:
    """Months beyond the horizon of the terms that are not passed on."""
    months = desk.filled.horizon_months
    owed = [
        (term.start + term.of.term_months - months) * term.month_usd * (1 - term.upfront)
        for term in terms
        if term.of.at_horizon == "due" and term.start + term.of.term_months > months
    ]
    return when(equals(desk.month, desk.horizon), added(*owed), 0) if owed else NOTHING


def _terms(desk: Desk, option: RentOption, fleet: FleetRows) -> Iterator[_Term]:
    change = desk.needed(option, "price_change_per_year_fraction")
    for name, agreed in option.commitments.items():
        price, upfront = (
            desk.needed(option, f"commitments.{name}.{each}") for each in ("price_usd_per_hour", "upfront_fraction")
        )
        for number, start in enumerate(range(0, desk.filled.horizon_months, agreed.term_months), 1):
            if number > 1 and not agreed.renews:
                break
            told = f"{name}, term {number}"
            count = _count(desk, option, name, fleet, start)
            replicas = desk.capacity.value(f"{told}: replicas that are agreed", "replicas", count)
            moved = price * (1 + change) ** (start / MONTHS_PER_YEAR)
            month_usd = desk.capacity.value(
                f"{told}: price of a month", "USD/month", replicas * fleet.units * desk.hours * moved, "usd"
            )
            yield _Term(agreed, start, replicas, month_usd, upfront)


def _count(desk: Desk, option: RentOption, name: str, fleet: FleetRows, start: int) -> Expr:
    """What is agreed when a term begins: a share of what stands in every hour, or so many, of which a later term keeps those that still stand."""
    agreed, path = option.commitments[name], f"commitments.{name}"
    place = start + 2
    if agreed.base_fraction is not None:
        share = desk.needed(option, f"{path}.base_fraction")
        return whole_down(share * at_index(fleet.least.all, place) + _ROUNDING)
    asked = desk.inputs.setting(
        f"options.{option.name}.{path}.replicas", float(agreed.replicas or 0), "replicas", f"Agreed as {name}"
    )
    return asked + 0 if start == 0 else smallest(asked, at_index(fleet.replicas.all, place))
