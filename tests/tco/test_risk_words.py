from __future__ import annotations

import pytest

from tco.risk.simulate import simulate
from tco.risk_words import no_saving, risk_headline
from tests.factories import API, RENT
from tests.tco.what_if.asked import prepared

TIGHT = {"ttft_p95_ms": 1.0}


def test_an_option_is_not_said_to_fail_where_the_baseline_does() -> None:
    risk = simulate(prepared(options=[dict(RENT), dict(API)], baseline="rent", workload__slo=TIGHT), draws=100)

    assert risk_headline(risk) == (
        "rent is ruled out in every run, so that there is nothing to hold api against; api serves in all runs."
    )
    assert [no_saving(option, risk) for option in risk.options] == ["–", "no baseline"]


def test_an_option_that_no_run_takes_says_so() -> None:
    risk = simulate(prepared(workload__slo=TIGHT), draws=100, option="rent")

    assert risk_headline(risk) == "rent is ruled out in every run."
    assert no_saving(risk.of("rent"), risk) == "ruled out"


def test_without_any_alternative_there_is_nothing_to_say() -> None:
    assert risk_headline(simulate(prepared(options=[dict(API)]), draws=100)) == (
        "Every alternative to the baseline is ruled out."
    )


@pytest.mark.parametrize("price_usd", [0.1, 3.0])
def test_a_saving_is_told_in_runs(price_usd: float) -> None:
    risk = simulate(prepared(options=[dict(API), RENT | {"price_usd_per_hour": price_usd}]), draws=100)

    wanted = "all runs" if price_usd < 0.9 else "none of the runs"  # at 0.9 a single replica costs what the API does
    assert risk_headline(risk).startswith(f"rent saves money against api in {wanted}; ")
