"""What all records of a run have in common: frozen, closed, and free of NaN."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """Frozen, closed record: an unknown key is an error, a NaN is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


NonNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class Interval(Record):
    """A mean with its 95 % confidence interval.

    `low` and `high` are null when there was too little to tell; `reason` then says what was missing. `effective_samples` is how many independent
    samples the interval rests on, which is fewer than there were when neighbours resemble each other.
    """

    mean: NonNegative
    low: NonNegative | None = None
    high: NonNegative | None = None
    effective_samples: NonNegative | None = None
    reason: str | None = None


class Bounds(Record):
    """95 % confidence bounds of one percentile, both of them order statistics of the sample."""

    low: NonNegative
    high: NonNegative


class Percentiles(Record):
    """Distribution of a latency over the requests of one cell [ms]. Null: not known (too few samples, not published).

    `bounds` holds the bounds of those percentiles that have them, by name (`p50`, `p99`); `missing` says why another is null or has none.
    """

    mean: NonNegative | None = None
    p50: NonNegative | None = None
    p90: NonNegative | None = None
    p95: NonNegative | None = None
    p99: NonNegative | None = None
    samples: Count | None = None
    bounds: dict[str, Bounds] = {}
    missing: dict[str, str] = {}


class Warn(Record):
    """A machine-readable caution about a run or a cell."""

    code: str
    message: str
    observed: float | None = None
    threshold: float | None = None
