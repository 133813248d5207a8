"""The example of docs/constraints.md says what the tool says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tco import evaluate, load
from tco.constraint_words import constraint_sentences

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_the_example_of_the_page_is_what_comes_out() -> None:
    text = (ROOT / "docs" / "constraints.md").read_text(encoding="utf-8")
    command = re.search(r"```sh\ntco plan (\S+) (.*?)```", text, re.DOTALL)
    quoted = re.search(r"^> (.*)$", text, re.MULTILINE)
    assert command is not None
    assert quoted is not None
    settings = re.findall(r'--set "?((?<=")[^"]+|\S+)', command.group(2))
    found = evaluate(load(ROOT / command.group(1), settings), searches=False)
    assert found.constraints is not None

    assert quoted.group(1) in constraint_sentences(found.constraints, found.conventions.horizon_months)
    nationality = [*settings, "constraints.operator_nationality=[EU]"]
    both = evaluate(load(ROOT / command.group(1), nationality), searches=False)
    assert both.constraints is not None
    assert 0 == next(price.price_usd for price in both.constraints.prices if price.constraints == ["residency"])
