from __future__ import annotations

import hashlib
import re
from datetime import date
from pathlib import Path

import pytest

from pricing.book import SHIPPED_ON, Book, once_per_book, shipped_book
from pricing.own.file import parse_overrides

DATA = Path(__file__).parents[2] / "pricing" / "data"
OWN = parse_overrides("discounts: [{provider: aws, discount_fraction: 0.28, source: EDP}]")


@pytest.fixture
def newer(tmp_path):
    """A newer copy of the electricity table with one more byte."""
    path = tmp_path / "electricity.csv"
    path.write_bytes((DATA / "electricity.csv").read_bytes() + b"\n")
    return path


def test_the_id_is_the_day_and_a_hash_of_every_file_but_the_pages_about_them():
    files = {
        path.relative_to(DATA).as_posix(): path for path in DATA.rglob("*") if path.is_file() and path.suffix != ".md"
    }
    whole = hashlib.sha256()
    for name, path in sorted(files.items()):
        whole.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    assert Book().id == f"{SHIPPED_ON}-{whole.hexdigest()[:12]}"


def test_the_id_is_the_same_for_the_same_tables():
    assert Book().id == Book().id == shipped_book().id
    assert re.fullmatch(r"2026-11-23-[0-9a-f]{12}", Book().id)


def test_the_id_changes_with_a_byte_of_a_table_and_with_the_day(newer):
    changed = Book(newer={"electricity.csv": newer})
    same = Book(newer={"electricity.csv": DATA / "electricity.csv"})
    later = Book(as_of=date(2026, 12, 1))
    assert changed.id != Book().id
    assert same.id == Book().id
    assert (later.id[:10], later.id[10:]) == ("2026-12-01", Book().id[10:])


def test_the_id_changes_with_a_file_that_the_shipped_tables_do_not_have(newer):
    assert Book(newer={"extra/new.csv": newer}).id != Book().id


def test_a_newer_file_takes_the_place_of_the_shipped_one_and_only_of_that(newer):
    newer.write_text("region,usd_per_kwh\nDE,0.1901\n", encoding="utf-8")
    book = Book(newer={"electricity.csv": newer})
    assert book.table("electricity.csv") == [{"region": "DE", "usd_per_kwh": "0.1901"}]
    assert book.text("gpu_specs.csv") == (DATA / "gpu_specs.csv").read_text(encoding="utf-8")
    assert dict(book.newer) == {"electricity.csv": newer}


def test_an_empty_cell_of_a_table_is_none(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text('a,b\n1,\n,"two, three"\n', encoding="utf-8")
    assert Book(newer={"x.csv": path}).table("x.csv") == [{"a": "1", "b": None}, {"a": None, "b": "two, three"}]


def test_the_users_prices_come_over_the_same_tables(newer):
    book = Book(as_of=date(2026, 12, 1), newer={"electricity.csv": newer})
    mine = book.with_overrides(OWN)
    assert (mine.overrides, book.overrides) == (OWN, None)
    assert (mine.id, mine.as_of) == (book.id, book.as_of)
    assert mine.text("electricity.csv") == newer.read_text(encoding="utf-8")
    assert mine.with_overrides(None).overrides is None


def test_the_shipped_book_is_one_object_without_the_users_prices():
    assert shipped_book() is shipped_book()
    assert shipped_book().overrides is None


def test_what_is_made_of_the_tables_is_made_once_a_book_and_shared_under_overrides():
    made = []

    @once_per_book
    def rows(book):
        made.append(book)
        return len(book.table("electricity.csv"))

    book = Book()
    assert {rows(book), rows(book), rows(book.with_overrides(OWN))} == {len(shipped_book().table("electricity.csv"))}
    assert made == [book]
    rows(Book())
    assert len(made) == 2
