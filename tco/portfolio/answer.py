"""The answer to a portfolio: what all pay today, each on a fleet of its own, and on one fleet together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tco.cashflow import Ledger, saving_npv_usd, savings_by_time_usd
from tco.finance import payback_months
from tco.portfolio.members import Sharing, differing_terms, members_of
from tco.portfolio.portfolio_file import Portfolio
from tco.portfolio.shared import borne, combined_load, shared_fleet, shares_of
from tco.splice import spliced

TODAY, SEPARATE, SHARED = "today", "separate", "shared"

ADDED_UP_FROM, ADDED_UP_TO = 0.97, 1.28
"""Load that a replica carried of a mix of lengths over what adding up says, in 21 simulated mixes, lowest and highest (docs/fleet-mix.md, `benchmarks/mix_additivity.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to serve all members.

    Attributes:
        name: `today`, `separate` or `shared`.
        total_usd: all costs over the horizon less what is left, not discounted [USD].
        npv_usd: NPV against today [USD].
        payback_months: against today; None: never.
        replicas: in the busiest hour of the largest month; 0 without machines of one's own.
        gpus: of them.
        servers: likewise.
        utilisation_fraction: of what is paid for; None without machines.
    """

    name: str
    total_usd: float
    npv_usd: float
    payback_months: float | None
    replicas: int = 0
    gpus: int = 0
    servers: int = 0
    utilisation_fraction: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAnswer:
    """One member of a portfolio.

    Attributes:
        name: of it.
        baseline: what it pays for today.
        goodput_requests_per_s: what one replica carries of its requests [requests/s].
        peak_replicas: that its busiest hour fills, spares left out [replicas].
        load_fraction: its share of all load over the horizon.
        today_usd: what it pays today, over the horizon [USD].
        separate_usd: on a fleet of its own [USD].
        borne_usd: of the shared fleet, with what it has of its own [USD].
    """

    name: str
    baseline: str
    goodput_requests_per_s: float
    peak_replicas: float
    load_fraction: float
    today_usd: float
    separate_usd: float
    borne_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioAnswer:
    """The answer.

    Attributes:
        name: of the portfolio.
        horizon_months: over which it counts.
        ways: today, separate, shared.
        members: in the order of the file.
        peak_replicas: that the busiest hour of all together fills, spares left out [replicas].
        shared_range_usd: total of the shared fleet where replicas carry the mix as well, and as badly, as any mix that was simulated; None where all members' requests
            fill a replica alike, so that nothing is only added up [USD].
        cautions: what to know, in sentences.
    """

    name: str
    horizon_months: int
    ways: tuple[Way, Way, Way]
    members: tuple[MemberAnswer, ...]
    peak_replicas: float
    shared_range_usd: tuple[float, float] | None
    cautions: tuple[str, ...]

    def way(self, name: str) -> Way:
        """The way of that name."""
        return next(way for way in self.ways if way.name == name)

    @property
    def sharing_saves_usd(self) -> float:
        """What one fleet costs less than one for each, over the horizon [USD]."""
        return self.way(SEPARATE).total_usd - self.way(SHARED).total_usd

    @property
    def recommended(self) -> str:
        """The way with the highest NPV; what is paid today where none saves."""
        return max(self.ways, key=lambda way: way.npv_usd).name

    @property
    def coincidence_fraction(self) -> float:
        """Peak of all together over the sum of their peaks [fraction]: 1 where all peak in the same hour."""
        total = sum(member.peak_replicas for member in self.members)
        return self.peak_replicas / total if total else 1.0


def answer_portfolio(portfolio: Portfolio) -> PortfolioAnswer:
    """Answers a portfolio.

    Args:
        portfolio: the question.

    Raises:
        InputError: see `tco.portfolio.members.members_of`.
    """
    members = members_of(portfolio)
    people_shared = portfolio.people == "shared"
    shared = shared_fleet(members, people_shared=people_shared)
    rate = members[0].scenario.discount_rate_per_year.value
    today = spliced([each.today for each in members])
    separate = spliced([each.own for each in members])
    parts = borne(members, shared, people_shared=people_shared)
    load = shares_of(members), np.sum([each.replicas for each in members], axis=0)
    return PortfolioAnswer(
        name=portfolio.name,
        horizon_months=members[0].scenario.horizon_months,
        ways=(
            _way(TODAY, today, today, rate, [each.today for each in members]),
            _way(SEPARATE, separate, today, rate, [each.own for each in members]),
            _way(SHARED, shared.whole, today, rate, [shared.whole]),
        ),
        members=tuple(
            _member(each, part, float(np.sum(share * load[1]) / max(float(load[1].sum()), 1e-300)))
            for each, part, share in zip(members, parts, load[0], strict=True)
        ),
        peak_replicas=float(combined_load(members).peak_requests_per_s.max()),
        shared_range_usd=_range(members, people_shared=people_shared),
        cautions=tuple(_cautions(members, shared.whole, parts)),
    )


def _way(name: str, costs: Ledger, today: Ledger, rate_per_year: float, parts: Sequence[Ledger]) -> Way:
    fleets = [part.fleet for part in parts if part.fleet is not None]
    paid = float(sum(np.sum(fleet.paid_replicas) for fleet in fleets))
    return Way(
        name=name,
        total_usd=float(costs.total_usd),
        npv_usd=saving_npv_usd(rate_per_year, today, costs),
        payback_months=None if name == TODAY else payback_months(savings_by_time_usd(today, costs)),
        replicas=sum(int(np.max(fleet.replicas)) for fleet in fleets),
        gpus=sum(int(np.max(fleet.replicas)) * fleet.gpus_per_replica for fleet in fleets),
        servers=sum(int(np.max(fleet.servers)) for fleet in fleets),
        utilisation_fraction=float(sum(np.sum(fleet.serving_replicas) for fleet in fleets)) / paid if paid else None,
    )


def _member(member: Sharing, part: Ledger, load_fraction: float) -> MemberAnswer:
    return MemberAnswer(
        name=member.name,
        baseline=member.scenario.baseline,
        goodput_requests_per_s=member.goodput_requests_per_s,
        peak_replicas=float(member.load.covered_requests_per_s.max()),
        load_fraction=load_fraction,
        today_usd=float(member.today.total_usd),
        separate_usd=float(member.own.total_usd),
        borne_usd=float(part.total_usd),
    )


def _range(members: Sequence[Sharing], *, people_shared: bool) -> tuple[float, float] | None:
    if len({each.goodput_requests_per_s for each in members}) == 1:
        return None
    best, worst = (
        float(shared_fleet(members, people_shared=people_shared, work_factor=1 / carried).whole.total_usd)
        for carried in (ADDED_UP_TO, ADDED_UP_FROM)
    )
    return best, worst


def _cautions(members: Sequence[Sharing], whole: Ledger, parts: Sequence[Ledger]) -> list[str]:
    told = [f"the shared fleet: {reason}" for reason in whole.reasons]
    if len({each.goodput_requests_per_s for each in members}) > 1:
        told.append(
            f"requests of several kinds share a replica, and what they fill is added up: in 21 simulated mixes a replica carried {ADDED_UP_FROM:g} to {ADDED_UP_TO:g} "
            "times what adding up says (docs/fleet-mix.md); `tco fleet` simulates the mix itself"
        )
    told += differing_terms(members)
    for member, part in zip(members, parts, strict=True):
        borne_usd, alone_usd, today_usd = (float(each.total_usd) for each in (part, member.own, member.today))
        if borne_usd > alone_usd * (1 + 1e-9):
            told.append(
                f"{member.name} bears more by its share of the load than a fleet of its own would cost it ({borne_usd:,.0f} against {alone_usd:,.0f} USD)"
            )
        if borne_usd > today_usd * (1 + 1e-9):
            told.append(
                f"{member.name} bears more than it pays today ({borne_usd:,.0f} against {today_usd:,.0f} USD); without it the others share the rest"
            )
    return told
