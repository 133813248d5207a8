from __future__ import annotations

from typing import Any

import tco
from tco.answer import explain
from tco.hybrid_charts import cost_over_replicas, hybrid_frame
from tco.hybrid_words import mix_sentence, neighbours
from tco.scenario import Scenario
from tests.factories import run
from tests.tco.hybrid.mixes import question

RUNS = {"test-run": run()}
BOTH: dict[str, Any] = {"name": "both", "kind": "cascade", "small": "rent", "large": "api", "escalation_fraction": 0.2}


def answered(**changes: Any) -> tco.Result:
    data = question(workload__profile=[0.5, 1.5] * 84, workload__requests_per_day=4 * 86_400.0, **changes).model_dump(
        by_alias=True
    )
    data["options"].append(BOTH)
    return tco.evaluate(Scenario.model_validate(data), RUNS, searches=False)


def test_who_carries_what_and_what_the_neighbours_of_the_optimum_cost() -> None:
    """Two replicas at 0.75 carry 5.2 of 8; one fewer loses 0.9 - 0.75 USD an hour, one more 0.75 - 0.72."""
    result = answered(base={"price_usd_per_hour": 0.75})
    option = result.option("mixed")
    assert option.hybrid is not None
    fewer, more = neighbours(option.hybrid)

    assert fewer is not None
    assert more is not None
    assert round(fewer, 2) == round(12 * 730.5 * 0.15, 2)
    assert round(more, 2) == round(12 * 730.5 * 0.03, 2)
    assert mix_sentence(option) == (
        "2 replicas of rent carry 65.0% of the requests; the rest goes to api (one fewer would cost $1,315 more, one more would cost $263 more)"
    )
    assert "2 replicas of rent carry 65.0% of the requests" in explain(result, option)


def test_all_or_nothing_is_said_as_such() -> None:
    dear, cheap = answered(base={"price_usd_per_hour": 9.0}), answered(base={"price_usd_per_hour": 0.01})
    given = answered(hybrid={"replicas": 0})

    assert mix_sentence(dear.option("mixed")) == "no number of replicas saves what it costs: everything goes to api"
    assert str(mix_sentence(cheap.option("mixed"))).startswith("4 replicas of rent carry all requests (one fewer would")
    assert mix_sentence(given.option("mixed")) == "there are no replicas: everything goes to api"
    assert mix_sentence(dear.option("rent")) is None


def test_a_cascade_says_who_gets_what() -> None:
    assert mix_sentence(answered().option("both")) == "every request goes to rent, 20.0% of them again to api"


def test_the_chart_has_a_point_for_each_number_and_marks_the_lowest() -> None:
    made = answered(base={"price_usd_per_hour": 0.75}).option("mixed").hybrid
    assert made is not None
    frame = hybrid_frame(made)

    assert frame["replicas"].tolist() == [0, 1, 2, 3, 4]
    assert "lowest at 2" in str(cost_over_replicas(made).to_dict())
