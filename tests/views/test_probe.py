from __future__ import annotations

import pytest

from probes import save_run
from tco import evaluate, load, parse
from tests.factories import cell, run
from tests.views.conftest import at_page


@pytest.fixture
def probe(open_app):
    app = at_page(open_app(), "probe")
    assert not app.exception
    return app


def press(app, label):
    return next(button for button in app.button if button.label == label).click().run()


def upload(app, name, content):
    return app.file_uploader[0].upload(name, content).run()


def test_a_run_is_shown_with_its_curves_and_every_cell(probe):
    upload(
        probe,
        "mine.json",
        run(cells=[cell(1, 0.5, 100.0), cell(2, 0.9, 150.0, complete=False, reason="budget")]).to_json().encode(),
    )

    assert not probe.exception
    assert probe.selectbox(key="run_choice").value == "mine.json"
    assert len(probe.get("vega_lite_chart")) == 2
    table = probe.dataframe[0].value
    assert table["Load"].tolist() == ["concurrency 1", "concurrency 2"]
    assert table["Requests/s"].tolist() == [0.5, 0.9]
    assert table["State"].tolist() == ["complete", "incomplete: budget"]


def test_a_run_without_a_usable_cell_is_not_drawn(probe):
    upload(probe, "mine.json", run(cells=[cell(1, 0.5, 100.0, complete=False, reason="budget")]).to_json().encode())

    assert not probe.exception
    assert len(probe.get("vega_lite_chart")) == 0
    assert "No load point of this run is usable" in probe.info[0].value


def test_a_run_without_cells_is_not_an_accident(probe):
    upload(probe, "mine.json", run(cells=[]).to_json().encode())

    assert not probe.exception


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"{", "not valid JSON"), (b"[]", "one JSON object"), (b"\xff\xfe", "not a text file"), (b"{}", "schema")],
)
def test_a_bad_run_file_is_refused_with_a_sentence(probe, content, sentence):
    upload(probe, "bad.json", content)

    assert not probe.exception
    assert sentence in probe.error[0].value
    assert probe.session_state["runs"] == {}


def test_a_saved_run_that_is_damaged_is_said_in_a_sentence(open_app, folder):
    (folder / "runs").mkdir()
    (folder / "runs" / "half.json").write_text('{"schema": 1,', encoding="utf-8")
    app = at_page(open_app(), "probe")

    assert not app.exception
    assert "not valid JSON" in app.error[0].value


def test_a_run_is_used_in_an_option_and_the_decision_changes(probe, folder):
    faster = run(curve=((1, 50.0, 100.0),), run_id="faster")
    upload(probe, "faster.json", faster.to_json().encode())
    press(probe, "Use this run")
    scenario = parse(probe.session_state["scenario_text"])

    assert not probe.exception
    assert scenario.option("rent").run == "faster.json"
    expected = evaluate(scenario, {"faster.json": faster})
    at_page(probe, "decision")
    assert not probe.exception
    assert expected.option("rent").capacity.goodput_requests_per_s == 50.0
    assert f"{expected.option('rent').capacity.utilisation_fraction:.1%}".replace(".", "\\.") in " ".join(
        text.value for text in probe.markdown
    )


def test_a_run_of_a_machine_without_a_price_makes_a_new_option_with_the_readers_price(probe):
    upload(probe, "cpu.json", run(gpu=None, gpus_per_replica=0).to_json().encode())
    option = next(box for box in probe.selectbox if box.label == "Option")
    option.select("a new option")
    next(box for box in probe.number_input if box.label.startswith("Price of the machine")).set_value(0.1)
    press(probe, "Use this run")

    added = parse(probe.session_state["scenario_text"]).options[-1]
    assert not probe.exception
    assert (added.run, added.price_usd_per_hour.value) == ("cpu.json", 0.1)


def test_a_missing_price_is_asked_for(probe):
    upload(probe, "cpu.json", run(gpu=None, gpus_per_replica=0).to_json().encode())
    next(box for box in probe.selectbox if box.label == "Option").select("a new option")
    press(probe, "Use this run")

    assert not probe.exception
    assert "give `machine_usd_per_hour`" in probe.warning[-1].value


def test_a_probe_without_an_address_does_not_start(probe):
    next(control for control in probe.get("segmented_control")).set_value("A running server").run()
    press(probe, "Start the probe")

    assert not probe.exception
    assert "Give the server's address" in probe.error[0].value


def test_lengths_start_as_the_scenarios_traffic(probe, folder):
    workload = load(folder / "scenario.yaml").workload
    tokens = {box.label: box.value for box in probe.number_input}

    assert tokens["Input tokens"] == workload.input_tokens_per_request.value == 100
    assert tokens["Output tokens"] == workload.output_tokens_per_request.value == 50


def test_runs_saved_here_can_be_chosen_with_the_newest_first(open_app, folder):
    for name in ("20261101-a.json", "20261102-b.json"):
        save_run(run(run_id=name), folder / "runs" / name)
    app = at_page(open_app(), "probe")

    assert app.selectbox(key="run_choice").value == "runs/20261102-b.json"
