"""Options as points: who is where, whom nobody beats, whose name stands where."""

from __future__ import annotations

import pytest

from tco import evaluate
from tco.option_charts import can_be_drawn, front_chart, front_frame
from tco.option_rows import Row
from tests.factories import API, RENT, run, scenario


@pytest.fixture(scope="module")
def result():
    options = [dict(API), dict(RENT), {**RENT, "name": "dear", "price_usd_per_hour": 4.0}, {**RENT, "name": "out"}]
    found = evaluate(scenario(options=options), {"test-run": run()}, searches=False)
    out = found.option("out").model_copy(update={"feasible": False, "reasons": ["it may not"], "total_usd": None})
    return found.model_copy(update={"options": [*found.options[:3], out]})


COST = Row("Answer", "Cost in 12 months", ("$1", "$2", "$3", "–"), (1.0, 2.0, 3.0, None), "low", unit="USD")
LATENCY = Row("Capacity", "TTFT P95", ("90 ms", "50 ms", "60 ms", "40 ms"), (90.0, 50.0, 60.0, 40.0), "low")


def test_the_front_is_of_those_that_nobody_beats_in_both(result):
    frame = front_frame(result, COST, LATENCY, {"out": 1.5}).set_index("option")

    # "dear" costs more than "rent" and answers later; "out" is better than both and may not be taken.
    assert [True, True, False, False] == frame.loc[["api", "rent", "dear", "out"], "front"].tolist()
    assert "ruled out" == frame.loc["out", "state"]
    assert "2 USD, if it were allowed" == frame.loc["out", "cost"]


def test_more_may_be_the_better_end(result):
    rating = LATENCY._replace(title="Rating", better="high")
    frame = front_frame(result, COST, rating, {}).set_index("option")

    assert ["api"] == list(frame.index[frame["front"]])
    assert "out" not in frame.index


def test_what_is_not_known_is_not_drawn(result):
    unknown = LATENCY._replace(numbers=(None, 50.0, None, None))

    assert ["rent"] == front_frame(result, COST, unknown, {})["option"].tolist()
    assert not can_be_drawn(unknown)
    assert can_be_drawn(LATENCY)
    assert not can_be_drawn(Row("Terms", "Kind", ("a", "b")))


def test_names_of_near_points_stand_on_two_sides(result):
    near = COST._replace(numbers=(1.0, 1.01, 2.0, None))
    level = LATENCY._replace(numbers=(50.0, 50.0, 90.0, None))
    data = front_chart(result, near, level, {}).to_dict()["datasets"]
    frame = next(rows for rows in data.values() if "below" in rows[0])

    assert {"api": False, "rent": True, "dear": False} == {row["option"]: row["below"] for row in frame}


def test_the_chart_says_what_its_axes_are(result):
    spec = front_chart(result, COST, LATENCY, {"out": 1.5}).to_dict()
    encodings = [layer["encoding"] for layer in spec["layer"]]

    assert {"Cost in 12 months (USD)"} == {each["x"]["title"] for each in encodings}
    assert {"TTFT P95, less is better"} == {each["y"]["title"] for each in encodings}
