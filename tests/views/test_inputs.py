from __future__ import annotations

from pathlib import Path

import pytest

from tco import dump, evaluate, load, parse
from tco.answer import headline
from tco.shipped import shipped_scenarios
from tco.words import driver_title, plain
from tests.factories import API, RENT, scenario
from tests.views.conftest import at_option, at_page, at_tab, key


@pytest.fixture
def inputs(open_app):
    app = at_page(open_app(), "inputs")
    assert not app.exception
    return app


def current(app):
    return parse(app.session_state["scenario_text"])


def test_a_changed_input_changes_the_scenario_and_the_answer(inputs, folder):
    inputs.number_input(key=key(inputs, "workload.requests_per_day")).set_value(43_200.0).run()
    expected = parse(dump(load(folder / "scenario.yaml")), ["workload.requests_per_day=43200"]).in_folder(folder)

    assert current(inputs).workload.requests_per_day.value == 43_200.0
    assert inputs.info[0].value == plain(headline(evaluate(expected)))


def test_a_wrong_input_keeps_the_edit_says_why_and_changes_nothing(inputs):
    path = "workload.requests_per_day"
    before = inputs.session_state["scenario_text"]
    inputs.number_input(key=key(inputs, path)).set_value(-5.0).run()

    assert not inputs.exception
    assert "\\-5 is outside 0 or more" in inputs.error[0].value
    assert inputs.session_state["scenario_text"] == before
    at_page(inputs, "decision")
    at_page(inputs, "inputs")
    assert inputs.number_input(key=key(inputs, path)).value == -5.0
    inputs.number_input(key=key(inputs, path)).set_value(7.0).run()
    assert list(inputs.error) == []
    assert current(inputs).workload.requests_per_day.value == 7.0


def test_a_latency_limit_can_be_set_and_given_up(inputs):
    path = "workload.slo.ttft_p95_ms"
    inputs.number_input(key=key(inputs, path)).set_value(900.0).run()
    assert current(inputs).workload.slo.limits() == {"ttft_p95_ms": 900.0}

    inputs.number_input(key=key(inputs, path)).set_value(None).run()
    assert current(inputs).workload.slo.limits() == {}


def test_profile_horizon_and_date_are_inputs(inputs):
    inputs.selectbox(key=key(inputs, "workload.profile")).select("office-hours").run()
    at_tab(inputs, "Conventions").number_input(key=key(inputs, "horizon_months")).set_value(24).run()
    inputs.date_input(key=key(inputs, "as_of")).set_value("2026-06-01").run()

    new = current(inputs)
    assert not inputs.exception
    assert (new.workload.profile, new.horizon_months, new.as_of.isoformat()) == ("office-hours", 24, "2026-06-01")


def test_a_shipped_scenario_can_be_opened(inputs):
    inputs.selectbox(key=key(inputs, "picker")).select("support-chat-eu").run()

    assert not inputs.exception
    assert inputs.session_state["scenario_text"] == dump(load(shipped_scenarios()["support-chat-eu"]))


def test_an_uploaded_file_replaces_the_scenario(inputs):
    text = dump(scenario(name="from a file", options=[{"name": "api", "kind": "api", "model": "openai/gpt-5"}]))
    inputs.file_uploader[0].upload("mine.yaml", text.encode()).run()

    assert not inputs.exception
    assert current(inputs).name == "from a file"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"name: [", "not valid YAML"),
        (b"name: x\n", "is missing"),
        (b"\xff\xfe\x00", "not a text file"),
        (b"a: &x 1\nb: *x\n", "aliases"),
        (b"", "a scenario is a list of"),
    ],
)
def test_a_bad_file_is_refused_with_a_sentence_and_the_users_data_stay(inputs, content, sentence):
    before = inputs.session_state["scenario_text"]
    inputs.file_uploader[0].upload("bad.yaml", content).run()

    assert not inputs.exception
    assert sentence in inputs.error[0].value
    assert inputs.session_state["scenario_text"] == before


def test_the_saved_file_gives_the_same_scenario(inputs, folder):
    assert inputs.session_state["scenario_text"] == dump(load(folder / "scenario.yaml"))
    assert ["Save as YAML"] == [b.label for b in inputs.get("download_button") if b.label.startswith("Save")]


def test_the_register_lists_every_assumption(inputs, folder):
    result = evaluate(load(folder / "scenario.yaml"))
    table = at_tab(inputs, "All assumptions").dataframe[0].value

    assert list(table["Path"]) == [row.path for row in result.assumptions]
    assert list(table["Value"]) == [row.value for row in result.assumptions]


def test_a_country_rules_an_option_out_and_a_licence_of_ones_own_lets_it_in(open_app):
    rent = {**RENT, "model": "Llama-4-Scout-17B-16E-Instruct", "price_usd_per_hour": 0.1}
    app = at_page(open_app(options=[dict(API), rent]), "inputs")
    at_tab(app, "Conventions").text_input(key=key(app, "company.country")).set_value("DE").run()
    assert not app.exception
    assert "DE" == current(app).company.country
    assert app.info[0].value == plain("Stay with api: no other option can and may serve this workload.")

    at_option(app, "rent").checkbox(key=key(app, "options.rent.paid_licence")).check().run()
    assert app.info[0].value.startswith("Move to rent")


def test_a_country_that_is_none_is_refused_with_the_reason(inputs):
    at_tab(inputs, "Conventions").text_input(key=key(inputs, "company.country")).set_value("Germany").run()

    assert not inputs.exception
    assert current(inputs).company is None
    assert "is not a country" in inputs.error[0].value


def test_what_moves_the_answer_is_found_on_decision_after_a_change_on_inputs(open_app):
    ranged = {"value": 43_200.0, "low": 20_000.0, "high": 90_000.0, "evidence": "expert"}
    app = at_page(open_app(workload__requests_per_day=ranged), "inputs")
    app.number_input(key=key(app, "workload.requests_per_day")).set_value(50_000.0).run()
    found = evaluate(current(app).in_folder(Path(app.session_state["scenario_folder"])))

    assert not app.exception
    assert found.drivers
    shown = [each.value for each in at_page(app, "decision").markdown]
    assert any(plain(driver_title(found.drivers[0])) in each for each in shown)
