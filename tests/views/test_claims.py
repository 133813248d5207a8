from __future__ import annotations

import pytest

from tco.claims import answer_sentence, claim_of, judge
from tco.words import plain


@pytest.fixture
def page(open_app):
    app = open_app()
    app.switch_page("tco/views/claims.py")
    # Asks for no simulation of an engine.
    app.session_state["claims.number"] = 6
    return app.run(timeout=60)


def lines(app):
    return [text.value for text in app.markdown]


def test_the_verdict_is_that_of_the_command(page):
    judged = judge(claim_of(6))

    assert not page.exception
    assert f"- {plain(answer_sentence(judged.answers[0]))}" in lines(page)
    assert any("Left open" in line for line in lines(page))


def test_what_would_have_to_be_true_is_told_when_asked_for(page):
    assert not any("holds as long as Traffic" in line for line in lines(page))

    page.toggle[0].set_value(True).run(timeout=60)

    assert not page.exception
    assert any("holds as long as Traffic" in line for line in lines(page))


def test_its_scenario_can_be_opened(page):
    page.button(key="claims.open").click().run(timeout=60)

    assert not page.exception
    assert "claim-6-hosted-open-models" == page.session_state["scenario_origin"]
    assert "Claim 6, hosted open models" in page.session_state["scenario_text"]
    assert any("is open" in text.value for text in page.success)
    page.button(key="claims.undo").click().run(timeout=60)
    assert "claim-6-hosted-open-models" != page.session_state["scenario_origin"]


def test_another_claim_is_another_verdict(page):
    page.selectbox[0].select(4).run(timeout=60)

    assert not page.exception
    assert any("Mixtral 8x22B" in line for line in lines(page))
