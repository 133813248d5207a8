"""Demand by month: how many requests, and how many a second in the hour that capacity must cover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tco.quantity import Numbers, Quantity
from tco.scenario import Scenario
from tco.workload.batch import Hours, least_capacity_weight, served_by_hour

SECONDS_PER_DAY = 86_400
HOURS_PER_DAY = 24
TOKENS_PER_MTOK = 1e6

Months = npt.NDArray[np.float64]
"""One number a month, month 1 first; where quantities are drawn, of shape (draws, months)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What the workload asks for, month by month.

    Attributes:
        requests: requests in the month [requests/month], shape (months,) or (draws, months), as all that follow.
        mean_requests_per_s: average rate over the month [requests/s].
        peak_weight: rate that capacity must cover over the mean rate [unitless].
        hour_weights: work served in each hour of the week over the mean rate [unitless], shape (168,); what can wait is served in quiet hours.
        input_tokens_per_request: mean prompt length over the horizon [tokens].
        output_tokens_per_request: mean answer length, reasoning included [tokens].
        input_by_month: prompt length of each month over that mean [unitless], shape (months,) or (draws, months); None: every month the same.
        work_by_month: what a prompt and its answer ask of a machine, at most, over those of the first month [unitless], likewise.
    """

    requests: Months
    mean_requests_per_s: Months
    peak_weight: float
    hour_weights: Hours
    input_tokens_per_request: Numbers
    output_tokens_per_request: Numbers
    input_by_month: Months | None = None
    work_by_month: Months | None = None

    @property
    def peak_requests_per_s(self) -> Months:
        """Rate that capacity must cover, of the shape of the others [requests/s]."""
        return self.mean_requests_per_s * self.peak_weight

    @property
    def input_tokens(self) -> Months:
        """Prompt tokens of each month [tokens/month]."""
        tokens = self.requests * self.input_tokens_per_request
        return tokens if self.input_by_month is None else tokens * self.input_by_month

    @property
    def output_tokens(self) -> Months:
        """Answer tokens of each month, reasoning included [tokens/month]."""
        return self.requests * self.output_tokens_per_request

    @property
    def tokens_per_request(self) -> Numbers:
        """Prompt and answer together [tokens]."""
        return self.input_tokens_per_request + self.output_tokens_per_request

    @property
    def mtok(self) -> float:
        """Input and output tokens over the horizon [million tokens]."""
        return float(self.requests.sum() * self.tokens_per_request / TOKENS_PER_MTOK)


def powers(change_fraction: Numbers, times: npt.ArrayLike) -> Months:
    """`(1 + change)^times` for changes above -1, of shape (times,) or (draws, times) [unitless].

    As `exp(times · log(1 + change))`: a tenth of the time that a power takes, where there are many draws.

    >>> powers(np.array([[0.1], [0.2]]), [0, 1, 2]).round(2).tolist()
    [[1.0, 1.1, 1.21], [1.0, 1.2, 1.44]]
    """
    return np.asarray(np.exp(np.log1p(change_fraction) * np.asarray(times, dtype=float)))


def demand(scenario: Scenario) -> Demand:
    """Demand of a scenario's workload over its horizon.

    `requests_m = requests_per_day · (hours_per_month / 24) · (1 + growth)^(m − 1)` for month m = 1, 2, ….

    The rate to cover is the busiest hour of the interactive share with headroom for bursts inside that hour. The batchable share is moved into quiet
    hours as far as its deadline allows (`tco.workload.batch`); it counts where it needs more than that peak:
    `peak = mean · max((1 − batchable) · peak weight · (1 + headroom), least capacity weight)`.

    Prompts that lengthen by `input_growth_per_month_fraction` are told by their mean over all requests and by month: month m has `input · (1 + growth)^(m − 1)`. A
    machine is taken to need as much longer for a request as its prompt is longer, which is the most that it can need; shorter prompts get no credit.

    Args:
        scenario: the question; volume, growth and lengths may be drawn (`tco.quantity.Quantity.at`), what shapes the week may not.

    Special cases: zero requests a day gives zeros; negative growth shrinks.
    """
    workload = scenario.workload
    growth = powers(workload.growth_per_month_fraction.numbers, np.arange(scenario.horizon_months))
    per_day = workload.requests_per_day.numbers * growth
    batch = workload.batchable_fraction.value
    weights = workload.weights
    least = least_capacity_weight(weights.values, batch, workload.batch_deadline_hours)
    peak = max((1 - batch) * weights.peak * (1 + workload.peak_headroom_fraction.value), least)
    requests = per_day * scenario.hours_per_month / HOURS_PER_DAY
    lengthened = _lengthened(workload.input_growth_per_month_fraction, requests)
    return Demand(
        requests=requests,
        mean_requests_per_s=per_day / SECONDS_PER_DAY,
        peak_weight=peak,
        hour_weights=served_by_hour(weights.values, batch, least),
        input_tokens_per_request=workload.input_tokens * lengthened.mean,
        output_tokens_per_request=workload.output_tokens,
        input_by_month=None if lengthened.by_month is None else lengthened.by_month / lengthened.mean,
        work_by_month=None if lengthened.by_month is None else np.maximum(lengthened.by_month, 1.0),
    )


class _Lengthened(NamedTuple):
    """Prompts over those of the first month: their mean over all requests, shape () or (draws, 1), and by month."""

    mean: Numbers
    by_month: Months | None


def _lengthened(growth: Quantity | None, requests: Months) -> _Lengthened:
    if growth is None:
        return _Lengthened(np.ones(()), None)
    by_month = powers(growth.numbers, np.arange(requests.shape[-1]))
    total = np.sum(requests, axis=-1, keepdims=True)
    sent = np.sum(requests * by_month, axis=-1, keepdims=True)
    mean = np.divide(sent, total, out=np.ones_like(sent), where=total > 0)
    return _Lengthened(mean[0] if mean.ndim == 1 else mean, by_month)
