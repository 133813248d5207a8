"""Start from usage files: what is shown is what was read, and only sums stay."""

from __future__ import annotations

import pytest

from tco import evaluate, parse
from tco.answer import headline
from tco.shipped import shipped_templates
from tco.usage import UsageFile, read_usage, workload_of
from tco.views import _usage_start
from tco.words import plain
from tests.tco.usage.samples import FOLDER
from tests.views.conftest import ROOT, at_page, start

EXAMPLE = (ROOT / "scenarios" / "usage" / "example-hours.csv").read_bytes()


def derived(name: str = "litellm_daily.csv"):
    return workload_of(read_usage([UsageFile.at(FOLDER / name)]))


@pytest.mark.parametrize("template", shipped_templates())
def test_the_template_has_the_measured_workload_and_the_model_that_is_paid(template):
    scenario = parse(_usage_start.scenario_text(template, derived(), "openai/gpt-6-luna"))

    assert (1.5, "measured") == (scenario.workload.requests_per_day.value, scenario.workload.requests_per_day.evidence)
    assert "openai/gpt-6-luna" == scenario.single("api-today").model


@pytest.fixture
def page(open_app):
    return at_page(open_app(), "start")


def uploader(app):
    return next(box for box in app.file_uploader if box.label.startswith("Usage files"))


def upload(app, *files: tuple[str, bytes]):
    return uploader(app).set_value([(name, content, "text/plain") for name, content in files]).run(timeout=60)


def box(app, label):
    return next(each for each in app.selectbox if each.label == label)


def shown(app) -> str:
    return " ".join(part.value for part in (*app.markdown, *app.caption, *app.error))


def show_button(app):
    return [each for each in app.button if each.key == "start.usage.show"]


def test_nothing_is_asked_before_a_file_is_there(page):
    assert not page.exception
    assert not show_button(page)


def test_a_file_leads_to_an_answer(page):
    upload(page, ("litellm_daily.csv", (FOLDER / "litellm_daily.csv").read_bytes()))

    assert not page.exception
    assert plain(
        "1.5 requests a day with 766.7 tokens in and 133.3 out; a cache answered 17.4% of the input."
    ) in shown(page)
    assert (
        "openai/gpt-6.1-sol"
        == [each for each in page.selectbox if each.label == "Model that you pay for today"][-1].value
    )
    show_button(page)[0].click().run(timeout=120)
    scenario = parse(page.session_state["scenario_text"])
    assert not page.exception
    assert ("measured", 1.5) == (scenario.workload.requests_per_day.evidence, scenario.workload.requests_per_day.value)
    assert plain(headline(evaluate(scenario))) == page.header[0].value


def test_what_a_file_does_not_say_is_asked_on_the_page(page):
    upload(page, ("hours.csv", EXAMPLE))
    assert "*A row with several requests is of*, above" in page.error[0].value
    box(page, "A row with several requests is of").set_value("hour").run(timeout=60)
    assert "*Cached tokens are counted*, above" in page.error[0].value
    box(page, "Cached tokens are counted").set_value("inside").run(timeout=60)

    assert not page.error
    assert plain("39,990 requests a day") in shown(page)
    assert "is not explained" in shown(page)


def test_models_can_be_left_out(page):
    text = b"timestamp,requests,model,input_tokens,output_tokens\n2026-11-02,1,a,10,1\n2026-11-02,3,b,90,9\n"
    upload(page, ("log.csv", text))
    assert plain("4 requests a day with 25 tokens in") in shown(page)
    page.multiselect[0].set_value(["b"]).run(timeout=60)

    assert plain("3 requests a day with 30 tokens in") in shown(page)


def test_requests_that_nobody_counted_are_asked_for(page):
    # The sample's two hours are no whole day; days of the same form are.
    text = (FOLDER / "anthropic_usage.json").read_text().replace("T09:00:00Z", "T00:00:00Z").replace("T10:00:00Z", "T23:59:59Z").replace("T14:00:00Z", "T00:00:00Z").replace("T15:00:00Z", "T23:59:59Z").replace("T08:00:00Z", "T00:00:00Z")  # fmt: skip
    upload(page, ("anthropic.json", text.encode()))
    assert not show_button(page)
    next(each for each in page.number_input if each.key == "start.usage.requests").set_value(2.0).run(timeout=60)

    assert not page.exception
    assert show_button(page)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.csv", b"", "empty"),
        ("x.csv", b"\x89PNG\r\n\x1a\n\x00", "no text in UTF"),
        ("x.json", b"[" * 100_000, "nested too deep"),
        ("~~x~~ $5.csv", b"alpha,beta\n1,2\n", "of no source that is known here"),
    ],
)
def test_a_file_that_is_none_is_a_sentence_and_changes_nothing(page, name, content, sentence):
    before = page.session_state["scenario_text"]
    upload(page, (name, content))

    assert not page.exception
    assert sentence in page.error[0].value
    assert "~~x~~" not in page.error[0].value
    assert before == page.session_state["scenario_text"]


def test_nothing_that_anybody_wrote_stays_in_the_session(page):
    upload(page, ("spend.csv", (FOLDER / "litellm_spend_logs.csv").read_bytes()))
    asked, usage = page.session_state["start_usage"]
    kept = repr((asked, usage.files, usage.models, usage.facts, usage.notes, usage.cells.tolist()))

    assert "SECRET" not in shown(page) + kept


def test_what_was_read_is_let_go_with_the_answer(page):
    upload(page, ("litellm_daily.csv", (FOLDER / "litellm_daily.csv").read_bytes()))
    show_button(page)[0].click().run(timeout=120)

    assert "start_usage" not in page.session_state


def test_a_hosted_server_takes_usage_files_too(open_app, monkeypatch):
    monkeypatch.setenv("TCO_HOSTED", "1")
    monkeypatch.setenv("TCO_HOSTED_LOGIN", "0")
    monkeypatch.delenv("TCO_SCENARIO", raising=False)
    app = at_page(start(), "start")
    upload(app, ("litellm_daily.csv", (FOLDER / "litellm_daily.csv").read_bytes()))

    assert not app.exception
    assert show_button(app)
