"""Which exports are known: one module each, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from tco.errors import InputError
from tco.usage.record import Skipped, UsageRecord
from tco.usage.row import Row
from tco.usage.sources import (
    anthropic_costs,
    anthropic_usage,
    bedrock,
    focus,
    gemini,
    generic,
    helicone,
    langfuse,
    litellm,
    litellm_daily,
    openai_costs,
    openai_usage,
    openrouter,
    otel,
    request_log,
)


class Source(Protocol):
    """What the module of a source offers."""

    NAME: str
    TITLE: str
    VERIFIED: str

    def matches(self, row: Row) -> bool:
        """Whether a row looks like this source's."""

    def records(self, row: Row) -> Iterator[UsageRecord | Skipped]:
        """What one row holds."""


_MODULES: tuple[Source, ...] = (
    openai_usage,
    openai_costs,
    anthropic_usage,
    anthropic_costs,
    litellm_daily,
    litellm,
    langfuse,
    openrouter,
    otel,
    bedrock,
    gemini,
    helicone,
    focus,
    request_log,
    generic,
)

SOURCES: dict[str, Source] = {module.NAME: module for module in _MODULES}
"""All sources by name, in the order in which a file is tried on them."""


def source_named(name: str) -> Source:
    """A source by its name.

    Raises:
        InputError: no such source.
    """
    if name not in SOURCES:
        raise InputError(
            f"--source {name[:40]!r} is not known; choose one of: {', '.join(SOURCES)}", code="source_unknown"
        )
    return SOURCES[name]


def source_of(row: Row) -> Source | None:
    """The source that a row looks like; None: it does not tell, as an empty bucket of a page does not."""
    return next((source for source in SOURCES.values() if source.matches(row)), None)
