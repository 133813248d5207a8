"""Demand by month as formulas: what comes, how long it is, and the peak that machines must carry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tco.report.xlsx.cells import Cell, Held, Line
from tco.report.xlsx.desk import Desk
from tco.report.xlsx.expressions import Expr
from tco.report.xlsx.functions import added, largest
from tco.scenario import OwnOption, RentOption, TokenOption
from tco.workload.batch import window_work
from tco.workload.demand import HOURS_PER_DAY, SECONDS_PER_DAY, TOKENS_PER_MTOK

_SAME = 1e-13
LENGTHS = (
    "workload.input_tokens_per_request",
    "workload.output_tokens_per_request",
    "workload.reasoning_tokens_per_request",
    "workload.agent.",
    "workload.classes.",
)
"""Inputs that change what a request asks of a replica."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The demand as rows and cells.

    Attributes:
        requests: in each month [requests/month].
        mean: mean rate of each month [requests/s].
        input_tokens: prompt length by month [tokens].
        output_tokens: answer length, reasoning included [tokens].
        cacheable: share of the input that a vendor's cache answers [fraction].
        lengthening: prompts over those of month 1; None: they stay as they are.
    """

    requests: Expr
    mean: Expr
    input_tokens: Expr
    output_tokens: Expr
    cacheable: Expr
    lengthening: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The workload's rows.

    Attributes:
        asked: the demand.
        input_mtok: prompts [Mtok/month].
        output_mtok: answers, reasoning included [Mtok/month].
        requests: in each month [requests/month].
    """

    asked: Asked
    input_mtok: Line
    output_mtok: Line
    requests: Line


def workload_rows(desk: Desk) -> Workload:
    """The workload's rows: requests, rates, lengths.

    Args:
        desk: whose sheet Workload they are written to.
    """
    sheet, inputs = desk.workload, desk.inputs
    growth = sheet.line(
        "Growth since month 1", "factor", (1 + inputs["workload.growth_per_month_fraction"]) ** (desk.month - 1)
    )
    per_day = inputs["workload.requests_per_day"] * growth
    requests = sheet.line("Requests", "requests/month", per_day * desk.hours / HOURS_PER_DAY, summed=True)
    mean = sheet.line("Mean rate", "requests/s", per_day / SECONDS_PER_DAY)
    first = sheet.value("Mean prompt in month 1", "tokens", _prompt(desk))
    longer = inputs.cells.get("workload.input_growth_per_month_fraction")
    lengthening = None
    if longer is not None:
        lengthening = sheet.line("Prompts over those of month 1", "factor", (1 + longer) ** (desk.month - 1))
    tokens = first if lengthening is None else first * lengthening
    prompt = sheet.line("Prompt", "tokens/request", tokens)
    answer = sheet.value("Mean answer, reasoning included", "tokens", _answer(desk, None))
    into = sheet.line("Prompt tokens", "Mtok/month", requests * prompt / TOKENS_PER_MTOK, summed=True)
    out = sheet.line("Answer tokens", "Mtok/month", requests * answer / TOKENS_PER_MTOK, summed=True)
    cacheable = sheet.value(
        "Share of the input that a vendor's cache answers", "fraction", _cacheable(desk), "fraction"
    )
    asked = Asked(
        requests=requests, mean=mean, input_tokens=prompt, output_tokens=answer, cacheable=cacheable, lengthening=lengthening
    )  # fmt: skip
    return Workload(asked=asked, input_mtok=into, output_mtok=out, requests=requests)


def sent_rows(desk: Desk, option: TokenOption | RentOption | OwnOption, asked: Asked) -> Asked:
    """The demand as it reaches an option: with what is sent in vain, and its own length of reasoning.

    Args:
        desk: where to.
        option: who is asked.
        asked: the demand.
    """
    retries, reasons = desk.given(option, "retry_fraction"), desk.given(option, "reasoning_factor")
    requests, mean, output = asked.requests, asked.mean, asked.output_tokens
    if retries is not None:
        label = f"{option.name}: requests, repeated ones included"
        requests = desk.workload.line(label, "requests/month", asked.requests / (1 - retries), summed=True)
        mean = desk.workload.line(f"{option.name}: mean rate", "requests/s", asked.mean / (1 - retries))
    if reasons is not None and "workload.reasoning_tokens_per_request" in desk.inputs.cells:
        label = f"{option.name}: mean answer, with its own reasoning"
        output = desk.workload.value(label, "tokens", _answer(desk, reasons))
    return Asked(
        requests=requests, mean=mean, input_tokens=asked.input_tokens, output_tokens=output, cacheable=asked.cacheable, lengthening=asked.lengthening
    )  # fmt: skip


def peak_weight(desk: Desk) -> Cell:
    """Rate that machines must carry over the mean rate: `max((1 − batch) · peak · (1 + headroom), what the deadlines need)`.

    What the deadlines need is the largest over all windows of time of a mix of two numbers, of which only those few are written down that can be the largest.
    """
    sheet, workload = desk.workload, desk.filled.workload
    batch = desk.of_all("workload.batchable_fraction")
    headroom = desk.of_all("workload.peak_headroom_fraction")
    shape = ("workload.profile", "workload.batch_deadline_hours")
    sheet.heading("Peak")
    busiest = Held(workload.weights.peak, shape, "the profile of the week")
    peak = sheet.value("Busiest hour of the week over the mean", "factor", busiest)
    needs = []
    for number, (urgent, due) in enumerate(deciding_windows(workload.weights.values, workload.batch_deadline_hours), 1):
        why = "the profile of the week"
        now = sheet.value(f"Window {number}: work, if nothing can wait", "factor", Held(urgent, shape, why))
        later = sheet.value(f"Window {number}: work, if everything can wait", "factor", Held(due, shape, why))
        needs.append(sheet.value(f"Window {number}: needs", "factor", (1 - batch) * now + batch * later))
    urgent_peak = (1 - batch) * peak * (1 + headroom)
    return sheet.value("Peak to be carried over the mean rate", "factor", largest(urgent_peak, *needs))


def deciding_windows(weights: tuple[float, ...], deadline_hours: int) -> list[tuple[float, float]]:
    """Windows of time that decide, at some share of requests that can wait, what capacity is needed: the upper envelope of straight lines.

    Args:
        weights: hour-of-week weights with mean 1.
        deadline_hours: of what can wait [h].

    Returns:
        Work of each if nothing and if everything can wait, over its length and the mean rate.
    """
    urgent, due = (np.append(each, 1.0) for each in window_work(weights, deadline_hours))
    if deadline_hours <= 1:
        return [(max(weights), max(weights))]

    def highest(batch: float) -> int:
        return int(np.argmax((1 - batch) * urgent + batch * due))

    def between(left: tuple[float, int], right: tuple[float, int]) -> list[int]:
        (_, one), (_, two) = left, right
        slopes = (due[one] - urgent[one], due[two] - urgent[two])
        if one == two or abs(slopes[0] - slopes[1]) < _SAME:
            return []
        crossing = float((urgent[one] - urgent[two]) / (slopes[1] - slopes[0]))
        found = highest(crossing)
        level = (1 - crossing) * urgent + crossing * due
        if level[found] <= level[one] + _SAME:
            return []
        return [*between(left, (crossing, found)), found, *between((crossing, found), right)]

    ends = (0.0, highest(0.0)), (1.0, highest(1.0))
    numbers = dict.fromkeys((ends[0][1], *between(*ends), ends[1][1]))
    return [(float(urgent[number]), float(due[number])) for number in numbers]


def _mean(desk: Desk, name: str) -> Expr:
    kinds = desk.filled.workload.classes
    if not kinds:
        return desk.of_all(f"workload.{name}")
    shares = [desk.of_all(f"workload.classes.{kind}.share_fraction") for kind in kinds]
    lengths = [desk.of_all(f"workload.classes.{kind}.{name}") for kind in kinds]
    weighted = added(*(share * length for share, length in zip(shares, lengths, strict=True)))
    return weighted / added(*shares)


def _prompt(desk: Desk) -> Expr | Held:
    """Of all steps of an agent, where there is one."""
    first, agent = _mean(desk, "input_tokens_per_request"), desk.filled.workload.agent
    if agent is None:
        return first
    if agent.compaction_tokens is not None:
        return Held(desk.filled.workload.mean_input_tokens, LENGTHS, "prompts of an agent that cuts its context")
    return first + desk.of_all("workload.agent.growth_tokens_per_step") * (_steps(desk) - 1) / 2


def _answer(desk: Desk, reasons: Cell | None) -> Expr:
    seen = _mean(desk, "output_tokens_per_request")
    reasoning = desk.inputs.cells.get("workload.reasoning_tokens_per_request")
    if reasoning is None:
        return seen
    return seen + (reasoning if reasons is None else reasoning * reasons)


def _cacheable(desk: Desk) -> Expr | Held:
    """With an agent whose history is cached: `(cacheable · first · fresh starts + cacheable history · history) / mean prompt`."""
    workload, agent = desk.filled.workload, desk.filled.workload.agent
    first = desk.of_all("workload.cacheable_input_fraction")
    if agent is None or agent.history_cacheable_fraction is None:
        return first
    if agent.compaction_tokens is not None:
        why = "prompts of an agent that cuts its context"
        return Held(float(workload.cacheable_input), (*LENGTHS, "workload.cacheable_input_fraction"), why)
    tokens, steps = _mean(desk, "input_tokens_per_request"), _steps(desk)
    growth = desk.of_all("workload.agent.growth_tokens_per_step")
    history = (steps - 1) * (tokens + growth * (steps - 2) / 2) / steps
    mean = tokens + growth * (steps - 1) / 2
    return (first * tokens / steps + desk.of_all("workload.agent.history_cacheable_fraction") * history) / mean


def _steps(desk: Desk) -> Cell:
    agent = desk.filled.workload.agent
    assert agent is not None
    return desk.inputs.setting("workload.agent.steps", agent.steps, "steps", "Calls of one task")
