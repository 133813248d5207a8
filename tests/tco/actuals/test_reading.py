from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tco.actuals import read_actuals
from tco.actuals.months import first_month_of, month_number
from tco.errors import InputError
from tests.factories import scenario

HEADER = "ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,BilledCost,BillingCurrency\n"
DECEMBER = "2026-12-01T00:00:00Z,2027-01-01T00:00:00Z,"


def read(folder: Path, text: str, name: str = "actuals.yaml", **kwargs: object):
    (folder / name).write_text(text, encoding="utf-8")
    return read_actuals(folder / name, scenario(), **kwargs)


def rows(found) -> list[tuple[int, str, float]]:
    return [(row.month, row.path, row.value) for row in found.rows]


def test_months_are_numbers_or_calendar_months(tmp_path):
    found = read(tmp_path, "actuals:\n- {month: 1, path: a, value: 2}\n- {month: 2027-02, path: a, value: 3_000}\n")

    assert "2026-12" == found.first_month
    assert [(1, "a", 2.0), (3, "a", 3000.0)] == rows(found)


def test_the_first_month_is_the_files_or_the_callers(tmp_path):
    text = "first_month: 2026-11\nactuals:\n- {month: 2026-12, path: a, value: 2}\n"

    assert 2 == read(tmp_path, text).rows[0].month
    assert 3 == read(tmp_path, text, first_month="2026-10").rows[0].month


@pytest.mark.parametrize(
    ("as_of", "first"), [("2026-12-31", "2027-01"), ("2026-12-01", "2026-12"), ("2026-01-02", "2026-02")]
)
def test_the_first_whole_month_from_a_day_on(as_of, first):
    assert first == first_month_of(date.fromisoformat(as_of))


def test_months_are_counted_over_years():
    assert [1, 2, 13, 0] == [month_number(month, "2026-12") for month in ("2026-12", "2027-01", "2027-12", "2026-11")]


def test_a_csv_is_the_same(tmp_path):
    text = (
        "month, path ,value,source,comment\n1,workload.requests_per_day,5e3,log,x\n2,workload.requests_per_day,6000,,\n"
    )
    found = read(tmp_path, text, "actuals.csv")

    assert [(1, "workload.requests_per_day", 5000.0), (2, "workload.requests_per_day", 6000.0)] == rows(found)
    assert ["log", None] == [row.source for row in found.rows]


def test_focus_rows_add_up_by_month_and_service(tmp_path):
    text = HEADER + "".join(
        [
            DECEMBER + "Usage,Bedrock,100.5,USD\n",
            DECEMBER + "Usage,Bedrock,20,USD\n",
            DECEMBER + "Purchase,Bedrock,5000,USD\n",
            DECEMBER + "Usage,Storage,7,USD\n",
            "2027-01-01T00:00:00Z,2027-01-20T00:00:00Z,Usage,Bedrock,60,USD\n",
        ]
    )
    found = read(tmp_path, text, "bill.csv", services={"Bedrock": "options.api.monthly_usd"})

    assert [(1, "options.api.monthly_usd", 120.5)] == rows(found)
    assert (
        "rows of ChargeCategory Purchase are left out (5,000.00 USD); what was paid beforehand would count twice",
        "the service 'Storage' is mapped to no path and left out (7.00 USD)",
        "2027-01 is not over in the file and is left out",
    ) == found.notes


def test_the_effective_cost_of_focus_comes_before_the_billed_one(tmp_path):
    text = "ChargePeriodStart,ServiceName,BilledCost,EffectiveCost\n2026-12-01,Bedrock,0,40\n2026-12-02,Bedrock,3,\n"

    assert [(1, "p", 43.0)] == rows(read(tmp_path, text, "bill.csv", services={"Bedrock": "p"}))


@pytest.mark.parametrize(
    ("text", "name", "kwargs", "sentence"),
    [
        ("actuals: []", "a.yaml", {}, "holds no actuals"),
        ("x: 1", "a.yaml", {}, "has a list `actuals`"),
        ("schema: 2\nactuals: []", "a.yaml", {}, "newest that this version reads"),
        ("actuals: []\nmonth: 1", "a.yaml", {}, "`month` is not a known key"),
        ("actuals: [{month: 1, path: a}]", "a.yaml", {}, "row 1: has to be"),
        ("actuals: [3]", "a.yaml", {}, "row 1: has to be"),
        ("actuals: [{month: 13, path: a, value: 1}]", "a.yaml", {}, "whose first is 2026-12 and which has 12"),
        ("actuals: [{month: 2026-11, path: a, value: 1}]", "a.yaml", {}, "is month 0 of the scenario"),
        ("actuals: [{month: 2026-13, path: a, value: 1}]", "a.yaml", {}, "'2026-13' is no month"),
        ("actuals: [{month: 1, path: a, value: .nan}]", "a.yaml", {}, "is not a number"),
        ("actuals: [{month: 1, path: a, value: true}]", "a.yaml", {}, "is not a number"),
        ("actuals: [{month: 1, path: a, value: 1}, {month: 2026-12, path: a, value: 1}]", "a.yaml", {}, "is given twice"),
        ("actuals: [{month: 1, path: a, value: 1}]", "a.yaml", {"services": {"x": "y"}}, "--map is for FOCUS"),
        ("actuals: [{month: 1, path: a, value: 1}]", "a.yaml", {"first_month": "soon"}, "'soon' is no month"),
        ("a,b\n1,2\n", "a.csv", {}, "the columns are a, b"),
        ("", "a.csv", {}, "the columns are none"),
        (HEADER + DECEMBER + "Usage,Bedrock,1,EUR\n", "a.csv", {"services": {"Bedrock": "p"}}, "line 2: the bill is in EUR"),
        (HEADER + DECEMBER + "Usage,Bedrock,x,USD\n", "a.csv", {"services": {"Bedrock": "p"}}, "the cost 'x' is not a number"),
        (HEADER + DECEMBER + "Usage,Bedrock,1,USD\n", "a.csv", {}, "Services with usage: Bedrock"),
        (HEADER + "yesterday,,Usage,Bedrock,1,USD\n", "a.csv", {}, "'yesterday' is no month"),
        (HEADER + "2026-12-01,later,Usage,Bedrock,1,USD\n", "a.csv", {"services": {"Bedrock": "p"}}, "is no time"),
    ],
)  # fmt: skip
def test_bad_files_are_one_sentence(tmp_path, text, name, kwargs, sentence):
    with pytest.raises(InputError, match=sentence) as told:
        read(tmp_path, text, name, **kwargs)
    assert name in str(told.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match=r"none\.yaml"):
        read_actuals(tmp_path / "none.yaml", scenario())
