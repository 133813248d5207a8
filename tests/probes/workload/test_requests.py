import itertools
import json
import subprocess
import sys

import pytest

from probes.errors import ProbeError
from probes.run import Lengths, WorkloadShape
from probes.workload.prompts import FIRST_ID, WORDS
from probes.workload.request import Arrival
from probes.workload.requests import RequestMaker

SHAPE = WorkloadShape(input_tokens=48, output_tokens=8, seed=1)
SPREAD = Lengths(kind="lognormal", spread_fraction=1.0)


def maker(shape=SHAPE, *, prompt="token_ids", vocab_size=128_256, attempt=0, cell=0, **changes):
    shape = shape.model_copy(update=changes)
    return RequestMaker(shape, prompt=prompt, vocab_size=vocab_size, attempt=attempt, cell=cell)


def closed(made, streams=4, numbers=6):
    return [made.closed(stream, number) for stream in range(streams) for number in range(numbers)]


def common_beginning(one, other):
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def test_a_request_has_the_lengths_asked_for_and_a_salt_of_its_own():
    requests = closed(maker())
    assert {(48, 48, 8, 0)} == {
        (len(r.prompt), r.input_tokens, r.output_tokens, r.planned_hit_tokens) for r in requests
    }
    assert len(requests) == len({r.cache_salt for r in requests})
    assert all(type(token) is int and FIRST_ID <= token < 128_256 for r in requests for token in r.prompt)


def test_no_two_requests_begin_alike_in_any_cell_attempt_stream_or_kind_of_loop():
    makers = [maker(attempt=attempt, cell=cell) for attempt in range(2) for cell in range(3)]
    requests = [request for made in makers for request in closed(made)]
    arrival = Arrival(offset_s=0, input_tokens=48, output_tokens=8)
    requests += [made.scheduled(number, arrival) for made in makers for number in range(24)]
    assert len(requests) == len({tuple(request.prompt[:4]) for request in requests})


@pytest.mark.slow
def test_workers_make_the_same_prompts_whoever_makes_them_and_in_whatever_order():
    # A process of its own with another hash seed stands for a worker.
    code = (
        "import json; from probes.run import *; from probes.workload.requests import RequestMaker;"
        f"m = RequestMaker(WorkloadShape.model_validate_json('{SHAPE.model_copy(update={'lengths': SPREAD}).model_dump_json()}'),"
        "prompt='token_ids', vocab_size=128256, attempt=0, cell=0);"
        "print(json.dumps([m.closed(s, n).prompt for s, n in [(3, 5), (0, 0), (2, 1)]]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    made = maker(lengths=SPREAD)
    assert [made.closed(stream, number).prompt for stream, number in [(3, 5), (0, 0), (2, 1)]] == json.loads(
        done.stdout
    )


def test_lengths_vary_from_request_to_request():
    requests = closed(maker(lengths=SPREAD), streams=10, numbers=40)
    assert all(len(request.prompt) == request.input_tokens for request in requests)
    assert len({request.input_tokens for request in requests}) > 50


def test_text_prompts_are_words():
    request = maker(prompt="text", vocab_size=None).closed(0, 0)
    words = request.prompt.split(" ")
    assert (48, 48, True) == (len(words), request.input_tokens, set(words) <= set(WORDS))


def test_the_ids_of_one_token_in_a_small_vocabulary_are_still_ids():
    assert {0, 1} == set(maker(vocab_size=2).closed(0, 0).prompt)


# Common beginnings


def test_a_share_of_every_prompt_is_one_of_the_common_beginnings():
    requests = closed(maker(shared_prefix_fraction=0.5, shared_prefixes=3), streams=8, numbers=8)
    by_salt = {}
    for request in requests:
        by_salt.setdefault(request.cache_salt, []).append(request)

    assert 3 == len(by_salt)
    assert {24} == {request.planned_hit_tokens for request in requests}
    for group in by_salt.values():
        assert {24} == {common_beginning(one.prompt, other.prompt) for one, other in itertools.combinations(group, 2)}
    assert 3 == len({tuple(group[0].prompt[:24]) for group in by_salt.values()})


def test_a_share_of_a_prompt_is_not_a_token_short_by_the_last_bit():
    # 0.29 · 100 is 28.999999999999996 to a computer.
    assert 29 == maker(shared_prefix_fraction=0.29, input_tokens=100).closed(0, 0).planned_hit_tokens


def test_each_beginning_is_as_frequent_as_the_others():
    requests = closed(maker(shared_prefix_fraction=0.5, shared_prefixes=4), streams=20, numbers=40)
    counts = [sum(request.cache_salt.endswith(f"-{index}") for request in requests) for index in range(4)]
    # 800 requests: 200 each, standard deviation sqrt(800 · 1/4 · 3/4) = 12.2.
    assert counts == [pytest.approx(200, abs=4.5 * 12.2)] * 4


def test_beginnings_of_varied_lengths_are_nested():
    requests = closed(maker(shared_prefix_fraction=0.5, lengths=SPREAD), streams=5, numbers=10)
    for one, other in itertools.combinations(requests, 2):
        assert common_beginning(one.prompt, other.prompt) == min(one.planned_hit_tokens, other.planned_hit_tokens)
    assert [int(0.5 * request.input_tokens) for request in requests] == [r.planned_hit_tokens for r in requests]


def test_another_cell_or_attempt_has_other_beginnings():
    made = [maker(shared_prefix_fraction=0.5, cell=cell, attempt=attempt) for cell in range(2) for attempt in range(2)]
    firsts = [m.closed(0, 0) for m in made]
    assert (4, 4) == (len({r.cache_salt for r in firsts}), len({tuple(r.prompt[:4]) for r in firsts}))


# Conversations


def conversation(made, turns, stream=0, answer=None):
    requests, before = [], None
    for number in range(turns):
        request = made.closed(stream, number, before=before)
        requests.append(request)
        ids = range(1_000, 1_000 + request.output_tokens) if answer is None else answer
        before = (request, tuple(ids))
    return requests


def test_a_turn_repeats_the_prompt_and_the_answer_before_and_adds_something_new():
    # New tokens a turn: (2 · 48 - 8 · 2) / 4 = 20.
    first, second, third, other = conversation(maker(turns=3), 4)
    answer = list(range(1_000, 1_008))

    assert [20, 48, 76, 20] == [len(request.prompt) for request in (first, second, third, other)]
    assert [20, 48, 76, 20] == [request.input_tokens for request in (first, second, third, other)]
    assert [*first.prompt, *answer] == second.prompt[:28]
    assert [*second.prompt, *answer] == third.prompt[:56]
    # The last token of an answer was never computed on: 20 + 7, 48 + 7.
    assert [0, 27, 55, 0] == [request.planned_hit_tokens for request in (first, second, third, other)]
    assert first.cache_salt == second.cache_salt == third.cache_salt != other.cache_salt
    assert 0 == common_beginning(first.prompt, other.prompt)


def test_an_answer_without_ids_is_replaced_by_as_many_others_and_only_the_prompt_is_cached():
    first, second, _ = conversation(maker(turns=3), 3, answer=())
    assert (48, first.prompt, 20) == (len(second.prompt), second.prompt[:20], second.planned_hit_tokens)


def test_a_short_answer_is_filled_up_so_that_prompts_keep_their_length():
    full = conversation(maker(turns=3), 3)
    short = conversation(maker(turns=3), 3, answer=(7, 8))
    assert [r.input_tokens for r in full] == [r.input_tokens for r in short] == [len(r.prompt) for r in short]
    assert [7, 8] == short[1].prompt[20:22]
    assert 20 + 1 == short[1].planned_hit_tokens


def test_a_turn_without_the_one_before_has_the_length_it_would_have_had():
    made = maker(turns=3)
    assert [20, 48, 76] == [made.closed(0, number).input_tokens for number in range(3)]


def test_conversations_of_words_repeat_the_words():
    first, second = conversation(maker(turns=2, prompt="text", vocab_size=None, input_tokens=47), 2)
    # (2 · 47 - 8) / 3 = 28.67 new words a turn, hence 28 or 29.
    assert second.prompt.startswith(f"{first.prompt} ")
    assert len(second.prompt.split(" ")) == second.input_tokens
    assert first.input_tokens + 8 + 28 <= second.input_tokens <= first.input_tokens + 8 + 29
    assert first.input_tokens == second.planned_hit_tokens


def test_conversations_have_the_mean_prompt_asked_for():
    made = maker(turns=4, lengths=Lengths(kind="uniform", spread_fraction=0.5), input_tokens=100)
    lengths = [request.input_tokens for stream in range(250) for request in conversation(made, 4, stream)]
    # 1,000 prompts in 250 conversations of about 52 to 148 tokens: their mean has a standard error below 1.
    assert 100 == pytest.approx(sum(lengths) / 1000, abs=4.5)


def test_a_conversation_that_fills_the_context_is_shortened_and_then_begun_anew():
    # New tokens a turn: (2 · 100 - 8 · 5) / 7 = 22.9, hence 22 or 23; the fourth turn would need 22 · 4 + 8 · 4 = 120 at least, and the fifth finds
    # nothing left.
    requests = conversation(maker(turns=6, input_tokens=100, context_limit_tokens=110), 6)
    totals = [request.input_tokens + request.output_tokens for request in requests]

    assert [110, True, True] == [totals[3], totals[4] < 32, 52 < totals[5] < 62]
    assert requests[3].prompt[: requests[2].input_tokens] == requests[2].prompt
    assert ([0, True], 0) == (
        [requests[4].planned_hit_tokens, requests[5].planned_hit_tokens > 0],
        common_beginning(requests[3].prompt, requests[4].prompt),
    )


# Traces


def test_equal_blocks_are_equal_tokens_in_every_worker_and_the_rest_is_fresh():
    one = Arrival(offset_s=0, input_tokens=1_000, output_tokens=5, blocks=(7, 2**63), block_tokens=512)
    other = Arrival(
        offset_s=1, input_tokens=1_300, output_tokens=5, blocks=(7, 9, 11), block_tokens=512, planned_hit_tokens=512
    )
    first, second = maker().scheduled(0, one), maker().scheduled(1, other)

    assert (1_000, 1_300) == (len(first.prompt), len(second.prompt))
    assert 512 == common_beginning(first.prompt, second.prompt) == second.planned_hit_tokens
    assert first.cache_salt == second.cache_salt
    assert first.prompt == maker().scheduled(5, one).prompt


def test_blocks_that_do_not_reach_the_end_of_a_prompt_are_followed_by_fresh_tokens():
    arrival = Arrival(offset_s=0, input_tokens=1_000, output_tokens=5, blocks=(7,), block_tokens=512)
    one, other = maker().scheduled(0, arrival), maker().scheduled(1, arrival)
    assert (1_000, 512) == (len(one.prompt), common_beginning(one.prompt, other.prompt))


def test_a_prompt_that_came_before_leaves_its_last_token_to_the_model():
    arrival = Arrival(
        offset_s=0, input_tokens=512, output_tokens=5, blocks=(7,), block_tokens=512, planned_hit_tokens=512
    )
    assert 511 == maker().scheduled(3, arrival).planned_hit_tokens


def test_the_blocks_of_another_cell_are_other_tokens():
    arrival = Arrival(offset_s=0, input_tokens=64, output_tokens=5, blocks=(7,), block_tokens=64)
    one, other = maker(cell=0).scheduled(0, arrival), maker(cell=1).scheduled(0, arrival)
    assert 0 == common_beginning(one.prompt, other.prompt)
    assert one.cache_salt != other.cache_salt


# Faults


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"seed": None}, "without a seed"),
        ({"vocab_size": None}, "vocabulary"),
        ({"turns": 20, "output_tokens": 50}, "Conversations of 20 turns"),
        ({"lengths": Lengths(kind="pairs")}, "need the file"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_a_sentence(arguments, words):
    with pytest.raises(ProbeError, match=words):
        maker(**arguments)
