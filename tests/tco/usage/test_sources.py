"""The same three requests in every source's own form have the same totals, as far as the source tells."""

from __future__ import annotations

import gzip
import json

import pytest

from tco import InputError
from tco.usage import Asked, ReadOptions, UsageFile, read_usage
from tco.usage.sources import SOURCES
from tests.tco.usage.samples import FOLDER, INSIDE, UTC, of_text, sample

# input: uncached, read, written; output: visible, reasoning. None: the source does not tell it apart.
ALL = (1600, 400, 300, 350, 50)
NO_WRITES = (1900, 400, 0, 350, 50)
NO_REASONING = (1600, 400, 300, 400, None)
WRITES_HIDDEN = (1900, 400, 0, 400, None)
NO_CACHE = (2300, None, 0, 350, 50)
ONLY_SUMS = (2300, None, 0, 400, None)

FILES = {
    "anthropic_analytics.json": ("anthropic-usage", "hour", 3, 0, NO_REASONING),
    "anthropic_requests.jsonl": ("request-log", "request", 3, 0, NO_REASONING),
    "anthropic_usage.json": ("anthropic-usage", "hour", None, 0, NO_REASONING),
    "bedrock.jsonl.gz": ("bedrock", "request", 3, 1, NO_REASONING),
    "focus.csv": ("focus", "day", None, 0, NO_REASONING),
    "gemini.jsonl": ("gemini", "request", 3, 0, NO_WRITES),
    "helicone.csv": ("helicone", "request", 3, 1, ONLY_SUMS),
    "langfuse.csv": ("langfuse", "request", 3, 0, ALL),
    "langfuse.jsonl": ("langfuse", "request", 3, 0, ALL),
    # Its cached tokens are named without saying whether they were read or written.
    "langfuse_inside.jsonl": ("langfuse", "request", 3, 0, (1600, 700, 0, 350, 50)),
    "litellm_daily.csv": ("litellm-daily", "day", 3, 1, NO_REASONING),
    "litellm_export.csv": ("litellm", "request", 3, 0, ALL),
    "litellm_spend_logs.csv": ("litellm", "request", 3, 1, ALL),
    "openai_batch.jsonl": ("request-log", "request", 3, 0, NO_WRITES),
    "openai_requests.jsonl": ("request-log", "request", 3, 1, NO_WRITES),
    "openai_responses.jsonl": ("request-log", "request", 3, 0, NO_WRITES),
    "openai_usage.csv": ("openai-usage", "day", 3, 0, WRITES_HIDDEN),
    "openai_usage.json": ("openai-usage", "hour", 3, 0, NO_REASONING),
    "openrouter.csv": ("openrouter", "day", 3, 0, NO_CACHE),
    "openrouter.json": ("openrouter", "day", 3, 0, NO_CACHE),
    "otel.jsonl": ("otel", "request", 3, 0, ALL),
    "own_hours.csv": ("generic", "hour", 3, 0, ALL),
    "own_requests.csv": ("generic", "request", 3, 0, ONLY_SUMS),
}
COSTS = {"openai_costs.json", "anthropic_costs.json"}
PAID = {"focus.csv", "helicone.csv", "langfuse.csv", "langfuse.jsonl", "litellm_daily.csv", "litellm_export.csv", "litellm_spend_logs.csv", "openrouter.csv", "openrouter.json", "own_hours.csv", "langfuse_inside.jsonl"}  # fmt: skip


def options_of(name: str) -> ReadOptions | None:
    return UTC if name == "own_requests.csv" else INSIDE if name == "own_hours.csv" else None


def test_every_sample_is_in_the_table_and_every_source_has_one():
    there = {path.name for path in FOLDER.iterdir() if path.suffix != ".md"}

    assert there == set(FILES) | COSTS
    assert {source for source, *_ in FILES.values()} == set(SOURCES) - {"openai-costs", "anthropic-costs"}


@pytest.mark.parametrize("name", FILES)
def test_the_same_requests_have_the_same_totals(name):
    source, grain, requests, failed, (uncached, read, written, visible, reasoning) = FILES[name]
    usage = sample(name, options_of(name))
    facts, totals = usage.traffic_facts, usage.totals

    assert (source, grain) == (usage.files[0].source, usage.grain)
    assert (requests or 0, failed) == (totals["requests"], totals["failed"])
    assert all(known.counts_requests for known in facts) == (requests is not None)
    assert (uncached, read or 0, written) == (totals["input_uncached_tokens"], totals["cache_read_tokens"], totals["cache_write_tokens"])  # fmt: skip
    assert (visible, reasoning or 0) == (totals["output_visible_tokens"], totals["output_reasoning_tokens"])
    assert all(known.tells_cached for known in facts) == (read is not None)
    assert all(known.tells_reasoning for known in facts) == (reasoning is not None)
    assert (2300, 400) == (usage.input_tokens.sum(), usage.output_tokens.sum())


@pytest.mark.parametrize("name", sorted(PAID))
def test_what_was_paid_is_read(name):
    # 0.00324 + 0.002 for the first day, 0.00275 for the second.
    assert 0.00799 == pytest.approx(sample(name, options_of(name)).totals["billed_usd"])


@pytest.mark.parametrize("name", sorted([*FILES, *COSTS]))
def test_a_source_that_is_named_reads_the_same(name):
    given = options_of(name) or ReadOptions()
    source = {"openai_costs.json": "openai-costs", "anthropic_costs.json": "anthropic-costs"}.get(name) or FILES[name][
        0
    ]
    if name in COSTS:
        with pytest.raises(InputError, match="there is no traffic in it"):
            sample(name, ReadOptions(source=source))
        return
    named = sample(name, ReadOptions(source=source, zone=given.zone, asked=given.asked))

    assert sample(name, given).totals == named.totals


@pytest.mark.parametrize("name", FILES)
def test_nothing_that_anybody_wrote_or_is_comes_out(name):
    usage = sample(name, options_of(name))
    said = repr((usage.files, usage.models, usage.facts, usage.notes, usage.cells.tolist()))

    assert "SECRET" not in said


def test_gzip_is_told_by_its_bytes_and_reads_the_same(tmp_path):
    packed = tmp_path / "usage.json"
    packed.write_bytes(gzip.compress((FOLDER / "openai_usage.json").read_bytes()))

    assert sample("openai_usage.json").totals == sample(packed).totals


def test_batches_are_told_apart():
    usage = sample("openai_batch.jsonl")

    assert {1} == set(usage.cell_tier.tolist())  # of tco.usage.record.TIERS


def test_an_api_page_that_begins_with_empty_buckets_is_recognised_and_its_quiet_hour_counts():
    usage = sample("openai_usage.json")

    # From the empty bucket at 08:00 on the 2nd to 15:00 on the 3rd.
    assert 31 == usage.end_hour - usage.first_hour


def test_costs_beside_usage_are_added_and_move_no_span():
    both = read_usage([UsageFile.at(FOLDER / name) for name in ("openai_usage.json", "openai_costs.json")])

    assert (sample("openai_usage.json").first_hour, 3) == (both.first_hour, both.totals["requests"])
    assert 0.01099 == pytest.approx(both.totals["billed_usd"])
    assert "hour" == both.grain


def test_anthropic_costs_are_in_cents():
    both = read_usage([UsageFile.at(FOLDER / name) for name in ("anthropic_usage.json", "anthropic_costs.json")])

    assert (0.00522, 0.0058) == pytest.approx((both.totals["billed_usd"], both.totals["list_usd"]))
    assert any("costs of web search" in note for note in both.notes)


BEDROCK = '{"schemaType":"ModelInvocationLog","timestamp":"2026-11-02T09:00:00Z","operation":"Converse","modelId":"%s","input":{"inputTokenCount":%d,"cacheReadInputTokenCount":%d},"output":{"outputTokenCount":10%s}}'
TOTAL = ',"outputBodyJson":{"usage":{"totalTokens":%d}}'


def test_bedrocks_total_decides_what_its_input_holds():
    beside = of_text(BEDROCK % ("amazon.nova", 100, 40, TOTAL % 150), "b.jsonl")
    inside = of_text(BEDROCK % ("openai.gpt-oss", 100, 40, TOTAL % 110), "b.jsonl")

    assert (140, 100) == (beside.input_tokens.sum(), inside.input_tokens.sum())


def test_bedrocks_openai_models_without_a_total_need_the_users_word():
    with pytest.raises(InputError, match="--cached inside or --cached beside") as raised:
        of_text(BEDROCK % ("openai.gpt-oss", 100, 40, ""), "b.jsonl")
    beside = of_text(BEDROCK % ("openai.gpt-oss", 100, 40, ""), "b.jsonl", ReadOptions(asked=Asked(cached="beside")))

    assert "cached_unclear" == raised.value.code
    assert 140 == beside.input_tokens.sum()


def test_a_total_goes_before_the_users_word():
    text = BEDROCK % ("amazon.nova", 100, 40, TOTAL % 150)

    assert 140 == of_text(text, "b.jsonl", ReadOptions(asked=Asked(cached="inside"))).input_tokens.sum()


def test_an_applications_own_profile_of_bedrock_is_an_identity():
    profile = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/secret"

    assert ("aws/application-inference-profile",) == of_text(BEDROCK % (profile, 100, 0, ""), "b.jsonl").models


def test_litellms_table_by_tag_counts_twice_and_is_refused():
    text = "date,tag,api_requests,prompt_tokens,completion_tokens\n2026-11-02,a,1,2,3\n"
    with pytest.raises(InputError, match="once for each tag"):
        of_text(text)


def test_a_focus_row_that_does_not_say_which_tokens_it_is_of_is_refused():
    text = (FOLDER / "focus.csv").read_text().replace("Input tokens", "Tokens").replace("Cached input", "Cached")
    with pytest.raises(InputError, match="does not say whether its tokens are input or output"):
        of_text(text)


def test_own_rows_with_several_requests_need_their_span():
    text = "timestamp,requests,input_tokens,output_tokens\n2026-11-02T09:00:00Z,2,100,10\n"
    with pytest.raises(InputError, match="--bucket minute, hour or day"):
        of_text(text)
    assert "hour" == of_text(text, options=ReadOptions(asked=Asked(bucket="hour"))).grain


def test_a_row_of_a_day_that_looks_like_one_request_is_refused():
    with pytest.raises(InputError, match="one request with 50,000,010 tokens"):
        of_text("timestamp,input_tokens,output_tokens\n2026-11-02T09:00:00Z,50000000,10\n")


def span(name: str, parent: str | None, tokens: int) -> dict:
    keys = {"gen_ai.operation.name": {"stringValue": "chat"}, "gen_ai.usage.input_tokens": {"intValue": str(tokens)}, "gen_ai.usage.output_tokens": {"intValue": "1"}}  # fmt: skip
    return {
        "spanId": name, "parentSpanId": parent, "startTimeUnixNano": "1793610000000000000",
        "attributes": [{"key": key, "value": value} for key, value in keys.items()],
    }  # fmt: skip


def test_a_call_that_two_libraries_tell_of_counts_once():
    spans = [span("a", None, 100), span("b", "a", 100), span("c", "elsewhere", 7)]
    usage = of_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}), "spans.jsonl")

    assert (2, 107) == (usage.totals["requests"], usage.input_tokens.sum())
    assert any("repeat the usage of a call below them" in note for note in usage.notes)


def test_anthropics_groups_of_users_overlap_and_are_refused():
    text = (
        (FOLDER / "anthropic_analytics.json")
        .read_text()
        .replace('"rbac_group_id": null', '"rbac_group_id": "rbac_group_1"')
    )
    with pytest.raises(InputError, match="counts twice"):
        of_text(text, "page.json")


def test_openais_written_and_anthropics_thinking_tokens_are_told():
    openai = '{"created": 1793610000, "model": "m", "usage": {"input_tokens": 100, "output_tokens": 9, "input_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 20}}}'
    anthropic = '{"ts": 1793610000, "model": "m", "usage": {"input_tokens": 40, "cache_read_input_tokens": 60, "output_tokens": 9, "output_tokens_details": {"thinking_tokens": 4}}}'
    one, other = of_text(openai, "a.jsonl").totals, of_text(anthropic, "b.jsonl").totals

    assert (40, 40, 20) == (one["input_uncached_tokens"], one["cache_read_tokens"], one["cache_write_tokens"])
    assert (5, 4) == (other["output_visible_tokens"], other["output_reasoning_tokens"])


def test_streams_without_usage_are_counted():
    rows = '{"created":1793610000,"model":"m","usage":{"prompt_tokens":5,"completion_tokens":2}}\n{"created":1793610000,"model":"m"}\n'

    assert any("left out 1 row: answers without `usage`" in note for note in of_text(rows, "r.jsonl").notes)
