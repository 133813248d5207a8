from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tco.cashflow import Ledger
from tco.finance import npv
from tco.hybrid.decide import EVERY_NUMBER_UP_TO, best, curve, decided, replicas_for_all, replicas_that_hold, settled
from tco.hybrid.ledger import hybrid_ledger
from tco.quantity import Quantity
from tco.register import with_value
from tco.scenario import HybridOption, Scenario
from tco.workload.profiles import Weights
from tests.tco.hybrid.mixes import API_USD_PER_REQUEST, GOODPUT, mix_of, question

HUNDRED_A_SECOND = 100 * 86_400.0


def cost_npv_usd(own: Ledger, rate_per_year: float) -> float:
    flows = own.costs_by_time_usd.copy()
    flows[-1] -= float(own.left_usd)
    return npv(rate_per_year, flows)


def with_replicas(asked: Scenario, replicas: int | list[int] | str) -> Scenario:
    options = [
        option.model_copy(update={"replicas": replicas}) if isinstance(option, HybridOption) else option
        for option in asked.options
    ]
    return asked.model_copy(update={"options": options})


@pytest.mark.parametrize("profile", ["flat", "office-hours", "consumer-evening", "office-hours-two-continents"])
@pytest.mark.parametrize("price", [0.2, 0.5, 0.9, 1.3])
def test_the_optimum_is_the_newsvendors(profile: str, price: float) -> None:
    """Commitments of fixed capacity with a paid overflow: the load above the optimum is exceeded in cost / (goodput · 3600 · API cost) of the hours.

    The critical ratio of the newsvendor (Arrow, Harris and Marschak 1951) for a capacity that is paid for in every hour; whole replicas move it by one.
    """
    asked = question(
        base={"price_usd_per_hour": price},
        workload__requests_per_day=HUNDRED_A_SECOND,
        workload__profile=profile,
        discount_rate_per_year=0.1,
    )
    mix = mix_of(asked)
    chosen = decided(mix)
    ratio = price / (GOODPUT * 3600 * API_USD_PER_REQUEST)
    load = 100 * np.array(Weights.from_profile(profile).values)

    assert len(set(chosen.tolist())) == 1
    count = chosen[0]
    assert np.mean(load >= (count + 1) * GOODPUT) <= ratio <= np.mean(load > (count - 1) * GOODPUT)
    quantile = np.sort(load)[::-1][min(int(np.floor(ratio * load.size)), load.size - 1)]
    assert abs(count - quantile / GOODPUT) <= 1


def test_a_replica_hour_dearer_than_all_it_could_save_is_never_had() -> None:
    asked = question(base={"price_usd_per_hour": 1.45}, workload__requests_per_day=HUNDRED_A_SECOND)

    assert 1.45 > GOODPUT * 3600 * API_USD_PER_REQUEST
    assert decided(mix_of(asked)).tolist() == [0.0] * 12


@pytest.mark.parametrize("own", [False, True])
def test_no_number_of_replicas_costs_less_than_the_optimum(own: bool) -> None:
    """Each number worked out alone, by the ledger of a hybrid that has so many."""
    base = {"server_price_usd": 20_000.0, "server_watts": 500.0} if own else {"price_usd_per_hour": 0.6}
    asked = question(
        base=base | {"people": {"run_fte": 0.05}, "availability_target_fraction": 0.99},
        own=own,
        workload__requests_per_day=12 * 86_400.0,
        workload__profile="office-hours",
        workload__batchable_fraction=0.2,
        workload__peak_headroom_fraction=0.2,
        workload__growth_per_month_fraction=0.03,
        discount_rate_per_year=0.1,
    )
    mix = mix_of(asked)
    found = curve(mix)
    each = []
    for count in found.replicas:
        alone = mix_of(with_replicas(asked, [int(n) for n in found.by_month[count]]))
        each.append(cost_npv_usd(hybrid_ledger(alone), 0.1))

    assert found.cost_npv_usd == pytest.approx(each, rel=1e-9)
    chosen = cost_npv_usd(hybrid_ledger(mix), 0.1)
    assert chosen <= min(each) + 1e-6
    if own:
        assert chosen == pytest.approx(min(each))
        assert 0 < found.best < found.replicas[-1]


def test_a_base_that_is_rented_by_the_hour_follows_the_months_and_one_by_the_year_does_not() -> None:
    changes = {
        "workload__requests_per_day": 20 * 86_400.0,
        "workload__profile": "office-hours",
        "workload__growth_per_month_fraction": 0.15,
    }
    hourly = mix_of(question(base={"price_usd_per_hour": 0.5}, **changes))
    yearly = mix_of(question(base={"price_usd_per_hour": 0.5, "price": {"commitment": "reserved-1y"}}, **changes))

    by_month = decided(hourly)
    assert by_month[-1] > by_month[0]
    assert np.all(np.diff(by_month) >= 0)
    assert len(set(decided(yearly).tolist())) == 1
    assert cost_npv_usd(hybrid_ledger(hourly), 0.0) < cost_npv_usd(hybrid_ledger(yearly), 0.0)
    # Each month alone, as a question of one month.
    for month in (0, 5, 11):
        alone = question(
            base={"price_usd_per_hour": 0.5},
            **{
                **changes,
                "workload__requests_per_day": 20 * 86_400.0 * 1.15**month,
                "workload__growth_per_month_fraction": 0.0,
            },
            horizon_months=1,
        )
        assert decided(mix_of(alone)).tolist() == [by_month[month]]


def test_as_many_as_said_serve_and_the_last_number_of_a_list_goes_on() -> None:
    assert decided(mix_of(question(hybrid={"replicas": 2}))).tolist() == [2.0] * 12
    assert decided(mix_of(question(hybrid={"replicas": [1, 3]}))).tolist() == [1.0] + [3.0] * 11


def test_what_may_not_leave_has_its_peak_held() -> None:
    asked = question(
        base={"price_usd_per_hour": 5.0},
        hybrid={"sensitive_fraction": 0.25},
        workload__requests_per_day=HUNDRED_A_SECOND,
        workload__profile="office-hours",
        workload__peak_headroom_fraction=0.2,
    )
    mix = mix_of(asked)
    peak = 0.25 * 100 * max(Weights.from_profile("office-hours").values) * 1.2

    assert replicas_that_hold(mix).tolist() == [np.ceil(peak / GOODPUT)] * 12
    # A replica-hour costs more than the API for it, so not one more than that is had.
    assert decided(mix).tolist() == replicas_that_hold(mix).tolist()
    assert int(curve(mix).replicas[0]) == int(replicas_that_hold(mix)[0])


def test_a_base_by_the_hour_holds_each_month_what_may_not_leave_then_and_no_more() -> None:
    asked = question(
        base={"price_usd_per_hour": 5.0},
        hybrid={"sensitive_fraction": 0.25},
        workload__requests_per_day=HUNDRED_A_SECOND,
        workload__growth_per_month_fraction=0.1,
    )
    mix = mix_of(asked)

    assert decided(mix).tolist() == replicas_that_hold(mix).tolist()
    assert decided(mix)[0] < decided(mix)[-1]


def test_more_replicas_never_serve_less_and_those_for_the_peak_serve_all() -> None:
    asked = question(workload__requests_per_day=HUNDRED_A_SECOND, workload__profile="consumer-evening")
    found = curve(mix_of(asked))

    assert np.all(np.diff(found.base_fraction) >= -1e-12)
    assert found.base_fraction[0] == 0
    assert found.base_fraction[-1] == 1
    assert found.replicas[-1] == replicas_for_all(mix_of(asked))[0]


def test_large_fleets_are_tried_in_steps_of_a_few_per_cent() -> None:
    asked = question(workload__requests_per_day=20_000 * 86_400.0, workload__profile="office-hours")
    found = curve(mix_of(asked))

    assert found.replicas.size <= EVERY_NUMBER_UP_TO + 1
    assert found.replicas[:100].tolist() == list(range(100))
    assert found.replicas[-1] == replicas_for_all(mix_of(asked))[0]
    assert np.max(found.replicas[101:] / found.replicas[100:-1]) < 1.05


def test_the_limit_of_the_base_is_kept() -> None:
    asked = question(
        base={"price_usd_per_hour": 0.1, "scaling": {"max_replicas": 7}}, workload__requests_per_day=HUNDRED_A_SECOND
    )

    assert decided(mix_of(asked)).tolist() == [7.0] * 12


def test_what_is_settled_stays_whatever_is_drawn_but_never_below_what_may_not_leave() -> None:
    asked = question(
        base={"price_usd_per_hour": 0.5, "price": {"commitment": "reserved-1y"}},
        workload__requests_per_day=HUNDRED_A_SECOND,
    )
    mix = mix_of(asked)
    middle = decided(mix)
    held = settled(mix)
    dearer = with_value(asked, "options.rent.price_usd_per_hour", 1.2)

    assert best(mix, curve(mix)).tolist() == middle.tolist()
    assert decided(replace(mix_of(dearer), option=held)).tolist() == middle.tolist()
    assert decided(mix_of(dearer)).tolist() != middle.tolist()
    private = held.model_copy(update={"sensitive_fraction": Quantity(value=1.0)})
    assert decided(replace(mix, option=private)).tolist() == replicas_for_all(mix).tolist()
