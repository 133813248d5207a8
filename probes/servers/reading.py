"""What has been read of one answer so far, whatever the server's form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probes.trace import FailureKind

DETAIL_CHARACTERS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One chunk that may carry tokens.

    Attributes:
        at_ns: when it arrived.
        ids: the token ids in it; None where the server gives none.
        running: output tokens so far, by the server's usage in this very chunk; None where it has none.
        has_text: whether there is text in it.
        last: whether it says that the answer is over.
    """

    at_ns: int
    ids: tuple[int, ...] | None = None
    running: int | None = None
    has_text: bool = False
    last: bool = False


@dataclass(slots=True)
class Reading:
    """What has been read of one answer so far."""

    chunks: list[Chunk] = field(default_factory=list)
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    reasoning_seen: bool = False
    has_logprobs: bool = False
    finished: bool = False
    finish_reason: str = ""
    failure: FailureKind | None = None
    detail: str = ""

    def fail(self, kind: FailureKind, detail: str) -> None:
        """Notes that the answer cannot be used, in the server's words."""
        self.failure = kind
        self.detail = detail[:DETAIL_CHARACTERS]

    def finish(self, reason: Any) -> None:
        """Notes that the answer is whole."""
        self.finished = True
        if isinstance(reason, str):
            self.finish_reason = reason


def count(value: Any, otherwise: int | None = None) -> int | None:
    """A number of tokens as servers write it; anything else is `otherwise`.

    >>> count(3), count("3", 7), count(True), count(-1)
    (3, 7, None, None)
    """
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else otherwise


def inside(value: Any, key: str) -> Any:
    """`value[key]` where `value` is an object, else None.

    >>> inside({"a": 1}, "a"), inside(None, "a")
    (1, None)
    """
    return value.get(key) if isinstance(value, dict) else None
