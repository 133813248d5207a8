from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tco import dump, evaluate, load, parse
from tco.share import Shared, link_code
from tests.factories import API, RENT
from tests.views.conftest import ROOT, at_page, key


def opened(code: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["s"] = code
    return app.run()


def edited(app: AppTest, volume: float) -> AppTest:
    at_page(app, "inputs")
    app.number_input(key(app, "workload.requests_per_day")).set_value(volume).run()
    return app


def test_what_the_app_opens_with_by_itself_is_not_in_the_address(open_app):
    assert "s" not in open_app().query_params


def test_a_change_is_in_the_address_and_opens_again(open_app):
    app = edited(open_app(), 12_345.0)
    code = app.query_params["s"]
    again = opened(code)

    assert not again.exception
    assert app.session_state["scenario_text"] == again.session_state["scenario_text"]
    assert at_page(app, "decision").header[0].value == again.header[0].value
    assert 12_345 == parse(again.session_state["scenario_text"]).workload.requests_per_day.value


def test_going_back_to_the_first_scenario_empties_the_address(open_app):
    app = edited(open_app(), 12_345.0)
    next(button for button in app.button if button.label == "Undo").click().run()

    assert "s" not in app.query_params
    assert 86_400 == parse(app.session_state["scenario_text"]).workload.requests_per_day.value


@pytest.mark.parametrize("code", ["x", "<script>alert(1)</script>", "A" * 7_000, "eJwr", "%00"])
def test_a_broken_link_is_a_sentence_and_the_app_opens(open_app, code):
    open_app()
    app = opened(code)

    assert not app.exception
    assert "The link could not be opened" in app.error[0].proto.title
    assert "Ask for the scenario file" in app.error[0].value
    assert app.metric


def test_a_scenario_that_is_not_valid_says_why(open_app):
    app = opened(
        link_code(Shared(text=dump(load_first(open_app)).replace("horizon_months: 12", "horizon_months: 999")))
    )

    assert not app.exception
    assert "`horizon_months`" in app.error[0].value


def load_first(open_app):
    return parse(open_app().session_state["scenario_text"])


def test_a_sender_who_saw_another_answer_is_told(open_app, folder):
    text = open_app().session_state["scenario_text"]
    same = opened(link_code(Shared(text=text, answer_id=evaluate(load(folder / "scenario.yaml")).answer_id)))
    other = opened(link_code(Shared(text=text, answer_id="0123456789ab", book_id="2020-01-01-abc")))

    assert not [w for w in same.warning if "Whoever sent this link" in w.value]
    (told,) = [w.value for w in other.warning if "Whoever sent this link" in w.value]
    assert "0123456789ab" in told
    assert "2020\\-01\\-01\\-abc" in told


def test_the_last_changes_can_be_undone_one_by_one(open_app):
    app = open_app()
    for volume in (1_000.0, 2_000.0, 3_000.0):
        edited(app, volume)
    seen = []
    for _ in range(3):
        next(button for button in app.button if button.label == "Undo").click().run()
        seen.append(parse(app.session_state["scenario_text"]).workload.requests_per_day.value)

    assert [2_000, 1_000, 86_400] == seen
    assert next(button for button in app.button if button.label == "Undo").disabled


def test_a_version_is_kept_by_name_and_opened_again(open_app):
    app = open_app()
    next(box for box in app.text_input if box.label == "Keep this version as").input("before")
    next(button for button in app.button if button.label == "Keep the version").click().run()
    edited(app, 12_345.0)
    next(button for button in app.button if button.label == "Open").click().run()

    assert not app.exception
    assert 86_400 == parse(app.session_state["scenario_text"]).workload.requests_per_day.value


def test_a_version_without_a_name_is_refused(open_app):
    app = open_app()
    next(button for button in app.button if button.label == "Keep the version").click().run()

    assert "Give the version a name." in [error.value for error in app.error]
    assert {} == app.session_state["versions"]


def test_a_link_that_gives_agreed_prices_away_says_so(open_app):
    app = open_app(options=[API | {"input_usd_per_mtok": {"value": 0.8, "evidence": "contract"}}, dict(RENT)])

    assert any("1 agreed price is in it" in warning.value for warning in app.warning)


def test_the_browsers_back_opens_what_the_address_held_before(open_app):
    """As Back does, the address is another one when the page is asked for anew, and nothing else has changed."""
    app = edited(open_app(), 1_000.0)
    before = app.query_params["s"]
    edited(app, 2_000.0)
    app.session_state["address"] = (app.session_state["address"][0], 0.0)
    app.query_params["s"] = before
    app.run()

    assert 1_000 == parse(app.session_state["scenario_text"]).workload.requests_per_day.value
    next(button for button in app.button if button.label == "Undo").click().run()
    assert 2_000 == parse(app.session_state["scenario_text"]).workload.requests_per_day.value


def test_back_after_an_undo_opens_what_was_undone(open_app):
    app = edited(open_app(), 1_000.0)
    before = app.query_params["s"]
    next(button for button in app.button if button.label == "Undo").click().run()
    assert "s" not in app.query_params
    app.session_state["address"] = (None, 0.0)
    app.query_params["s"] = before
    app.run()

    assert 1_000 == parse(app.session_state["scenario_text"]).workload.requests_per_day.value


def test_a_click_on_a_page_that_has_an_old_address_yet_takes_nothing_back(open_app):
    app = edited(open_app(), 1_000.0)
    before = app.query_params["s"]
    edited(app, 2_000.0)
    app.query_params["s"] = before
    edited(app, 3_000.0)

    assert 3_000 == parse(app.session_state["scenario_text"]).workload.requests_per_day.value


def test_an_address_that_this_session_never_wrote_changes_nothing(open_app):
    app = edited(open_app(), 1_000.0)
    app.session_state["address"] = (app.session_state["address"][0], 0.0)
    app.query_params["s"] = link_code(Shared(text=app.session_state["scenario_text"].replace("1000.0", "9.0")))
    app.run()

    assert 1_000 == parse(app.session_state["scenario_text"]).workload.requests_per_day.value
