"""What usage says of a workload, and what it leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from tco.quantity import Quantity
from tco.workload.asked import Spread

NEEDED = ("requests_per_day", "input_tokens_per_request", "output_tokens_per_request")
"""Without these there is no workload."""

NEVER_TOLD = {
    "slo": "no usage file says what users were promised",
    "peak_headroom_fraction": "bursts inside an hour are not looked at",
    "users": "no identities are kept",
}
"""What no file of usage can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What usage says of a workload.

    Attributes:
        quantities: inputs of `workload` by name, measured.
        lengths: how lengths vary; None: not told.
        profile: 168 weights; None: not told.
        left_open: inputs that the files do not tell, and why.
        notes: what the reader must know, in sentences.
        first_day: of the files.
        last_day: of the files.
        whole_days: that lie wholly within them.
        level_days: of these, those that the volume is the mean of.
    """

    quantities: dict[str, Quantity]
    lengths: Spread | None
    profile: list[float] | None
    left_open: dict[str, str]
    notes: tuple[str, ...]
    first_day: date
    last_day: date
    whole_days: int
    level_days: int

    @property
    def is_complete(self) -> bool:
        """Whether a scenario can be answered with it."""
        return all(name in self.quantities for name in NEEDED)

    def block(self) -> dict[str, Any]:
        """The `workload` as plain data, as a scenario file has it."""
        data: dict[str, Any] = {
            name: quantity.model_dump(mode="json", exclude_none=True) for name, quantity in self.quantities.items()
        }
        if self.lengths is not None:
            data["lengths"] = self.lengths.model_dump(mode="json")
        if self.profile is not None:
            data["profile"] = list(self.profile)
        return data
