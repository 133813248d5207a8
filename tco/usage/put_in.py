"""The measured workload in the place of a scenario's own, and as a file of its own."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from pricing.yaml_file import dump_yaml
from tco.errors import InputError
from tco.scenario import Scenario
from tco.scenario_file import of_data
from tco.usage.derived import NEEDED, Derived
from tco.workload.asked import Workload

_HEAD = "# Measured: from files of usage. Inputs that are not here no file tells: see `left_open` of `tco usage import --json`.\n"

_COUNTED_ELSEWHERE = (
    ("reasoning_tokens_per_request", "output_tokens_per_request", "reasoning is inside the output of the files"),
    ("cache_write_input_fraction", "cacheable_input_fraction", "the files tell what a cache answered"),
)
"""Inputs that go where the files do not tell them, but the one that then holds them; and why."""


def put_in(scenario: Scenario, derived: Derived) -> tuple[Scenario, tuple[str, ...]]:
    """A scenario with the measured workload; what the files do not tell stays as it was.

    Args:
        scenario: the rest of the question.
        derived: from `tco.usage.derive.workload_of`.

    Returns:
        The scenario, and what else had to be changed, in sentences.

    Raises:
        InputError: not all of what is needed was told.
    """
    _require(derived)
    data = scenario.model_dump(mode="json", by_alias=True, exclude_none=True)
    workload: dict[str, Any] = data["workload"]
    notes: list[str] = []
    if workload.pop("agent", None):
        notes.append(
            "the scenario's agent is gone: the prompts of the files are as they were sent, with all that had gathered"
        )
    if workload.pop("classes", None):
        notes.append("the scenario's classes of requests are gone: the files have one mean of all")
    for name, inside, because in _COUNTED_ELSEWHERE:
        if name in workload and name not in derived.quantities and inside in derived.quantities:
            del workload[name]
            notes.append(f"the scenario's {name} is gone: {because}")
    workload.update(deepcopy(derived.block()))
    return of_data(data).in_folder(scenario.folder), tuple(notes)


def workload_text(derived: Derived) -> str:
    """The measured workload as YAML, to be put into a scenario file.

    Raises:
        InputError: not all of what is needed was told.
    """
    _require(derived)
    block = derived.block()
    try:
        Workload.model_validate(block)
    except ValidationError as error:
        raise InputError(f"what the files say is no workload: {error.errors(include_url=False)[0]['msg']}") from None
    return _HEAD + dump_yaml({"workload": block})


def _require(derived: Derived) -> None:
    for name in NEEDED:
        if name not in derived.quantities:
            raise InputError(
                f"`{name}` is not told: {derived.left_open.get(name, 'it is not in the files')}",
                code="usage_incomplete",
                path=f"workload.{name}",
            )
