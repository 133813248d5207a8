from __future__ import annotations

import json
from pathlib import Path

import pytest

from probes.workload.request import Arrival
from tco.capacity.simulator.limits import EngineLimits
from tco.errors import InputError
from tco.simulation.trace import common_beginnings, recording

LIMITS = EngineLimits(kv_blocks=1_000, max_model_len=2_000)
AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n"


def written(folder: Path, text: str, name: str = "trace.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def azure(folder: Path, *rows: tuple[str, int, int]) -> Path:
    lines = [f"2023-11-16 18:15:{second},{into},{out}" for second, into, out in rows]
    return written(folder, AZURE + "\n".join(lines) + "\n")


def test_azures_times_and_lengths_are_those_of_the_requests(tmp_path):
    found = recording(azure(tmp_path, ("46.50", 374, 44), ("47.00", 396, 109), ("50.25", 10, 5)), LIMITS)

    assert [0.0, 0.5, 3.75] == found.traffic.arrival_s.tolist()
    assert ([374, 396, 10], [44, 109, 5]) == (found.traffic.input_tokens.tolist(), found.traffic.output_tokens.tolist())
    assert ("azure", 0.0, 2 / 3.75) == (found.format, found.shared_fraction, found.requests_per_s)
    assert {-1} == set(found.traffic.prefix_group.tolist())


def test_a_trace_can_be_cut_short_and_made_faster(tmp_path):
    path = azure(tmp_path, ("46.50", 374, 44), ("47.00", 396, 109), ("50.25", 10, 5))
    found = recording(path, LIMITS, first=2, speed_factor=2.0)

    assert [0.0, 0.25] == found.traffic.arrival_s.tolist()


def test_requests_beyond_the_context_are_cut_and_it_is_said(tmp_path):
    found = recording(azure(tmp_path, ("46.50", 3_000, 1_000), ("47.00", 100, 10)), LIMITS)

    # 4,000 tokens are cut to 2,000 in proportion.
    assert (1_500, 500) == (found.traffic.input_tokens[0], found.traffic.output_tokens[0])
    assert "1 of 2 recorded requests are longer than 2000 tokens and are cut to it" in found.warnings[0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            AZURE + "2023-11-16 18:15:47,5,5\n2023-11-16 18:15:46,5,5\n",
            r"line 3.*before that of line 2; sort the log by time",
        ),
        (
            AZURE + "2023-11-16 18:15:46,5,5\n2023-11-16 18:15:47,5,0\n",
            r"line 3.*5 tokens in, 0 out; each must be at least 1",
        ),
        ("time_s,input_tokens,output_tokens\n-1,5,5\n", r"line 2"),
        ("time_s,input_tokens,output_tokens\nnan,5,5\n", r"line 2"),
        ("time_s,input_tokens\n1,5\n", r"output"),
        ("", r"empty|no "),
    ],
)
def test_a_bad_row_is_refused_by_its_line(tmp_path, text, sentence):
    with pytest.raises(InputError, match=sentence):
        recording(written(tmp_path, text), LIMITS)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match=r"gone\.csv"):
        recording(tmp_path / "gone.csv", LIMITS)


def test_empty_requests_can_be_left_out_and_it_is_said(tmp_path):
    found = recording(azure(tmp_path, ("46.50", 5, 0), ("47.00", 100, 10)), LIMITS, skip_empty=True)

    assert 1 == found.traffic.requests
    assert "1 recorded requests without input or output are left out" in found.warnings[0]


def test_mooncakes_blocks_become_common_beginnings(tmp_path):
    rows = [
        {"timestamp": 0, "input_length": 1_100, "output_length": 3, "hash_ids": [7, 8, 9]},
        {"timestamp": 1_500, "input_length": 1_400, "output_length": 4, "hash_ids": [7, 8, 11]},
        {"timestamp": 2_000, "input_length": 600, "output_length": 5, "hash_ids": [20, 21]},
    ]
    found = recording(written(tmp_path, "\n".join(map(json.dumps, rows)), "trace.jsonl"), LIMITS)

    assert ([0.0, 1.5, 2.0], [0, 0, -1], [1_024, 1_024, 0]) == (
        found.traffic.arrival_s.tolist(),
        found.traffic.prefix_group.tolist(),
        found.traffic.prefix_tokens.tolist(),
    )
    # Of 3,100 tokens the second request's 1,024 had come before.
    assert ("mooncake", pytest.approx(1_024 / 3_100)) == (found.format, found.shared_fraction)


def arrival(*blocks, tokens=None):
    return Arrival(
        offset_s=0.0, input_tokens=tokens or 16 * len(blocks), output_tokens=1, blocks=blocks, block_tokens=16
    )


def test_conversations_behind_one_system_prompt_are_beginnings_of_their_own():
    # 1 is the system prompt; two conversations of three and two turns, and a question that has the system prompt only.
    turns = [arrival(1, 2), arrival(1, 2, 3), arrival(1, 5), arrival(1, 2, 3, 4), arrival(1, 5, 6), arrival(1, 9)]
    group, tokens = common_beginnings(turns)

    assert [0, 0, 1, 0, 1, 0] == group.tolist()
    assert [32, 48, 32, 48, 32, 16] == tokens.tolist()


def test_equal_blocks_behind_other_beginnings_are_not_shared():
    group, tokens = common_beginnings([arrival(1, 2), arrival(3, 2)])

    assert ([-1, -1], [0, 0]) == (group.tolist(), tokens.tolist())


def test_a_last_block_that_is_not_full_counts_to_the_prompts_end():
    _, tokens = common_beginnings([arrival(1, 2, tokens=20), arrival(1, 2, tokens=20)])

    assert [20, 20] == tokens.tolist()
