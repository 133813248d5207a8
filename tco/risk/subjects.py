"""What an input is about, so that the spread of an answer can be laid at the door of measuring, prices or demand."""

from __future__ import annotations

from tco.register import unit_of
from tco.risk.records import Subject


def subject_of(path: str) -> Subject:
    """The subject of an input.

    Args:
        path: in the assumptions register.

    >>> subject_of("options.rent.throughput_factor"), subject_of("workload.requests_per_day"), subject_of("options.own.pue")
    ('measured throughput', 'demand', 'other')
    """
    if path.endswith("throughput_factor"):
        return "measured throughput"
    if path.startswith("workload."):
        return "demand"
    if ".people." in path:
        return "people"
    if "price_" in path or unit_of(path).startswith("USD/Mtok") or unit_of(path) in {"USD/hour", "USD/kWh"}:
        return "prices"
    return "other"
