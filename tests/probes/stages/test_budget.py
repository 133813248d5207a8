from __future__ import annotations

import pytest

from probes.stages.budget import share_s


def test_what_is_left_goes_to_the_last_part() -> None:
    assert 60.0 == share_s(60.0, ["prefill"])


def test_shares_are_by_weight_and_add_up_when_each_spends_its_own() -> None:
    parts, left_s, spent_s = ["curve", "goodput", "lengths"], 110.0, []
    for number in range(3):
        spent_s.append(share_s(left_s, parts[number:]))
        left_s -= spent_s[-1]

    assert [50.0, 40.0, 20.0] == pytest.approx(spent_s)
