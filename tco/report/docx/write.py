"""A document as Word: headings, tables and pictures that the reader may go on with."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path

import docx as python_docx
from docx.document import Document as Word
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Emu, Mm, Pt
from docx.text.paragraph import Paragraph

from tco.report.blocks import Block, Bullets, Document, Facts, Picture, Section, Table, Text
from tco.report.document import document
from tco.report.docx.dress import Dress, add_field, dress, keep_minus
from tco.report.docx.tables import add_facts, add_table
from tco.report.fixed_zip import fixed_zip
from tco.report.logo import logo_png
from tco.report.pack import ReportPack
from tco.report.pictures import png

_NARROW, _WIDE = (Mm(210), Mm(297)), (Mm(297), Mm(210))
_MARGIN, _TOP, _BOTTOM = Mm(18), Mm(22), Mm(20)


def write_docx(pack: ReportPack, path: Path) -> None:
    """Writes the report as a Word document.

    Args:
        pack: all that it is made of.
        path: where to.
    """
    path.write_bytes(docx(pack))


def docx(pack: ReportPack) -> bytes:
    """The file's bytes; the same pack gives the same ones.

    Args:
        pack: of the report.
    """
    held, word = document(pack), python_docx.Document()
    look = dress(word, pack.brand)
    _page(word, wide=False)
    _frame(word, held, pack, look)
    _title(word, held, look)
    for number, section in enumerate(held.sections):
        _section(word, section, pack, look, first=number == 0)
    keep_minus(word)
    word.core_properties.title = held.title[:255]
    word.core_properties.author = (pack.brand.terms.name or "tco-llm")[:255]
    word.core_properties.comments = ""
    made = datetime.combine(pack.result.as_of, datetime.min.time(), tzinfo=UTC)
    word.core_properties.created = word.core_properties.modified = made
    told = io.BytesIO()
    word.save(told)
    return fixed_zip(told.getvalue(), pack.result.as_of)


def _page(word: Word, *, wide: bool) -> None:
    """The last part of the document on pages upright or across."""
    held = word.sections[-1]
    held.page_width, held.page_height = _WIDE if wide else _NARROW
    held.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    held.left_margin = held.right_margin = _MARGIN
    held.top_margin, held.bottom_margin = _TOP, _BOTTOM
    held.header_distance, held.footer_distance = Mm(9), Mm(8)


def _frame(word: Word, held: Document, pack: ReportPack, look: Dress) -> None:
    """What stands above and below every page."""
    head, foot = word.sections[0].header.paragraphs[0], word.sections[0].footer.paragraphs[0]
    logo = logo_png(pack.brand)
    if logo is not None:
        head.add_run().add_picture(io.BytesIO(logo), height=Mm(8))
        head.add_run("   ")
    look.small(head, held.header or (held.title if logo is None else ""))
    if held.footer:
        look.small(foot, held.footer)
        foot.add_run().add_break()
    look.small(foot, f"{held.ids} · page ")
    add_field(foot, "PAGE", look)


def _title(word: Word, held: Document, look: Dress) -> None:
    look.small(word.add_paragraph(), f"As of {held.date}")
    word.add_paragraph(held.title, style="Title")
    if held.subtitle:
        look.small(word.add_paragraph(), held.subtitle, Pt(9.5))


def _section(word: Word, section: Section, pack: ReportPack, look: Dress, *, first: bool) -> None:
    if section.wide:
        word.add_section(WD_SECTION.NEW_PAGE)
        _page(word, wide=True)
    if not first:
        heading = word.add_heading(section.title, level=1)
        heading.paragraph_format.page_break_before = section.new_page and not section.wide
    for block, following in zip_longest(section.blocks, section.blocks[1:]):
        _block(word, block, pack, look, wide=section.wide)
        if isinstance(block, Text) and isinstance(following, Table | Picture):
            # What leads to a table or a chart stays on its page.
            word.paragraphs[-1].paragraph_format.keep_with_next = True
    if section.wide:
        word.add_section(WD_SECTION.NEW_PAGE)
        _page(word, wide=False)


def _width(word: Word) -> Emu:
    held = word.sections[-1]
    assert held.page_width is not None  # `_page` has set all of them
    return Emu(held.page_width - 2 * _MARGIN)


def _block(word: Word, block: Block, pack: ReportPack, look: Dress, *, wide: bool) -> None:
    if isinstance(block, Text):
        _text(word, block, look)
    elif isinstance(block, Bullets):
        if block.title:
            word.add_heading(block.title, level=2)
        for item in block.items:
            word.add_paragraph(item, style="List Bullet")
    elif isinstance(block, Facts):
        add_facts(word, block, look, _width(word))
    elif isinstance(block, Picture):
        _picture(word, block, pack)
    else:
        _table(word, block, look, wide=wide)


def _text(word: Word, block: Text, look: Dress) -> Paragraph:
    if block.role == "note":
        return look.small(word.add_paragraph(), block.text)
    return word.add_paragraph(block.text, style="Subtitle" if block.role == "lead" else "Normal")


def _picture(word: Word, block: Picture, pack: ReportPack) -> None:
    paragraph = word.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run()
    shape = run.add_picture(io.BytesIO(png(pack, block.name)), width=Emu(int(_width(word) * block.share)))
    shape._inline.docPr.set("descr", block.caption)  # noqa: SLF001 - python-docx has no call for the alternative text


def _table(word: Word, block: Table, look: Dress, *, wide: bool) -> None:
    if block.title:
        word.add_heading(block.title, level=2)
    add_table(word, block, look, _width(word), size=Pt(6) if wide else Pt(7.5))
    look.small(word.add_paragraph(), block.note or "")
