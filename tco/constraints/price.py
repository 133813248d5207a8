"""What each constraint costs: the cheapest option that may be taken, less the cheapest that could be taken without it.

Options are ranked by NPV, which orders them alike against whatever option they are held: so it does where the constraints rule the
baseline out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from tco.cashflow import Ledger, saving_npv_usd
from tco.constraint_result import ConstraintAnswer, ConstraintFinding, ConstraintName, ConstraintPrice
from tco.constraints.findings import ruled_out


def priced(
    found: Collection[ConstraintFinding], ledgers: Mapping[str, Ledger], rate_per_year: float, baseline: str
) -> ConstraintAnswer | None:
    """The price of each constraint alone, and of all together.

    `price = NPV(best | all but these) − NPV(best | all constraints)`, never below zero: fewer constraints leave more options.
    Prices do not add up: two constraints that rule out the same option each cost nothing alone.
    The latency promise by which self-hosted options are sized stays, whatever is left out.

    Args:
        found: which option keeps which constraint; none: there is no answer.
        ledgers: the costs of every option, by name, those that are ruled out too.
        rate_per_year: effective yearly discount rate [fraction].
        baseline: what is paid for today, which is kept where another one costs the same.
    """
    if not found:
        return None
    forbidden = ruled_out(found)
    able = {name: own for name, own in ledgers.items() if _can_serve(own, forbidden.get(name, ()))}
    # Against which of them is the same: NPVs against two options differ by one amount.
    held_against = next(iter(able.values()), None)
    worth_usd = {
        name: saving_npv_usd(rate_per_year, own if held_against is None else held_against, own)
        for name, own in able.items()
    }
    order = sorted(worth_usd, key=lambda name: (-worth_usd[name], name != baseline))
    asks = {finding.constraint: finding.asks for finding in found}
    banned = {name: {each.option for each in found if each.constraint == name and each.rules_out} for name in asks}
    together = _price(list(asks), "", banned, order, worth_usd)
    return ConstraintAnswer(
        findings=list(found),
        prices=[_price([name], its, banned, order, worth_usd) for name, its in asks.items()],
        together=together,
    )


def _can_serve(own: Ledger, forbidden: Collection[str]) -> bool:
    """Whether nothing but constraints rules an option out."""
    return replace(own, barred=tuple(reason for reason in own.barred if reason not in forbidden)).feasible


def _price(
    without: list[ConstraintName],
    asks: str,
    banned: Mapping[ConstraintName, Collection[str]],
    order: Iterable[str],
    worth_usd: Mapping[str, float],
) -> ConstraintPrice:
    """The price of some constraints.

    Args:
        without: the constraints.
        asks: what they ask.
        banned: the options that each constraint rules out.
        order: the options that can serve, the best first.
        worth_usd: their NPV against one of them [USD].
    """
    others = {name for constraint, names in banned.items() if constraint not in without for name in names}
    mine = {name for constraint in without for name in banned[constraint]}
    order = list(order)
    chosen = next((name for name in order if name not in others | mine), None)
    chosen_without = next((name for name in order if name not in others), None)
    before = order if chosen is None else order[: order.index(chosen)]
    price = None if chosen is None or chosen_without is None else worth_usd[chosen_without] - worth_usd[chosen]
    return ConstraintPrice(
        constraints=without,
        asks=asks,
        price_usd=price,
        chosen=chosen,
        chosen_without=chosen_without,
        cheaper_but=[name for name in before if name in mine & others],
    )
