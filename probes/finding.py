"""The `Finding` record: one thing that was checked before a probe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "blocker"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was checked before a probe.

    Attributes:
        level: `ok`, `warn` (the probe runs, its numbers need a second look) or `blocker` (no engine can start here).
        sentence: what was found.
        remedy: what to do about it; empty when `level` is `ok`.
    """

    level: Level
    sentence: str
    remedy: str = ""
