import numpy as np
import pytest

from probes.errors import ProbeError
from probes.run import Lengths
from probes.workload.lengths import describe_lengths, mean_lengths, parse_lengths, recorded_rows


@pytest.fixture
def pairs(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("prompt_tokens,completion_tokens\n10,1\n20,5\n61,3\n")
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fixed", Lengths()),
        (" Uniform:0.5 ", Lengths(kind="uniform", spread_fraction=0.5)),
        ("uniform:1,corr=-0.5", Lengths(kind="uniform", spread_fraction=1, correlation=-0.5)),
        ("lognormal:1.0", Lengths(kind="lognormal", spread_fraction=1)),
        ("lognormal:1.0, corr=0.3", Lengths(kind="lognormal", spread_fraction=1, correlation=0.3)),
    ],
)
def test_what_a_user_writes_is_understood(text, expected):
    assert expected == parse_lengths(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "none of: fixed"),
        ("lognorml:1", "Did you mean lognormal"),
        ("fixed:3", "none of: fixed"),
        ("pairs", "none of: fixed"),
        ("uniform", "the spread is ''; a number from 0 to 1"),
        ("uniform:1.5", "a number from 0 to 1"),
        ("lognormal:nan", "a number from 0 to 10"),
        ("lognormal:-1", "a number from 0 to 10"),
        ("lognormal:1,corr=2", "a number from -1 to 1"),
        ("lognormal:1,rho=0.2", "only corr="),
        ("pairs:/nowhere/x.csv", "cannot be read"),
    ],
)
def test_what_is_not_understood_is_refused_in_a_sentence(text, words):
    with pytest.raises(ProbeError, match=words):
        parse_lengths(text)


def test_recorded_pairs_are_read_and_their_means_told(pairs):
    lengths = parse_lengths(f"pairs:{pairs}")
    assert [[10, 1], [20, 5], [61, 3]] == recorded_rows(lengths).tolist()
    # 91 / 3 = 30.3, 9 / 3 = 3.
    assert (30, 3) == mean_lengths(lengths)
    assert (None, None) == (recorded_rows(Lengths()), mean_lengths(Lengths()))


def test_the_same_pairs_in_another_form_are_the_same(pairs, tmp_path):
    other = tmp_path / "pairs.jsonl"
    other.write_text(
        '{"output_length": 1, "input_length": 10}\n{"output_length": 5, "input_length": 20}\n\n{"output_length": 3, "input_length": 61}\n'
    )
    assert parse_lengths(f"pairs:{pairs}").sha256 == parse_lengths(f"pairs:{other}").sha256


def test_pairs_that_changed_since_are_refused(pairs):
    lengths = parse_lengths(f"pairs:{pairs}")
    pairs.write_text(pairs.read_text() + "5,5\n")
    with pytest.raises(ProbeError, match="no longer holds the pairs"):
        recorded_rows(lengths)


@pytest.mark.parametrize(
    ("row", "words"),
    [("10,0", "line 5: 10 tokens in, 0 out"), ("-1,4", "line 5: prompt_tokens is '-1'"), ("1.5,4", "a whole number")],
)
def test_a_bad_pair_is_named_with_its_line(pairs, row, words):
    pairs.write_text(pairs.read_text() + row + "\n")
    with pytest.raises(ProbeError, match=words):
        parse_lengths(f"pairs:{pairs}")


def test_a_header_without_pairs_is_refused(pairs):
    pairs.write_text("prompt_tokens,completion_tokens\n")
    with pytest.raises(ProbeError, match="a header and no rows"):
        parse_lengths(f"pairs:{pairs}")


def test_lengths_describe_themselves():
    assert "prompts of 512 and answers of 128 tokens on average (even within ±50 %)" == describe_lengths(
        parse_lengths("uniform:0.5"), input_tokens=512, output_tokens=128
    )
    assert "prompts of 10 and answers of 2 tokens on average (pairs drawn from a.csv)" == describe_lengths(
        Lengths(kind="pairs", source="a.csv"), input_tokens=10, output_tokens=2
    )


def test_rows_are_whole_numbers(pairs):
    assert np.int64 == recorded_rows(parse_lengths(f"pairs:{pairs}")).dtype
