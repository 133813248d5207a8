"""The pages that say why: their numbers are those of the model, and where there are none they say what to do."""

from __future__ import annotations

import json

import pytest

from tco import evaluate, load
from tco.format import share, usd
from tco.report import forms
from tco.views import _history
from tco.words import plain
from tests.factories import API, OWN, RENT
from tests.views.conftest import at_page, key

NAMES = ("options", "workload", "capacity", "cost", "compare", "report")


def titles(app):
    return [text.value for text in app.markdown]


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_drawn(open_app, name):
    app = at_page(open_app(), name)

    assert not app.exception
    assert app.header


@pytest.mark.parametrize("name", ["options", "capacity", "cost", "report"])
def test_a_page_without_an_answer_says_what_to_do(open_app, folder, name):
    app = open_app()
    (folder / "test-run.json").unlink()
    at_page(app, name)

    assert not app.exception
    assert "There is no answer yet" == app.header[0].value
    assert "test\\-run\\.json" in app.error[0].value


@pytest.mark.parametrize("name", NAMES)
def test_a_workload_that_nothing_can_serve_has_its_pages_too(open_app, name):
    app = at_page(open_app(workload__slo={"ttft_p95_ms": 1.0}, baseline="rent"), name)

    assert not app.exception


@pytest.mark.parametrize("name", NAMES)
def test_names_are_data(open_app, name):
    hostile = "$5 ~~or~~ :red[$9]"
    app = at_page(open_app(options=[API | {"name": hostile}, dict(RENT)], baseline=hostile), name)

    assert not app.exception
    shown = " ".join(element.value for element in (*app.markdown, *app.header, *app.caption))
    assert hostile not in shown


def test_the_workload_is_told_in_numbers(open_app):
    app = at_page(open_app(workload__profile="office-hours"), "workload")

    # 86,400 a day are one a second; the busiest hours of an office week have 168 / 65.8 times the mean.
    assert plain("86,400 requests a day: 2.55 a second in the busiest hour") in app.header[0].value
    assert 2 == len(app.get("vega_lite_chart"))
    assert any("Every request is answered at once" in info.value for info in app.info)


def test_classes_of_requests_are_listed(open_app):
    classes = {
        "chat": {"share_fraction": 0.75, "input_tokens_per_request": 100, "output_tokens_per_request": 50},
        "search": {"share_fraction": 0.25, "input_tokens_per_request": 400, "output_tokens_per_request": 50},
    }
    app = at_page(
        open_app(
            workload__classes=classes,
            workload__input_tokens_per_request=None,
            workload__output_tokens_per_request=None,
        ),
        "workload",
    )

    assert not app.exception
    assert any("**search**, 25.0% of the requests: 400 tokens in" in text for text in titles(app))


def test_the_capacity_is_that_of_the_model(open_app, folder):
    app = at_page(open_app(), "capacity")
    capacity = evaluate(load(folder / "scenario.yaml")).option("rent").capacity

    assert [f"{capacity.goodput_requests_per_s:,.3g}/s", "1", share(capacity.utilisation_fraction)] == [
        metric.value for metric in app.metric[:3]
    ]
    # Throughput with its point, latency with its promise, hours, months, memory.
    specs = [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]
    assert 5 == len(specs)


def test_another_option_and_another_month_can_be_chosen(open_app):
    app = at_page(open_app(options=[dict(API), dict(RENT), OWN | {"run": "test-run.json"}]), "capacity")
    app.selectbox(key(app, "capacity.option")).select("own").run()
    app.slider(key(app, "capacity.month")).set_value(12).run()

    assert not app.exception
    assert "One replica of own" in app.header[0].value


def test_an_option_that_cannot_serve_says_why(open_app):
    app = at_page(open_app(workload__slo={"ttft_p95_ms": 1.0}), "capacity")

    assert "cannot serve this workload" in app.header[0].value
    assert "no measured load meets the promise" in app.error[0].value


def test_without_machines_there_is_no_capacity_to_show(open_app):
    app = open_app()
    app.session_state["scenario_text"] = app.session_state["scenario_text"].split("- name: rent")[0]
    at_page(app, "capacity")

    assert "No option has machines of its own" == app.header[0].value


def test_the_costs_are_those_of_the_model(open_app, folder):
    app = at_page(open_app(), "cost")
    result = evaluate(load(folder / "scenario.yaml"))
    units, items = (frame.value for frame in app.dataframe[:2])

    assert [option.usd_per_mtok for option in result.options] == units["A million tokens"].tolist()
    assert result.option("rent").total_usd == pytest.approx(items["Total (USD)"].sum())
    assert plain(usd(result.option("api").total_usd)) in app.header[0].value
    assert 4 == len(app.get("vega_lite_chart"))


def test_two_scenarios_are_compared_step_by_step(open_app):
    app = open_app()
    app.session_state["versions"] = {
        "before": _history.Held(app.session_state["scenario_text"], "own", app.session_state["scenario_folder"])
    }
    at_page(app, "inputs")
    app.number_input(key(app, "workload.requests_per_day")).set_value(40_000.0).run()
    at_page(app, "compare")
    table = app.dataframe[0].value

    assert not app.exception
    assert plain("The recommendation stays: api.") == app.header[0].value
    assert ["Traffic"] == table["Change"].tolist()
    assert ["86,400", "40,000"] == [table["From"][0], table["To"][0]]
    assert 1 == len(app.get("vega_lite_chart"))


def test_before_any_change_compare_says_what_it_is_for(open_app):
    app = at_page(open_app(), "compare")

    assert "What sets two scenarios apart" == app.header[0].value
    assert any("Nothing was changed in this session yet" in info.value for info in app.info)
    assert not app.error


def test_the_same_scenario_twice_says_so(open_app):
    app = at_page(open_app(), "compare")
    app.selectbox(key="compare.first").select("the scenario of this session").run()

    assert any("Both ask the same question" in info.value for info in app.info)


def test_scenarios_without_an_option_in_common_are_a_sentence(open_app):
    app = at_page(open_app(options=[dict(API), {**RENT, "name": "quite another"}]), "compare")
    example = next(name for name in app.selectbox(key="compare.first").options if name.startswith("example:"))
    app.selectbox(key="compare.first").select(example).run()

    assert not app.exception
    assert "These two cannot be compared" == app.header[0].value
    assert "Choose two scenarios that share an option beside what is paid today." in titles(app)


def test_a_report_is_made_on_a_click_and_not_before(open_app):
    pytest.importorskip("vl_convert")
    app = at_page(open_app(), "report")
    assert not [b for b in app.get("download_button") if b.key and b.key.startswith("report.")]

    app.get("button_group")[0].set_value(["html", "focus"]).run()
    next(b for b in app.button if b.label == "Make the report").click().run(timeout=120)
    names = [b.key for b in app.get("download_button") if b.key and b.key.startswith("report.")]

    assert not app.exception
    assert ["report.tco-report.html", "report.tco-report-focus.csv"] == names


def test_forms_whose_libraries_are_missing_say_what_adds_them(open_app, monkeypatch):
    monkeypatch.setattr(forms, "_missing", lambda needs: [name for name in needs if name in {"pptx", "typst"}])
    app = at_page(open_app(), "report")

    assert not app.exception
    assert any("Slides with editable charts, PDF: not installed here" in info.value for info in app.info)


def test_of_one_option_nothing_is_at_risk_and_the_way_on_is_there(open_app):
    app = at_page(open_app(options=[dict(API)]), "risk")

    assert "There is nothing to compare" == app.header[0].value
    assert any(button.label == "Undo" for button in app.button)


def test_many_files_are_held_to_be_compared_and_each_bad_one_says_why(open_app):
    app = open_app()
    text = app.session_state["scenario_text"]
    at_page(app, "compare")
    app.file_uploader[0].upload("a.yaml", text.encode())
    app.file_uploader[0].upload("b.yaml", text.replace("86400", "43200").encode())
    app.file_uploader[0].upload("c.yaml", b"\xff\xfe\x00")
    app.file_uploader[0].upload("d.yaml", b"month,usd\n1,2\n").run()

    assert not app.exception
    assert {"file: a.yaml", "file: b.yaml"} == {
        name for name in app.selectbox(key="compare.first").options if name.startswith("file:")
    }
    told = [error.value for error in app.error]
    assert 2 == len(told)
    assert told[0].startswith(plain("c.yaml: not a text file"))
    assert told[1].startswith(plain("d.yaml: "))
