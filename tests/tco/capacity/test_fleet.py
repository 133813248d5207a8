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
