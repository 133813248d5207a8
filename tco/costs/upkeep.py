"""What recurs beside the model itself: evaluation, migrations, support, audits; and what leaving costs."""

from __future__ import annotations

import numpy as np

from tco.costs.paths import MONTHS_PER_YEAR, or_nothing
from tco.scenario import OwnOption, RentOption, TokenOption
from tco.terms.upkeep import Migrations
from tco.workload.demand import Months

AnyOption = TokenOption | RentOption | OwnOption


def evaluation_usd(option: AnyOption, months: int) -> Months:
    """Runs of the evaluation set: `runs · cost of a run` [USD/month]."""
    evaluation = option.evaluation
    if evaluation is None:
        return np.zeros(months)
    return evaluation.runs_per_month.numbers * evaluation.run_usd.numbers * np.ones(months)


def migrations_usd(option: AnyOption, months: int) -> Months:
    """Moves to another model: each at the start of month `k · every_months + 1`, for k = 1, 2, … [USD/month]."""
    moves = option.migrations
    if moves is None:
        return np.zeros(months)
    return moves.migration_usd.numbers * move_months(moves, months, 1)


def parallel_run_usd(option: AnyOption, serving_usd: Months) -> Months:
    """What is paid twice while an old and a new model both answer: `share of traffic · cost of serving`, in the months of a move [USD/month].

    Serving is what the vendor bills for tokens, or the rent of the machines. Servers of one's own are not bought twice: their second set, where there
    must be one, belongs into `migration_usd`.

    Args:
        option: the option.
        serving_usd: what serving costs by month [USD/month], shape (months,) or (draws, months).
    """
    moves = option.migrations
    if moves is None or moves.parallel_months == 0:
        return np.zeros(serving_usd.shape[-1])
    both = move_months(moves, serving_usd.shape[-1], moves.parallel_months)
    return moves.parallel_traffic_fraction.numbers * serving_usd * both


def move_months(moves: Migrations, months: int, length: int) -> Months:
    """1 in the first `length` months from each move on, else 0, shape (months,).

    >>> from tco.quantity import Quantity
    >>> yearly = Migrations(every_months=4, migration_usd=Quantity(value=1.0))
    >>> move_months(yearly, 10, 2).tolist()
    [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]
    """
    month = np.arange(months)
    return np.asarray((month >= moves.every_months) & (month % moves.every_months < length), dtype=float)


def support_usd(option: AnyOption, months: int) -> Months:
    """A support contract: `USD a year / 12` [USD/month]."""
    return or_nothing(option.obligations.support_usd_per_year) / MONTHS_PER_YEAR * np.ones(months)


def audits_usd(option: AnyOption, months: int) -> Months:
    """Compliance audits, spread over the year: `audits a year · cost of one / 12` [USD/month]."""
    duties = option.obligations
    return or_nothing(duties.audits_per_year) * or_nothing(duties.audit_usd) / MONTHS_PER_YEAR * np.ones(months)


def exit_usd(option: AnyOption, months: int, last: int | None = None) -> Months:
    """What leaving costs, in the last month: penalties, data taken back, disposal [USD/month].

    Args:
        option: the option.
        months: of the horizon.
        last: month in which it ends, 0 is the first; None: the last one of the horizon.
    """
    at_end = np.zeros(months)
    at_end[months - 1 if last is None else last] = 1.0
    return or_nothing(option.obligations.exit_usd) * at_end
