from __future__ import annotations

from pathlib import Path

import pytest

from tco.charts import save_chart
from tco.compare import prepare
from tco.curve_charts import cost_over_load, curve_frame
from tco.load_curve import load_curve
from tests.factories import API, RENT, run, scenario

ALWAYS = {"replica_availability_fraction": 0.999999, "availability_target_fraction": 0.5}
CURVE = load_curve(
    prepare(scenario(options=[API, {**RENT, **ALWAYS, "price_usd_per_hour": 1.2}]), {"test-run": run()}), "rent"
)


def test_the_frame_has_a_row_for_both_at_every_load() -> None:
    frame = curve_frame(CURVE)

    assert set(frame["option"]) == {"rent", "api"}
    assert len(frame) == 2 * len(CURVE.points)
    assert frame["usd_per_mtok"].max() == pytest.approx(CURVE.points[0].usd_per_mtok)


def test_the_chart_has_lines_today_steps_and_crossings() -> None:
    chart = cost_over_load(CURVE).to_dict()
    data = [row for rows in chart["datasets"].values() for row in rows]
    labels = {row["label"] for row in data if "label" in row}

    assert {"today", 2, "cheaper from 115,000 a day"} <= labels
    assert chart["layer"][0]["encoding"]["y"]["scale"]["type"] == "log"


@pytest.mark.parametrize("ending", ["svg", "png", "json"])
def test_it_is_written(tmp_path: Path, ending: str) -> None:
    pytest.importorskip("vl_convert")
    save_chart(cost_over_load(CURVE), tmp_path / f"curve.{ending}")

    assert (tmp_path / f"curve.{ending}").stat().st_size > 1000


def test_the_baselines_own_curve_is_one_line() -> None:
    curve = load_curve(prepare(scenario(options=[API])), "api")
    frame = curve_frame(curve)

    assert set(frame["option"]) == {"api"}
    assert len(frame) == len(curve.points)


def costs_scale(**api: float) -> dict[str, object]:
    """Of the axis of an API's costs alone, whose price is the same at every load."""
    curve = load_curve(prepare(scenario(options=[{**API, **api}])), "api")
    scale: dict[str, object] = cost_over_load(curve).to_dict()["layer"][0]["encoding"]["y"]["scale"]
    return scale


def test_a_price_that_is_the_same_at_every_load_is_drawn_flat() -> None:
    """100 tokens at 1 USD and 50 at 3 USD a million are 1.67: rounding of its last digit must not fill the picture."""
    price = (100 * 1 + 50 * 3) / 150

    assert costs_scale()["domain"] == pytest.approx([price / 2, price * 2])


def test_what_costs_nothing_has_no_logarithm() -> None:
    assert {"domain": [0, 1]} == costs_scale(input_usd_per_mtok=0.0, output_usd_per_mtok=0.0)
