"""The pages as other people see them: the door, no probes, limits."""

from __future__ import annotations

import threading

import pytest

from probes.jobs.queue import JobQueue
from tco import InputError
from tco.views import _hosted, _job
from tco.views._probe_command import ProbeRequest
from tco.views._turns import LineIsFullError, Turns
from tests.factories import run
from tests.views.conftest import at_page


@pytest.fixture
def hosted(monkeypatch):
    monkeypatch.setenv("TCO_HOSTED", "1")
    monkeypatch.setenv("TCO_HOSTED_LOGIN", "0")
    return monkeypatch


@pytest.fixture
def visitor(hosted):
    """Puts somebody before the door."""
    hosted.setenv("TCO_HOSTED_LOGIN", "1")
    hosted.setenv("TCO_HOSTED_ALLOW", "@example.org")
    return lambda **claims: hosted.setattr("streamlit.user", claims)


def said(app):
    return [part.value for part in [*app.header, *app.markdown, *app.error]]


@pytest.mark.parametrize(
    ("claims", "title"),
    [
        ({}, "Please sign in"),
        ({"is_logged_in": False, "email": "ann@example.org", "email_verified": True}, "Please sign in"),
        ({"is_logged_in": True}, "You are signed in, but not on the list"),
        ({"is_logged_in": True, "email": "ann@example.org"}, "You are signed in, but not on the list"),
        ({"is_logged_in": True, "email": "ann@example.org", "email_verified": False}, "You are signed in, but not on the list"),
        ({"is_logged_in": True, "email": "eve@evil.org", "email_verified": True}, "You are signed in, but not on the list"),
        ({"is_logged_in": True, "email": ["ann@example.org"], "email_verified": True}, "You are signed in, but not on the list"),
    ],
)  # fmt: skip
def test_who_may_not_come_in_sees_nothing_of_the_app(open_app, visitor, claims, title):
    visitor(**claims)
    app = open_app()

    assert not app.exception
    assert [part.value for part in app.header] == [title]
    assert not app.metric
    assert not app.get("vega_lite_chart")
    assert "scenario_text" not in app.session_state
    assert 1 == len(app.button)


def test_who_is_on_the_list_comes_in(open_app, visitor):
    visitor(is_logged_in=True, email="Ann@example.org", email_verified=True)
    app = open_app()

    assert not app.exception
    assert app.metric
    assert "`Ann@example.org`" in [text.value for text in app.sidebar.caption]


def test_an_address_that_is_not_verified_counts_where_the_operator_says_so(open_app, visitor, hosted):
    visitor(is_logged_in=True, email="ann@example.org")
    hosted.setenv("TCO_HOSTED_UNVERIFIED_EMAIL", "1")

    assert open_app().metric


def test_a_list_that_cannot_be_read_lets_nobody_in_and_names_no_file(open_app, visitor, hosted, tmp_path):
    visitor(is_logged_in=True, email="ann@example.org", email_verified=True)
    hosted.setenv("TCO_HOSTED_ALLOW_FILE", str(tmp_path / "gone.txt"))
    app = open_app()

    assert ["The list of who may come in cannot be read. Ask the operator of this server."] == said(app)
    assert not app.metric


def test_probes_are_off_and_nothing_is_said_of_the_machine(open_app, hosted, folder):
    asked = []
    hosted.setattr(JobQueue, "add", lambda *given: asked.append(given))
    # Runs of others that lie on the server are not on offer.
    (folder / "runs").mkdir()
    (folder / "runs" / "others.json").write_text(run().to_json(), encoding="utf-8")
    app = at_page(open_app(), "probe")

    assert not app.exception
    assert [_job.OFF] == [part.value for part in app.info]
    assert not [part for part in app.button if part.label == "Start the probe"]
    assert not [text for text in said(app) if "This machine" in text]
    assert not [option for option in app.selectbox(key="run_choice").options if "others" in option]
    # Nor does the function behind the button.
    request = ProbeRequest(
        target=("--endpoint=http://169.254.169.254", "--served-model=m"),
        concurrency="1",
        input_tokens=1,
        output_tokens=1,
        repeats=1,
        budget_minutes=1,
    )
    assert _job.start(request) == _job.OFF
    assert asked == []


def test_the_operators_own_scenario_answers_with_its_own_run(open_app, hosted):
    app = open_app()

    assert not app.exception
    assert app.metric
    assert ["test-run.json"] == list(app.session_state["runs"])


def test_a_scenario_that_names_a_file_of_the_server_is_told_in_a_sentence(open_app, hosted, folder):
    app = open_app()
    (folder / "secret.json").write_text(run().to_json(), encoding="utf-8")
    app.session_state["scenario_text"] = app.session_state["scenario_text"].replace("test-run.json", "secret.json")
    app.run()

    assert not app.exception
    assert "opens no file that a scenario names" in app.error[0].value
    assert not app.metric


def test_monte_carlo_has_a_limit(open_app, hosted):
    hosted.setenv("TCO_HOSTED_MAX_DRAWS", "1000")
    app = at_page(open_app(), "risk")

    assert not app.exception
    assert ["1,000"] == app.get("button_group")[0].options
    assert _hosted.draws_allowed((1_000, 10_000)) == (1_000,)
    hosted.setenv("TCO_HOSTED_MAX_DRAWS", "500")
    assert _hosted.draws_allowed((1_000, 10_000)) == (500,)
    hosted.setenv("TCO_HOSTED", "0")
    assert _hosted.draws_allowed((1_000, 10_000)) == (1_000, 10_000)


def test_a_session_holds_so_many_uploads(hosted):
    hosted.setenv("TCO_HOSTED_MAX_UPLOADS", "2")
    _hosted.require_room(1)
    with pytest.raises(InputError, match="holds 2 files"):
        _hosted.require_room(2)


def test_a_third_upload_is_refused_on_the_page(open_app, hosted):
    hosted.setenv("TCO_HOSTED_MAX_UPLOADS", "1")
    app = at_page(open_app(), "probe")
    app.file_uploader[0].upload("more.json", run().to_json().encode()).run()

    assert not app.exception
    assert "holds 1 files" in app.error[0].value
    assert ["test-run.json"] == list(app.session_state["runs"])


def test_turns_are_taken_in_order_and_given_back():
    turns, order, told = Turns(at_once=1, waiting=2), [], []
    first_is_in, go = threading.Event(), threading.Event()

    def work(name, before=told.append):
        with turns.turn(before):
            order.append(name)
            if name == "first":
                first_is_in.set()
                go.wait(10)

    threads = [threading.Thread(target=work, args=("first",))]
    threads[0].start()
    assert first_is_in.wait(10)
    for count, name in enumerate(("second", "third"), start=1):
        thread = threading.Thread(target=work, args=(name,))
        thread.start()
        threads.append(thread)
        while len(turns._line) < count + 1:
            pass
    with pytest.raises(LineIsFullError), turns.turn(told.append):
        pass
    go.set()
    for thread in threads:
        thread.join(10)

    assert ["first", "second", "third"] == order
    assert {1, 2} == set(told)
    assert [] == turns._line


def test_a_turn_is_given_back_whatever_ends_it():
    turns = Turns(at_once=1, waiting=1)
    with pytest.raises(ZeroDivisionError), turns.turn(lambda before: None):
        raise ZeroDivisionError

    def leaves(before):
        raise KeyError(before)

    with turns.turn(lambda before: None), pytest.raises(KeyError), turns.turn(leaves):
        pass
    assert [] == turns._line


def test_a_full_line_is_told_on_the_page(open_app, hosted):
    hosted.setenv("TCO_HOSTED_MAX_JOBS", "1")
    hosted.setenv("TCO_HOSTED_MAX_WAITING", "1")
    app = open_app()
    turns = _hosted._turns(1, 1)
    turns._line += [object(), object()]
    try:
        app = at_page(app, "risk")
    finally:
        turns._line.clear()

    assert not app.exception
    assert "This server is busy: 1 visitors wait already" in app.warning[0].value
    assert not app.metric
