"""The forms of a report, what each needs, and who writes it; a form's libraries are loaded when it is written."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tco.errors import InputError
from tco.number_style import numbers_in
from tco.report.pack import ReportPack


class Form(NamedTuple):
    """A form of a report.

    Attributes:
        module: that writes it.
        function: of that module, which takes the pack and a path.
        ending: of the file's name.
        needs: modules beyond the base install.
    """

    module: str
    function: str
    ending: str
    needs: tuple[str, ...]


FORMS = {
    "xlsx": Form("tco.report.xlsx", "write_xlsx", ".xlsx", ("xlsxwriter",)),
    "pptx": Form("tco.report.pptx", "write_pptx", ".pptx", ("pptx", "xlsxwriter", "vl_convert")),
    "docx": Form("tco.report.docx", "write_docx", ".docx", ("docx", "vl_convert")),
    "pdf": Form("tco.report.pdf", "write_pdf", ".pdf", ("typst", "vl_convert")),
    "html": Form("tco.report.html", "write_html", ".html", ("vl_convert",)),
    "focus": Form("tco.report.focus", "write_focus", "-focus.csv", ()),
}
"""All forms by name."""

DEFAULT_FORMS = ("xlsx", "pptx", "docx", "pdf", "html")
INSTALL = "pip install 'tco-llm[report]'"


def chosen(names: str) -> tuple[str, ...]:
    """Forms from a list such as `xlsx,pdf`, each once.

    Args:
        names: separated by commas.

    Raises:
        InputError: a name that is none, or no name; or a library that is missing, with the command that adds it.

    >>> chosen("html, focus,html")
    ('html', 'focus')
    """
    found = tuple(dict.fromkeys(name.strip().lower() for name in names.split(",") if name.strip()))
    unknown = [name for name in found if name not in FORMS]
    if unknown or not found:
        raise InputError(
            f"--format {names!r}: {unknown[0] if unknown else 'nothing'!r} is no form; there are: {', '.join(FORMS)}"
        )
    missing = {name: lacking for name in found if (lacking := _missing(FORMS[name].needs))}
    if missing:
        form, lacking = next(iter(missing.items()))
        raise InputError(
            f"--format {form}: needs {', '.join(lacking)}, which {'is' if len(lacking) == 1 else 'are'} not installed; run `{INSTALL}`, "
            f"or choose another form"
        )
    return found


def _missing(needs: Iterable[str]) -> list[str]:
    return [name for name in needs if importlib.util.find_spec(name) is None]


def written(pack: ReportPack, folder: Path, stem: str, forms: Iterable[str]) -> Iterator[Path]:
    """Writes a report in several forms; the name of each file as it is there.

    Args:
        pack: all that it is made of.
        folder: where to; it is made where it is not there.
        stem: of the files' names.
        forms: of `FORMS`.

    Raises:
        InputError: a file cannot be written there.
    """
    for name in forms:
        form = FORMS[name]
        path = folder / f"{stem}{form.ending}"
        write = getattr(importlib.import_module(form.module), form.function)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with numbers_in(pack.style):
                write(pack, path)
        except OSError as error:
            raise InputError(f"--out {folder}: {path.name} cannot be written ({error.strerror or error})") from None
        yield path
