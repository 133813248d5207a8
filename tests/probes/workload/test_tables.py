import hashlib

import pytest

from probes.errors import ProbeError
from probes.workload import tables
from probes.workload.tables import TOKEN_COLUMNS, digest, number_of, open_table, whole_tokens

BOTH = ("input_tokens", "output_tokens")


def read(path):
    table = open_table(path, TOKEN_COLUMNS, required=BOTH)
    return [
        (row.line, *(whole_tokens(table.path, row, column, name=table.found[column]) for column in BOTH))
        for row in table.rows
    ]


@pytest.fixture
def log(tmp_path):
    def write(text):
        path = tmp_path / "log"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def refused(words):
    return pytest.raises(ProbeError, match=words)


@pytest.mark.parametrize(
    "header",
    [
        "input_tokens,output_tokens",
        "prompt_tokens,completion_tokens",
        "ContextTokens,GeneratedTokens",
        "Request tokens,Response tokens",
        "INPUT-LENGTH , output length",
        '"promptTokens","completionTokens"',
        "\ufeffisl,osl",
    ],
)
def test_columns_are_found_by_the_names_that_others_give_them(log, header):
    assert [(2, 5, 6), (4, 7, 8)] == read(log(f"{header}\n5,6\n\n7,8.0\n"))


def test_a_log_may_have_other_columns_and_windows_line_ends(log):
    assert [(2, 5, 6)] == read(log('model,output_tokens,input_tokens\r\n"a, b",6,5\r\n'))


def test_json_lines_are_read_with_line_numbers(log):
    assert [(2, 5, 6), (4, 7, 8)] == read(log('\n{"isl": 5, "osl": 6}\n\n{"isl": 7, "osl": 8, "x": [1]}'))


def test_a_byte_order_mark_is_no_part_of_the_text(log):
    assert [(1, 5, 6)] == read(log('\ufeff{"isl": 5, "osl": 6}\n'))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("input_token,output_tokens\n1,2\n", "no column for input_tokens; .*Did you mean input_token?"),
        ("a,b\n1,2\n", "The file has: a, b"),
        ("isl,input_tokens,osl\n1,1,2\n", "line 1: input_tokens and isl both mean input_tokens"),
        ("isl,osl\n1,2\n1,2,3\n", "line 3: has 3 fields where the header has 2"),
        ('isl,osl\n1,"2\n', "not CSV"),
        ("isl,osl\n1,\n", "line 2: osl is missing"),
        ("isl,osl\n1,two\n", "line 2: osl is 'two'; a number"),
        ("isl,osl\n1,NaN\n", "line 2: osl is 'NaN'; a number"),
        ("isl,osl\n1,inf\n", "line 2: osl is 'inf'; a number"),
        ("isl,osl\n1,-2\n", "line 2: osl is '-2'; a whole number of tokens"),
        ("isl,osl\n1,2.5\n", "a whole number of tokens"),
        ("isl,osl\n1,1e300\n", "a whole number of tokens"),
        (b"isl,osl\n1,2\n\xff\xfe,3\n", "line 3: not UTF-8"),
        (b"\x1f\x8b\x08\x00\x00", "line 1: not UTF-8"),
        (b"isl,osl\n1,2\x00\n", "zero byte"),
        ('{"isl": 1, "osl": 2}\n[1, 2]\n', "line 2: not one JSON object a line"),
        ('{"isl": 1, "osl": 2}\n{"isl": 1\n', "line 2: not one JSON object a line"),
        ('{"isl": 1, "osl": NaN}\n', "line 1: osl is nan; a number"),
        ('{"isl": true, "osl": 2}\n', "line 1: isl is True"),
        ('{"isl": 1, "osl": 2}\n{"isl": 1}\n', "line 2: osl is missing"),
        ('{"isl": 1, "osl": {"n": 2}}\n', "a number is needed"),
        ('{"isl": 1, "osl": 1' + "0" * 400 + "}\n", "a number is needed"),
        ("{" * 100_000 + "\n", "not one JSON object"),
    ],
)
def test_bad_logs_are_refused_with_the_line(log, text, words):
    with refused(words):
        read(log(text))


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with refused("No such file"):
        read(tmp_path / "none.csv")
    with refused("not a file"):
        read(tmp_path)
    with refused("No such file"):
        digest(tmp_path / "none.csv")


def test_huge_files_and_lines_are_refused_before_they_fill_the_memory(log, monkeypatch):
    monkeypatch.setattr(tables, "MAX_LINE_CHARACTERS", 100)
    with refused("line 2: longer than 100 bytes"):
        read(log("isl,osl\n" + "1" * 101 + ",2\n"))
    monkeypatch.setattr(tables, "MAX_BYTES", 20)
    with refused("at most 0 GiB is read"):
        read(log("isl,osl\n" + "1,2\n" * 10))


def test_the_digest_is_of_the_files_bytes(log):
    path = log("isl,osl\n1,2\n")
    assert hashlib.sha256(b"isl,osl\n1,2\n").hexdigest() == digest(path)


def test_a_missing_value_is_no_zero(tmp_path):
    with refused("x is missing"):
        number_of(tmp_path, tables.Row(1, {}), "x", name="x")
