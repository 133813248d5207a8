"""What a scenario says of its quantities together: which of them move with each other."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Correlation(BaseModel):
    """Two quantities that tend to be high together, or one high where the other is low.

    Attributes:
        between: their paths, as in the assumptions register.
        correlation: Spearman's rank correlation, -1 to 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    between: tuple[str, str]
    correlation: Annotated[float, Field(ge=-1, le=1)]

    @model_validator(mode="after")
    def _of_two(self) -> Correlation:
        if self.between[0] == self.between[1]:
            raise ValueError(f"`between` names {self.between[0]!r} twice; a quantity always moves with itself")
        return self
