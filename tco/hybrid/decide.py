"""How many replicas a hybrid's base has: as the scenario says, or as many as cost least, with the curve around them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tco.capacity.replicas.needed import MAX_REPLICAS, ROUNDING
from tco.capacity.replicas.spares import Spares, with_spares_each
from tco.cashflow import Ledger
from tco.finance import npv_of
from tco.hybrid.base import Mixed, base_ledger, is_rented_by_hour, overflow_ledger, split_of, steady, with_demand
from tco.hybrid_terms import OPTIMAL
from tco.quantity import Numbers
from tco.register import quantities, with_value
from tco.scenario import HybridOption, Scenario, SelfHostedOption, TokenOption
from tco.workload.demand import Months, demand

EVERY_NUMBER_UP_TO = 512
"""Numbers of replicas that are all tried; beyond, those up to a hundred and then steps of a few per cent."""

_EACH_UP_TO = 100
_NEARLY_ALWAYS = 1 - 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """An optimum that was decided before: never in a scenario file, and never fewer than what may not leave needs.

    Attributes:
        by_month: replicas that serve.
    """

    by_month: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What a hybrid costs by its number of replicas, all over the horizon.

    Attributes:
        replicas: that serve, shape (points,), ascending. A base that is rented by the hour has no more of them than a month's peak needs.
        by_month: the same by month, shape (points, months).
        total_usd: all costs less the residual, not discounted [USD], shape (points,).
        cost_npv_usd: present value of the same [USD], shape (points,).
        base_fraction: share of the requests that the base serves [fraction], shape (points,).
        running_usd: running costs by month, the base's people also where it has no replica [USD/month], shape (points, months).
        allowed: numbers that a base may have, shape (points,).
    """

    replicas: npt.NDArray[np.int64]
    by_month: Months
    total_usd: Numbers
    cost_npv_usd: Numbers
    base_fraction: Numbers
    running_usd: Months
    allowed: npt.NDArray[np.bool_]

    @property
    def best(self) -> int:
        """Index of the number with the lowest present value; of two alike the smaller number."""
        return int(np.argmin(np.where(self.allowed, self.cost_npv_usd, np.inf)))


def replicas_that_hold(mix: Mixed) -> Months:
    """Replicas that carry the busiest hour of the requests that may not leave, by month: `ceil(sensitive · peak / goodput)`, with spares where the base has none."""
    needed = _whole(mix.option.sensitive_fraction.numbers * mix.work.peak_requests_per_s / mix.goodput)
    return _with_spares(needed, mix.spares)


def replicas_for_all(mix: Mixed) -> Months:
    """Replicas beyond which none can pay, by month: `ceil(peak / goodput)`, with which nothing overflows; where the overflow is the spare, in `1 − 1e-4` of the time."""
    needed = _whole(mix.work.peak_requests_per_s / mix.goodput)
    if mix.answers_fraction >= 1:
        return needed
    return _with_spares(needed, lambda counts: with_spares_each(counts, mix.answers_fraction, _NEARLY_ALWAYS))


def _with_spares(needed: Months, spares: Spares) -> Months:
    try:
        standing = spares(needed.astype(np.int64))
    except OverflowError:  # replicas answer so rarely that no fleet is large enough
        standing = np.where(needed > 0, MAX_REPLICAS, 0)
    return np.asarray(np.minimum(standing, MAX_REPLICAS), dtype=float)


def decided(mix: Mixed, found: Curve | None = None) -> Months:
    """Replicas that serve in each month: as given, or the number that costs least.

    One number over the horizon, the one with the lowest present value of all costs; of a base that is rented by the hour, each month's own. Where quantities are
    drawn, the number is that of their means: it is chosen before one knows what comes. What holds the requests that may not leave is never less than they need, in any draw.

    Args:
        mix: the hybrid; its base can serve.
        found: its curve, where the caller has it and nothing is drawn.
    """
    given: object = mix.option.replicas
    months = mix.asked.requests.shape[-1]
    if isinstance(given, Settled):
        chosen = np.asarray(given.by_month, dtype=float)
    elif given == OPTIMAL:
        middle = _at_means(mix) if found is None else mix
        chosen = best(middle, curve(middle) if found is None else found)
    else:
        each = given if isinstance(given, list) else [given]
        return np.asarray([*each, *[each[-1]] * months][:months], dtype=float)
    needed = replicas_that_hold(mix)
    if not is_rented_by_hour(mix):
        needed = needed.max(axis=-1, keepdims=True)
    return np.asarray(np.maximum(chosen, needed))


def curve(mix: Mixed) -> Curve:
    """Cost by the number of replicas, from none (or what sensitive requests need) to what the peak needs.

    Args:
        mix: the hybrid, of one scenario.
    """
    hold, most = replicas_that_hold(mix), replicas_for_all(mix)
    hourly = is_rented_by_hour(mix)
    levels = _levels(int(hold.min() if hourly else hold.max()), int(most.max()))
    by_month = np.broadcast_to(levels[:, None].astype(float), (levels.size, most.size))
    if hourly:
        by_month = np.clip(by_month, hold, most)
    shares = split_of(mix, by_month)
    base, over = base_ledger(mix, by_month, shares), overflow_ledger(mix, shares)
    any_base = by_month.any(axis=-1).astype(float)
    requests = mix.asked.requests
    assert base.fleet is not None
    return Curve(
        replicas=levels,
        by_month=by_month,
        total_usd=any_base * base.total_usd + over.total_usd,
        cost_npv_usd=any_base * _present(base, mix.scenario) + _present(over, mix.scenario),
        base_fraction=_mean(shares.base, requests),
        running_usd=base.monthly_usd + over.monthly_usd,
        allowed=~np.broadcast_to(base.fleet.too_large, levels.shape),
    )


def best(mix: Mixed, found: Curve) -> Months:
    """The cheapest number of replicas by month.

    Args:
        mix: the hybrid, of one scenario.
        found: its curve.
    """
    constant: Months = found.by_month[found.best]
    if not is_rented_by_hour(mix):
        return constant
    cost = np.where(found.allowed[:, None], found.running_usd, np.inf)
    by_month = np.take_along_axis(found.by_month, np.argmin(cost, axis=0)[None, :], axis=0)[0]
    followed = np.where(mix.asked.requests > 0, by_month, 0.0)
    return followed if _npv(mix, followed) < _npv(mix, constant) else constant


def settled(mix: Mixed) -> HybridOption:
    """The hybrid with its optimum decided, for many answers that must not decide anew: draws of it, which nobody knows beforehand.

    Args:
        mix: the hybrid, of one scenario.

    Special cases: numbers that the scenario gives stay; so does a hybrid whose base cannot serve.
    """
    if mix.option.replicas != OPTIMAL or not mix.capacity.feasible:
        return mix.option
    middle = tuple(int(count) for count in decided(mix))
    return mix.option.model_copy(update={"replicas": Settled(by_month=middle)})


def _npv(mix: Mixed, replicas: Months) -> float:
    shares = split_of(mix, replicas)
    cost = float(_present(overflow_ledger(mix, shares), mix.scenario))
    return cost + (float(_present(base_ledger(mix, replicas, shares), mix.scenario)) if replicas.any() else 0.0)


def _present(own: Ledger, scenario: Scenario) -> Numbers:
    """Present value of all costs less what is left at the end [USD]."""
    flows: Months = own.costs_by_time_usd.copy()
    flows[..., -1] -= own.left_usd
    return npv_of(scenario.discount_rate_per_year.value, flows)


def _mean(share: Numbers, requests: Months) -> Numbers:
    total = float(np.sum(requests))
    return np.asarray(np.sum(share * requests, axis=-1) / total if total > 0 else np.zeros(share.shape[:-1]))


def _levels(least: int, most: int) -> npt.NDArray[np.int64]:
    most = max(least, most)
    if most - least <= EVERY_NUMBER_UP_TO:
        return np.arange(least, most + 1)
    steps = np.geomspace(_EACH_UP_TO, most - least, EVERY_NUMBER_UP_TO - _EACH_UP_TO).round().astype(np.int64)
    return least + np.unique(np.concatenate([np.arange(_EACH_UP_TO), steps]))


def _whole(replicas: Months) -> Months:
    whole = np.where(replicas > 0, np.maximum(np.ceil(replicas - ROUNDING), 1), 0)
    return np.asarray(np.minimum(whole, MAX_REPLICAS))


def _at_means(mix: Mixed) -> Mixed:
    """The hybrid with every drawn quantity at its mean; itself, where nothing is drawn."""
    concerned = {mix.option.name, mix.option.base, mix.option.overflow}
    scenario = mix.scenario
    known = scenario.model_copy(update={"options": [each for each in scenario.options if each.name in concerned]})
    for path, quantity in quantities(known):
        if np.ndim(quantity.value):
            scenario = with_value(scenario, path, float(np.mean(quantity.value)))
    if scenario is mix.scenario:
        return mix
    option, base, overflow = (scenario.option(name) for name in (mix.option.name, mix.option.base, mix.option.overflow))
    assert isinstance(option, HybridOption)
    assert isinstance(base, SelfHostedOption)
    assert isinstance(overflow, TokenOption)
    at_means = replace(
        mix,
        option=option,
        base=steady(base, option),
        overflow=overflow,
        scenario=scenario,
    )
    return with_demand(at_means, demand(scenario))
