"""Options side by side: figures, line items, money by year, as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tco.answer import explain
from tco.format import months, share, usd, volume
from tco.number_style import local
from tco.option_rows import payback_words
from tco.report.blocks import Block, Bullets, Column, Picture, Section, Table, Text
from tco.report.pack import ReportPack
from tco.result import OptionResult, Result
from tco.words import basis, item_words

NOTHING_LEFT = "Every option is ruled out, so there is nothing to pay for."
MOST_BESIDE = 5
"""Options in one table; more go into a second one."""


def options_section(pack: ReportPack) -> Section:
    """What each option is, costs and saves.

    Args:
        pack: of the report.
    """
    result = pack.result
    blocks: list[Block] = [*option_tables(result)]
    blocks.append(
        Bullets(tuple(explain(result, option, searched=pack.searched) for option in result.options), "In words")
    )
    return Section("Options side by side", tuple(blocks))


def option_tables(result: Result, most: int = MOST_BESIDE) -> Iterator[Table]:
    """Figures as rows, options as columns.

    Args:
        result: the answer.
        most: options in one table.
    """
    for group in _groups(result.options, most):
        yield Table(
            columns=_beside(group, result),
            rows=tuple(_option_rows(group, result)),
            note=f"{'→ recommended. ' if result.recommended else ''}Payback without what servers still fetch, NPV with it.",
        )


def _groups(options: Sequence[OptionResult], most: int = MOST_BESIDE) -> Iterator[Sequence[OptionResult]]:
    """As few tables as can be, of nearly the same width."""
    tables = -(-len(options) // most)
    beside = -(-len(options) // max(1, tables))
    for start in range(0, len(options), beside or 1):
        yield options[start : start + beside]


def _beside(group: Sequence[OptionResult], result: Result) -> tuple[Column, ...]:
    return (Column("", weight=1.7), *(Column(_titled(option, result), "right") for option in group))


def _titled(option: OptionResult, result: Result) -> str:
    today = "\ntoday" if option.name == result.baseline else ""
    return f"{'→ ' if option.name == result.recommended else ''}{option.name}{today}"


def _option_rows(group: Sequence[OptionResult], result: Result) -> Iterator[tuple[str, ...]]:
    for title, figure in figures(result):
        cells = [figure(option) for option in group]
        if title in _ALWAYS or set(cells) != {"–"}:
            yield title, *cells


_ALWAYS = {"Payback", "NPV saved"}
Figure = Callable[[OptionResult], str]


def figures(result: Result) -> tuple[tuple[str, Figure], ...]:
    """Figures of an option with their titles, as people read them.

    Args:
        result: the answer that the options are of.
    """
    return (
        ("Kind", lambda option: option.kind),
        ("Model", lambda option: option.model),
        ("Basis", basis),
        ("Can be taken", lambda option: "yes" if option.feasible else "no"),
        ("Investment, all in", _served(lambda option: usd(option.capex_usd))),
        ("First month", _served(lambda option: usd(option.monthly_usd[0]))),
        ("Whole horizon", _served(lambda option: usd(option.total_usd))),
        *_in_currency(result),
        ("Per million tokens", _served(lambda option: usd(option.usd_per_mtok))),
        ("Per request", _served(lambda option: usd(option.usd_per_request))),
        (
            "Per user and month",
            _served(lambda option: usd(option.unit_costs.usd_per_user_month) if option.unit_costs else "–"),
        ),
        (
            "Per solved task",
            _served(lambda option: usd(option.task_cost.usd_per_successful_task) if option.task_cost else "–"),
        ),
        ("Replicas", _served(lambda option: str(option.capacity.replicas) if option.capacity else "–")),
        (
            "Utilisation",
            _served(lambda option: share(option.capacity.utilisation_fraction) if option.capacity else "–"),
        ),
        ("Payback", lambda option: payback_words(option, result)),
        ("Discounted payback", _compared(result, lambda option: months(option.discounted_payback_months))),
        ("NPV saved", _compared(result, lambda option: usd(option.npv_usd))),
        (
            "IRR a year",
            _compared(
                result, lambda option: "several" if option.irr_status == "several" else share(option.irr_per_year)
            ),
        ),
        ("MIRR a year", _compared(result, lambda option: share(option.mirr_per_year))),
        ("ROI", _compared(result, lambda option: share(option.roi_fraction))),
        ("Break-even requests/day", _compared(result, lambda option: volume(option.breakeven_requests_per_day))),
    )


def _in_currency(result: Result) -> tuple[tuple[str, Figure], ...]:
    held = result.reporting_currency
    if held is None:
        return ()
    totals = {each.name: each.total_in_currency for each in held.options}
    return (
        (
            f"Whole horizon, {held.code} of {held.as_of.isoformat()}",
            lambda option: f"{local(totals[option.name]):,.0f}" if option.name in totals else "–",
        ),
    )


def _served(figure: Figure) -> Figure:
    return lambda option: figure(option) if option.feasible else "–"


def _compared(result: Result, figure: Figure) -> Figure:
    return lambda option: figure(option) if option.npv_usd is not None and option.name != result.baseline else "–"


def line_item_section(pack: ReportPack) -> Section:
    """What the money goes into.

    Args:
        pack: of the report.
    """
    result = pack.result
    if not any(option.feasible for option in result.options):
        return Section("Line items", (Text(NOTHING_LEFT),))
    blocks: list[Block] = list(line_item_tables(result))
    if any(any(totals_by_item(option).values()) for option in result.options):
        blocks.insert(0, Picture("line_items", "Cost of every option over the whole horizon, by line item."))
    return Section("Line items", tuple(blocks))


def _lower(words: str) -> str:
    return words if words[:2].isupper() else words[:1].lower() + words[1:]


def totals_by_item(option: OptionResult) -> dict[str, float]:
    """What each line item and each investment of an option comes to over the horizon [USD]; one that has a namesake is added to it."""
    found: dict[str, float] = {}
    for items in (option.investments, option.line_items):
        for name, amounts in items.items():
            found[name] = found.get(name, 0.0) + sum(amounts)
    if option.cash is not None:
        for name in ("financing", "tax"):
            total = sum(getattr(option.cash.by_month, f"{name}_usd"))
            if total:
                found[name] = found.get(name, 0.0) + total
        if option.cash.left_usd:
            found["left_at_the_end"] = -option.cash.left_usd
    return found


def line_item_tables(result: Result) -> Iterator[Table]:
    """Line items over the whole horizon as rows, options as columns; what is zero everywhere is named below.

    Args:
        result: the answer.
    """
    able = [option for option in result.options if option.feasible]
    for group in _groups(able):
        held = [totals_by_item(option) for option in group]
        names = list(dict.fromkeys(name for items in held for name in items))
        used = [name for name in names if any(items.get(name) for items in held)]
        unused = [_lower(item_words(name)) for name in names if name not in used]
        rows = [(item_words(name), *(_item(items, name) for items in held)) for name in used]
        rows.append(("In all", *(usd(sum(items.values())) for items in held)))
        yield Table(
            columns=_beside(group, result),
            rows=tuple(rows),
            note=f"Zero in all of these, because nobody set them or there is no such cost: {', '.join(unused)}."
            if unused
            else None,
            strong=frozenset({len(rows) - 1}),
        )


def _item(items: dict[str, float], name: str) -> str:
    return usd(items[name]) if name in items else "–"


def cash_section(pack: ReportPack) -> Section:
    """Money by year of the plan.

    Args:
        pack: of the report.
    """
    nothing = Text(NOTHING_LEFT)
    return Section("Cash flow by year", tuple(cash_tables(pack.result)) or (nothing,))


def cash_tables(result: Result) -> Iterator[Table]:
    """What each option asks for in each year; then the savings of the best alternative.

    Args:
        result: the answer.
    """
    able = [option for option in result.options if option.cash is not None]
    if not able or able[0].cash is None:
        return
    years = [f"Year {year}" for year in range(1, len(able[0].cash.by_year.total_usd) + 1)]
    yield Table(
        columns=(
            Column("Costs", weight=1.9),
            *(Column(title, "right") for title in (*years, "Left at the end", "In all")),
        ),
        rows=tuple(_cash_row(option) for option in able),
        note="Capital, running costs, lenders and taxes, as costs; what is left at the end is taken off.",
    )
    best = result.contender
    parts = [option for option in able if option.name in {result.baseline, best}]
    for option in parts:
        yield Table(
            columns=(Column(option.name, weight=1.9), *(Column(title, "right") for title in (*years, "In all"))),
            rows=tuple(_part_rows(option)),
        )


def _cash_row(option: OptionResult) -> tuple[str, ...]:
    assert option.cash is not None  # of those that are asked
    years = option.cash.by_year.total_usd
    left = -option.cash.left_usd if option.cash.left_usd else 0.0
    return option.name, *map(usd, years), usd(left), usd(sum(years) + left)


_PARTS = (("Laid out", "capex_usd"), ("Running", "opex_usd"), ("Lenders", "financing_usd"), ("Taxes", "tax_usd"))


def _part_rows(option: OptionResult) -> Iterator[tuple[str, ...]]:
    assert option.cash is not None  # of those that are asked
    for title, name in _PARTS:
        amounts = getattr(option.cash.by_year, name)
        if any(amounts) or name in {"capex_usd", "opex_usd"}:
            yield title, *map(usd, amounts), usd(sum(amounts))
