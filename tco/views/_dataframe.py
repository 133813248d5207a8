"""Drawing a table whose numbers are written as the sentences around it: the cells stay numbers, so that they can be sorted and added up elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import streamlit as st

from tco.format import figure
from tco.words import number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd


def draw(frame: pd.DataFrame, forms: Mapping[str, str] | None = None, *, alt: str, **more: Any) -> None:
    """Draws a table without its index; a dash is not known.

    Args:
        frame: every column under a name of its own.
        forms: how the numbers of a column are written, see `tco.format.figure`; of all others counts as they are, and the rest to four digits.
        alt: what it is, for who cannot see it.
        more: passed on to `st.dataframe`; a number format of a column there would win, and follows nobody's language.
    """
    forms = forms or {}
    counts = set(frame.select_dtypes("integer"))
    written = {
        name: _writer(forms.get(str(name), ",d" if name in counts else None)) for name in frame.select_dtypes("number")
    }
    # pandas-stubs has a column's writer take any cell, and these have numbers only.
    shown = frame.style.format(cast("Any", written), na_rep="–") if written else frame
    st.dataframe(shown, hide_index=True, placeholder="–", alt=alt, **more)


def _writer(form: str | None) -> Callable[[float], str]:
    return number if form is None else lambda value: figure(value, form)
