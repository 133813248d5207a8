"""Takes the pictures of the reports for the docs: page one of the PDF and four slides, from the shipped scenario.

Run it with LibreOffice and poppler installed (scripts/ensure-libreoffice.sh): `python scripts/report_pictures.py`.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from PIL import Image

import tco
from tco.report.forms import written
from tco.report.gather import gather

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SLIDES = (2, 4, 8, 9)
"""The answer, options side by side, sensitivity, risk."""


def main() -> None:
    """Writes `report-page-1.png` and `report-slides.png`."""
    pack = gather(tco.load(ROOT / "scenarios" / "support-chat-eu.yaml"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        list(written(pack, folder, "report", ("pdf", "pptx")))
        pages = pictures(folder / "report.pdf", 80)
        pages[0].save(IMAGES / "report-page-1.png", optimize=True)
        command = [
            "soffice",
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            str(folder / "slides"),
            str(folder / "report.pptx"),
        ]
        subprocess.run(command, check=True, capture_output=True)
        slides = pictures(folder / "slides" / "report.pdf", 55)
        beside([slides[number - 1] for number in SLIDES]).save(IMAGES / "report-slides.png", optimize=True)
    print(IMAGES / "report-page-1.png", IMAGES / "report-slides.png", sep="\n")


def pictures(path: Path, dots_per_inch: int) -> list[Image.Image]:
    """Pages of a PDF file as pictures."""
    stem = path.with_suffix("")
    subprocess.run(["pdftoppm", "-r", str(dots_per_inch), "-png", str(path), str(stem)], check=True)
    return [
        Image.open(each).convert("P", palette=Image.Palette.ADAPTIVE)
        for each in sorted(path.parent.glob(f"{stem.name}-*.png"))
    ]


def beside(slides: list[Image.Image], gap: int = 8) -> Image.Image:
    """Four slides as two rows of two."""
    width, height = slides[0].size
    sheet = Image.new("RGB", (2 * width + gap, 2 * height + gap), "#9ca3af")
    for number, slide in enumerate(slides):
        sheet.paste(slide.convert("RGB"), (number % 2 * (width + gap), number // 2 * (height + gap)))
    return sheet.convert("P", palette=Image.Palette.ADAPTIVE)


if __name__ == "__main__":
    main()
