"""A document as PDF: typst reads it as JSON data, so that no text of it is ever typst source."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst

from tco.report.blocks import Block, Bullets, Document, Facts, Picture, Table, Text
from tco.report.document import document
from tco.report.pack import ReportPack
from tco.report.pictures import pictures_of, svg

_TEMPLATE = Path(__file__).with_name("report.typ")


def write_pdf(pack: ReportPack, path: Path) -> None:
    """Writes the report as PDF.

    Args:
        pack: all that it is made of.
        path: where to.
    """
    path.write_bytes(pdf(pack))


def pdf(pack: ReportPack) -> bytes:
    """The file's bytes; the same pack gives the same ones on a machine with the same fonts.

    typst compiles a template of our own in a folder of its own: it sees the template, the data and the pictures, and nothing else of the machine.

    Args:
        pack: of the report.
    """
    held = document(pack)
    with tempfile.TemporaryDirectory(prefix="tco-report-") as name:
        folder = Path(name)
        (folder / "report.typ").write_bytes(_TEMPLATE.read_bytes())
        (folder / "data.json").write_text(json.dumps(_data(held, pack), ensure_ascii=False), encoding="utf-8")
        for picture in pictures_of(held):
            (folder / f"{picture.name}.svg").write_text(svg(pack, picture.name), encoding="utf-8")
        if pack.brand.logo is not None:
            (folder / f"logo.{pack.brand.logo.kind}").write_bytes(pack.brand.logo.data)
        made = datetime.combine(pack.result.as_of, datetime.min.time(), tzinfo=UTC)
        return bytes(
            typst.compile(str(folder / "report.typ"), root=str(folder), format="pdf", timestamp=int(made.timestamp()))
        )


def _data(held: Document, pack: ReportPack) -> dict[str, Any]:
    terms, logo = pack.brand.terms, pack.brand.logo
    return {
        "title": held.title,
        "subtitle": held.subtitle,
        "date": held.date,
        "header": held.header,
        "footer": held.footer,
        "ids": held.ids,
        "logo": None if logo is None else f"logo.{logo.kind}",
        "colours": terms.colours.model_dump(),
        "fonts": terms.fonts.model_dump(),
        "sections": [
            {
                "title": section.title,
                "wide": section.wide,
                "new_page": section.new_page,
                "blocks": [_block(block) for block in section.blocks],
            }
            for section in held.sections
        ],
    }


def _block(block: Block) -> dict[str, Any]:
    kinds = {Text: "text", Bullets: "bullets", Facts: "facts", Picture: "picture", Table: "table"}
    fields = asdict(block) if not isinstance(block, Table) else _table(block)
    return {"kind": kinds[type(block)], **fields}


def _table(table: Table) -> dict[str, Any]:
    return {
        "columns": [asdict(column) for column in table.columns],
        "rows": [list(row) for row in table.rows],
        "title": table.title,
        "note": table.note,
        "strong": sorted(table.strong),
        "together": table.is_small,
    }
