"""Which shipped architecture a name means: of an option, of a run."""

from __future__ import annotations

from pricing import Architecture, Book, architecture, shipped_models
from pricing.tables import name_key


def known_architecture(name: str, book: Book | None = None) -> Architecture | None:
    """The shipped architecture of that name or Hugging Face id; None where there is none. A path is never looked at.

    Args:
        name: as a scenario or a run has it.
        book: where shipped architectures are looked up; null: the shipped ones.

    >>> known_architecture("meta-llama/Meta-Llama-3.1-8B-Instruct").name, known_architecture("/etc/passwd")
    ('Meta-Llama-3.1-8B', None)
    """
    key = name_key(name)
    for row in shipped_models(book):
        if key in (name_key(known) for known in row.ids):
            return architecture(row.name, book)
    return None


def is_same_model(one: str, other: str, book: Book | None = None) -> bool:
    """Whether two names mean one architecture: spelt alike, or ids of the same shipped file. Weights may differ, time does not hang on them.

    Args:
        one: a name.
        other: another.
        book: where shipped architectures are looked up; null: the shipped ones.

    >>> is_same_model("Meta-Llama-3.1-8B", "meta-llama/Meta-Llama-3.1-8B-Instruct"), is_same_model("Qwen3-8B", "Qwen3-14B")
    (True, False)
    """
    if name_key(one) == name_key(other):
        return True
    shape, other_shape = known_architecture(one, book), known_architecture(other, book)
    return shape is not None and other_shape is not None and shape.config_sha256 == other_shape.config_sha256
