from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

import pricing
from pricing import Figure, Price, PricePath, TokenPrices
from tco.charts import DARK
from tco.price_charts import (
    READ,
    TOLD,
    electricity_chart,
    history_frame,
    path_chart,
    path_frame,
    price_history_chart,
    residual_chart,
)

READ_ON, ON = date(2026, 11, 10), date(2026, 11, 23)


def entry(usd, since=None, until=None, cached=None):
    def price(per, amount):
        return Price(
            item="acme/one",
            amount=amount,
            per=per,
            provider="acme",
            tier="standard",
            valid_from=since,
            valid_to=until,
            as_of=READ_ON,
            source="https://acme.example",
        )

    return TokenPrices(
        model="acme/one",
        provider="acme",
        as_of=READ_ON,
        input=price("mtok_input", usd),
        output=price("mtok_output", 4 * usd),
        cached_read=None if cached is None else price("mtok_cached_read", cached),
    )


def corners(frame, rate):
    rows = frame[frame["rate"] == rate]
    return [
        (row.day, None if row.usd_per_mtok != row.usd_per_mtok else row.usd_per_mtok, row.part)
        for row in rows.itertuples()
    ]


CHANGED = (entry(1.0, until=date(2026, 10, 19)), entry(2.0, date(2026, 10, 20)))


def test_a_price_steps_on_the_day_of_its_change_and_is_dashed_after_the_last_reading():
    # Known days are 20 October to 23 November, 34 days; an eighth of that is less than the least margin of 21 days.
    expected = [
        ("2026-09-29", 1.0, READ),
        ("2026-10-20", 2.0, READ),
        ("2026-11-10", 2.0, READ),
        ("2026-11-10", 2.0, TOLD),
        ("2026-12-14", 2.0, TOLD),
    ]
    assert expected == corners(history_frame(CHANGED, ON), "input")
    assert [8.0] * 4 == [usd for _, usd, _ in corners(history_frame(CHANGED, ON), "output")][1:]


def test_an_announced_change_lies_in_the_dashed_part():
    history = (entry(2.0, until=date(2026, 11, 30)), entry(4.0, date(2026, 12, 1)))

    assert [("2026-12-01", 4.0, TOLD), ("2026-12-22", 4.0, TOLD)] == corners(history_frame(history, ON), "input")[-2:]


def test_a_price_that_was_withdrawn_for_a_while_leaves_a_gap():
    history = (entry(1.0, date(2026, 1, 1), date(2026, 3, 31)), entry(2.0, date(2026, 6, 1)))

    assert [
        ("2026-01-01", 1.0, READ),
        ("2026-04-01", 1.0, READ),
        ("2026-04-01", None, READ),
        ("2026-06-01", 2.0, READ),
    ] == (corners(history_frame(history, ON), "input")[:4])


def test_a_price_that_ended_does_not_go_on():
    history = (entry(1.0, date(2026, 1, 1), date(2026, 3, 31)), entry(2.0, date(2026, 4, 1), date(2026, 6, 30)))

    assert ("2026-07-01", 2.0, READ) == corners(history_frame(history, ON), "input")[-1]


def test_a_rate_that_nobody_states_is_no_line():
    assert {"input", "output"} == set(history_frame(CHANGED, ON)["rate"])
    with_cache = (entry(1.0, until=date(2026, 10, 19)), entry(2.0, date(2026, 10, 20), cached=0.2))
    assert [None, 0.2] == [usd for _, usd, _ in corners(history_frame(with_cache, ON), "cached input")][:2]


def test_the_day_of_the_plan_is_marked():
    rule = price_history_chart(CHANGED, ON).to_dict()["layer"][1]
    label = price_history_chart(CHANGED, ON).to_dict()["layer"][2]
    data = price_history_chart(CHANGED, ON).to_dict()["datasets"]

    assert "rule" == rule["mark"]["type"]
    assert "text" == label["mark"]["type"]
    assert [{"day": "2026-11-23", "label": "plan: 23 Nov 2026"}] in list(data.values())


def test_the_lines_have_the_colours_of_the_page():
    lines = price_history_chart(CHANGED, ON, DARK).to_dict()["layer"][0]

    assert {"domain": ["input", "output"], "range": DARK.lines[:2]} == lines["encoding"]["color"]["scale"]


def test_a_fan_opens_at_todays_price():
    path = pricing.price_path("gpu-rent", 24, as_of=ON)
    rows = path_frame([path]).to_numpy().tolist()

    assert [[0.0, 1.0, 1.0, 1.0], [24.0, path.p10_factor, path.p50_factor, path.p90_factor]] == rows


def test_fans_that_stand_side_by_side_have_one_axis():
    path: PricePath = pricing.price_path("same-quality", 12, as_of=ON)
    layers = path_chart([path], highest=2.0).to_dict()["layer"]

    assert [[0, 2.0], [0, 2.0]] == [layers[at]["encoding"]["y"]["scale"]["domain"] for at in (0, 2)]
    assert ["area", "rule", "line"] == [layer["mark"]["type"] for layer in layers]


def test_resale_curves_have_their_range_as_a_band():
    def share(value):
        facts = {"unit": "fraction", "as_of": ON, "source": "table", "evidence": "expert"}
        return Figure(name="residual", value=value, low=value - 0.1, high=value + 0.1, **facts)

    spec = residual_chart({"GPU": {0: share(0.8), 12: share(0.5)}}).to_dict()
    [rows] = spec["datasets"].values()

    assert ["area", "line"] == [layer["mark"]["type"] for layer in spec["layer"]]
    assert [(0, 0.8, pytest.approx(0.7), pytest.approx(0.9)), (12, 0.5, 0.4, 0.6)] == [
        (row["months"], row["share"], row["low"], row["high"]) for row in rows
    ]


def test_readings_of_electricity_are_drawn_in_the_order_of_their_days():
    def quote(day, usd):
        price = SimpleNamespace(as_of=day, amount=usd)
        return SimpleNamespace(price=price, low_usd_per_kwh=None, high_usd_per_kwh=usd)

    spec = electricity_chart([quote(date(2025, 5, 1), 0.2), quote(date(2024, 5, 1), 0.1)]).to_dict()
    [rows] = spec["datasets"].values()

    assert [("2024-05-01", 0.1), ("2025-05-01", 0.2)] == [(row["day"], row["usd_per_kwh"]) for row in rows]
    assert [None, None] == [row["low"] for row in rows]
