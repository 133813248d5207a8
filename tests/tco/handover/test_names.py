from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.handover.names import SLUG_LENGTH, code, is_hf_id, markdown, slugs

DNS_1035 = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")


@given(st.lists(st.text(max_size=130), max_size=8))
def test_every_name_becomes_a_label_of_its_own(names):
    found = slugs(names)

    assert len(names) == len(found) == len(set(found))
    assert all(DNS_1035.fullmatch(slug) and len(slug) <= SLUG_LENGTH for slug in found)


@given(st.text(max_size=200))
def test_a_text_stays_on_its_line(text):
    assert 1 == len((markdown(text) + "x").splitlines())
    assert 1 == len(code(text).splitlines())
    assert 2 == code(text).count("`")


@pytest.mark.parametrize(
    "text", ["", "a", "a/b/c", "/a/b", "a//b", "a/../b", "a/b\n", "a b/c", "a/b;c", "-a/b", "a/$(b)"]
)
def test_what_is_no_id_is_none(text):
    assert not is_hf_id(text)
