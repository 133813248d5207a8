"""The plan as FOCUS rows: they add up to the plan, and come back through `tco check`."""

from __future__ import annotations

import csv
import io
import itertools
from collections import defaultdict

import pytest

from tco.actuals import read_actuals
from tco.report.focus import CATEGORY, COLUMNS, focus
from tests.factories import API, OWN
from tests.tco.report.packs import NAME, made, plain, question

# The columns that the specification requires of every provider, FOCUS 1.2, "Feature level: Mandatory".
MANDATORY = {
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass",
    "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity",
    "PricingUnit", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName",
}  # fmt: skip


def rows(pack):
    return list(csv.DictReader(io.StringIO(focus(pack))))


def test_the_columns_are_those_of_the_specification_and_own_ones_begin_with_x():
    assert set(COLUMNS) >= MANDATORY
    assert {name for name in COLUMNS if name.startswith("x_")} >= {"x_Option", "x_Evidence", "x_AnswerId"}
    found = rows(plain())
    assert {CATEGORY} == {row["ServiceCategory"] for row in found}
    assert {"USD"} == {row["BillingCurrency"] for row in found}
    assert {"Usage", "Purchase"} == {row["ChargeCategory"] for row in found}
    for row in found:
        assert row["BilledCost"] == row["EffectiveCost"] == row["ListCost"] == row["ContractedCost"]
        assert all(row[name] for name in MANDATORY - {"ChargeClass", "PricingQuantity", "PricingUnit"})


def test_rows_of_an_option_add_up_to_its_total_with_servers_loans_and_taxes():
    loan = {"kind": "loan", "interest_rate_per_year": 0.08, "term_months": 12}
    for changes in ({}, {"options": [API, OWN], "finance": {"tax_fraction": 0.25, "purchase": loan}}):
        pack = made(question(**changes))
        sums = defaultdict(float)
        for row in rows(pack):
            sums[row["x_Option"]] += float(row["BilledCost"])
        for option in pack.result.options:
            assert sums[option.name] - option.cash.left_usd == pytest.approx(option.total_usd, rel=1e-6)


def test_months_are_whole_ones_from_the_first_after_the_scenarios_day():
    periods = sorted({(row["ChargePeriodStart"], row["ChargePeriodEnd"]) for row in rows(plain())})

    assert ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z") == periods[0]
    assert ("2028-11-01T00:00:00Z", "2028-12-01T00:00:00Z") == periods[-1]
    assert 24 == len(periods)
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(periods))


def test_gpu_hours_are_told_where_they_are_known():
    """One replica of one GPU, every hour of the month."""
    rent = [row for row in rows(plain()) if row["x_LineItem"] == "gpu_rent"]

    assert {("730.500", "GPU Hours")} == {(row["ConsumedQuantity"], row["ConsumedUnit"]) for row in rent}
    assert float(rent[0]["BilledCost"]) == pytest.approx(730.5 * 2.0)
    assert {""} == {row["ConsumedQuantity"] for row in rows(plain()) if row["x_LineItem"] == "input_tokens"}


def test_check_reads_them_back_as_the_bills_that_the_plan_has(tmp_path):
    path, pack = tmp_path / "plan-focus.csv", plain()
    path.write_text(focus(pack), encoding="utf-8")
    services = {row["ServiceName"]: row["x_Path"] for row in rows(pack) if row["ChargeCategory"] == "Usage"}
    read = read_actuals(path, pack.scenario)
    found = read.by_path()

    assert "2026-12" == read.first_month
    for option in pack.result.options:
        for name, amounts in option.line_items.items():
            told = found.get(f"options.{option.name}.line_items.{name}", {})
            assert [told.get(month + 1, 0.0) for month in range(24)] == pytest.approx(amounts, rel=1e-6, abs=1e-6)
    assert any("Purchase" in note for note in read.notes)
    assert f"{NAME}/gpu_rent" in services
    assert read.rows == read_actuals(path, pack.scenario, services=services).rows
    bill = read_actuals(path, pack.scenario, services=dict.fromkeys(services, f"options.{NAME}.monthly_usd")).by_path()
    assert [f"options.{NAME}.monthly_usd"] == list(bill)
