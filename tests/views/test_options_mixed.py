from __future__ import annotations

import pytest

from tco import parse
from tests.factories import API, RENT
from tests.views.conftest import at_option, at_page, at_tab, key

MIXED = {"name": "mixed", "kind": "hybrid", "base": "rent", "overflow": "api"}
BOTH = {"name": "both", "kind": "cascade", "small": "rent", "large": "api", "escalation_fraction": 0.2}


@pytest.fixture
def app(open_app):
    cheap = {**RENT, "price_usd_per_hour": 0.75}
    busy = {"workload__requests_per_day": 4 * 86_400.0, "workload__profile": [0.5, 1.5] * 84}
    return open_app(options=[dict(API), cheap, dict(MIXED), dict(BOTH)], **busy)


def current(app):
    return parse(app.session_state["scenario_text"])


def test_parts_and_replicas_are_inputs(app):
    inputs = at_option(at_option(at_page(app, "inputs"), "mixed"), "both")
    inputs.selectbox(key=key(inputs, "options.mixed.replicas")).select("3").run()
    inputs.number_input(key=key(inputs, "options.mixed.sensitive_fraction")).set_value(0.25).run()
    inputs.selectbox(key=key(inputs, "options.both.small")).select("api").run()

    assert inputs.error[0].value.startswith("option 'both'")
    inputs.selectbox(key=key(inputs, "options.both.large")).select("rent").run()
    mixed, both = current(inputs).option("mixed"), current(inputs).option("both")
    assert not inputs.exception
    assert (mixed.replicas, mixed.sensitive_fraction.value) == (3, 0.25)
    assert inputs.selectbox(key=key(inputs, "options.mixed.base")).options == ["rent"]
    assert both.parts in {("rent", "api"), ("api", "rent")}


def test_a_part_that_is_renamed_stays_a_part_and_one_that_is_needed_stays(app):
    inputs = at_option(at_page(app, "inputs"), "rent")
    inputs.text_input(key=key(inputs, "options.rent.name")).set_value("gpus").run()

    assert current(inputs).option("mixed").parts == ("gpus", "api")
    assert current(inputs).option("both").parts == ("gpus", "api")
    inputs.button(key=key(inputs, "options.gpus.Remove")).click().run()
    assert "gpus" in [option.name for option in current(inputs).options]
    assert any("is no option" in error.value for error in inputs.error)
    assert not inputs.exception


def test_a_new_hybrid_is_made_of_the_first_options_that_fit(open_app):
    inputs = at_tab(at_page(open_app(), "inputs"), "Options")
    inputs.selectbox(key="new_kind").select("hybrid")
    inputs.text_input(key="new_name").set_value("mixed")
    next(button for button in inputs.button if button.label == "Add").click().run()

    assert not inputs.exception
    assert current(inputs).option("mixed").parts == ("rent", "api")


def test_the_decision_shows_how_many_replicas(app):
    assert not app.exception
    # Two would need a third as a spare.
    assert any(text.value.startswith("1 replica of rent carries 40") for text in app.markdown)
