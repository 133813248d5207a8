"""A report as slides: ten to fourteen of them, in the client's template where there is one."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tco.report.document import footer
from tco.report.fixed_zip import fixed_zip
from tco.report.inert import inert
from tco.report.names import inert_pack, with_short_names
from tco.report.pack import ReportPack
from tco.report.pptx import pages
from tco.report.pptx.deck import Deck
from tco.report.pptx.template import PREFIX, fill_named, named_texts, opened

_PAGES = (
    pages.summary_slide,
    pages.why_slide,
    pages.options_slide,
    pages.items_slide,
    pages.cash_slide,
    pages.capacity_slide,
    pages.sensitivity_slide,
    pages.risk_slide,
    pages.inputs_slide,
    pages.sources_slide,
    pages.method_slide,
    pages.limits_slide,
)


_OF_WHAT_IS_LEFT = {
    pages.items_slide,
    pages.cash_slide,
    pages.capacity_slide,
    pages.sensitivity_slide,
    pages.risk_slide,
}
"""Slides that would be empty where every option is ruled out."""


def write_pptx(pack: ReportPack, path: Path) -> None:
    """Writes the report as slides.

    Args:
        pack: all that it is made of.
        path: where to.

    Raises:
        InputError: the brand's template cannot be used.
    """
    path.write_bytes(pptx(pack))


def pptx(pack: ReportPack) -> bytes:
    """The file's bytes; the same pack gives the same ones.

    A template's own slides come first, their shapes named `tco:answer`, `tco:payback` ... filled; a layout with such shapes makes a slide of its own; then
    come the report's slides in the template's layout `Title Only`.

    Args:
        pack: of the report.
    """
    presentation = opened(pack.brand)
    pack = with_short_names(inert_pack(pack))
    deck = Deck(presentation, pack.brand, has_template=pack.brand.template is not None)
    ids = inert(pack.ids, 400)
    texts = named_texts(pack, ids)
    filled: set[str] = set()
    for slide in presentation.slides:
        filled |= fill_named(slide.shapes, texts)
    for layout in presentation.slide_layouts:
        if any(str(holder.name).startswith(PREFIX) for holder in layout.placeholders):
            made = presentation.slides.add_slide(layout)
            _keep_names(made, layout)
            filled |= fill_named(made.shapes, texts)
    own = len(presentation.slides)
    if "title" not in filled:
        pages.title_slide(deck, pack)
    is_left = any(option.feasible for option in pack.result.options)
    for page in _PAGES:
        if is_left or page not in _OF_WHAT_IS_LEFT:
            page(deck, pack)
    if pack.previous is not None:
        pages.change_slide(deck, pack)
    slides = list(presentation.slides)[own:]
    deck.footers(ids, footer(pack), slides)
    return _saved(presentation, pack)


def _keep_names(slide: Any, layout: Any) -> None:
    """A slide's places get new names; those of the layout are what the client gave."""
    names = {holder.placeholder_format.idx: holder.name for holder in layout.placeholders}
    for holder in slide.placeholders:
        holder.name = names.get(holder.placeholder_format.idx, holder.name)


def _saved(presentation: Any, pack: ReportPack) -> bytes:
    held = presentation.core_properties
    held.title, held.author = inert(pack.result.scenario)[:255], (pack.brand.terms.name or "tco-llm")[:255]
    held.last_modified_by, held.revision = held.author, 1
    # What a template says of itself is of those who made it, and may name more than a reader should know.
    held.subject = held.keywords = held.comments = held.category = held.content_status = ""
    held.created = held.modified = datetime.combine(pack.result.as_of, datetime.min.time(), tzinfo=UTC)
    told = io.BytesIO()
    presentation.save(told)
    return fixed_zip(told.getvalue(), pack.result.as_of)
