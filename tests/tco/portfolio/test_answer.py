from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tco.capacity.fleet_rules import load_of
from tco.compare import compare, prepare
from tco.portfolio import answer_portfolio, read_portfolio
from tco.portfolio.members import members_of
from tco.portfolio.shared import borne, shared_fleet
from tco.scenario import Scenario
from tco.scenario_file import load
from tests.factories import API, OWN, RENT, run, scenario_data
from tests.tco.portfolio.conftest import written

ROOT = Path(__file__).parents[3]
RENT_USD = 2.0 * 730.5
API_USD = 86_400 * 730.5 / 24 * (100 * 1.0 + 50 * 3.0) / 1e6
HALF = {"workload__requests_per_day": 43_200.0}
DAYS = [2.0 if hour % 24 < 12 else 0.0 for hour in range(168)]
"""Twice the mean before noon, nothing after it."""


def test_two_half_loads_share_one_replica(asked):
    found = asked({"a": {"data": HALF}, "b": {"data": HALF}})
    today, separate, shared = found.ways

    assert (0, 2, 1) == (today.replicas, separate.replicas, shared.replicas)
    assert 12 * API_USD == pytest.approx(today.total_usd)
    assert [12 * 2 * RENT_USD, 12 * RENT_USD] == pytest.approx([separate.total_usd, shared.total_usd])
    assert 12 * RENT_USD == pytest.approx(found.sharing_saves_usd)
    assert 12 * (API_USD - RENT_USD) == pytest.approx(shared.npv_usd)
    assert "today" == found.recommended
    # 1 request/s of 1.6, whether on two replicas or on one.
    assert [0.3125, 0.625] == pytest.approx([separate.utilisation_fraction, shared.utilisation_fraction])
    assert [0.5, 0.5] == [member.load_fraction for member in found.members]


def test_sharing_may_cost_more(asked):
    """One replica each needs no spare at a target of 0.99; two together that both must answer have one."""
    found = asked({"a": {}, "b": {}})

    assert (2, 3) == (found.way("separate").replicas, found.way("shared").replicas)
    assert -12 * RENT_USD == pytest.approx(found.sharing_saves_usd)
    assert any("bears more by its share of the load than a fleet of its own" in caution for caution in found.cautions)


def test_time_zones_share_the_same_replicas(asked):
    """Each fills two replicas in its half of the day: 1.6 requests/s on average, 3.2 in its hours."""
    data = {"workload__requests_per_day": 1.6 * 86_400, "workload__profile": DAYS}
    together = asked({"a": {"data": data}, "b": {"data": data}})
    apart = asked({"a": {"data": data}, "b": {"data": data, "clock_shift_hours": 12}})

    assert [4.0, 2.0] == pytest.approx([together.peak_replicas, apart.peak_replicas])
    assert [1.0, 0.5] == pytest.approx([together.coincidence_fraction, apart.coincidence_fraction])
    # One spare with two that must answer as with four.
    assert [6, 3] == [apart.way("separate").replicas, apart.way("shared").replicas]
    assert 5 == together.way("shared").replicas


def test_an_hour_later_is_an_hour_later(tmp_path):
    profile = [1.0 + (hour == 9) for hour in range(168)]
    path = written(tmp_path, {"a": {"data": {"workload__profile": profile}, "clock_shift_hours": 6}})

    assert 15 == int(members_of(read_portfolio(path))[0].load.requests_per_s[0].argmax())


def test_requests_of_several_kinds_fill_replicas_by_their_own_goodput(asked):
    """At 150 ms a replica carries 0.9 requests/s: 0.9 fill one, 0.8 of the others half of one."""
    found = asked(
        {
            "slow": {"data": {"workload__requests_per_day": 0.8 * 86_400}},
            "fast": {"data": {"workload__requests_per_day": 0.9 * 86_400, "workload__slo": {"ttft_p95_ms": 150.0}}},
        }
    )

    assert [1.6, 0.9] == pytest.approx([member.goodput_requests_per_s for member in found.members])
    assert [0.5, 1.0] == pytest.approx([member.peak_replicas for member in found.members])
    assert [1 / 3, 2 / 3] == pytest.approx([member.load_fraction for member in found.members])
    shared = found.way("shared")
    assert 3 == shared.replicas
    assert [shared.total_usd / 3, shared.total_usd * 2 / 3] == pytest.approx([each.borne_usd for each in found.members])
    # 1.5 / 1.28 and 1.5 / 0.97 both need two replicas and a spare.
    assert (shared.total_usd, shared.total_usd) == pytest.approx(found.shared_range_usd)
    assert any("0.97 to 1.28" in caution for caution in found.cautions)


def test_the_range_of_adding_up_moves_the_fleet_where_it_matters(asked):
    """1.96 replicas: 2.02 where a replica carries 0.97 of what adding up says, 1.53 where it carries 1.28."""
    fast = {"workload__slo": {"ttft_p95_ms": 150.0}, "workload__requests_per_day": 0.96 * 0.9 * 86_400}
    found = asked({"slow": {"data": {"workload__requests_per_day": 1.6 * 86_400}}, "fast": {"data": fast}})
    month = 12 * RENT_USD

    assert 3 * month == pytest.approx(found.way("shared").total_usd)
    assert (3 * month, 4 * month) == pytest.approx(found.shared_range_usd)


def test_servers_are_shared(asked):
    options = [dict(API), dict(OWN)]
    data = HALF | {"options": options}
    found = asked({"a": {"data": data}, "b": {"data": data}}, option="own")
    # A server of 100,000 USD, of which 10 % are left after 48 months, draws 5 kW at PUE 1.3; 8 % upkeep.
    worn = 100_000 - 100_000 * (1 - 0.9 * 12 / 48)
    year = 12 * (5 * 1.3 * 730.5 * 0.10 + 5 * 184.06 + 100_000 * 0.08 / 12)

    assert (2, 1) == (found.way("separate").servers, found.way("shared").servers)
    assert worn + year == pytest.approx(found.sharing_saves_usd)
    assert [(worn + year) / 2] * 2 == pytest.approx([member.borne_usd for member in found.members])


def people_data(run_fte: float) -> dict:
    rent = RENT | {
        "people": {"run_fte": run_fte, "cost_per_fte_usd_per_year": 120_000.0},
        "one_off_usd": {"migration": 1_000.0},
    }
    return HALF | {"options": [dict(API), rent]}


def test_people_and_one_offs_are_each_members_own(asked):
    found = asked({"a": {"data": people_data(0.5)}, "b": {"data": people_data(0.2)}})

    assert 12 * RENT_USD == pytest.approx(found.sharing_saves_usd)
    borne_usd = [member.borne_usd for member in found.members]
    assert [6 * RENT_USD + 60_000 + 1_000, 6 * RENT_USD + 24_000 + 1_000] == pytest.approx(borne_usd)


def test_a_shared_team_is_the_largest_one(asked):
    found = asked({"a": {"data": people_data(0.5)}, "b": {"data": people_data(0.2)}}, people="shared")

    assert 12 * RENT_USD + 24_000 == pytest.approx(found.sharing_saves_usd)
    assert [6 * RENT_USD + 30_000 + 1_000] * 2 == pytest.approx([member.borne_usd for member in found.members])


@pytest.mark.parametrize("people", ["each", "shared"])
def test_what_members_bear_adds_up_to_the_whole(tmp_path, people):
    growing = people_data(0.3) | {"workload__growth_per_month_fraction": 0.2, "workload__profile": "office-hours"}
    path = written(tmp_path, {"a": {"data": people_data(0.5)}, "b": {"data": growing}, "c": {"load_factor": 3.0}})
    members = members_of(read_portfolio(path))
    shared = shared_fleet(members, people_shared=people == "shared")
    parts = borne(members, shared, people_shared=people == "shared")

    assert sum(part.monthly_usd for part in parts) == pytest.approx(shared.whole.monthly_usd, rel=1e-12)
    assert sum(part.costs_by_time_usd for part in parts) == pytest.approx(shared.whole.costs_by_time_usd, rel=1e-12)
    assert sum(float(part.total_usd) for part in parts) == pytest.approx(float(shared.whole.total_usd), rel=1e-12)


def test_members_without_requests_share_evenly(asked):
    found = asked(
        {"a": {"data": {"workload__requests_per_day": 0.0}}, "b": {"data": {"workload__requests_per_day": 0.0}}}
    )

    assert (0, 0.0) == (found.way("shared").replicas, found.sharing_saves_usd)
    assert 1.0 == found.coincidence_fraction


SINGLE = {
    "flat": {},
    "busy": {"workload__requests_per_day": 900_000.0, "workload__profile": "office-hours", "workload__peak_headroom_fraction": 0.3},
    "waiting": {"workload__requests_per_day": 900_000.0, "workload__profile": "office-hours", "workload__batchable_fraction": 0.6},
    "all-waiting": {"workload__requests_per_day": 900_000.0, "workload__profile": "office-hours", "workload__batchable_fraction": 1.0},
    "growing": {"workload__growth_per_month_fraction": 0.15},
    "scheduled": {"workload__profile": "office-hours", "options": [dict(API), RENT | {"scaling": {"policy": "scheduled", "start_up_minutes": 5}}]},
    "reactive": {
        "workload__requests_per_day": 900_000.0, "workload__profile": "office-hours",
        "options": [dict(API), RENT | {"scaling": {"policy": "reactive", "start_up_minutes": 5, "cool_down_minutes": 10}}],
    },
    "upgraded": {"options": [dict(API), RENT | {"upgrades": {"upgrades_per_month": 2}, "scaling": {"start_up_minutes": 5}}]},
    "extra": {"options": [dict(API), RENT | {"retry_fraction": 0.1, "extra_usd_per_month": {"x": 5.0}, "throughput_factor": 0.7}]},
}  # fmt: skip


@pytest.mark.parametrize("name", SINGLE)
def test_one_member_alone_costs_what_its_own_plan_says(asked, name):
    found = asked({"only": {"data": SINGLE[name]}})
    separate, shared = found.way("separate"), found.way("shared")

    assert (separate.total_usd, separate.npv_usd) == pytest.approx((shared.total_usd, shared.npv_usd), rel=1e-12)
    assert (separate.replicas, separate.servers) == (shared.replicas, shared.servers)
    assert separate.utilisation_fraction == pytest.approx(shared.utilisation_fraction)


@pytest.mark.parametrize("name", ["waiting", "busy"])
def test_what_an_hour_must_cover_reaches_the_peak(name):
    """A shared fleet is sized for the highest hour of the sum, a fleet of one for its peak: of one workload these are the same."""
    data = scenario_data(**SINGLE[name])
    question = prepare(Scenario.model_validate(data), {"test-run": run()})
    asked_for = compare(question, question.scenario).demand
    load_ = load_of(question.scenario.workload, asked_for)

    assert load_.covered_requests_per_s.max(axis=1) == pytest.approx(load_.peak_requests_per_s)


def test_the_shares_of_members_do_not_hang_on_their_order(asked):
    first = asked({"a": {"data": HALF}, "b": {"load_factor": 2.0}})
    second = asked({"b": {"load_factor": 2.0}, "a": {"data": HALF}})

    assert {each.name: each.borne_usd for each in first.members} == pytest.approx(
        {each.name: each.borne_usd for each in second.members}
    )


def test_a_load_factor_is_that_many_requests(asked):
    twice = asked({"a": {"load_factor": 2.0}})
    plainly = asked({"a": {"data": {"workload__requests_per_day": 172_800.0}}})

    assert plainly.ways == twice.ways


def test_the_strictest_availability_counts(asked):
    strict = HALF | {"options": [dict(API), RENT | {"availability_target_fraction": 0.9999}]}
    found = asked({"a": {"data": HALF}, "b": {"data": strict}})

    assert 2 == found.way("shared").replicas


def test_the_example_shares_what_two_continents_need():
    found = answer_portfolio(read_portfolio(ROOT / "scenarios" / "portfolios" / "assistants.yaml"))

    assert "shared" == found.recommended
    assert found.way("shared").replicas < found.way("separate").replicas
    assert found.coincidence_fraction < 0.9
    assert sum(member.borne_usd for member in found.members) == pytest.approx(found.way("shared").total_usd)
    alone = load(ROOT / "scenarios" / "demo.yaml")
    prepared = prepare(alone)
    assert json.dumps(found.members[2].separate_usd) == json.dumps(
        float(compare(prepared, prepared.scenario).ledgers["rented-h100"].total_usd)
    )


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    weeks=st.lists(st.lists(st.floats(0.01, 5), min_size=24, max_size=24), min_size=2, max_size=4),
    shifts=st.lists(st.integers(-23, 23), min_size=4, max_size=4),
    volumes=st.lists(st.floats(1e3, 1e6), min_size=4, max_size=4),
)
def test_together_no_more_than_the_sum_and_no_less_than_the_largest(asked, weeks, shifts, volumes):
    found = asked(
        {
            f"m{number}": {
                "clock_shift_hours": shifts[number],
                "data": {"workload__profile": day * 7, "workload__requests_per_day": volumes[number]},
            }
            for number, day in enumerate(weeks)
        }
    )
    peaks = [member.peak_replicas for member in found.members]

    assert max(peaks) * (1 - 1e-12) <= found.peak_replicas <= sum(peaks) * (1 + 1e-12)
    assert sum(member.load_fraction for member in found.members) == pytest.approx(1)
    assert sum(member.borne_usd for member in found.members) == pytest.approx(found.way("shared").total_usd, rel=1e-12)
    assert sum(member.separate_usd for member in found.members) == pytest.approx(
        found.way("separate").total_usd, rel=1e-12
    )
