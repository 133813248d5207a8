"""Report: the answer as files that a client keeps, made when they are asked for."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from tco import InputError, Result
from tco.answer import headline
from tco.number_style import local, notation, notation_for, numbers_in
from tco.report.brand import Brand, load_brand
from tco.report.forms import DEFAULT_FORMS, FORMS, INSTALL, chosen, written
from tco.views import _bar, _empty, _hosted, _look, _report_making, _state
from tco.words import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from tco.report.pack import Redaction

MAX_UPLOAD_MB = 8
DRAWS = 10_000
FORM_WORDS = {
    "xlsx": "Excel workbook with live formulas",
    "pptx": "Slides with editable charts",
    "docx": "Word document",
    "pdf": "PDF",
    "html": "Web page in one file",
    "focus": "FOCUS cost rows (CSV)",
}
LEVELS: dict[Redaction, str] = {
    "internal": "internal: hides nothing but secrets",
    "client": "client: hides what names machines, people and paths",
    "public": "public: hides agreed prices too",
}
# Whoever makes it; `tco report --locale` takes any.
LOCALES = ("en", "de-DE", "fr-FR", "de-CH", "en-IN")
_STEM = "tco-report"
_KEPT = "report"


def show_report(result: Result) -> None:
    """What goes in, a button, and the files."""
    _bar.show(result, plain(result.scenario))
    st.header("Report", anchor=False)
    st.markdown(plain(headline(result)))
    able = possible_forms()
    lacking = [name for name in FORMS if name not in able]
    if lacking:
        st.info(
            f"{', '.join(FORM_WORDS[name] for name in lacking)}: not installed here. `{INSTALL}` adds {'it' if len(lacking) == 1 else 'them'}.",
            icon=":material/extension:",
        )
    forms, level, files, quick, tag = _controls(able)
    asked = (result.answer_id, tuple(forms), level, quick, tag, tuple((file.name, file.file_id) for file in files))
    if st.button("Make the report", type=_look.emphasis(), icon=":material/description:", disabled=not forms):
        _make(asked, forms, level, files, quick=quick, tag=tag)
    elif _report_making.was_stopped():
        st.info("Stopped. Nothing was made.", icon=":material/stop_circle:")
    _downloads(asked, result)


def possible_forms() -> list[str]:
    """Forms whose libraries are installed."""
    found = []
    for name in FORMS:
        try:
            chosen(name)
        except InputError:
            continue
        found.append(name)
    return found


def _controls(able: list[str]) -> tuple[list[str], Redaction, list[UploadedFile], bool, str | None]:
    usual = [name for name in DEFAULT_FORMS if name in able] or able
    forms = st.pills(
        "Forms",
        able,
        selection_mode="multi",
        default=usual,
        format_func=lambda name: FORM_WORDS[name],
        key="report.forms",
        persist_state="session",
        help="All have the same numbers, sources and dates.",
    )
    left, right = st.columns(2, gap="medium")
    with left:
        level, tag = _for_whom()
        quick = st.toggle(
            "Quick",
            key="report.quick",
            persist_state="session",
            help="Without the search for what flips the answer, which asks every input and takes most of the time: seconds to a minute.",
        )
    with right:
        files = st.file_uploader(
            "Brand: brand.yaml with its logo and template",
            type=["yaml", "yml", "png", "svg", "pptx"],
            accept_multiple_files=True,
            max_upload_size=MAX_UPLOAD_MB,
            key="report.brand",
            help="`brand.yaml` names colours, fonts, lines, and files beside it. They stay in this session.",
        )
    return list(forms or []), level, list(files or []), bool(quick), tag


def _for_whom() -> tuple[Redaction, str | None]:
    """Who may read it, and in whose notation its numbers are written."""
    level = st.selectbox(
        "Who may read it",
        list(LEVELS),
        format_func=lambda name: LEVELS[name],
        key="report.level",
        persist_state="session",
    )
    tag = st.selectbox(
        "Numbers as in",
        [None, *LOCALES],
        format_func=_example,
        key="report.locale",
        persist_state="session",
        help="Of texts and pictures. Excel and the slides' own charts follow the computer on which they are opened.",
    )
    return level or "internal", tag


def _example(tag: str | None) -> str:
    if tag is None:
        return "this page, or as the brand says"
    with numbers_in(notation_for(tag)):
        return f"{tag}: {local(1234567.89):,.2f}"


def _make(
    asked: tuple[object, ...],
    forms: Sequence[str],
    level: Redaction,
    files: Sequence[UploadedFile],
    *,
    quick: bool,
    tag: str | None,
) -> None:
    st.session_state.pop(_KEPT, None)
    try:
        with _hosted.turn(), tempfile.TemporaryDirectory() as folder:
            made = _files(Path(folder), forms, level, files, quick=quick, tag=tag)
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
    else:
        # The last one only, in the session alone.
        st.session_state[_KEPT] = (asked, made)


def _files(
    folder: Path,
    forms: Sequence[str],
    level: Redaction,
    files: Sequence[UploadedFile],
    *,
    quick: bool,
    tag: str | None,
) -> dict[str, bytes]:
    """The files by name.

    Raises:
        InputError: the brand cannot be used, or a run or a price is missing.
    """
    from tco.report.gather import gather  # noqa: PLC0415 - the libraries of reports are loaded when one is made

    brand = _brand(folder, files)
    wanted = tag or (brand.terms.locale if brand is not None else None)
    made: dict[str, bytes] = {}
    with _report_making.Making(len(forms), quick=quick) as making:
        pack = gather(
            _state.scenario(),
            draws=DRAWS,
            brand=brand,
            redaction=level,
            with_flips=not quick,
            runs=_state.own_runs(),
            own_book=_state.book(),
            style=notation() if wanted is None else notation_for(wanted),
            on_part=making.inputs,
            on_runs=making.runs,
        )
        for number, form in enumerate(forms):
            making.file(number, FORM_WORDS[form])
            made |= {path.name: path.read_bytes() for path in written(pack, folder / "out", _STEM, [form])}
    return made


def _brand(folder: Path, files: Sequence[UploadedFile]) -> Brand | None:
    """The brand kit of the uploads; None without any.

    Raises:
        InputError: there is no `brand.yaml` among them, or it cannot be used.
    """
    if not files:
        return None
    kit = folder / "brand"
    kit.mkdir()
    terms = [file for file in files if Path(file.name).suffix in {".yaml", ".yml"}]
    if len(terms) != 1:
        raise InputError(
            f"the brand has {len(terms)} YAML files; upload one `brand.yaml`, and beside it the logo and the template that it names"
        )
    for file in files:
        # A name of an upload is a visitor's text: no folder of it counts.
        (kit / Path(file.name).name).write_bytes(file.getvalue())
    for line in terms[0].getvalue().decode("utf-8", errors="replace").splitlines():
        key, _, named = line.partition(":")
        if key.strip() in {"logo", "pptx_template"} and Path(named.strip().strip("'\"")).name != named.strip().strip(
            "'\""
        ):
            raise InputError(
                f"{terms[0].name}: `{key.strip()}` names a file in a folder; upload it and give its name only"
            )
    try:
        return load_brand(kit / Path(terms[0].name).name)
    except InputError as error:
        raise InputError(str(error).replace(f"{kit}/", "")) from None


def _downloads(asked: tuple[object, ...], result: Result) -> None:
    kept = st.session_state.get(_KEPT)
    if kept is None:
        st.caption("The files are made when you press the button; nothing is stored on a server.")
        return
    if kept[0] != asked:
        st.caption("Something was changed since the last report; make it anew.")
        return
    st.success(f"{len(kept[1])} files, all of answer {result.answer_id}.", icon=":material/check:")
    with st.container(horizontal=True):
        for name, data in kept[1].items():
            ending = name.rpartition(".")[2]
            st.download_button(
                f"{ending} ({local(len(data) / 1000):,.0f} kB)",
                data,
                name,
                on_click="ignore",
                icon=":material/download:",
                key=f"report.{name}",
                help=FORM_WORDS["focus"] if ending == "csv" else FORM_WORDS.get(ending),
            )


try:
    show_report(_state.result())
except InputError as error:
    _empty.show(error)
