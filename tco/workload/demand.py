"""Demand by month: how many requests, and how many a second in the hour that capacity must cover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tco.scenario import Scenario
from tco.workload.batch import Hours, least_capacity_weight, served_by_hour

SECONDS_PER_DAY = 86_400
HOURS_PER_DAY = 24
TOKENS_PER_MTOK = 1e6

Months = npt.NDArray[np.float64]
"""One number a month, month 1 first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What the workload asks for, month by month.

    Attributes:
        requests: requests in the month [requests/month], shape (months,).
        mean_requests_per_s: average rate over the month [requests/s], shape (months,).
        peak_requests_per_s: rate that capacity must cover [requests/s], shape (months,).
        hour_weights: work served in each hour of the week over the mean rate [unitless], shape (168,); what can wait is served in quiet hours.
        input_tokens_per_request: mean prompt length [tokens].
        output_tokens_per_request: mean answer length [tokens].
    """

    requests: Months
    mean_requests_per_s: Months
    peak_requests_per_s: Months
    hour_weights: Hours
    input_tokens_per_request: float
    output_tokens_per_request: float

    @property
    def mtok(self) -> float:
        """Input and output tokens over the horizon [million tokens]."""
        return (
            float(self.requests.sum())
            * (self.input_tokens_per_request + self.output_tokens_per_request)
            / TOKENS_PER_MTOK
        )


def demand(scenario: Scenario) -> Demand:
    """Demand of a scenario's workload over its horizon.

    `requests_m = requests_per_day · (hours_per_month / 24) · (1 + growth)^(m − 1)` for month m = 1, 2, ….

    The rate to cover is the busiest hour of the interactive share with headroom for bursts inside that hour. The batchable share is moved into quiet
    hours as far as its deadline allows (`tco.workload.batch`); it counts where it needs more than that peak:
    `peak = mean · max((1 − batchable) · peak weight · (1 + headroom), least capacity weight)`.

    Special cases: zero requests a day gives zeros; negative growth shrinks.
    """
    workload = scenario.workload
    growth = (1 + workload.growth_per_month_fraction.value) ** np.arange(scenario.horizon_months)
    per_day = workload.requests_per_day.value * growth
    mean = per_day / SECONDS_PER_DAY
    batch = workload.batchable_fraction.value
    weights = workload.weights
    least = least_capacity_weight(weights.values, batch, workload.batch_deadline_hours)
    peak = max((1 - batch) * weights.peak * (1 + workload.peak_headroom_fraction.value), least)
    return Demand(
        requests=per_day * scenario.hours_per_month / HOURS_PER_DAY,
        mean_requests_per_s=mean,
        peak_requests_per_s=mean * peak,
        hour_weights=served_by_hour(weights.values, batch, least),
        input_tokens_per_request=workload.mean_input_tokens,
        output_tokens_per_request=workload.mean_output_tokens,
    )
