"""Every field of a scenario has a name, a meaning and, where it is a number, a unit: pages and the reference ask for all three."""

from __future__ import annotations

import re

import pytest

from scripts.write_reference import SECTIONS
from tco.field_words import FIELD_LABELS, help_of_field, label_of_field, meaning_of_field, unit_of_field

FIELDS = sorted({field.alias or name for _, record in SECTIONS for name, field in record.model_fields.items()})


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_has_a_meaning_and_a_name(name):
    assert meaning_of_field(name).endswith((".", "too"))
    assert "below" not in str(help_of_field(name)).rstrip(".").rpartition(", ")[2]
    assert ".md" not in str(help_of_field(name))
    assert label_of_field(f"options.x.{name}")[0].isupper()


@pytest.mark.parametrize("name", FIELDS)
def test_a_unit_is_told_once_and_in_its_own_form(name):
    assert not re.search(
        r"\b(usd|fraction|months|days|ms|fte|hours|points|slo|gpu|kv|pue)\b", label_of_field(name).partition(" (")[0]
    )


def test_labels_are_of_fields_that_exist():
    assert FIELD_LABELS.keys() <= set(FIELDS)


@pytest.mark.parametrize(
    ("name", "unit"),
    [("max_retention_days", "days"), ("book_life_months", "months"), ("price_usd_per_hour", "USD/hour"), ("tier", "")],
)
def test_units_are_in_the_names(name, unit):
    assert unit == unit_of_field(f"options.x.{name}")


def test_a_name_that_people_chose_has_no_meaning_and_no_traceback():
    assert help_of_field("options.x.pipeline.guard") is None
    assert "Guard rail" == label_of_field("options.x.pipeline.guard_rail")
