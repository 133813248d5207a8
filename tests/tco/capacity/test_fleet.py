from __future__ import annotations

import pytest

from tco.capacity.fleet import size_fleet
from tco.workload.demand import demand
from tests.factories import OWN, RENT, replica, run, scenario


def fleet(base: dict[str, object], option: dict[str, object] | None = None, **changes: object) -> object:
    question = scenario(options=[{**base, **(option or {})}], baseline=base["name"], **changes)
    mine = question.options[0]
    return size_fleet(mine, replica(question, mine.name), question.workload, demand(question))


def test_one_request_a_second_needs_one_replica_of_one_point_six() -> None:
    found = fleet(RENT)

    assert found.replicas.tolist() == [1.0] * 12
    assert found.goodput_requests_per_s == pytest.approx(1.6)
    assert found.utilisation_fraction == pytest.approx(1 / 1.6)
    assert found.capacity.basis == "interpolated"


def test_growth_adds_whole_replicas_and_their_spare() -> None:
    """One request/s growing 10 % a month passes 1.6 in month 6 (1.61); two of 99 % need a third for 99 %."""
    found = fleet(RENT, workload__growth_per_month_fraction=0.1)

    assert found.replicas.tolist() == [1.0] * 5 + [3.0] * 7


def test_a_throughput_factor_scales_goodput_and_makes_it_modelled() -> None:
    found = fleet(RENT, option={"throughput_factor": 0.5})

    assert (0.8, 3.0) == pytest.approx((found.goodput_requests_per_s, found.replicas[0]))
    assert found.capacity.basis == "modelled"


def test_servers_are_whole_and_replicas_are_not_split_across_them() -> None:
    """20 requests/s need 13 replicas and a spare: of 3 GPUs each, two fit an 8-GPU server, so 7 servers."""
    found = fleet(OWN, workload__requests_per_day=20 * 86_400, option={"gpus_per_replica": 3})

    assert (14.0, 7.0) == (found.replicas[0], found.servers[0])


def test_a_replica_larger_than_a_server_takes_whole_servers() -> None:
    found = fleet(OWN, option={"gpus_per_replica": 16})

    assert found.servers[0] == 2.0


def test_a_replica_without_gpu_is_one_machine() -> None:
    question = scenario()
    on_cpu = replica(question, "rent", run(gpu=None, gpus_per_replica=0))
    found = size_fleet(question.option("rent"), on_cpu, question.workload, demand(question))

    assert (0, 1) == (found.gpus_per_replica, found.machines_per_replica)


def test_no_demand_and_no_feasible_load_give_an_empty_fleet() -> None:
    assert fleet(RENT, workload__requests_per_day=0).replicas.sum() == 0
    assert fleet(RENT, workload__slo={"ttft_p95_ms": 1}).replicas.sum() == 0


OFFICE = [7.0 if hour // 24 < 5 and 8 <= hour % 24 < 18 else 1.0 for hour in range(168)]
"""Ten hours of 7 on five days, else 1: mean 468/168."""


def office(base: dict[str, object] = RENT, **option: object) -> object:
    """7 requests/s in office hours and 1 else, of 1.6 a replica that always answers: five replicas and one."""
    always = {"replica_availability_fraction": 0.999999, "availability_target_fraction": 0.5}
    return fleet(
        base, option={**always, **option}, workload__profile=OFFICE, workload__requests_per_day=86_400 * 468 / 168
    )


def test_a_fleet_that_stands_all_the_time_is_paid_for_all_the_time() -> None:
    found = office()

    assert [5.0] * 12 == found.replicas.tolist() == found.least_replicas.tolist() == found.paid_replicas.tolist()


def test_a_schedule_pays_for_its_hours_and_for_starting_ahead() -> None:
    """50 hours of five, 118 of one, and five mornings of four that start 12 minutes ahead."""
    found = office(scaling={"policy": "scheduled", "start_up_minutes": 12})
    paid = (50 * 5 + 118 + 5 * 4 * 0.2) / 168

    assert (5.0, 1.0, paid) == pytest.approx((found.replicas[0], found.least_replicas[0], found.paid_replicas[0]))
    assert found.utilisation_fraction == pytest.approx(468 / 168 / (1.6 * paid))
    assert found.late_fraction == 0.0


def test_reactive_scaling_says_how_many_come_too_late() -> None:
    """Each morning 7 − 1.6 a second wait for 12 minutes (3,888), and are worked off at 8 − 7 a second, 1.08 h: 1.28 h of 7 a second are late."""
    found = office(scaling={"policy": "reactive", "start_up_minutes": 12, "cool_down_minutes": 0})

    assert found.late_fraction == pytest.approx(5 * 1.28 * 7 / 468)
    assert "9.57% of the requests come while the load outruns" in found.capacity.reasons[-1]


@pytest.mark.parametrize(
    ("base", "option"), [(RENT, {"price": {"commitment": "reserved-1y"}}), (OWN, {"gpus_per_server": 1})]
)
def test_what_is_agreed_or_bought_stands_for_the_busiest_hour(base: dict, option: dict) -> None:
    found = office(base, scaling={"policy": "scheduled", "start_up_minutes": 12}, **option)

    assert [5.0] * 12 == found.paid_replicas.tolist() == found.servers.tolist()
    assert "`scaling.policy` scheduled saves nothing here" in found.capacity.reasons[-1]


def test_headroom_is_for_what_cannot_wait() -> None:
    """A fifth more in every hour: 8.4 of 1.6 are six replicas, 1.2 is one."""
    found = fleet(
        RENT,
        option={"scaling": {"policy": "scheduled", "start_up_minutes": 0}, "availability_target_fraction": 0.5},
        workload__profile=OFFICE,
        workload__requests_per_day=86_400 * 468 / 168,
        workload__peak_headroom_fraction=0.2,
    )

    assert (6.0, 1.0) == (found.replicas[0], found.least_replicas[0])


def test_more_than_the_maximum_is_ruled_out_and_said() -> None:
    found = office(scaling={"max_replicas": 4})

    assert not found.capacity.feasible
    assert found.replicas.sum() == 0
    assert "needs 5 replicas, spares included, and `scaling.max_replicas` allows 4" in found.capacity.reasons[-1]


def test_a_group_of_eight_gpus_fails_as_eight_in_series() -> None:
    """0.999 ** 8 = 0.992 is below 0.995, so one replica has a spare; a replica of 0.999 has none."""
    option = {"gpus_per_replica": 8, "availability_target_fraction": 0.995}
    group = fleet(RENT, option={**option, "failures": {"gpu_availability_fraction": 0.999}})
    whole = fleet(RENT, option={**option, "replica_availability_fraction": 0.999})

    assert (2.0, 1.0) == (group.replicas[0], whole.replicas[0])


def test_servers_that_fail_whole_need_a_second_one() -> None:
    """Eight replicas that never fail on one server of 0.98: for 0.99 a second server with all eight of them."""
    option = {"replica_availability_fraction": 0.999999, "availability_target_fraction": 0.99}
    ten = {"workload__requests_per_day": 12.5 * 86_400}
    alone = fleet(OWN, option=option, **ten)
    together = fleet(OWN, option={**option, "failures": {"server_availability_fraction": 0.98}}, **ten)

    assert ((8.0, 1.0), (16.0, 2.0)) == (
        (alone.replicas[0], alone.servers[0]),
        (together.replicas[0], together.servers[0]),
    )


def test_a_replica_of_two_servers_needs_both() -> None:
    """0.99 ** 2 · 0.999999 is below 0.985, so 16 GPUs on servers of 8 need a second replica."""
    option = {"gpus_per_replica": 16, "replica_availability_fraction": 0.999999, "availability_target_fraction": 0.985}
    found = fleet(OWN, option={**option, "failures": {"server_availability_fraction": 0.99}})

    assert (2.0, 4.0) == (found.replicas[0], found.servers[0])


def test_machines_that_are_taken_back_need_spares() -> None:
    """Every 20 hours for half an hour: 0.99 · 20/20.5 = 0.966; for 0.99 one replica needs a spare."""
    often = {"interruptions_per_hour": 0.05, "restart_minutes": 30}
    found = fleet(RENT, option={"failures": often})

    assert (1.0, 2.0) == (fleet(RENT).replicas[0], found.replicas[0])
    assert "taken back every 20 hours on average and is missed for 30 minutes" in found.capacity.reasons[-1]


def test_an_upgrade_of_rented_replicas_is_hours_and_of_owned_ones_a_replica() -> None:
    """Five replicas one at a time, 12 minutes each, twice a month: two hours."""
    upgrades = {"upgrades": {"upgrades_per_month": 2}, "scaling": {"start_up_minutes": 12}}
    rented, owned = office(**upgrades), office(OWN, **upgrades)

    assert (5.0, 2.0) == pytest.approx((rented.replicas[0], rented.surge_replica_hours[0]))
    assert (6.0, 0.0) == (owned.replicas[0], owned.surge_replica_hours[0])


def test_only_what_always_stands_is_replaced_in_a_fleet_that_follows_the_hours() -> None:
    found = office(upgrades={"upgrades_per_month": 2}, scaling={"policy": "scheduled", "start_up_minutes": 12})

    assert found.surge_replica_hours[0] == pytest.approx(2 * 0.2)
