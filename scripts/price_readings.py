"""Token prices as released packages showed them, month by month, and the rules that part price changes from corrections.

The rules are those of pricing/data/SOURCES.d/paths.md, in the same order.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

LITELLM, TOKENCOST, LIBRARY = "litellm", "tokencost", "genai-prices"
MEMBERS = {
    LITELLM: "litellm/model_prices_and_context_window_backup.json",
    TOKENCOST: "tokencost/model_prices.json",
    LIBRARY: "genai_prices/data.py",
}
GAP = ("2024-01-01", "2024-11-20")
"""The package index has no release of litellm between these days; tokencost carried the same table then."""

VENDORS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "gemini": "google",
    "mistral": "mistral",
    "deepseek": "deepseek",
    "xai": "x-ai",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "ai21": "ai21",
    "moonshot": "moonshotai",
    "dashscope": "alibaba",
    "zai": "zai",
}
HOSTS = {
    "groq": "groq",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
    "deepinfra": "deepinfra",
    "cerebras": "cerebras",
    "sambanova": "sambanova",
    "novita": "novita",
    "hyperbolic": "hyperbolic",
    "nebius": "nebius",
}
SELLERS = VENDORS | HOSTS
NOT_CHAT = re.compile(
    r"audio|realtime|image|search|tts|transcri|live|robotics|embed|guard|ocr|^ft:|-to-|up-to|^computer"
)
MOVING = re.compile(r"latest|^(mistral-(tiny|small|medium|large)|gemini-pro|gemini-flash)$")
VARIANT = re.compile(
    r"-(\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{2}-\d{2}|preview|beta|exp|experimental|non-reasoning|reasoning|thinking|chat|"
    r"multi-agent)(?=-|$)"
)
SMALLEST_CHANGE, LARGEST_CHANGE = 0.01, 8.0
PRELIMINARY_DAYS, REVERTED_DAYS = 45, 120

Key = tuple[str, str]


class Reading(NamedTuple):
    """A price pair as it stood in one release [USD/Mtok]."""

    day: date
    input: float
    output: float
    source: str
    dated_by: str = "release"


class Readings(NamedTuple):
    """All that the releases of a package show.

    Attributes:
        by_model: prices, oldest first, by seller and model.
        gone: when a model was retired, or the day of the first release without it.
        newest: the day of the newest release.
    """

    by_model: dict[Key, list[Reading]]
    gone: dict[Key, date]
    newest: date


def fetch(cache: Path) -> None:
    """Takes the price table out of the last stable release of every month; the wheels are not kept."""
    cache.mkdir(parents=True, exist_ok=True)
    for package, member in MEMBERS.items():
        for day, version in _releases(package):
            out = cache / f"{package}__{day}__{version}.dat"
            if out.exists():
                continue
            with tempfile.TemporaryDirectory() as folder:
                how = ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "-d", folder]
                subprocess.run(
                    [sys.executable, "-m", "pip", "download", "-q", *how, f"{package}=={version}"], check=True
                )
                with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
                    if member in wheel.namelist():
                        out.write_bytes(wheel.read(member))
                        print(out.name)


def _releases(package: str) -> list[tuple[str, str]]:
    with urllib.request.urlopen(f"https://pypi.org/pypi/{package}/json", timeout=60) as answer:
        releases = json.load(answer)["releases"]
    by_month: dict[str, tuple[str, str]] = {}
    for version, files in releases.items():
        wheels = [file for file in files if file["packagetype"] == "bdist_wheel" and not file["yanked"]]
        if wheels and re.fullmatch(r"[\d.]+", version):
            day = min(file["upload_time"] for file in wheels)[:10]
            by_month[day[:7]] = max(by_month.get(day[:7], ("", "")), (day, version))
    return sorted(by_month.values())


def read_tables(cache: Path) -> Readings:
    """The prices of every fixed model name in the monthly releases of litellm, of tokencost in the gap."""
    readings: dict[Key, list[Reading]] = defaultdict(list)
    retired: dict[Key, date] = {}
    releases: list[date] = []
    for file in sorted(cache.glob("*__*__*"), key=lambda file: file.name.split("__")[1]):
        package, day, version = file.name.removesuffix(".dat").split("__")
        if package == LIBRARY or (package == TOKENCOST) != (GAP[0] < day < GAP[1]):
            continue
        releases.append(date.fromisoformat(day))
        for name, row in json.loads(file.read_text(encoding="utf-8")).items():
            key = _key(name, row)
            if key is None:
                continue
            if row.get("deprecation_date"):
                retired[key] = date.fromisoformat(row["deprecation_date"])
            rates = row.get("off_peak_pricing") or row
            fresh, out = (round(float(rates[f"{way}_cost_per_token"]) * 1e6, 6) for way in ("input", "output"))
            if min(fresh, out) > 0:
                readings[key].append(Reading(releases[-1], fresh, out, f"{package} {version}"))
    return _until_gone(readings, retired, releases)


def _key(name: str, row: Any) -> Key | None:
    if not isinstance(row, dict) or row.get("mode", "chat") not in ("chat", "responses"):
        return None
    seller = SELLERS.get(row.get("litellm_provider", ""))
    model = re.sub(r"^accounts/fireworks/(models|routers)/", "", name.split("/", 1)[-1])
    unpriced = None in (row.get("input_cost_per_token"), row.get("output_cost_per_token"))
    if seller is None or unpriced or NOT_CHAT.search(model.lower()) or MOVING.search(model.lower()):
        return None
    return seller, model


def _until_gone(readings: dict[Key, list[Reading]], retired: dict[Key, date], releases: list[date]) -> Readings:
    """Cuts each model's readings at its retirement, and finds the first release without it."""
    by_model, gone = {}, {}
    for key, rows in readings.items():
        end = retired.get(key, date.max)
        kept = [row for row in rows if row.day < end]
        if kept:
            by_model[key] = kept
            missing = next((day for day in releases if day > rows[-1].day), date.max)
            if min(end, missing) <= releases[-1]:
                gone[key] = min(end, missing)
    return Readings(by_model, gone, releases[-1])


def without_corrections(readings: list[Reading], began: date) -> list[Reading]:
    """The readings at which a price changed, less those at which only the table was put right.

    Args:
        readings: of one model, oldest first.
        began: the day of the first release of all; a model that was in it was not new then.
    """
    points = [readings[0]]
    for reading in readings[1:]:
        last = points[-1]
        if max(abs(reading.input / last.input - 1), abs(reading.output / last.output - 1)) <= SMALLEST_CHANGE:
            continue
        days = (reading.day - last.day).days
        preliminary = len(points) == 1 and days <= PRELIMINARY_DAYS and last.day > began
        if preliminary or is_slip(last, reading):
            points = [point._replace(input=reading.input, output=reading.output) for point in points[:1]]
        elif len(points) > 1 and reading[1:3] == points[-2][1:3] and days <= REVERTED_DAYS:
            points.pop()
        else:
            points.append(reading)
    return points


def is_slip(old: Reading, new: Reading) -> bool:
    """Whether two prices differ as typing errors do: swapped, ten times as much, or further apart than real cuts."""
    pairs = ((new.input, old.input), (new.output, old.output))
    tens = any(abs(now / was / ten - 1) < SMALLEST_CHANGE for now, was in pairs for ten in (0.01, 0.1, 10, 100))
    factor = blend(new) / blend(old)
    swapped = new[1:3] == (old.output, old.input) and new.input != new.output
    return swapped or tens or not 1 / LARGEST_CHANGE < factor < LARGEST_CHANGE


def blend(reading: Reading) -> float:
    """Three parts input, one part output [USD/Mtok]."""
    return 0.75 * reading.input + 0.25 * reading.output


def without_twins(histories: dict[Key, list[Reading]]) -> dict[Key, list[Reading]]:
    """One name for each price: dated names and modes of one family whose price moved alike are one model."""
    kept: dict[tuple[Any, ...], Key] = {}
    for (seller, model), points in sorted(
        histories.items(), key=lambda item: (item[1][0].day, len(item[0][1]), item[0])
    ):
        changes = tuple(point[:3] for point in points[1:])
        kept.setdefault((seller, VARIANT.sub("", model.lower()), points[-1][1:3], changes), (seller, model))
    return {key: histories[key] for key in kept.values()}


def dated_by_library(cache: Path) -> dict[Key, list[Reading]]:
    """Price lists to which genai-prices gives its own dates, oldest first; the first price has the release's day."""
    files = sorted(cache.glob(f"{LIBRARY}__*"), key=lambda file: file.name.split("__")[1])
    _, day, version = files[-1].name.removesuffix(".dat").split("__")
    found: dict[Key, list[Reading]] = {}
    for seller in _sellers(files[-1]):
        for model in seller["models"] if seller["id"] in SELLERS.values() else []:
            points = list(_points(model.get("prices"), date.fromisoformat(day), f"{LIBRARY} {version}"))
            moved = {point[1:3] for point in points}
            if len(moved) > 1 and not NOT_CHAT.search(model["id"]) and not MOVING.search(model["id"]):
                found[seller["id"], model["id"]] = points
    return found


def _points(prices: Any, day: date, source: str) -> Any:
    for part in prices if isinstance(prices, list) else []:
        limit, rates = part.get("constraint") or {}, part["prices"]
        pair = [_rate(rates.get(name)) for name in ("input_mtok", "output_mtok")]
        if limit.get("class") in (None, "StartDateConstraint") and None not in pair:
            start = limit.get("start_date", day)
            yield Reading(start, pair[0], pair[1], source, "library" if limit else "release")


def _rate(value: Any) -> Any:
    return _rate(value.get("base")) if isinstance(value, dict) else value


def _sellers(file: Path) -> list[Any]:
    """The library's data as plain lists and dicts, read without running them."""
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        if getattr(targets[0], "id", "") == "providers":
            return list(_plain(statement.value))  # type: ignore[attr-defined]
    raise ValueError(f"{file.name} has no list `providers`: its form has changed, so this reader must")


def _plain(node: Any) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=elts) | ast.Tuple(elts=elts):
            return [_plain(element) for element in elts]
        case ast.Call():
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            values = [_plain(value) for value in node.args]
            if name == "Decimal":
                return float(values[0])
            if name == "date":
                return date(*values)
            return {"class": name, **{word.arg: _plain(word.value) for word in node.keywords}}
    return None
