"""The brand kit: whose report it is. Logo, colours, fonts, lines above and below, and a template for slides."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from pricing.yaml_file import FileError, parse_yaml, read_text
from tco.errors import InputError
from tco.number_style import notation_for

MAX_LOGO_BYTES = 1_000_000
MAX_TEMPLATE_BYTES = 20_000_000
_MAX_LOGO_PIXELS = 4_000
_PNG = b"\x89PNG\r\n\x1a\n"
_UNSAFE_SVG = re.compile(
    r"<\s*(script|foreignObject|!ENTITY|!DOCTYPE|iframe|use\s[^>]*href\s*=\s*[\"'][^#])"
    r"|\son\w+\s*=|(?:href|src)\s*=\s*[\"'](?!#|data:image/png;base64,)|url\(\s*[\"']?(?!#)|@import",
    re.IGNORECASE,
)

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=160)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Font = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 \-]{0,59}$")]
"""A name of a font family: nothing that could end a style."""


_MORE_LINES = ("#b08c2e", "#4f8f9e", "#a34a5b", "#9ca3af")


def _known_locale(tag: str) -> str:
    notation_for(tag)
    return tag


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Colours(_Record):
    """Colours of a report: titles, the answer, text, what is beside the point, and the lines of charts in the options' order."""

    primary: Colour = "#0f6b5c"
    accent: Colour = "#c2571a"
    ink: Colour = "#16201d"
    muted: Colour = "#6b7280"
    lines: Annotated[list[Colour], Field(min_length=2, max_length=12)] = [
        "#0f6b5c", "#c2571a", "#3b5ba5", "#8a4f9e", "#7a6a2f", "#6b7280",
    ]  # fmt: skip

    @property
    def apart(self) -> list[str]:
        """The lines' colours, then more, so that a brand of three colours tells more than three options apart."""
        return list(dict.fromkeys([*self.lines, *_MORE_LINES]))


class Fonts(_Record):
    """Names of font families. A font that the reader's machine has not is replaced there; the pdf takes those of the machine that writes it."""

    heading: Font = "Arial"
    body: Font = "Arial"


class BrandFile(_Record):
    """A `brand.yaml`.

    Attributes:
        name: of the firm that hands the report over.
        logo: PNG or SVG file, relative to this file.
        colours: see `Colours`.
        fonts: see `Fonts`.
        header: a line above every page.
        footer: a line below every page, before the ids.
        confidentiality: a line such as `Confidential, for ACME only`, on every page.
        pptx_template: a `.pptx` file, relative to this file, whose master, layouts and slides are used.
        locale: in whose notation its numbers are written, such as `de-DE`; null: English.
        redact_words: names that are blanked at the levels `client` and `public`.
    """

    name: Line | None = None
    logo: Line | None = None
    colours: Colours = Colours()
    fonts: Fonts = Fonts()
    header: Line | None = None
    footer: Line | None = None
    confidentiality: Line | None = None
    pptx_template: Line | None = None
    locale: Annotated[str, AfterValidator(_known_locale)] | None = None
    redact_words: Annotated[list[Line], Field(max_length=200)] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A picture.

    Attributes:
        kind: `png` or `svg`.
        data: the file's bytes.
    """

    kind: Literal["png", "svg"]
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """A brand kit with its files.

    Attributes:
        terms: what `brand.yaml` says.
        logo: the picture; None where there is none.
        template: bytes of the slides' template; None where there is none.
    """

    terms: BrandFile = field(default_factory=BrandFile)
    logo: Logo | None = None
    template: bytes | None = None

    @property
    def colour(self) -> str:
        """Of titles, as `#rrggbb`."""
        return self.terms.colours.primary

    @property
    def confidentiality(self) -> str | None:
        """The line on every page; None: there is none."""
        return self.terms.confidentiality


def load_brand(path: str | Path) -> Brand:
    """Reads a brand kit.

    Args:
        path: of a `brand.yaml`.

    Raises:
        InputError: no such file, not such a file, or a logo or template that cannot be used.
    """
    path = Path(path)
    try:
        data = parse_yaml(read_text(path, what="a brand file (YAML)"))
    except FileError as error:
        raise InputError(str(error) if str(error).startswith(str(path)) else f"{path}: {error}") from None
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise InputError(f"{path}: a brand file has keys: {', '.join(BrandFile.model_fields)}")
    try:
        terms = BrandFile.model_validate(data)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise InputError(f"{path}: {_sentence(problem['loc'], problem['type'], problem['msg'])}") from None
    logo = None if terms.logo is None else _logo(path.parent / terms.logo)
    template = None if terms.pptx_template is None else _template(path.parent / terms.pptx_template)
    return Brand(terms=terms, logo=logo, template=template)


def _sentence(place: tuple[int | str, ...], kind: str, message: str) -> str:
    where = ".".join(str(part) for part in place)
    if kind == "extra_forbidden":
        fields = {"colours": Colours.model_fields, "fonts": Fonts.model_fields}.get(
            str(place[0]), BrandFile.model_fields
        )
        return f"`{where}` is not a known key; known here: {', '.join(fields)}"
    if kind == "string_pattern_mismatch" and place[0] == "colours":
        return f"`{where}` is not a colour; write it as #0f6b5c"
    if kind == "string_pattern_mismatch":
        return f"`{where}` is not a font's name; letters, digits, spaces and hyphens"
    return f"`{where}`: {message.removeprefix('Value error, ')}"


def _logo(path: Path) -> Logo:
    data = _bytes(path, "the logo", MAX_LOGO_BYTES)
    if data.startswith(_PNG):
        width, height = struct.unpack(">II", data[16:24]) if len(data) >= 24 else (0, 0)  # noqa: PLR2004 - IHDR
        if not (0 < width <= _MAX_LOGO_PIXELS and 0 < height <= _MAX_LOGO_PIXELS):
            raise InputError(f"{path}: the logo has {width} × {height} pixels; 1 to {_MAX_LOGO_PIXELS} each way")
        return Logo(kind="png", data=data)
    text = data.decode("utf-8", errors="replace")
    if "<svg" not in text[:2000]:
        raise InputError(f"{path}: the logo is neither PNG nor SVG; export it as one of them")
    if _UNSAFE_SVG.search(text):
        raise InputError(
            f"{path}: the SVG holds scripts, entities, or links to other files; export it as plain SVG, or as PNG"
        )
    return Logo(kind="svg", data=data)


def _template(path: Path) -> bytes:
    data = _bytes(path, "the template", MAX_TEMPLATE_BYTES)
    if not data.startswith(b"PK"):
        raise InputError(f"{path}: the template is not a .pptx file; save it from PowerPoint as .pptx")
    return data


def _bytes(path: Path, what: str, most: int) -> bytes:
    if not path.is_file():
        raise InputError(f"{path}: {what} is not there; name a file relative to the brand file")
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise InputError(f"{path}: {what} cannot be read ({error.strerror})") from None
    if len(data) > most:
        raise InputError(f"{path}: {what} has more than {most:,} bytes; make it smaller")
    return data
