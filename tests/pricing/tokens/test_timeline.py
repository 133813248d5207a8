from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pricing.tokens.records import Card, Rates, Step, Window
from pricing.tokens.timeline import merge_cards

D1, D2, D3 = date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 10)


def card(usd, seen, start=None, **more):
    rates = None if usd is None else Rates(input=usd, output=2 * usd, cached_read=more.pop("cached", None))
    return Card(valid_from=start, rates=rates, seen_from=more.pop("first", seen), seen_to=seen, **more)


def history(cards):
    return [(c.valid_from, c.rates and c.rates.input, c.noticed, c.seen_from, c.seen_to) for c in cards]


def test_a_first_reading_is_the_history():
    stated = [card(1, D1), card(2, D1, date(2026, 6, 1))]
    assert merge_cards([], stated, D1) == tuple(stated)


def test_the_same_price_read_again_is_only_seen_for_longer():
    assert history(merge_cards([card(1, D1)], [card(1, D2)], D2)) == [(None, 1, False, D1, D2)]


def test_another_price_without_a_day_holds_from_the_reading_that_shows_it():
    merged = merge_cards([card(1, D1)], [card(3, D2)], D2)
    assert history(merged) == [(None, 1, False, D1, D1), (D2, 3, True, D2, D2)]


def test_a_stated_day_before_an_older_reading_wins_over_that_reading():
    # The list still showed the old price on D2; on D3 it says that the price changed between D1 and D2.
    old = merge_cards([card(1, D1)], [card(1, D2)], D2)
    changed = date(2026, 2, 1)
    merged = merge_cards(old, [card(1, D3), card(3, D3, changed)], D3)
    assert history(merged) == [(None, 1, False, D1, D3), (changed, 3, False, D3, D3)]


def test_a_day_that_is_stated_later_replaces_the_day_on_which_the_change_was_noticed():
    old = merge_cards([card(1, D1)], [card(3, D2)], D2)
    changed = date(2026, 2, 1)
    merged = merge_cards(old, [card(1, D3), card(3, D3, changed)], D3)
    assert history(merged) == [(None, 1, False, D1, D3), (changed, 3, False, D3, D3)]


def test_a_stated_price_that_is_edited_in_place_changes_on_the_day_of_the_reading():
    start = date(2026, 1, 1)
    old = merge_cards([], [card(1, D1), card(2, D1, start)], D1)
    merged = merge_cards(old, [card(1, D2), card(5, D2, start)], D2)
    assert history(merged) == [(None, 1, False, D1, D2), (start, 2, False, D1, D1), (D2, 5, True, D2, D2)]


def test_an_announcement_that_is_taken_back_leaves_no_trace():
    later = date(2026, 6, 1)
    old = merge_cards([], [card(1, D1), card(2, D1, later)], D1)
    assert history(merge_cards(old, [card(1, D2)], D2)) == [(None, 1, False, D1, D2)]


def test_an_announcement_that_is_put_off_moves():
    old = merge_cards([], [card(1, D1), card(2, D1, date(2026, 6, 1))], D1)
    merged = merge_cards(old, [card(1, D2), card(2, D2, date(2026, 7, 1))], D2)
    assert history(merged) == [(None, 1, False, D1, D2), (date(2026, 7, 1), 2, False, D2, D2)]


def test_an_announced_price_that_came_keeps_its_day_when_the_list_drops_it():
    start = date(2026, 1, 20)
    old = merge_cards([], [card(1, D1), card(2, D1, start)], D1)
    assert history(merge_cards(old, [card(2, D2)], D2)) == [(None, 1, False, D1, D1), (start, 2, False, D1, D2)]


def test_a_price_seen_before_a_list_begins_to_state_history_is_not_lost():
    # Read as 9 on D1; the list then says 1 until 1 March and 2 from then on. 1 was never on show on D1.
    merged = merge_cards([card(9, D1)], [card(1, D3), card(2, D3, date(2026, 3, 1))], D3)
    day_after = D1 + timedelta(days=1)
    assert history(merged) == [
        (None, 9, False, D1, D1),
        (day_after, 1, True, D3, D3),
        (date(2026, 3, 1), 2, False, D3, D3),
    ]


def test_a_reading_made_after_a_stated_change_says_nothing_of_the_days_before_it():
    # On D2 the list had the new price without a day; on D3 it states a day before D2, and what held before.
    merged = merge_cards([card(3, D2)], [card(1, D3), card(3, D3, D1)], D3)
    assert history(merged) == [(None, 1, False, D3, D3), (D1, 3, False, D3, D3)]


def test_a_unit_that_the_list_adds_is_no_new_price():
    merged = merge_cards([card(1, D1)], [card(1, D2, cached=0.1)], D2)
    assert history(merged) == [(None, 1, False, D1, D2)]
    assert merged[0].rates is not None
    assert merged[0].rates.cached_read == 0.1


def test_a_unit_that_the_list_drops_and_a_threshold_that_it_adds_are_new_prices():
    assert len(merge_cards([card(1, D1, cached=0.1)], [card(1, D2)], D2)) == 2
    step = Step(above=200_000, rates=Rates(input=2, output=4))
    assert len(merge_cards([card(1, D1)], [card(1, D2, steps=(step,))], D2)) == 2


def test_hours_stay_with_the_price_that_they_were_read_with():
    # The list shows hours for today's price only; the past card keeps those that were read when it was today's.
    night = Window(utc="01:00-04:00", rates=Rates(input=2, output=4))
    later_night = Window(utc="01:00-04:00", rates=Rates(input=6, output=12))
    old = merge_cards([], [card(1, D1, windows=(night,))], D1)
    merged = merge_cards(old, [card(1, D2), card(3, D2, date(2026, 2, 1), windows=(later_night,))], D2)
    assert [c.windows for c in merged] == [(night,), (later_night,)]


def test_hours_that_are_new_are_a_new_price():
    night = Window(utc="01:00-04:00", rates=Rates(input=2, output=4))
    assert len(merge_cards([card(1, D1)], [card(1, D2, windows=(night,))], D2)) == 2


def test_a_tier_that_is_no_longer_sold_ends_on_the_day_of_the_reading_and_may_come_back():
    ended = merge_cards([card(1, D1), card(2, D1, date(2026, 6, 1))], [], D2)
    assert history(ended) == [(None, 1, False, D1, D1), (D2, None, True, D2, D2)]
    assert [c.rates and c.rates.input for c in merge_cards(ended, [card(1, D3)], D3)] == [1, None, 1]


def test_a_tier_that_begins_on_a_stated_day_was_not_sold_before():
    start = date(2026, 2, 1)
    assert history(merge_cards([], [card(1, D2, start)], D2)) == [(start, 1, False, D2, D2)]
    assert history(merge_cards([card(7, D1)], [card(1, D2, start)], D2)) == [
        (None, 7, False, D1, D1),
        (start, 1, False, D2, D2),
    ]


DAYS = st.integers(0, 400).map(lambda days: date(2026, 1, 1) + timedelta(days=days))


@st.composite
def readings(draw):
    """Readings of one list, oldest first: each a price that always held and up to two stated changes."""
    found = []
    for seen in sorted(draw(st.sets(DAYS, min_size=1, max_size=5))):
        starts = sorted(draw(st.sets(DAYS, max_size=2)))
        found.append((seen, [card(draw(st.integers(1, 3)), seen, start) for start in [None, *starts]]))
    return found


def test_a_stated_day_on_which_nothing_changed_stays_and_a_noticed_one_goes():
    start = date(2026, 1, 1)
    assert history(merge_cards([], [card(1, D1), card(1, D1, start)], D1)) == [
        (None, 1, False, D1, D1),
        (start, 1, False, D1, D1),
    ]
    # 1, then 2 for the days after the reading of D1, then 1 again without a day.
    old = merge_cards([], [card(1, D1)], D1)
    assert history(merge_cards(old, [card(1, D2)], D2)) == [(None, 1, False, D1, D2)]


@given(readings())
def test_whatever_is_read_the_history_is_in_order_and_ends_as_the_newest_reading_says(found):
    cards: tuple[Card, ...] = ()
    for seen, stated in found:
        cards = merge_cards(cards, stated, seen)
        assert merge_cards(cards, stated, seen) == cards
    starts = [c.valid_from or date.min for c in cards]
    assert starts == sorted(set(starts))
    seen, stated = found[-1]
    for day in (seen, seen + timedelta(days=200), date(2028, 1, 1)):
        assert price_on(cards, day) == price_on(stated, day)


def price_on(cards, day):
    return [c.rates for c in cards if (c.valid_from or date.min) <= day][-1]
