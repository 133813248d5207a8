"""Which input carries a line item, and where that input is from: from the assumptions register of the answer."""

from __future__ import annotations

from tco.result import Assumption, OptionResult, Result
from tco.words import amount, item_words, label

CARRIES = {
    "input_tokens": ("input_usd_per_mtok",),
    "cached_input_tokens": ("cached_input_usd_per_mtok",),
    "cache_write_tokens": ("cache_write_usd_per_mtok",),
    "output_tokens": ("output_usd_per_mtok",),
    "gpu_rent": ("price_usd_per_hour", "machine_usd_per_hour"),
    "committed_rent": ("price_usd_per_hour",),
    "servers": ("server_price_usd",),
    "electricity": ("electricity_usd_per_kwh",),
    "colocation": ("colocation_usd_per_kw_month",),
    "maintenance": ("maintenance_fraction_per_year",),
    "people": ("run_fte",),
    "on_call": ("oncall_fte",),
    "storage": ("storage_usd_per_gib_month",),
    "egress": ("egress_usd_per_gb",),
    "load_balancing": ("load_balancer_usd_per_hour",),
    "logging": ("logging_usd_per_gb",),
    "evaluation": ("run_usd",),
    "retraining": ("training_usd_per_hour", "training_usd_per_mtok"),
    "migrations": ("migration_usd",),
    "support": ("support_usd_per_year",),
    "audits": ("audit_usd",),
    "exit": ("exit_usd",),
}
"""By line item, the last part of the path of the input whose price or size it is."""

_MOST = 200


def row_of(item: str, option: OptionResult, result: Result) -> Assumption | None:
    """The row of the register that carries a line item; None where it has none, or is a cost that somebody named.

    Args:
        item: name of the line item or investment.
        option: whose.
        result: the answer.
    """
    wanted = (*CARRIES.get(item, ()), item)
    rows = [row for row in result.assumptions if row.path.startswith(f"options.{option.name}.")]
    for last in wanted:
        for row in rows:
            if row.path.rpartition(".")[2] == last:
                return row
    return None


def source_of(item: str, option: OptionResult, result: Result) -> str | None:
    """What carries a line item, how it is known and from where, in one line; None where no single input carries it.

    Args:
        item: name of the line item or investment.
        option: whose.
        result: the answer.
    """
    row = row_of(item, option, result)
    if row is None:
        return None
    name = label(row.path).rpartition(" of ")[0] or item_words(item)
    parts = [
        f"{name} {amount(row.value, row.unit)}",
        row.evidence,
        row.source,
        None if row.as_of is None else f"{row.as_of:%d %b %Y}",
    ]
    text = " · ".join(part for part in parts if part)
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"


def item_rows(option: OptionResult, result: Result) -> list[dict[str, object]]:
    """Line items and investments of an option as rows, the largest first.

    Args:
        option: one that can serve.
        result: that it is of.
    """
    rows: list[dict[str, object]] = []
    for items, when in ((option.line_items, ""), (option.investments, " (laid out)")):
        for name, amounts in items.items():
            total = sum(amounts)
            rows.append(
                {
                    "For": item_words(name) + when,
                    "First month (USD)": amounts[0] if amounts else None,
                    "Total (USD)": total,
                    "Of all": total / option.total_usd if option.total_usd else None,
                    "Price from": source_of(name, option, result),
                }
            )
    return sorted(rows, key=lambda row: -abs(float(str(row["Total (USD)"]))))
