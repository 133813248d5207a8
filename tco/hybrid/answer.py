"""What a result says of a hybrid: its replicas, what they carry, the cost curve."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tco.capacity.replica import Replica
from tco.hybrid.base import mixed, split_of
from tco.hybrid.decide import Curve, curve, decided, replicas_that_hold
from tco.hybrid_records import CascadeAnswer, HybridAnswer, HybridPoint
from tco.hybrid_terms import OPTIMAL
from tco.scenario import AnyOption, CascadeOption, HybridOption, Scenario
from tco.splice import served_by
from tco.workload.demand import Demand, Months


def hybrid_answer(
    option: AnyOption, scenario: Scenario, replicas: Mapping[str, Replica], asked: Demand
) -> HybridAnswer | None:
    """How a hybrid is made up; None of an option of another kind, or whose base cannot serve.

    Args:
        option: filled.
        scenario: filled.
        replicas: of self-hosted options, by option name.
        asked: the demand by month.
    """
    if not isinstance(option, HybridOption):
        return None
    during = dict(served_by(option.name, scenario)).get(option.name)
    mix = mixed(option, replicas[option.base], scenario, asked, during=during)
    if not mix.capacity.feasible:
        return None
    found = curve(mix)
    chosen = decided(mix, found)
    shares = split_of(mix, chosen)
    requests = mix.asked.requests
    return HybridAnswer(
        base=option.base,
        overflow=option.overflow,
        replicas_by_month=[int(count) for count in np.where(requests > 0, chosen, 0)],
        least_replicas=int(np.max(replicas_that_hold(mix), initial=0)),
        base_requests_fraction=_over_all(shares.base, requests),
        monthly_base_requests_fraction=shares.base.tolist(),
        overflow_batch_fraction=_over_all(shares.overflow_batch, requests * shares.overflow),
        is_optimal=option.replicas == OPTIMAL,
        curve=_points(found),
    )


def cascade_answer(option: AnyOption) -> CascadeAnswer | None:
    """Who serves in a cascade; None of an option of another kind."""
    if not isinstance(option, CascadeOption):
        return None
    return CascadeAnswer(small=option.small, large=option.large, escalation_fraction=option.escalation_fraction.value)


def _points(found: Curve) -> list[HybridPoint]:
    return [
        HybridPoint(
            replicas=int(found.replicas[at]),
            total_usd=float(found.total_usd[at]),
            cost_npv_usd=float(found.cost_npv_usd[at]),
            base_requests_fraction=float(found.base_fraction[at]),
        )
        for at in np.flatnonzero(found.allowed)
    ]


def _over_all(share: Months, weight: Months) -> float:
    total = float(np.sum(weight))
    return float(np.sum(share * weight)) / total if total > 0 else 0.0
