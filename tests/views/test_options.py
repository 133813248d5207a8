from __future__ import annotations

import pytest

from probes import load_run
from tco import parse
from tco.runs import shipped_runs
from tests.factories import API, OWN
from tests.views.conftest import at_page, at_tab, key


@pytest.fixture
def inputs(open_app):
    return opened(at_tab(at_page(open_app(), "inputs"), "Options"))


def opened(app):
    for option in current(app).options:
        app.session_state[f"open.{option.name}"] = True
    return app.run()


def current(app):
    return parse(app.session_state["scenario_text"])


def names(app):
    return [option.name for option in current(app).options]


def test_an_options_price_can_be_changed(inputs):
    inputs.number_input(key=key(inputs, "options.rent.price_usd_per_hour")).set_value(3.5).run()

    assert not inputs.exception
    assert current(inputs).option("rent").price_usd_per_hour.value == 3.5


def test_a_price_that_is_emptied_comes_from_the_price_book(inputs):
    path = "options.rent.price_usd_per_hour"
    inputs.number_input(key=key(inputs, path)).set_value(None).run()

    assert not inputs.exception
    assert current(inputs).option("rent").price_usd_per_hour is None
    assert inputs.number_input(key=key(inputs, path)).placeholder.startswith("from the price book or run: ")


def test_another_baseline_can_be_chosen(inputs):
    inputs.selectbox(key=key(inputs, "baseline")).select("rent").run()

    assert current(inputs).baseline == "rent"
    assert not inputs.exception


def test_the_rental_filters_and_the_gpu_are_inputs(inputs):
    inputs.selectbox(key=key(inputs, "options.rent.price.class")).select("hyperscaler").run()
    inputs.selectbox(key=key(inputs, "options.rent.gpu")).select("H200-SXM").run()

    rent = current(inputs).option("rent")
    assert not inputs.exception
    assert (rent.price.class_, rent.gpu) == ("hyperscaler", "H200-SXM")


def test_an_option_can_be_copied_renamed_and_removed(inputs):
    inputs.button(key=key(inputs, "options.rent.Duplicate")).click().run()
    assert names(inputs) == ["api", "rent", "rent 2"]
    opened(inputs)

    inputs.text_input(key=key(inputs, "options.rent 2.name")).set_value("dearer").run()
    assert names(inputs) == ["api", "rent", "dearer"]

    inputs.button(key=key(inputs, "options.rent.Remove")).click().run()
    assert names(inputs) == ["api", "dearer"]

    inputs.text_input(key=key(inputs, "options.api.name")).set_value("vendor").run()
    assert current(inputs).baseline == inputs.selectbox(key=key(inputs, "baseline")).value == "vendor"
    assert not inputs.exception


def test_the_baseline_is_not_removed_but_the_reason_is_given(inputs):
    inputs.button(key=key(inputs, "options.api.Remove")).click().run()

    assert names(inputs) == ["api", "rent"]
    assert "'api' is the baseline" in inputs.error[0].value


def test_a_name_that_is_taken_is_refused_with_the_reason(inputs):
    inputs.text_input(key=key(inputs, "options.rent.name")).set_value("api").run()

    assert names(inputs) == ["api", "rent"]
    assert "used twice" in inputs.error[0].value


@pytest.mark.parametrize("kind", ["api", "hosted", "rent", "own"])
def test_an_option_of_every_kind_can_be_added(inputs, kind):
    inputs.selectbox(key="new_kind").select(kind)
    inputs.text_input(key="new_name").set_value("added")
    next(button for button in inputs.button if button.label == "Add").click().run()

    assert not inputs.exception
    assert names(inputs) == ["api", "rent", "added"]
    assert current(inputs).option("added").kind == kind


def test_electricity_is_of_a_region_or_the_readers_own_price(open_app):
    app = opened(at_tab(at_page(open_app(options=[dict(API), dict(OWN)]), "inputs"), "Options"))
    path = "options.own.electricity_usd_per_kwh.region"
    app.selectbox(key=key(app, path)).select("DE").run()
    assert current(app).option("own").electricity_usd_per_kwh.region == "DE"

    app.selectbox(key=key(app, path)).select("my own price").run()
    assert not app.exception
    assert current(app).option("own").electricity_usd_per_kwh.value > 0


def test_range_evidence_and_source_of_an_input_can_be_given(open_app):
    inputs = at_page(open_app(), "inputs")
    path = "workload.requests_per_day"
    inputs.number_input(key=key(inputs, f"{path}.low")).set_value(80_000.0)
    inputs.selectbox(key=key(inputs, f"{path}.evidence")).select("invoice")
    inputs.text_input(key=key(inputs, f"{path}.source")).set_value("usage export")
    # The first one keeps a version of the scenario.
    [button for button in inputs.button if button.label == "Keep"][-1].click().run()

    new = current(inputs).workload.requests_per_day
    assert not inputs.exception
    assert (86_400.0, 80_000.0, "invoice", "usage export") == (new.value, new.low, new.evidence, new.source)


def test_a_range_that_does_not_hold_the_value_is_refused(open_app):
    inputs = at_page(open_app(), "inputs")
    path = "workload.requests_per_day"
    inputs.number_input(key=key(inputs, f"{path}.low")).set_value(90_000.0)
    # The first one keeps a version of the scenario.
    [button for button in inputs.button if button.label == "Keep"][-1].click().run()

    assert "does not hold the value" in inputs.error[0].value
    assert current(inputs).workload.requests_per_day.low is None


def test_a_server_of_the_book_can_be_chosen_and_given_up(open_app):
    own = {name: value for name, value in OWN.items() if name != "server_price_usd"}
    app = opened(at_tab(at_page(open_app(options=[dict(API), own]), "inputs"), "Options"))
    path = "options.own.server"
    app.selectbox(key=key(app, path)).select("DGX H100").run()
    assert "DGX H100" == current(app).option("own").server
    assert "375,000" in app.number_input(key=key(app, "options.own.server_price_usd")).placeholder

    app.selectbox(key=key(app, path)).select("the first with the run's GPU").run()
    assert not app.exception
    assert current(app).option("own").server is None


def test_a_new_self_hosted_option_names_the_model_of_its_run(inputs):
    inputs.selectbox(key="new_kind").select("rent")
    inputs.text_input(key="new_name").set_value("added")
    next(button for button in inputs.button if button.label == "Add").click().run()
    added = current(inputs).option("added")

    assert load_run(shipped_runs()[added.run]).model.name == added.model


def test_how_values_spread_can_be_given(open_app):
    inputs = at_page(open_app(), "inputs")
    path = "workload.requests_per_day"
    inputs.number_input(key=key(inputs, f"{path}.low")).set_value(80_000.0)
    inputs.number_input(key=key(inputs, f"{path}.high")).set_value(120_000.0)
    inputs.selectbox(key=key(inputs, f"{path}.distribution")).select("lognormal")
    [button for button in inputs.button if button.label == "Keep"][-1].click().run()

    assert not inputs.exception
    assert "lognormal" == current(inputs).workload.requests_per_day.distribution
