"""Every number that pages and reports show goes through `tco.number_style`: one page, one notation."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("tco/views/*.py", "tco/*_words.py", "tco/*_charts.py", "tco/charts.py", "tco/words.py", "tco/usage/words.py", "tco/what_if/words.py", "tco/report/**/*.py")  # fmt: skip
FUNCTIONS = {"local", "respelled"}
ALLOWED = {
    "tco/option_charts.py": {"{number:.6g}"},  # whether two numbers are the same
    "tco/report/brand.py": {"{most:,}"},  # an error on a file
    "tco/report/focus.py": {"{cost:.6f}", "{hours:.3f}"},  # a file for machines
    "tco/report/pptx/template.py": {"{MOST_UNPACKED_BYTES:,}"},  # an error on a file
    "tco/views/_form_values.py": {"{part:g}"},  # a field that is read again
    "tco/views/_probe_form.py": {
        "{burstiness:g}",
        "{spread:g}",
        "{prefix / _PERCENT:g}",
        "{precision / _PERCENT:g}",
        "{limit:.10g}",
        "{max_usd:g}",
    },  # flags of a command
}
"""What is no number for people, by file."""
_MARKS = re.compile(r"[^a-z%]*,|.*g$|.*\.(?:[1-9]\d*|\{\})[f%]$")


def has_mark(spec: str) -> bool:
    """Whether a number of this format may have a decimal or a grouping mark."""
    return not spec.startswith("%") and _MARKS.match(spec) is not None


def numbers_of(text: str) -> set[str]:
    """Numbers of f-strings whose marks are those of English whoever reads them."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FormattedValue) or node.format_spec is None:
            continue
        spec = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.format_spec.values)
        is_told = isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") in FUNCTIONS
        if has_mark(spec) and not is_told:
            found.add(f"{{{ast.unparse(node.value)}:{spec}}}")
    return found


FILES = sorted({path.relative_to(ROOT).as_posix() for room in ROOMS for path in ROOT.glob(room)})


@pytest.mark.parametrize("file", FILES)
def test_a_number_for_people_is_written_in_their_notation(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    numbers = numbers_of(text)
    rounded = {number for number in numbers if f"float(f'{number}')" in text or f'float(f"{number}")' in text}

    assert numbers - rounded == ALLOWED.get(file, set()), (
        "write f'{local(number):,.1f}' of tco.number_style, so that the number has the reader's own marks"
    )


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("tco/views/")])
def test_no_table_of_a_page_has_a_number_format_that_is_english_for_everybody(file):
    columns = [
        keyword.value.value
        for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "NumberColumn"
        for keyword in node.keywords
        if keyword.arg == "format"
    ]

    assert columns == [], "leave the format away and give it to `_dataframe.draw`"


def test_the_guard_sees_what_it_is_there_for():
    assert numbers_of(
        'f"{cost:,.0f} of {share:.1%}, {local(cost):,}, {count} {day:%d %b %Y} {month:02d} {part:.0%} {place:0{width}d}"'
    ) == {
        "{cost:,.0f}",
        "{share:.1%}",
    }
    assert numbers_of('f"{value:.{digits}f}"') == {"{value:.{}f}"}
