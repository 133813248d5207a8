"""The measured workload in the place of a scenario's own, and as a file of its own."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import yaml
from pydantic import ValidationError

from tco.errors import InputError
from tco.scenario import Scenario
from tco.scenario_file import of_data
from tco.usage.derived import NEEDED, Derived
from tco.workload.asked import Workload

_HEAD = "# Measured: from files of usage. Inputs that are not here no file tells: see `left_open` of `tco usage import --json`.\n"


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
    for name in ("reasoning_tokens_per_request", "cache_write_input_fraction"):
        told = name in derived.quantities
        because = (
            "reasoning is inside the output of the files"
            if name.startswith("reasoning")
            else "the files tell what a cache answered"
        )
        if (
            not told
            and name in workload
            and (name.startswith("reasoning") or "cacheable_input_fraction" in derived.quantities)
        ):
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
    return _HEAD + yaml.safe_dump({"workload": block}, sort_keys=False, allow_unicode=True, width=110)


def _require(derived: Derived) -> None:
    for name in NEEDED:
        if name not in derived.quantities:
            raise InputError(
                f"`{name}` is not told: {derived.left_open.get(name, 'it is not in the files')}",
                code="usage_incomplete",
                path=f"workload.{name}",
            )
