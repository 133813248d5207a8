"""Hybrids whose costs can be worked out by hand: 1.6 requests/s a replica, 0.00025 USD a request at the API."""

from __future__ import annotations

from typing import Any

from tco.capacity.capacity import capacity_of
from tco.hybrid.base import Mixed, mixed
from tco.scenario import HybridOption, Scenario
from tco.workload.demand import demand
from tests.factories import API, OWN, RENT, replica, scenario

GOODPUT = 1.6
API_USD_PER_REQUEST = (100 * 1.0 + 50 * 3.0) / 1e6
HYBRID = {"name": "mixed", "kind": "hybrid", "base": "rent", "overflow": "api"}
NO_SPARES = {"availability_target_fraction": 0.5, "replica_availability_fraction": 0.999999}


def question(
    *, base: dict[str, Any] | None = None, own: bool = False, hybrid: dict[str, Any] | None = None, **changes: Any
) -> Scenario:
    part = {**(OWN if own else RENT), **NO_SPARES, **(base or {})}
    return scenario(options=[dict(API), part, {**HYBRID, "base": part["name"], **(hybrid or {})}], **changes)


def mix_of(asked: Scenario) -> Mixed:
    option = asked.option("mixed")
    assert isinstance(option, HybridOption)
    base = replica(asked, option.base)
    return mixed(option, base, asked, demand(asked), capacity_of(base, asked.workload))
