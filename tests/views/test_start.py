from __future__ import annotations

import pytest

from tco import InputError, dump, evaluate, load, parse
from tco.answer import headline
from tco.shipped import shipped_templates
from tco.views import _six
from tco.words import plain
from tests.views.conftest import at_page

OWN = _six.Six(12_345.0, 700.0, 90.0, "openai/gpt-6-luna", ("rented",), "H200-SXM", 0.75)


@pytest.mark.parametrize("name", shipped_templates())
def test_a_template_with_its_own_numbers_is_the_template(name):
    assert dump(load(shipped_templates()[name])) == _six.scenario_text(name, _six.of_template(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_templates())
def test_every_template_has_an_answer_with_machines(name):
    result = evaluate(load(shipped_templates()[name]), searches=False)

    assert result.recommended is not None
    assert result.option("rented").feasible
    assert result.option("own-servers").feasible


def test_six_numbers_go_where_they_belong():
    scenario = parse(_six.scenario_text("support-chat", OWN))
    rented = scenario.option("rented")

    assert 12_345 == scenario.workload.requests_per_day.value
    assert 700 == scenario.workload.input_tokens_per_request.value
    assert 90 == scenario.workload.output_tokens_per_request.value
    assert "openai/gpt-6-luna" == scenario.option("api-today").model
    assert ["api-today", "rented"] == [option.name for option in scenario.options]
    assert "H200-SXM" == rented.gpu
    assert 0.75 == rented.people.run_fte.value


def test_a_number_of_ones_own_is_an_assumption_and_the_range_holds_it():
    requests = parse(_six.scenario_text("support-chat", OWN)).workload.requests_per_day

    assert "assumption" == requests.evidence
    assert requests.low <= 12_345 <= requests.high


def test_numbers_that_make_no_scenario_are_a_sentence():
    with pytest.raises(InputError):
        _six.scenario_text("support-chat", OWN._replace(input_tokens=-1.0))


@pytest.fixture
def opened(open_app):
    return at_page(open_app(), "start")


def test_the_button_above_the_pages_leads_here(open_app):
    app = open_app()
    next(button for button in app.button if button.label == "Start from").click().run()

    assert "Start from" == app.header[0].value


def test_six_numbers_give_an_answer(opened):
    widgets = {widget.label: widget for widget in opened.number_input}
    widgets["Requests a day"].set_value(10_000.0)
    next(b for b in opened.button if b.label == "Show the answer").click().run(timeout=120)
    scenario = parse(opened.session_state["scenario_text"])

    assert not opened.exception
    assert 10_000 == scenario.workload.requests_per_day.value
    assert plain(headline(evaluate(scenario))) == opened.header[0].value


def test_a_claim_can_be_opened(opened):
    box = next(box for box in opened.selectbox if box.label == "Example")
    claim = next(name for name in box.options if name.startswith("Claim"))
    box.select_index(box.options.index(claim)).run(timeout=60)
    next(b for b in opened.button if b.label == "Open it").click().run(timeout=120)

    assert not opened.exception
    assert opened.session_state["scenario_origin"].startswith("claim-")


def test_nothing_to_hold_against_is_told(opened):
    opened.get("button_group")[0].set_value([])
    next(b for b in opened.button if b.label == "Show the answer").click().run(timeout=60)

    assert any("Choose at least one way" in error.value for error in opened.error)


def test_nothing_is_drawn_that_was_meant_for_readers_of_the_code(open_app):
    app = at_page(open_app(), "start")

    assert "Start from" == app.main[0].value
