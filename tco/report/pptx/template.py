"""The client's template: checked before it is opened, and its own slides filled by the names of their shapes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping

import pptx
from pptx.presentation import Presentation
from pptx.util import Inches

from tco.answer import headline
from tco.errors import InputError
from tco.report.brand import Brand
from tco.report.inert import inert
from tco.report.pack import ReportPack
from tco.report.summary import band_sentence, facts

MOST_UNPACKED_BYTES = 200_000_000
_MOST_PARTS = 2_000
PREFIX = "tco:"
"""Shapes whose name begins so are filled."""


def opened(brand: Brand) -> Presentation:
    """The template, or an empty presentation of 16 : 9.

    Args:
        brand: of the report.

    Raises:
        InputError: the template is no presentation, holds macros, or unpacks to more than any would.
    """
    if brand.template is None:
        made = pptx.Presentation()
        made.slide_width, made.slide_height = Inches(13.333), Inches(7.5)
        return made
    refuse_bad_template(brand.template)
    try:
        return pptx.Presentation(io.BytesIO(brand.template))
    except Exception as error:  # noqa: BLE001 - a broken archive fails in many ways inside of the library
        raise InputError(
            f"the slides' template cannot be opened: {error}; save it again from PowerPoint as .pptx"
        ) from None


def refuse_bad_template(data: bytes) -> None:
    """Refuses an archive that is no template.

    Args:
        data: of the file.

    Raises:
        InputError: see `opened`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile:
        raise InputError("the slides' template is not a .pptx file; save it from PowerPoint as .pptx") from None
    if len(entries) > _MOST_PARTS or sum(entry.file_size for entry in entries) > MOST_UNPACKED_BYTES:
        raise InputError(f"the slides' template unpacks to more than {MOST_UNPACKED_BYTES:,} bytes; make it smaller")
    if any("vbaProject" in entry.filename for entry in entries):
        raise InputError("the slides' template holds macros; save it as .pptx without them")


def named_texts(pack: ReportPack, ids: str) -> dict[str, str]:
    """Texts by the name that a shape of the template has, after `tco:`.

    Args:
        pack: of the report.
        ids: the line of ids.
    """
    today, saving, investment, payback = (fact.value for fact in facts(pack))
    terms = pack.brand.terms
    return {
        "title": pack.result.scenario,
        "question": pack.scenario.question or "",
        "date": pack.result.as_of.isoformat(),
        "answer": headline(pack.result),
        "band": band_sentence(pack),
        "today": today,
        "saving": saving,
        "investment": investment,
        "payback": payback,
        "ids": ids,
        "firm": terms.name or "",
        "confidentiality": terms.confidentiality or "",
    }


def fill_named(shapes: Iterable[object], texts: Mapping[str, str]) -> set[str]:
    """Fills shapes by their names; letters keep the look that the first run of the shape has.

    Args:
        shapes: of a slide.
        texts: by name, without `tco:`.

    Returns:
        Names that were filled.
    """
    filled: set[str] = set()
    for shape in shapes:
        filled |= fill_named(getattr(shape, "shapes", ()), texts)
        name = str(getattr(shape, "name", "")).removeprefix(PREFIX)
        if not str(getattr(shape, "name", "")).startswith(PREFIX) or name not in texts:
            continue
        frame = getattr(shape, "text_frame", None)
        if frame is None:
            continue
        filled.add(name)
        runs = frame.paragraphs[0].runs
        if runs:
            runs[0].text = inert(texts[name])
            for run in runs[1:]:
                run.text = ""
        else:
            frame.text = inert(texts[name])
    return filled
