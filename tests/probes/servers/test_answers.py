import json

import pytest

from probes.servers.answers import read_answer
from probes.servers.dialect import Dialect
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


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_where_reads_are_cut_does_not_change_what_is_read(size):
    whole = _text("a", ids=[1]) + b": keep-alive\n\n" + _text("b", ids=[2, 3], finish="length") + _usage(7, 3) + DONE
    pieces = [(i, whole[i : i + size]) for i in range(0, len(whole), size)]
    assert read_answer(_raw(*pieces)).tokens == (1, 2)


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


def _running(at_ns: int, text: str, so_far: int, finish: str | None = None) -> tuple[int, bytes]:
    choice = {"index": 0, "text": text, "finish_reason": finish}
    return at_ns, _data({"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": so_far}})


def test_usage_in_every_chunk_tells_the_tokens_of_each():
    trace = read_answer(_raw(_running(10, "abc", 3), _running(20, "", 5), _running(30, "f", 6, "length"), (31, DONE)))
    assert (trace.arrivals_ns, trace.tokens, trace.token_source, trace.split) == (
        (10, 20, 30),
        (3, 2, 1),
        "usage",
        "told",
    )


def test_a_chunk_without_new_tokens_by_the_running_usage_carries_none():
    trace = read_answer(_raw(_running(10, "", 0), _running(20, "ab", 2), _running(30, "", 2, "stop"), (31, DONE)))
    assert (trace.arrivals_ns, trace.tokens) == ((20,), (2,))


def test_a_running_usage_that_falls_tells_nothing_and_the_total_is_spread():
    trace = read_answer(_raw(_running(10, "a", 3), _running(20, "b", 1), _running(30, "c", 6, "length"), (31, DONE)))
    assert (trace.tokens, trace.output_tokens, trace.split) == ((2, 2, 2), 6, "even")


@pytest.mark.parametrize(
    ("reads", "split"),
    [
        ([_text("a", ids=[1], finish="length"), _usage(7, 1), DONE], "told"),
        ([_text("a", ids=[1], finish="length"), DONE], "told"),
        ([_text("ab"), _text("c", finish="length"), _usage(7, 3), DONE], "even"),
        ([_text("ab"), _text("c", finish="length"), DONE], "one_each"),
    ],
)
def test_a_trace_says_how_its_tokens_came_to_its_chunks(reads, split):
    assert split == read_answer(_raw(*enumerate(reads))).split


def test_ids_are_counted_where_the_last_chunk_only_says_that_it_is_over():
    trace = read_answer(_raw((1, _text("a", ids=[1, 2])), (2, _text("", finish="length")), (3, _usage(7, 2) + DONE)))
    assert (trace.arrivals_ns, trace.tokens, trace.split) == ((1,), (2,), "told")


@pytest.mark.parametrize(
    ("reads", "usage", "ids", "chunks", "disagree"),
    [
        ([_text("a", ids=[1]), _text("b", ids=[2], finish="stop"), _usage(7, 40), DONE], 40, 2, 2, True),
        ([_text("a", ids=[1]), _text("b", ids=[2], finish="stop"), _usage(7, 2), DONE], 2, 2, 2, False),
        ([_text("a"), _text("b"), _text("c", finish="stop"), _usage(7, 2), DONE], 2, None, 3, True),
        ([_text("a"), _text("b"), _text("c", finish="stop"), _usage(7, 9), DONE], 9, None, 3, False),
        ([_text("a"), _text("b", finish="stop"), DONE], None, None, 2, False),
    ],
)
def test_a_server_that_contradicts_itself_leaves_every_count_in_the_trace(reads, usage, ids, chunks, disagree):
    trace = read_answer(_raw(*enumerate(reads)))
    assert (usage, ids, chunks, disagree) == (
        trace.usage_tokens,
        trace.id_tokens,
        trace.text_chunks,
        trace.counts_disagree,
    )


def test_a_usage_of_nothing_beside_text_was_never_filled_in():
    trace = read_answer(_raw((1, _text("a")), (2, _text("b", finish="stop")), (3, _usage(0, 0) + DONE)))
    assert (trace.output_tokens, trace.token_source, trace.counts_disagree) == (2, "chunks", True)


def _detailed(**details: object) -> bytes:
    return _data({"choices": [], "usage": {"prompt_tokens": 90, "completion_tokens": 50, **details}})


def test_cached_and_reasoning_tokens_are_read_from_the_usages_details():
    usage = _detailed(prompt_tokens_details={"cached_tokens": 64}, completion_tokens_details={"reasoning_tokens": 20})
    trace = read_answer(
        _raw((1, _delta({"reasoning_content": "hm"})), (2, _delta({"content": "x"}, finish="stop")), (3, usage + DONE))
    )
    assert (trace.cached_tokens, trace.reasoning_tokens, trace.hidden_tokens, trace.tokens) == (64, 20, 0, (25, 25))


def test_reasoning_that_is_not_streamed_stands_before_the_first_chunk_and_not_in_the_time_per_token():
    usage = _detailed(completion_tokens_details={"reasoning_tokens": 47})
    deltas = [(10_000_000 * at, _delta({"content": "x"}, finish="stop" if at == 3 else None)) for at in (1, 2, 3)]
    trace = read_answer(_raw(*deltas, (40_000_000, usage + DONE)))
    assert (trace.output_tokens, trace.hidden_tokens, trace.tokens, trace.tpot_ms) == (50, 47, (48, 1, 1), 10.0)


def test_an_answer_that_was_all_hidden_reasoning_says_so():
    usage = _detailed(completion_tokens_details={"reasoning_tokens": 50})
    trace = read_answer(_raw((1, _delta({"role": "assistant"})), (2, _delta({}, finish="length")), (3, usage + DONE)))
    assert (trace.failure, "all 50 tokens went into reasoning" in trace.detail) == ("no_tokens", True)


def test_groqs_own_place_for_usage_is_read():
    last = _data({"choices": [], "x_groq": {"usage": {"prompt_tokens": 9, "completion_tokens": 4}}})
    trace = read_answer(_raw((1, _delta({"content": "ab"})), (2, _delta({"content": "c"}, "stop")), (3, last + DONE)))
    assert (trace.input_tokens, trace.output_tokens, trace.token_source) == (9, 4, "usage")


def test_token_ids_are_kept_only_where_asked_for():
    raw = _raw((1, _text("a", ids=[5, 6])), (2, _text("b", ids=[7], finish="length")), (3, DONE))
    assert ((), (5, 6, 7)) == (read_answer(raw).token_ids, read_answer(raw, keep_token_ids=True).token_ids)


def test_place_and_planned_hits_of_the_request_are_carried_over():
    raw = RawAnswer(
        scheduled_ns=1, sent_ns=2, ended_ns=3, stream=4, number=5, planned_hit_tokens=6, retry_after_s=7.0,
        failure="http_429", status=429,
    )  # fmt: skip
    trace = read_answer(raw)
    assert (trace.stream, trace.number, trace.planned_hit_tokens, trace.retry_after_s) == (4, 5, 6, 7.0)


MESSAGES = Dialect("messages", "openai")


def _event(kind: str, **body: object) -> bytes:
    return f"event: {kind}\n".encode() + _data({"type": kind, **body})


def _anthropic(*middle: tuple[int, bytes], end: bytes | None = None) -> list[tuple[int, bytes]]:
    start = _event("message_start", message={"usage": {"input_tokens": 25, "output_tokens": 1}})
    ending = _event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 15})
    tail = _event("content_block_stop", index=0) + (ending if end is None else end) + _event("message_stop")
    return [(1, start), (2, _event("ping")), *middle, (90, tail)]


def _block(at_ns: int, **delta: str) -> tuple[int, bytes]:
    return at_ns, _event("content_block_delta", index=0, delta=delta)


def test_anthropics_events_are_read_with_the_usage_of_the_last_one():
    reads = _anthropic(_block(10, type="text_delta", text="Hello"), _block(20, type="text_delta", text="!"))
    trace = read_answer(_raw(*reads), MESSAGES)
    assert (trace.failure, trace.arrivals_ns, trace.tokens, trace.token_source, trace.finish_reason) == (
        None,
        (10, 20),
        (8, 7),
        "usage",
        "end_turn",
    )


def test_anthropics_prompt_is_the_sum_of_what_caches_held_and_what_they_did_not():
    usage = {"input_tokens": 10, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 30, "output_tokens": 1}
    start = (1, _event("message_start", message={"usage": usage}))
    trace = read_answer(_raw(start, *_anthropic(_block(10, type="text_delta", text="x"))[1:]), MESSAGES)
    assert (trace.input_tokens, trace.input_counted, trace.cached_tokens) == (60, True, 30)


def test_anthropics_thinking_is_output_and_its_signature_is_not():
    end = _event(
        "message_delta",
        delta={"stop_reason": "max_tokens"},
        usage={"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 6}},
    )
    blocks = [
        _block(10, type="thinking_delta", thinking="hm"),
        _block(15, type="signature_delta", signature="Eq"),
        _block(20, type="text_delta", text="x"),
    ]
    trace = read_answer(_raw(*_anthropic(*blocks, end=end)), MESSAGES)
    assert (trace.arrivals_ns, trace.output_tokens, trace.reasoning_tokens, trace.hidden_tokens) == ((10, 20), 9, 6, 0)


@pytest.mark.parametrize(
    ("kind", "reads"),
    [
        ("error_in_stream", [_event("error", error={"type": "overloaded_error", "message": "Overloaded"})]),
        ("malformed_sse", [b"event: ping\ndata: {\n\n"]),
        ("dropped_mid_stream", [_event("message_start", message={"usage": {"input_tokens": 2, "output_tokens": 1}})]),
        ("no_tokens", [read for _, read in _anthropic()]),
    ],
)
def test_a_bad_stream_of_anthropics_form_is_a_failure_of_its_own_kind(kind, reads):
    trace = read_answer(_raw(*enumerate(reads)), MESSAGES)
    assert (kind, ()) == (trace.failure, trace.tokens)
