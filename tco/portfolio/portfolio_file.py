"""The portfolio file: which workloads share which option."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from pricing.yaml_file import FileError, parse_yaml, read_text
from tco.errors import InputError
from tco.scenario import Scenario
from tco.scenario_file import load
from tco.workload.asked import Name

SCHEMA = 1
"""Number of the portfolio file's format; a file with a larger number is refused."""

_MAX_BYTES = 1_000_000


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class Member(_Record):
    """One workload: a scenario file, and how it comes into the portfolio.

    `load_factor` multiplies its requests. Its week runs `clock_shift_hours` later than that of the others: 6 for New York beside Berlin. `set` changes inputs as
    `--set` does.
    """

    scenario: Annotated[str, Field(min_length=1, max_length=500)]
    name: Name | None = None
    option: Name | None = None
    case: str | None = None
    load_factor: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    clock_shift_hours: Annotated[int, Field(ge=-23, le=23)] = 0
    set: dict[str, Any] = {}

    @property
    def called(self) -> str:
        """Its name; without one that of its scenario file."""
        return self.name or Path(self.scenario).stem


class Portfolio(_Record):
    """Workloads that share one self-hosted option, `option` of their scenarios unless a member names its own.

    `people` are those of `each` member, or `shared`: then the largest team of them runs all.
    """

    schema_: Annotated[int, Field(alias="schema", ge=1, le=SCHEMA)] = SCHEMA
    name: Name
    option: Name | None = None
    people: Literal["each", "shared"] = "each"
    members: Annotated[list[Member], Field(min_length=1, max_length=100)]

    _folder: Path = PrivateAttr(default_factory=Path)

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        names = [member.called for member in self.members]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two members are called {twice[0]!r}; give each its own `name`")
        if self.option is None and any(member.option is None for member in self.members):
            raise ValueError("name the shared option, `option: NAME`, once or in each member")
        return self

    def in_folder(self, folder: Path) -> Portfolio:
        """A copy whose scenario files are looked up in `folder`."""
        copy = self.model_copy()
        copy._folder = folder  # noqa: SLF001 - the one place that sets it
        return copy

    def scenario_of(self, member: Member) -> Scenario:
        """A member's scenario, in its case, with its settings and its load.

        Args:
            member: of this portfolio.

        Raises:
            InputError: see `tco.load`.
        """
        settings = [f"{path}={json.dumps(value, default=str)}" for path, value in member.set.items()]
        try:
            scenario = load(self._folder / member.scenario, settings, member.case)
        except InputError as error:
            raise InputError(f"member {member.called!r}: {error}", code=error.code, path=error.path) from None
        asked = scenario.workload.requests_per_day
        ends = {
            name: None if end is None else end * member.load_factor
            for name, end in (("low", asked.low), ("high", asked.high))
        }
        grown = asked.model_copy(update={"value": asked.value * member.load_factor, **ends})
        workload = scenario.workload.model_copy(update={"requests_per_day": grown})
        return scenario.model_copy(update={"workload": workload})

    def option_of(self, member: Member) -> str:
        """Name of the option that a member shares."""
        name = member.option or self.option
        assert name is not None  # `_names_fit` sees to it
        return name


def read_portfolio(path: str | Path) -> Portfolio:
    """Reads a portfolio file; scenario files are looked up beside it.

    Args:
        path: of the file.

    Raises:
        InputError: no such file, not YAML, or not a portfolio.
    """
    path = Path(path)
    try:
        data = parse_yaml(read_text(path, what="a portfolio file", max_bytes=_MAX_BYTES), max_bytes=_MAX_BYTES)
    except FileError as error:
        raise InputError(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    if not isinstance(data, dict):
        raise InputError(f"{path}: a portfolio is a list of `key: value` lines with `members`; this file is not")
    schema = data.get("schema", SCHEMA)
    if isinstance(schema, int) and schema > SCHEMA:
        raise InputError(
            f"{path}: `schema`: {schema} is newer than {SCHEMA}, the newest that this version reads; upgrade the tool"
        )
    try:
        return Portfolio.model_validate(data).in_folder(path.resolve().parent)
    except ValidationError as error:
        raise InputError(f"{path}: {_sentence(error)}", code="portfolio_invalid") from None


def _sentence(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    place = [str(part) for part in problem["loc"]]
    if problem["type"] == "extra_forbidden":
        known = [field.alias or name for name, field in (Member if len(place) > 1 else Portfolio).model_fields.items()]
        near = difflib.get_close_matches(place[-1], known, n=1, cutoff=0.5)
        return f"`{'.'.join(place)}` is not a known key; {f'did you mean `{near[0]}`?' if near else 'known here: ' + ', '.join(known)}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"`{'.'.join(place)}`: {message}" if place else message
