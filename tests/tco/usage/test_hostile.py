"""Files that are damaged, too large, or meant to do harm end in one sentence that names the place."""

from __future__ import annotations

import gzip
import json

import pytest

from tco import InputError
from tco.usage import Asked, ReadOptions, UsageFile, read_usage, zone_named
from tests.tco.usage.samples import FOLDER, of_text, sample

HEADER = "timestamp,requests,model,input_tokens,output_tokens\n"
ROW = "2026-11-02,1,m,10,1\n"


def refused(data: bytes | str, options: ReadOptions | None = None) -> InputError:
    raw = data.encode() if isinstance(data, str) else data
    with pytest.raises(InputError) as raised:
        read_usage([UsageFile.of_bytes("log.csv", raw)], options)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 700
    return raised.value


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "log.csv: empty; there is no usage in it"),
        (b"  \n\n", "log.csv: empty; there is no usage in it"),
        (b"PK\x03\x04rest", "a zip archive; unpack it"),
        (b"PAR1rest", "a Parquet file; export CSV or JSON lines"),
        ("timestamp".encode("utf-16"), "text in UTF-16; save it as UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00", "log.csv, line 1: no text in UTF-8"),
        (b"a,b\n\x00,1\n", "log.csv, line 2: has a zero byte"),
        (b"\x1f\x8bnot gzip", "the gzip archive is damaged or cut off"),
        (gzip.compress((HEADER + ROW * 500).encode(), mtime=0)[:60], "the gzip archive is damaged or cut off"),
        (b"just words", "a CSV with 1 columns"),
        (b"a,a\n1,2\n", "the column 'a' is there twice"),
        (b"alpha,beta\n1,2\n", "of no source that is known here (its fields: alpha, beta)"),
        (b'{"usage": ', "not valid JSON"),
        (b"[" * 200_000, "not valid JSON (nested too deep)"),
        (b'{"a":' * 200_000, "not valid JSON (nested too deep)"),
        (b"[1, 2]", "JSON without objects"),
        (b'{"created": 1793610000, "usage": {"prompt_tokens": ' + b"9" * 5_000 + b', "completion_tokens": 1}}', "not valid JSON"),
        ((HEADER + '2026-11-02,1,"never closed,10,1\n').encode(), "not CSV"),
        ((HEADER + "2026-11-02,1\n").encode(), "log.csv, line 2: 2 fields where the header has 5"),
        ((HEADER + "2026-11-02,1," + "m" * 10_000 + ",10,1\n").encode(), "the model's name has 10,000 characters; at most 200"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_usage(data, sentence):
    assert sentence in str(refused(data))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("NaN", "`input_tokens` is 'NaN'; a plain number is needed"),
        ("Infinity", "a plain number is needed"),
        ("1e400", "a plain number is needed"),
        ("1e16", "at most 1e+15"),
        ("-5", "is -5; a count is 0 or more"),
        ("1.5", "is 1.5; a count is a whole number"),
        ("1,5", "a plain number is needed"),
        ("=1+1", "a plain number is needed"),
        ("true", "a plain number is needed"),
        ("", "`input_tokens` is missing"),
    ],
)
def test_counts_that_are_none(value, sentence):
    error = refused(HEADER + f'2026-11-02,1,m,"{value}",1\n')

    assert str(error).startswith("log.csv, line 2: ")
    assert sentence in str(error)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-1", "true", '"x"', "[1]"])
def test_counts_of_json_that_are_none(word):
    usage = f'{{"prompt_tokens": {word}, "completion_tokens": 1}}'
    error = refused(f'{{"created": 1793610000, "model": "m", "usage": {usage}}}')

    assert "`prompt_tokens`" in str(error)


def test_nan_where_nobody_needs_it_does_no_harm():
    text = (
        '{"created": 1793610000, "latency": NaN, "model": "m", "usage": {"prompt_tokens": 7, "completion_tokens": 1}}'
    )

    assert 7 == of_text(text, "r.jsonl").input_tokens.sum()


@pytest.mark.parametrize(
    ("time", "sentence"),
    [
        ("yesterday", "'yesterday' is no time; write 2026-11-24T08:30:00Z"),
        ("11/02/2026 09:00", "is no time"),
        ("1999-01-01T00:00:00Z", "is outside 2008 to 2103"),
        ("0001-01-01T00:00:00+23:00", "is outside 2008 to 2103"),
        ("99999999999999999999", "is no time"),
        ("2026-11-02T09:00:00", "the time names no zone; say which it is, --timezone UTC"),
    ],
)
def test_times_that_are_none(time, sentence):
    error = refused(f"timestamp,input_tokens,output_tokens\n{time},10,1\n")

    assert sentence in str(error)


def test_times_with_and_without_a_zone_in_one_file_are_refused_whatever_the_user_says():
    text = "timestamp,input_tokens,output_tokens\n2026-11-02T09:00:00{},10,1\n2026-11-02T10:00:00{},10,1\n"
    for zones in (("Z", ""), ("", "Z")):
        error = refused(text.format(*zones), ReadOptions(zone=zone_named("UTC")))
        assert ("timezones_mixed", True) == (error.code, "line 3" in str(error))


def test_offsets_that_differ_are_no_mix():
    text = "timestamp,input_tokens,output_tokens\n2026-11-02T09:00:00+01:00,10,1\n2026-11-02T08:00:00Z,10,1\n"

    assert 1 == len(of_text(text).cell_hour)


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "", "UTC" * 100, "Europe"])
def test_zones_that_are_none(name):
    with pytest.raises(InputError, match="no time zone is called"):
        zone_named(name)


def test_more_cached_tokens_than_input_that_holds_them_are_refused():
    text = json.dumps({"created": 1793610000, "model": "m", "usage": {"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 11}}})  # fmt: skip

    assert "cached_above_input" == refused(text).code
    assert 21 == of_text(text, "r.jsonl", ReadOptions(asked=Asked(cached="beside"))).input_tokens.sum()


def test_cached_tokens_of_a_log_of_ones_own_are_asked_about():
    text = "timestamp,input_tokens,output_tokens,cached_tokens\n2026-11-02T09:00:00Z,100,1,60\n"
    both = [
        of_text(text, options=ReadOptions(asked=Asked(cached=way))).input_tokens.sum() for way in ("inside", "beside")
    ]

    assert "--cached inside or --cached beside" in str(refused(text))
    assert [100, 160] == both


def test_more_reasoning_than_output_is_refused():
    text = "timestamp,input_tokens,output_tokens,reasoning_tokens\n2026-11-02T09:00:00Z,100,10,11\n"

    assert "reasoning_above_output" == refused(text).code


def test_totals_that_disagree_are_refused_and_single_ones_told():
    row = "2026-11-02T09:00:00Z,100,10,{}\n"
    header = "timestamp,input_tokens,output_tokens,total_tokens\n"
    error = refused(header + row.format(110) + row.format(999))
    told = of_text(header + row.format(110) * 200 + row.format(999))

    assert "totals_disagree" == error.code
    assert "1 of 2 rows do not add up to their own total (the first, log.csv, line 3: 110 and 999 tokens)" in str(error)
    assert any("1 of 201 rows do not add up" in note for note in told.notes)


@pytest.mark.slow
def test_an_archive_that_unpacks_to_far_more_than_it_is_ends_early():
    bomb = gzip.compress((b" " * 1_000_000 + b"\n") * 80, mtime=0)

    assert "unpacks to more than 250 times its size" in str(refused(bomb))


@pytest.mark.slow
def test_a_line_without_end_and_empty_lines_without_end_stop():
    assert "longer than 32 MiB" in str(refused(b"{" + b" " * (2**25 + 10)))
    assert "empty lines; this is no log" in str(refused(gzip.compress(b"\n" * 1_100_000, mtime=0)))


@pytest.mark.slow
def test_a_limit_on_what_is_unpacked():
    packed = gzip.compress((HEADER + ROW * 100_000).encode(), mtime=0)

    assert "more than 1 MiB of text" in str(refused(packed, ReadOptions(max_bytes=2**20)))


def test_a_row_of_a_month_is_refused():
    text = "timestamp,end_time,requests,input_tokens,output_tokens\n2026-11-01T00:00:00Z,2026-12-01T00:00:00Z,1,10,1\n"

    assert "a row of 720 hours; it has to count a day at most" in str(refused(text))


def test_a_row_that_ends_before_it_begins_is_refused():
    text = "timestamp,end_time,requests,input_tokens,output_tokens\n2026-11-02T09:00:00Z,2026-11-02T08:00:00Z,1,10,1\n"

    assert "bucket_too_long" == refused(text).code


def test_the_same_file_twice_and_files_that_are_none():
    path = FOLDER / "openai_usage.json"
    for files, sentence in (
        (
            [UsageFile.at(path), UsageFile.of_bytes("copy.json", path.read_bytes())],
            "copy.json is the same file as openai_usage.json",
        ),
        ([], "name at least one file"),
        ([UsageFile.at(FOLDER / "none.csv")], "no such file"),
        ([UsageFile.at(FOLDER)], "no such file"),
        ([UsageFile.of_bytes(str(n), b"") for n in range(201)], "at most 200"),
    ):
        with pytest.raises(InputError, match=sentence):
            read_usage(files)


def test_files_that_count_the_same_span_are_a_caution():
    files = [UsageFile.of_bytes(name, (HEADER + ROW * count).encode()) for name, count in (("a.csv", 1), ("b.csv", 2))]

    assert any("a.csv and b.csv count the same models in the same span" in note for note in read_usage(files).notes)


def test_a_page_that_has_more_says_so():
    text = (FOLDER / "openai_usage.json").read_text().replace('"has_more": false', '"has_more": true')

    assert any("more pages follow" in note for note in of_text(text, "page.json").notes)


def test_a_source_or_a_model_that_is_not_there():
    for use in (
        lambda: sample("openai_usage.json", ReadOptions(source="nobody")),
        lambda: sample("openai_usage.json").of_models(["nobody"]),
    ):
        with pytest.raises(InputError, match="nobody"):
            use()


def test_a_prompt_of_any_length_is_no_obstacle():
    text = (
        'startTime,spend,prompt_tokens,completion_tokens,model,messages\n2026-11-02 09:00:00,0,10,1,m,"'
        + "SECRET\n" * 50_000
        + '"\n'
    )

    assert 10 == of_text(text).input_tokens.sum()


def test_names_are_data():
    usage = of_text(HEADER + "2026-11-02,1,\x1b[31m=cmd|' /C calc'!A0,10,1\n")

    assert ("?[31m=cmd|' /C calc'!A0",) == usage.models
