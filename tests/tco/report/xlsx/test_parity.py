"""A spreadsheet recalculates the workbook after an input was changed in the file, and gets what the engine gets for that input."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from tco.compare import compare
from tco.register import with_value
from tco.report.xlsx.build import Model
from tco.report.xlsx.write import workbook_bytes
from tests.tco.report.xlsx import packs

SOFFICE = shutil.which("soffice")
CHANGES: tuple[tuple[str, str | None, float], ...] = (
    ("plain", None, 0.0),
    ("plain", "workload.requests_per_day", 410_000.0),
    ("plain", "workload.requests_per_day", 0.0),
    ("plain", "workload.batchable_fraction", 0.6),
    ("plain", "options.api.price_change_per_year_fraction", -0.4),
    ("plain", "options.rent.availability_target_fraction", 0.99999),
    ("plain", "options.own.server_price_usd", 5_500.0),
    ("every line", "workload.growth_per_month_fraction", -0.04),
    ("every line", "options.rent.tuning.mfu_fraction", 0.15),
    ("every line", "options.own.hardware.resale_fraction.24", 0.5),
    ("loan and table", "finance.tax_fraction", 0.4),
    ("loan and table", "finance.purchase.interest_rate_per_year", 0.0),
    ("leases", "discount_rate_per_year", 0.15),
    ("one after the other", "options.cascade.escalation_fraction", 0.7),
    ("by the hour", "workload.requests_per_day", 260_000.0),
    ("hybrids", "options.own.server_price_usd", 12_000.0),
    ("classes", "workload.classes.mail.share_fraction", 0.6),
    ("commitments", "options.rent.commitments.base.base_fraction", 0.35),
    ("commitments", "options.by the hour.price_change_per_year_fraction", -0.2),
    ("commitments", "workload.requests_per_day", 330_000.0),
    ("solved tasks", "options.rent.success.escalation_fraction", 0.3),
    ("solved tasks", "options.cheap.success.human_usd_per_task", 0.0),
    ("solved tasks", "finance.tax_fraction", 0.35),
)


@dataclass(frozen=True)
class Case:
    made: Model
    path: str | None
    value: float
    file: Path


@contextmanager
def _changed(book: Workbook, made: Model, path: str | None, value: float) -> Iterator[None]:
    """One input of a workbook has another number, for as long as it takes to save it."""
    if path is None:
        yield
        return
    place = made.desk.inputs[path]
    cell = book["Inputs"].cell(place.row + 1, place.column + 1)
    before, cell.value = cell.value, value
    yield
    cell.value = before


@pytest.fixture(scope="module")
def recalculated(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """All changed files, recalculated in one go. What openpyxl saves has no values any more, so that each of them is worked out anew."""
    if SOFFICE is None:
        pytest.skip("LibreOffice (soffice) is not here: scripts/ensure-libreoffice.sh")
    folder = tmp_path_factory.mktemp("changed")
    cases = []
    for name, changes in groupby(enumerate(CHANGES), key=lambda change: change[1][0]):
        made = packs.model(name)
        book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(made)))
        for number, (_, path, value) in changes:
            file = folder / f"{number}.xlsx"
            with _changed(book, made, path, value):
                book.save(file)
            cases.append(Case(made, path, value, folder / "out" / file.name))
    profile = tmp_path_factory.mktemp("profile").as_uri()
    subprocess.run(
        [SOFFICE, f"-env:UserInstallation={profile}", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder / "out"), *(str(folder / f"{number}.xlsx") for number in range(len(CHANGES)))],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    return cases


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", range(len(CHANGES)), ids=[f"{name}: {path}" for name, path, _ in CHANGES])
def test_a_spreadsheet_gets_what_the_engine_gets(recalculated: list[Case], number: int) -> None:
    case = recalculated[number]
    book = openpyxl.load_workbook(case.file, data_only=True)
    filled = case.made.desk.filled
    found = compare(
        case.made.desk.pack.prepared, filled if case.path is None else with_value(filled, case.path, case.value)
    )
    here: dict[tuple[str, str], Any] = {key: book["Results"].cell(cell.row + 1, cell.column + 1).value for key, cell in case.made.results.numbers.items()}  # fmt: skip
    verdict = case.made.checks.verdict

    assert all(option.feasible for option in found.options)
    assert packs.differences(found, here) == []
    assert book["Checks"].cell(verdict.row + 1, verdict.column + 1).value == (
        "OK" if case.path is None else "OK, inputs changed"
    )
    assert [cell.coordinate for page in book for row in page.iter_rows() for cell in row if cell.data_type == "e"] == []
