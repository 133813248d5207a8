"""What one replica costs an hour: rented by hand, owned as an annuity, reserved from the book."""

from __future__ import annotations

import numpy as np
import numpy_financial as npf
import pytest

import pricing
from tco.fill import fill
from tco.mixed_fleet.machine_types import fleet_type, owned_usd_per_hour
from tco.scenario import OwnOption
from tests.factories import OWN, replica, run, scenario
from tests.tco.mixed_fleet.small_fleets import rented

BOOK = pricing.shipped_book()


def one(option, *, held=None, month=1, max_count=None, **changes):
    asked = scenario(options=[scenario().options[0].model_dump(), option], **changes)
    its = replica(asked, option["name"], held)
    return fleet_type(
        asked.option(option["name"]),
        _filled(asked, option["name"], its),
        its,
        asked,
        BOOK,
        month=month,
        max_count=max_count,
    )


def _filled(asked, name, its):
    return fill(asked, {option.name: its for option in asked.options}, BOOK).option(name)


def test_rent_is_for_all_gpus_of_a_replica():
    found = one(rented("two", 2.5, gpus_per_replica=2))
    assert 5.0 == found.machine.price_usd_per_hour
    assert found.machine.by_the_hour
    assert found.machine.reserved_usd_per_hour is None
    assert "rent as given" == found.price_from


def test_rent_moves_with_its_price_path_to_the_month_that_is_sized():
    found = one(rented("one", 2.0, price_change_per_year_fraction=-0.10), month=13)
    assert 1.8 == pytest.approx(found.machine.price_usd_per_hour)


def test_a_price_of_the_book_has_the_reserved_one_beside_it():
    option = rented("one", 0.0)
    del option["price_usd_per_hour"]
    found = one(option | {"price": {"class": "neocloud"}})
    on = scenario().as_of
    quotes = [
        pricing.rental_price("H100-SXM", on=on, provider_class="neocloud", tier=tier, book=BOOK).price.amount
        for tier in ("on-demand", "reserved-1y")
    ]
    assert quotes == pytest.approx([found.machine.price_usd_per_hour, found.machine.reserved_usd_per_hour])
    assert quotes[1] < quotes[0]


def test_what_is_reserved_is_not_had_by_the_hour():
    found = one(rented("one", 2.0, price={"commitment": "reserved-1y"}))
    assert not found.machine.by_the_hour
    assert 2.0 == found.machine.reserved_usd_per_hour


def test_stock_is_the_wish_or_the_options_own_maximum():
    option = rented("one", 2.0, scaling={"max_replicas": 7})
    assert [7, 3] == [one(option).machine.max_count, one(option, max_count=3).machine.max_count]


def test_failures_of_gpus_make_the_replica_answer_less():
    found = one(rented("one", 2.0, gpus_per_replica=4, failures={"gpu_availability_fraction": 0.99}))
    assert 0.99**4 == pytest.approx(found.machine.replica_availability_fraction)


OWNED = OWN | {"economic_life_months": 48, "residual_fraction": 0.25, "maintenance_fraction_per_year": 0.06, "pue": 1.2}


def test_owned_without_a_discount_rate_is_a_straight_line_and_its_running_costs():
    asked = scenario(options=[scenario().options[0].model_dump(), OWNED])
    # A server of 8 replicas a month: 100,000 x 0.75 / 48; 5 kW x 1.2 x 730.5 h x 0.10; 5 kW x 184.06; 100,000 x 0.06 / 12.
    month = 1562.5 + 438.3 + 920.3 + 500.0
    assert month / 730.5 / 8 == pytest.approx(owned_usd_per_hour(asked.option("own"), 1, asked))
    # Three GPUs a replica: two of them in a server of eight.
    assert month / 730.5 / 2 == pytest.approx(owned_usd_per_hour(asked.option("own"), 3, asked))
    # Sixteen: two servers.
    assert 2 * month / 730.5 == pytest.approx(owned_usd_per_hour(asked.option("own"), 16, asked))


def test_owned_with_a_discount_rate_is_the_annuity_of_an_independent_library():
    asked = scenario(options=[scenario().options[0].model_dump(), OWNED], discount_rate_per_year=0.10)
    flat = scenario(options=[scenario().options[0].model_dump(), OWNED])
    option = asked.option("own")
    assert isinstance(option, OwnOption)
    monthly = 1.10 ** (1 / 12) - 1
    annuity = -npf.pmt(monthly, 48, 100_000, -25_000)
    more = (owned_usd_per_hour(option, 8, asked) - owned_usd_per_hour(option, 8, flat)) * 730.5
    assert annuity - 1562.5 == pytest.approx(more)
    assert np.isfinite(more)


def test_an_owned_type_shares_servers_and_is_never_had_by_the_hour():
    found = one(OWNED)
    assert 8 == found.replicas_per_server
    assert not found.machine.by_the_hour
    assert found.machine.reserved_usd_per_hour == found.machine.price_usd_per_hour
    assert 0 == one(OWNED | {"gpus_per_replica": 8}).replicas_per_server


def test_without_a_gpu_a_replica_is_one_machine():
    cpu = run(gpu=None, gpus_per_replica=0)
    option = {key: value for key, value in rented("one", 0.0).items() if key != "price_usd_per_hour"}
    found = one(option | {"machine_usd_per_hour": 0.12}, held=cpu)
    assert 0.12 == pytest.approx(found.machine.price_usd_per_hour)
