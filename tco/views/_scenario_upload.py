"""A scenario file that a visitor brings: chosen, read and checked in one way wherever a page takes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tco import InputError, parse

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

MAX_MB = 1
TYPES = ("yaml", "yml")


def text_of(file: UploadedFile) -> str:
    """The file's text, which is a valid scenario.

    Args:
        file: as it was uploaded.

    Raises:
        InputError: it is no text, or no valid scenario; with the file's name.
    """
    try:
        text = file.getvalue().decode("utf-8")
        parse(text)
    except UnicodeDecodeError:
        raise InputError(f"{file.name}: not a text file; a scenario is YAML in UTF-8") from None
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from None
    return text
