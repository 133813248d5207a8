from __future__ import annotations

import time
from datetime import date

import pytest

from pricing.outlook.history import announced_changes, published_rates
from pricing.outlook.paths import (
    KINDS,
    History,
    price_path,
    yearly_change,
)
from pricing.outlook.windows import Track
from pricing.price import Figure, PriceNotFound

NOW = date(2026, 11, 23)
READ = date(2026, 1, 1)


def constant(item, price=1.0):
    return Track("s", item, (date(2024, 1, 1),), (price,), None, READ)


def doubled(item):
    return Track("s", item, (date(2024, 1, 1), date(2025, 1, 1)), (1.0, 2.0), None, READ)


def jumps(*tracks):
    return History(tracks, "jumps")


def test_prices_that_never_moved_stay():
    path = price_path("same-model", as_of=READ, history=jumps(*map(constant, "abc")))
    assert (1.0, 1.0, 1.0, 0.0, 0.0) == (
        path.p10_factor,
        path.p50_factor,
        path.p90_factor,
        path.fall_fraction,
        path.rise_fraction,
    )


def test_one_model_of_four_that_doubled_by_hand():
    # 4 x 13 windows, of which 12 doubled: 12 / 52 of 4 items = 0.923 cases; (0.923 + 0.5) / 5.5 rose, 0.5 / 5.5 fell.
    path = price_path("same-model", as_of=READ, history=jumps(doubled("d"), *map(constant, "abc")))
    assert (52, 4, 12) == (path.windows, path.items, path.window_months)
    assert pytest.approx((12 / 52 * 4 + 0.5) / 5.5) == path.rise_fraction
    assert pytest.approx(0.5 / 5.5) == path.fall_fraction
    assert (1.0, 1.0, 2.0) == pytest.approx((path.p10_factor, path.p50_factor, path.p90_factor))
    assert (date(2024, 1, 1), READ) == (path.first, path.last)


def test_a_forecast_knows_nothing_of_later_prices():
    before = jumps(*(Track("s", item, (date(2024, 1, 1),), (1.0,), None, date(2030, 1, 1)) for item in "abc"))
    after = jumps(
        *(
            Track("s", item, (date(2024, 1, 1), date(2026, 1, 2)), (1.0, 9.0), date(2027, 1, 1), date(2030, 1, 1))
            for item in "abc"
        )
    )
    assert price_path("same-model", as_of=READ, history=before) == price_path("same-model", as_of=READ, history=after)


def test_models_that_went_are_counted_apart():
    # Gone on 2025-07-01: of 13 starts (2024-01 to 2025-01) six end before, seven after. Two models stay with 13 each.
    gone = constant("c")._replace(gone_on=date(2025, 7, 1))
    path = price_path("same-model", as_of=READ, history=jumps(constant("a"), constant("b"), gone))
    assert (32, pytest.approx(7 / 39)) == (path.windows, path.gone_fraction)


def test_a_young_history_is_read_in_half_years():
    young = jumps(*(Track("s", item, (date(2025, 1, 1),), (1.0,), None, READ) for item in "abcd"))
    assert (6, 28) == ((path := price_path("same-model", as_of=READ, history=young)).window_months, path.windows)


def test_too_little_history_is_refused_with_what_to_do():
    with pytest.raises(
        PriceNotFound, match=r"13 .*a forecast needs 24 of 3.*`price_change_per_year_fraction`"
    ) as error:
        price_path("same-model", as_of=date(2025, 7, 1), history=jumps(constant("a")))
    assert "same-model" in str(error.value)


def test_an_unknown_kind_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'same-modle'.*same-model, same-quality, gpu-rent"):
        price_path("same-modle", as_of=NOW)
    with pytest.raises(ValueError, match=r"'rents'"):
        yearly_change("rents", NOW)


@pytest.mark.parametrize("months", [-1, 61, float("nan")])
def test_months_out_of_range_are_refused(months):
    with pytest.raises(ValueError, match="out of range"):
        price_path("gpu-rent", months, as_of=NOW)


def test_an_unknown_seller_is_refused_with_near_names():
    with pytest.raises(PriceNotFound, match=r"'opnai'.*Near names: openai.*host, vendor, ai21"):
        price_path("same-model", as_of=NOW, seller="opnai")


def test_landlords_are_no_sellers_of_tokens():
    assert price_path("gpu-rent", as_of=NOW, seller="runpod").items == 3
    with pytest.raises(PriceNotFound, match=r"'vendor' \(gpu-rent\).*There is: coreweave, crusoe"):
        price_path("gpu-rent", as_of=NOW, seller="vendor")


@pytest.mark.parametrize("kind", KINDS)
def test_no_months_ahead_is_todays_price(kind):
    path = price_path(kind, 0, as_of=NOW)
    assert (1.0, 1.0, 1.0, 1.0) == pytest.approx((path.p10_factor, path.p50_factor, path.p90_factor, path.mean_factor))
    with pytest.raises(ValueError, match="no yearly change"):
        path.yearly_change()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("months", [1, 12, 36, 60])
def test_the_shares_are_in_order(kind, months):
    path = price_path(kind, min(months, 25) if kind == "same-quality" else months, as_of=NOW)
    assert path.low_factor <= path.p10_factor <= path.p50_factor <= path.p90_factor <= path.high_factor
    assert path.low_factor <= path.typical_factor <= path.mean_factor <= path.high_factor
    assert path.fall_fraction + path.rise_fraction <= 1


@pytest.mark.parametrize("kind", ["same-model", "gpu-rent"])
def test_the_band_widens_with_the_horizon(kind):
    paths = [price_path(kind, months, as_of=NOW) for months in (0, 6, 12, 24, 36, 60)]
    lows, highs = [path.p10_factor for path in paths], [path.p90_factor for path in paths]
    assert (sorted(lows, reverse=True), sorted(highs)) == (lows, highs)


def test_groups_of_sellers_part_the_whole():
    parts = [price_path("same-model", as_of=NOW, seller=group).windows for group in ("vendor", "host")]
    assert price_path("same-model", as_of=NOW).windows == sum(parts)


def test_a_list_price_of_the_same_model_mostly_stays_and_can_go_either_way():
    path = price_path("same-model", as_of=NOW)
    assert 0.8 < 1 - path.fall_fraction - path.rise_fraction < 0.9
    assert 0.02 < path.rise_fraction < path.fall_fraction < 0.2


def test_the_same_quality_falls_at_a_rate_within_the_published_ones():
    # a16z: to a tenth every year. Epoch: to a 9th to a 900th, by task.
    tenth, range_ = published_rates()
    typical = yearly_change("same-quality", NOW).value
    assert range_.low < typical < range_.high + 0.05
    assert pytest.approx(tenth.value, abs=0.05) == typical


def test_a_two_year_path_gives_the_yearly_rate_that_leads_there():
    path = price_path("gpu-rent", 24, as_of=NOW)
    figure = path.yearly_change()
    assert figure.high == pytest.approx(path.high_factor**0.5 - 1, abs=1e-4)
    assert figure.low == pytest.approx(path.low_factor**0.5 - 1, abs=1e-4)


def test_a_yearly_change_is_the_newest_quarter_known():
    on_the_day, before = yearly_change("same-model", date(2026, 10, 1)), yearly_change("same-model", date(2026, 9, 30))
    expected = [price_path("same-model", as_of=day).yearly_change() for day in (date(2026, 10, 1), date(2026, 7, 1))]
    for figure, other in zip((on_the_day, before), expected, strict=True):
        assert (figure.value, figure.low, figure.high) == pytest.approx((other.value, other.low, other.high), abs=1e-4)


def test_before_the_first_quarter_the_first_is_given_and_says_its_day():
    figure = yearly_change("same-model", date(2020, 1, 1))
    assert figure == yearly_change("same-model", date(2025, 1, 1))
    assert figure.as_of == date(2025, 1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_yearly_change_is_a_figure_with_a_range_around_its_value(kind):
    figure = yearly_change(kind, NOW)
    assert Figure.model_validate(figure.model_dump()) == figure
    assert -1 < figure.low < figure.value < figure.high
    assert ("fraction_per_year", "literature") == (figure.unit, figure.evidence)


def test_looking_up_a_yearly_change_fits_nothing(monkeypatch):
    yearly_change("same-model", NOW)
    monkeypatch.setattr("pricing.outlook.paths.spread", lambda *_, **__: pytest.fail("fitted"))
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)
    assert yearly_change("same-model", NOW).value == yearly_change("same-model", date(2027, 1, 1)).value


def test_announced_changes_are_known_and_no_forecast():
    # Google's announcement: gemini-4-argon doubles on 2026-12-01.
    google = {change.model: (change.seen_on, change.input_usd_per_mtok) for change in announced_changes(NOW, "google")}
    assert (date(2026, 12, 1), 4.0) == google["gemini-4-argon"]
    assert announced_changes(date(2027, 1, 1)) == []


def test_a_trend_is_not_carried_on_for_longer_than_it_was_watched():
    """The cheapest prices of a quality were watched from November 2023 to December 2025: 25 months."""
    assert price_path("same-quality", 25, as_of=NOW).months == 25
    with pytest.raises(PriceNotFound, match=r"covers 25 months.*ask for at most 25, not 36"):
        price_path("same-quality", 36, as_of=NOW)
