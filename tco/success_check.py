"""Whether the options solve tasks equally often: which one is cheapest by solved task, and what was taken as equal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tco.format import usd
from tco.result import Caution, OptionResult


def cheapest_per_task(options: Sequence[OptionResult]) -> str | None:
    """The option whose solved tasks cost least; None unless every option that can serve has such a cost, and there are two.

    Args:
        options: answers.
    """
    costs = {option.name: _cost_usd(option) for option in options if option.feasible}
    known = {name: cost for name, cost in costs.items() if cost is not None}
    if len(known) < max(2, len(costs)):
        return None
    return min(known, key=known.__getitem__)


def success_cautions(options: Sequence[OptionResult], recommended: str | None) -> Iterator[Caution]:
    """What success does to the answer: models taken as equally good, escalations that lead nowhere, another winner by solved task.

    Args:
        options: answers.
        recommended: the option to take by cost alone.
    """
    served = [option for option in options if option.feasible]
    unsaid = [option.name for option in served if option.task_cost is None]
    if unsaid and len({option.model for option in served}) > 1 and any(option.unit_costs for option in served):
        yield Caution(
            code="success_not_given",
            path=f"options.{unsaid[0]}.success",
            message=f"the options run different models, and nobody says how often {', '.join(unsaid)} succeed{'s' if len(unsaid) == 1 else ''}: "
            "their answers are taken as equally good; give `success`, and tasks that are solved are compared",
        )
    for option in served:
        if option.task_cost is not None and option.task_cost.reason is not None:
            yield Caution(
                code="no_cost_per_task",
                path=f"options.{option.name}.success",
                message=f"{option.name}: a solved task has no cost: {option.task_cost.reason}",
            )
    yield from _another_winner(options, recommended)


def _another_winner(options: Sequence[OptionResult], recommended: str | None) -> Iterator[Caution]:
    cheapest = cheapest_per_task(options)
    if cheapest is None or recommended is None or cheapest == recommended:
        return
    by_name = {option.name: option for option in options}
    least, other = (usd(_cost_usd(by_name[name])) for name in (cheapest, recommended))
    yield Caution(
        code="cheapest_per_task_differs",
        path=f"options.{cheapest}",
        message=f"by solved task {cheapest} is the cheapest, {least} against {other} of {recommended}, which costs less only while unsolved tasks cost nothing",
    )


def _cost_usd(option: OptionResult) -> float | None:
    return None if option.task_cost is None else option.task_cost.usd_per_successful_task
