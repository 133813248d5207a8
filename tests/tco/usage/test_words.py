from __future__ import annotations

from tco.usage import workload_of
from tco.usage.words import headline, span_sentence, verdict
from tests.tco.usage.samples import sample


def test_one_sentence_says_what_was_found():
    usage = sample("litellm_daily.csv")
    derived = workload_of(usage)

    assert "1.5 requests a day with 766.7 tokens in and 133.3 out; a cache answered 17.4% of the input." == headline(
        derived
    )
    assert "2026-11-02 to 2026-11-03, by days, 2 whole days." == span_sentence(derived, usage.grain)


def test_one_sentence_says_what_is_missing():
    said = headline(workload_of(sample("anthropic_usage.json")))

    assert said.startswith("Not enough for a workload. `requests_per_day`: the source counts tokens and not requests")


def test_a_file_has_its_verdict():
    (adds_up,), (has_none,) = sample("openai_usage.csv").files, sample("helicone.csv").files

    assert "openai_usage.csv: OpenAI usage API, 3 rows; all 2 totals are what their parts add up to." == verdict(
        adds_up
    )
    assert verdict(has_none).endswith("it has no totals of its own to hold them against.")
