"""Records of an answer: how many replicas a hybrid's base has, what they carry, and what other numbers of them would cost."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class HybridPoint(_Record):
    """A hybrid with so many replicas that serve, over the whole horizon: all costs, their present value, and the share of the requests that the base serves."""

    replicas: int
    total_usd: float
    cost_npv_usd: float
    base_requests_fraction: float


class HybridAnswer(_Record):
    """What a hybrid's base carries, and the cost curve around it.

    `replicas_by_month` serve, spares come on top (`capacity` counts all that stand). `curve` has every number of replicas from none, or from what requests
    need that may not leave (`least_replicas`), to what the peak needs; of large fleets some of them. A base that is rented by the hour has in no month more than its
    peak needs, and may follow the months, so that it costs less than any point of the curve.
    """

    base: str
    overflow: str
    replicas_by_month: list[int]
    least_replicas: int
    base_requests_fraction: float
    monthly_base_requests_fraction: list[float]
    overflow_batch_fraction: float
    is_optimal: bool
    curve: list[HybridPoint]


class CascadeAnswer(_Record):
    """Who serves in a cascade: every request goes to `small`, `escalation_fraction` of them again to `large`."""

    small: str
    large: str
    escalation_fraction: float
