from __future__ import annotations

import io

from PIL import Image

from tco.report.brand import Brand, Logo
from tco.report.logo import logo_png
from tests.tco.report.packs import png

NAMED = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 60" width="240" height="60"><rect width="240" height="60" fill="#1d3f72"/>
<text x="64" y="38" font-family="A Font That Nobody Has" font-size="22" fill="#ffffff">Harbour</text></svg>"""


def test_a_png_is_taken_as_it_is() -> None:
    assert logo_png(Brand(logo=Logo(kind="png", data=png()))) == png()
    assert logo_png(Brand()) is None


def test_the_words_of_an_svg_are_drawn_though_nobody_has_its_font() -> None:
    data = logo_png(Brand(logo=Logo(kind="svg", data=NAMED)))
    assert data is not None
    drawn = Image.open(io.BytesIO(data)).convert("L")
    white = sum(dot > 200 for dot in drawn.tobytes())

    assert drawn.size == (960, 240)
    assert 0.01 < white / len(drawn.tobytes()) < 0.3


def test_the_same_logo_gives_the_same_bytes() -> None:
    logo_png.__globals__["_drawn"].cache_clear()
    first = logo_png(Brand(logo=Logo(kind="svg", data=NAMED)))
    logo_png.__globals__["_drawn"].cache_clear()

    assert first == logo_png(Brand(logo=Logo(kind="svg", data=NAMED)))
