"""The measured workload in a scenario's place: what the files tell is theirs, everything else stays."""

from __future__ import annotations

import pytest
import yaml

from tco import InputError, load, parse
from tco.scenario import Workload
from tco.scenario_file import of_data
from tco.shipped import shipped_templates
from tco.usage import put_in, workload_of, workload_text
from tests.factories import scenario_data
from tests.tco.usage.samples import sample


@pytest.fixture
def derived():
    return workload_of(sample("litellm_daily.csv"))


def with_workload(**changes):
    data = scenario_data()
    data["workload"] |= changes
    return of_data({name: value for name, value in data.items() if value is not None})


@pytest.mark.parametrize("name", shipped_templates())
def test_a_template_keeps_everything_that_the_files_do_not_tell(name, derived):
    template = load(shipped_templates()[name])
    changed, _ = put_in(template, derived)

    before, after = template.model_dump(), changed.model_dump()
    told = set(derived.block())
    assert {key for key in before["workload"] if before["workload"][key] != after["workload"][key]} <= told | {"reasoning_tokens_per_request", "cache_write_input_fraction", "agent"}  # fmt: skip
    assert {key for key in before if before[key] != after[key]} == {"workload"}
    assert 1.5 == changed.workload.requests_per_day.value
    assert "measured" == changed.workload.requests_per_day.evidence
    assert (
        parse(yaml.safe_dump(changed.model_dump(mode="json", by_alias=True, exclude_none=True))).workload
        == changed.workload
    )


def test_what_would_count_twice_goes_and_is_said(derived):
    changed, notes = put_in(with_workload(reasoning_tokens_per_request=100), derived)

    assert changed.workload.reasoning_tokens_per_request is None
    assert "the scenario's reasoning_tokens_per_request is gone: reasoning is inside the output of the files" in notes


def test_classes_give_way_to_the_mean_of_all(derived):
    kind = {"share_fraction": 1.0, "input_tokens_per_request": 100, "output_tokens_per_request": 50}
    data = scenario_data()
    data["workload"] = {key: value for key, value in data["workload"].items() if "tokens_per_request" not in key} | {
        "classes": {"chat": kind}
    }
    changed, notes = put_in(of_data(data), derived)

    assert {} == changed.workload.classes
    assert any("classes of requests are gone" in note for note in notes)


def test_an_agents_prompts_are_those_that_were_sent(derived):
    changed, notes = put_in(load(shipped_templates()["agent"]), derived)

    assert changed.workload.agent is None
    assert changed.workload.mean_input_tokens == pytest.approx(2300 / 3, rel=1e-5)
    assert any("agent is gone" in note for note in notes)


def test_the_text_is_a_workload_with_its_sources(derived):
    block = yaml.safe_load(workload_text(derived))["workload"]

    assert Workload.model_validate(block) == Workload.model_validate(derived.block())
    assert block["requests_per_day"]["source"] == "litellm_daily.csv (LiteLLM daily spend), 2026-11-02 to 2026-11-03"


def test_not_enough_is_said_with_the_way_out():
    for use in (workload_text, lambda d: put_in(with_workload(), d)):
        with pytest.raises(InputError, match="--requests-per-day") as raised:
            use(workload_of(sample("anthropic_usage.json")))
        assert "usage_incomplete" == raised.value.code
