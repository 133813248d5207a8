"""Builds pricing/data/tokens.json and tokens_second.json from the wheels of genai-prices and of litellm.

    python -m scripts.build_tokens FOLDER [--download]

FOLDER holds the wheels. `--download` fetches them first: every release of genai-prices, since each is one reading of the list and
together they are its history, and one of litellm, of which only the price file is unzipped. Nothing in a wheel is run: its data
file is parsed as text. The day of a reading is the day on which the wheel was put on PyPI.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
import urllib.request
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

from pricing.book import Book
from pricing.sources import genai, litellm
from pricing.tokens.cards import TOKENS, merge
from pricing.tokens.crosscheck import SECOND, second_file
from pricing.tokens.records import Feed

DATA = Path(__file__).resolve().parents[1] / "pricing" / "data"
INDEX = "https://pypi.org/pypi/{}/json"
LITELLM = "1.109.1"
LITELLM_FILE = "litellm/model_prices_and_context_window_backup.json"
DATES = "release_dates.json"
SECONDS = 30


def main() -> None:
    """Downloads if asked, then builds both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--download", action="store_true")
    options = parser.parse_args()
    if options.download:
        download(options.folder)
    dates = json.loads((options.folder / DATES).read_text(encoding="utf-8"))
    feeds = [read_genai(wheel, dates) for wheel in options.folder.glob("genai_prices-*.whl")]
    feeds.sort(key=lambda feed: (feed.seen_on, [int(part) for part in (feed.release or "0").split(".")]))
    second = read_litellm(next(options.folder.glob(f"litellm-{LITELLM}-*.whl")), dates)
    for feed in [*feeds[-1:], second]:
        print(f"{feed.name} {feed.release} of {feed.seen_on}: {len(feed.rejected)} rows turned away")
        for row in feed.rejected:
            print(f"  {row.row}: {row.reason}")
    (DATA / TOKENS).write_bytes(merge(None, *feeds, second))
    (DATA / SECOND).write_bytes(second_file(second, Book()))
    for name in (TOKENS, SECOND):
        print(f"{name}: {(DATA / name).stat().st_size:,} bytes")


def download(folder: Path) -> None:
    """Wheels through pip, and the days on which PyPI got them."""
    folder.mkdir(parents=True, exist_ok=True)
    dates = {"genai-prices": released("genai-prices"), "litellm": {LITELLM: released("litellm")[LITELLM]}}
    (folder / DATES).write_text(json.dumps(dates, indent=1), encoding="utf-8")
    for package, versions in dates.items():
        for version in versions:
            if not list(folder.glob(f"{package.replace('-', '_')}-{version}-*.whl")):
                pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
                subprocess.run([*pip, f"--dest={folder}", f"{package}=={version}"], check=True)


def released(package: str) -> dict[str, str]:
    """The day on which each release of a package was put on PyPI."""
    with urllib.request.urlopen(INDEX.format(package), timeout=SECONDS) as answer:
        releases = json.load(answer)["releases"]
    return {version: files[0]["upload_time"][:10] for version, files in releases.items() if files}


def version_of(wheel: Path) -> str:
    """The version in a wheel's name."""
    return wheel.name.split("-")[1]


def read_genai(wheel: Path, dates: dict[str, dict[str, str]]) -> Feed:
    """One release of genai-prices as a reading."""
    version = version_of(wheel)
    with zipfile.ZipFile(wheel) as archive:
        tree = ast.parse(archive.read("genai_prices/data.py"))
    assigned = next(node for node in tree.body if isinstance(node, ast.AnnAssign) and node.value is not None)
    return genai.read_rows(plain(assigned.value), date.fromisoformat(dates["genai-prices"][version]), version)


def read_litellm(wheel: Path, dates: dict[str, dict[str, str]]) -> Feed:
    """The price file inside a release of litellm."""
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(LITELLM_FILE)
    version = version_of(wheel)
    return litellm.read(data, date.fromisoformat(dates["litellm"][version]), version)


def plain(node: Any) -> Any:
    """A literal of the library's data file in the form of its `data.json`: records as objects, numbers as numbers."""
    match node:
        case ast.Constant():
            return node.value
        case ast.List():
            return [plain(part) for part in node.elts]
        case ast.Dict():
            return {plain(key): plain(value) for key, value in zip(node.keys, node.values, strict=True)}
        case ast.UnaryOp(op=ast.USub()):
            return -plain(node.operand)
        case ast.Call():
            return call(node)
    raise ValueError(f"line {node.lineno}: {ast.unparse(node)[:80]}")


def call(node: ast.Call) -> Any:
    """One record of the library's data file."""
    name = ast.unparse(node.func)
    fields = {
        key.arg.rstrip("_"): plain(key.value) for key in node.keywords if key.arg is not None and key.arg != "tzinfo"
    }
    if name == "Decimal":
        number = float(plain(node.args[0]))
        return int(number) if number.is_integer() else number
    if name == "datetime.date":
        return date(*(plain(part) for part in node.args)).isoformat()
    if name == "datetime.time":
        zones = [ast.unparse(key.value) for key in node.keywords if key.arg == "tzinfo"]
        if zones not in ([], ["datetime.timezone.utc"], ["datetime.UTC"]):
            raise ValueError(f"line {node.lineno}: hours in the zone {zones}")
        hours, minutes, *_ = [*(plain(part) for part in node.args), 0, 0]
        return f"{hours:02}:{minutes:02}:00Z"
    if node.args:
        raise ValueError(f"line {node.lineno}: {name} with arguments that have no name")
    return fields


if __name__ == "__main__":
    main()
