"""What has come true beside what was assumed, and whether the decision still stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tco.actuals.assumed import assumed, outcome_of
from tco.actuals.put_in import put_in, written_out
from tco.actuals.records import Actual, Actuals, Level, Row
from tco.compare import Comparison, Prepared, compare, prepare
from tco.errors import InputError
from tco.scenario import Scenario
from tco.what_if import Difference, difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A scenario after some of its months.

    Attributes:
        first_month: the calendar month that is its first.
        months: months that there are actuals of.
        rows: every actual beside what was assumed, in the order of the file.
        levels: what was put into the scenario.
        not_put_in: paths of actuals that are compared only, with the reason.
        moved: the way from the plan to what has come true: NPV of one option, step by step.
    """

    first_month: str
    months: tuple[int, ...]
    rows: tuple[Row, ...]
    levels: tuple[Level, ...]
    not_put_in: dict[str, str]
    moved: Difference

    @property
    def changes_sign(self) -> bool:
        """Whether the option saves where it did not, or the other way round; also where it can serve on one side only."""
        return _saves(self.moved.npv_first_usd) != _saves(self.moved.npv_second_usd)

    @property
    def flips(self) -> bool:
        """Whether the decision is another one: the recommendation, or the sign of the NPV."""
        return self.moved.flips or self.changes_sign


def check_actuals(
    scenario: Scenario,
    actuals: Actuals,
    option: str | None = None,
    *,
    last: int | None = None,
    on_step: Callable[[int, int], None] = lambda _done, _total: None,
) -> Checked:
    """Holds a scenario against what has come true.

    The actuals are put in as the level at which the whole horizon is answered again, with the scenario's own growth (`tco.actuals.put_in`): the NPV is that of
    the same decision with what is known now, months that are past included, so that it compares with the one of the plan.

    Args:
        scenario: as written.
        actuals: what has come true.
        option: whose NPV; null: the recommended one, or the best alternative where that is the baseline.
        last: only so many of the last months of each path are put in; null: all.
        on_step: called with the steps of the way that are done, and with all.

    Raises:
        InputError: the scenario has no such path, or has no alternative whose NPV could be compared.
    """
    prepared = prepare(scenario)
    found = compare(prepared, prepared.scenario)
    rows = [_row(actual, prepared, found) for actual in actuals.rows]
    before, after = written_out(scenario, prepared), written_out(scenario, prepared)
    put_in(after, prepared, _latest(actuals, last))
    name = option if option is not None else _of_interest(found, scenario.baseline)
    moved = difference(before.scenario(), after.scenario(), name, on_step=on_step)
    explained = after.answer()
    return Checked(
        first_month=actuals.first_month,
        months=tuple(sorted({row.month for row in rows})),
        rows=tuple(_explained(row, *explained) for row in rows),
        levels=tuple(after.levels),
        not_put_in=after.not_put_in,
        moved=moved,
    )


def _row(actual: Actual, prepared: Prepared, found: Comparison) -> Row:
    had = float(assumed(actual.path, prepared, found)[actual.month - 1])
    return Row(month=actual.month, path=actual.path, assumed=had, actual=actual.value)


def _explained(row: Row, prepared: Prepared, found: Comparison) -> Row:
    outcome = outcome_of(row.path, prepared.scenario)
    if outcome is None or not found.option(outcome[0]).feasible:
        return row
    return replace(row, explained=float(assumed(row.path, prepared, found)[row.month - 1]))


def _latest(actuals: Actuals, last: int | None) -> Actuals:
    if last is None:
        return actuals
    kept = {path: sorted(values)[-last:] for path, values in actuals.by_path().items()}
    return replace(actuals, rows=tuple(row for row in actuals.rows if row.month in kept[row.path]))


def _of_interest(found: Comparison, baseline: str) -> str:
    name = found.recommended if found.recommended not in (None, baseline) else found.contender
    if name is None:
        raise InputError(
            "no alternative to the baseline can serve, so there is no NPV that could have moved; name one by --option"
        )
    return name


def _saves(npv_usd: float | None) -> bool:
    return npv_usd is not None and npv_usd > 0
