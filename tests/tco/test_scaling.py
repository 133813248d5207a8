from __future__ import annotations

from typing import Any

import pytest
import yaml

import tco
from tco.errors import InputError
from tests.factories import API, OWN, RENT, scenario_data


def parsed(base: dict[str, Any] = RENT, **option: Any) -> Any:
    data = scenario_data(options=[API, {**base, **option}])
    return tco.parse(yaml.safe_dump(data)).options[1]


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (
            {"scaling": {"min_replicas": 5, "max_replicas": 3}},
            "`min_replicas` 5 is more than `max_replicas` 3; swap them",
        ),
        ({"scaling": {"min_replicas": 0}}, "0 lets the last replica go, which a `fixed` fleet never does"),
        (
            {"scaling": {"min_replicas": -1}},
            "options.1.rent.scaling.min_replicas`: Input should be greater than or equal to 0",
        ),
        (
            {"scaling": {"start_up_minutes": 2000}},
            "`start_up_minutes` 2000 is more than 1,440 minutes; a fleet that starts so slowly cannot follow a day",
        ),
        (
            {"scaling": {"start_up_minutes": {"value": 5, "high": 2000}}},
            "`start_up_minutes` 2000 is more than 1,440 minutes",
        ),
        ({"scaling": {"start_up_minutes": -1}}, "options.1.rent.scaling.start_up_minutes`: -1 is outside 0 or more"),
        ({"scaling": {"cool_down_minutes": 90}}, "`cool_down_minutes` 90 is more than 60 minutes"),
        ({"scaling": {"policy": "clever"}}, "options.1.rent.scaling.policy"),
        ({"scaling": {"start_up_minute": 3}}, "did you mean `start_up_minutes`?"),
        ({"failures": {"interruptions_per_hour": -0.1}}, "failures.interruptions_per_hour`: -0.1 is outside 0 or more"),
        (
            {"failures": {"gpu_availability_fraction": 1}},
            "failures.gpu_availability_fraction`: 1 is outside 0.5 to 0.999999",
        ),
        ({"availability_target_fraction": 1}, "availability_target_fraction`: 1 is outside 0.5 to 0.999999"),
        ({"failures": {"server_availability_fraction": 0.99}}, "is of servers of one's own"),
        ({"upgrades": {"max_surge": 0}}, "both 0, so no replica could ever be replaced"),
        ({"upgrades": {"upgrades_per_month": -2}}, "upgrades.upgrades_per_month`: -2 is outside 0 or more"),
    ],
)
def test_what_cannot_be_is_a_sentence_with_its_place(option: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        parsed(**option)

    assert sentence in str(caught.value)
    assert "options.1" in str(caught.value) or "did you mean" in str(caught.value)


def test_servers_of_ones_own_may_fail_whole() -> None:
    option = parsed(OWN, failures={"server_availability_fraction": 0.995})

    assert option.failures.server_availability_fraction.value == 0.995


def test_a_scenario_without_a_word_on_it_stands_all_the_time() -> None:
    option = parsed()

    assert ("fixed", 1, None, None) == (
        option.scaling.policy,
        option.scaling.min_replicas,
        option.scaling.start_up_minutes,
        option.failures.interruptions_per_hour,
    )


def test_what_is_written_is_read_back() -> None:
    data = scenario_data(
        options=[API, {**RENT, "scaling": {"policy": "reactive", "min_replicas": 0, "start_up_minutes": 3}}]
    )
    question = tco.parse(yaml.safe_dump(data))

    assert question == tco.parse(tco.dump(question))
