"""Records of the answer: from which volume, utilisation and hours of the day on an option pays."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SavingStretch(_Record):
    """Volumes at which an option saves, in requests a day. An open end goes on past what was tried, 1 to 1e9."""

    low_requests_per_day: float
    high_requests_per_day: float
    is_open_low: bool
    is_open_high: bool


class HoursBreakEven(_Record):
    """How many hours a day rented machines may stand before those of one's own cost less; null: even around the clock they cost less than owning."""

    rented: str
    hours_per_day: float | None


class BreakEven(_Record):
    """Where an option begins to pay, with whole replicas and servers.

    `stretches` are all volumes at which it saves: several where the next replica takes more than the requests that fill it have saved yet.
    `utilisation_fraction` is that of the fleet at the break-even volume; null where there is none, or no fleet. `hours` compares servers of one's own with each
    rented option that stands around the clock.
    """

    stretches: list[SavingStretch]
    utilisation_fraction: float | None
    hours: list[HoursBreakEven]
