from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

import tco
from tco import costs
from tco.capacity.fleet import Fleet, size_fleet
from tco.scenario import OwnOption
from tco.workload.demand import demand
from tests.factories import OWN, replica, run, scenario

BOUGHT = np.array([2.0, 0.0, 1.0, 0.0])


def own(**hardware: object) -> OwnOption:
    return OwnOption.model_validate({**OWN, "hardware": hardware})


def fleet(option: OwnOption) -> Fleet:
    question = scenario(options=[option.model_dump(by_alias=True, mode="json")], baseline="own")
    return size_fleet(question.options[0], replica(question, "own"), question.workload, demand(question))


def test_network_and_installation_come_with_the_servers() -> None:
    option = own(network_usd_per_gpu=4_000, frontend_network_usd_per_server=5_000, installation_usd_per_server=10_000)

    assert costs.network_usd(option, BOUGHT).tolist() == [2 * 37_000, 0, 37_000, 0]
    assert costs.installation_usd(option, BOUGHT).tolist() == [20_000, 0, 10_000, 0]


def test_a_server_that_replaces_another_takes_over_its_network() -> None:
    option = OwnOption.model_validate({**OWN, "economic_life_months": 2, "hardware": {"network_usd_per_gpu": 1_000}})
    bought = np.array([2.0, 0.0, 3.0, 0.0])

    assert costs.network_usd(option, bought).tolist() == [16_000, 0, 8_000, 0]


def test_spares_are_a_share_of_the_price() -> None:
    assert costs.spares_usd(own(spares_fraction=0.05), BOUGHT).tolist() == [10_000, 0, 5_000, 0]


def test_hosting_and_software_are_paid_by_the_year_as_in_nvidias_workbook() -> None:
    """20,000 USD a year for a server and 4,500 for each of its 8 GPUs (NVIDIA LLM TCO workbook): 56,000 a year."""
    option = own(hosting_usd_per_server_per_year=20_000, software_usd_per_gpu_per_year=4_500)
    stands = fleet(option)

    assert stands.servers[0] == 1
    assert 12 * (costs.hosting_usd(option, stands) + costs.software_usd(option, stands))[0] == pytest.approx(56_000)


def test_failures_are_repaired() -> None:
    option = own(failures_per_gpu_per_year=0.06, repair_usd_per_gpu=30_000)

    assert costs.repairs_usd(option, fleet(option))[0] == pytest.approx(8 * 0.06 * 30_000 / 12)


def test_a_resale_curve_takes_the_place_of_the_straight_line() -> None:
    option = own(resale_fraction={"12": 0.6, "24": 0.5, "48": 0.2})
    bought = np.zeros(30)
    bought[0], bought[12], bought[24] = 1.0, 1.0, 1.0

    # 30 months old: a quarter of the way from 0.5 to 0.2; 18: half of that from 0.6 to 0.5; 6: half of that from 1 to 0.6.
    assert float(costs.residual_usd(option, bought)) == pytest.approx(100_000 * (0.425 + 0.55 + 0.8))


def test_after_its_last_age_a_curve_stays() -> None:
    option = OwnOption.model_validate({**OWN, "economic_life_months": 60, "hardware": {"resale_fraction": {"12": 0.4}}})
    bought = np.zeros(40)
    bought[0] = 1.0

    assert float(costs.residual_usd(option, bought)) == pytest.approx(40_000)


def test_the_books_figures_are_taken_where_they_are_asked_for() -> None:
    hardware = {
        "network_usd_per_gpu": "infiniband",
        "frontend_network_usd_per_server": "book",
        "installation_usd_per_server": "book",
        "spares_fraction": "book",
        "failures_per_gpu_per_year": "book",
        "repair_usd_per_gpu": 1_000,
        "resale_fraction": "book",
    }
    question = scenario(options=[{**OWN, "hardware": hardware}], baseline="own", horizon_months=24)
    result = tco.evaluate(question, {"test-run": run()}, searches=False)
    answer = result.option("own")

    # pricing/data/hardware_figures.csv and residuals.csv
    assert answer.investments["network"][0] == 8 * 4_000 + 5_000
    assert answer.investments["installation"][0] == 10_000
    assert answer.investments["spares"][0] == pytest.approx(5_000)
    assert answer.line_items["repairs"][0] == pytest.approx(8 * 0.0611 * 1_000 / 12)
    assert answer.residual_usd == pytest.approx(50_000)
    sources = {row.path: row.source for row in result.assumptions}
    assert "arxiv.org/abs/2407.21783" in (sources["options.own.hardware.failures_per_gpu_per_year"] or "")


def test_a_repair_without_a_price_is_that_of_a_new_gpu() -> None:
    question = scenario(options=[{**OWN, "hardware": {"failures_per_gpu_per_year": 0.1}}], baseline="own")
    result = tco.evaluate(question, {"test-run": run()}, searches=False)
    price = next(row.value for row in result.assumptions if row.path == "options.own.hardware.repair_usd_per_gpu")

    assert result.option("own").line_items["repairs"][0] == pytest.approx(8 * 0.1 * price / 12)


def test_a_price_of_repairs_without_failures_is_refused() -> None:
    with pytest.raises(ValidationError, match="failures_per_gpu_per_year"):
        own(repair_usd_per_gpu=1_000)
