"""Which options serve when one is chosen, in which months and for which requests; and what each stretch costs, as formulas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tco.hybrid.ledger import JUDGE
from tco.report.xlsx.capital_rows import Bought, bought_rows
from tco.report.xlsx.cells import Cell, Line
from tco.report.xlsx.commitment_rows import has_commitments, rented_rows
from tco.report.xlsx.demand_rows import Asked, sent_rows
from tco.report.xlsx.desk import NOTHING, Desk
from tco.report.xlsx.expressions import Constant, Expr
from tco.report.xlsx.fleet_rows import FleetRows, SelfHosted, fleet_rows
from tco.report.xlsx.functions import MONTHS_PER_YEAR, added, both, equals, when
from tco.report.xlsx.hybrid_rows import mix_rows
from tco.report.xlsx.known_fields import unknown_fields
from tco.report.xlsx.machine_rows import around_items, site_items
from tco.report.xlsx.token_rows import token_items
from tco.report.xlsx.work_rows import once_items, parallel_run, work_items
from tco.scenario import AnyOption, CascadeOption, HybridOption, OwnOption, RentOption, SingleOption, TokenOption
from tco.splice import involved, served_by

Items = dict[str, Expr]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rises:
    """Factors on costs that have no price path of their own, by month."""

    people: Line
    electricity: Line
    others: Line

    def on(self, items: Mapping[str, Expr]) -> Items:
        """Costs as they rise; what nobody set stays nothing."""
        own = {"people": self.people, "on_call": self.people, "electricity": self.electricity}
        return {name: cost if cost is NOTHING else cost * own.get(name, self.others) for name, cost in items.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Months in which an option serves.

    Attributes:
        flag: 1 in them; None: all months.
        first: number of the first one.
        last: of the last one.
    """

    flag: Line | None
    first: Expr
    last: Expr

    def cut(self, items: Items) -> Items:
        """Costs in these months only."""
        if self.flag is None:
            return items
        return {name: cost if cost is NOTHING else cost * self.flag for name, cost in items.items()}


@dataclass(slots=True, kw_only=True)
class Costs:
    """What one stretch, or all of an option, costs.

    Attributes:
        running: line items by name.
        investments: money at the start of each month by name.
        expensed: of these, what is deducted at once.
        fleets: that stand behind it.
        bought: servers of one's own.
    """

    running: Items = field(default_factory=dict)
    investments: Items = field(default_factory=dict)
    expensed: Items = field(default_factory=dict)
    fleets: list[FleetRows] = field(default_factory=list)
    bought: list[Bought] = field(default_factory=list)

    def add(self, other: Costs) -> None:
        """Adds another stretch; what has the same name adds up."""
        for own, more in (
            (self.running, other.running),
            (self.investments, other.investments),
            (self.expensed, other.expensed),
        ):
            for name, cost in more.items():
                own[name] = merged(own.get(name), cost)
        self.fleets.extend(other.fleets)
        self.bought.extend(other.bought)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all options have in common: the demand, its peak, how costs rise."""

    asked: Asked
    weight: Cell | None
    rises: Rises


def rises_of(desk: Desk) -> Rises:
    """The three factors, on the sheet Prices."""
    own = desk.inputs.cells
    others = own["finance.cost_escalation_per_year_fraction"]

    def line(label: str, change: Cell) -> Line:
        return desk.prices.line(label, "factor", (1 + change) ** ((desk.month - 1) / MONTHS_PER_YEAR))

    return Rises(
        people=line("Salaries over those of month 1", own.get("finance.salary_escalation_per_year_fraction", others)),
        electricity=line("Electricity over that of month 1", own.get("finance.electricity_escalation_per_year_fraction", others)),
        others=line("Other costs over those of month 1", others),
    )  # fmt: skip


def costs_of(desk: Desk, name: str, shared: Shared) -> Costs | None:
    """All costs of an option as formulas; None where there is an input in it that no formula knows.

    Args:
        desk: the desk.
        name: of the option.
        shared: what all options have in common.
    """
    option = desk.filled.option(name)
    served = served_by(name, desk.filled)
    if any(unknown_fields(desk.filled.option(each), desk.filled) for each in involved(name, desk.filled)):
        return None
    alone = option.then is None and option.starts_after_months == 0
    if has_commitments(desk, name) and not (alone and isinstance(option, RentOption)):
        return None
    found = Costs()
    for place, (each, months) in enumerate(served, 1):
        stretch = _whole(desk) if alone else _stretch(desk, option, place, months)
        label = name if each == name else f"{name}: {each}"
        during = None if alone else months
        found.add(_stretch_costs(desk, desk.filled.option(each), shared, stretch, during, label))
    return found


def _whole(desk: Desk) -> Stretch:
    return Stretch(flag=None, first=Constant(1), last=desk.horizon)


def _stretch(desk: Desk, option: AnyOption, place: int, months: range) -> Stretch:
    """Months from one change to the next, both of which may be moved."""
    before, after = _change(desk, option, months.start), _change(desk, option, months.stop)
    flag = desk.workload.line(
        f"{option.name}: stretch {place} serves", "1 = yes", when(both(desk.month > before, desk.month <= after), 1, 0)
    )
    return Stretch(flag=flag, first=before + 1, last=after)


def _change(desk: Desk, option: AnyOption, month: int) -> Expr:
    """The month after which another option serves."""
    if month >= desk.filled.horizon_months:
        return desk.horizon
    if month == 0:
        return Constant(0)
    if month == option.starts_after_months:
        path, told = f"options.{option.name}.starts_after_months", "In which the baseline still serves"
        return desk.inputs.setting(path, month, "months", told)
    baseline = desk.filled.option(desk.filled.baseline)
    owner = next(each for each in (option, baseline) if each.then is not None and each.then.after_months == month)
    path, told = f"options.{owner.name}.then.after_months", "After which the next option follows"
    return desk.inputs.setting(path, month, "months", told)


def _stretch_costs(
    desk: Desk, option: AnyOption, shared: Shared, stretch: Stretch, during: range | None, label: str
) -> Costs:
    asked = _cut(desk, shared.asked, stretch, label)
    if isinstance(option, CascadeOption):
        return _cascade(desk, option, shared, asked, stretch, label)
    if isinstance(option, HybridOption):
        return _hybrid(desk, option, shared, asked, stretch, during, label)
    return _single(desk, option, shared, asked, stretch, label)


def _cut(desk: Desk, asked: Asked, stretch: Stretch, label: str) -> Asked:
    if stretch.flag is None:
        return asked
    requests = desk.workload.line(
        f"{label}: requests while it serves", "requests/month", asked.requests * stretch.flag, summed=True
    )
    return replace(
        asked,
        requests=requests,
        mean=desk.workload.line(f"{label}: mean rate", "requests/s", asked.mean * stretch.flag),
    )


def _cascade(desk: Desk, option: CascadeOption, shared: Shared, asked: Asked, stretch: Stretch, label: str) -> Costs:
    """The small model for all requests, the large one for those that are sent again, and the judge."""
    again = desk.needed(option, "escalation_fraction")
    requests = desk.workload.line(
        f"{label}: requests that are sent again", "requests/month", asked.requests * again, summed=True
    )
    mean = desk.workload.line(f"{label}: mean rate of those", "requests/s", asked.mean * again)
    found = Costs()
    for part, own in ((option.small, asked), (option.large, replace(asked, requests=requests, mean=mean))):
        found.add(_single(desk, desk.filled.single(part), shared, own, stretch, f"{label}: {part}"))
    beside = _once(desk, option, stretch)
    running = stretch.cut(shared.rises.on(_worked(desk, option, asked, stretch)))
    running[JUDGE] = asked.requests * desk.needed(option, "judge_usd_per_request")
    found.add(Costs(running=running, investments=beside, expensed=beside))
    return found


def _hybrid(
    desk: Desk, option: HybridOption, shared: Shared, asked: Asked, stretch: Stretch, during: range | None, label: str
) -> Costs:
    """The base's replicas, the overflow's requests, and what the option has beside both."""
    mix = mix_rows(desk, option, asked, during, label)
    found = Costs()
    if mix.fleet is not None:
        found.add(_hosted(desk, mix.base, shared, mix.base_asked, stretch, (f"{label}: {mix.base.name}", mix.fleet)))
    found.add(
        _by_token(desk, mix.overflow, shared, mix.overflow_asked, stretch, f"{label}: {mix.overflow.name}", mix.waiting)
    )
    beside = _once(desk, option, stretch)
    running = stretch.cut(shared.rises.on(_worked(desk, option, asked, stretch)))
    found.add(Costs(running=running, investments=beside, expensed=beside))
    return found


def _single(desk: Desk, option: SingleOption, shared: Shared, asked: Asked, stretch: Stretch, label: str) -> Costs:
    if isinstance(option, TokenOption):
        return _by_token(desk, option, shared, asked, stretch, label)
    return _hosted(desk, option, shared, asked, stretch, (label, None))


def _by_token(
    desk: Desk,
    option: TokenOption,
    shared: Shared,
    asked: Asked,
    stretch: Stretch,
    label: str,
    waiting: Line | None = None,
) -> Costs:
    """An option that is paid per token; `waiting` is the share of its requests that can wait, where it is not the workload's."""
    reached, once = sent_rows(desk, option, asked), _once(desk, option, stretch)
    billed = token_items(desk, option, reached, label, waiting)
    billed["parallel_run"] = parallel_run(desk, option, added(*billed.values()))
    work = stretch.cut(shared.rises.on(_worked(desk, option, asked, stretch)))
    return Costs(running=_both(billed, work), investments=once, expensed=once)


def _hosted(
    desk: Desk, option: SelfHosted, shared: Shared, asked: Asked, stretch: Stretch, stands: tuple[str, FleetRows | None]
) -> Costs:
    """An option on machines; its label, and its fleet where that is not sized for the demand."""
    label, given = stands
    assert shared.weight is not None  # there is a self-hosted option
    reached, once = sent_rows(desk, option, asked), _once(desk, option, stretch)
    fleet = given or fleet_rows(desk, option, reached, shared.weight, label)
    work = _both(_worked(desk, option, asked, stretch), around_items(desk, option, reached, fleet))
    if isinstance(option, OwnOption):
        running = stretch.cut(shared.rises.on(_both(site_items(desk, option, fleet), work)))
        bought = bought_rows(desk, option, fleet.servers, label)
        return Costs(
            running=_both(running, bought.running), investments=_both(bought.investments, once), expensed=once, fleets=[fleet], bought=[bought]
        )  # fmt: skip
    rented = rented_rows(desk, option, fleet, label)
    twice = parallel_run(desk, option, added(*rented.rent.values()))
    rows = _both({**rented.rent, "parallel_run": twice, **rented.due}, stretch.cut(shared.rises.on(work)))
    once = _both(once, rented.upfront)
    return Costs(running=rows, investments=once, expensed=once, fleets=[rented.fleet])


def _worked(desk: Desk, option: AnyOption, asked: Asked, stretch: Stretch) -> Items:
    extras: Items = {name: desk.needed(option, f"extra_usd_per_month.{name}") for name in option.extra_usd_per_month}
    return _both(extras, work_items(desk, option, asked, stretch.last))


def _once(desk: Desk, option: AnyOption, stretch: Stretch) -> Items:
    """Amounts at the start of the stretch."""
    found: Items = {}
    for name, amount in once_items(desk, option).items():
        at_start = when(equals(desk.month, stretch.first), amount, 0)
        found[name] = at_start if stretch.flag is None else at_start * stretch.flag
    return found


def _both(first: Items, second: Items) -> Items:
    """Amounts by name; what has the same name adds up."""
    found = dict(first)
    for name, cost in second.items():
        found[name] = merged(found.get(name), cost)
    return found


def merged(first: Expr | None, second: Expr) -> Expr:
    """Two costs of one name."""
    if first is None or first is NOTHING:
        return second
    return first if second is NOTHING else first + second
