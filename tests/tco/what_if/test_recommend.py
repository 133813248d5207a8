"""What is recommended at many values at once is what a whole comparison recommends at each."""

from __future__ import annotations

import pytest

from tco.compare import compare
from tco.ledgers import capacities_of
from tco.register import with_value
from tco.what_if.recommend import recommended_at
from tests.factories import API, OWN, RENT
from tests.tco.what_if.asked import PRICE, VOLUME, prepared

OWN_HERE = OWN | {"run": "test-run", "server_price_usd": 9_000, "gpus_per_server": 2}
HYBRID = {"name": "both", "kind": "hybrid", "base": "rent", "overflow": "api"}


def recommended(held, path, values):
    found = recommended_at(held, path, values, capacities_of(held.scenario, held.replicas))
    one_by_one = [compare(held, with_value(held.scenario, path, value)).recommended for value in values]
    assert found == one_by_one
    return found


def test_a_rent_is_recommended_up_to_what_the_api_costs():
    # 2,629,800 requests of $0.00025 a month, over 730.5 hours of one replica.
    assert ["rent", "rent", "api"] == recommended(prepared(), PRICE, [0.0, 0.8999, 0.9001])


def test_of_two_that_save_the_one_that_saves_more_is_recommended():
    held = prepared(options=[dict(API), RENT | {"price_usd_per_hour": 0.5}, RENT | {"name": "other"}])

    assert ["other", "rent"] == recommended(held, "options.other.price_usd_per_hour", [0.4, 0.6])


@pytest.mark.parametrize("path", [VOLUME, "options.rent.throughput_factor", "options.api.output_usd_per_mtok"])
def test_several_kinds_side_by_side(path):
    held = prepared(options=[dict(API), RENT | {"price_usd_per_hour": 0.5}, OWN_HERE, HYBRID])
    now = {VOLUME: 86_400.0, "options.rent.throughput_factor": 1.0}.get(path, 3.0)

    assert len(set(recommended(held, path, [now * times for times in (0.1, 1.0, 4.0, 10.0)]))) > 1


def test_where_the_baseline_cannot_serve_the_cheapest_that_can_is_recommended():
    slow = RENT | {"scaling": {"max_replicas": 1}}
    held = prepared(options=[dict(API), slow], baseline="rent")

    # One replica carries 1.6 requests a second; today's way ends there, and what is dearer is the only way left.
    assert ["api", "api"] == recommended(held, VOLUME, [8_640.0, 864_000.0])


def test_nothing_can_serve():
    held = prepared(options=[dict(RENT), RENT | {"name": "other"}], baseline="rent", workload__slo={"ttft_p95_ms": 1.0})

    assert [None] == recommended(held, PRICE, [1.0])


def test_a_baseline_alone_is_recommended():
    assert ["api"] == recommended(prepared(options=[dict(API)]), "options.api.output_usd_per_mtok", [1.0])
