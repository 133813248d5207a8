"""How a Word document looks: styles in the brand's colours and fonts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from docx.document import Document as Word
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph

from tco.report.brand import Brand

_SMALL = Pt(7.5)
_MINUS = re.compile(r"(?<!\S)-(?=[$\d])")


def colour(text: str) -> RGBColor:
    """A colour from `#rrggbb`."""
    return RGBColor.from_string(text.removeprefix("#").upper())


@dataclass(frozen=True, slots=True, kw_only=True)
class Dress:
    """Colours and fonts as Word takes them."""

    primary: RGBColor
    muted: RGBColor
    heading: str
    body: str

    def small(self, paragraph: Paragraph, text: str, size: Length = _SMALL) -> Paragraph:
        """Adds small print to a paragraph."""
        run = paragraph.add_run(text)
        run.font.size, run.font.color.rgb = size, self.muted
        return paragraph


def dress(word: Word, brand: Brand) -> Dress:
    """Sets the styles of a new document.

    Args:
        word: just made.
        brand: whose colours and fonts.
    """
    colours, fonts = brand.terms.colours, brand.terms.fonts
    ink, primary = colour(colours.ink), colour(colours.primary)
    for name, size, bold, held, font, before, after in (
        ("Normal", 9, False, ink, fonts.body, 0, 5),
        ("List Bullet", 9, False, ink, fonts.body, 0, 3),
        ("Title", 20, True, primary, fonts.heading, 0, 4),
        ("Subtitle", 14, True, ink, fonts.heading, 6, 6),
        ("Heading 1", 14, True, primary, fonts.heading, 16, 6),
        ("Heading 2", 9.5, True, ink, fonts.heading, 9, 3),
    ):
        style = word.styles[name]
        assert isinstance(style, ParagraphStyle)
        assert style.type == WD_STYLE_TYPE.PARAGRAPH
        style.font.name, style.font.size, style.font.bold, style.font.italic = font, Pt(size), bold, False
        style.font.color.rgb = held
        _all_scripts(style, font)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
        for spacing in style.element.get_or_add_rPr().findall(qn("w:spacing")):
            style.element.rPr.remove(spacing)
        style.paragraph_format.keep_with_next = name.startswith("Heading")
    _no_rule(word)
    return Dress(primary=primary, muted=colour(colours.muted), heading=fonts.heading, body=fonts.body)


def _all_scripts(style: ParagraphStyle, font: str) -> None:
    """Word takes the theme's font for headings unless each script names one."""
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{script}"), font)
        fonts.attrib.pop(qn(f"w:{script}Theme"), None)
    fonts.attrib.pop(qn("w:asciiTheme"), None)


def _no_rule(word: Word) -> None:
    """The default title has a line below it, in another colour than the brand's."""
    properties = word.styles["Title"].element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)


def add_field(paragraph: Paragraph, name: str, look: Dress) -> None:
    """Adds a field that Word fills, such as `PAGE`; the name is ours, never data."""
    for kind, text in (("begin", None), (None, name), ("end", None)):
        run = paragraph.add_run()
        run.font.size, run.font.color.rgb = _SMALL, look.muted
        if kind is not None:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        else:
            part = OxmlElement("w:instrText")
            part.text = text
        run._r.append(part)  # noqa: SLF001 - python-docx has no call for fields


def keep_minus(word: Word) -> None:
    """Ties every minus to its number by Word's own sign for it: at the end of a line it would be taken for a dash, and the loss below it for a gain.

    Args:
        word: with all its texts.
    """
    for text in list(word.element.body.iter(qn("w:t"))):
        first, *rest = _MINUS.split(text.text or "")
        if not rest:
            continue
        text.text = first
        text.set(qn("xml:space"), "preserve")
        for part in reversed(rest):
            more = OxmlElement("w:t")
            more.text = part
            more.set(qn("xml:space"), "preserve")
            text.addnext(more)
            text.addnext(OxmlElement("w:noBreakHyphen"))
