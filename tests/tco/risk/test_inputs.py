"""Which numbers are one, and which move together."""

from __future__ import annotations

import numpy as np
import pytest

from tco.errors import InputError
from tco.risk.inputs import factor_of, uncertain_inputs
from tests.factories import API, OWN, RENT, run, scenario

PRICE, VOLUME = "options.api.output_usd_per_mtok", "workload.requests_per_day"
RUNS = {"rent": run(), "own": run()}
WIDE = {"value": 3.0, "low": 2.0, "high": 5.0}


def question(correlations=(), **changes):
    return scenario(
        options=[
            {**API, "output_usd_per_mtok": WIDE},
            {**RENT, "throughput_factor": {"value": 1.0, "low": 0.8, "high": 1.1}, "price_usd_per_hour": WIDE},
            {**OWN, "throughput_factor": {"value": 1.0, "low": 0.8, "high": 1.1}},
        ],
        workload__requests_per_day={"value": 50_000, "low": 20_000, "high": 90_000},
        **({"correlations": list(correlations)} if correlations else {}),
        **changes,
    )


def together(one, other, coefficient):
    return {"between": [one, other], "correlation": coefficient}


def test_two_options_that_rest_on_one_run_share_its_error():
    found = {each.path: each.paths for each in uncertain_inputs(question(), RUNS)}

    assert ("options.rent.throughput_factor", "options.own.throughput_factor") == found[
        "options.rent.throughput_factor"
    ]


def test_two_runs_err_each_for_itself():
    found = uncertain_inputs(question(), {"rent": run(), "own": run(run_id="another")})

    assert {"options.rent.throughput_factor", "options.own.throughput_factor"} <= {each.path for each in found}


def test_the_same_salary_is_one_number_and_the_same_change_of_two_sellers_prices_is_two():
    moving = {"price_change_per_year_fraction": {"value": 0.0, "low": -0.2, "high": 0.2}}
    paid = {"people": {"run_fte": 0.5}}
    asked = scenario(options=[{**API, **moving}, {**RENT, **moving, **paid}, {**OWN, **paid}])
    found = {each.path: each.paths for each in uncertain_inputs(asked, RUNS)}

    salary = tuple(f"options.{name}.people.cost_per_fte_usd_per_year" for name in ("api", "rent", "own"))
    assert salary == found[salary[0]]
    assert {f"options.{name}.price_change_per_year_fraction" for name in ("api", "rent")} <= set(found)


def test_without_correlations_all_are_independent():
    asked = question()
    inputs = uncertain_inputs(asked, RUNS)

    assert np.array_equal(np.eye(len(inputs)), factor_of(asked, inputs))


def test_a_rank_correlation_is_one_of_the_normal_numbers_behind():
    asked = question([together(PRICE, VOLUME, 0.6)])
    inputs = uncertain_inputs(asked, RUNS)
    factor = factor_of(asked, inputs)
    at = [next(n for n, each in enumerate(inputs) if path in each.paths) for path in (PRICE, VOLUME)]

    assert (factor @ factor.T)[at[0], at[1]] == pytest.approx(2 * np.sin(np.pi * 0.6 / 6))


def test_numbers_that_always_move_together_are_allowed():
    asked = question([together(PRICE, VOLUME, 1.0)])
    inputs = uncertain_inputs(asked, RUNS)
    factor = factor_of(asked, inputs)

    assert np.diag(factor @ factor.T) == pytest.approx(1.0)


RENT_PRICE = "options.rent.price_usd_per_hour"


@pytest.mark.parametrize(
    ("correlations", "sentence"),
    [
        (
            [together(PRICE, "workload.reqests_per_day", 0.5)],
            "no input has the path.*near names: workload.requests_per_day",
        ),
        ([together(PRICE, "workload.input_tokens_per_request", 0.5)], "has no range, so it does not move"),
        ([together(PRICE, VOLUME, 0.5), together(VOLUME, PRICE, 0.4)], "are given twice"),
        (
            [together("options.rent.throughput_factor", "options.own.throughput_factor", 0.5)],
            "are the same number in two options",
        ),
        (
            [together(PRICE, VOLUME, 0.9), together(VOLUME, RENT_PRICE, 0.9), together(PRICE, RENT_PRICE, -0.9)],
            "contradict each other: no numbers move together like this",
        ),
    ],
)
def test_what_cannot_be_is_a_sentence(correlations, sentence):
    asked = question(correlations)
    with pytest.raises(InputError, match=sentence):
        factor_of(asked, uncertain_inputs(asked, RUNS))


@pytest.mark.parametrize("correlation", [1.5, -2, "high"])
def test_a_correlation_is_between_minus_one_and_one(correlation):
    with pytest.raises(ValueError, match="correlation"):
        question([together(PRICE, VOLUME, correlation)])


def test_a_quantity_is_not_correlated_with_itself():
    with pytest.raises(ValueError, match="twice; a quantity always moves with itself"):
        question([together(PRICE, PRICE, 0.5)])
