from __future__ import annotations

import pytest

from tco.claims.measures import MEASURES
from tco.what_if import Condition, condition_words
from tco.what_if.condition import METRICS


@pytest.mark.parametrize("metric", [*METRICS, *MEASURES])
def test_every_figure_that_a_condition_may_be_on_has_words(metric):
    said = condition_words(Condition(metric, ">=", 2.0), "rented")

    assert "_" not in said
    assert " of at least " in said
    assert "2" in said


def test_a_payback_has_words_of_its_own_where_it_has_an_end():
    assert "payback before 12.0 months" == condition_words(Condition("payback_months", "<", 12.0), "rented")
    assert "payback of at least 12.0 months" == condition_words(Condition("payback_months", ">=", 12.0), "rented")
    assert "rented recommended" == condition_words(Condition("recommended", "=", float("inf")), "rented")
