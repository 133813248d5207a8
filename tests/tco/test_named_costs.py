"""A cost that somebody named like one of the model's own lines is added to it, never lost and never in its place."""

from __future__ import annotations

from typing import Any

import pytest

import tco
from tests.factories import API, OWN, RENT, run, scenario

BASES = {"api": API, "rent": RENT, "own": OWN}


def total(name: str, **option: Any) -> tco.OptionResult:
    options = [{**base, **(option if base["name"] == name else {})} for base in BASES.values()]
    return tco.evaluate(scenario(options=options), {"test-run": run()}, searches=False).option(name)


LINES = [(name, line) for name in BASES for line in total(name).line_items]
INVESTMENTS = [
    (name, line) for name in BASES for line in (*total(name).investments, "network", "spares", "set_up_work")
]


@pytest.mark.parametrize(("name", "line"), LINES)
def test_a_running_cost_with_the_name_of_a_line_counts_beside_it(name: str, line: str) -> None:
    plain, named = total(name), total(name, extra_usd_per_month={line: 100.0})

    assert named.total_usd == pytest.approx(plain.total_usd + 12 * 100)
    assert named.line_items[line] == pytest.approx([amount + 100 for amount in plain.line_items[line]])


@pytest.mark.parametrize(("name", "line"), INVESTMENTS)
def test_a_one_off_with_the_name_of_an_investment_counts_beside_it(name: str, line: str) -> None:
    assert total(name, one_off_usd={line: 777.0}).total_usd == pytest.approx(total(name).total_usd + 777)


def test_such_names_fail_no_check_of_the_model() -> None:
    options = [API, RENT, {**OWN, "one_off_usd": {"servers": 777.0}, "extra_usd_per_month": {"maintenance": 5.0}}]
    checks = tco.evaluate(scenario(options=options), {"test-run": run()}, searches=False).checks

    assert all(check.passed for check in checks)
