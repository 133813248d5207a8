"""The shipped `config.json` files, and finding the one that a name, a Hugging Face id or a path means."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import lru_cache
from pathlib import Path

from pricing.architectures.build import build
from pricing.architectures.config import parse_config, read_config
from pricing.architectures.errors import ArchitectureNotFound
from pricing.architectures.records import Architecture
from pricing.book import Book, once_per_book, shipped_book
from pricing.tables import Record, did_you_mean, name_key

FOLDER = "architectures"
INDEX = f"{FOLDER}/index.csv"
LONGEST_NAME = 200
"""Of a longer text only the beginning is repeated in an error, and no near names are looked for."""


class ShippedModel(Record):
    """One row of the index: a shipped file and where it came from.

    Attributes:
        name: the shipped name, and the file's name without `.json`.
        hf_id: id on Hugging Face.
        aliases: other ids whose model has the same file in all that is used here, separated by blanks.
        source: where the file was read.
        as_of: the day of that source.
        note: what a reader must know, for example what was corrected.
    """

    name: str
    hf_id: str
    aliases: str | None = None
    source: str
    as_of: date
    note: str | None = None

    @property
    def ids(self) -> list[str]:
        """Everything that it is found by."""
        full = [self.hf_id, *(self.aliases or "").split()]
        return list(dict.fromkeys([self.name, *full, *(name.rpartition("/")[2] for name in full)]))


def architecture(name_or_path: str | Path, book: Book | None = None) -> Architecture:
    """What a model's `config.json` says, and what follows from it.

    Args:
        name_or_path: a shipped name (`Qwen3-8B`), a Hugging Face id (`meta-llama/Llama-3.1-8B-Instruct`), a `config.json`, or a
            folder that holds one. A shipped name wins over a folder of the same name; write `./NAME` for the folder.
        book: the book to read; null: the shipped one.

    Raises:
        ArchitectureNotFound: nothing shipped has that name, and no file is there.
        UnknownArchitecture: the file's family has no formula here.
        ConfigError: the file cannot be used.

    >>> model = architecture("Qwen/Qwen3-8B")
    >>> model.parameters_total, model.kv_bytes_per_token(2), model.kv_bytes(8192) / 2**30
    (8190735360, 147456.0, 1.125)
    """
    used = book or shipped_book()
    if isinstance(name_or_path, str):
        row = _by_name(used).get(name_key(name_or_path))
        if row is not None:
            return _shipped(used, row.name)
        if not name_or_path.strip():
            raise ArchitectureNotFound("the model's name is empty. `tco prices model` lists the shipped ones.")
    path = _existing(name_or_path)
    if path is None:
        raise ArchitectureNotFound(_not_found(str(name_or_path), used))
    raw, digest = read_config(path)
    file = path / "config.json" if path.is_dir() else path
    return build(raw, _name_of(file), config_sha256=digest, source=str(file))


def architectures(book: Book | None = None) -> tuple[Architecture, ...]:
    """Every shipped architecture, by name.

    Args:
        book: the book to read; null: the shipped one.
    """
    used = book or shipped_book()
    return tuple(_shipped(used, row.name) for row in shipped_models(used))


def shipped_models(book: Book | None = None) -> tuple[ShippedModel, ...]:
    """The index of shipped files, by name.

    Args:
        book: the book to read; null: the shipped one.
    """
    return _index(book or shipped_book())


@once_per_book
def _index(book: Book) -> tuple[ShippedModel, ...]:
    rows = [ShippedModel.model_validate(row) for row in book.table(INDEX)]
    return tuple(sorted(rows, key=lambda row: row.name.casefold()))


@once_per_book
def _by_name(book: Book) -> dict[str, ShippedModel]:
    return {name_key(known): row for row in reversed(_index(book)) for known in row.ids}


@lru_cache(maxsize=128)
def _shipped(book: Book, name: str) -> Architecture:
    row = next(row for row in _index(book) if row.name == name)
    content = book.file(f"{FOLDER}/{name}.json").read_bytes()
    return build(
        parse_config(content, name),
        name,
        config_sha256=hashlib.sha256(content).hexdigest(),
        source=row.source,
        hf_id=row.hf_id,
        as_of=row.as_of,
        notes=(row.note,) if row.note else (),
    )


def _existing(name_or_path: str | Path) -> Path | None:
    """The path, if something is there; a name too long for a path or of an unknown home is none."""
    try:
        path = Path(name_or_path).expanduser()
        return path if path.exists() else None
    except (OSError, RuntimeError, ValueError):
        return None


def _name_of(file: Path) -> str:
    return file.resolve().parent.name if file.name == "config.json" else file.stem


def _not_found(name: str, book: Book) -> str:
    names = [known for row in _index(book) for known in row.ids]
    near = did_you_mean(name.rpartition("/")[2] or name, names) if len(name) <= LONGEST_NAME else ""
    shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..."
    return (
        f"{shown!r} is neither a shipped model nor a file.{near} Download the model's config.json and name its path; "
        "`tco prices model` without a name lists the shipped models."
    )
