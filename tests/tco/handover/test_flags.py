from __future__ import annotations

import pytest

from tco.handover.flags import Flag, read_flags, written


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        (["--dtype", "auto"], [Flag("--dtype", "auto")]),
        (["--dtype=auto"], [Flag("--dtype", "auto")]),
        (["--enforce-eager", "--dtype", "auto"], [Flag("--enforce-eager"), Flag("--dtype", "auto")]),
        (["-tp", "2", "-q=fp8"], [Flag("--tensor-parallel-size", "2"), Flag("--quantization", "fp8")]),
        (["--max_num_seqs", "8"], [Flag("--max-num-seqs", "8")]),
        (["--seed", "-1"], [Flag("--seed", "-1")]),
        (['--hf-overrides={"a": "b=c"}'], [Flag("--hf-overrides", '{"a": "b=c"}')]),
        (["--compilation-config.cudagraph_mode", "FULL"], [Flag("--compilation-config.cudagraph_mode", "FULL")]),
        (["--max-num-seqs", "8", "--max-num-seqs", "16"], [Flag("--max-num-seqs", "16")]),
        (["--served-model-name="], [Flag("--served-model-name", "")]),
    ],
)
def test_a_command_line_is_read_as_the_engine_reads_it(words, flags):
    assert (flags, []) == read_flags(words)


def test_a_word_that_is_no_flag_is_told_apart():
    assert ([Flag("--dtype", "auto")], ["stray", "; rm -rf /"]) == read_flags(
        ["stray", "; rm -rf /", "--dtype", "auto"]
    )


def test_a_value_that_begins_with_a_dash_stays_a_value():
    assert ("--seed=-1", "--dtype", "auto") == written([Flag("--seed", "-1"), Flag("--dtype", "auto")])
