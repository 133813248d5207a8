from __future__ import annotations

import pytest

from tco import evaluate
from tco.cost_charts import OTHERS, items_chart, items_frame, use_frame, year_frame
from tco.cost_sources import row_of, source_of
from tests.factories import API, OWN, RENT, run, scenario


@pytest.fixture(scope="module")
def result():
    many = {f"line {n}": float(n) for n in range(1, 10)}
    options = [dict(API), {**RENT, "one_off_usd": {"set_up": 1_000.0}, "extra_usd_per_month": many}, dict(OWN)]
    return evaluate(scenario(options=options), {"test-run": run()})


def test_the_bars_add_up_to_what_is_paid(result):
    rent = result.option("rent")
    frame = items_frame(rent, result)

    assert sum(rent.monthly_usd) + rent.capex_usd == pytest.approx(frame["cost_usd"].sum())
    first = frame[frame["month"] == 1]["cost_usd"].sum()
    assert rent.monthly_usd[0] + 1_000 == pytest.approx(first)


def test_small_items_are_one_that_names_them(result):
    frame = items_frame(result.option("rent"), result)

    assert 8 == frame["item"].nunique()
    assert "line 1" in frame[frame["item"] == OTHERS]["source"].iloc[0]


def test_a_bar_tells_what_price_carries_it_and_where_it_is_from(result):
    # 1 USD a million input tokens, which the scenario gives without a source.
    assert "Input price 1 USD/Mtok · assumption" == source_of("input_tokens", result.option("api"), result)
    assert "options.rent.one_off_usd.set_up" == row_of("set_up", result.option("rent"), result).path
    assert source_of("nothing_of_the_kind", result.option("api"), result) is None


def test_every_line_of_the_model_that_costs_something_has_a_source(result):
    for option in result.options:
        for name, amounts in option.line_items.items():
            if any(amounts):
                assert source_of(name, option, result), name


def test_usage_idle_and_the_rest_are_the_whole_cost(result):
    frame = use_frame(result)

    for option in result.options:
        assert option.total_usd == pytest.approx(frame[frame["option"] == option.name]["cost_usd"].sum())
    assert 3.0 == pytest.approx(frame["share"].sum())


def test_the_years_add_up_to_the_money_of_the_plan(result):
    own = result.option("own")

    assert sum(own.cash.by_year.total_usd) == pytest.approx(year_frame(own)["cost_usd"].sum())
    assert {"Investments", "Running costs"} == set(year_frame(own)["of"])


def test_a_name_from_outside_is_data_and_no_expression():
    name = "']; alert(1); //"
    found = evaluate(scenario(options=[dict(API), {**RENT, "extra_usd_per_month": {name: 5.0}}]), {"test-run": run()})
    spec = items_chart(found.option("rent"), found).to_dict()
    data = spec.pop("datasets")

    assert name in str(data)
    assert "alert(1)" not in str(
        {**spec, "layer": [{**layer, "encoding": {**layer["encoding"], "color": None}} for layer in spec["layer"]]}
    )
