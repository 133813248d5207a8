"""Records of the question which hours to reserve, and of its answer."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pricing.price import Evidence

Tier = Literal["reserved-3y", "reserved-1y", "on-demand", "spot"]

TERMS_MONTHS: dict[Tier, int] = {"reserved-3y": 36, "reserved-1y": 12}
"""For how long a reservation binds [months]; it is paid around the clock."""

TIERS: tuple[Tier, ...] = ("reserved-3y", "reserved-1y", "on-demand", "spot")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TierPrice(_Record):
    """What one GPU (or machine) costs an hour in a tier, on the scenario's day.

    `available_fraction` is the share of time in which it is there: below 1 for spot, which is taken back; a replica's hour then costs the price over that share.
    """

    tier: Tier
    usd_per_hour: float
    available_fraction: float = 1.0
    evidence: Evidence = "assumption"
    source: str | None = None
    as_of: date | None = None
    note: str | None = None


class MixCost(_Record):
    """One way to rent a fleet, by month, in replicas: what stands reserved, and the mean number of those taken by the hour.

    `total_usd` counts every payment that the mix binds to, `cost_npv_usd` is its present value; `due_usd` the part of the total that falls after the horizon.
    """

    name: str
    starts_reserved_3y: list[int]
    starts_reserved_1y: list[int]
    standing_reserved_3y: list[int]
    standing_reserved_1y: list[int]
    mean_on_demand: list[float]
    mean_spot: list[float]
    monthly_usd: list[float]
    cost_by_tier_usd: dict[str, float]
    total_usd: float
    due_usd: float
    cost_npv_usd: float


class CommitmentAnswer(_Record):
    """The cheapest mix, and beside it what it costs to take one tier alone.

    `needed_least` and `needed_most` are the replicas of the quietest and the busiest hour of each month, spares included. A way that is not to be had is left out.
    """

    option: str
    scenario: str
    gpu: str | None
    machines_per_replica: int
    prices: list[TierPrice]
    needed_least: list[int]
    needed_most: list[int]
    spot_share_fraction: float
    mix: MixCost
    others: list[MixCost]
    notes: list[str]
