from __future__ import annotations

import pytest

from probes.cell import Attainment, Cell
from probes.findings import Goodput
from probes.record import Bounds, Percentiles
from tco.run_charts import (
    attainment_chart,
    attainment_frame,
    latency_curve,
    latency_frame,
    run_frame,
    throughput_curve,
)
from tests.factories import CURVE, cell, run

PROMISE = {"ttft": 60.0}


def arrival(rate: float, kept: float, low: float, high: float, **changes: object) -> Cell:
    found = Attainment(limits_ms=PROMISE, kept_fraction=kept, low=low, high=high, requests=100)
    return cell(None, rate, 40.0, request_rate_per_s=rate, role="goodput", attainment=found, **changes)


def titles(chart: object, axis: str) -> set[str]:
    return {
        layer["encoding"][axis]["title"] for layer in chart.to_dict()["layer"] if "title" in layer["encoding"][axis]
    }


def test_the_load_curve_shows_usable_cells_only() -> None:
    cells = [*[cell(*point) for point in CURVE], cell(16, 1.0, 900.0, client_bound=True)]

    assert [1, 2, 4, 8] == run_frame(run(cells=cells))["load"].tolist()
    assert {"Concurrent requests"} == titles(throughput_curve(run()), "x") == titles(latency_curve(run()), "x")


def test_the_axis_of_a_curve_of_rates_is_rates_also_beside_closed_loops_of_another_kind() -> None:
    mixed = run(cells=[cell(None, 0.5, 100.0, request_rate_per_s=0.5), cell(8, 2.0, 40.0, role="lengths")])

    assert [0.5] == run_frame(mixed)["load"].tolist()
    assert {"Requests per second offered"} == titles(throughput_curve(mixed), "x")


def test_latencies_have_bounds_where_the_run_has_them() -> None:
    bounded = Percentiles(p50=50.0, p95=100.0, bounds={"p95": Bounds(low=90.0, high=130.0)})
    frame = latency_frame(run(cells=[cell(1, 0.5, 80.0), cell(2, 0.9, 100.0, ttft_ms=bounded)]))

    first = frame[frame["metric"] == "first token, p95"]
    assert [(1, 80.0), (2, 100.0)] == list(zip(first["load"], first["latency_ms"], strict=True))
    assert [(90.0, 130.0)] == list(first[["low", "high"]].dropna().itertuples(index=False, name=None))
    assert frame[frame["metric"] != "first token, p95"]["low"].isna().all()


def test_a_latency_that_is_not_known_or_0_has_no_place_on_a_logarithmic_axis() -> None:
    frame = latency_frame(run(cells=[cell(1, 0.5, 80.0, tpot_ms=Percentiles(p50=0.0))]))

    assert ["first token, median", "first token, p95"] == frame["metric"].tolist()


def test_the_share_that_kept_the_promise_is_drawn_by_rate_with_its_interval() -> None:
    tried = [
        arrival(2.0, 0.9, 0.83, 0.94),
        arrival(1.0, 1.0, 0.96, 1.0),
        arrival(4.0, 0.1, 0.05, 0.2, client_bound=True),
    ]
    frame = attainment_frame(run(cells=[*run().cells, *tried]))

    assert [[1.0, 1.0, 0.96, 1.0], [2.0, 0.9, 0.83, 0.94]] == frame[["rate", "kept", "low", "high"]].to_numpy().tolist()
    assert {"TTFT up to 60 ms"} == set(frame["promise"])


@pytest.mark.parametrize(("targets", "labels"), [([0.95], ["promised: 95%"]), ([], [])])
def test_the_promised_share_is_a_line(targets: list[float], labels: list[str]) -> None:
    found = [Goodput(limits_ms=PROMISE, target_fraction=target, resolved=True) for target in targets]
    drawn = attainment_chart(run(cells=[arrival(1.0, 1.0, 0.96, 1.0)], goodput=found)).to_dict()

    rows = [row for rows in drawn["datasets"].values() for row in rows]
    assert labels == [row["label"] for row in rows if "label" in row]
    assert 2 + 2 * len(targets) == len(drawn["layer"])
