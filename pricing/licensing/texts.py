"""The licences of open models as read, text by text, and which model version is under which.

A licence belongs to a model version, never to a vendor or a family. The texts are in `pricing/data/licences.yaml`, the models in
`pricing/data/model_licences.csv`; whether a company may use a model: `pricing.licensing.allowed`.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any, Literal

from pricing.book import Book, once_per_book, shipped_book
from pricing.licensing.rules import Rule
from pricing.price import Evidence
from pricing.tables import Record, name_key

UNKNOWN = "unknown"
"""The licence of a model whose terms were not read."""

CommercialUse = Literal["yes", "with conditions", "with a paid licence", "no"]


class Licence(Record):
    """A licence text, read rule by rule.

    Attributes:
        id: short name.
        spdx: SPDX identifier, or null where there is none.
        title: its own title.
        licensor: who grants it; null: whoever publishes the model.
        version: version or date that the text carries.
        url: where the text is.
        use_policy_url: the acceptable use policy that it brings in, or null.
        commercial_use: in short; the rules decide.
        rules: what it allows, forbids and asks for.
        source: what was read.
        as_of: the day of the copy that was read, or of reading it.
        evidence: `literature`: the text was opened; `expert`: it was not, the rules are from others' reports.
        note: what a reader must know.
    """

    id: str
    spdx: str | None = None
    title: str
    licensor: str | None = None
    version: str | None = None
    url: str
    use_policy_url: str | None = None
    commercial_use: CommercialUse
    rules: tuple[Rule, ...]
    source: str
    as_of: date
    evidence: Evidence
    note: str | None = None


class ModelLicence(Record):
    """Which licences a model version is under.

    Attributes:
        model: our name of the model version.
        hf_id: its name on Hugging Face, or null.
        aliases: other names, also of a family where all its members have the same licence.
        version: what tells it from its siblings: a size, a date.
        licences: ids; all of them hold together (a distilled model carries its base's too); `unknown`: not read.
        multimodal: reads images, sound or video; null: not known.
        released_on: first day, or null where it was not read.
        source: what says that the model is under the licence.
        as_of: the day of what was read, or of reading it.
        evidence: `literature`: its maker's own text was opened; `expert`: others' reports or memory.
        note: what a reader must know.
    """

    model: str
    hf_id: str | None = None
    aliases: tuple[str, ...] = ()
    version: str | None = None
    licences: tuple[str, ...]
    multimodal: bool | None = None
    released_on: date | None = None
    source: str
    as_of: date
    evidence: Evidence
    note: str | None = None


def licences(book: Book | None = None) -> tuple[Licence, ...]:
    """Every licence text of the book.

    Args:
        book: the book to read; null: the shipped one.
    """
    return tuple(_licences(book or shipped_book()).values())


def model_licences(book: Book | None = None) -> tuple[ModelLicence, ...]:
    """Every model version of the book, with the licences that it is under.

    Args:
        book: the book to read; null: the shipped one.
    """
    return _models(book or shipped_book())


def licence_named(name: str, book: Book | None = None) -> Licence | None:
    """The licence with this id or SPDX name, or null.

    >>> licence_named("apache-2.0").title
    'Apache License 2.0'
    """
    return next((text for text in licences(book) if name_key(name) in _names(text)), None)


def models_named(name: str, book: Book | None = None) -> tuple[ModelLicence, ...]:
    """The model versions with this name; several where it is a family's.

    A maker's or seller's name in front, case, blanks and hyphens do not matter.

    >>> [row.version for row in models_named("meta-llama/llama 3.2 1b")]
    ['1B']
    """
    return _index(book or shipped_book()).get(_model_key(name), ())


def _names(text: Licence) -> set[str]:
    return {name_key(known) for known in (text.id, text.spdx) if known}


def _model_key(name: str) -> str:
    """The part after a seller's or maker's name: `meta-llama/Llama-3.2-1B` and `Llama 3.2 1B` are one."""
    return name_key(name.rsplit("/", 1)[-1])


@once_per_book
def _licences(book: Book) -> dict[str, Licence]:
    import yaml  # noqa: PLC0415 - only this table is YAML; the other look-ups start without it

    # The same safe loader in C, ten times faster, where the package was built with it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    rows: list[dict[str, Any]] = yaml.load(book.text("licences.yaml"), Loader=loader)  # noqa: S506 - a safe loader
    read = [Licence.model_validate(row) for row in rows]
    return {licence.id: licence for licence in read}


@once_per_book
def _models(book: Book) -> tuple[ModelLicence, ...]:
    return tuple(ModelLicence.model_validate(_split(row)) for row in book.table("model_licences.csv"))


def _split(row: dict[str, str | None]) -> dict[str, Any]:
    """Cells with several values are parted by semicolons."""
    several = {key: tuple((row.pop(key, None) or "").split(";")) for key in ("aliases", "licences")}
    return {**row, **{key: tuple(part.strip() for part in parts if part.strip()) for key, parts in several.items()}}


@once_per_book
def _index(book: Book) -> dict[str, tuple[ModelLicence, ...]]:
    """The models by every name that they have."""
    index: dict[str, list[ModelLicence]] = defaultdict(list)
    for row in _models(book):
        for key in {_model_key(name) for name in (row.model, row.hf_id, *row.aliases) if name}:
            index[key].append(row)
    return {key: tuple(rows) for key, rows in index.items()}
