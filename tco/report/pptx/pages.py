"""The slides, one function each."""

from __future__ import annotations

from collections.abc import Sequence

from tco.answer import explain, footing, headline
from tco.report.blocks import Column, Table
from tco.report.capacity import NO_MACHINES, capacity_section
from tco.report.doubt import risk_rows, share_sentences
from tco.report.evidence import driver_rows, evidence_sentence, ranks, register_table, source_table
from tco.report.method import LIMITS, STEPS, changes
from tco.report.options import cash_tables, option_tables
from tco.report.pack import ReportPack
from tco.report.pictures import MOST_BARS
from tco.report.pptx import native
from tco.report.pptx.deck import Deck
from tco.report.pptx.measure import Box
from tco.report.summary import (
    band_sentence,
    binding_sentences,
    driver_words,
    drivers_title,
    edition_sentences,
    facts,
    flip_sentences,
    moves_anything,
    no_drivers,
)
from tco.risk_words import measuring_sentence, risk_headline

_MOST_BESIDE, _MOST_CAUTIONS, _MOST_SOURCES, _MOST_INPUTS = 6, 8, 12, 14
_LEFT_OUT = {"Kind", "Can be taken", "Per request", "MIRR a year", "Discounted payback"}
"""Figures that a slide has no room for; the document has all of them."""


def title_slide(deck: Deck, pack: ReportPack) -> None:
    """Scenario, question, day, firm."""
    slide = deck.presentation.slides.add_slide(deck.layout("Title Slide"))
    terms = pack.brand.terms
    lines = [pack.scenario.question or "", f"As of {pack.result.as_of.isoformat()}", terms.name or ""]
    lines += [terms.confidentiality or "", *edition_sentences(pack)]
    if deck.has_template and slide.shapes.title is not None:
        slide.shapes.title.text_frame.text = pack.result.scenario
        others = [holder for holder in slide.placeholders if holder.placeholder_format.idx == 1]
        if others:
            others[0].text_frame.text = "\n".join(line for line in lines if line)
            return
    for holder in list(slide.placeholders):
        holder._element.getparent().remove(holder._element)  # noqa: SLF001 - the empty deck's own places are of another size
    bar = slide.shapes.add_shape(1, 0, 0, deck.presentation.slide_width, int(914_400 * 0.18))
    bar.fill.solid()
    bar.fill.fore_color.rgb = deck.primary
    bar.line.fill.background()
    bar.shadow.inherit = False
    deck.logo(slide)
    width = deck.width_in - 2.2
    deck.text(slide, Box(1.1, 2.1, width, 1.5), [pack.result.scenario], most=40, least=20, bold=True, colour=deck.primary, heading=True)  # fmt: skip
    deck.text(slide, Box(1.1, 3.7, width, 1.0), [lines[0]], most=20, least=12)
    deck.text(slide, Box(1.1, 4.9, width, 1.6), [line for line in lines[1:] if line], most=14, colour=deck.muted)


def summary_slide(deck: Deck, pack: ReportPack) -> None:
    """The answer, its band, four numbers, the chart of cumulative costs."""
    slide, place = deck.slide("The answer")
    deck.text(slide, place.upper(0.85), [headline(pack.result)], most=24, least=15, bold=True, heading=True)
    deck.text(slide, Box(place.left, place.top + 0.9, place.width, 0.6), [band_sentence(pack)], most=14, least=10)
    deck.facts(slide, Box(place.left, place.top + 1.5, place.width, 1.05), facts(pack))
    if any(option.feasible for option in pack.result.options):
        native.cumulative(deck, slide, place.below(2.65), pack)
    else:
        why = [explain(pack.result, option) for option in pack.result.options]
        deck.titled_bullets(slide, place.below(2.65), "Why", why)


def why_slide(deck: Deck, pack: ReportPack) -> None:
    """Drivers, flips, constraints, evidence."""
    slide, place = deck.slide("Why, and what would change it")
    left, right = place.part(0, 2, 0.5), place.part(1, 2, 0.5)
    half = place.height * 0.5
    moves = list(driver_words(pack.result, 4)) or [no_drivers(pack)]
    deck.titled_bullets(slide, left.upper(half - 0.1), drivers_title(pack.result), moves)
    deck.titled_bullets(slide, right.upper(half - 0.1), "What would flip the answer", list(flip_sentences(pack, 4)))
    binding = list(binding_sentences(pack.result)) or ["None was asked for."]
    deck.titled_bullets(slide, left.below(half), "Constraints", binding)
    told = [evidence_sentence(pack.result, pack.risk)]
    if pack.risk is not None and pack.risk.measuring is not None:
        told.append(measuring_sentence(pack.risk.measuring))
    deck.titled_bullets(slide, right.below(half), "What it rests on", told)


def options_slide(deck: Deck, pack: ReportPack) -> None:
    """Figures of up to six options."""
    slide, place = deck.slide("Options side by side")
    table = next(option_tables(pack.result, most=_MOST_BESIDE))
    kept = tuple(row for row in table.rows if row[0] not in _LEFT_OUT)
    more = len(pack.result.options) - (len(table.columns) - 1)
    deck.table(slide, place.upper(place.height - 0.35), Table(columns=table.columns, rows=kept), most=13)
    note = f"{table.note or ''}{f' {more} more options: see the document.' if more > 0 else ''}"
    deck.text(
        slide, Box(place.left, place.top + place.height - 0.3, place.width, 0.3), [note], most=10, colour=deck.muted
    )


def items_slide(deck: Deck, pack: ReportPack) -> None:
    """What the money goes into."""
    slide, place = deck.slide("Where the money goes")
    months = pack.result.conventions.horizon_months
    deck.text(slide, place.upper(0.4), [f"Costs over {months} months by line item; what servers still fetch is taken off."], most=13, colour=deck.muted)  # fmt: skip
    native.line_items(deck, slide, place.below(0.5), pack)


def cash_slide(deck: Deck, pack: ReportPack) -> None:
    """Money by year."""
    slide, place = deck.slide("Cash flow by year")
    table = next(cash_tables(pack.result))
    rows = 0.42 * (len(table.rows) + 1)
    height = min(rows, place.height * 0.45)
    deck.table(slide, place.upper(height), table)
    native.yearly(deck, slide, place.below(height + 0.2), pack)


def capacity_slide(deck: Deck, pack: ReportPack) -> None:
    """What stands behind the self-hosted options."""
    slide, place = deck.slide("Capacity and probes")
    tables = [block for block in capacity_section(pack).blocks if isinstance(block, Table)]
    if not tables:
        deck.text(slide, place, [NO_MACHINES], most=14)
        return
    height = min(0.5 * (len(tables[0].rows) + 1), place.height * 0.45)
    deck.table(slide, place.upper(height), tables[0], most=12)
    probes = [table for table in tables[1:] if table.columns[0].title == "Probe"]
    under = place.below(height + 0.3)
    for number, table in enumerate(probes[:2]):
        deck.table(slide, under.part(number, min(2, len(probes)), 0.4), table, most=11)


def sensitivity_slide(deck: Deck, pack: ReportPack) -> None:
    """The tornado, with the ranges beside it."""
    slide, place = deck.slide("Sensitivity: one input at a time")
    if not moves_anything(pack.result):
        deck.text(slide, place, [no_drivers(pack)], most=14)
        return
    left = Box(place.left, place.top, place.width * 0.56, place.height)
    right = Box(place.left + place.width * 0.58, place.top + 0.3, place.width * 0.42, place.height - 0.3)
    native.tornado(deck, slide, left, pack)
    columns = (
        Column("Input", weight=3.2),
        Column("Low", "right", 1.9),
        Column("High", "right", 2.1),
        Column("Flips", "right", 1.1),
    )
    rows = tuple((row[1], row[2], row[3], row[6]) for row in driver_rows(pack, MOST_BARS))
    deck.table(slide, right, Table(columns=columns, rows=rows), most=11)


def risk_slide(deck: Deck, pack: ReportPack) -> None:
    """All ranges at once."""
    slide, place = deck.slide("Risk: all ranges at once")
    risk = pack.risk
    if risk is None:
        deck.text(slide, place, ["No simulation was made."], most=14)
        return
    deck.text(slide, place.upper(0.75), [risk_headline(risk)], most=16, least=11, bold=True)
    under = place.below(0.8)
    left = Box(under.left, under.top, under.width * 0.52, under.height)
    right = Box(under.left + under.width * 0.55, under.top, under.width * 0.45, under.height)
    if any(option.paid_back_by_month for option in risk.options):
        native.paid_back(deck, slide, left, pack)
    else:
        right = under
    rows = tuple((row[0], row[2], row[4]) for row in risk_rows(risk))
    columns = (
        Column("Option", weight=1.5),
        Column("Saves in", "right", 1.2),
        Column("NPV, nine runs in ten", "right", 1.6),
    )
    height = min(0.45 * (len(rows) + 1), right.height * 0.45)
    deck.table(slide, right.upper(height), Table(columns=columns, rows=rows), most=11)
    if risk.shares:
        told = list(share_sentences(risk, 5))
        deck.titled_bullets(slide, right.below(height + 0.25), "Where the spread comes from", told, most=12)


def inputs_slide(deck: Deck, pack: ReportPack) -> None:
    """The inputs that matter most, as the register has them."""
    table, placed = register_table(pack), ranks(pack.result)
    slide, place = deck.slide("Assumptions that matter most" if placed else "Assumptions, not ranked")
    order = sorted(range(len(table.rows)), key=lambda n: placed.get(pack.result.assumptions[n].path, len(table.rows)))[
        :_MOST_INPUTS
    ]
    shown = (9, 1, 2, 3, 4, 5, 6, 7)
    weights = (0.8, 3.2, 1.3, 1.6, 1.3, 1.3, 1.4, 3.2)
    columns = tuple(
        Column(table.columns[n].title, table.columns[n].align, weight) for n, weight in zip(shown, weights, strict=True)
    )
    rows = tuple(tuple(table.rows[n][each].partition("\n")[0] for each in shown) for n in order)
    deck.table(slide, place.upper(place.height - 0.35), Table(columns=columns, rows=rows), most=11)
    note = f"{evidence_sentence(pack.result, pack.risk)} The whole register is in the document and in the workbook."
    deck.text(
        slide, Box(place.left, place.top + place.height - 0.3, place.width, 0.3), [note], most=10, colour=deck.muted
    )


def sources_slide(deck: Deck, pack: ReportPack) -> None:
    """Where numbers come from, in the order of the register; runs last."""
    slide, place = deck.slide("Sources")
    table = source_table(pack)
    # Shown or not, all are counted: a source that is left out without a word would look as if there was none.
    deck.table(
        slide,
        place.upper(place.height - 0.2),
        Table(columns=table.columns, rows=table.rows),
        most=11,
        most_rows=_MOST_SOURCES,
    )


def method_slide(deck: Deck, pack: ReportPack) -> None:
    """How the numbers come about."""
    slide, place = deck.slide("Method")
    deck.text(slide, place.upper(place.height - 1.0), list(STEPS), most=15, bullets=True)
    deck.text(
        slide, place.below(place.height - 0.95), [f"Conventions: {footing(pack.result)}"], most=11, colour=deck.muted
    )


def limits_slide(deck: Deck, pack: ReportPack) -> None:
    """What to mind."""
    slide, place = deck.slide("Limits and cautions")
    cautions = [caution.message for caution in pack.result.warnings]
    kept = _first(cautions, _MOST_CAUTIONS)
    left = Box(place.left, place.top, place.width * 0.6, place.height)
    right = Box(place.left + place.width * 0.64, place.top, place.width * 0.36, place.height)
    deck.titled_bullets(slide, left, "Cautions of this answer", kept, most=13)
    deck.titled_bullets(slide, right, "In general", LIMITS, most=13)


def change_slide(deck: Deck, pack: ReportPack) -> None:
    """What differs from the version before."""
    slide, place = deck.slide("Changes since the version before")
    rows = tuple(changes(pack))
    before = pack.previous.answer_id if pack.previous is not None else ""
    columns = (Column("What", weight=3), Column(f"Before ({before})", "right"), Column("Now", "right"))
    deck.table(slide, place, Table(columns=columns, rows=rows or (("nothing", "–", "–"),)), most=12)


def _first(items: Sequence[str], most: int) -> list[str]:
    rest = len(items) - most
    return [*items[:most], *([f"{rest} more: see the document."] if rest > 0 else [])]
