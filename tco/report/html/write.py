"""A document as HTML: every text escaped, pictures inside of the file, no script, a policy that forbids all else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from pathlib import Path

from tco.report.blocks import Block, Bullets, Document, Fact, Facts, Picture, Section, Table, Text
from tco.report.brand import Brand
from tco.report.document import document
from tco.report.html.style import style
from tco.report.pack import ReportPack
from tco.report.pictures import svg


def write_html(pack: ReportPack, path: Path) -> None:
    """Writes the report as a single HTML file.

    Args:
        pack: all that it is made of.
        path: where to.
    """
    path.write_text(html(pack), encoding="utf-8")


def html(pack: ReportPack) -> str:
    """The file's text.

    The policy lets pictures in as data and the one style whose hash it names; scripts, frames, fonts and everything from elsewhere are forbidden. Charts are
    pictures in `img`, where nothing in an SVG can run.

    Args:
        pack: of the report.
    """
    held, css = document(pack), style(pack.brand)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{escape(held.title)}</title>",
            f"<style>{css}</style>",
            "</head>",
            "<body>",
            *_head(held, pack.brand),
            "<main>",
            *_contents(held),
            *(line for number, section in enumerate(held.sections) for line in _section(pack, section, number)),
            "</main>",
            f"<footer><p>{escape(held.footer)}</p><p>{escape(held.ids)}</p></footer>",
            "</body>",
            "</html>",
            "",
        )
    )


def _head(held: Document, brand: Brand) -> Iterator[str]:
    yield "<header>"
    if brand.logo is not None:
        kind = "svg+xml" if brand.logo.kind == "svg" else "png"
        yield f'<img class="logo" alt="{escape(brand.terms.name or "Logo")}" src="{_data(brand.logo.data, kind)}">'
    if held.header:
        yield f'<p class="over">{escape(held.header)}</p>'
    yield f'<h1 dir="auto">{escape(held.title)}</h1>'
    if held.subtitle:
        yield f'<p class="question" dir="auto">{escape(held.subtitle)}</p>'
    yield f'<p class="day">As of {escape(held.date)}</p>'
    yield "</header>"


def _contents(held: Document) -> Iterator[str]:
    links = (
        f'<li><a href="#part-{number}">{escape(section.title)}</a></li>' for number, section in enumerate(held.sections)
    )
    yield f'<nav aria-label="Contents"><ol>{"".join(links)}</ol></nav>'


def _section(pack: ReportPack, section: Section, number: int) -> Iterator[str]:
    yield f'<section id="part-{number}"><h2>{escape(section.title)}</h2>'
    for block in section.blocks:
        yield _block(pack, block)
    yield "</section>"


def _block(pack: ReportPack, block: Block) -> str:
    if isinstance(block, Text):
        return f'<p class="{block.role}" dir="auto">{escape(block.text)}</p>'
    if isinstance(block, Bullets):
        title = f"<h3>{escape(block.title)}</h3>" if block.title else ""
        items = "".join(f'<li dir="auto">{escape(item)}</li>' for item in block.items)
        return f"{title}<ul>{items}</ul>"
    if isinstance(block, Facts):
        return f'<dl class="facts">{"".join(map(_fact, block.items))}</dl>'
    if isinstance(block, Picture):
        source = _data(svg(pack, block.name).encode(), "svg+xml")
        caption = escape(block.caption)
        return f'<figure><img alt="{caption}" src="{source}"><figcaption>{caption}</figcaption></figure>'
    return _table(block)


def _fact(fact: Fact) -> str:
    label, value, note = map(escape, (fact.label, fact.value, fact.note))
    return f'<div><dt>{label}</dt><dd class="value">{value}</dd><dd class="note">{note}</dd></div>'


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col" class="{column.align}">{_lines(column.title)}</th>' for column in table.columns)
    rows = "".join(_row(table, number) for number in range(len(table.rows)))
    title = f"<h3>{escape(table.title)}</h3>" if table.title else ""
    note = f'<p class="note" dir="auto">{escape(table.note)}</p>' if table.note else ""
    return f'{title}<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{note}'


def _row(table: Table, number: int) -> str:
    cells = "".join(
        f'<td class="{column.align}" dir="auto">{_lines(cell)}</td>'
        for column, cell in zip(table.columns, table.rows[number], strict=True)
    )
    strong = ' class="strong"' if number in table.strong else ""
    return f"<tr{strong}>{cells}</tr>"


def _lines(text: str) -> str:
    first, _, rest = text.partition("\n")
    return escape(first) + (f"<small>{escape(rest)}</small>" if rest else "")


def _data(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
