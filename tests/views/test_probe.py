from __future__ import annotations

import pytest

from probes import Plan, save_run
from probes.cell import Attainment
from probes.findings import Extrapolation, Goodput
from tco import evaluate, load, parse
from tco.views import _job
from tco.words import plain
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


def arrival(rate, kept, low, high):
    found = Attainment(limits_ms={"ttft": 60.0}, kept_fraction=kept, low=low, high=high, requests=100)
    return cell(None, rate, 40.0, request_rate_per_s=rate, role="goodput", attainment=found)


def test_what_a_run_found_stands_above_its_charts_the_answer_first(probe):
    found = Goodput(
        limits_ms={"ttft": 60.0}, target_fraction=0.95, requests_per_s=1.0, low=1.0, high=2.0, resolved=True
    )
    cells = [cell(1, 0.5, 100.0), arrival(1.0, 1.0, 0.96, 1.0), arrival(2.0, 0.9, 0.83, 0.94)]
    upload(probe, "mine.json", run(goodput=[found], cells=cells).to_json().encode())

    assert not probe.exception
    sentences = next(text.value for text in probe.markdown if "keeps TTFT" in text.value).splitlines()
    assert sentences[0].startswith("- Random traffic keeps TTFT up to 60 ms for 95% of requests up to 1 requests/s")
    assert sentences[1].startswith("- " + plain("Most throughput: 25 output tokens/s"))
    assert 3 == len(probe.get("vega_lite_chart"))


def test_load_points_of_each_kind_have_a_table_of_their_own(probe):
    cells = [arrival(1.0, 1.0, 0.96, 1.0), cell(8, 2.0, 40.0, role="lengths"), cell(1, 0.5, 100.0)]
    upload(probe, "mine.json", run(cells=cells).to_json().encode())

    assert not probe.exception
    assert ["Load curve", "Random arrivals", "Length mixes"] == [tab.label for tab in probe.tabs]
    tables = [table.value for table in probe.dataframe[:3]]
    assert [["concurrency 1"], ["1 requests/s"], ["concurrency 8"]] == [table["Load"].tolist() for table in tables]
    assert [96.0] == tables[1]["Kept, low"].tolist()
    assert "Kept, low" not in tables[0]


def test_a_search_alone_is_drawn_too(probe):
    upload(probe, "mine.json", run(cells=[arrival(1.0, 1.0, 0.96, 1.0)]).to_json().encode())

    assert not probe.exception
    assert 1 == len(probe.get("vega_lite_chart"))
    assert 0 == len(probe.info)


def test_a_run_that_was_carried_to_its_full_depth_says_so(probe):
    how = Extrapolation(layers_measured=[4, 8], layers_full=28, method="affine in layers")
    upload(probe, "mine.json", run(extrapolation=how, evidence="modelled").to_json().encode())

    assert not probe.exception
    assert any("modelled" in text.value for text in probe.markdown)
    sentence = plain("Modelled: measured with 4 and 8 layers and carried to all 28")
    assert any(sentence in text.value for text in probe.markdown)


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


@pytest.fixture
def started(monkeypatch):
    """What the page would start, instead of starting it."""
    asked = []
    monkeypatch.setattr(_job, "start", asked.append)
    monkeypatch.setattr(_job, "resume", lambda _, file: asked.append(file))
    return asked


def labelled(widgets, label):
    return next(widget for widget in widgets if widget.label == label)


def test_the_plain_form_asks_for_nothing_more(probe, started):
    probe.get("segmented_control")[0].set_value("A model here").run()
    press(probe, "Start the probe")

    assert not probe.exception
    assert () == started[0].more


def test_what_is_set_under_more_becomes_options_of_the_command(probe, started):
    probe.get("segmented_control")[0].set_value("A model here").run()
    labelled(probe.multiselect, "Parts").set_value(["curve", "lengths"])
    labelled(probe.number_input, "Promise: first token p95 (ms)").set_value(2000.0)
    labelled(probe.number_input, "Promise: per token p95 (ms)").set_value(80.5)
    labelled(probe.selectbox, "Arrivals").select("gamma")
    labelled(probe.number_input, "Burstiness of gamma").set_value(0.5)
    labelled(probe.selectbox, "Lengths").select("lognormal")
    labelled(probe.number_input, "Length spread").set_value(1.0)
    labelled(probe.number_input, "Shared prefix (%)").set_value(25.0)
    labelled(probe.number_input, "Precision (%)").set_value(10.0)
    labelled(probe.text_input, "Layers, for a model that does not fit").set_value("4,8")
    press(probe, "Start the probe")

    assert not probe.exception
    expected = (
        *("--measure=curve,lengths", "--slo=ttft_p95_ms=2000,tpot_p95_ms=80.5", "--arrivals=gamma", "--burstiness=0.5"),
        *("--lengths=lognormal:1", "--shared-prefix=0.25", "--precision=0.1", "--layers=4,8"),
    )
    assert expected == started[0].more


def test_an_endpoint_has_a_kind_and_a_limit_of_what_it_may_cost(probe, started):
    probe.get("segmented_control")[0].set_value("A running server").run()
    labelled(probe.text_input, "Address").set_value("https://x")
    labelled(probe.text_input, "Model name that it serves").set_value("m")
    labelled(probe.selectbox, "Kind of server").select("groq")
    labelled(probe.number_input, "Spend at most (USD)").set_value(1.5)
    press(probe, "Start the probe")

    assert not probe.exception
    assert ("--profile=groq", "--max-usd=1.5") == started[0].more
    assert "Layers, for a model that does not fit" not in [box.label for box in probe.text_input]


CUT = {"complete": False, "incomplete_reason": "budget"}


def test_an_interrupted_run_that_is_saved_here_can_be_gone_on_with(open_app, folder, started):
    save_run(run(plan=Plan(endpoint="http://x"), **CUT), folder / "runs" / "cut.json")
    app = at_page(open_app(), "probe")
    assert plain("This run is not complete: its time ran out.") in [text.value for text in app.caption]
    press(app, "Resume")

    assert not app.exception
    assert ["runs/cut.json"] == [path.as_posix() for path in started]


@pytest.mark.parametrize(
    "changes", [{"plan": Plan(endpoint="http://x")}, {"plan": None, **CUT}, {"plan": Plan(), **CUT}]
)
def test_a_run_that_is_complete_or_of_unknown_making_cannot_be_gone_on_with(open_app, folder, changes):
    save_run(run(**changes), folder / "runs" / "cut.json")
    app = at_page(open_app(), "probe")

    assert not app.exception
    assert "Resume" not in [button.label for button in app.button]


def test_a_run_that_was_uploaded_cannot_be_gone_on_with(probe):
    upload(probe, "cut.json", run(plan=Plan(endpoint="http://x"), **CUT).to_json().encode())

    assert not probe.exception
    assert "Resume" not in [button.label for button in probe.button]


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
