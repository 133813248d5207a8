"""The records of actuals: one value of one month, and what comes of all of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Actual:
    """What one input, or one bill, was in one month.

    Attributes:
        month: of the scenario, 1 is the first.
        path: of an input as in `--set`; or `options.NAME.line_items.ITEM`, `options.NAME.monthly_usd`, `options.NAME.goodput_requests_per_s`,
            `options.NAME.gpu_hours`.
        value: in the unit that the path's name ends with; bills in USD.
        source: where it comes from.
    """

    month: int
    path: str
    value: float
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actuals:
    """All that was read.

    Attributes:
        rows: by month and path, each pair once.
        first_month: the calendar month that is the scenario's first, `2026-12`.
        notes: what of the file was left out, in sentences.
    """

    rows: tuple[Actual, ...]
    first_month: str
    notes: tuple[str, ...] = ()

    def by_path(self) -> dict[str, dict[int, float]]:
        """Values by path and month, both in the order of the file."""
        found: dict[str, dict[int, float]] = {}
        for row in self.rows:
            found.setdefault(row.path, {})[row.month] = row.value
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One actual beside what was assumed.

    Attributes:
        month: of the scenario.
        path: see `Actual`.
        assumed: by the scenario for that month, in its unit.
        actual: what it was.
        explained: what the scenario would have had with all other actuals put in, for bills; None for inputs.
    """

    month: int
    path: str
    assumed: float
    actual: float
    explained: float | None = None

    @property
    def deviation_fraction(self) -> float | None:
        """Actual over assumed, less one; None where nothing was assumed."""
        return self.actual / self.assumed - 1 if self.assumed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How actuals of one path were put into the scenario.

    Attributes:
        path: of the input that was changed.
        because: path of the actuals that changed it.
        before: its value in the first month, as the scenario had it.
        after: as the actuals have it.
        months: how many months it was seen.
    """

    path: str
    because: str
    before: float
    after: float
    months: int
