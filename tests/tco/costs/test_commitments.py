from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

import tco
from tco import costs
from tco.capacity.fleet import Fleet, size_fleet
from tco.cashflow import ledger
from tco.errors import InputError
from tco.scenario import RentOption
from tco.workload.demand import demand
from tests.factories import API, RENT, replica, run, scenario

HOURS = 730.5


def rent(**changes: object) -> RentOption:
    return RentOption.model_validate({**RENT, **changes})


def fleet(most: list[float], least: list[float] | None = None, paid: list[float] | None = None) -> Fleet:
    """So many replicas of one GPU in the busiest and in the quietest hour, and on average."""
    question = scenario(horizon_months=len(most))
    sized = size_fleet(question.option("rent"), replica(question, "rent"), question.workload, demand(question))
    busy = np.array(most, dtype=float)
    return replace(
        sized,
        replicas=busy,
        least_replicas=np.array(least or most, dtype=float),
        paid_replicas=np.array(paid or most, dtype=float),
    )


def year(**changes: object) -> dict[str, object]:
    return {"commitment": "reserved-1y", "price_usd_per_hour": 1.2, **changes}


def test_what_is_agreed_is_paid_to_the_end_of_its_term_even_when_the_fleet_shrinks() -> None:
    option, question = rent(commitments={"year": year(replicas=4)}), scenario(horizon_months=15)
    stands = fleet([5] * 3 + [2] * 12)
    agreed = costs.committed_rent_usd(option, question, stands)
    rest = costs.gpu_rent_usd(option, question, stands)

    assert agreed[:12].tolist() == pytest.approx([4 * 1.2 * HOURS] * 12)
    # Then only the two that still stand are agreed again.
    assert agreed[12:].tolist() == pytest.approx([2 * 1.2 * HOURS] * 3)
    assert rest.tolist() == pytest.approx([1 * 2.0 * HOURS] * 3 + [0.0] * 12)


def test_what_does_not_renew_is_rented_by_the_hour_afterwards() -> None:
    option, question = rent(commitments={"year": year(replicas=2, renews=False)}), scenario(horizon_months=14)
    stands = fleet([2] * 14)

    assert costs.committed_replicas(option, stands).tolist() == [2] * 12 + [0] * 2
    assert costs.gpu_rent_usd(option, question, stands)[12] == pytest.approx(2 * 2.0 * HOURS)


def test_money_up_front_falls_when_a_term_begins_and_lowers_its_months() -> None:
    option = rent(commitments={"year": year(replicas=3, upfront_fraction=0.5)})
    question, stands = scenario(horizon_months=24), fleet([3] * 24)
    upfront = costs.commitment_upfront_usd(option, question, stands)
    monthly = costs.committed_rent_usd(option, question, stands)

    assert np.flatnonzero(upfront).tolist() == [0, 12]
    assert upfront[0] == pytest.approx(0.5 * 12 * 3 * 1.2 * HOURS)
    # Whatever is paid when, two years cost the same.
    assert upfront.sum() + monthly.sum() == pytest.approx(24 * 3 * 1.2 * HOURS)


def test_what_a_term_still_owes_at_the_horizon_is_due_there_or_passed_on() -> None:
    question, stands = scenario(horizon_months=18), fleet([3] * 18)
    terms = {name: year(replicas=3, upfront_fraction=0.25, at_horizon=name) for name in ("due", "passed-on")}
    due, passed = (
        costs.commitment_due_usd(rent(commitments={"year": term}), question, stands) for term in terms.values()
    )

    # The second year has six months left, three quarters of which were not paid up front.
    assert np.flatnonzero(due).tolist() == [17]
    assert due[17] == pytest.approx(6 * 3 * 1.2 * HOURS * 0.75)
    assert passed.tolist() == [0.0] * 18


def test_a_share_of_the_base_is_whole_replicas_of_those_that_always_stand() -> None:
    option = rent(commitments={"year": year(base_fraction=0.75)})
    stands = fleet([10] * 2, least=[6] * 2, paid=[8] * 2)

    assert costs.committed_replicas(option, stands).tolist() == [4, 4]
    assert costs.uncommitted_replicas(option, stands).tolist() == [4, 4]


def test_above_the_base_the_rest_is_the_most_that_the_hours_can_need() -> None:
    """6 to 10 replicas, 8 on average: half of the hours at either end. With 8 agreed, half of the hours need 2 more."""
    option = rent(commitments={"year": year(replicas=8)})
    stands = fleet([10], least=[6], paid=[8])

    assert costs.uncommitted_replicas(option, stands).tolist() == [1.0]
    with_agreed = costs.with_commitments(option, stands)
    assert with_agreed.paid_replicas.tolist() == [9.0]
    assert "the most that the hours can need" in with_agreed.capacity.reasons[-1]


@pytest.mark.parametrize(("agreed", "rest"), [(0, 8), (6, 2), (10, 0), (12, 0)])
def test_the_rest_is_exact_at_both_ends(agreed: int, rest: int) -> None:
    option = rent(commitments={"year": year(replicas=agreed)} if agreed else {})
    stands = fleet([10], least=[6], paid=[8])

    assert costs.uncommitted_replicas(option, stands).tolist() == [rest]


def test_a_later_term_is_agreed_at_the_rents_of_its_own_time() -> None:
    option = rent(commitments={"year": year(replicas=1)}, price_change_per_year_fraction=-0.2)
    usd = costs.committed_rent_usd(option, scenario(horizon_months=24), fleet([1] * 24))

    assert usd[:12].tolist() == pytest.approx([1.2 * HOURS] * 12)
    assert usd[12:].tolist() == pytest.approx([0.8 * 1.2 * HOURS] * 12)


def test_two_commitments_lie_side_by_side() -> None:
    option = rent(
        commitments={
            "three": {"commitment": "reserved-3y", "replicas": 2, "price_usd_per_hour": 1.0},
            "one": year(replicas=1),
        }
    )
    usd = costs.committed_rent_usd(option, scenario(horizon_months=2), fleet([4] * 2))

    assert usd[0] == pytest.approx((2 * 1.0 + 1 * 1.2) * HOURS)


def test_in_the_ledger_what_is_agreed_and_not_needed_is_idle() -> None:
    question = scenario(options=[API, {**RENT, "commitments": {"year": year(replicas=3)}}])
    own = ledger(question.option("rent"), replica(question, "rent"), question, demand(question))
    plain = scenario()
    alone = ledger(plain.option("rent"), replica(plain, "rent"), plain, demand(plain))

    assert own.fleet is not None
    assert alone.fleet is not None
    assert own.fleet.replicas[0] == 1
    assert own.fleet.paid_replicas.tolist() == [3.0] * 12
    assert own.fleet.utilisation_fraction == pytest.approx(alone.fleet.utilisation_fraction / 3)
    assert own.line_items["gpu_rent"].tolist() == [0.0] * 12
    assert own.monthly_usd[0] == pytest.approx(3 * 1.2 * HOURS)
    assert "committed_rent" not in alone.line_items


def test_an_option_that_starts_later_is_agreed_later_and_paid_beyond_its_end() -> None:
    question = scenario(options=[API, {**RENT, "commitments": {"year": year(replicas=1)}}], horizon_months=18)
    own = ledger(question.option("rent"), replica(question, "rent"), question, demand(question), during=range(3, 9))

    assert np.flatnonzero(own.line_items["committed_rent"]).tolist() == list(range(3, 15))
    assert np.flatnonzero(own.line_items["people"]).tolist() == []


def test_prices_of_commitments_come_from_the_book() -> None:
    question = scenario(options=[API, {**RENT, "commitments": {"year": {"commitment": "reserved-1y", "replicas": 1}}}])
    result = tco.evaluate(question, {"test-run": run()}, searches=False)
    row = next(row for row in result.assumptions if row.path == "options.rent.commitments.year.price_usd_per_hour")

    assert row.source is not None
    assert result.option("rent").line_items["committed_rent"][0] == pytest.approx(row.value * HOURS)


def test_a_gpu_that_nobody_commits_is_named() -> None:
    option = {**RENT, "commitments": {"year": {"commitment": "reserved-1y", "replicas": 1}}}

    with pytest.raises(InputError, match=r"options\.rent\.commitments\.year"):
        tco.evaluate(scenario(options=[API, option]), {"test-run": run(gpu="GeForce GT 710")})


@pytest.mark.parametrize("counts", [{}, {"replicas": 2, "base_fraction": 0.5}])
def test_a_commitment_counts_one_way(counts: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="give one of them"):
        rent(commitments={"year": year(**counts)})


def test_the_rest_is_rented_by_the_hour() -> None:
    with pytest.raises(ValidationError, match="how the rest is rented"):
        rent(commitments={"year": year(replicas=1)}, price={"commitment": "reserved-1y"})
