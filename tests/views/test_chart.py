from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from tco import evaluate
from tco.charts import cumulative_cost
from tests.factories import run, scenario

pytestmark = pytest.mark.slow


def _page() -> None:
    import streamlit as st  # noqa: PLC0415 - a script of its own

    from tco.views import _chart  # noqa: PLC0415

    _chart.draw(st.session_state["chart"], alt="What it shows", height=260)
    st.altair_chart(st.session_state["chart"], alt="What it shows", height=260)


def test_a_chart_is_drawn_as_streamlit_draws_one_that_it_checks():
    app = AppTest.from_function(_page)
    app.session_state["chart"] = cumulative_cost(evaluate(scenario(), {"test-run": run()}))
    ours, theirs = [each.proto for each in app.run().get("vega_lite_chart")]

    assert not app.exception
    assert "layer" in json.loads(ours.spec)
    assert ours == theirs
