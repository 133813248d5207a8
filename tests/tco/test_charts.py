from __future__ import annotations

import json
from pathlib import Path

import pytest

import tco
from tco.charts import (
    crossing,
    cumulative_cost,
    cumulative_frame,
    save_chart,
)
from tco.errors import InputError
from tests.factories import API, OWN, RENT, run, scenario

RUNS = {"test-run": run()}


def result(**rent: object) -> tco.Result:
    option = {**RENT, "price_usd_per_hour": 0.5, "one_off_usd": {"move": 500.0}, **rent}
    return tco.evaluate(scenario(options=[API, option]), RUNS)


def test_the_lines_start_with_the_investment_and_end_with_all_costs() -> None:
    frame = cumulative_frame(result()).set_index(["option", "month"])["cost_usd"]

    assert frame[("rent", 0)] == 500
    assert frame[("rent", 12)] == pytest.approx(500 + 12 * 0.5 * 730.5)
    assert frame[("api", 0)] == 0


def test_the_crossing_lies_on_both_lines() -> None:
    answer = result()
    month, cost = crossing(answer)

    assert month == pytest.approx(answer.option("rent").payback_months)
    assert cost == pytest.approx(month * answer.option("api").monthly_usd[0])
    assert cost == pytest.approx(500 + month * 365.25)


def test_no_crossing_without_payback() -> None:
    assert crossing(result(price_usd_per_hour=2.0)) is None
    assert crossing(result(one_off_usd={})) is None


def test_the_chart_marks_the_payback_and_draws_every_option() -> None:
    spec = json.dumps(cumulative_cost(result()).to_dict())

    assert "paid back: month 1.7" in spec
    assert '"api"' in spec
    assert '"rent"' in spec


def test_options_that_cannot_serve_are_not_drawn() -> None:
    answer = tco.evaluate(scenario(workload__slo={"ttft_p95_ms": 1.0}), RUNS)

    assert set(cumulative_frame(answer)["option"]) == {"api"}


@pytest.mark.parametrize("ending", [".svg", ".png", ".json"])
def test_charts_are_written_in_three_forms(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "deep" / f"chart{ending}"
    save_chart(cumulative_cost(result()), path)

    start = {".svg": b"<svg", ".png": b"\x89PNG", ".json": b"{"}[ending]
    assert path.read_bytes().startswith(start)


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"end the name with \.svg"):
        save_chart(cumulative_cost(result()), tmp_path / "chart.pdf")


def test_a_missing_extra_says_which_command_adds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(InputError, match=r"pip install 'tco-llm\[report\]'"):
        save_chart(cumulative_cost(result()), tmp_path / "chart.svg")
    save_chart(cumulative_cost(result()), tmp_path / "chart.json")


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(InputError, match="cannot be written"):
        save_chart(cumulative_cost(result()), tmp_path / "file" / "chart.json")


def test_the_lines_cross_at_the_payback_with_loans_and_taxes_too() -> None:
    own = OWN | {"server_price_usd": 9_000.0, "server_watts": 500.0, "colocation_usd_per_kw_month": 10.0}
    loan = {"kind": "loan", "interest_rate_per_year": 0.08, "term_months": 12}
    asked = scenario(horizon_months=48, options=[API, own], finance={"tax_fraction": 0.3, "purchase": loan})
    answer = tco.evaluate(asked, RUNS)
    lines = {name: line["cost_usd"].to_numpy() for name, line in cumulative_frame(answer).groupby("option")}
    apart = lines["api"] - lines["own"]
    month = answer.option("own").payback_months

    assert month is not None
    assert month > 0
    before = int(month)
    assert apart[before] <= 0 <= apart[before + 1]
    assert month - before == pytest.approx(-apart[before] / (apart[before + 1] - apart[before]), abs=1e-6)
    total = answer.option("own").total_usd + answer.option("own").cash.left_usd
    assert lines["own"][-1] == pytest.approx(total)


def test_a_plan_of_one_month_has_whole_months_on_its_axis():
    result = tco.evaluate(scenario(options=[dict(API), dict(RENT)], horizon_months=1), {"test-run": run()})
    axis = cumulative_cost(result).to_dict()["layer"][0]["encoding"]["x"]["axis"]

    assert {"format": "d", "tickMinStep": 1} == axis
