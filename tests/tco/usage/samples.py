"""The sample files, and what each source can tell of the three requests that all of them are of (tests/data/usage/SOURCES.md)."""

from __future__ import annotations

from pathlib import Path

from tco.usage import Asked, ReadOptions, Usage, UsageFile, read_usage, zone_named

FOLDER = Path(__file__).parents[2] / "data" / "usage"

UTC = ReadOptions(zone=zone_named("UTC"))
INSIDE = ReadOptions(asked=Asked(cached="inside", bucket="hour"))


def sample(name: str, options: ReadOptions | None = None) -> Usage:
    """One of them, read."""
    return read_usage([UsageFile.at(FOLDER / name)], options)


def of_text(text: str, name: str = "log.csv", options: ReadOptions | None = None) -> Usage:
    """A file that a test wrote."""
    return read_usage([UsageFile.of_bytes(name, text.encode())], options)
