from __future__ import annotations

from datetime import date

import pytest

import pricing
from tco.errors import InputError
from tests.factories import CURVE, OWN, cell, run
from tests.tco.test_fill import filled, without

ON = date(2026, 11, 23)


def test_a_server_is_priced_by_the_runs_gpu_or_by_its_name() -> None:
    """An OEM's HGX H100 asks 250,000 to 320,000 USD, NVIDIA's own DGX 300,000 to 450,000."""
    open_price = without(OWN, "server_price_usd")
    by_gpu, by_name = filled(open_price).server_price_usd, filled({**open_price, "server": "DGX H100"}).server_price_usd

    assert (250_000, 285_000, 320_000) == (by_gpu.low, by_gpu.value, by_gpu.high)
    assert (300_000, 375_000, 450_000) == (by_name.low, by_name.value, by_name.high)
    assert pricing.server_price("DGX H100", ON).source == by_name.source


def test_a_server_with_another_number_of_gpus_is_not_scaled() -> None:
    with pytest.raises(InputError, match=r"`gpus_per_server` is 4, but the book's HGX H100 x8 has 8; set it to 8"):
        filled({**without(OWN, "server_price_usd"), "gpus_per_server": 4})


def test_a_machine_without_gpu_needs_its_price_from_the_user() -> None:
    with pytest.raises(InputError, match=r"the run has no GPU.*give `server_price_usd`"):
        filled(without(OWN, "server_price_usd"), run(gpu=None, gpus_per_replica=0))


def test_an_unknown_server_lists_the_books() -> None:
    with pytest.raises(InputError, match=r"option 'own': no server 'ENIAC'.*DGX H100"):
        filled({**OWN, "server": "ENIAC"})


def test_colocation_is_that_of_the_electricitys_place() -> None:
    open_site = without(OWN, "colocation_usd_per_kw_month")
    ohio = filled({**open_site, "electricity_usd_per_kwh": {"region": "US-OH"}}).colocation_usd_per_kw_month
    nowhere = filled(open_site).colocation_usd_per_kw_month

    assert (pricing.colocation_price("US-OH", ON).amount, pricing.colocation_price(None, ON).amount) == (
        ohio.value,
        nowhere.value,
    )
    assert ohio.source != nowhere.source


def test_server_power_is_the_gpus_as_measured_and_the_rest_of_the_makers_maximum() -> None:
    """An HGX H100 may draw 10,200 W, 8 · 700 of them its GPUs: 4,600 W beside 8 · 400 measured."""
    held = run(cells=[cell(*point, power_watts=400.0) for point in CURVE])
    watts = filled(without(OWN, "server_watts"), held).server_watts

    assert (3_200 + 4_600, 8 * (400 + 0.4 * 700), 8 * 700 * 1.9) == pytest.approx((watts.value, watts.low, watts.high))


def test_published_power_does_not_replace_the_rated_one() -> None:
    held = run(cells=[cell(*point, power_watts=400.0) for point in CURVE], evidence="literature", source="a paper")

    found = filled(without(OWN, "server_watts"), held).server_watts
    assert 10_200 == pytest.approx(found.value)
    assert found.as_of is not None


def test_without_the_makers_maximum_the_rest_is_that_of_such_servers() -> None:
    """Four H100 in a server that the book does not have: 4 · 700 · (1 + 0.8)."""
    watts = filled({**without(OWN, "server_watts"), "gpus_per_server": 4}).server_watts

    assert 4 * 700 * 1.8 == pytest.approx(watts.value)


def test_cards_need_less_around_them() -> None:
    """Two L40S of 350 W: 2 · 350 · (1 + 0.4)."""
    watts = filled({**without(OWN, "server_watts"), "gpu": "L40S", "gpus_per_server": 2}).server_watts

    assert 2 * 350 * 1.4 == pytest.approx(watts.value)


def test_server_power_of_an_unknown_machine_needs_the_user() -> None:
    with pytest.raises(InputError, match="give `server_watts`"):
        filled(without(OWN, "server_watts"), run(gpu=None, gpus_per_replica=0))
