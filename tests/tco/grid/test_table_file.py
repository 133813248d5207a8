from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from tco.errors import InputError
from tco.grid import Axis, Choice, GridPoint, OptionAnswer, write_table

AXES = (
    Axis(name="volume", choices=(Choice(value=10, settings={}),)),
    Axis(name="=model", choices=(Choice(value="=cmd|' /C calc'!A0", settings={}),)),
)
RENT = OptionAnswer(
    name="@rent", feasible=True, reasons=["-1 is odd", "two"], total_usd=12.5, npv_usd=-3.25, payback_months=None,
    usd_per_mtok=0.5, replicas=2, gpus=4, utilisation_fraction=0.25, basis="modelled",
)  # fmt: skip
POINTS = [
    GridPoint(index=0, values={"volume": 10, "=model": "=cmd|' /C calc'!A0"}, recommended="@rent", options=[RENT]),
    GridPoint(index=1, values={"volume": -10, "=model": {"value": 1}}, error="+bad"),
]


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_row_for_each_option_and_one_for_a_point_without_answer(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", AXES, POINTS)
    frame = pd.read_csv(tmp_path / "t.csv")

    assert [10, -10] == frame["volume"].to_list()
    assert [12.5, -3.25, 2.0, 4.0] == frame.loc[0, ["total_usd", "npv_usd", "replicas", "gpus"]].to_list()
    assert frame.loc[1, ["option", "total_usd"]].isna().all()


def test_a_spreadsheet_finds_no_formula(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", AXES, POINTS)
    header, first, second = rows(tmp_path / "t.csv")

    assert "'=model" == header[2]
    assert ("'=cmd|' /C calc'!A0", "'@rent", "'-1 is odd; two") == (first[2], first[4], first[7])
    assert "'+bad" == second[3]
    texts = [text for row in (header, first, second) for text in row if text[:1] in "=+-@\t\r\n" and text]
    assert ["-3.25", "-10"] == texts, "numbers stay numbers"


def test_the_columns(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", AXES, [])

    assert [
        "point", "volume", "'=model", "error", "option", "recommended", "feasible", "reasons", "total_usd", "npv_usd",
        "payback_months", "usd_per_mtok", "replicas", "gpus", "utilisation_fraction", "basis",
    ] == rows(tmp_path / "t.csv")[0]  # fmt: skip


def test_a_place_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"t\.csv: cannot be written"):
        write_table(tmp_path / "none" / "t.csv", AXES, POINTS)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match=r"folder\.csv: cannot be written"):
        write_table(tmp_path / "folder.csv", AXES, POINTS)

    assert ["folder.csv"] == [path.name for path in tmp_path.iterdir()]
