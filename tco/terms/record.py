"""The form of these records: frozen, no unknown key, no NaN."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A part of a scenario."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


def number_or_name(value: Any) -> str:
    """Which of the two a field holds that takes a number or a name of the book: so a slip is told as what it was meant to be."""
    return "name" if isinstance(value, str) else "number"
