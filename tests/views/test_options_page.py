"""Options side by side, on the page: the figures, what is ruled out, one option in detail, and the ways on."""

from __future__ import annotations

import json

import pytest

from tco.words import plain
from tests.factories import API, OWN, RENT
from tests.views.conftest import at_page, key


@pytest.fixture
def page(open_app):
    return at_page(open_app(options=[dict(API), dict(RENT), OWN | {"run": "test-run.json"}]), "options")


def table(app):
    return app.table[0].value


def test_options_are_columns_and_the_best_of_a_row_has_a_star(page):
    frame = table(page)

    assert not page.exception
    assert [":material/check_circle: api", "rent", "own"] == list(frame.columns)
    assert f"**{plain('$7,889')}** :material/star:" == frame.loc[plain("Cost in 12 months")].iloc[0]
    assert plain("$17.5k") == frame.loc[plain("Cost in 12 months")].iloc[1]
    assert plain("3 options side by side: api is best") in page.header[0].value


def test_the_chart_has_a_point_for_every_option_and_another_axis_can_be_chosen(page):
    page.selectbox(key(page, "options.axis")).select("Idle cost").run()
    spec = json.loads(page.get("vega_lite_chart")[0].proto.spec)

    assert not page.exception
    assert "Idle cost (USD), less is better" == spec["layer"][0]["encoding"]["y"]["title"]
    assert any(plain("Not drawn, because it is not known of them: api") in text.value for text in page.caption)


def test_one_option_is_told_in_detail(page):
    page.selectbox(key(page, "options.option")).select("own").run()
    shown = " ".join(text.value for text in page.markdown)

    assert not page.exception
    assert plain("It is an open model on your own servers") in shown
    assert plain("100,000 USD") in shown
    assert {"Its costs", "Its capacity", "Change it"} <= {button.label for button in page.button}


def test_its_costs_are_one_click_away(page):
    page.selectbox(key(page, "options.option")).select("own").run()
    page.button("options.cost").click().run()

    # AppTest does not follow to the page; what the page will show is set.
    assert "own" == page.session_state[key(page, "cost.option")]


def test_an_option_paid_per_token_has_no_capacity_to_see(page):
    page.selectbox(key(page, "options.option")).select("api").run()

    assert "Its capacity" not in {button.label for button in page.button}


def test_why_an_option_is_ruled_out_is_told_whole(open_app):
    page = at_page(
        open_app(options=[API | {"terms": {"retention_days": 30}}, dict(RENT)], constraints={"max_retention_days": 0}),
        "options",
    )
    shown = " ".join(text.value for text in page.markdown)

    assert not page.exception
    assert "data retention" == table(page).loc["Ruled out by"].iloc[0]
    assert plain("api is ruled out: data retention") in shown
    assert ":material/block: api" == table(page).columns[0]
