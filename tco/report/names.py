"""Long names made short where there is little room: on slides and in charts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tco.report.inert import inert, short
from tco.report.pack import ReportPack
from tco.report.redact import mapped

MOST_SIGNS = 40
"""Of an option's name on a slide and in a chart; the document has the whole one."""


def with_short_names(pack: ReportPack, most: int = MOST_SIGNS) -> ReportPack:
    """The same pack with options of shorter names, each still its own.

    Args:
        pack: of the report.
        most: signs of a name.

    Special cases: where no name is too long, the pack itself.
    """
    names = _short([option.name for option in pack.result.options], most)
    if not names:
        return pack

    def put(text: str) -> str:
        for old, new in names.items():
            text = text.replace(old, new)
        return text

    return _with_texts(pack, put)


def inert_pack(pack: ReportPack) -> ReportPack:
    """The same pack with inert texts, for forms that take single texts of it.

    Args:
        pack: of the report.
    """
    return _with_texts(pack, inert)


def _with_texts(pack: ReportPack, put: Callable[[str], str]) -> ReportPack:
    prepared = replace(
        pack.prepared,
        scenario=mapped(pack.prepared.scenario, put),
        runs={put(name): mapped(run, put) for name, run in pack.prepared.runs.items()},
    )
    return replace(
        pack,
        scenario=mapped(pack.scenario, put),
        prepared=prepared,
        result=mapped(pack.result, put),
        risk=mapped(pack.risk, put),
        flips=mapped(pack.flips, put),
        previous=mapped(pack.previous, put),
    )


def _short(names: list[str], most: int) -> dict[str, str]:
    """New names of those that are too long, the longest first, so that one that is part of another is changed after it."""
    taken = {name for name in names if len(name) <= most}
    found: dict[str, str] = {}
    for name in sorted(names, key=len, reverse=True):
        if len(name) <= most:
            continue
        new, number = short(inert(name), most), 1
        while new in taken:
            number += 1
            new = f"{short(inert(name), most - 4)} {number}"
        taken.add(new)
        found[name] = new
    return found
