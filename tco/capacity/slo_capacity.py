"""What one replica carries while its latency promise holds, and how that is known."""

from __future__ import annotations

from dataclasses import dataclass

from tco.capacity.latency import Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class SloCapacity:
    """What one replica carries while the promise holds.

    Attributes:
        requests_per_s: goodput, the load at which every limit holds [requests/s]; 0 when no load meets them.
        relative_low: lower end of its 95 % interval over its value [unitless], 1 where the run gives none.
        relative_high: upper end likewise.
        basis: how the number was had.
        error_fraction: how far such numbers missed what was measured, typically; None where the number was read from a run [fraction].
        band_fraction: how far they may be off; None likewise [fraction].
        power_watts: what the replica's GPUs draw at that load, where the run has it [W].
        feasible: whether any measured load meets the promise.
        reasons: why not, or what to know, in sentences.
        code: of the first of them, for machines; None where it is a plain note.
    """

    requests_per_s: float
    relative_low: float = 1.0
    relative_high: float = 1.0
    basis: Basis = "measured"
    error_fraction: float | None = None
    band_fraction: float | None = None
    power_watts: float | None = None
    feasible: bool = True
    reasons: tuple[str, ...] = ()
    code: str | None = None


def infeasible(reason: str, code: str) -> SloCapacity:
    """No load keeps the promise, or none can be said to.

    Args:
        reason: why, and what to do.
        code: of it, for machines.
    """
    return SloCapacity(requests_per_s=0.0, feasible=False, reasons=(reason,), code=code)
