"""What a solved task costs, as a formula (`tco.tasks`), where what is handed on goes to a person or to an option that is paid per token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tco.report.xlsx.desk import NOTHING, Desk
from tco.report.xlsx.expressions import Expr
from tco.report.xlsx.functions import added, smallest, total, when
from tco.report.xlsx.option_block import OptionRows
from tco.scenario import TokenOption
from tco.success_terms import HUMAN
from tco.units import LEAST_REQUESTS

_BY_REQUEST = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "parallel_run", "pipeline")
"""Lines of an option that is paid per token which grow with the requests; its people, one-offs and the like do not."""
_SAME = 1e-9
"""Relative difference to the engine beyond which its number is taken, and said to be."""


def task_cost(desk: Desk, requests: Expr, rows: Mapping[str, OptionRows], name: str, cost: Expr) -> Expr | None:
    """Cost of a solved task of an option; None where there is none, or only the engine can work it out.

    ```
    (cost of the option + of what is handed on) / (requests · solved)
    ```

    Tasks that are handed on to a self-hosted option need a fleet of their own size, and that is laid out by the engine.

    Args:
        desk: the desk.
        requests: of the horizon.
        rows: of all feasible options, by name.
        name: of the option.
        cost: of the option over the horizon [USD].
    """
    answer = desk.pack.result.option(name).task_cost
    if answer is None or answer.usd_per_successful_task is None:
        return None
    try:
        solved, further = _Chain(desk, rows, requests).beyond(name, None)
    except _EngineOnlyError:
        return None
    found = when(requests >= LEAST_REQUESTS, when(solved > 0, (cost + further) / (requests * solved), "none"), "none")
    here = found.value(0, desk.known)
    wanted = answer.usd_per_successful_task
    return found if isinstance(here, float) and abs(here - wanted) <= _SAME * abs(wanted) else None


class _EngineOnlyError(Exception):
    """No formula tells what is handed on costs where it goes."""


@dataclass(frozen=True, slots=True)
class _Chain:
    desk: Desk
    rows: Mapping[str, OptionRows]
    requests: Expr

    def beyond(self, name: str, share: Expr | None) -> tuple[Expr, Expr]:
        """What is solved of the tasks that an option is given, and what that costs beyond the option's own cost.

        Args:
            name: of the option.
            share: of all requests that it is given; None: all.
        """
        option = self.desk.filled.option(name)
        success = option.success
        if success is None:
            raise _EngineOnlyError
        solved: Expr = self.desk.needed(option, "success.success_fraction")
        if success.escalates_to is None:
            return solved + 0, NOTHING
        handed = smallest(self.desk.needed(option, "success.escalation_fraction"), 1 - solved)
        given = handed if share is None else share * handed
        if success.escalates_to == HUMAN:
            price = self.desk.needed(option, "success.human_usd_per_task")
            return solved + handed, given * self.requests * price
        there, further = self.beyond(success.escalates_to, given)
        # Where nothing is handed on, nobody is paid for it.
        own = when(given > 0, self._cost(success.escalates_to, given) + further, 0)
        return solved + handed * there, own

    def _cost(self, name: str, share: Expr) -> Expr:
        """What an option that is paid per token costs for a share of the requests: what does not hang on them in full; a tax saves the same share of both."""
        own = self.rows.get(name)
        if own is None or own.held or not isinstance(own.option, TokenOption) or own.option.then is not None:
            raise _EngineOnlyError
        by_request = added(*(total(own.lines[each].all) for each in _BY_REQUEST if each in own.lines))
        saved = 1 - self.desk.of_all("finance.tax_fraction")
        return total(own.by_time.all) - own.left - (1 - share) * by_request * saved
