from __future__ import annotations

from pricing import shipped_book
from tco.quality_check import quality_cautions
from tests.factories import API, RENT, scenario


def cautions(today: str, other: str) -> list[tuple[str, str]]:
    question = scenario(options=[{**API, "model": today}, {**RENT, "model": other}])
    return [(caution.code, caution.message) for caution in quality_cautions(question, shipped_book())]


def test_a_weaker_model_is_named_with_both_ratings_measure_day_and_votes() -> None:
    """Arena, December 2025: Llama 3.1 8B 1212.4, GPT-4o mini 1317; 1 / (1 + 10^(104.6 / 400)) = 35 %."""
    ((code, message),) = cautions("openai/gpt-4o-mini", "Llama-3.1-8B-Instruct")

    assert "quality_differs" == code
    assert message.startswith("Llama-3.1-8B-Instruct answers worse than openai/gpt-4o-mini: 1,212 against 1,317")
    assert "(arena-text-style-control, 2025-12-17); people would prefer it in 35% of comparisons" in message


def test_models_that_cannot_be_told_apart_raise_nothing() -> None:
    assert [] == cautions("openai/gpt-4o-mini", "Llama-3.3-70B-Instruct")


def test_without_a_score_it_is_said_that_quality_is_not_compared() -> None:
    assert [
        (
            "quality_not_compared",
            "cost is compared, answer quality is not: no common score of openai/gpt-6.1-sol and Mixtral-8x7B-v0.1",
        )
    ] == cautions("openai/gpt-6.1-sol", "Mixtral-8x7B-v0.1")


def test_one_model_everywhere_needs_no_word() -> None:
    assert [] == cautions("Mixtral-8x7B-v0.1", "Mixtral-8x7B-v0.1")
