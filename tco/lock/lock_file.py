"""Lock files on disk: JSON, one line an input, so that a change of one is a change of one line."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from pricing.yaml_file import FileError, read_text
from tco.errors import InputError
from tco.lock.records import SCHEMA, Lock

_MAX_BYTES = 5_000_000


def default_path(scenario: str | Path) -> Path:
    """Where a scenario's lock lies: beside it.

    >>> default_path("plans/support-chat.yaml").as_posix()
    'plans/support-chat.lock'
    """
    return Path(scenario).with_suffix(".lock")


def write_lock(lock: Lock, path: str | Path) -> None:
    """Writes a lock file.

    Args:
        lock: the answer with what it rests on.
        path: where to.

    Raises:
        InputError: it cannot be written there.
    """
    data = lock.model_dump(mode="json", by_alias=True)
    told = {
        name: {key: part for key, part in each.items() if part is not None}
        for name, each in data.pop("quantities").items()
    }
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(each, ensure_ascii=False)}" for name, each in told.items())
    head = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False).removesuffix("\n}")
    try:
        Path(path).write_text(f'{head},\n "quantities": {{\n{rows}\n }}\n}}\n', encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None


def read_lock(path: str | Path) -> Lock:
    """Reads a lock file.

    Args:
        path: of it.

    Raises:
        InputError: no such file, not JSON, of a newer format, or not a lock.
    """
    try:
        text = read_text(Path(path), what="a lock file (make it with `tco lock SCENARIO.yaml`)", max_bytes=_MAX_BYTES)
        data = json.loads(text)
    except FileError as error:
        raise InputError(str(error)) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not a lock file: {error}; make it anew with `tco lock`") from None
    schema = data.get("schema") if isinstance(data, dict) else None
    if isinstance(schema, int) and schema > SCHEMA:
        raise InputError(
            f"{path}: `schema` {schema} is newer than {SCHEMA}, the newest that this version reads; upgrade the tool"
        )
    try:
        return Lock.model_validate(data)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise InputError(
            f"{path}: is not a lock file: {f'`{place}`: ' if place else ''}{problem['msg']}; make it anew with `tco lock`"
        ) from None
