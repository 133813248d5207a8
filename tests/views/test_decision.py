from __future__ import annotations

import json

import pytest

from tco import evaluate, load
from tco.answer import explain, headline
from tco.format import usd
from tco.words import plain
from tests.factories import API, RENT
from tests.views.conftest import ROOT, at_page, start


def test_the_answer_and_its_numbers_are_those_of_the_model(open_app, folder):
    app = open_app()
    result = evaluate(load(folder / "scenario.yaml"))
    best = result.option("rent")

    assert not app.exception
    assert app.header[0].value == plain(headline(result))
    assert [metric.value for metric in app.metric] == [
        usd(result.option("api").monthly_usd[0]),
        usd(-best.npv_usd),
        usd(best.capex_usd),
        "never",
    ]
    # 86,400 requests a day, 100 tokens in at 1 USD/Mtok, 50 out at 3 USD/Mtok, 730.5 hours: 657.45 USD.
    assert app.metric[0].value == "$657"


def test_the_page_and_the_command_have_the_same_id(open_app, folder):
    app = open_app()
    told = [caption.value for caption in app.caption if caption.value.startswith("Answer ")]

    assert [evaluate(load(folder / "scenario.yaml")).answer_id] == [text.split()[1].rstrip("\\.") for text in told]


def test_every_option_has_its_line(open_app, folder):
    app = open_app()
    result = evaluate(load(folder / "scenario.yaml"))
    shown = " ".join(text.value for text in app.markdown)

    assert all(plain(explain(result, option)) in shown for option in result.options)


def test_the_chart_holds_the_models_costs(open_app):
    app = open_app()
    spec = json.loads(app.get("vega_lite_chart")[0].proto.spec)

    assert spec["layer"][0]["encoding"]["color"]["scale"]["domain"] == ["api", "rent"]


def test_what_is_missing_is_said_and_nothing_is_invented(open_app, folder):
    (folder / "test-run.json").unlink(missing_ok=True)
    app = open_app()
    (folder / "test-run.json").unlink()
    app.run()

    assert not app.exception
    assert app.header[0].value == "There is no answer yet"
    assert "test\\-run\\.json" in app.error[0].value
    assert list(app.metric) == []


def test_a_workload_that_nothing_can_serve_is_not_drawn(open_app):
    app = open_app(workload__slo={"ttft_p95_ms": 1.0}, baseline="rent")

    assert not app.exception
    assert "rent is ruled out for this workload" in app.header[0].value
    assert app.metric[0].value == "–"


def test_names_are_data(open_app):
    name = "$5 ~~or~~ :red[$9]"
    app = open_app(options=[API | {"name": name}, dict(RENT)], baseline=name)

    assert not app.exception
    assert plain(name) in app.header[0].value


@pytest.mark.usefixtures("folder")
def test_without_a_file_the_app_opens_with_an_answer():
    app = start()

    assert not app.exception
    assert len(app.metric) == 4
    assert app.session_state["scenario_folder"] == str(ROOT / "scenarios")


def test_constraints_are_shown_with_what_they_cost(open_app):
    app = open_app(
        constraints={"residency": ["EU"]},
        options=[API | {"terms": {"regions": "EU"}}, RENT | {"terms": {"regions": "US"}, "price_usd_per_hour": 0.5}],
    )
    shown = " ".join(text.value for text in app.markdown)

    assert not app.exception
    assert plain("Data residency (EU) costs $3,506 over 12 months (present value)") in shown
    assert "not met, ruled out" in shown


def test_without_constraints_nothing_is_said_of_them(open_app):
    assert not any("constraints" in text.value for text in open_app().markdown)


def test_constraints_that_leave_no_option_say_what_to_do(open_app):
    app = open_app(constraints={"residency": ["EU"]})

    assert not app.exception
    assert "meets all constraints" in app.header[0].value
    assert "Say in the options' `terms` what is not known" in app.info[0].value


@pytest.mark.parametrize(("high", "disagrees"), [(100.0, True), (3.1, False)])
def test_it_is_said_when_most_runs_come_out_otherwise_than_the_plan(open_app, high, disagrees):
    """The rent of 2 USD/hour loses to the API at 3 USD/Mtok; over a range up to 100 it saves in most runs."""
    unsure = {**API, "output_usd_per_mtok": {"value": 3.0, "low": 2.9, "high": high, "distribution": "uniform"}}
    app = open_app(options=[unsure, dict(RENT)])

    assert disagrees == any("Most runs say otherwise" in text.value for text in app.markdown)


UNSURE = {**API, "output_usd_per_mtok": {"value": 3.0, "low": 2.0, "high": 9.0, "distribution": "uniform"}}


def test_decision_says_of_the_runs_what_risk_says(open_app):
    app = open_app(options=[UNSURE, dict(RENT)])
    told = next(text.value for text in app.markdown if "Over the ranges of the inputs" in text.value)
    band = next(metric.delta for metric in app.metric if "NPV" in metric.label)
    at_page(app, "risk")
    shares = {metric.label: metric.value for metric in app.metric}

    assert f"saves in {plain(shares['Saves in'])} " in told
    (worth,) = [text.value for text in app.markdown if "nine runs in ten" in text.value]
    # What Decision calls an extra cost is a negative NPV on Risk: the same ends, turned round.
    low, high = band.split(" to ")
    assert worth.endswith((f"\\-{high} to \\-{low}", band))


def test_where_nothing_can_be_compared_no_range_is_asked_for(open_app):
    app = open_app(options=[UNSURE], baseline="api")
    told = " ".join(text.value for text in app.markdown)

    assert "There is no saving that an input could move" in told
    assert "What flips it" not in told
    assert "No input has a range yet" not in told


def test_an_option_that_is_ruled_out_is_not_called_measured(open_app):
    app = open_app(options=[dict(RENT)], baseline="rent", workload__slo={"ttft_p95_ms": 1.0})

    assert not app.exception
    assert not any("badge[" in text.value for text in app.markdown)
    assert any(text.value.startswith("Of all inputs") for text in app.caption)
