"""What can be wrong with a request for an architecture: three errors with one base, each one sentence that says what to do."""

from __future__ import annotations

BY_HAND = "give the parameters and the KV bytes per token by hand"
"""What a user can always do."""


class ArchitectureError(ValueError):
    """Base of this package's errors; the message is written for the user."""


class ArchitectureNotFound(ArchitectureError):  # noqa: N818 - reads as what happened, like PriceNotFound
    """Neither a shipped name nor a file. The message lists near names."""


class ConfigError(ArchitectureError):
    """A `config.json` that cannot be read or contradicts itself."""


class UnknownArchitecture(ArchitectureError):  # noqa: N818 - the word that users and docs know it by
    """A `config.json` of a family whose shapes this package does not know: refused by name, never guessed."""
