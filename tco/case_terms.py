"""Cases of a scenario: what else may come true, as inputs that differ from those of the file, and how likely it is."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from tco.errors import InputError
from tco.workload.asked import Name

BASE = "base"
"""The case in which nothing differs: the file as it stands."""

_PROBABILITY = "probability_fraction"
_ADD_UP_WITHIN = 1e-9
_KEPT = ("schema", "name", "baseline", "cases")


class Case(BaseModel):
    """Inputs that differ in a case, by their path, and the probability of the case.

    Written flat: `low: {workload.requests_per_day: 50_000, probability_fraction: 0.2}`. A path is that of `--set`.

    Attributes:
        probability_fraction: how likely the case is; null: nobody says.
        sets: values by path: numbers, quantities, texts, as they stand in the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    probability_fraction: Annotated[float, Field(ge=0, le=1)] | None = None
    sets: Annotated[dict[str, Any], Field(min_length=1, max_length=200)]

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValueError(f"a case is a list of `path: value` lines; {data!r} is not")  # noqa: TRY004 - pydantic reports ValueError
        sets = {str(path): value for path, value in data.items() if path != _PROBABILITY}
        if not sets:
            raise ValueError(f"a case without any input is the file as it stands, which is the case {BASE!r}")
        return {"sets": sets} | ({_PROBABILITY: data[_PROBABILITY]} if _PROBABILITY in data else {})

    @model_serializer
    def _as_written(self) -> dict[str, Any]:
        told = {} if self.probability_fraction is None else {_PROBABILITY: self.probability_fraction}
        return told | self.sets

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The published schema has the flat form."""
        return {
            "type": "object",
            "title": "Case",
            "description": "Inputs that differ in a case, by their path, and the probability of the case.",
            "minProperties": 1,
            "properties": {_PROBABILITY: {"type": "number", "minimum": 0, "maximum": 1}},
        }


def _fit(cases: dict[str, Case]) -> dict[str, Case]:
    if BASE in cases:
        raise ValueError(f"{BASE!r} is the file as it stands; give the case another name")
    told = {name: case.probability_fraction for name, case in cases.items() if case.probability_fraction is not None}
    if told and len(told) < len(cases):
        missing = ", ".join(sorted(cases.keys() - told.keys()))
        raise ValueError(f"`{_PROBABILITY}` is given for some cases and not for: {missing}; give all or none")
    if sum(told.values()) > 1 + _ADD_UP_WITHIN:
        raise ValueError(
            f"the probabilities of the cases add up to {sum(told.values()):g}; what is left of 1 is that of the file as it "
            "stands, so they may add up to 1 at most"
        )
    return cases


Cases = Annotated[dict[Name, Case], Field(max_length=20), AfterValidator(_fit)]
"""Cases by name; all of them have a probability, or none has."""


def probabilities(cases: Mapping[str, Case]) -> dict[str, float | None]:
    """Probability of every case, the file as it stands first: it has what the others leave of 1; null where nobody says.

    >>> probabilities({"low": Case.model_validate({"horizon_months": 12, "probability_fraction": 0.25})})
    {'base': 0.75, 'low': 0.25}
    """
    told = {name: case.probability_fraction for name, case in cases.items()}
    known = [value for value in told.values() if value is not None]
    rest = max(0.0, 1 - sum(known)) if known else None
    return {BASE: rest, **told}


def require_paths(case: str, sets: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Refuses a case that names an input which the scenario does not have.

    Names that people chose (of one-off costs, extras, classes) must be in the file already: a slip in one would add a cost beside the one that is meant.
    To have a cost in one case only, write it into the file as 0.

    Args:
        case: its name.
        sets: values by path.
        known: the scenario as plain data with all its fields.

    Raises:
        InputError: no such path, with near ones; or one that says what the question is.
    """
    for path in sets:
        if path.split(".")[0] in _KEPT or (
            path.startswith("options.") and path.split(".")[2:] in ([], ["name"], ["kind"])
        ):
            raise InputError(
                f"case {case!r}: `{path}` says what is compared; a case changes inputs such as workload.requests_per_day",
                code="case_path",
                path=f"cases.{case}",
            )
        if not _leads(path.split("."), known):
            near = difflib.get_close_matches(path, list(_paths(known)), n=3, cutoff=0.5)
            hint = (
                f"near names: {', '.join(near)}"
                if near
                else "paths are those of `--set` and of `assumptions` in `tco plan --json`"
            )
            raise InputError(
                f"case {case!r}: the scenario has no input `{path}`; {hint}", code="case_path", path=f"cases.{case}"
            )


def _leads(keys: list[str], node: Any) -> bool:
    for key in keys:
        if node is None:  # open: its fields are known when the case is read
            return True
        if isinstance(node, list):
            node = {item.get("name"): item for item in node if isinstance(item, Mapping)}
        if not isinstance(node, Mapping) or key not in node:
            return False
        node = node[key]
    return True


def _paths(node: Any, path: str = "") -> Iterator[str]:
    if isinstance(node, list):
        named = {item["name"]: item for item in node if isinstance(item, Mapping) and "name" in item}
        yield from _paths(named, path)
    elif isinstance(node, Mapping) and "evidence" not in node:
        for key, value in node.items():
            yield from _paths(value, f"{path}.{key}" if path else str(key))
    elif path:
        yield path
