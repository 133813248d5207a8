"""What kinds of options, and the ways to pay for them, are called."""

from __future__ import annotations

from tco.scenario import AnyOption, MixedOption, OwnOption, RentOption, TokenOption

KINDS = {
    "api": "a vendor's API, paid per token",
    "hosted": "an open model, paid per token",
    "rent": "an open model on rented GPUs",
    "own": "an open model on your own servers",
    "hybrid": "base load on your own replicas, the rest at an API",
    "cascade": "a small model first, a large one behind it",
}
"""By `kind` of an option."""

SHORT_KINDS = {
    "api": "API, per token",
    "hosted": "hosted, per token",
    "rent": "rented GPUs",
    "own": "own servers",
    "hybrid": "hybrid",
    "cascade": "cascade",
}
"""Likewise, for a cell of a table."""


def bought_as(option: AnyOption) -> str:
    """The terms on which an option is paid for, in a few words.

    Args:
        option: filled or as written.
    """
    if isinstance(option, TokenOption):
        return option.tier
    if isinstance(option, MixedOption):
        return f"as {' and '.join(option.parts)}"
    if isinstance(option, OwnOption):
        way = "cash" if option.purchase is None else option.purchase.kind
        return "bought" if way == "cash" else way
    return _rented(option)


def _rented(option: RentOption) -> str:
    agreed = [
        f"{each.commitment} for {each.replicas if each.replicas is not None else 'the base'}"
        for each in option.commitments.values()
    ]
    return ", ".join([*agreed, f"{option.price.commitment}{' beyond' if agreed else ''}"])
