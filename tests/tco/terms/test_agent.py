from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from tco import costs
from tco.scenario import TokenOption
from tco.terms.agent import Agent, sent_by
from tco.workload.asked import Workload
from tco.workload.demand import demand
from tests.factories import API, scenario

REQUESTS_PER_MONTH = 86_400 * 730.5 / 24


def agent(**changes: object) -> Agent:
    return Agent.model_validate({"steps": 10, "growth_tokens_per_step": 1_000, **changes})


def total(task: Agent, first_tokens: float = 1_000.0) -> float:
    return float(sent_by(task, np.asarray(first_tokens)).mean_tokens) * task.steps


@pytest.mark.parametrize("steps", [1, 2, 10, 50])
def test_n_steps_send_n_times_n_plus_one_over_two(steps: int) -> None:
    assert total(agent(steps=steps)) == pytest.approx(1_000 * steps * (steps + 1) / 2)


def test_a_longer_first_prompt_is_sent_by_every_step() -> None:
    # 3 x 5,000, and 0 + 1 + 2 steps' growth.
    assert total(agent(steps=3, growth_tokens_per_step=200), 5_000) == pytest.approx(15_000 + 600)


def test_compaction_cuts_the_context_back() -> None:
    # 1, 2, 3, 1, 2, 3, 1, 2, 3, 1 thousand tokens.
    task = agent(compaction_tokens=3_000)
    sent = sent_by(task, np.asarray(1_000.0))

    assert total(task) == pytest.approx(19_000)
    assert float(sent.fresh_starts_fraction) == pytest.approx(0.4)
    # Before each step that goes on: 1 and 2 thousand, three times.
    assert float(sent.history_tokens) * 10 == pytest.approx(9_000)


def test_the_history_is_read_from_the_cache() -> None:
    question = scenario(
        workload__input_tokens_per_request=1_000.0,
        workload__agent={"steps": 4, "growth_tokens_per_step": 1_000, "history_cacheable_fraction": 0.9},
    )
    option = TokenOption.model_validate({**API, "cached_input_usd_per_mtok": 0.1})
    asked = demand(question)
    # 1 + 2 + 3 + 4 thousand tokens, of which 1 + 2 + 3 were sent before and nine tenths of these are cached: 5.4 of 10.
    mtok = REQUESTS_PER_MONTH * 2_500 / 1e6

    assert costs.cached_input_tokens_usd(option, question, asked)[0] == pytest.approx(mtok * 0.54 * 0.1)
    assert costs.input_tokens_usd(option, question, asked)[0] == pytest.approx(mtok * 0.46 * 1.0)


def test_drawn_lengths_give_row_by_row_what_one_gives() -> None:
    task = agent(compaction_tokens=4_500)
    drawn = sent_by(task, np.array([[500.0], [1_000.0], [9_000.0]]))
    each = [sent_by(task, np.asarray(first)) for first in (500.0, 1_000.0, 9_000.0)]

    assert drawn.mean_tokens[:, 0].tolist() == pytest.approx([float(one.mean_tokens) for one in each])
    assert drawn.history_tokens[:, 0].tolist() == pytest.approx([float(one.history_tokens) for one in each])


def test_classes_have_their_agents_in_their_lengths() -> None:
    kind = {"share_fraction": 1, "input_tokens_per_request": 10, "output_tokens_per_request": 10}

    with pytest.raises(ValidationError, match="lengths of the classes"):
        Workload.model_validate({"requests_per_day": 1, "classes": {"a": kind}, "agent": agent().model_dump()})
