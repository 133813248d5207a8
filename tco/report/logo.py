"""The logo as a picture that every program shows."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

from tco.errors import InputError
from tco.report.brand import Brand, Logo

_DOTS_PER_INCH = 360
_TEMPLATE = '#set page(width: auto, height: auto, margin: 0pt, fill: none)\n#image("logo.svg", height: 48pt)\n'


def logo_png(brand: Brand) -> bytes | None:
    """The logo as PNG; None where there is none.

    Args:
        brand: whose report it is.

    Raises:
        InputError: it is an SVG, and typst, which draws it, is not installed.
    """
    if brand.logo is None:
        return None
    return brand.logo.data if brand.logo.kind == "png" else _drawn(brand.logo)


@lru_cache(maxsize=2)
def _drawn(logo: Logo) -> bytes:
    """An SVG drawn by typst, which takes another font for one that this machine has not; other drawings leave such words out."""
    try:
        import typst  # noqa: PLC0415 - a PNG needs none
    except ImportError:
        raise InputError(
            "the logo is an SVG, and typst, which draws it, is not installed; run `pip install 'tco-llm[report]'`, or give it as PNG"
        ) from None
    with tempfile.TemporaryDirectory(prefix="tco-logo-") as name:
        folder = Path(name)
        (folder / "logo.svg").write_bytes(logo.data)
        (folder / "logo.typ").write_text(_TEMPLATE, encoding="utf-8")
        made = typst.compile(str(folder / "logo.typ"), root=str(folder), format="png", ppi=_DOTS_PER_INCH)
    assert isinstance(made, bytes)  # of one page
    return made
