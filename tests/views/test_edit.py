from __future__ import annotations

from datetime import date

import pytest

from tco import InputError, dump, parse
from tco.views import _edit
from tests.factories import scenario

RANGED = {"value": 10.0, "low": 5.0, "high": 20.0, "evidence": "invoice", "source": "October", "as_of": "2026-10-31"}


@pytest.fixture
def text():
    return dump(scenario(workload__requests_per_day=RANGED))


def test_a_new_value_is_the_readers_own_and_loses_the_old_source(text):
    new = parse(_edit.set_value(text, "workload.requests_per_day", 12.0)).workload.requests_per_day

    assert (12.0, 5.0, 20.0, "assumption", None, None) == (
        new.value,
        new.low,
        new.high,
        new.evidence,
        new.source,
        new.as_of,
    )


def test_the_same_value_keeps_its_source(text):
    new = parse(_edit.set_value(text, "workload.requests_per_day", 10.0)).workload.requests_per_day

    assert new == parse(text).workload.requests_per_day


@pytest.mark.parametrize(("value", "ends"), [(50.0, (5.0, 50.0)), (1.0, (1.0, 20.0))])
def test_a_range_is_widened_to_a_value_outside_it(text, value, ends):
    new = parse(_edit.set_value(text, "workload.requests_per_day", value)).workload.requests_per_day

    assert ends == (new.low, new.high)


def test_an_emptied_price_is_left_to_the_price_book(text):
    assert parse(text).option("rent").price_usd_per_hour.value == 2.0

    new = parse(_edit.set_value(text, "options.rent.price_usd_per_hour", None))

    assert new.option("rent").price_usd_per_hour is None


def test_a_value_out_of_bounds_is_refused_with_a_sentence(text):
    with pytest.raises(InputError, match="-1 is outside 0 or more"):
        _edit.set_value(text, "workload.requests_per_day", -1.0)


def test_an_emptied_obligatory_input_is_refused_with_a_sentence(text):
    with pytest.raises(InputError, match=r"`workload\.requests_per_day` is missing"):
        _edit.set_value(text, "workload.requests_per_day", None)


def test_details_keep_the_value(text):
    details = {"low": 9.0, "high": None, "evidence": "contract", "source": "", "as_of": "2026-11-01"}
    new = parse(_edit.set_details(text, "workload.requests_per_day", details)).workload.requests_per_day

    assert (10.0, 9.0, None, "contract", None, date(2026, 11, 1)) == (
        new.value,
        new.low,
        new.high,
        new.evidence,
        new.source,
        new.as_of,
    )


def test_a_renamed_baseline_stays_the_baseline(text):
    new = parse(_edit.rename_option(text, "api", "vendor"))

    assert new.baseline == "vendor"
    assert [option.name for option in new.options] == ["vendor", "rent"]


def test_copies_get_free_names(text):
    twice = _edit.duplicate_option(_edit.duplicate_option(text, "rent"), "rent")

    assert [option.name for option in parse(twice).options] == ["api", "rent", "rent 2", "rent 3"]


def test_the_baseline_cannot_be_removed(text):
    with pytest.raises(InputError, match="'api' is the baseline"):
        _edit.remove_option(text, "api")
    assert [option.name for option in parse(_edit.remove_option(text, "rent")).options] == ["api"]


def test_an_added_option_must_be_valid(text):
    added = _edit.add_option(text, {"name": "new", "kind": "api", "model": "openai/gpt-5"})

    assert parse(added).options[-1].name == "new"
    with pytest.raises(InputError, match="used twice"):
        _edit.add_option(text, {"name": "api", "kind": "api", "model": "openai/gpt-5"})


def test_lengths_vary_keep_fixed_or_follow_the_run(text):
    varied = _edit.set_spread(text, "workload.lengths", 0.8)
    kept = parse(varied).workload.lengths

    assert ("lognormal", 0.8) == (kept.kind, kept.spread_fraction)
    assert parse(_edit.set_spread(varied, "workload.lengths", 0.0)).workload.lengths.kind == "fixed"
    assert parse(_edit.set_spread(varied, "workload.lengths", None)).workload.lengths is None


def test_a_deadline_is_whole_hours(text):
    assert parse(_edit.set_whole(text, "workload.batch_deadline_hours", 11.6)).workload.batch_deadline_hours == 12
