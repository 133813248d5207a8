from __future__ import annotations

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco import InputError, dump
from tco.share import MOST_CODE_CHARS, Shared, link_code, of_link
from tco.shipped import shipped_scenarios
from tests.factories import scenario


def packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(data)).decode().rstrip("=")


def test_what_goes_in_comes_out():
    shared = Shared(text=dump(scenario()), origin="demo", answer_id="0123456789ab", book_id="2026-11-23-abc")

    assert shared == of_link(link_code(shared))


@pytest.mark.parametrize("name", shipped_scenarios())
def test_every_shipped_scenario_fits_into_a_link(name):
    code = link_code(Shared(text=shipped_scenarios()[name].read_text(encoding="utf-8"), origin=name))

    assert code is not None
    assert len(code) <= MOST_CODE_CHARS
    assert name == of_link(code).origin


def test_a_scenario_that_does_not_fit_gives_no_link():
    noise = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(10_000))

    assert link_code(Shared(text=noise)) is None


@given(st.text(max_size=200))
def test_whatever_somebody_writes_is_a_scenario_or_a_sentence(code):
    with pytest.raises(InputError, match="link"):
        of_link(code)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"text": 1}',
        b'{"text": "a", "more": 1}',
        b'{"text": "a", "answer_id": "<script>"}',
        b"[" * 3_000,
        b"\xff\xfe",
        json.dumps({"text": "x" * 2_000_000}).encode(),
    ],
)
def test_what_is_no_scenario_is_refused(data):
    with pytest.raises(InputError, match="holds no scenario"):
        of_link(packed(data))


def test_a_bomb_is_not_unpacked():
    code = packed(b"0" * 3_000_000)

    assert len(code) < MOST_CODE_CHARS
    with pytest.raises(InputError, match="holds no scenario"):
        of_link(code)


def test_a_code_that_was_cut_off_is_told():
    code = link_code(Shared(text=dump(scenario())))

    with pytest.raises(InputError, match="cut off or changed"):
        of_link(code[:-20])


def test_a_long_code_is_not_even_looked_at():
    with pytest.raises(InputError, match="6,000 are read"):
        of_link("a" * (MOST_CODE_CHARS + 1))


def test_a_scenario_that_is_not_valid_says_why():
    text = dump(scenario()).replace("requests_per_day", "requests_a_day")

    with pytest.raises(InputError, match="not valid here"):
        of_link(link_code(Shared(text=text)))
