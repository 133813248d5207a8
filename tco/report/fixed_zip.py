"""Office files are zip archives with the time in them: written again with a fixed one, so that the same answer gives the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date

_AT = (1980, 1, 1, 0, 0, 0)
_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:(?:created|modified)>)")
_NESTED = (".xlsx", ".docx", ".pptx")


def fixed_zip(data: bytes, day: date) -> bytes:
    """The same archive with all times fixed, those of archives in it too.

    Args:
        data: an Office file.
        day: told as the day on which it was made and changed.
    """
    told = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(told, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _STAMP.sub(rb"\g<1>%sT00:00:00Z\g<2>" % day.isoformat().encode(), content)
            if entry.filename.endswith(_NESTED):
                content = fixed_zip(content, day)
            held = zipfile.ZipInfo(entry.filename, _AT)
            held.compress_type = zipfile.ZIP_DEFLATED
            held.external_attr = 0o600 << 16
            new.writestr(held, content)
    return told.getvalue()
