from __future__ import annotations

import pytest

from pricing import shipped_book
from tco.fill import fill
from tco.register import quantities, register, unit_of, with_value
from tco.replicas_of import replicas_of
from tests.factories import API, OWN, RENT, run, scenario

ASKED = scenario(options=[API, RENT, {**OWN, "one_off_usd": {"migration": 5.0}}])
FILLED = fill(ASKED, replicas_of(ASKED, {"rent": run(), "own": run()}, shipped_book()), shipped_book())


def test_every_quantity_has_a_unit() -> None:
    rows = register(FILLED)

    assert len(rows) == len(list(quantities(FILLED)))
    assert {row.unit for row in rows} >= {
        "USD/Mtok",
        "USD/hour",
        "USD/kWh",
        "fraction",
        "tokens/request",
        "requests/day",
        "USD",
        "W",
    }


def test_every_path_can_be_changed_and_only_that() -> None:
    for path, quantity in quantities(FILLED):
        changed = dict(quantities(with_value(FILLED, path, quantity.value + 1)))

        assert changed[path].value == quantity.value + 1
        assert [p for p, q in quantities(FILLED) if changed[p].value != q.value] == [path]


def test_an_unknown_path_is_an_error() -> None:
    with pytest.raises(KeyError):
        with_value(FILLED, "workload.nothing", 1.0)


def test_a_name_without_unit_is_refused() -> None:
    with pytest.raises(LookupError, match="carries no unit"):
        unit_of("workload.speed")
