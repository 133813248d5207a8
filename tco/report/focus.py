"""The plan as cost rows of the FinOps Foundation's FOCUS specification, so that FinOps tools can hold it beside the bill.

Columns as in FOCUS 1.2 (https://focus.finops.org/focus-specification/v1-2/, read November 2026): a row for each option, month and cost.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from tco.actuals.months import first_month_of
from tco.report.inert import no_formula
from tco.report.pack import ReportPack
from tco.result import OptionResult

FOCUS_VERSION = "1.2"
CATEGORY = "AI and Machine Learning"
"""`ServiceCategory` of every row: all of it is the cost of one AI service."""

COLUMNS = (
    "BillingAccountId", "BillingAccountName", "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd", "BilledCost", "EffectiveCost",
    "ListCost", "ContractedCost", "BillingCurrency", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ServiceCategory", "ServiceName",
    "ProviderName", "PublisherName", "InvoiceIssuerName", "PricingQuantity", "PricingUnit", "ConsumedQuantity", "ConsumedUnit", "x_Option", "x_OptionKind",
    "x_LineItem", "x_Path", "x_Evidence", "x_AnswerId", "x_PriceBook", "x_FocusVersion",
)  # fmt: skip

_MONTHS = 12
_HOURS = {"gpu_rent": "GPU Hours"}


def write_focus(pack: ReportPack, path: Path) -> None:
    """Writes the plan as a FOCUS CSV file.

    Args:
        pack: of the report.
        path: where to.
    """
    path.write_text(focus(pack), encoding="utf-8", newline="")


def focus(pack: ReportPack) -> str:
    """The file's text.

    Running costs are of `ChargeCategory` Usage, what is laid out is a Purchase, lenders are an Adjustment, taxes are Tax. A plan knows one price, so that list,
    contracted, effective and billed cost are the same; nothing is spread over later months. The sum of an option's rows is its total, with what is left at the
    end added back. The service of a row is `OPTION/LINE_ITEM`, and `x_Path` is the path of its actuals in `tco check`. The first month is the first whole one
    from the scenario's day on. What would start a formula in a spreadsheet has a quote before it.

    Args:
        pack: of the report.
    """
    told = io.StringIO()
    writer = csv.DictWriter(told, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for option in pack.result.options:
        if option.feasible:
            writer.writerows(_rows(pack, option))
    return told.getvalue()


def _rows(pack: ReportPack, option: OptionResult) -> Iterator[dict[str, str]]:
    first = first_month_of(pack.result.as_of)
    running = [("Usage", f"line_items.{name}", name, costs) for name, costs in option.line_items.items()]
    laid_out = [("Purchase", f"investments.{name}", name, costs) for name, costs in option.investments.items()]
    flows = [*running, *laid_out]
    if option.cash is not None:
        by_month = option.cash.by_month
        flows += [
            ("Adjustment", "financing", "financing", by_month.financing_usd),
            ("Tax", "tax", "tax", by_month.tax_usd),
        ]
    for category, place, name, costs in flows:
        for month, cost in enumerate(costs):
            if cost:
                yield _row(pack, option, category, place, name, month, cost, first)


def _row(
    pack: ReportPack, option: OptionResult, category: str, place: str, name: str, month: int, cost: float, first: str
) -> dict[str, str]:
    start, end = (f"{_month(first, month + further).isoformat()}T00:00:00Z" for further in (0, 1))
    amount, quantity = f"{cost:.6f}", _quantity(pack, option, name, month, category)
    seller = _seller(option)
    return {
        "BillingAccountId": no_formula(pack.result.answer_id),
        "BillingAccountName": no_formula(pack.result.scenario),
        "BillingPeriodStart": start,
        "BillingPeriodEnd": end,
        "ChargePeriodStart": start,
        "ChargePeriodEnd": end,
        "BilledCost": amount,
        "EffectiveCost": amount,
        "ListCost": amount,
        "ContractedCost": amount,
        "BillingCurrency": pack.result.conventions.currency,
        "ChargeCategory": category,
        "ChargeClass": "",
        "ChargeDescription": no_formula(f"{name.replace('_', ' ')} of {option.name}, month {month + 1} of the plan"),
        "ChargeFrequency": "One-Time" if category == "Purchase" else "Usage-Based",
        "ServiceCategory": CATEGORY,
        "ServiceName": no_formula(f"{option.name}/{name}"),
        "ProviderName": no_formula(seller),
        "PublisherName": no_formula(seller),
        "InvoiceIssuerName": no_formula(seller),
        "PricingQuantity": quantity[0],
        "PricingUnit": quantity[1],
        "ConsumedQuantity": quantity[0] if category == "Usage" else "",
        "ConsumedUnit": quantity[1] if category == "Usage" else "",
        "x_Option": no_formula(option.name),
        "x_OptionKind": option.kind,
        "x_LineItem": no_formula(name),
        "x_Path": no_formula(f"options.{option.name}.{place}"),
        "x_Evidence": option.evidence,
        "x_AnswerId": pack.result.answer_id,
        "x_PriceBook": no_formula(pack.result.price_book.id),
        "x_FocusVersion": FOCUS_VERSION,
    }


def _seller(option: OptionResult) -> str:
    """Who is paid: the vendor before a model's name, else nobody that the plan knows by name."""
    vendor, slash, _ = option.model.partition("/")
    return vendor if slash and option.kind in {"api", "hosted"} else "Self-hosted"


def _quantity(pack: ReportPack, option: OptionResult, name: str, month: int, category: str) -> tuple[str, str]:
    """How much of what was consumed; empty where a plan does not say it by line."""
    held = option.capacity
    if (
        category != "Usage"
        or held is None
        or name not in _HOURS
        or not held.paid_replicas_by_month
        or not held.replicas
    ):
        return "", ""
    gpus = held.gpus / held.replicas
    hours = held.paid_replicas_by_month[month] * max(gpus, 1.0) * pack.result.conventions.hours_per_month
    return f"{hours:.3f}", _HOURS[name] if gpus else "Hours"


def _month(first: str, further: int) -> date:
    count = int(first[:4]) * _MONTHS + int(first[5:7]) - 1 + further
    return date(count // _MONTHS, count % _MONTHS + 1, 1)
