"""Run files: read with every doubt, written so that nothing is lost."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from probes.record import Percentiles
from probes.run import SCHEMA, Run

MAX_RUN_FILE_BYTES = 20_000_000
"""A larger file is not one of ours and is refused before it is read."""


class RunError(ValueError):
    """A run file cannot be used. The message says what was given, what is allowed and what to do."""


def run_from_json(text: str, where: str = "run") -> Run:
    """Reads a run from JSON text.

    Args:
        text: the file's content.
        where: how error messages name it, usually the path.

    Returns:
        The validated run.

    Raises:
        RunError: truncated or malformed JSON, a newer schema, an unknown or missing key, a number out of range.
    """
    data = _parse_object(text, where)
    schema = data.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool):
        raise RunError(
            f"{where}: no `schema` number; this is not a run file. Make one with `tco probe run --out FILE`."
        )
    if schema > SCHEMA:
        raise RunError(
            f"{where}: schema {schema} is newer than {SCHEMA}, the newest that this version reads. "
            "Upgrade the tool (`pip install --upgrade tco-llm`)."
        )
    try:
        run = Run.model_validate(data)
    except ValidationError as error:
        raise RunError(f"{where}: {_first_problem(error)}") from None
    _check_cells(run, where)
    return run


def load_run(path: str | Path) -> Run:
    """Reads a run file.

    Args:
        path: the file.

    Raises:
        RunError: no such file, too large, not text, or not a valid run (see `run_from_json`).
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > MAX_RUN_FILE_BYTES:
            raise RunError(f"{path}: {size} bytes; a run file has at most {MAX_RUN_FILE_BYTES}. Is it the right file?")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}). Name a file made by `tco probe run`.") from None
    except UnicodeDecodeError:
        raise RunError(f"{path}: not a text file. Name a file made by `tco probe run`.") from None
    return run_from_json(text, str(path))


def save_run(run: Run, path: str | Path) -> None:
    """Writes a run so that a reader never sees half a file, and a full disk never costs the previous one.

    The text goes to a temporary file in the same folder, is flushed to disk, and then replaces the target in one step.

    Raises:
        RunError: the folder cannot be written or the disk is full; the target is as it was.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.write(run.to_json())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise RunError(
            f"{path}: cannot be written ({error.strerror}). What was there is untouched; "
            "free some space or choose another place with --out."
        ) from None


def _parse_object(text: str, where: str) -> dict[str, Any]:
    try:
        data = json.loads(text, parse_constant=_no_nan)
    except (json.JSONDecodeError, RecursionError) as error:
        raise RunError(
            f"{where}: not valid JSON ({error}); the file may be cut off. "
            "An interrupted probe is finished by `tco probe resume FILE`."
        ) from None
    if not isinstance(data, dict):
        raise RunError(f"{where}: a run file is one JSON object, this is a {type(data).__name__}.")
    return data


def _no_nan(word: str) -> float:
    raise RunError(f"the file holds {word}, which is not a number that a run may carry. Measure that cell again.")


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    more = error.error_count() - 1
    return f"`{place}`: {problem['msg']}" + (f" (and {more} more)" if more else "")


def _check_cells(run: Run, where: str) -> None:
    for number, cell in enumerate(run.cells):
        if (cell.concurrency is None) == (cell.request_rate_per_s is None):
            raise RunError(
                f"{where}: `cells.{number}` must have exactly one of `concurrency` and `request_rate_per_s`."
            )
        for name in ("ttft_ms", "itl_ms", "tpot_ms", "e2e_ms"):
            values = [v for v in _ordered(getattr(cell, name)) if v is not None]
            if any(b < a and not math.isclose(a, b) for a, b in itertools.pairwise(values)):
                raise RunError(f"{where}: `cells.{number}.{name}`: percentiles must not fall from p50 to p99.")


def _ordered(values: Percentiles) -> list[float | None]:
    return [values.p50, values.p90, values.p95, values.p99]
