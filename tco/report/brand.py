"""The brand: how a client's report looks."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
"""As `#rrggbb`."""


class Brand(BaseModel):
    """Colours and lines of text of a report."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    colour: Colour = "#1f4e79"
    confidentiality: Annotated[str, Field(max_length=200)] | None = None
