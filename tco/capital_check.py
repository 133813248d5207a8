"""What is to be known of loans and leases that the horizon cuts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tco.cashflow import Ledger
from tco.format import usd
from tco.result import Caution

_CUT = {
    "lease_due_at_end": (
        "lease_cut",
        "leases that run on ask for {amount} more, counted at the end of the horizon (`at_horizon: due`)",
    ),
    "loan_paid_off": ("loan_cut", "loans that run on are paid off with {amount} at the end of the horizon"),
}
_LEAST_USD = 0.005


def capital_cautions(ledgers: Mapping[str, Ledger]) -> Iterator[Caution]:
    """One caution for each option whose loans or leases are longer than the horizon.

    Args:
        ledgers: costs of every option, by name.
    """
    for name, own in ledgers.items():
        if own.capital is None or not own.feasible:
            continue
        for part, (code, sentence) in _CUT.items():
            amount = float(own.capital.financing[part].sum()) if part in own.capital.financing else 0.0
            if amount > _LEAST_USD:
                yield Caution(
                    code=code, path=f"options.{name}", message=f"{name}: {sentence.format(amount=usd(amount))}"
                )
