"""What a person sees and does in the real app."""

from __future__ import annotations

import pytest

from scripts.screenshots import settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_the_answer_and_the_chart_fit_the_first_screen_of_a_desk(page, shared_app):
    page.goto(shared_app)
    settled(page)

    chart = page.get_by_test_id("stVegaLiteChart").bounding_box()
    assert chart["y"] + chart["height"] <= 900
