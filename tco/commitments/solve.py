"""The cheapest mix of commitments: an integer program for HiGHS."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, milp

from tco.commitments.question import Asked
from tco.commitments.records import TERMS_MONTHS, CommitmentAnswer, MixCost, Tier
from tco.errors import InputError

HOURS_PER_WEEK = 168
_MONTHS_PER_YEAR = 12
_WHOLE = 1e-6

Counts = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Levels:
    """Hours of a month with the same need are one: rows of month, need and hours."""

    month: Counts
    needed: Numbers
    hours: Numbers
    spot_most: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Program:
    """The program: first the reservations by tier and month of their start, then on-demand and spot replicas by level.

    Attributes:
        terms: reserved tiers that are to be had.
        levels: rows.
        usd: cost of one more of each variable, every payment as it is, shape (variables,).
        npv_usd: present value of the same.
        due_usd: the part of it after the horizon.
    """

    terms: tuple[Tier, ...]
    levels: _Levels
    usd: Numbers
    npv_usd: Numbers
    due_usd: Numbers


def commitments(asked: Asked) -> CommitmentAnswer:
    """The cheapest mix, and each tier alone beside it.

    Args:
        asked: what is needed in which hour, and the prices.
    """
    alone = {"all on demand": ("on-demand",)} | {f"all {tier}": (tier,) for tier in TERMS_MONTHS}
    others = [
        cheapest_mix(_only(asked, tiers), name)
        for name, tiers in alone.items()
        if all(tier in asked.prices for tier in tiers)
    ]
    return CommitmentAnswer(
        option=asked.option,
        scenario=asked.scenario,
        gpu=asked.gpu,
        machines_per_replica=asked.machines_per_replica,
        prices=list(asked.prices.values()),
        needed_least=asked.needed.min(axis=1).tolist(),
        needed_most=asked.needed.max(axis=1).tolist(),
        spot_share_fraction=asked.spot_share_fraction,
        mix=cheapest_mix(asked, "cheapest mix"),
        others=others,
        notes=list(asked.notes),
    )


def cheapest_mix(asked: Asked, name: str = "cheapest mix") -> MixCost:
    """Replicas to reserve, by month in which the term starts, and what is taken by the hour beside them, at the lowest present value.

    ```
    minimise   Σ payments / (1 + r)^(m / 12)
    subject to reserved that stand_m + on-demand_h + spot_h >= needed_h        in every hour h of every month m
               spot_h <= whole part of (share · needed_h)
    ```

    A reservation is paid around the clock for its whole term at the price of the month in which it starts. What the horizon cuts is due all the same, unless it
    can be passed on.

    Reservations are whole. What is taken by the hour then comes out whole by itself, so only they are integers of the program; their matrix has consecutive ones
    in each column, and the relaxed program is nearly always whole at once.

    Args:
        asked: what is needed in which hour, and the prices.
        name: of the mix.

    Raises:
        InputError: the solver found nothing.
    """
    program = _program(asked)
    months, terms = asked.needed.shape[0], program.terms
    levels, reservations = program.levels, len(terms) * months
    rows = levels.month.size
    covers = [_standing(TERMS_MONTHS[tier], months)[levels.month] for tier in terms]
    matrix = sp.hstack([*(sp.csr_matrix(part) for part in covers), sp.eye(rows), sp.eye(rows)], format="csr")
    most = np.full(program.usd.size, np.inf)
    most[reservations + rows :] = levels.spot_most
    if "on-demand" not in asked.prices:
        most[reservations : reservations + rows] = 0
    found = milp(
        program.npv_usd,
        integrality=np.arange(program.usd.size) < reservations,
        bounds=Bounds(0, most),
        constraints=LinearConstraint(matrix, lb=levels.needed),
        options={"mip_rel_gap": 0.0},
    )
    if not found.success:
        raise InputError(f"no mix of commitments was found for {asked.option!r}: {found.message}", code="no_mix")
    return _mix(asked, program, found.x, name)


def _program(asked: Asked) -> _Program:
    months = asked.needed.shape[0]
    levels = _levels(asked)
    discount = (1 + asked.discount_rate_per_year) ** (
        -np.arange(1, months + max(TERMS_MONTHS.values()) + 1) / _MONTHS_PER_YEAR
    )
    terms = tuple(tier for tier in TERMS_MONTHS if tier in asked.prices)
    usd, npv, due = [], [], []
    for tier in terms:
        monthly = asked.replica_usd_per_hour(tier) * asked.hours_per_month * asked.price_path
        bound = np.arange(months)[:, None] + np.arange(TERMS_MONTHS[tier])
        counted = np.ones(bound.shape) if asked.is_due else (bound < months).astype(float)
        usd.append(monthly * counted.sum(axis=1))
        npv.append(monthly * (counted * discount[bound]).sum(axis=1))
        due.append(monthly * (counted * (bound >= months)).sum(axis=1))
    for tier in ("on-demand", "spot"):
        hourly = asked.replica_usd_per_hour(tier) if tier in asked.prices else 0.0
        cost = hourly * levels.hours * asked.price_path[levels.month]
        usd.append(cost)
        npv.append(cost * discount[levels.month])
        due.append(np.zeros_like(cost))
    return _Program(
        terms=terms,
        levels=levels,
        usd=np.concatenate(usd),
        npv_usd=np.concatenate(npv),
        due_usd=np.concatenate(due),
    )


def _levels(asked: Asked) -> _Levels:
    months: list[int] = []
    needed: list[int] = []
    hours: list[float] = []
    for month, row in enumerate(asked.needed):
        values, counts = np.unique(row, return_counts=True)
        months += [month] * values.size
        needed += values.tolist()
        hours += (counts * asked.hours_per_month / HOURS_PER_WEEK).tolist()
    wanted = np.array(needed, dtype=float)
    share = asked.spot_share_fraction if "spot" in asked.prices else 0.0
    return _Levels(
        month=np.array(months),
        needed=wanted,
        hours=np.array(hours),
        spot_most=np.floor(share * wanted + _WHOLE),
    )


def _standing(term_months: int, months: int) -> Numbers:
    """Which starts stand in which month: rows are months, columns starts."""
    age = np.arange(months)[:, None] - np.arange(months)[None, :]
    return ((age >= 0) & (age < term_months)).astype(float)


def _only(asked: Asked, tiers: tuple[str, ...]) -> Asked:
    """The same question with some tiers alone; reservations alone stand for each month's busiest hour by themselves."""
    return replace(asked, prices={tier: price for tier, price in asked.prices.items() if tier in tiers})


def _mix(asked: Asked, program: _Program, found: Numbers, name: str) -> MixCost:
    months, levels = asked.needed.shape[0], program.levels
    counts = np.round(found, 6)
    starts = {tier: counts[at * months : (at + 1) * months].round() for at, tier in enumerate(program.terms)}
    none = np.zeros(months)
    hourly = counts[len(program.terms) * months :].reshape(2, -1)
    on_demand, spot = (np.bincount(levels.month, each * levels.hours, minlength=months) for each in hourly)
    exact = np.concatenate([*starts.values(), hourly.ravel()])
    cost = program.usd * exact
    tiers = [
        *(tier for tier in program.terms for _ in range(months)),
        *["on-demand"] * levels.month.size,
        *["spot"] * levels.month.size,
    ]
    standing = {tier: _standing(TERMS_MONTHS[tier], months) @ each for tier, each in starts.items()}
    return MixCost(
        name=name,
        starts_reserved_3y=[int(n) for n in starts.get("reserved-3y", none)],
        starts_reserved_1y=[int(n) for n in starts.get("reserved-1y", none)],
        standing_reserved_3y=[int(n) for n in standing.get("reserved-3y", none)],
        standing_reserved_1y=[int(n) for n in standing.get("reserved-1y", none)],
        mean_on_demand=(on_demand / asked.hours_per_month).tolist(),
        mean_spot=(spot / asked.hours_per_month).tolist(),
        monthly_usd=_monthly(asked, program, starts, hourly).tolist(),
        cost_by_tier_usd={
            tier: float(sum(part for part, own in zip(cost, tiers, strict=True) if own == tier))
            for tier in asked.prices
        },
        total_usd=float(np.sum(cost)),
        due_usd=float(program.due_usd @ exact),
        cost_npv_usd=float(program.npv_usd @ exact),
    )


def _monthly(asked: Asked, program: _Program, starts: dict[Tier, Numbers], hourly: Numbers) -> Numbers:
    """What is paid in each month of the horizon; what is due after it is not among them."""
    months, levels = asked.needed.shape[0], program.levels
    paid = np.zeros(months)
    for tier, each in starts.items():
        rent = asked.replica_usd_per_hour(tier) * asked.hours_per_month * asked.price_path * each
        paid += _standing(TERMS_MONTHS[tier], months) @ rent
    by_hour = program.usd[len(starts) * months :].reshape(2, -1) * hourly
    return np.asarray(paid + np.bincount(levels.month, by_hour.sum(axis=0), minlength=months))
