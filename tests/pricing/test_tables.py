from __future__ import annotations

import pytest
from pydantic import ValidationError

from pricing.book import shipped_book
from pricing.tables import Record, did_you_mean, find_name, name_key, near_names


def test_an_empty_cell_is_none_and_a_filled_one_is_its_text():
    row = next(
        row
        for row in shipped_book().table("electricity.csv")
        if row["region"] == "US-OH" and row["sector"] == "industrial"
    )
    assert (row["usd_per_kwh"], row["low_usd_per_kwh"]) == ("0.0790", None)


def test_names_that_differ_in_case_blanks_and_hyphens_are_one():
    assert name_key("RTX PRO_6000") == name_key("rtx-pro 6000") == "rtxpro6000"


def test_a_name_is_found_in_the_spelling_of_the_book():
    assert find_name("rtx-4090", ["RTX 3090", "RTX 4090"]) == "RTX 4090"


def test_a_name_that_only_begins_alike_is_not_found():
    assert find_name("H100", ["H100-SXM"]) is None


def test_near_names_are_those_that_begin_so_then_contain_it_then_look_alike():
    names = ["NVIDIA L40", "L4X", "L40S", "B200"]
    assert near_names("L40", names) == ["L40S", "NVIDIA L40", "L4X"]


def test_nothing_near_gives_no_sentence():
    assert did_you_mean("zzzz", ["H100-SXM"]) == ""
    assert near_names("", ["H100-SXM"]) == []


def test_a_record_refuses_nan_and_unknown_fields():
    class Amount(Record):
        usd: float

    with pytest.raises(ValidationError, match="finite"):
        Amount(usd=float("nan"))
    with pytest.raises(ValidationError, match="Extra inputs"):
        Amount(usd=1.0, eur=1.0)  # type: ignore[call-arg]
