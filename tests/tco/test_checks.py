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


def test_a_published_curve_does_not_age_as_a_price_does() -> None:
    published = run(evidence="literature", created_at="2024-01-01T00:00:00Z")
    open_one = {name: value for name, value in RENT.items() if name != "throughput_factor"}

    assert "stale_price" not in codes(published, options=[API, open_one])


def test_a_tokenizer_that_nobody_compared_is_said() -> None:
    other = {**API, "name": "other", "model": "anthropic/claude-x"}

    assert "tokenizer_not_compared" not in codes(options=[API, other, RENT])
    assert "tokenizer_not_compared" in codes(options=[API, {**other, "tokenizer_factor": 1.0}, RENT])
    assert "tokenizer_not_compared" not in codes(
        options=[API, {**other, "tokenizer_factor": {"value": 1.0, "low": 0.9, "high": 1.1}}, RENT]
    )


def test_another_tokenizer_has_a_usual_range_and_the_baselines_none() -> None:
    other = {**API, "name": "other", "model": "anthropic/claude-x"}
    result = tco.evaluate(scenario(options=[API, other, {**RENT, "model": "Llama-3"}]), {"test-run": run()})
    rows = {row.path: (row.low, row.value, row.high) for row in result.assumptions if "tokenizer" in row.path}

    assert rows == {
        "options.api.tokenizer_factor": (None, 1.0, None),
        "options.other.tokenizer_factor": (0.8, 1.0, 1.25),
        "options.rent.tokenizer_factor": (0.8, 1.0, 1.25),
    }
    assert any(driver.path.endswith("tokenizer_factor") for driver in result.drivers)


def test_lines_that_nobody_set_are_listed_for_every_option() -> None:
    warnings = tco.evaluate(scenario(), {"test-run": run()}).warnings
    told = {caution.path: caution.message for caution in warnings if caution.code == "zero_line"}

    assert set(told) == {"options.api", "options.rent"}
    for line in ("people", "on call", "pipeline", "evaluation", "retraining", "migrations", "audits", "exit"):
        assert line in told["options.api"]
    assert "storage" in told["options.rent"]
    assert "cached_input_tokens" not in told["options.api"]


def test_a_model_that_its_seller_withdraws_is_said_until_the_move_is_planned() -> None:
    gone = {**API, "model": "avian/deepseek/deepseek-v3.2"}

    assert "model_withdrawn" in codes(options=[gone, RENT])
    planned = {**gone, "migrations": {"every_months": 6, "migration_usd": 5_000}}
    assert "model_withdrawn" not in codes(options=[planned, RENT])
