from __future__ import annotations

import numpy as np
import pytest

import tco
from tests.factories import API, OWN, RENT, run, scenario

ALWAYS = {"replica_availability_fraction": 0.999999, "availability_target_fraction": 0.5}


def option(name: str, **changes: object) -> tco.OptionResult:
    return tco.evaluate(scenario(**changes), {"test-run": run()}, searches=False).option(name)


def test_a_user_pays_for_a_month_and_grows_with_the_requests() -> None:
    flat = option("api", workload__users=1000)
    grown = option("api", workload__users=1000, workload__growth_per_month_fraction=0.05)
    monthly = 2_629_800 * (100 * 1 + 50 * 3) / 1e6

    assert flat.unit_costs.usd_per_user_month == pytest.approx(monthly / 1000)
    assert grown.unit_costs.usd_per_user_month == pytest.approx(monthly / 1000)
    assert option("api").unit_costs.usd_per_user_month is None


def test_usage_is_what_serves_and_idle_the_rest_of_what_is_reserved() -> None:
    """One request/s on one replica of 1.6: 62.5 % of 2 USD/h serves; a person and a move are overhead."""
    people = {"run_fte": 0.1, "cost_per_fte_usd_per_year": 120_000}
    rent = {**RENT, **ALWAYS, "one_off_usd": {"move": 500.0}, "people": people}
    found = option("rent", options=[API, rent]).cost_by_use
    allocated = 12 * 730.5 * 2

    assert found.allocated_usd == pytest.approx(allocated)
    assert (found.usage_usd, found.idle_usd) == (pytest.approx(allocated / 1.6), pytest.approx(allocated * 0.6 / 1.6))
    assert found.overhead_usd == pytest.approx(500 + 12_000)
    assert found.monthly_overhead_usd == pytest.approx([1500.0] + [1000.0] * 11)
    assert found.monthly_usage_usd == pytest.approx([allocated / 12 / 1.6] * 12)
    assert found.usage_usd_per_request == pytest.approx(allocated / 1.6 / (12 * 2_629_800))
    # A replica that is busy all the time costs its price over 1.6 · 3600 · 150 tokens an hour.
    assert found.usage_usd_per_mtok == pytest.approx(2 / (1.6 * 3600 * 150 / 1e6))
    assert found.allocated_usd_per_mtok == pytest.approx(found.usage_usd_per_mtok + found.idle_usd_per_mtok)


def test_tokens_are_used_as_they_are_paid_for() -> None:
    found = option("api", options=[{**API, "extra_usd_per_month": {"hotline": 10.0}}, RENT]).cost_by_use

    assert (found.idle_usd, found.overhead_usd) == (0.0, pytest.approx(120.0))
    assert found.usage_usd == found.allocated_usd == pytest.approx(12 * 2_629_800 * 250 / 1e6)


def test_gpus_of_a_server_on_which_no_replica_stands_are_idle() -> None:
    """One replica of eight that a server has room for, 62.5 % busy."""
    own = option("own", options=[API, {**OWN, **ALWAYS}])

    assert own.capacity.replicas == 1
    assert own.cost_by_use.usage_usd == pytest.approx(own.cost_by_use.allocated_usd / 1.6 / 8)
    assert own.capacity.idle_usd == pytest.approx(own.cost_by_use.idle_usd)


@pytest.mark.parametrize("policy", ["fixed", "scheduled", "reactive"])
@pytest.mark.parametrize("growth", [-0.1, 0.0, 0.3])
def test_the_parts_add_up_by_month_and_over_the_horizon(policy: str, growth: float) -> None:
    rent = {**RENT, "scaling": {"policy": policy, "start_up_minutes": 5, "cool_down_minutes": 10}}
    question = scenario(
        options=[API, rent, OWN], workload__growth_per_month_fraction=growth, workload__profile="office-hours"
    )
    for found in tco.evaluate(question, {"test-run": run()}, searches=False).options:
        used = found.cost_by_use
        assert used.usage_usd + used.idle_usd + used.overhead_usd == pytest.approx(found.total_usd)
        months = np.sum([used.monthly_usage_usd, used.monthly_idle_usd, used.monthly_overhead_usd])
        assert months == pytest.approx(found.total_usd)
        assert min(used.monthly_idle_usd) >= 0


def test_rent_of_machines_by_month_is_in_the_books() -> None:
    """Where nothing is bought, usage and idle of a month are its running cost of machines."""
    found = option("rent", workload__growth_per_month_fraction=0.2)
    machines = np.add(found.cost_by_use.monthly_usage_usd, found.cost_by_use.monthly_idle_usd)

    assert machines == pytest.approx(found.line_items["gpu_rent"])


def test_without_requests_there_are_costs_and_no_unit_costs() -> None:
    found = option("rent", workload__requests_per_day=0)

    assert found.unit_costs is None
    assert found.cost_by_use.usage_usd_per_request is None
    assert found.cost_by_use.usage_usd == 0


def test_room_on_servers_is_counted_in_the_months_in_which_they_stand() -> None:
    """Six months on a server of eight places, six on one rented replica; one of 1.6 requests/s comes."""
    own = {
        **OWN,
        **ALWAYS,
        "then": {"option": "rent", "after_months": 6},
        "economic_life_months": 6,
        "residual_fraction": 0,
    }
    found = option("own", options=[API, {**RENT, **ALWAYS}, own])
    used, idle = (
        np.array(months) for months in (found.cost_by_use.monthly_usage_usd, found.cost_by_use.monthly_idle_usd)
    )

    assert (used / (used + idle))[:6] == pytest.approx([1 / 1.6 / 8] * 6)
    assert (used / (used + idle))[6:] == pytest.approx([1 / 1.6] * 6)


def test_a_lease_and_a_loans_interest_are_paid_for_machines() -> None:
    loan = {"kind": "loan", "interest_rate_per_year": 0.12, "term_months": 12}
    lease = {"kind": "lease", "payment_per_month_fraction": 0.03, "term_months": 12}
    cash, lent, leased = (
        option("own", options=[API, {**OWN, "purchase": purchase}]) for purchase in ({"kind": "cash"}, loan, lease)
    )
    payment = 100_000 * 0.01 / (1 - 1.01**-12)

    assert lent.cost_by_use.allocated_usd - cash.cost_by_use.allocated_usd == pytest.approx(12 * payment - 100_000)
    assert leased.cost_by_use.allocated_usd == pytest.approx(leased.total_usd)
    assert leased.line_items["lease"] == pytest.approx([3000.0] * 12)


def test_taxes_are_overhead() -> None:
    plain, taxed = option("rent"), option("rent", finance={"tax_fraction": 0.25})

    assert taxed.cost_by_use.allocated_usd == pytest.approx(plain.cost_by_use.allocated_usd)
    assert taxed.cost_by_use.overhead_usd == pytest.approx(-0.25 * plain.total_usd)


def test_what_pays_tokens_beside_machines_is_divided_by_both() -> None:
    """Half of the requests at the API, which bills two fifths for the input; machines know nothing but tokens, two thirds of them input."""
    mix = {"name": "mix", "kind": "hybrid", "base": "rent", "overflow": "api", "replicas": 1}
    found = option("mix", options=[API, {**RENT, **ALWAYS}, mix], workload__requests_per_day=2 * 1.6 * 86_400)
    api, machines = (
        sum(map(sum, (found.line_items[name] for name in names)))
        for names in (("input_tokens", "output_tokens"), ("gpu_rent",))
    )

    assert found.unit_costs.split_rule == "mixed"
    assert found.unit_costs.input_cost_fraction == pytest.approx((0.4 * api + 2 / 3 * machines) / (api + machines))
    assert found.cost_by_use.idle_usd == pytest.approx(0, abs=1e-6)
