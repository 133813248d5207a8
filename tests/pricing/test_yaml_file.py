from __future__ import annotations

import math

import pytest

from pricing.yaml_file import MAX_FILE_BYTES, FileError, parse_yaml, read_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),  # Norway: false in YAML 1.1
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("010", "010"),  # eight in YAML 1.1
        ("1:30", "1:30"),  # ninety in YAML 1.1
        ("0x1F", "0x1F"),
        ("2026-11-23", "2026-11-23"),
        ("2026-02-31", "2026-02-31"),
        ("120_000", 120_000),
        ("-7", -7),
        ("1e6", 1e6),
        ("+1.5e-3", 1.5e-3),
        (".5", 0.5),
        ("3.", 3.0),
        ("-.inf", -math.inf),
        ("1.2.3", "1.2.3"),
        ("-", [None]),
        ("[1, two, 3.0]", [1, "two", 3.0]),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(text, value):
    found = parse_yaml(text)
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_a_number_for_its_field_to_refuse():
    assert math.isnan(parse_yaml(".nan"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x [1]\nb: *x", "line 2: YAML aliases (`*name`) are not allowed; write it out"),
        ("a: 1\nb: 2\na: 3", "line 3: `a` is given twice; keep one"),
        ("? [a]\n: 1", "line 1: a key is a plain name, not a list or a mapping; write `key: value`"),
        ("{{a: 1}: 2}", "line 1: a key is a plain name, not a list or a mapping; write `key: value`"),
        ("a: [1", "line 1: not valid YAML (expected ',' or ']', but got '<stream end>')"),
        ("--- 1\n--- 2", "line 2: not valid YAML (but found another document)"),
        ("a: \x07", "not text that YAML allows (special characters are not allowed at character 3)"),
        ("[" * 5000, "nested too deep for a file of ours"),
    ],
)
def test_what_is_refused_is_refused_in_one_sentence(text, message):
    with pytest.raises(FileError) as error:
        parse_yaml(text)
    assert str(error.value) == message


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system [ls]", "!!python/name:os.system", "!mine {a: 1}"])
def test_a_tag_that_is_not_plain_data_is_refused(tag):
    with pytest.raises(FileError, match="could not determine a constructor for the tag"):
        parse_yaml(tag)


def test_a_number_of_too_many_digits_is_refused():
    with pytest.raises(FileError, match="4300 digits"):
        parse_yaml("9" * 5000)


def test_a_text_of_a_megabyte_is_read_and_one_byte_more_is_not():
    assert parse_yaml("#" * MAX_FILE_BYTES) is None
    with pytest.raises(FileError, match="1,000,001 bytes; at most 1,000,000 are read"):
        parse_yaml("#" * (MAX_FILE_BYTES + 1))


def test_a_file_is_read_without_its_byte_order_mark(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xa4")
    assert read_text(path, what="a prices file") == "a: ä"


def test_files_that_cannot_be_read_are_named_with_what_to_do(tmp_path):
    binary, big = tmp_path / "binary", tmp_path / "big"
    binary.write_bytes(b"\xff\xfe\x00")
    big.write_bytes(b"x" * 11)
    for path, message in {
        tmp_path / "none.yaml": "cannot be read (No such file or directory); name a prices file",
        tmp_path: "is a folder; name a prices file in it",
        binary: "not a text file; a prices file is YAML in UTF-8",
        big: "11 bytes; a prices file has at most 10. Is it the right file?",
    }.items():
        with pytest.raises(FileError) as error:
            read_text(path, what="a prices file", max_bytes=10)
        assert str(error.value) == f"{path}: {message}"


def test_an_endless_device_is_not_read():
    with pytest.raises(FileError, match="is not a plain file"):
        read_text(__import__("pathlib").Path("/dev/zero"), what="a prices file")
