"""Agents: a task in several calls, each of which sends what has gathered so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from tco.quantity import Fraction, NonNegative, Numbers, Positive
from tco.terms.record import Record


class Agent(Record):
    """A task of `steps` calls. The first sends the workload's `input_tokens_per_request`, each further one `growth_tokens_per_step` more than the one before.

    `requests_per_day` counts the calls: a task of ten steps is ten of them. Where a prompt would become longer than `compaction_tokens`, the context is cut back to
    that of the first step. `history_cacheable_fraction` is the share of what was sent in the step before that a vendor's cache answers; null takes the workload's
    `cacheable_input_fraction` for all input alike.
    """

    steps: Annotated[int, Field(ge=1, le=1000)]
    growth_tokens_per_step: NonNegative
    compaction_tokens: Positive | None = None
    history_cacheable_fraction: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What the steps of one task send.

    Attributes:
        mean_tokens: mean prompt of a step [tokens].
        history_tokens: of which the step before had sent already, mean of all steps [tokens].
        fresh_starts_fraction: share of steps that begin anew, the first one included [fraction].
    """

    mean_tokens: Numbers
    history_tokens: Numbers
    fresh_starts_fraction: Numbers


def sent_by(agent: Agent, first_tokens: Numbers) -> Sent:
    """Prompts of all steps of a task.

    Without compaction they add up to `N · first + growth · N (N − 1) / 2`: where each step adds as much as the first sends, `N (N + 1) / 2` times that, 55 for 10.

    Args:
        agent: the task.
        first_tokens: prompt of the first step [tokens].

    Special cases: a first prompt that is longer than `compaction_tokens` is never cut; then every step sends it alone.

    >>> from tco.quantity import Quantity
    >>> ten = Agent(steps=10, growth_tokens_per_step=Quantity(value=1000))
    >>> float(sent_by(ten, np.asarray(1000.0)).mean_tokens) * 10 / 1000
    55.0
    """
    growth = agent.growth_tokens_per_step.numbers
    most = np.inf if agent.compaction_tokens is None else agent.compaction_tokens.numbers
    prompt = first_tokens
    total, history, starts = prompt, np.zeros(()), np.ones(())
    for _ in range(agent.steps - 1):
        longer = prompt + growth
        is_cut = longer > most
        history = history + np.where(is_cut, 0.0, prompt)
        starts = starts + is_cut
        prompt = np.where(is_cut, first_tokens, longer)
        total = total + prompt
    return Sent(np.asarray(total / agent.steps), np.asarray(history / agent.steps), np.asarray(starts / agent.steps))
