"""A scenario as the end of a link: compressed, with what it rests on, and back again. Whatever comes in is checked."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tco.errors import InputError
from tco.scenario_file import MAX_SCENARIO_BYTES, parse

MOST_CODE_CHARS = 6_000
"""A longer link is cut off by mail programs and proxies; the file is handed over instead."""

_LEVEL = 9
_REMEDY = "Ask for the scenario file, or for the link once more."


class Shared(BaseModel):
    """What a link holds.

    Attributes:
        text: the scenario as YAML.
        origin: name of the shipped scenario that it began as; None: another.
        answer_id: of the answer that the sender saw; None: there was none.
        book_id: of the state of the price book that it rested on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Annotated[str, Field(max_length=MAX_SCENARIO_BYTES)]
    origin: Annotated[str, Field(max_length=120)] | None = None
    answer_id: Annotated[str, Field(pattern=r"^[0-9a-f]{4,64}$")] | None = None
    book_id: Annotated[str, Field(max_length=80)] | None = None


def link_code(shared: Shared) -> str | None:
    """The letters, digits, `-` and `_` that stand for it; None where they would be more than a link takes.

    Args:
        shared: what the link is to hold.

    >>> code = link_code(Shared(text="name: a", origin="demo"))
    >>> code.replace("-", "a").replace("_", "a").isalnum()
    True
    """
    data = shared.model_dump_json(exclude_none=True).encode()
    code = base64.urlsafe_b64encode(zlib.compress(data, _LEVEL)).decode().rstrip("=")
    return code if len(code) <= MOST_CODE_CHARS else None


def of_link(code: str) -> Shared:
    """What a link holds.

    Args:
        code: from `link_code`, or anything else that somebody sent.

    Raises:
        InputError: it is too long, cut off, not of this tool, or holds no valid scenario.
    """
    if len(code) > MOST_CODE_CHARS:
        raise InputError(
            f"the link holds {len(code):,} characters of a scenario; {MOST_CODE_CHARS:,} are read. {_REMEDY}",
            code="link_too_long",
        )
    try:
        shared = Shared.model_validate(json.loads(_inflated(code)))
    except (ValueError, ValidationError, RecursionError, binascii.Error, zlib.error):
        raise InputError(
            f"the link holds no scenario: it was cut off or changed on its way. {_REMEDY}", code="link_broken"
        ) from None
    try:
        parse(shared.text)
    except InputError as error:
        raise InputError(
            f"the link's scenario is not valid here: {str(error).rstrip('.')}.", code="link_invalid", path=error.path
        ) from None
    return shared


def _inflated(code: str) -> bytes:
    """The bytes behind a code, never more than a scenario has: a few bytes may stand for gigabytes."""
    packed = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
    inflate = zlib.decompressobj()
    data = inflate.decompress(packed, MAX_SCENARIO_BYTES)
    if not inflate.eof or inflate.unused_data:
        raise ValueError("more than a scenario")
    return data
