"""Flags of vLLM are read as vLLM reads them."""

from __future__ import annotations

import pytest

from tco.capacity.memory.engine_args import fraction_of, switch_of, value_of, whole_of
from tco.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("512", 512), ("8k", 8_000), ("8K", 8_192), ("25.6k", 25_600), ("2M", 2 * 2**20), ("auto", None), ("-1", None)],
)
def test_numbers_are_read_as_vllm_reads_them(text: str, expected: int | None) -> None:
    assert expected == whole_of(["--max-model-len", text], "--max-model-len")


def test_the_last_spelling_of_a_flag_counts() -> None:
    assert value_of(["--block-size=16", "--block_size", "32"], "--block-size") == "32"


def test_a_flag_that_is_not_given_has_no_value() -> None:
    assert value_of(["--dtype", "bfloat16"], "--block-size") is None


@pytest.mark.parametrize("text", ["many", "1.5K", "", "1e3"])
def test_a_number_that_is_none_is_said_with_its_flag(text: str) -> None:
    with pytest.raises(InputError, match=r"--max-num-seqs: .* is no whole number"):
        whole_of([f"--max-num-seqs={text}"], "--max-num-seqs")


@pytest.mark.parametrize("text", ["0", "1.1", "half", "nan"])
def test_a_share_outside_its_range_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="above 0 and at most 1"):
        fraction_of(["--gpu-memory-utilization", text], "--gpu-memory-utilization")


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--enable-prefix-caching"], True),
        (["--no-enable-prefix-caching"], False),
        (["--enable_prefix_caching=false"], False),
        (["--no-enable-prefix-caching", "--enable-prefix-caching"], True),
        ([], None),
    ],
)
def test_a_switch_is_on_off_or_not_given(args: list[str], expected: bool | None) -> None:
    assert expected is switch_of(args, "--enable-prefix-caching")
