"""What stands around the machines of a self-hosted model: storage, egress, load balancing, logging.

GB are 10⁹ bytes, as clouds bill traffic; GiB are 2³⁰, as they bill disks.
"""

from __future__ import annotations

import numpy as np

from tco.capacity.fleet import Fleet
from tco.costs.paths import filled, or_nothing
from tco.scenario import OwnOption, RentOption, Scenario
from tco.terms.around import Around
from tco.workload.demand import Demand, Months

BYTES_PER_GB = 1e9
BYTES_PER_GIB = 2**30

SelfHosted = RentOption | OwnOption


def storage_usd(option: SelfHosted, asked: Demand, fleet: Fleet) -> Months:
    """Disks: `(weights · replicas + other + logs that are kept) · price` [USD/month].

    Every replica that stands in the busiest hour has a copy of the weights of its own. Logs of a month are kept for `log_retention_months`, that month included.
    """
    around = option.around
    if around is None or around.storage_usd_per_gib_month is None:
        return np.zeros(asked.requests.shape[-1])
    logs_gib = _kept(asked.requests, around.log_retention_months) * around.log_bytes_per_request.numbers / BYTES_PER_GIB
    gib = fleet.replicas * filled(around.weights_gib) + around.other_storage_gib.numbers + logs_gib
    return np.asarray(gib * around.storage_usd_per_gib_month.numbers)


def egress_usd(option: SelfHosted, asked: Demand) -> Months:
    """Traffic out: `output tokens · bytes of a token / 10⁹ · price` [USD/month]."""
    around = option.around
    if around is None or around.egress_usd_per_gb is None:
        return np.zeros(asked.requests.shape[-1])
    return np.asarray(_answers_gb(around, asked) * around.egress_usd_per_gb.numbers)


def load_balancing_usd(option: SelfHosted, scenario: Scenario, asked: Demand) -> Months:
    """Load balancer: `hours · price by the hour + GB of answers · price by the GB` [USD/month]."""
    around = option.around
    if around is None:
        return np.zeros(asked.requests.shape[-1])
    standing = (
        or_nothing(around.load_balancer_usd_per_hour) * scenario.hours_per_month * np.ones(asked.requests.shape[-1])
    )
    if around.load_balancer_usd_per_gb is None:
        return np.asarray(standing)
    return np.asarray(standing + _answers_gb(around, asked) * around.load_balancer_usd_per_gb.numbers)


def logging_usd(option: SelfHosted, asked: Demand) -> Months:
    """Logs and monitoring: `requests · bytes logged / 10⁹ · price + fixed price` [USD/month]."""
    around = option.around
    if around is None:
        return np.zeros(asked.requests.shape[-1])
    fixed = or_nothing(around.monitoring_usd_per_month) * np.ones(asked.requests.shape[-1])
    if around.logging_usd_per_gb is None:
        return np.asarray(fixed)
    gb = asked.requests * around.log_bytes_per_request.numbers / BYTES_PER_GB
    return np.asarray(fixed + gb * around.logging_usd_per_gb.numbers)


def _answers_gb(around: Around, asked: Demand) -> Months:
    return asked.output_tokens * around.egress_bytes_per_token.numbers / BYTES_PER_GB


def _kept(requests: Months, months: int) -> Months:
    """Requests of each month and of the `months − 1` before it."""
    total = np.cumsum(requests, axis=-1)
    kept = total.copy()
    if months < requests.shape[-1]:
        kept[..., months:] -= total[..., : requests.shape[-1] - months]
    return kept
