from __future__ import annotations

from typing import Any

import pytest

from tco import evaluate
from tco.result import OptionResult
from tests.factories import API, OWN, RENT, run, scenario


def answer(name: str, *, options: list[dict[str, Any]], **changes: Any) -> OptionResult:
    return evaluate(scenario(options=options, **changes), {"test-run": run()}).option(name)


SAWTOOTH = [API, {**RENT, "price_usd_per_hour": 0.5}]
"""A replica of 1.6 requests/s costs 365.25 USD a month; the API bills 250 USD for a million requests."""


def test_the_stretches_are_where_the_saving_is_not_below_zero() -> None:
    """One replica from the first request on, 365.25 USD a month, and another for each 138,240 requests a day, spares beside."""
    found = answer("rent", options=SAWTOOTH)
    npvs = {}
    assert found.breakeven is not None
    assert found.breakeven.stretches[-1].is_open_high
    for each in found.breakeven.stretches:
        for volume in (each.low_requests_per_day, each.low_requests_per_day * 0.99, each.high_requests_per_day):
            npvs[volume] = answer("rent", options=SAWTOOTH, workload__requests_per_day=volume).npv_usd
        assert (npvs[each.low_requests_per_day] or 0) >= 0 > (npvs[each.low_requests_per_day * 0.99] or 0)
        assert (npvs[each.high_requests_per_day] or 0) >= 0
        if not each.is_open_high:
            above = answer("rent", options=SAWTOOTH, workload__requests_per_day=each.high_requests_per_day * 1.001)
            assert (above.npv_usd or 0) < 0


def test_a_step_lifts_the_cost_above_the_baseline_again() -> None:
    """One replica costs 365.25 USD a month: paid from 48,000 requests a day on, until the second one at 138,240."""
    found = answer("rent", options=SAWTOOTH)

    assert found.breakeven is not None
    first = found.breakeven.stretches[0]
    assert first.low_requests_per_day == pytest.approx(365.25 / (250e-6 * 730.5 / 24), rel=1e-4)
    assert first.high_requests_per_day == pytest.approx(1.6 * 86_400, rel=1e-5)
    assert len(found.breakeven.stretches) > 1
    assert found.breakeven_requests_per_day is not None
    assert found.breakeven_requests_per_day > first.high_requests_per_day


def test_the_utilisation_is_that_of_the_fleet_at_the_break_even_volume() -> None:
    found = answer("rent", options=SAWTOOTH)
    there = answer("rent", options=SAWTOOTH, workload__requests_per_day=found.breakeven_requests_per_day)

    assert found.breakeven is not None
    assert there.capacity is not None
    assert found.breakeven.utilisation_fraction == pytest.approx(there.capacity.utilisation_fraction)


def test_hours_a_day_of_rented_against_owned_meet_lenovos_hours() -> None:
    """LP2368, case 1, as options: 250,141.80 USD and 6.37 USD/h against 98.32 USD/h is paid in 2,720 hours of use.

    Of a horizon of twelve months these are 2,720 / 365.25 hours a day, but that what is owned here costs its 6.37 USD around the clock: the same
    is said of renting beside its hours, as a fixed cost.
    """
    hourly = {"name": "running", "extra_usd_per_month": {"running": 6.37 * 730.5}}
    rented = {**RENT, **hourly, "name": "rent", "price_usd_per_hour": 98.32 - 6.37}
    owned = {
        **OWN,
        **hourly,
        "name": "own",
        "server_price_usd": 250_141.80,
        "residual_fraction": 0.0,
        "economic_life_months": 12,
        "server_watts": 0.0,
        "maintenance_fraction_per_year": 0.0,
    }
    found = answer("own", options=[API, rented, owned])

    assert found.breakeven is not None
    (hours,) = found.breakeven.hours
    assert hours.rented == "rent"
    assert hours.hours_per_day == pytest.approx(250_141.80 / (98.32 - 6.37) / 365.25, rel=1e-9)
    assert round((hours.hours_per_day or 0) * 365.25) == 2720


def test_owning_that_costs_more_than_renting_around_the_clock_never_breaks_even() -> None:
    found = answer("own", options=[API, RENT, {**OWN, "server_price_usd": 1e7}])

    assert found.breakeven is not None
    assert [each.hours_per_day for each in found.breakeven.hours] == [None]


def test_rented_options_have_no_hours_and_the_baseline_no_break_even() -> None:
    rented = answer("rent", options=[API, RENT]).breakeven

    assert rented is not None
    assert rented.hours == []
    assert answer("api", options=[API, RENT]).breakeven is None
