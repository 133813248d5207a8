"""What the room's feeds share: the base of their records, and finding a name that was nearly right."""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Iterable


class Record(BaseModel):
    """Base of the room's records: frozen, closed to unknown fields, no NaN and no infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


@lru_cache(maxsize=16_384)
def name_key(name: str) -> str:
    """The form in which two spellings of one name are compared: no case, no blanks, hyphens or underscores.

    >>> name_key("RTX 4090") == name_key("rtx-4090")
    True
    """
    return re.sub(r"[\s_-]+", "", name).casefold()


def find_name(name: str, names: Iterable[str]) -> str | None:
    """The name of the book that is spelt like `name`, apart from case, blanks and hyphens.

    >>> find_name("h100_sxm", ["H100-PCIe", "H100-SXM"])
    'H100-SXM'
    """
    return next((known for known in names if name_key(known) == name_key(name)), None)


def near_names(name: str, names: Iterable[str], count: int = 5) -> list[str]:
    """Names that a person may have meant: those that begin so, those that contain it, those that are spelt alike.

    Args:
        name: what was asked for.
        names: what there is.
        count: at most so many.

    >>> near_names("H100", ["A100-80GB-SXM", "H100-PCIe", "H100-SXM"], count=2)
    ['H100-PCIe', 'H100-SXM']
    """
    known = {name_key(full): full for full in names}
    wanted = name_key(name)
    begins = [full for key, full in known.items() if key.startswith(wanted)] if wanted else []
    holds = [full for key, full in known.items() if wanted in key] if wanted else []
    alike = [known[key] for key in difflib.get_close_matches(wanted, known, n=count, cutoff=0.5)]
    return list(dict.fromkeys([*begins, *holds, *alike]))[:count]


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A sentence for an error message, with a blank in front; empty where nothing is near.

    >>> did_you_mean("H100-SMX", ["H100-SXM", "L4"])
    ' Near names: H100-SXM.'
    """
    near = _near(name, tuple(names))
    return f" Near names: {', '.join(near)}." if near else ""


@lru_cache(maxsize=256)
def _near(name: str, names: tuple[str, ...]) -> list[str]:
    # An answer asks for the same unknown name again and again, and catches the error that this sentence is for.
    return near_names(name, names)
