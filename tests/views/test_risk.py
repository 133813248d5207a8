from __future__ import annotations

import json

import pytest

from tco import load
from tco.compare import prepare
from tco.risk.simulate import simulate
from tco.risk_words import likely, risk_headline
from tco.words import plain
from tests.factories import API, RENT

UNSURE = {**API, "output_usd_per_mtok": {"value": 9.0, "low": 3.0, "high": 15.0, "distribution": "uniform"}}


@pytest.fixture
def risk(open_app):
    app = open_app(options=[UNSURE, dict(RENT)])
    app.switch_page("tco/views/risk.py").run(timeout=60)
    return app


def specs(app):
    return [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]


def test_the_answer_is_that_of_the_command(risk, folder):
    found = simulate(prepare(load(folder / "scenario.yaml")))

    assert not risk.exception
    assert risk.header[0].value == plain(risk_headline(found))
    assert risk.metric[0].value == likely(found.of("rent").saves).split(" ")[0]


def test_it_is_drawn_when_runs_pay_back_what_they_are_worth_and_what_moves_them(risk):
    titles = [text.value for text in risk.markdown]

    assert {"**When runs have paid back**", "**Where the spread comes from**", "**One input at a time**"} <= set(titles)
    assert 5 == len(specs(risk))


def test_fewer_runs_are_another_answer_and_the_same_question_is_not_asked_twice(risk):
    first = risk.session_state["risk"]
    risk.run(timeout=60)
    assert first is risk.session_state["risk"] or first == risk.session_state["risk"]

    risk.number_input[0].set_value(2).run(timeout=60)
    assert first != risk.session_state["risk"]
    assert not risk.exception


def test_what_would_have_to_be_true_is_a_sentence(risk):
    risk.selectbox[3].select("options.rent.price_usd_per_hour").run(timeout=60)

    assert any("Rent of rent" in text.value and "holds" in text.value for text in risk.markdown)


def test_two_inputs_can_be_chosen(risk):
    risk.selectbox[2].select("options.rent.price_usd_per_hour").run(timeout=60)

    assert not risk.exception
    (grid,) = [spec for spec in specs(risk) if "Rent (USD/hour)" in json.dumps(spec)]
    assert "Traffic (requests/day)" in json.dumps(grid)


def test_without_another_option_there_is_nothing_to_compare(open_app):
    app = open_app(options=[dict(API), dict(RENT)])
    app.session_state["scenario_text"] = app.session_state["scenario_text"].split("- name: rent")[0]
    app.switch_page("tco/views/risk.py").run(timeout=60)

    assert not app.exception
    assert "There is nothing to compare" == app.header[0].value


def test_a_plan_of_one_month_can_be_asked_what_would_have_to_be_true(open_app):
    """The book's history gives a rent over one month a wider range than a person may write."""
    moving = {name: value for name, value in RENT.items() if name != "price_change_per_year_fraction"}
    app = open_app(options=[dict(API), moving], horizon_months=1)
    app.switch_page("tco/views/risk.py").run(timeout=60)
    app.selectbox[4].select("pays back within …").run(timeout=60)

    assert not app.exception
    assert ["rent saves money against api in none of the runs; no run pays back within 1 month."] == [
        header.value.replace("\\", "") for header in app.header
    ]
    assert any(text.value.startswith("Payback within") for text in app.markdown)
