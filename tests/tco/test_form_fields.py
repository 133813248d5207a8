"""Forms follow from records: every field of a scenario has a widget, or is named here with the reason why not."""

from __future__ import annotations

import pytest

from scripts.write_reference import SECTIONS
from tco.constraint_terms import Constraints
from tco.finance_terms import Finance, Lease
from tco.form_fields import form_fields, kind_of
from tco.form_starts import STARTS, US_TAX, start_of
from tco.option_terms import Terms
from tco.options import OwnOption, RentOption
from tco.scenario import Scenario
from tco.terms.hardware import Hardware
from tco.workload.asked import Workload

# Written by hand, for they are no single value: the options have their tab, the profile and the electricity a choice of their own.
BY_HAND = {"options", "profile", "electricity_usd_per_kwh"}
# Pairs of inputs by their paths: set in files (docs/risk.md).
IN_FILES = {"correlations"}


def by_name(record):
    return {each.name: each for each in form_fields(record)}


def test_only_known_fields_have_no_widget_of_a_kind():
    special = {each.name for _, record in SECTIONS for each in form_fields(record) if each.kind == "special"}

    assert BY_HAND | IN_FILES == special


@pytest.mark.parametrize(
    ("record", "name", "kind"),
    [
        (Constraints, "residency", "texts"),
        (Constraints, "max_retention_days", "figure"),
        (Constraints, "needs_baa", "flag"),
        (Constraints, "min_quality", "record"),
        (Constraints, "covers", "choice"),
        (Finance, "tax_fraction", "quantity"),
        (Finance, "purchase", "variant"),
        (Finance, "depreciation", "record"),
        (Terms, "as_of", "day"),
        (Hardware, "spares_fraction", "book"),
        (RentOption, "one_off_usd", "named"),
        (RentOption, "commitments", "named"),
        (RentOption, "gpus_per_replica", "whole"),
        (Workload, "agent", "record"),
    ],
)
def test_the_kind_follows_from_the_type(record, name, kind):
    assert kind == by_name(record)[name].kind


def test_what_may_be_left_out_and_what_may_be_chosen_are_known():
    assert by_name(Constraints)["residency"].may_be_null
    assert not by_name(Finance)["depreciation"].may_be_null
    assert by_name(Lease)["term_months"].is_required
    assert ("cash", "loan", "lease") == by_name(Finance)["purchase"].choices
    assert ("refuse", "allow") == by_name(Constraints)["unknown"].choices
    assert ("infiniband", "ethernet") == by_name(Hardware)["network_usd_per_gpu"].choices
    assert "class" == by_name(by_name(RentOption)["price"].records[0])["class"].name


def test_every_block_that_can_be_left_out_has_a_beginning_that_is_valid():
    for _, record in SECTIONS:
        for each in form_fields(record):
            if (
                each.kind == "record"
                and each.may_be_null
                and each.name not in {"then", "company", "reporting_currency"}
            ):
                each.records[0].model_validate(start_of(each.name))
            if each.kind == "named" and each.name in STARTS:
                each.records[0].model_validate(start_of(each.name))
            if each.kind == "variant":
                for kind, held in zip(each.choices, each.records, strict=True):
                    assert kind == kind_of(held)
                    held.model_validate(start_of(kind))


def test_a_beginning_of_what_needs_ones_own_facts_is_refused():
    with pytest.raises(KeyError):
        start_of("reporting_currency")


def test_the_tax_rate_says_where_it_is_from():
    assert (0.21, "literature") == (US_TAX["value"], US_TAX["evidence"])
    assert "26 U.S.C." in str(US_TAX["source"])


def test_options_and_scenario_are_walked_whole():
    assert set(Scenario.model_fields) == {each.attribute for each in form_fields(Scenario)}
    assert set(OwnOption.model_fields) == {each.attribute for each in form_fields(OwnOption)}
