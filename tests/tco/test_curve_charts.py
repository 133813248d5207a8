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
