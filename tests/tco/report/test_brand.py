"""A brand kit is read, and everything odd in it is told in a sentence."""

from __future__ import annotations

import struct

import pytest

from tco.errors import InputError
from tco.report.brand import MAX_LOGO_BYTES, Brand, load_brand
from tests.tco.report.packs import png

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect id="a" width="9" height="9" fill="#0f6b5c"/></svg>'
)


@pytest.fixture
def kit(tmp_path):
    def write(text, **files):
        for name, data in files.items():
            (tmp_path / name.replace("_", ".")).write_bytes(data)
        path = tmp_path / "brand.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_whole_kit_is_read(kit):
    text = "name: ACME Advisors\nlogo: logo.png\ncolours: {primary: '#123456'}\nfonts: {heading: Georgia}\nconfidentiality: For ACME only\n"
    brand = load_brand(kit(text, logo_png=png()))

    assert "ACME Advisors" == brand.terms.name
    assert ("#123456", "For ACME only") == (brand.colour, brand.confidentiality)
    assert "png" == brand.logo.kind
    assert ("Georgia", "Arial") == (brand.terms.fonts.heading, brand.terms.fonts.body)


def test_an_empty_kit_is_the_plain_one(kit):
    assert Brand() == load_brand(kit(""))


def test_an_svg_logo_is_read(kit):
    assert "svg" == load_brand(kit("logo: logo.svg", logo_svg=SVG.encode())).logo.kind


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<image href="file:///etc/passwd"/>',
        "<image href='/etc/passwd'/>",
        '<use xlink:href="other.svg#a"/>',
        "<foreignObject/>",
        '<rect onload="x()"/>',
        "<style>@import url(http://x)</style>",
        '<rect fill="url(http://x/y)"/>',
        '<image href=" https://x/y.png"/>',
    ],
)
def test_an_svg_that_could_do_or_load_something_is_refused(kit, inside):
    with pytest.raises(InputError, match="scripts, entities, or links"):
        load_brand(kit("logo: logo.svg", logo_svg=SVG.replace("<rect", f"{inside}<rect", 1).encode()))


def test_an_svg_with_entities_is_refused(kit):
    with pytest.raises(InputError, match="entities"):
        load_brand(kit("logo: logo.svg", logo_svg=b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.encode()))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour: red", "`colour` is not a known key; known here: name, logo"),
        ("colours: {primary: red}", "`colours.primary` is not a colour; write it as #0f6b5c"),
        ("colours: {main: '#123456'}", "`colours.main` is not a known key; known here: primary, accent"),
        ("fonts: {body: 'x; } body { color: red'}", "is not a font's name"),
        ("logo: nothing.png", "the logo is not there"),
        ("- a list", "a brand file has keys"),
        ("name: *alias", "aliases"),
        ("name: !!python/object:os.system x", "not valid YAML"),
        ("header: ''", "`header`"),
        (f"header: {'x' * 161}", "at most 160"),
        ("pptx_template: brand.yaml", "not a .pptx file"),
    ],
)
def test_what_cannot_be_used_is_a_sentence(kit, text, said):
    with pytest.raises(InputError) as caught:
        load_brand(kit(text))

    assert said in str(caught.value)
    assert "brand.yaml" in str(caught.value) or "nothing.png" in str(caught.value)


def test_a_logo_of_another_kind_or_size_is_refused(kit):
    with pytest.raises(InputError, match="neither PNG nor SVG"):
        load_brand(kit("logo: logo.gif", logo_gif=b"GIF89a"))
    with pytest.raises(InputError, match="more than 1,000,000 bytes"):
        load_brand(kit("logo: logo.png", logo_png=png() + b" " * MAX_LOGO_BYTES))
    huge = png()[:16] + struct.pack(">II", 100_000, 100_000) + png()[24:]
    with pytest.raises(InputError, match="100000 × 100000 pixels"):
        load_brand(kit("logo: logo.png", logo_png=huge))


def test_a_brand_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_brand(tmp_path / "none.yaml")
