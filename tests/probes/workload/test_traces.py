import csv
import hashlib
import itertools
import json
from datetime import datetime
from pathlib import Path

import pytest

from probes.errors import ProbeError
from probes.run import WorkloadShape
from probes.workload import traces
from probes.workload.hygiene import planned_hit_fraction
from probes.workload.requests import RequestMaker
from probes.workload.traces import ReplayOptions, read_again, read_trace

DATA = Path(__file__).parents[2] / "data" / "traces"
AZURE, MOONCAKE = DATA / "azure_conv_200.csv", DATA / "mooncake_conversation_300.jsonl"
ROWS = "offset_s,input_tokens,output_tokens\n0.5,100,10\n1.5,200,20\n1.5,300,30\n4.5,400,40\n"


@pytest.fixture
def log(tmp_path):
    def write(text=ROWS, name="log.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def seen(replay):
    return [(arrival.offset_s, arrival.input_tokens, arrival.output_tokens) for arrival in replay.arrivals]


def options(**given):
    return ReplayOptions(**given)


def test_azures_trace_is_replayed_as_it_was_recorded():
    with AZURE.open() as file:
        rows = list(csv.DictReader(file))
    first = datetime.fromisoformat(rows[0]["TIMESTAMP"])
    replay = read_trace(AZURE)

    assert 200 == len(replay.arrivals) == replay.source.requests
    for row, arrival in zip(rows, replay.arrivals, strict=True):
        # Python's clock cuts the trace's 100 ns to microseconds.
        since_s = (datetime.fromisoformat(row["TIMESTAMP"]) - first).total_seconds()
        assert since_s == pytest.approx(arrival.offset_s, abs=2e-6)
        assert (row["ContextTokens"], row["GeneratedTokens"]) == (str(arrival.input_tokens), str(arrival.output_tokens))
    # 18:15:46.6805900 to 18:15:50.9951690.
    assert 4.314579 == replay.arrivals[1].offset_s
    assert ("azure", hashlib.sha256(AZURE.read_bytes()).hexdigest()) == (replay.source.format, replay.source.sha256)
    assert sum(int(row["ContextTokens"]) for row in rows) / 200 == replay.input_tokens


def test_mooncakes_trace_is_replayed_with_its_shared_blocks():
    rows = [json.loads(line) for line in MOONCAKE.read_text().splitlines()]
    replay = read_trace(MOONCAKE)

    assert [(row["timestamp"] / 1000, row["input_length"], row["output_length"]) for row in rows] == seen(replay)
    assert [tuple(row["hash_ids"]) for row in rows] == [arrival.blocks for arrival in replay.arrivals]
    assert ("mooncake", 512) == (replay.source.format, replay.source.block_tokens)
    assert 0.05 < planned_hit_fraction(replay.arrivals) < 0.2


def test_prompts_of_mooncakes_trace_share_exactly_what_was_planned():
    arrivals = read_trace(MOONCAKE, options(first=60)).arrivals
    shape = WorkloadShape(input_tokens=1, output_tokens=1, seed=1)
    makers = [RequestMaker(shape, prompt="token_ids", vocab_size=128_256, attempt=0, cell=0) for _ in range(2)]
    prompts = []
    for number, arrival in enumerate(arrivals):
        request = makers[number % 2].scheduled(number, arrival)
        longest = max((common_beginning(request.prompt, earlier) for earlier in prompts), default=0)
        assert min(longest, arrival.input_tokens - 1) == request.planned_hit_tokens
        prompts.append(request.prompt)
    assert sum(arrival.planned_hit_tokens > 0 for arrival in arrivals) > 30


def common_beginning(one, other):
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def test_an_own_log_is_replayed(log):
    replay = read_trace(log())
    assert [(0, 100, 10), (1, 200, 20), (1, 300, 30), (4, 400, 40)] == seen(replay)
    assert ("csv", 250, 25, ()) == (replay.source.format, replay.input_tokens, replay.output_tokens, replay.warnings)


def test_an_own_log_may_be_json_lines_with_dates(log):
    text = '{"startTime": "2026-11-24T08:00:00Z", "prompt_tokens": 5, "completion_tokens": 6, "model": "m"}\n'
    text += '{"startTime": "2026-11-24T09:00:01.25+01:00", "prompt_tokens": 7, "completion_tokens": 8}\n'
    replay = read_trace(log(text, "log.jsonl"))
    assert ([(0, 5, 6), (1.25, 7, 8)], "jsonl") == (seen(replay), replay.source.format)


def test_a_replay_may_be_faster_a_window_or_the_first_requests(log):
    path = log()
    assert [0, 0.5, 0.5, 2] == [arrival.offset_s for arrival in read_trace(path, options(speed_factor=2)).arrivals]
    assert [(0.5, 200, 20), (0.5, 300, 30)] == seen(read_trace(path, options(start_s=0.5, duration_s=3.5)))
    assert [(0, 100, 10), (1, 200, 20)] == seen(read_trace(path, options(first=2)))
    assert [(0.25, 200, 20)] == seen(read_trace(path, options(first=1, start_s=0.5, speed_factor=2)))


def test_a_request_over_the_context_is_cut_in_proportion_and_counted(log):
    replay = read_trace(log(), options(context_limit_tokens=220))
    assert [(100, 10), (200, 20), (200, 20), (200, 20)] == [pair[1:] for pair in seen(replay)]
    assert [("trace_cut", 0.5)] == [(warning.code, warning.observed) for warning in replay.warnings]
    assert "2 of 4 recorded requests are longer than 220 tokens" in replay.warnings[0].message


def test_a_request_over_the_context_may_be_dropped_and_is_counted(log):
    replay = read_trace(log(), options(context_limit_tokens=220, too_long="drop"))
    assert [(100, 10), (200, 20)] == [pair[1:] for pair in seen(replay)]
    assert [("trace_dropped", 0.5)] == [(warning.code, warning.observed) for warning in replay.warnings]


def test_lengths_may_be_scaled_and_that_is_said(log):
    replay = read_trace(log(), options(length_factor=0.1))
    assert [(10, 1), (20, 2), (30, 3), (40, 4)] == [pair[1:] for pair in seen(replay)]
    assert ["trace_scaled"] == [warning.code for warning in replay.warnings]


@pytest.mark.parametrize("factor", [1 / 32, 0.1, 2.0])
def test_scaled_blocks_keep_what_is_shared(factor):
    whole, scaled = read_trace(MOONCAKE), read_trace(MOONCAKE, options(length_factor=factor))
    assert [a.planned_hit_tokens > 0 for a in whole.arrivals] == [a.planned_hit_tokens > 0 for a in scaled.arrivals]
    assert planned_hit_fraction(whole.arrivals) == pytest.approx(planned_hit_fraction(scaled.arrivals), rel=0.02)
    assert all(len(a.blocks) * a.block_tokens >= a.input_tokens for a in scaled.arrivals)


def test_cut_prompts_keep_their_beginnings():
    replay = read_trace(MOONCAKE, options(context_limit_tokens=2_000))
    assert max(a.input_tokens + a.output_tokens for a in replay.arrivals) == 2_000
    assert all((len(a.blocks) - 1) * 512 < a.input_tokens <= len(a.blocks) * 512 for a in replay.arrivals)


def test_hashes_may_be_hex_or_signed_and_cover_less_than_the_prompt(log):
    text = '{"timestamp": 0, "input_length": 40, "output_length": 1, "hash_ids": ["ffffffffffffffff", -2]}\n'
    replay = read_trace(log(text, "t.jsonl"), options(block_tokens=16))
    assert ((2**64 - 1, 2**64 - 2), 16) == (replay.arrivals[0].blocks, replay.arrivals[0].block_tokens)


def test_empty_requests_may_be_skipped_and_are_counted(log):
    replay = read_trace(log(ROWS + "5,10,0\n6,0,10\n"), options(skip_empty=True))
    assert (4, [("trace_empty_requests", 2 / 6)]) == (
        len(replay.arrivals),
        [(w.code, w.observed) for w in replay.warnings],
    )


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"start_s": 0.5, "duration_s": 3.5, "speed_factor": 3.0},
        {"first": 3, "length_factor": 0.5},
        {"context_limit_tokens": 220, "too_long": "drop"},
    ],
)
def test_the_recording_of_a_run_is_read_again_as_it_was(log, given):
    path = log()
    replay = read_trace(path, options(**given))
    again = read_again(replay.source, context_limit_tokens=given.get("context_limit_tokens"))
    assert (replay.arrivals, replay.source) == (again.arrivals, again.source)


def test_a_recording_that_changed_is_not_read_again(log):
    replay = read_trace(log())
    log(ROWS + "9,1,1\n")
    with pytest.raises(ProbeError, match="has changed since this run began"):
        read_again(replay.source, context_limit_tokens=None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("offset_s,input_tokens,output_tokens\n", "no request in the part"),
        ("input_tokens,output_tokens\n1,2\n", "does not say when its requests came; accepted names are offset_s"),
        ("offset_s,timestamp,isl,osl\n1,2,3,4\n", "offset_s and timestamp both say when"),
        ("timestamp,context_token,osl\n1,2,3\n", "no column for input_tokens.*Did you mean context_token"),
        (ROWS + "4.4,1,1\n", "line 6: offset_s is 4.4, before that of line 5; sort the log by time"),
        (ROWS + "-4,1,1\n", "line 6: offset_s is '-4'; a time may not be negative"),
        (ROWS + "nan,1,1\n", "line 6: offset_s is 'nan'"),
        (ROWS + "5,10,0\n", "line 6: 10 tokens in, 0 out"),
        (ROWS + "5,0,10\n", "line 6: 0 tokens in, 10 out"),
        (ROWS + "5,ten,10\n", "line 6: input_tokens is 'ten'"),
        (
            '{"timestamp": 0, "isl": 600, "osl": 1, "hash_ids": [1, 2, 3]}\n',
            "3 hash_ids for 600 tokens; blocks of 512 tokens make 2",
        ),
        ('{"timestamp": 0, "isl": 600, "osl": 1, "hash_ids": 1}\n', "no list"),
        (
            '{"timestamp": 0, "isl": 9, "osl": 1}\n{"timestamp": 0, "isl": 9, "osl": 1, "hash_ids": [1]}\n',
            "line 2: has hash_ids, which the first row has not",
        ),
        ('{"timestamp": 0, "isl": 600, "osl": 1, "hash_ids": ["xyz"]}\n', "a whole number of 64 bits"),
        ('{"timestamp": 0, "isl": 600, "osl": 1, "hash_ids": [1e3]}\n', "a whole number of 64 bits"),
        ('{"timestamp": 0, "isl": 600, "osl": 1, "hash_ids": [36893488147419103232]}\n', "a whole number of 64 bits"),
    ],
)
def test_bad_recordings_are_refused_with_the_line(log, text, words):
    with pytest.raises(ProbeError, match=words):
        read_trace(log(text))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"speed_factor": 0}, "speed factor of 0"),
        ({"speed_factor": float("nan")}, "speed factor of nan"),
        ({"length_factor": -1}, "length factor of -1"),
        ({"start_s": -1}, "start of -1"),
        ({"duration_s": 0}, "duration of 0"),
        ({"first": 0}, "number of requests of 0"),
        ({"context_limit_tokens": 1}, "context of 1"),
        ({"block_tokens": 0}, "block size of 0"),
        ({"start_s": 100}, "no request in the part"),
        ({"context_limit_tokens": 20, "too_long": "drop"}, "no request in the part"),
    ],
)
def test_options_that_leave_nothing_are_refused(log, given, words):
    with pytest.raises(ProbeError, match=words):
        read_trace(log(), options(**given))


def test_a_recording_of_too_many_requests_is_refused(log, monkeypatch):
    monkeypatch.setattr(traces, "MAX_REQUESTS", 3)
    with pytest.raises(ProbeError, match="More than 3 requests"):
        read_trace(log())
