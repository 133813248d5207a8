from __future__ import annotations

from collections.abc import Callable, Sequence

from tco.register import with_value
from tco.result import Driver
from tco.risk.tornado import drivers
from tco.scenario import Scenario
from tests.factories import scenario

QUESTION = scenario(
    workload__requests_per_day={"value": 100, "low": 50, "high": 300},
    workload__output_tokens_per_request={"value": 50, "low": 40, "high": 60},
    discount_rate_per_year={"value": 0.1, "low": 0.05, "high": 0.2},
)


def shaken(question: Scenario, npv_usd: Callable[[Scenario], float | None], concerns: tuple[str, ...]) -> list[Driver]:
    """The drivers, each change answered by a function of the whole scenario."""

    def after(changes: Sequence[tuple[str, float]]) -> list[float | None]:
        return [npv_usd(with_value(question, path, value)) for path, value in changes]

    return drivers(question, npv_usd(question), after, concerns)


def npv(question: Scenario) -> float | None:
    return question.workload.requests_per_day.value * 10 - question.workload.output_tokens_per_request.value - 600


def test_inputs_are_ranked_by_their_own_swing_and_the_rest_is_left_out() -> None:
    found = shaken(QUESTION, npv, ("api", "rent"))

    assert [driver.path for driver in found] == ["workload.requests_per_day", "workload.output_tokens_per_request"]
    assert [driver.swing_usd for driver in found] == [2500, 20]
    assert [driver.flips for driver in found] == [True, False]


def test_an_end_that_cannot_serve_comes_first_and_flips() -> None:
    def fragile(question: Scenario) -> float | None:
        return None if question.workload.output_tokens_per_request.value > 55 else 1.0

    found = shaken(QUESTION, fragile, ("api",))

    assert ("workload.output_tokens_per_request", None, True) == (
        found[0].path,
        found[0].npv_at_high_usd,
        found[0].flips,
    )


def test_other_options_are_not_shaken() -> None:
    question = scenario()
    data = question.options[1].model_copy(
        update={"price_usd_per_hour": question.options[1].price_usd_per_hour.model_copy(update={"high": 9.0})}
    )
    question = question.model_copy(update={"options": [question.options[0], data]})

    def price(q: Scenario) -> float:
        return q.option("rent").price_usd_per_hour.value

    assert shaken(question, price, ("api",)) == []
    assert [d.path for d in shaken(question, price, ("rent",))] == ["options.rent.price_usd_per_hour"]
