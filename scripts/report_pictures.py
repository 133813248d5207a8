"""Takes pictures of every page of every form of the reports, and of those the few that the docs show.

Run it with LibreOffice and poppler installed (scripts/ensure-libreoffice.sh): `python scripts/report_pictures.py [FOLDER]`. All pages go into FOLDER,
`build/report-pages` where nothing is said, one folder a scenario; `report-page-1.png` and `report-slides.png` go into docs/images.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Error, sync_playwright

import tco
from scripts.screenshots import QUIET, find_chromium
from tco.report.forms import DEFAULT_FORMS, written
from tco.report.gather import gather
from tco.report.pack import ReportPack

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
FOLDER = ROOT / "build" / "report-pages"
SHOWN = "support-chat-eu"
"""Whose pages the docs show, and whose searches are made."""
SCENARIOS = (SHOWN, "claim-10-hybrid", "rent-then-buy", "claim-2-fraud-detection")
"""An API beside hosted, rented and owned machines; hybrids and a cascade; options one after the other, with loans and taxes; machines of one's own."""
SLIDES = (2, 4, 8, 9)
"""The answer, options side by side, sensitivity, risk."""
_PAGES_DPI, _FIRST_DPI, _SLIDES_DPI = 70, 80, 55
_WEB_WIDTHS = (1100, 390)


def main() -> None:
    """Writes all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for name in SCENARIOS:
        pack = gather(tco.load(ROOT / "scenarios" / f"{name}.yaml"), searches=name == SHOWN)
        pages = list(every_page(pack, folder / name))
        print(f"{folder / name}: {len(pages)} pictures")
    for_the_docs(folder / SHOWN)


def every_page(pack: ReportPack, folder: Path) -> Iterator[Path]:
    """Writes a report in all forms, and a picture of each page beside them.

    Args:
        pack: all that it is made of.
        folder: where to; pictures of an earlier time are taken away.

    Yields:
        The pictures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    for path in written(pack, folder, "report", DEFAULT_FORMS):
        form = path.suffix.removeprefix(".")
        if form == "html":
            yield from web_pictures(path)
        else:
            yield from pictures(path if form == "pdf" else as_pdf(path), folder / form, _PAGES_DPI)


def as_pdf(path: Path) -> Path:
    """An Office file as LibreOffice prints it; each call with a profile of its own, so that two may run at once."""
    out = path.with_name(f"{path.name}.pdf")
    with tempfile.TemporaryDirectory() as name:
        profile = f"-env:UserInstallation={(Path(name) / 'profile').as_uri()}"
        command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", name, str(path)]
        subprocess.run(command, check=True, capture_output=True)
        out.write_bytes((Path(name) / f"{path.stem}.pdf").read_bytes())
    return out


def pictures(path: Path, stem: Path, dots_per_inch: int) -> list[Path]:
    """Pages of a PDF file as pictures `STEM-01.png` and on."""
    subprocess.run(["pdftoppm", "-r", str(dots_per_inch), "-png", str(path), str(stem)], check=True)
    return sorted(stem.parent.glob(f"{stem.name}-*.png"))


def web_pictures(path: Path) -> Iterator[Path]:
    """The whole web page at a desk and on a phone; none where no Chromium is."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(QUIET))
        except Error as error:
            print(f"no picture of {path.name}: {str(error).splitlines()[0]}", file=sys.stderr)
            return
        for width in _WEB_WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.goto(path.resolve().as_uri())
            file = path.with_name(f"html-{width}.png")
            page.screenshot(path=file, full_page=True)
            yield file
        browser.close()


def for_the_docs(folder: Path) -> None:
    """Page one of the PDF, and four slides."""
    with tempfile.TemporaryDirectory() as name:
        held = Path(name)
        first = pictures(folder / "report.pdf", held / "page", _FIRST_DPI)[0]
        few(Image.open(first)).save(IMAGES / "report-page-1.png", optimize=True)
        slides = pictures(folder / "report.pptx.pdf", held / "slide", _SLIDES_DPI)
        beside([Image.open(slides[number - 1]) for number in SLIDES]).save(IMAGES / "report-slides.png", optimize=True)
    print(IMAGES / "report-page-1.png", IMAGES / "report-slides.png", sep="\n")


def few(picture: Image.Image) -> Image.Image:
    """A picture in 256 colours: a quarter of the bytes."""
    return picture.convert("P", palette=Image.Palette.ADAPTIVE)


def beside(slides: list[Image.Image], gap: int = 8) -> Image.Image:
    """Four slides as two rows of two."""
    width, height = slides[0].size
    sheet = Image.new("RGB", (2 * width + gap, 2 * height + gap), "#9ca3af")
    for number, slide in enumerate(slides):
        sheet.paste(slide.convert("RGB"), (number % 2 * (width + gap), number // 2 * (height + gap)))
    return few(sheet)


if __name__ == "__main__":
    main()
