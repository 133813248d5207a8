import json
from pathlib import Path

import pytest

from probes.trace import RequestTrace
from probes.workload.hygiene import judge_cache, judge_requests, planned_hit_fraction, with_planned_hits
from probes.workload.request import Arrival

MOONCAKE = Path(__file__).parents[2] / "data" / "traces" / "mooncake_conversation_300.jsonl"


def judged(hit, query=1000, planned=0, prompt=1000, **other):
    return judge_cache(hit_tokens=hit, query_tokens=query, planned_hit_tokens=planned, prompt_tokens=prompt, **other)


def trace(cached, planned=0, tokens=100):
    return RequestTrace(
        scheduled_ns=0, sent_ns=0, ended_ns=1, input_tokens=tokens, cached_tokens=cached, planned_hit_tokens=planned
    )


def arrival(blocks, tokens, block_tokens=512):
    return Arrival(offset_s=0, input_tokens=tokens, output_tokens=1, blocks=blocks, block_tokens=block_tokens)


@pytest.mark.parametrize(
    ("hit", "planned", "clean", "unplanned"),
    [(0, 0, True, 0), (10, 0, True, 0.01), (11, 0, False, 0.011), (480, 500, True, 0), (700, 500, False, 0.2)],
)
def test_hits_above_the_plan_make_a_cell_unclean(hit, planned, clean, unplanned):
    verdict = judged(hit, planned=planned)
    assert (clean, pytest.approx(unplanned), hit / 1000, planned / 1000) == (
        verdict.clean,
        verdict.unplanned_fraction,
        verdict.hit_fraction,
        verdict.planned_fraction,
    )


def test_the_verdict_is_said_in_a_sentence():
    assert "answered 0.0 % of the prompt tokens: every prompt was new to it." in judged(0).sentence
    assert (
        "answered 48.0 % of the prompt tokens; the workload shares up to 50.0 %." in judged(480, planned=500).sentence
    )
    assert (
        "answered 70.0 % of the prompt tokens where the workload shares 50.0 % at most"
        in judged(700, planned=500).sentence
    )
    assert "not measured was the model" in judged(300).sentence


def test_a_server_that_says_nothing_is_not_called_clean():
    for verdict in (judged(None), judged(5, query=None), judge_requests([trace(None)])):
        assert (None, None, None) == (verdict.clean, verdict.hit_fraction, verdict.unplanned_fraction)
        assert "does not say" in verdict.sentence


def test_a_cache_that_looks_nothing_up_is_off():
    verdict = judged(0, query=0)
    assert (True, "switched off" in verdict.sentence) == (verdict.clean, True)


def test_words_that_are_more_tokens_than_planned_are_planned_in_proportion():
    # 1000 words, 500 of them shared, are 1200 tokens to the server: 600 of them may be hit.
    assert judged(600, query=1200, planned=500, server_prompt_tokens=1200).clean
    assert not judged(640, query=1200, planned=500, server_prompt_tokens=1200).clean


def test_somebody_elses_prompts_are_noticed():
    assert "somebody else uses it" in judged(0, query=1500).sentence
    assert "somebody else" not in judged(0, query=1010).sentence


def test_one_requests_hits_are_not_made_good_by_anothers_misses():
    verdict = judge_requests([trace(60, planned=0), trace(0, planned=90), trace(None, planned=50)])
    assert (False, 0.3, 0.45, 0.3) == (
        verdict.clean,
        verdict.unplanned_fraction,
        verdict.planned_fraction,
        verdict.hit_fraction,
    )
    assert judge_requests([trace(80, planned=90)]).clean


@pytest.mark.parametrize(
    ("arrivals", "expected"),
    [
        ([arrival((1, 2), 1000), arrival((1, 3), 1000)], [0, 512]),
        # The earlier prompt ended inside block 2.
        ([arrival((1, 2), 600), arrival((1, 2), 1000)], [0, 600]),
        ([arrival((1, 2), 600), arrival((1, 2, 3), 1300)], [0, 600]),
        ([arrival((1, 2), 1024), arrival((1, 2), 1024)], [0, 1023]),
        ([arrival((1, 2), 1024), arrival((1, 2), 600)], [0, 599]),
        ([arrival((1, 2), 600), arrival((4, 3), 1024), arrival((1, 2, 3), 1536)], [0, 0, 600]),
        ([arrival((1, 2), 1024), arrival((1, 2), 600), arrival((1, 2), 1000)], [0, 599, 999]),
        # Only what stands at the beginning counts.
        ([arrival((1, 2), 1024), arrival((3, 2), 1024)], [0, 0]),
        ([arrival((1,), 10, 4), arrival((1,), 10, 4)], [0, 4]),
        ([arrival((), 10, 0), arrival((), 10, 0)], [0, 0]),
    ],
)
def test_an_arrival_may_hit_what_an_earlier_one_began_with(arrivals, expected):
    planned = with_planned_hits(arrivals)
    assert expected == [each.planned_hit_tokens for each in planned]
    assert sum(expected) / sum(each.input_tokens for each in arrivals) == planned_hit_fraction(planned)


def test_nothing_is_planned_without_arrivals():
    assert ((), 0.0) == (with_planned_hits([]), planned_hit_fraction([]))


def test_the_reuse_of_a_recorded_trace_is_what_its_repeated_blocks_make():
    # Mooncake's identities are hashes of a block and all before it: each but the first of its kind is a hit, whole but for a prompt's last one.
    rows = [json.loads(line) for line in MOONCAKE.read_text().splitlines()]
    arrivals = with_planned_hits([arrival(tuple(row["hash_ids"]), row["input_length"]) for row in rows])
    seen, repeated = set(), 0
    for row in rows:
        repeated += sum(block in seen for block in row["hash_ids"])
        seen |= set(row["hash_ids"])

    assert repeated == sum(len(row["hash_ids"]) for row in rows) - len(seen)
    hits = sum(each.planned_hit_tokens for each in arrivals)
    assert (repeated - len(rows)) * 512 < hits <= repeated * 512
    whole = sum(each.planned_hit_tokens // 512 for each in arrivals)
    partial = sum(1 for each in arrivals if each.planned_hit_tokens % 512)
    assert repeated == whole + partial
