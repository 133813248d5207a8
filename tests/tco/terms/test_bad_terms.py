"""Input that cannot be used ends as one sentence with its place."""

from __future__ import annotations

from typing import Any

import pytest

from tco.errors import InputError
from tco.scenario_file import of_data
from tests.factories import API, OWN, RENT, scenario_data


def own(**hardware: Any) -> dict[str, Any]:
    return {"options": [API, {**OWN, "hardware": hardware}]}


def rent(**changes: Any) -> dict[str, Any]:
    return {"options": [API, {**RENT, **changes}]}


BAD = {
    "a fabric that there is not": (own(network_usd_per_gpu="token-ring"), "'infiniband' or 'ethernet'"),
    "a negative amount": (own(installation_usd_per_server=-5), "0 or more"),
    "a name in place of a number": (own(spares_fraction="some"), "'book'"),
    "an age that is no number": (own(resale_fraction={"old": 0.5}), "resale_fraction"),
    "a share above 1": (own(resale_fraction={"12": 1.5}), "0 to 1"),
    "nothing but failures": (rent(retry_fraction=1.0), "0 to 0.95"),
    "a training that reaches more than the peak": (rent(tuning={"training_tokens": 1, "mfu_fraction": 1.5}), "up to 1"),
    "a method that there is not": (rent(tuning={"training_tokens": 1, "method": "dpo"}), "'full', 'lora' or 'qlora'"),
    "a migration every 0 months": (rent(migrations={"every_months": 0, "migration_usd": 1}), "every_months"),
    "a commitment of two years": (rent(commitments={"a": {"commitment": "reserved-2y", "replicas": 1}}), "reserved-1y"),
    "no steps": ({"workload__agent": {"steps": 0, "growth_tokens_per_step": 1}}, "steps"),
    "half a step": ({"workload__agent": {"steps": 2.5, "growth_tokens_per_step": 1}}, "steps"),
    "more cached than there is": (
        {"workload__cacheable_input_fraction": 0.8, "workload__cache_write_input_fraction": 0.4},
        "more than 1",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_refused_in_a_sentence(name: str) -> None:
    changes, told = BAD[name]

    with pytest.raises(InputError) as refused:
        of_data(scenario_data(**changes))
    assert told in str(refused.value)
    assert "function-" not in str(refused.value)


def test_ages_of_a_curve_may_be_numbers() -> None:
    option = of_data(scenario_data(**own(resale_fraction={12: 0.6, 24: 0.4}))).option("own")

    assert list(option.hardware.resale_fraction) == ["12", "24"]
