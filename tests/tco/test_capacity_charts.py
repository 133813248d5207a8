from __future__ import annotations

import numpy as np
import pytest

from pricing import architecture, gpu_spec
from tco import evaluate
from tco.capacity.memory.fits import Wish
from tco.capacity.memory.limits_on import memory_on
from tco.capacity.memory.placement import Placement
from tco.capacity_charts import (
    chosen_load,
    hours_chart,
    hours_frame,
    latency_with_promise,
    memory_frame,
    months_chart,
    months_frame,
    throughput_with_point,
)
from tests.factories import API, RENT, run, scenario


def test_the_point_lies_on_the_curve():
    # The curve has 0.9 requests/s at concurrency 2 and 1.6 at 4, and 50 tokens each.
    assert (2.0, pytest.approx(45.0)) == chosen_load(run(), 0.9)
    assert (3.0, pytest.approx(62.5)) == chosen_load(run(), 1.25)


def test_what_lies_off_the_curve_has_no_point():
    assert chosen_load(run(), 0.1) is None
    assert chosen_load(run(), 2.5) is None
    assert len(throughput_with_point(run(), 2.5).layer) + 2 == len(throughput_with_point(run(), 0.9).layer)


def test_the_promise_is_drawn_where_it_is_of_a_latency_that_is_drawn():
    text = latency_with_promise(run(), {"ttft_p95_ms": 250.0, "e2e_p95_ms": 9000.0}).to_json()

    assert "promised: first token, p95 250 ms" in text
    assert "9,000" not in text


@pytest.mark.parametrize(
    "drawn", [throughput_with_point(run(), 0.9), latency_with_promise(run(), {"ttft_p95_ms": 250.0})]
)
def test_every_layer_has_data(drawn):
    spec = drawn.to_dict()

    assert "data" in spec or all("data" in layer for layer in spec["layer"])


def test_what_the_requests_fill_is_never_more_than_what_stands():
    frame = hours_frame(np.full(168, 2.0), np.linspace(0, 4, 168))

    assert 2.0 == frame["filled"].max()
    assert "Mon 00:00" == frame["when"][0]
    assert "Sun 23:00" == frame["when"][167]


def test_a_fleet_that_follows_the_load_has_three_lines_and_a_fixed_one_has_one():
    fixed = evaluate(scenario(), {"test-run": run()}).option("rent").capacity
    moving = scenario(
        options=[dict(API), {**RENT, "scaling": {"policy": "scheduled"}}],
        workload__profile="office-hours",
        workload__requests_per_day=1_000_000.0,
    )
    scheduled = evaluate(moving, {"test-run": run()}).option("rent").capacity

    assert 12 == len(months_frame(fixed))
    assert {"busiest hour", "paid for, mean", "quietest hour"} == set(months_frame(scheduled)["of"])


def test_the_parts_of_the_memory_add_up_to_what_the_maker_states():
    wish = Wish(model=architecture("Meta-Llama-3.1-8B"), needed_tokens=2048)
    memory = memory_on(wish, Placement(gpu=gpu_spec("H100-SXM")))
    frame = memory_frame(memory)
    stated = sum(term.gib for term in memory.terms if term.size_bytes > 0)

    assert stated == pytest.approx(frame["gib"].sum())
    assert memory.pool_bytes / 2**30 == pytest.approx(frame.set_index("part").loc["KV cache", "gib"], abs=0.01)


def test_a_fleet_of_none_has_an_axis_with_numbers():
    none = np.zeros(168)
    (_, stands) = hours_chart(none, none).to_dict()["layer"]

    assert {"domain": [0, 1]} == stands["encoding"]["y"]["scale"]
    assert {"zero": True} == hours_chart(none + 2, none).to_dict()["layer"][1]["encoding"]["y"]["scale"]


@pytest.mark.parametrize(("months", "is_point"), [(1, True), (2, False)])
def test_one_month_is_a_point_for_it_makes_no_line(months, is_point):
    result = evaluate(scenario(options=[dict(API), dict(RENT)], horizon_months=months), {"test-run": run()})
    (drawn,) = months_chart(result.option("rent").capacity).to_dict()["layer"]

    assert is_point == drawn["mark"]["point"]
