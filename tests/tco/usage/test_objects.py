"""Rows of files, whatever their form; nothing that people wrote is left in them."""

from __future__ import annotations

import json

import pytest

from tco import InputError
from tco.usage.objects import objects_of, parsed


def rows(text: str) -> list[dict]:
    lines = enumerate(text.splitlines(keepends=True), start=1)
    return [found.values for found in objects_of(lines, "f", [])]


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_csv_with_any_usual_separator(sign):
    assert [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}] == rows(f"a{sign}b\n1{sign}2\n3{sign}4\n")


def test_csv_cells_may_have_lines_and_quotes():
    assert [{"a": 'x "y"\nz', "b": "2"}] == rows('a,b\n"x ""y""\nz",2\n')


def test_json_lines_a_list_a_page_and_one_document_are_the_same_rows():
    two = [{"a": 1}, {"a": 2}]
    forms = ["\n".join(map(json.dumps, two)), json.dumps(two), json.dumps(two, indent=2), json.dumps({"data": two}), json.dumps({"data": two}, indent=2)]  # fmt: skip

    assert [two] * 5 == [rows(form) for form in forms]


def test_an_object_that_holds_data_and_usage_is_a_row():
    assert [{"data": [1], "usage": {"a": 1}}] == rows('{"data": [1], "usage": {"a": 1}}')


def test_what_people_wrote_is_dropped_and_what_stands_under_the_same_name_is_looked_into():
    found = parsed(
        '{"messages": [{"content": "SECRET"}], "response": {"text": "SECRET", "usage": {"n": 1}}, "output": "SECRET", "k": "kept"}'
    )

    assert {"response": {"usage": {"n": 1}}, "k": "kept"} == found


def test_long_texts_are_dropped_under_any_name():
    assert [{"b": "2"}] == rows("a,b\n" + "x" * 20_001 + ",2\n")
    assert {"b": 2} == parsed('{"a": "' + "x" * 20_001 + '", "b": 2}')


def test_a_text_that_would_fill_the_memory_is_refused():
    with pytest.raises(InputError, match="more than 1,000,000 objects and lists"):
        rows("[" + "{}," * 1_000_001 + "{}]")


def test_a_slip_in_one_line_is_told_with_its_line():
    with pytest.raises(InputError, match="f, line 3: not valid JSON"):
        rows('{"a": 1}\n{"a": 2}\n{"a": \n')
