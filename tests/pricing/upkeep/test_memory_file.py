from __future__ import annotations

import pytest

from pricing.book import Book, shipped_book
from pricing.upkeep.memory_file import MemoryFile

FILE = MemoryFile("electricity.csv", "region,note\nDE,Köln\n".encode())


def test_a_book_reads_a_table_that_is_only_in_memory():
    book = Book(newer={"electricity.csv": FILE})
    assert book.table("electricity.csv") == [{"region": "DE", "note": "Köln"}]
    assert book.id != shipped_book().id


def test_it_is_a_file_and_no_folder():
    assert (FILE.name, FILE.is_file(), FILE.is_dir(), list(FILE.iterdir())) == ("electricity.csv", True, False, [])
    with pytest.raises(NotADirectoryError, match=r"electricity\.csv is no folder"):
        FILE.joinpath("x")


def test_it_opens_as_text_and_as_bytes():
    assert FILE.open().read() == FILE.read_text() == "region,note\nDE,Köln\n"
    assert FILE.open("rb").read() == FILE.read_bytes()
