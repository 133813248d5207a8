"""An engine's arguments as flags and values: read from a run, compared, written again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_FLAG = re.compile(r"--?[A-Za-z][A-Za-z0-9._-]*")
_SHORT = {
    "-tp": "--tensor-parallel-size",
    "-pp": "--pipeline-parallel-size",
    "-dp": "--data-parallel-size",
    "-q": "--quantization",
    "-n": "--nnodes",
    "-r": "--node-rank",
    "-ep": "--enable-expert-parallel",
    "-cc": "--compilation-config",
    "-ac": "--attention-config",
}
"""vLLM's short forms (its parser, 0.32)."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One argument of an engine.

    Attributes:
        name: with its dashes, in the long form where that is known.
        value: None for a switch.
    """

    name: str
    value: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """As a command has it."""
        if self.value is None:
            return (self.name,)
        # A value that begins with a dash would be read as the next flag.
        return (f"{self.name}={self.value}",) if self.value.startswith("-") else (self.name, self.value)


def read_flags(arguments: Sequence[str]) -> tuple[list[Flag], list[str]]:
    """Flags of a command line, and the words that are none.

    `--flag value`, `--flag=value`, `--flag`, `-tp 2` and underscores for dashes are read; of a flag that is given twice the last counts.

    Args:
        arguments: as they were given.

    >>> read_flags(["--max_model_len", "128", "-tp=2", "--enforce-eager", "stray"])[0]
    [Flag(name='--max-model-len', value='128'), Flag(name='--tensor-parallel-size', value='2'), Flag(name='--enforce-eager', value='stray')]
    """
    found: dict[str, Flag] = {}
    strays: list[str] = []
    words = list(arguments)
    while words:
        name, equals, value = words.pop(0).partition("=")
        if not _FLAG.fullmatch(name):
            strays.append(f"{name}{equals}{value}")
            continue
        plain = _plain(name)
        if not equals and words and not _is_flag(words[0]):
            value, equals = words.pop(0), "="
        found.pop(plain, None)
        found[plain] = Flag(plain, value if equals else None)
    return list(found.values()), strays


def written(flags: Iterable[Flag]) -> tuple[str, ...]:
    """The words of a command line.

    >>> written([Flag("--dtype", "auto"), Flag("--seed", "-1"), Flag("--enforce-eager")])
    ('--dtype', 'auto', '--seed=-1', '--enforce-eager')
    """
    return tuple(word for flag in flags for word in flag.words)


def _is_flag(word: str) -> bool:
    return _FLAG.fullmatch(word.partition("=")[0]) is not None and word.startswith("-")


def _plain(name: str) -> str:
    if not name.startswith("--"):
        return _SHORT.get(name, name)
    head, dot, rest = name.partition(".")
    return head.replace("_", "-") + dot + rest
