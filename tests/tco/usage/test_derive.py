"""Arithmetic by hand: weeks, lengths, shares, growth, what is left open."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from scipy import stats

from tco.scenario import Workload
from tco.usage import Asked, ReadOptions, Usage, workload_of, zone_named
from tco.usage.days import whole_days
from tco.usage.derived import NEVER_TOLD
from tests.tco.usage.samples import of_text, sample

MONDAY = date(2026, 11, 2)
HOURLY = ReadOptions(asked=Asked(cached="inside", bucket="hour"))


def daily(requests: list[int], first: date = MONDAY) -> Usage:
    """One row a day: 100 tokens in and 20 out each."""
    rows = [f"{first + timedelta(days=n)},{count},{100 * count},{20 * count}" for n, count in enumerate(requests)]
    return of_text("timestamp,requests,input_tokens,output_tokens\n" + "\n".join(rows))


def hourly(days: int, by_hour, first: str = "2026-11-02", options: ReadOptions = HOURLY) -> Usage:
    """One row an hour; `by_hour(day, hour)` says how many requests."""
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    rows = []
    for n in range(days * 24):
        count = by_hour(n // 24, n % 24)
        rows.append(f"{(start + timedelta(hours=n)).isoformat()},{count},{100 * count},{20 * count}")
    return of_text("timestamp,requests,input_tokens,output_tokens\n" + "\n".join(rows), options=options)


def test_whole_weeks_have_the_plain_mean_and_the_range_of_seven_days_in_a_row():
    volume = workload_of(daily([100] * 5 + [30, 20] + [200] * 5 + [60, 40])).quantities["requests_per_day"]

    # 550 in the first week, 1,100 in the second; from the first Monday on, each further day doubles one of the seven.
    assert volume.value == pytest.approx(1650 / 14, rel=1e-5)
    assert (volume.low, volume.high) == pytest.approx((550 / 7, 1100 / 7), rel=1e-5)
    assert ("measured", date(2026, 11, 15)) == (volume.evidence, volume.as_of)
    assert volume.source == "log.csv (your own log), 2026-11-02 to 2026-11-15"


def test_the_newest_four_weeks_say_how_much_there_is():
    derived = workload_of(daily([1000] * 7 + [100] * 28))

    assert 100 == derived.quantities["requests_per_day"].value
    assert (35, 28) == (derived.whole_days, derived.level_days)


def test_lengths_are_all_tokens_over_all_requests():
    text = "timestamp,requests,input_tokens,output_tokens\n2026-11-02,1,1000,10\n2026-11-03,3,600,30\n"
    known = workload_of(of_text(text)).quantities

    assert (400, 10) == (known["input_tokens_per_request"].value, known["output_tokens_per_request"].value)
    assert (200, 1000) == (known["input_tokens_per_request"].low, known["input_tokens_per_request"].high)


def test_shares_of_the_input_and_reasoning_by_hand():
    usage = sample("litellm_export.csv", ReadOptions(first_day=date(2026, 11, 2), last_day=date(2026, 11, 3)))
    known = workload_of(usage).quantities

    assert known["requests_per_day"].value == 1.5
    assert known["cacheable_input_fraction"].value == pytest.approx(400 / 2300, rel=1e-5)
    assert known["cache_write_input_fraction"].value == pytest.approx(300 / 2300, rel=1e-5)
    assert known["output_tokens_per_request"].value == pytest.approx(350 / 3, rel=1e-5)
    assert known["reasoning_tokens_per_request"].value == pytest.approx(50 / 3, rel=1e-5)


def test_the_batch_tiers_share_is_of_requests():
    text = "timestamp,requests,input_tokens,output_tokens,tier\n2026-11-02,30,300,30,standard\n2026-11-02,10,900,90,batch\n"

    assert 0.25 == workload_of(of_text(text)).quantities["batchable_fraction"].value


def test_a_quiet_hour_that_nobody_mentions_is_quiet():
    rows = ["2026-11-02T00:10:00Z,100,10", "2026-11-03T12:00:00Z,100,10", "2026-11-05T23:50:00Z,100,10"]
    derived = workload_of(of_text("timestamp,input_tokens,output_tokens\n" + "\n".join(rows)))

    assert (4, 0.75) == (derived.whole_days, derived.quantities["requests_per_day"].value)


def test_requests_that_begin_and_end_at_noon_do_not_make_whole_days_unless_the_user_says_so():
    text = "timestamp,input_tokens,output_tokens\n2026-11-02T12:10:00Z,100,10\n2026-11-04T12:00:00Z,100,10\n"
    said = ReadOptions(first_day=MONDAY, last_day=date(2026, 11, 5))

    assert (date(2026, 11, 3),) == whole_days(of_text(text)).dates
    assert 0.5 == workload_of(of_text(text, options=said)).quantities["requests_per_day"].value


def test_days_outside_are_left_out_and_counted():
    said = ReadOptions(first_day=date(2026, 11, 3), last_day=date(2026, 11, 4))
    text = "timestamp,requests,input_tokens,output_tokens\n2026-11-02,9,900,9\n2026-11-03,2,200,2\n2026-11-04,4,400,4\n"
    usage = of_text(text, options=said)

    assert (6, 3) == (usage.totals["requests"], workload_of(usage).quantities["requests_per_day"].value)
    assert "log.csv: left out 1 row of other days" in usage.notes


def test_the_week_has_the_means_of_its_hours():
    # Mondays at nine have ten times the requests of any other hour.
    usage = hourly(15, lambda day, hour: 10 if day % 7 == 0 and hour == 9 else 1)
    profile = workload_of(usage).profile

    mean = (167 + 10) / 168
    assert profile[9] == pytest.approx(10 / mean, abs=1e-4)
    assert profile[0] == pytest.approx(1 / mean, abs=1e-4)
    assert 168 == len(profile)


def test_thirteen_days_have_no_week():
    derived = workload_of(hourly(13, lambda day, hour: 1))

    assert derived.profile is None
    assert "14 whole days by the hour; there are 13" in derived.left_open["profile"]


def test_the_clock_moves_hours_and_days():
    at_nine = lambda day, hour: 10 if hour == 9 else 1  # noqa: E731
    berlin = ReadOptions(zone=zone_named("Europe/Berlin"), asked=HOURLY.asked)
    local = workload_of(hourly(16, at_nine, options=berlin))

    # Nine in UTC is ten in Berlin in winter, and a day of UTC reaches into two of Berlin.
    assert 10 == int(np.argmax(local.profile[:24]))
    assert 15 == local.whole_days


def test_days_of_utc_stay_days_of_utc():
    berlin = ReadOptions(zone=zone_named("Europe/Berlin"), first_day=MONDAY, last_day=date(2026, 11, 3))
    text = "timestamp,requests,input_tokens,output_tokens\n2026-11-02,2,200,2\n2026-11-03,4,400,4\n"
    usage = of_text(text, options=berlin)

    assert (MONDAY, date(2026, 11, 3)) == whole_days(usage).dates
    assert 3 == workload_of(usage).quantities["requests_per_day"].value


def test_growth_of_a_geometric_series_is_its_rate():
    months = [31, 30, 31, 30]
    counts = [round(1e6 * 1.05**index) for index, days in enumerate(months) for _ in range(days)]
    growth = workload_of(daily(counts, date(2026, 7, 1) + timedelta(days=31))).quantities.get(
        "growth_per_month_fraction"
    )

    # August to November: 31, 30, 31 and 30 days.
    assert growth.value == pytest.approx(0.05, abs=1e-5)


def test_two_whole_months_have_no_growth():
    derived = workload_of(daily([10] * 80, date(2026, 8, 20)))

    assert "growth_per_month_fraction" not in derived.quantities
    assert derived.left_open["growth_per_month_fraction"].endswith("are needed, there are 2")


def test_lengths_of_single_requests_have_the_spread_that_numpy_finds():
    rng = np.random.default_rng(5)
    both = rng.multivariate_normal([6.0, 4.0], [[0.36, 0.15], [0.15, 0.25]], size=20_000)
    into, out = np.exp(both).round().astype(int).clip(1).T
    rows = [f"2026-11-0{2 + n % 3}T{n % 24:02d}:00:00Z,{i},{o}" for n, (i, o) in enumerate(zip(into, out, strict=True))]
    lengths = workload_of(of_text("timestamp,input_tokens,output_tokens\n" + "\n".join(rows))).lengths

    expected = (into.std() / into.mean() + out.std() / out.mean()) / 2
    assert lengths.spread_fraction == pytest.approx(expected, abs=1e-3)
    assert lengths.correlation == pytest.approx(stats.spearmanr(into, out).statistic, abs=0.02)


def test_lengths_that_do_not_vary_are_fixed():
    rows = [f"2026-11-02T{n % 24:02d}:00:00Z,100,10" for n in range(200)]

    assert "fixed" == workload_of(of_text("timestamp,input_tokens,output_tokens\n" + "\n".join(rows))).lengths.kind


def test_requests_that_nobody_counted_are_asked_for():
    options = ReadOptions(first_day=MONDAY, last_day=date(2026, 11, 3))
    missing = workload_of(sample("anthropic_usage.json", options))
    given = workload_of(sample("anthropic_usage.json", options), requests_per_day=1.5)

    assert not missing.is_complete
    assert "--requests-per-day" in missing.left_open["requests_per_day"]
    # 2,700 tokens on two days are of three requests.
    assert (1.5, "assumption") == (
        given.quantities["requests_per_day"].value,
        given.quantities["requests_per_day"].evidence,
    )
    assert given.quantities["input_tokens_per_request"].value == pytest.approx(2300 / 3, rel=1e-5)
    assert given.quantities["output_tokens_per_request"].value == pytest.approx(400 / 3, rel=1e-5)


def test_failed_requests_are_told_and_are_not_in_the_workload():
    usage = sample("litellm_daily.csv")

    assert 1.5 == workload_of(usage).quantities["requests_per_day"].value
    assert any("1 of 4 requests failed (25.00%)" in note for note in workload_of(usage).notes)


@pytest.mark.parametrize("name", ["litellm_daily.csv", "openai_usage.csv", "openrouter.json"])
def test_what_is_derived_is_a_workload(name):
    derived = workload_of(sample(name))

    assert Workload.model_validate(derived.block())
    assert set(derived.left_open) >= set(NEVER_TOLD)
    assert not set(derived.left_open) & set(derived.block())


def test_one_of_several_models():
    text = "timestamp,requests,model,input_tokens,output_tokens\n2026-11-02,1,a,10,1\n2026-11-02,3,x/b,90,9\n"
    usage = of_text(text)

    assert 30 == workload_of(usage.of_models(["b"])).quantities["input_tokens_per_request"].value
    assert 25 == workload_of(usage).quantities["input_tokens_per_request"].value
    assert any("of 2 models together" in note for note in workload_of(usage).notes)
