"""The written file: its form, its cached values, its bytes, and hostile text in it."""

from __future__ import annotations

import html
import io
import re
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl.formula.translate import Translator
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from PIL import Image

from tco.errors import InputError
from tco.report.brand import Brand, BrandFile, Logo
from tco.report.pack import version
from tco.report.xlsx import write_xlsx
from tco.report.xlsx.cells import TIME_ZERO_COLUMN
from tco.report.xlsx.write import workbook_bytes
from tests.factories import run
from tests.tco.report.packs import locked
from tests.tco.report.xlsx import packs

# Arithmetic, or files, that take seconds.
pytestmark = pytest.mark.slow

BY_MONTH = ("Prices", "Workload", "Capacity", "Cash flow monthly")
SHEETS = [
    "Cover", "Legend", "Inputs", "Prices", "Workload", "Probe", "Capacity", "Tables", "Cash flow monthly", "Cash flow yearly", "Results", "Charts",
    "Sensitivity", "Checks", "Sources", "Change log",
]  # fmt: skip
FORBIDDEN = re.compile(
    r"\b(OFFSET|INDIRECT|LAMBDA|LET|XLOOKUP|FILTER|SEQUENCE|_xlfn|HYPERLINK|WEBSERVICE)\b|\[\d+\]|https?:",
    re.IGNORECASE,
)


@cache
def data(name: str) -> bytes:
    return workbook_bytes(packs.model(name))


def opened(content: bytes, *, values: bool = False) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def _xml(content: bytes, part: str) -> str:
    archive = zipfile.ZipFile(io.BytesIO(content))
    return "".join(archive.read(name).decode() for name in archive.namelist() if part in name)


def formulas(book: Workbook) -> dict[tuple[str, str], str]:
    return {(page.title, cell.coordinate): cell.value for page in book for row in page.iter_rows() for cell in row if cell.data_type == "f"}  # fmt: skip


def test_the_sheets_are_those_of_a_model_that_people_can_audit() -> None:
    assert opened(data("every line")).sheetnames == SHEETS


@pytest.mark.parametrize("name", ["every line", "loan and table", "by the hour"])
def test_formulas_use_nothing_that_hides_what_they_refer_to(name: str) -> None:
    book = opened(data(name))
    found = formulas(book)

    assert len(found) > 1_000
    assert [(place, text) for place, text in found.items() if FORBIDDEN.search(text)] == []
    assert list(book.defined_names) == []
    assert not [entry for entry in zipfile.ZipFile(io.BytesIO(data(name))).namelist() if "vba" in entry or "external" in entry.lower()]  # fmt: skip


@pytest.mark.parametrize("name", ["every line", "one after the other", "leases"])
def test_a_row_by_month_has_one_formula_copied_to_the_right(name: str) -> None:
    book = opened(data(name))
    broken = []
    for title in BY_MONTH:
        page = book[title]
        for row in page.iter_rows(min_col=TIME_ZERO_COLUMN + 1):
            cells = [cell for cell in row if cell.data_type == "f"]
            for cell in cells[1:]:
                wanted = Translator(cells[0].value, cells[0].coordinate).translate_formula(cell.coordinate)
                if cell.value != wanted:
                    broken.append((title, cell.coordinate, cell.value, wanted))

    assert broken == []


def test_the_same_column_is_the_same_month_on_every_sheet() -> None:
    book = opened(data("plain"), values=True)
    rows = [[cell.value for cell in book[title][5]][TIME_ZERO_COLUMN : TIME_ZERO_COLUMN + 28] for title in BY_MONTH]

    assert rows == [list(range(28))] * len(BY_MONTH)


def test_every_formula_has_its_value_beside_it_and_none_is_an_error() -> None:
    places = formulas(opened(data("every line")))
    book = opened(data("every line"), values=True)
    values = {place: book[place[0]][place[1]].value for place in places}

    assert [place for place, value in values.items() if value is None] == []
    assert [place for place, value in values.items() if isinstance(value, str) and value.startswith("#")] == []


def test_results_go_back_to_inputs_by_formulas_alone() -> None:
    made, book = packs.model("every line"), opened(data("every line"))
    number = {}
    for key, cell in made.results.numbers.items():
        written = book["Results"].cell(cell.row + 1, cell.column + 1)
        number[key] = written.data_type

    assert len(number) > 40
    assert set(number.values()) == {"f"}
    # Nothing else on the sheet is a number.
    assert [cell.coordinate for row in book["Results"].iter_rows() for cell in row if cell.data_type == "n" and cell.value is not None] == []  # fmt: skip


def test_inputs_are_blue_on_yellow_and_no_formula_is() -> None:
    made, book = packs.model("plain"), opened(data("plain"))
    page = book["Inputs"]
    for cell in made.desk.inputs.cells.values():
        written = page.cell(cell.row + 1, cell.column + 1)
        assert (written.font.color.rgb, written.fill.fgColor.rgb) == ("FF0000FF", "FFFFFFCC")
    blue = [cell.coordinate for page in book for row in page.iter_rows() for cell in row if cell.data_type == "f" and cell.font.color is not None and cell.font.color.rgb == "FF0000FF"]  # fmt: skip
    assert blue == []


def test_the_verdict_of_all_checks_stands_on_every_sheet() -> None:
    book = opened(data("plain"), values=True)

    assert {page.title for page in book if any(cell.value == "OK" for cell in page[2])} == set(book.sheetnames)


def test_the_change_log_tells_values_ranges_runs_prices_and_options_that_are_gone() -> None:
    plain = packs.pack_of(packs.question("plain"))
    before = locked(plain)
    path, gone = "workload.requests_per_day", before.answer.options[0].model_copy(update={"name": "old"})
    older = before.model_copy(
        update={
            "quantities": before.quantities
            | {path: before.quantities[path].model_copy(update={"value": 7.0, "low": 5.0})},
            "price_book": before.price_book.model_copy(update={"id": "last-month"}),
            "answer": before.answer.model_copy(update={"options": [*before.answer.options, gone]}),
        }
    )
    page = opened(workbook_bytes(packs.model_of(replace(plain, previous=older))), values=True)["Change log"]
    rows = {row[0]: row[1:3] for row in page.iter_rows(min_row=6, values_only=True)}

    now = {row.path: row for row in plain.result.assumptions}[path]
    assert rows["Price book"] == ("last-month", plain.result.price_book.id)
    assert rows["old"] == ("there", "gone")
    assert rows[path] == (7.0, now.value)
    assert rows[f"{path}, low end"][0] == 5.0
    assert f"{path}, high end" not in rows
    assert "Version of the tool" not in rows
    assert not any(str(label).startswith("Run of") for label in rows)


def test_an_input_that_needs_a_new_export_says_so_where_it_is_typed() -> None:
    made, page = packs.model("plain"), opened(data("plain"))["Inputs"]
    prompts = {str(each.sqref): (each.promptTitle, each.prompt) for each in page.data_validations.dataValidation}
    cells = {path: f"D{cell.row + 1}" for path, cell in made.desk.inputs.numbered.items()}

    title, why = prompts[cells["workload.output_tokens_per_request"]]
    assert title == "new export"
    assert why.startswith("held at export: capacity of a replica of own")
    assert len(why) <= 255
    told = {path for path, place in cells.items() if prompts[place][0]}
    assert told == {path for path in cells if not made.desk.inputs.is_live(path)}


def test_what_stays_in_sight_and_how_it_prints() -> None:
    book = opened(data("plain"))

    assert book["Cash flow monthly"].freeze_panes == "F6"
    upright = {page.title for page in book if page.page_setup.orientation == "portrait"}
    assert upright == {"Cover", "Legend", "Charts"}


def test_every_page_says_what_its_numbers_rest_on() -> None:
    made = packs.model("plain")
    result = made.desk.pack.result
    told = {page.title: page.oddFooter.left.text for page in opened(data("plain"))}

    wanted = f"answer {result.answer_id} · prices {result.price_book.id} · runs test-run · tco-llm {version()}"
    assert {title for title, text in told.items() if wanted in text} == set(SHEETS)


def test_the_line_below_a_page_is_as_short_as_excel_wants_it() -> None:
    long = packs.pack_of(packs.question("&" * 119, horizon_months=2))
    named = {str(number): run(run_id=f"{number}" * 90) for number in range(3)}
    pack = replace(long, prepared=replace(long.prepared, runs=named))
    content = workbook_bytes(packs.model_of(pack))
    footers = re.findall(r"<oddFooter>(.*?)</oddFooter>", _xml(content, "worksheet"))

    assert len(footers) == len(SHEETS)
    assert all(len(html.unescape(each)) <= 255 for each in footers)
    assert all("3 runs" in each for each in footers)


def test_no_number_is_wider_than_its_column_and_none_ends_with_a_point() -> None:
    """A spreadsheet shows ### where a number is wider than its column, and the format `#,##0.####` writes `900.` for nine hundred."""
    book, values = opened(data("every line")), opened(data("every line"), values=True)
    wide, formats = [], set()
    for page in book:
        # Neighbours of one width are kept as one entry.
        widths = {column: each.width for each in page.column_dimensions.values() for column in range(each.min, each.max + 1)}  # fmt: skip
        for row in page.iter_rows():
            for cell in row:
                value = values[page.title][cell.coordinate].value
                if isinstance(value, int | float) and not isinstance(value, bool):
                    formats.add(cell.number_format)
                    decimals = len(cell.number_format.partition(";")[0].partition(".")[2].strip("%"))
                    width = widths.get(cell.column, 10)
                    if cell.number_format != "General" and len(f"({value:,.{decimals}f})") > width + 1:
                        wide.append((page.title, cell.coordinate, value, width))

    assert wide == []
    assert not [each for each in formats if ".#" in each]


def test_the_cover_has_the_logo_and_every_page_the_line_of_confidentiality() -> None:
    told = io.BytesIO()
    Image.new("RGB", (400, 88), "#0f6b5c").save(told, "PNG", dpi=(300, 300))
    terms = BrandFile(name="Acme", confidentiality="For Acme & friends only")
    pack = packs.pack_of(packs.question("small", horizon_months=2), brand=Brand(terms=terms, logo=Logo(kind="png", data=told.getvalue())))  # fmt: skip
    content = workbook_bytes(packs.model_of(pack))
    book = opened(content)

    assert [len(page._images) for page in book][:2] == [1, 0]
    assert {page.oddHeader.right.text for page in book} == {"For Acme && friends only"}
    # 44 pixels high whatever the picture's own dots an inch; 9,525 units a pixel.
    assert _xml(content, "drawings/drawing1.xml").count("<xdr:pic>") == 1
    (height,) = re.findall(r'<a:ext cx="\d+" cy="(\d+)"', _xml(content, "drawings/drawing1.xml"))
    assert int(height) == pytest.approx(44 * 9525, rel=0.03)


def test_long_sources_go_on_in_a_second_line() -> None:
    long = "a source of many words " * 20
    price = {"value": 2.0, "evidence": "listed", "source": long, "as_of": "2026-11-01", "note": long}
    asked = packs.question("long", horizon_months=2, options=[packs.API | {"input_usd_per_mtok": price}, packs.RENT])
    book = opened(workbook_bytes(packs.model_of(packs.pack_of(asked))))
    for title in ("Inputs", "Sources"):
        cell = next(each for row in book[title].iter_rows() for each in row if str(each.value).startswith(long[:200]))
        assert cell.alignment.wrap_text
        assert book[title].row_dimensions[cell.row].height > 60


def test_charts_are_drawn_by_the_spreadsheet_from_rows() -> None:
    archive = zipfile.ZipFile(io.BytesIO(data("plain")))
    charts = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/charts/chart")]

    assert len(charts) == 4
    assert "lineChart" in charts[0]
    assert all("stacked" in chart for chart in charts[1:])
    assert all("'Cash flow monthly'!" in chart for chart in charts)


def test_the_same_answer_gives_the_same_bytes() -> None:
    again = workbook_bytes(packs.model_of(packs.pack_of(packs.question("plain"))))

    assert again == data("plain")


def test_a_file_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_xlsx(packs.pack_of(packs.question("small", horizon_months=2)), tmp_path / "no" / "such.xlsx")


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(min_size=1, max_size=100))
@example('=HYPERLINK("http://evil.example","x")')
@example("+1+cmd|' /C calc'!A0")
@example("@SUM(1+1)*cmd|'")
@example("&L&D &[File] <b>&amp;</b> _x0041_ ]]>")
@example("\u202egnp.exe \u2066\U0001f600 שלום")
@example("'; DROP TABLE")
@example("x" * 119)
def test_hostile_text_is_text_wherever_it_stands(hostile: str) -> None:
    note = hostile * 400
    # Names of a scenario have no dots and no control characters; its notes have anything.
    name = re.sub(r"[\x00-\x1f.]", "·", hostile).encode("utf-8", "replace").decode()
    cost = {"value": 5, "note": note, "source": hostile}
    rent = packs.RENT | {"name": f"{name} ", "one_off_usd": {name: cost}}
    asked = packs.question(name, horizon_months=3, options=[packs.API, rent])
    content = workbook_bytes(packs.model_of(packs.pack_of(asked.model_copy(update={"question": note}))))
    book = opened(content)
    plain = opened(data("two"))

    assert len(formulas(book)) == len(formulas(plain))
    assert all(
        len(cell.value) <= 32_767
        for page in book
        for row in page.iter_rows()
        for cell in row
        if isinstance(cell.value, str)
    )
    assert book.sheetnames == plain.sheetnames


def test_columns_are_named_as_spreadsheets_name_them() -> None:
    assert get_column_letter(TIME_ZERO_COLUMN + 1) == "F"


def test_a_rate_keeps_its_minus_and_one_over_a_thousand_per_cent_says_no_more() -> None:
    made = packs.model("plain")
    page = opened(data("plain"))["Results"]
    cell = made.results.numbers["rent", "irr_per_year"]
    place = page.cell(cell.row + 1, cell.column + 1)
    (rule,) = [each for area in page.conditional_formatting if place.coordinate in area for each in area.rules]

    # One section only: of several, spreadsheets differ in who writes the minus.
    assert place.number_format == "#,##0.00%"
    assert (rule.operator, rule.formula, rule.dxf.numFmt.formatCode) == ("greaterThan", ["10"], '"over 1,000%"')
