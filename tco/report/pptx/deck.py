"""Slides and what stands on them: titles, texts, tables, small print. Sizes in inches, letters in points."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.presentation import Presentation
from pptx.slide import Slide, SlideLayout
from pptx.text.text import TextFrame, _Paragraph
from pptx.util import Emu, Inches, Pt

from tco.report.blocks import Fact, Table
from tco.report.brand import Brand
from tco.report.inert import inert, short
from tco.report.logo import logo_png
from tco.report.pptx.marks import bullet, edge, plain_table, slide_number, title_points
from tco.report.pptx.measure import LETTER_WIDTH, LINE, POINTS, Box, row_height, size_that_fits

_EMU = 914_400
_FOOT_IN, _EDGE_IN = 0.42, 0.55
_MOST_OF_A_CELL = 150


def rgb(text: str) -> Any:
    """A colour from `#rrggbb`."""
    return RGBColor.from_string(text.removeprefix("#").upper())


class Deck:
    """A presentation that grows slide by slide."""

    def __init__(self, presentation: Presentation, brand: Brand, *, has_template: bool) -> None:
        """Begins.

        Args:
            presentation: empty, or the client's template.
            brand: colours, fonts, logo.
            has_template: whether the look is the template's own.
        """
        self.presentation, self.brand, self.has_template = presentation, brand, has_template
        colours = brand.terms.colours
        self.primary, self.accent = rgb(colours.primary), rgb(colours.accent)
        self.ink, self.muted = rgb(colours.ink), rgb(colours.muted)
        self.heading, self.body = brand.terms.fonts.heading, brand.terms.fonts.body
        self._logo = logo_png(brand)
        width, height = presentation.slide_width or Inches(13.333), presentation.slide_height or Inches(7.5)
        self.width_in, self.height_in = width / _EMU, height / _EMU

    def layout(self, name: str) -> SlideLayout:
        """The layout of that name; else one with a title and as little else as there is."""
        layouts = list(self.presentation.slide_layouts)
        for layout in layouts:
            if layout.name.strip().lower() == name.lower():
                return layout
        titled = [each for each in layouts if any(ph.placeholder_format.type in {1, 3} for ph in each.placeholders)]
        return min(titled or layouts, key=lambda each: len(list(each.placeholders)))

    def slide(self, title: str) -> tuple[Slide, Box]:
        """A new slide with a title, and the place that is left for its content."""
        made = self.presentation.slides.add_slide(self.layout("Title Only"))
        text, holder = inert(short(title, 110)), made.shapes.title
        top = 0.42
        if holder is None:
            place = Box(_EDGE_IN, top, self.width_in - 2 * _EDGE_IN - self._logo_room(), 0.75)
            self.text(made, place, [text], most=26, least=18, bold=True, colour=self.primary, heading=True)
            top += 0.9
        elif self.has_template:
            self._into_place(holder, text)
            top = (int(holder.top) + int(holder.height)) / _EMU + 0.1
        else:
            place = Box(_EDGE_IN, top, self.width_in - 2 * _EDGE_IN - self._logo_room(), 0.75)
            holder.left, holder.top = Inches(place.left), Inches(place.top)
            holder.width, holder.height = Inches(place.width), Inches(place.height)
            self._fill(holder.text_frame, [text], size_that_fits([text], place, 26, 18), bold=True, colour=self.primary, heading=True)  # fmt: skip
            holder.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
            top += 0.95
        if not self.has_template:
            self.logo(made)
        return made, Box(_EDGE_IN, top, self.width_in - 2 * _EDGE_IN, self.height_in - top - _FOOT_IN - 0.15)

    def _into_place(self, holder: Any, text: str) -> None:
        """A title in the template's place and letters; in smaller ones where two lines of those would run into what stands below."""
        holder.text_frame.text = text
        place = Box(0, 0, int(holder.width) / _EMU - 0.2, int(holder.height) / _EMU)
        own = title_points(holder.part.slide_layout)
        size = size_that_fits([text], place, own, min(own, 14))
        if size < own:
            holder.text_frame.paragraphs[0].runs[0].font.size = Pt(size)

    def _logo_room(self) -> float:
        return 0.0 if self._logo is None else 1.9

    def logo(self, slide: Slide) -> None:
        """The brand's logo, above on the right."""
        if self._logo is None:
            return
        picture = slide.shapes.add_picture(io.BytesIO(self._logo), 0, Inches(0.45), height=Inches(0.55))
        if picture.width > Inches(1.7):
            picture.height = Emu(int(picture.height * Inches(1.7) / picture.width))
            picture.width = Inches(1.7)
        picture.left = Emu(int(Inches(self.width_in - _EDGE_IN) - picture.width))

    def text(
        self,
        slide: Slide,
        box: Box,
        texts: Sequence[str],
        *,
        most: float,
        least: float = 9,
        bold: bool = False,
        colour: RGBColor | None = None,
        heading: bool = False,
        bullets: bool = False,
    ) -> None:
        """Paragraphs in a place, in the largest letters that fit; what is far too long is cut."""
        clean = [inert(text) for text in texts]
        size = size_that_fits(clean, box, most, least)
        letters = int(box.width * box.height * POINTS**2 / (size**2 * LETTER_WIDTH * LINE))
        clean = (
            [short(text, max(20, letters // max(1, len(clean)))) for text in clean]
            if sum(map(len, clean)) > letters
            else clean
        )
        made = slide.shapes.add_textbox(*(Inches(each) for each in box))
        made.text_frame.word_wrap, made.text_frame.auto_size = True, MSO_AUTO_SIZE.NONE
        self._fill(made.text_frame, clean, size, bold=bold, colour=colour, heading=heading, bullets=bullets)

    def _fill(
        self,
        frame: TextFrame,
        texts: Iterable[str],
        size: float,
        *,
        bold: bool = False,
        colour: RGBColor | None = None,
        heading: bool = False,
        bullets: bool = False,
    ) -> None:
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        for number, text in enumerate(texts):
            paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            paragraph.alignment = PP_ALIGN.LEFT
            paragraph.space_after = Pt(size * 0.35)
            if bullets:
                bullet(paragraph, self.primary)
            run = paragraph.add_run()
            run.text = text
            run.font.size, run.font.bold = Pt(size), bold
            run.font.name = self.heading if heading else self.body
            run.font.color.rgb = colour or self.ink

    def titled_bullets(self, slide: Slide, box: Box, title: str, items: Sequence[str], *, most: float = 14) -> None:
        """A small heading with a list below it."""
        self.text(slide, box.upper(0.36), [title], most=13, bold=True, colour=self.primary, heading=True)
        self.text(slide, box.below(0.42), list(items) or ["–"], most=most, bullets=True)

    def facts(self, slide: Slide, box: Box, facts: Sequence[Fact]) -> None:
        """Numbers side by side, a bar before each."""
        for number, fact in enumerate(facts):
            place = box.part(number, len(facts), 0.25)
            bar = slide.shapes.add_shape(1, Inches(place.left), Inches(place.top), Inches(0.05), Inches(place.height))
            bar.fill.solid()
            bar.fill.fore_color.rgb = self.primary
            bar.line.fill.background()
            bar.shadow.inherit = False
            inner = Box(place.left + 0.15, place.top, place.width - 0.15, place.height)
            self.text(slide, inner.upper(0.26), [fact.label], most=11, colour=self.muted)
            self.text(slide, Box(inner.left, inner.top + 0.27, inner.width, 0.46), [fact.value], most=24, least=13, bold=True, heading=True)  # fmt: skip
            self.text(slide, inner.below(0.78), [fact.note], most=10, least=8, colour=self.muted)

    def table(
        self,
        slide: Slide,
        box: Box,
        table: Table,
        *,
        most: float = 12,
        least: float = 7.5,
        most_rows: int | None = None,
    ) -> None:
        """A table in the largest letters at which it stays on the slide; rows that do not fit even so, or are too many, are counted below it."""
        weights = [column.weight for column in table.columns]
        widths = [box.width * weight / sum(weights) for weight in weights]
        heads = tuple(inert(column.title) for column in table.columns)
        rows = [tuple(_cut(cell) for cell in row) for row in table.rows]
        size = most
        while size > least and sum(row_height(row, widths, size) for row in (heads, *rows[:most_rows])) > box.height:
            size -= 0.5
        kept, room = [], box.height - row_height(heads, widths, size)
        for row in rows[:most_rows]:
            room -= row_height(row, widths, size)
            if room < 0:
                break
            kept.append(row)
        self._grid(slide, box, table, (heads, *kept), widths, size)
        if len(kept) < len(rows):
            rest = Box(box.left, box.top + box.height - 0.05, box.width, 0.25)
            more = len(rows) - len(kept)
            told = f"{more} more {'row' if more == 1 else 'rows'}: see the document."
            self.text(slide, rest, [told], most=9, colour=self.muted)

    def _grid(
        self, slide: Slide, box: Box, table: Table, rows: Sequence[Sequence[str]], widths: Sequence[float], size: float
    ) -> None:
        heights = [row_height(row, widths, size) for row in rows]
        frame = slide.shapes.add_table(
            len(rows), len(widths), Inches(box.left), Inches(box.top), Inches(box.width), Inches(sum(heights))
        )
        made = frame.table
        plain_table(made)
        for column, width in zip(made.columns, widths, strict=True):
            column.width = Inches(width)
        for number, (row, height) in enumerate(zip(rows, heights, strict=True)):
            made.rows[number].height = Inches(height)
            for place, text in enumerate(row):
                cell = made.cell(number, place)
                cell.margin_left = cell.margin_right = Inches(0.05)
                cell.margin_top = cell.margin_bottom = Inches(0.02)
                cell.vertical_anchor = MSO_ANCHOR.MIDDLE
                paragraph = cell.text_frame.paragraphs[0]
                paragraph.alignment = PP_ALIGN.RIGHT if table.columns[place].align == "right" else PP_ALIGN.LEFT
                self._cell(paragraph, text, size, bold=number == 0 or number - 1 in table.strong)
                edge(cell, self.primary if number == 0 else rgb("#D7D7D7"), 12_700 if number == 0 else 6_350)

    def _cell(self, paragraph: _Paragraph, text: str, size: float, *, bold: bool) -> None:
        """A cell's first line, and what follows in small print."""
        first, _, rest = text.partition("\n")
        run = paragraph.add_run()
        run.text = first
        run.font.size, run.font.name, run.font.bold, run.font.color.rgb = Pt(size), self.body, bold, self.ink
        if rest:
            paragraph.add_line_break()
            run = paragraph.add_run()
            run.text = " ".join(rest.split("\n"))
            run.font.size, run.font.name, run.font.color.rgb = Pt(max(6.0, 0.8 * size)), self.body, self.muted

    def footers(self, left: str, right: str, slides: Iterable[Slide]) -> None:
        """What stands below every slide, with its number as a field."""
        for slide in slides:
            place = Box(_EDGE_IN, self.height_in - _FOOT_IN, self.width_in - 2 * _EDGE_IN - 1.0, 0.32)
            lines = [text for text in (right, left) if text]
            self.text(slide, place, lines, most=8, least=6, colour=self.muted)
            box = slide.shapes.add_textbox(
                Inches(self.width_in - _EDGE_IN - 0.8), Inches(self.height_in - _FOOT_IN), Inches(0.8), Inches(0.25)
            )
            paragraph = box.text_frame.paragraphs[0]
            paragraph.alignment = PP_ALIGN.RIGHT
            slide_number(paragraph, self.muted)


def _cut(cell: str) -> str:
    return "\n".join(short(part, _MOST_OF_A_CELL) for part in inert(cell).split("\n")[:2])
