"""The grid file: a base scenario, and axes along which its inputs change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, PrivateAttr, Tag, ValidationError

from pricing.yaml_file import FileError, Text, parse_yaml, read_text
from tco.errors import InputError
from tco.workload.asked import Name

SCHEMA = 1
"""Number of the grid file's format; a file with a larger number is refused."""

MAX_AXES = 20
MAX_CHOICES = 10_000
"""Values of one axis."""


def _number_as_text(key: Any) -> Any:
    return f"{key}" if isinstance(key, int | float) and not isinstance(key, bool) else key


def _form(axis: Any) -> str | None:
    return "list" if isinstance(axis, list) else "named" if isinstance(axis, dict) else None


AxisName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
ChoiceName = Annotated[
    str, BeforeValidator(_number_as_text), Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")
]
Settings = Annotated[dict[AxisName, Any], Field(min_length=1, max_length=100)]
AxisForm = Annotated[
    Annotated[list[Any], Field(min_length=1, max_length=MAX_CHOICES), Tag("list")]
    | Annotated[dict[ChoiceName, Settings], Field(min_length=1, max_length=MAX_CHOICES), Tag("named")],
    Discriminator(
        _form,
        custom_error_type="axis",
        custom_error_message="an axis is a path with a list of values, or a name with choices that set paths",
    ),
]


class Grid(BaseModel):
    """The question of a grid: the base scenario, and the axes. Every combination of the axes' values is a point.

    Attributes:
        schema_: number of the format.
        name: what it is called.
        question: what is asked, for people.
        scenario: the base scenario's file, relative to the grid file.
        axes: by name. A list of values: the name is the path of an input, as in `tco plan --set`. A mapping: the name is
            free, and each choice sets several paths at once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Annotated[int, Field(alias="schema", ge=1, le=SCHEMA)] = SCHEMA
    name: Name
    question: str | None = None
    scenario: Text
    axes: Annotated[dict[AxisName, AxisForm], Field(min_length=1, max_length=MAX_AXES)]

    _folder: Path | None = PrivateAttr(default=None)

    @property
    def folder(self) -> Path | None:
        """Folder that the scenario is looked up in: the grid file's own."""
        return self._folder

    def in_folder(self, folder: Path) -> Grid:
        """A copy whose scenario is looked up in `folder`."""
        copy = self.model_copy()
        copy._folder = folder  # noqa: SLF001 - the one place that sets it
        return copy


def load_grid(path: str | Path) -> Grid:
    """Reads a grid file.

    Args:
        path: the YAML file; its scenario is looked up beside it.

    Raises:
        InputError: no such file, too large (1 MB), not YAML, or not a valid grid: with the place and what is allowed.
    """
    path = Path(path)
    try:
        text = read_text(path, what="a grid file, e.g. scenarios/grids/model-gpu-volume.yaml,")
    except FileError as error:
        raise InputError(str(error)) from None
    try:
        return parse_grid(text).in_folder(path.resolve().parent)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def parse_grid(text: str) -> Grid:
    """Reads a grid from YAML text.

    Raises:
        InputError: see `load_grid`.

    Example:
        >>> grid = parse_grid("{name: volumes, scenario: demo.yaml, axes: {workload.requests_per_day: [1_000, 60_000]}}")
        >>> grid.axes["workload.requests_per_day"]
        [1000, 60000]
    """
    try:
        data = parse_yaml(text)
    except FileError as error:
        raise InputError(str(error)) from None
    if not isinstance(data, dict):
        raise InputError("a grid is a list of `key: value` lines with name, scenario and axes; this file is not")
    schema = data.get("schema", SCHEMA)
    if isinstance(schema, int) and schema > SCHEMA:
        raise InputError(
            f"`schema`: {schema} is newer than {SCHEMA}, the newest that this version reads; upgrade the tool"
        )
    try:
        return Grid.model_validate(data)
    except ValidationError as error:
        raise InputError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    """The first problem in words; the forms of an axis are no part of the place."""
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"] if part not in ("list", "named"))
    more = error.error_count() - 1
    tail = f" (and {more} more)" if more else ""
    if problem["type"] == "extra_forbidden":
        return f"`{place}` is not a known key; known here: schema, name, question, scenario, axes{tail}"
    if problem["type"] == "missing":
        return f"`{place}` is missing; add it: a grid has name, scenario and axes{tail}"
    return f"`{place}`: {problem['msg'].removeprefix('Value error, ')}{tail}"
