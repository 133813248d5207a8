from __future__ import annotations

import tco
from tests.factories import API, CURVE, OWN, RENT, cell, run, scenario


def codes(held: object = None, **changes: object) -> set[str]:
    question = scenario(**changes)
    return {caution.code for caution in tco.evaluate(question, {"test-run": held or run()}).warnings}


def test_a_plain_scenario_raises_only_what_is_odd_about_it() -> None:
    """Nobody is paid to run the rented fleet: the only odd thing."""
    assert codes() == {"zero_line"}


def test_unlike_models_are_pointed_out() -> None:
    assert "quality_not_compared" in codes(options=[API, {**RENT, "model": "other"}])


def test_what_is_odd_about_a_run_is_said() -> None:
    assert "run_incomplete" in codes(run(complete=False, incomplete_reason="budget"))
    assert "run_not_yours" in codes(run(evidence="literature", source="a paper"))
    assert "client_bound" in codes(
        run(cells=[*[cell(*point) for point in CURVE], cell(16, 2.0, 900.0, client_bound=True)])
    )
    assert "tokens_counted_by_chunks" in codes(run(cells=[cell(*point, token_source="chunks") for point in CURVE]))


def test_an_idle_fleet_and_an_unmeetable_promise_are_said() -> None:
    assert "idle_fleet" in codes(workload__requests_per_day=100)
    assert "slo_not_met_at_lightest_load" in codes(workload__slo={"ttft_p95_ms": 1})


def test_cacheable_input_without_a_price_is_said() -> None:
    assert "no_cached_price" in codes(workload__cacheable_input_fraction=0.5)


def test_a_gpu_that_the_book_does_not_know_is_said_and_does_not_end_the_answer() -> None:
    option = {**RENT, "price_usd_per_hour": None, "machine_usd_per_hour": 0.12}

    assert "rent_without_gpu" in codes(run(gpu="GeForce GT 710"), options=[API, option])
    assert "rent_without_gpu" not in codes(options=[API, option])


def test_old_prices_are_said() -> None:
    old = {"value": 2.0, "evidence": "listed", "as_of": "2025-01-01", "source": "x"}

    assert "stale_price" in codes(options=[API, {**RENT, "price_usd_per_hour": old}])
    of_the_book = {name: value for name, value in OWN.items() if name != "colocation_usd_per_kw_month"}
    assert "stale_price" in codes(options=[API, of_the_book])  # the colocation figure of 2025
