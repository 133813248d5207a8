from __future__ import annotations

from datetime import date

import pytest

from tco import InputError, dump, load, parse
from tco.shipped import shipped_scenarios
from tco.views import _edit
from tests.factories import scenario

RANGED = {"value": 10.0, "low": 5.0, "high": 20.0, "evidence": "invoice", "source": "October", "as_of": "2026-10-31"}


@pytest.fixture
def asked():
    return scenario(workload__requests_per_day=RANGED)


def test_a_new_value_is_the_readers_own_and_loses_the_old_source(asked):
    new = _edit.set_value(asked, "workload.requests_per_day", 12.0).workload.requests_per_day

    assert (12.0, 5.0, 20.0, "assumption", None, None) == (
        new.value,
        new.low,
        new.high,
        new.evidence,
        new.source,
        new.as_of,
    )


def test_the_same_value_keeps_its_source(asked):
    new = _edit.set_value(asked, "workload.requests_per_day", 10.0).workload.requests_per_day

    assert new == asked.workload.requests_per_day


@pytest.mark.parametrize(("value", "ends"), [(50.0, (5.0, 50.0)), (1.0, (1.0, 20.0))])
def test_a_range_is_widened_to_a_value_outside_it(asked, value, ends):
    new = _edit.set_value(asked, "workload.requests_per_day", value).workload.requests_per_day

    assert ends == (new.low, new.high)


def test_an_emptied_price_is_left_to_the_price_book(asked):
    assert asked.option("rent").price_usd_per_hour.value == 2.0

    new = _edit.set_value(asked, "options.rent.price_usd_per_hour", None)

    assert new.option("rent").price_usd_per_hour is None


def test_a_value_out_of_bounds_is_refused_with_a_sentence(asked):
    with pytest.raises(InputError, match="-1 is outside 0 or more"):
        _edit.set_value(asked, "workload.requests_per_day", -1.0)


def test_an_emptied_obligatory_input_is_refused_with_a_sentence(asked):
    with pytest.raises(InputError, match=r"`workload\.requests_per_day` is missing"):
        _edit.set_value(asked, "workload.requests_per_day", None)


def test_details_keep_the_value(asked):
    details = {"low": 9.0, "high": None, "evidence": "contract", "source": "", "as_of": "2026-11-01"}
    new = _edit.set_details(asked, "workload.requests_per_day", details).workload.requests_per_day

    assert (10.0, 9.0, None, "contract", None, date(2026, 11, 1)) == (
        new.value,
        new.low,
        new.high,
        new.evidence,
        new.source,
        new.as_of,
    )


def test_a_renamed_baseline_stays_the_baseline(asked):
    new = _edit.rename_option(asked, "api", "vendor")

    assert new.baseline == "vendor"
    assert [option.name for option in new.options] == ["vendor", "rent"]


def test_copies_get_free_names(asked):
    twice = _edit.duplicate_option(_edit.duplicate_option(asked, "rent"), "rent")

    assert [option.name for option in twice.options] == ["api", "rent", "rent 2", "rent 3"]


def test_the_baseline_cannot_be_removed(asked):
    with pytest.raises(InputError, match="'api' is the baseline"):
        _edit.remove_option(asked, "api")
    assert [option.name for option in _edit.remove_option(asked, "rent").options] == ["api"]


def test_an_added_option_must_be_valid(asked):
    added = _edit.add_option(asked, {"name": "new", "kind": "api", "model": "openai/gpt-5"})

    assert added.options[-1].name == "new"
    with pytest.raises(InputError, match="used twice"):
        _edit.add_option(asked, {"name": "api", "kind": "api", "model": "openai/gpt-5"})


def test_lengths_vary_keep_fixed_or_follow_the_run(asked):
    varied = _edit.set_spread(asked, "workload.lengths", 0.8)
    kept = varied.workload.lengths

    assert ("lognormal", 0.8) == (kept.kind, kept.spread_fraction)
    assert _edit.set_spread(varied, "workload.lengths", 0.0).workload.lengths.kind == "fixed"
    assert _edit.set_spread(varied, "workload.lengths", None).workload.lengths is None


def test_a_deadline_is_whole_hours(asked):
    assert _edit.set_whole(asked, "workload.batch_deadline_hours", 11.6).workload.batch_deadline_hours == 12


@pytest.mark.parametrize("name", ["support-chat-eu", "claim-10-hybrid", "support-chat-cases"])
def test_a_change_gives_the_record_that_its_text_is_read_as(name):
    shipped = load(shipped_scenarios()[name])
    changed = _edit.set_value(shipped, "workload.requests_per_day", 12_345.0)

    assert changed == parse(dump(changed)).in_folder(shipped.folder) != shipped
    assert changed.folder == shipped.folder


@pytest.mark.parametrize("name", ["1e6", "1e+6", "NO", "010", "0x1f", "~", "null", "a\x85b", "a: b", "- a", "it's"])
def test_a_name_that_looks_like_something_else_stays_that_name(asked, name):
    changed = _edit.set_text(asked, "name", name)

    assert name == parse(dump(changed)).name
