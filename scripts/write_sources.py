"""Writes `docs/sources.md`, every source of the price book with its terms and what was done to it: `python -m scripts.write_sources`.

The parts lie beside the data, in `pricing/data/SOURCES.d/`. A test fails while the written page is not current.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ROOT / "pricing" / "data" / "SOURCES.d"
PAGE = ROOT / "docs" / "sources.md"

_HEAD = """# Where the price book comes from

Every row of every table carries its own source and the day on which it was read. This page says, table by table, how it was made,
what was changed or left out on the way, and under which terms the source stands. Prices and technical figures are facts; no code
of the sources was copied.
"""
_ORDER = ("tokens", "paths", "rental", "operators", "hardware", "architectures", "licences", "quality", "refresh")


def page_text() -> str:
    """The whole page: the parts in a fixed order, a new one at the end."""
    names = sorted((path.stem for path in PARTS.glob("*.md")), key=lambda name: (_place(name), name))
    parts = [(PARTS / f"{name}.md").read_text(encoding="utf-8").strip() for name in names]
    return "\n\n".join([_HEAD.strip(), *map(_one_level_down, parts)]) + "\n"


def _place(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _one_level_down(text: str) -> str:
    """The part's own title becomes a section of the page."""
    return "\n".join(f"#{line}" if line.startswith("#") else line for line in text.splitlines())


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
