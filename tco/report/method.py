"""How the numbers come about, where they end, and what the words mean."""

from __future__ import annotations

from collections.abc import Iterator

from tco.answer import footing
from tco.glossary import TERMS
from tco.lock import Lock
from tco.report.blocks import Bullets, Column, Section, Table, Text
from tco.report.pack import ReportPack, version
from tco.words import label, number
from tco.words import name as name_of

STEPS = (
    "Demand by month and hour of the week: mean, peak, growth, lengths of prompts and answers, what repeats and what can wait.",
    (
        "Capacity of one replica: the load at which the promised latency still holds, read from a measured load curve, or simulated from step times that were "
        "fitted to it; outside of what was measured it is called modelled."
    ),
    "Whole replicas for the peak hour, spares for the availability target, whole servers. Idle capacity is paid for: utilisation is an output.",
    "Line items by month, one formula each: tokens by tier, rent, servers, electricity, space, people, one-offs and what is named.",
    "Cash flow against what is paid today, and its appraisal: payback, discounted payback, NPV, IRR where it is unique, MIRR, ROI.",
    "Constraints are asked before options are ranked, and each has its price.",
    "Uncertainty: every input with a range is moved alone (sensitivity), then all are drawn at once (risk).",
)
"""The method in the order in which it is computed."""

LIMITS = (
    "Prices are dated and will move; look at the source of a price before you sign.",
    "Cost is compared, answer quality is not, unless success rates are given.",
    "A throughput that was measured with dummy weights has real timing and no meaning in its text.",
    "Ranges are the author's or the source's; what lies outside of all of them is not in any band.",
    "Not legal, tax or investment advice.",
)
"""What the numbers do not say."""

WORDS = (
    "Baseline", "Basis", "Evidence", "Goodput", "IRR", "MIRR", "Mtok", "NPV", "Nine runs in ten", "P95", "Payback", "Probe", "PUE", "Replica", "ROI", "Run",
    "SLO", "TPOT", "TTFT", "Utilisation",
)  # fmt: skip
"""Of the glossary, the words of a report."""


def method_section(pack: ReportPack) -> Section:
    """How the numbers come about, and the conventions that they rest on.

    Args:
        pack: of the report.
    """
    passed = sum(each.passed for each in pack.result.checks)
    checks = f" The model's own checks: {passed} of {len(pack.result.checks)} passed." if pack.result.checks else ""
    return Section(
        "Method",
        (
            Bullets(STEPS),
            Text(f"Conventions: {footing(pack.result)}{checks}"),
        ),
        new_page=True,
    )


def limits_section(pack: ReportPack) -> Section:
    """What to mind, and what the numbers do not say.

    Args:
        pack: of the report.
    """
    cautions = tuple(caution.message for caution in pack.result.warnings)
    mind = (Bullets(cautions, "Cautions of this answer"),) if cautions else ()
    return Section("Limits", (*mind, Bullets(LIMITS, "In general")))


def glossary_section() -> Section:
    """What the words mean."""
    rows = tuple((word, TERMS[word]) for word in WORDS)
    return Section("Glossary", (Table(columns=(Column("Word", weight=1), Column("Meaning", weight=4)), rows=rows),))


def change_section(pack: ReportPack) -> Section | None:
    """What differs from the version before; None where there is none.

    Args:
        pack: of the report.
    """
    if pack.previous is None:
        return None
    rows = tuple(changes(pack))
    if not rows:
        return Section("Changes since the version before", (Text(f"None: {pack.previous.answer_id} has the same inputs and answer."),))  # fmt: skip
    table = Table(
        columns=(
            Column("What", weight=3),
            Column(f"Before ({pack.previous.answer_id})", "right"),
            Column("Now", "right"),
        ),
        rows=rows,
    )
    return Section("Changes since the version before", (table,))


_NUMBERS = {
    "total_usd": "cost over the horizon (USD)",
    "npv_usd": "NPV (USD)",
    "capex_usd": "investment (USD)",
    "payback_months": "payback (months)",
}


def changes(pack: ReportPack) -> Iterator[tuple[str, str, str]]:
    """What differs from the version before: the answer, what it rests on, headline numbers, inputs with their ranges: what, before, now.

    Args:
        pack: of the report.
    """
    before = pack.previous
    if before is None:
        return
    if before.answer.recommended != pack.result.recommended:
        yield "Recommended", before.answer.recommended or "nothing", pack.result.recommended or "nothing"
    yield from _numbers_changed(pack, before)
    inputs = [
        (f"{_named(path)}{which}\n{path}", _text(was), _text(now))
        for path, which, was, now in inputs_changed(pack, before)
    ]
    known = [*rests_changed(pack, before), *(row for row in inputs if row[1] != row[2])]
    yield from known
    if not known and before.answer_id != pack.result.answer_id:
        yield "What the scenario says beside its numbers, or the tool's code", "–", "changed"


def _numbers_changed(pack: ReportPack, before: Lock) -> Iterator[tuple[str, str, str]]:
    had = {option.name: option for option in before.answer.options}
    for option in pack.result.options:
        old = had.pop(option.name, None)
        if old is None:
            yield option.name, "–", "new"
            continue
        for name, words in _NUMBERS.items():
            was, now = _text(getattr(old, name)), _text(getattr(option, name))
            if was != now:
                yield f"{option.name}: {words}", was, now
    yield from ((name, "there", "gone") for name in had)


def rests_changed(pack: ReportPack, before: Lock) -> Iterator[tuple[str, str, str]]:
    """What the answer rests on beside its inputs and is another one than before: version, price book, runs: what, before, now.

    Args:
        pack: of the report.
        before: the version before.
    """
    had, has = {run.option: run.run_id for run in before.runs}, {n: run.run_id for n, run in pack.prepared.runs.items()}
    pairs = [("Version of the tool", before.tool.version, version())]
    pairs += [("Price book", before.price_book.id, pack.result.price_book.id)]
    pairs += [(f"Run of {name}", had.get(name, "–"), has.get(name, "–")) for name in dict.fromkeys((*had, *has))]
    yield from (pair for pair in pairs if pair[1] != pair[2])


def inputs_changed(pack: ReportPack, before: Lock) -> Iterator[tuple[str, str, float | None, float | None]]:
    """Values and ends of ranges that are others than before: path, which of them in words to stand behind it, before, now.

    Args:
        pack: of the report.
        before: the version before.
    """
    now = {row.path: row for row in pack.result.assumptions}
    for path in dict.fromkeys((*before.quantities, *now)):
        for field, which in (("value", ""), ("low", ", low end"), ("high", ", high end")):
            was, has = (getattr(held.get(path), field, None) for held in (before.quantities, now))
            if was != has:
                yield path, which, was, has


def _named(path: str) -> str:
    """An input of the version before may have a name that this version does not know."""
    try:
        return label(path)
    except LookupError:
        return name_of(path)


def _text(value: float | None) -> str:
    return "–" if value is None else number(value)
