"""A scenario that can be worked out by hand: $657.45 a month for the API, $1,461 for one rented replica."""

from __future__ import annotations

from typing import Any

import pricing
from tco.compare import Prepared, prepare
from tests.factories import run, scenario

RUNS = {"test-run": run()}
PRICE = "options.rent.price_usd_per_hour"
VOLUME = "workload.requests_per_day"


def prepared(**changes: Any) -> Prepared:
    return prepare(scenario(**changes), RUNS, pricing.shipped_book())
