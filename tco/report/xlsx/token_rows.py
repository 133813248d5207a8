"""What a vendor bills, as formulas (`tco.costs.tokens`)."""

from __future__ import annotations

from tco.report.xlsx.demand_rows import Asked
from tco.report.xlsx.desk import NOTHING, Desk
from tco.report.xlsx.expressions import Expr
from tco.report.xlsx.functions import MONTHS_PER_YEAR
from tco.scenario import TokenOption
from tco.workload.demand import TOKENS_PER_MTOK


def token_items(
    desk: Desk, option: TokenOption, asked: Asked, label: str, waiting: Expr | None = None
) -> dict[str, Expr]:
    """Line items by name: fresh, cached and written input, output.

    Args:
        desk: whose sheets Workload and Prices they are worked out on.
        option: filled.
        asked: the demand as it reaches the option.
        label: of the option, in rows.
        waiting: share of these requests that can wait, where it is not the workload's.
    """
    tokens = desk.needed(option, "tokenizer_factor")
    prompts = desk.workload.line(
        f"{label}: prompts in the vendor's tokens", "Mtok/month", asked.requests * asked.input_tokens * tokens / TOKENS_PER_MTOK, summed=True
    )  # fmt: skip
    answers = desk.workload.line(
        f"{label}: answers in the vendor's tokens", "Mtok/month", asked.requests * asked.output_tokens * tokens / TOKENS_PER_MTOK, summed=True
    )  # fmt: skip
    rates = _prices(desk, option, asked, label, waiting)
    return {
        "input_tokens": prompts * rates["input"],
        "cached_input_tokens": prompts * rates["cached"] if "cached" in rates else NOTHING,
        "cache_write_tokens": prompts * rates["written"] if "written" in rates else NOTHING,
        "output_tokens": answers * rates["output"],
    }


def _prices(desk: Desk, option: TokenOption, asked: Asked, label: str, waiting: Expr | None) -> dict[str, Expr]:
    """What a million tokens cost in each month: each price with the share of tokens that is billed at it."""
    sheet = desk.prices
    sheet.heading(label)
    change = desk.needed(option, "price_change_per_year_fraction")
    path = sheet.line("Price over that of month 1", "factor", (1 + change) ** ((desk.month - 1) / MONTHS_PER_YEAR))
    into, out = (desk.needed(option, f"{name}_usd_per_mtok") for name in ("input", "output"))
    batch_in, batch_out = (desk.given(option, f"batch_{name}_usd_per_mtok") for name in ("input", "output"))
    cached, written = (desk.given(option, f"{name}_usd_per_mtok") for name in ("cached_input", "cache_write"))
    writes = desk.inputs.cells.get("workload.cache_write_input_fraction")
    waits = desk.of_all("workload.batchable_fraction") if waiting is None else waiting
    batch: Expr = waits if batch_in is not None and batch_out is not None else NOTHING
    fresh: Expr = 1 - (asked.cacheable if cached is not None else NOTHING)
    if written is not None and writes is not None:
        fresh = fresh - writes
    found = {"input": (1 - batch) * fresh * into, "output": (1 - batch) * out}
    if batch_in is not None and batch_out is not None:
        found = {"input": found["input"] + batch * batch_in, "output": found["output"] + batch * batch_out}
    if cached is not None:
        found["cached"] = (1 - batch) * asked.cacheable * cached
    if written is not None and writes is not None:
        found["written"] = (1 - batch) * writes * written
    names = {
        "input": "Fresh input, over all input", "output": "Output", "cached": "Cached input, over all input", "written": "Cache writes, over all input",
    }  # fmt: skip
    return {
        name: sheet.line(f"{names[name]}: {label}", "USD/Mtok", price * path, "small_usd")
        for name, price in found.items()
    }
