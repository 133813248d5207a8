"""What options that are made of others cost, as ledgers like any other's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tco.capacity.replicas.needed import MAX_REPLICAS
from tco.cashflow import Ledger, ledger
from tco.hybrid.base import Mixed, base_ledger, overflow_ledger, split_of
from tco.hybrid.decide import decided, replicas_that_hold
from tco.number_style import local
from tco.quantity import Numbers, Quantity
from tco.scenario import CascadeOption, MixedOption, Scenario, TokenOption
from tco.splice import spliced
from tco.workload.demand import TOKENS_PER_MTOK, Demand

JUDGE = "judge"
_BILLED = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "parallel_run")


def hybrid_ledger(mix: Mixed) -> Ledger:
    """Costs of a hybrid: the base's replicas, the overflow's requests, and what the option has beside both.

    Args:
        mix: the hybrid.

    Special cases:
        - a base that cannot keep the promise rules the hybrid out;
        - so do fewer replicas than the requests need that may not leave, and draws in which they are too few;
        - no replica at all leaves the overflow alone, without the base's people and one-offs.
    """
    months = mix.asked.requests.shape[-1]
    if not mix.capacity.feasible:
        return base_ledger(mix, np.zeros(months), split_of(mix, np.zeros(months)))
    replicas = decided(mix)
    shares = split_of(mix, replicas)
    parts = [overflow_ledger(mix, shares), beside(mix.option, mix.scenario, mix.asked, mix.during)]
    if replicas.any():
        parts.insert(0, _held(mix, replicas, base_ledger(mix, replicas, shares)))
    elif (short := _short(mix, replicas)) is not None:
        parts[0] = replace(parts[0], barred=(short,))
    return spliced(parts)


def cascade_ledger(
    option: CascadeOption,
    scenario: Scenario,
    asked: Demand,
    ledger_of_part: Callable[[str, Demand], Ledger],
    during: range | None = None,
) -> Ledger:
    """Costs of a cascade: the small model for all requests, the large one for those that are sent again, and the judge.

    `cost = small(requests) + large(escalation · requests) + requests · judge`

    The large model's fleet is laid out for the same week, so much smaller.

    Args:
        option: the cascade, filled.
        scenario: filled.
        asked: the demand by month.
        ledger_of_part: what a part costs for a demand.
        during: months in which it serves; None: all.
    """
    again = option.escalation_fraction.numbers
    escalated = replace(asked, requests=asked.requests * again, mean_requests_per_s=asked.mean_requests_per_s * again)
    parts = [ledger_of_part(option.small, asked), ledger_of_part(option.large, escalated)]
    beyond = beside(option, scenario, asked, during, option.judge_usd_per_request)
    if all(part.fleet is not None for part in parts):
        return _side_by_side(parts, beyond)
    return spliced([*parts, beyond])


def beside(
    option: MixedOption, scenario: Scenario, asked: Demand, during: range | None, judge: Quantity | None = None
) -> Ledger:
    """What such an option costs beyond its parts: people, named costs, and so much a request.

    Args:
        option: the option, filled.
        scenario: filled.
        asked: the demand by month.
        during: months in which it serves; None: all.
        judge: cost of a request [USD/request]; None: nothing is paid by request.
    """
    free, per_request = Quantity(value=0.0), judge or Quantity(value=0.0)
    # Not checked anew: quantities may be drawn. An amount for a million input tokens has taxes and months like any other cost.
    shared = {name: getattr(option, name) for name in TokenOption.model_fields if name in type(option).model_fields}
    prices: dict[str, Any] = {
        "input_usd_per_mtok": free.at(per_request.numbers * TOKENS_PER_MTOK / asked.input_tokens_per_request),
        "output_usd_per_mtok": free,
        "price_change_per_year_fraction": free,
        "tokenizer_factor": Quantity(value=1.0),
    }
    stand_in = TokenOption.model_construct(**shared | prices | {"kind": "api", "retry_fraction": None})
    # A request is judged at one price however long its prompt has become.
    own = ledger(stand_in, None, scenario, replace(asked, input_by_month=None), during=during)
    lines = {name: items for name, items in own.line_items.items() if name not in _BILLED}
    if judge is not None:
        lines = {JUDGE: own.line_items["input_tokens"]} | lines
    return replace(own, line_items=lines)


def _held(mix: Mixed, replicas: Numbers, own: Ledger) -> Ledger:
    """The base's ledger with what keeps it from holding the requests that may not leave."""
    needed = replicas_that_hold(mix)
    lacking = np.asarray((needed > replicas) | (needed >= MAX_REPLICAS))
    assert own.fleet is not None
    if lacking.ndim == 1:
        short = _short(mix, replicas)
        return own if short is None else replace(own, barred=(*own.barred, short))
    return replace(own, fleet=replace(own.fleet, too_large=own.fleet.too_large | lacking.any(axis=-1)))


def _short(mix: Mixed, replicas: Numbers) -> str | None:
    """Why so many replicas are too few, of one scenario; None: they are not."""
    needed = replicas_that_hold(mix)
    if needed.ndim > 1 or not (needed > replicas).any():
        return None
    month = int(np.argmax(needed - replicas))
    share = mix.option.sensitive_fraction.value
    return (
        f"{share:.0%} of the requests may not leave (`sensitive_fraction`) and need {local(int(needed[month])):,} replicas of {mix.base.name} in the busiest hour of month "
        f"{month + 1}; `replicas` gives {local(int(replicas[month])):,}, raise it or write `optimal`"
    )


def _side_by_side(parts: list[Ledger], beyond: Ledger) -> Ledger:
    """Two fleets at once: what stands adds up, and what it is used for is counted in replicas."""
    whole = spliced([*parts, beyond])
    assert whole.fleet is not None
    fleet = whole.fleet
    return replace(whole, fleet=replace(fleet, mean_requests_per_s=fleet.serving_replicas * fleet.goodput))
