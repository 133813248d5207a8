"""What python-pptx has no calls for: bullets, plain tables, lines of cells, the number of a slide."""

from __future__ import annotations

from typing import Any

from pptx.oxml.ns import qn
from pptx.oxml.xmlchemy import OxmlElement
from pptx.slide import SlideLayout
from pptx.text.text import _Paragraph


def bullet(paragraph: _Paragraph, colour: Any) -> None:
    """Makes a paragraph one of a list."""
    properties: Any = paragraph._p.get_or_add_pPr()  # noqa: SLF001 - python-pptx has no call for bullets
    properties.set("marL", "171450")
    properties.set("indent", "-171450")
    tint = OxmlElement("a:buClr")
    value = OxmlElement("a:srgbClr")
    value.set("val", str(colour))
    tint.append(value)
    sign = OxmlElement("a:buChar")
    sign.set("char", "•")
    properties.append(tint)
    properties.append(sign)


def plain_table(table: Any) -> None:
    """Takes the theme's bands and fills off a table: lines only."""
    properties = table._tbl.tblPr  # noqa: SLF001 - python-pptx has no call for the style
    for name in ("bandRow", "firstRow"):
        properties.set(name, "0")
    style = properties.find(qn("a:tableStyleId"))
    if style is not None:
        style.text = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"


def edge(cell: Any, colour: Any, width_emu: int) -> None:
    """Draws a line below a cell."""
    properties = cell._tc.get_or_add_tcPr()  # noqa: SLF001 - python-pptx has no call for borders
    line = OxmlElement("a:lnB")
    line.set("w", str(width_emu))
    fill, value = OxmlElement("a:solidFill"), OxmlElement("a:srgbClr")
    value.set("val", str(colour))
    fill.append(value)
    line.append(fill)
    properties.insert(0, line)


def slide_number(paragraph: _Paragraph, colour: Any) -> None:
    """Adds the number of the slide, as a field."""
    field = OxmlElement("a:fld")
    field.set("id", "{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}")
    field.set("type", "slidenum")
    look, fill, value, text = (OxmlElement(name) for name in ("a:rPr", "a:solidFill", "a:srgbClr", "a:t"))
    look.set("lang", "en-US")
    look.set("sz", "800")
    value.set("val", str(colour))
    text.text = "‹#›"
    fill.append(value)
    look.append(fill)
    field.append(look)
    field.append(text)
    paragraph._p.append(field)  # noqa: SLF001 - python-pptx has no call for fields


def title_points(layout: SlideLayout) -> float:
    """Size of the letters of a layout's titles, its own or its master's [points]; PowerPoint's 44 where neither says.

    Args:
        layout: of a template.
    """
    own = [each for each in layout.placeholders if each.placeholder_format.type in {1, 3}]
    styles = [each._element.find(".//" + qn("a:lvl1pPr") + "/" + qn("a:defRPr")) for each in own]  # noqa: SLF001 - python-pptx has no call for it
    master = layout.slide_master.element
    styles.append(master.find(".//" + qn("p:titleStyle") + "/" + qn("a:lvl1pPr") + "/" + qn("a:defRPr")))
    sizes = [style.get("sz") for style in styles if style is not None]
    return next((int(size) / 100 for size in sizes if size), 44.0)
