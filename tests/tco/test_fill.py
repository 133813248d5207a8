from __future__ import annotations

import datetime as dt
from datetime import date

import pytest

import pricing
import tco
from probes.setting import Environment, Gpu
from tco.errors import InputError
from tco.fill import fill
from tco.replicas_of import gpu_of, replicas_of
from tests.factories import API, OWN, RENT, run, scenario

ON = date(2026, 11, 23)


def filled(option: dict[str, object], held: object = None) -> object:
    question = scenario(options=[API, option])
    book = pricing.shipped_book()
    return fill(question, replicas_of(question, {str(option["name"]): held or run()}, book), book).options[1]


def without(option: dict[str, object], *names: str) -> dict[str, object]:
    return {key: value for key, value in option.items() if key not in names}


def test_token_prices_come_from_the_book_with_source_and_date() -> None:
    option = filled({"name": "x", "kind": "api", "model": "openai/gpt-6.1-sol"})
    listed = pricing.token_prices("openai/gpt-6.1-sol", ON)

    assert (2.0, 10.0, 0.1, 1.0) == (
        option.input_usd_per_mtok.value,
        option.output_usd_per_mtok.value,
        option.cached_input_usd_per_mtok.value,
        option.batch_input_usd_per_mtok.value,
    )
    assert (listed.input.source, "listed") == (option.input_usd_per_mtok.source, option.input_usd_per_mtok.evidence)


def test_long_prompts_are_billed_whole_at_the_long_rate() -> None:
    """gpt-6.1-sol lists 4 and 15 USD from 272,000 prompt tokens on, 2 and 10 below."""
    question = scenario(
        options=[API, {"name": "x", "kind": "api", "model": "openai/gpt-6.1-sol"}],
        workload__input_tokens_per_request=300_000,
    )
    option = fill(question, {}, pricing.shipped_book()).options[1]

    assert (4.0, 15.0) == (option.input_usd_per_mtok.value, option.output_usd_per_mtok.value)


def test_own_token_prices_are_kept_and_the_book_is_not_asked() -> None:
    option = filled({**API, "name": "x"})

    assert (1.0, None) == (option.input_usd_per_mtok.value, option.cached_input_usd_per_mtok)


def test_rent_is_the_median_with_its_range() -> None:
    option = filled(without(RENT, "price_usd_per_hour"))
    quote = pricing.rental_price("H100-SXM", on=ON)

    price = option.price_usd_per_hour
    assert (quote.price.amount, quote.low_usd_per_hour, quote.high_usd_per_hour) == (price.value, price.low, price.high)


def test_a_machine_without_gpu_needs_its_price_from_the_user() -> None:
    with pytest.raises(InputError, match="give `machine_usd_per_hour`"):
        filled(without(RENT, "price_usd_per_hour"), run(gpu=None, gpus_per_replica=0))


def test_the_machines_price_is_taken_only_where_the_run_has_no_gpu() -> None:
    option = {**without(RENT, "price_usd_per_hour"), "machine_usd_per_hour": 0.12}

    assert filled(option, run(gpu=None, gpus_per_replica=0)).price_usd_per_hour.value == 0.12
    assert filled(option).price_usd_per_hour.value == pricing.rental_price("H100-SXM", on=ON).price.amount
    assert filled({**option, "price_usd_per_hour": 2.0}).price_usd_per_hour.value == 2.0


def test_electricity_comes_from_the_region() -> None:
    option = filled({**OWN, "electricity_usd_per_kwh": {"region": "DE"}})
    quote = pricing.electricity_price("DE", on=ON)

    assert option.electricity_usd_per_kwh.value == quote.price.amount


def test_an_unknown_region_or_gpu_names_the_option() -> None:
    with pytest.raises(InputError, match="option 'own'"):
        filled({**OWN, "electricity_usd_per_kwh": {"region": "ATLANTIS"}})
    with pytest.raises(InputError, match="option 'rent'"):
        filled({**without(RENT, "price_usd_per_hour"), "gpu": "H9000"})


def test_the_throughput_interval_is_the_runs() -> None:
    factor = filled(without(RENT, "throughput_factor")).throughput_factor

    assert (1.0, 0.9, 1.1) == pytest.approx((factor.value, factor.low, factor.high))
    assert ("measured", "run test-run", dt.date(2026, 11, 23)) == (factor.evidence, factor.source, factor.as_of)


def test_the_gpu_is_read_from_the_driver_where_the_run_names_none() -> None:
    held = run(gpu=None, environment=Environment(gpus=[Gpu(name="NVIDIA H100 80GB HBM3", memory_gib=80)]))
    option = scenario().option("rent")

    assert gpu_of(option, held) == "H100-SXM"
    assert gpu_of(option.model_copy(update={"gpu": "L4"}), held) == "L4"


@pytest.mark.parametrize("option", [RENT, OWN])
def test_the_model_can_be_the_runs(option: dict[str, object]) -> None:
    assert "test-model" == filled({**option, "model": "from-run"}).model
    assert "Qwen3-0.6B" == filled(option).model


def test_a_tier_has_prices_of_its_own() -> None:
    """Of gpt-5.4 the book has flex at half and priority at twice the price of 2.50 and 15 USD."""
    tiers = [{"name": tier, "kind": "api", "model": "openai/gpt-5.4", "tier": tier} for tier in ("flex", "priority")]
    result = tco.evaluate(scenario(options=tiers, baseline="flex"), searches=False)
    told = {row.path: row.value for row in result.assumptions}

    assert told["options.flex.input_usd_per_mtok"] == 1.25
    assert told["options.flex.output_usd_per_mtok"] == 7.5
    assert told["options.priority.output_usd_per_mtok"] == 30.0


def test_a_tier_that_is_not_sold_is_refused_with_those_that_are() -> None:
    option = {"name": "a", "kind": "api", "model": "mistral/mistral-large-4", "tier": "flex"}

    with pytest.raises(InputError, match=r"not sold as `tier: flex`.*there is: standard"):
        tco.evaluate(scenario(options=[option], baseline="a"))
