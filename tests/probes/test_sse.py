import json

import pytest

from probes.sse import events, read_answer, spread
from probes.trace import RawAnswer


def _raw(*reads: tuple[int, bytes]) -> RawAnswer:
    return RawAnswer(scheduled_ns=0, sent_ns=0, ended_ns=10**9, reads=reads, status=200, input_tokens=7)


def _data(value: object) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"data: {text}\n\n".encode()


def _text(text: str, *, ids: list[int] | None = None, finish: str | None = None) -> bytes:
    choice = {"index": 0, "text": text, "finish_reason": finish}
    return _data({"choices": [choice if ids is None else choice | {"token_ids": ids}]})


def _delta(delta: dict, finish: str | None = None) -> bytes:
    return _data({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def _usage(prompt: int, completion: int) -> bytes:
    return _data({"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": completion}})


DONE = _data("[DONE]")


def test_several_events_in_one_read_arrive_together():
    assert list(events([(5, b"data: 1\n\ndata: 2\n\n")])) == [(5, "", b"1"), (5, "", b"2")]


def test_an_event_cut_over_three_reads_arrives_with_its_last_data_byte():
    reads = [(1, b"da"), (2, b"ta: hel"), (3, b"lo\n"), (4, b"\n")]
    assert list(events(reads)) == [(3, "", b"hello")]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_where_reads_are_cut_does_not_change_what_is_read(size):
    whole = _text("a", ids=[1]) + b": keep-alive\n\n" + _text("b", ids=[2, 3], finish="length") + _usage(7, 3) + DONE
    pieces = [(i, whole[i : i + size]) for i in range(0, len(whole), size)]
    assert read_answer(_raw(*pieces)).tokens == (1, 2)


def test_carriage_returns_comments_and_a_missing_last_blank_line_are_accepted():
    reads = [(1, b": ping\r\n\r\ndata: a\r\n\r\nevent: x\r\ndata: b")]
    assert list(events(reads)) == [(1, "", b"a"), (1, "x", b"b")]


def test_data_lines_of_one_event_are_joined_as_the_standard_says():
    assert list(events([(1, b"data: a\ndata: b\n\n")])) == [(1, "", b"a\nb")]


def test_empty_text_with_token_ids_counts_because_dummy_weights_have_no_text():
    trace = read_answer(
        _raw((10, _text("", ids=[26706])), (20, _text("", ids=[5], finish="length")), (30, _usage(7, 2) + DONE))
    )
    assert (
        trace.failure,
        trace.arrivals_ns,
        trace.tokens,
        trace.output_tokens,
        trace.token_source,
    ) == (None, (10, 20), (1, 1), 2, "usage")


def test_chunks_with_several_tokens_are_counted_by_token_and_not_by_chunk():
    trace = read_answer(
        _raw((10, _text("a", ids=[1, 2, 3])), (20, _text("b", ids=[4, 5], finish="length")), (21, DONE))
    )
    assert (trace.tokens, trace.output_tokens, trace.token_source) == ((3, 2), 5, "token_ids")


def test_usage_is_spread_over_chunks_that_do_not_say_how_many_tokens_they_carry():
    trace = read_answer(_raw((10, _text("abc")), (20, _text("de", finish="length")), (30, _usage(7, 5) + DONE)))
    assert (trace.tokens, trace.output_tokens, trace.token_source) == ((3, 2), 5, "usage")


def test_usage_outranks_token_ids_that_disagree_with_it():
    trace = read_answer(
        _raw((10, _text("a", ids=[1])), (20, _text("b", ids=[2], finish="stop")), (30, _usage(7, 4) + DONE))
    )
    assert (trace.tokens, trace.output_tokens, trace.token_source) == ((2, 2), 4, "usage")


def test_without_usage_and_ids_chunks_are_counted_and_the_source_says_so():
    trace = read_answer(_raw((10, _text("a")), (20, _text("b")), (30, _text("", finish="stop")), (31, DONE)))
    assert (trace.output_tokens, trace.token_source, trace.input_counted) == (2, "chunks", False)


def test_a_last_chunk_without_text_is_a_token_where_usage_says_so():
    trace = read_answer(_raw((10, _text("a")), (20, _text("", finish="length")), (30, _usage(7, 2) + DONE)))
    assert (trace.arrivals_ns, trace.tokens) == ((10, 20), (1, 1))


def test_a_last_chunk_without_text_is_no_token_where_usage_says_so():
    trace = read_answer(
        _raw((10, _text("a")), (15, _text("b")), (20, _text("", finish="stop")), (30, _usage(7, 2) + DONE))
    )
    assert (trace.arrivals_ns, trace.tokens) == ((10, 15), (1, 1))


def test_the_role_chunk_of_chat_is_not_the_first_token():
    role = _delta({"role": "assistant", "content": ""})
    trace = read_answer(
        _raw((1, role), (50, _delta({"content": "x"})), (60, _delta({}, finish="stop")), (61, _usage(9, 1) + DONE))
    )
    assert (trace.arrivals_ns, trace.tokens, trace.input_tokens, trace.input_counted) == ((50,), (1,), 9, True)


@pytest.mark.parametrize("key", ["content", "reasoning_content", "reasoning"])
def test_reasoning_text_is_output_too(key):
    trace = read_answer(_raw((1, _delta({key: "hm"})), (2, _delta({"content": "x"}, finish="stop")), (3, DONE)))
    assert (trace.arrivals_ns, trace.output_tokens) == ((1, 2), 2)


def test_the_prompt_length_that_was_sent_stands_where_the_server_is_silent():
    trace = read_answer(_raw((1, _text("a", ids=[1], finish="length")), (2, DONE)))
    assert (trace.input_tokens, trace.input_counted) == (7, False)


@pytest.mark.parametrize(
    ("kind", "reads"),
    [
        ("malformed_sse", [_text("a", ids=[1]), b'data: {"choices": [{"te\n\n']),
        ("malformed_sse", [b"data: 17\n\n"]),
        ("malformed_sse", [b"data: " + b"[" * 100_000 + b"\n\n"]),
        ("error_in_stream", [_text("a", ids=[1]), _data({"error": {"message": "out of memory"}}), DONE]),
        ("error_in_stream", [b"event: error\n" + _data({"message": "overloaded"})]),
        ("error_in_stream", [_text("a", ids=[1]), _text("", ids=[], finish="abort"), DONE]),
        ("dropped_mid_stream", [_text("a", ids=[1])]),
        ("dropped_mid_stream", []),
        ("no_tokens", [DONE]),
        ("no_tokens", [_usage(7, 0), DONE]),
        ("no_tokens", [_usage(7, 5), DONE]),
        ("no_tokens", [_delta({"role": "assistant"}), _usage(7, 0), DONE]),
    ],
)
def test_a_bad_stream_is_a_failure_of_its_own_kind_and_gives_no_tokens(kind, reads):
    trace = read_answer(_raw(*((i, data) for i, data in enumerate(reads))))
    assert (kind, 0, ()) == (trace.failure, trace.output_tokens, trace.arrivals_ns)


@pytest.mark.parametrize(
    "odd", [{}, {"choices": None}, {"choices": [None]}, {"choices": "x"}, {"usage": {"completion_tokens": "3"}}]
)
def test_chunks_of_an_unknown_form_are_passed_over(odd):
    trace = read_answer(_raw((1, _data(odd)), (2, _text("a", ids=[1], finish="length")), (3, DONE)))
    assert (trace.failure, trace.output_tokens) == (None, 1)


@pytest.mark.parametrize(("total", "parts"), [(0, 3), (1, 1), (7, 3), (3, 7), (100, 9)])
def test_spreading_keeps_the_total_and_is_even(total, parts):
    counts = spread(total, parts)
    assert (total, parts, True) == (sum(counts), len(counts), max(counts) - min(counts) <= 1)
