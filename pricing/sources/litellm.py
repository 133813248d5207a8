"""The list of the library `litellm` (MIT): its price file in the book's own form. The library itself is never installed.

https://github.com/BerriAI/litellm, file model_prices_and_context_window.json, in the wheel as
`litellm/model_prices_and_context_window_backup.json`. It has no dates and no history, so a price in it is as old as the file. The
book takes from it the sellers that its first list lacks, and uses the rest to check that list (`pricing.tokens.crosscheck`).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from pydantic import ValidationError

from pricing.price import Tier
from pricing.tokens.records import Card, Feed, Rates, Seller, SoldModel, Step, TurnedAway, parsed, turned_away

NAME = "litellm"

MAX_BYTES = 40_000_000
"""Ten times the size of today's file; anything larger is not read."""

PAGE = "https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json"
"""Where a row without a link of its own was read."""

HOSTS = {
    "ai21": ("ai21", "AI21 Labs"),
    "crusoe": ("crusoe", "Crusoe Managed Inference"),
    "dashscope": ("alibaba", "Alibaba Cloud Model Studio"),
    "deepinfra": ("deepinfra", "DeepInfra"),
    "friendliai": ("friendliai", "FriendliAI"),
    "gmi": ("gmi", "GMI Cloud"),
    "gradient_ai": ("digitalocean", "DigitalOcean Gradient"),
    "nebius": ("nebius", "Nebius Token Factory"),
    "nscale": ("nscale", "Nscale"),
    "oci": ("oci", "Oracle Cloud Generative AI"),
    "sambanova": ("sambanova", "SambaNova Cloud"),
    "scaleway": ("scaleway", "Scaleway Generative APIs"),
    "snowflake": ("snowflake", "Snowflake Cortex"),
    "tencent": ("tencent", "Tencent Cloud"),
    "wandb": ("wandb", "Weights & Biases Inference"),
    "watsonx": ("watsonx", "IBM watsonx.ai"),
}
"""Sellers that run models and have a price list of their own, by the file's name of them: the book's identifier, the name.
Hyperbolic is left out: the file has 0.12 and 0.30 USD for its models of 3B, 8B, 70B, 72B and 405B alike, and no link."""

SHARED = {
    "anthropic": ("anthropic", "Anthropic"),
    "cerebras": ("cerebras", "Cerebras"),
    "cohere": ("cohere", "Cohere"),
    "cohere_chat": ("cohere", "Cohere"),
    "databricks": ("databricks", "Databricks"),
    "deepseek": ("deepseek", "Deepseek"),
    "fireworks_ai": ("fireworks", "Fireworks"),
    "gemini": ("google", "Google"),
    "groq": ("groq", "Groq"),
    "mistral": ("mistral", "Mistral"),
    "moonshot": ("moonshotai", "MoonshotAi"),
    "openai": ("openai", "OpenAI"),
    "together_ai": ("together", "Together AI"),
    "xai": ("x-ai", "X AI"),
}
"""Sellers that the first list has too: read for the cross-check only."""

DOUBTED = {
    "watsonx/core42/jais-13b-chat": "500 and 2,000 USD per million for a 13B model: a mistake of units",
}
"""Rows that are plainly no price, each with the reason."""

_MODES = {"chat", "completion", "responses"}

_UNITS = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cached_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
}

_ENDINGS: dict[Tier, str] = {"standard": "", "batch": "_batches", "flex": "_flex", "priority": "_priority"}

_ABOVE = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")

_DIGITS = 9


def read(data: bytes, seen_on: date, release: str | None = None) -> Feed:
    """The file as a reading of the book.

    Args:
        data: the bytes of the price file.
        seen_on: the day on which it was fetched or released.
        release: the version that it belongs to, where it has one.

    Returns:
        The sellers of `HOSTS` and `SHARED`; rows that are no price by the token are turned away, each with the reason.

    Raises:
        ValueError: too large, no JSON, or no price file.

    Example:
        >>> import json
        >>> row = {"litellm_provider": "deepinfra", "mode": "chat", "input_cost_per_token": 2.3e-07, "output_cost_per_token": 4e-07}
        >>> feed = read(json.dumps({"deepinfra/meta-llama/Llama-3.3-70B-Instruct": row}).encode(), date(2026, 11, 12))
        >>> feed.sellers["deepinfra"].models["meta-llama/Llama-3.3-70B-Instruct"].tiers["standard"][0].rates.input
        0.23
    """
    rows = parsed(data, NAME, MAX_BYTES)
    if not isinstance(rows, dict) or not rows:
        raise ValueError(f"{NAME}: an object with one entry a model was expected")
    models: dict[str, dict[str, SoldModel]] = {}
    names: dict[str, str] = {}
    rejected: list[TurnedAway] = []
    for key, row in rows.items():
        host = (HOSTS | SHARED).get(str(row.get("litellm_provider"))) if isinstance(row, dict) else None
        if host is None:
            continue
        seller, names[seller] = host[0], host[1]
        if key in DOUBTED:
            rejected.append(TurnedAway(row=key, reason=DOUBTED[key]))
            continue
        try:
            models.setdefault(seller, {})[key.removeprefix(f"{row['litellm_provider']}/")] = _model(row, seen_on)
        except (ValidationError, ValueError, TypeError) as error:
            rejected.append(turned_away(key, error))
    sellers = {name: Seller(name=names[name], url=PAGE, feed=NAME, models=models[name]) for name in sorted(models)}
    return Feed(name=NAME, release=release, seen_on=seen_on, sellers=sellers, rejected=tuple(rejected))


def _model(row: dict[str, Any], seen_on: date) -> SoldModel:
    if row.get("mode") not in _MODES:
        raise ValueError(f"sold as {row.get('mode')!r}, not by input and output token")
    tiers = {tier: _card(row, ending, seen_on) for tier, ending in _ENDINGS.items()}
    cards: dict[Tier, tuple[Card, ...]] = {tier: (card,) for tier, card in tiers.items() if card is not None}
    if "standard" not in cards:
        raise ValueError("no price of input and output tokens")
    ended, context, source = row.get("deprecation_date"), row.get("max_input_tokens"), row.get("source")
    return SoldModel(
        context_tokens=context if isinstance(context, int) else None,
        deprecated=isinstance(ended, str) and ended <= seen_on.isoformat(),
        url=source if isinstance(source, str) and source.startswith("https://") else None,
        tiers=cards,
    )


def _card(row: dict[str, Any], ending: str, seen_on: date) -> Card | None:
    """One tier; a rate that the tier does not name is the standard one, as the library counts."""
    named = {unit: row[key + ending] for unit, key in _UNITS.items() if row.get(key + ending) is not None}
    if not {"input", "output"} <= named.keys() and not (ending == "" and row.get("tiered_pricing")):
        return None
    standard = {unit: row[key] for unit, key in _UNITS.items() if row.get(key) is not None}
    steps = _steps(row, ending, standard | named) if not (ending == "" and row.get("tiered_pricing")) else ()
    base = standard | named
    if ending == "" and row.get("tiered_pricing"):
        base, steps = _ranges(row["tiered_pricing"])
    rates = _rates(base)
    if rates.input == 0 and rates.output == 0:
        raise ValueError("input and output at 0: free for a time, or not priced")
    return Card(rates=rates, steps=steps, seen_from=seen_on, seen_to=seen_on)


def _steps(row: dict[str, Any], ending: str, below: dict[str, Any]) -> tuple[Step, ...]:
    thousands = sorted({int(found[1]) for key in row if (found := _ABOVE.fullmatch(key.removesuffix(ending)))})
    steps = []
    for above in thousands:
        keys = {unit: f"{key}_above_{above}k_tokens{ending}" for unit, key in _UNITS.items()}
        named = {unit: row[key] for unit, key in keys.items() if row.get(key) is not None}
        if named:
            steps.append(Step(above=above * 1000, rates=_rates(below | named)))
    return tuple(steps)


def _ranges(ranges: list[dict[str, Any]]) -> tuple[dict[str, Any], tuple[Step, ...]]:
    """Prices by range of input tokens: the first range is the base, each later one a step."""
    rows = [{unit: part[key] for unit, key in _UNITS.items() if part.get(key) is not None} for part in ranges]
    steps = (
        Step(above=int(part["range"][0]), rates=_rates(row)) for part, row in zip(ranges[1:], rows[1:], strict=True)
    )
    return rows[0], tuple(steps)


def _rates(usd_per_token: dict[str, Any]) -> Rates:
    """Per token becomes per million; the file's binary rounding goes (2.3e-07 is 0.23, not 0.22999999999999998)."""
    numbers = {
        unit: round(value * 1e6, _DIGITS) if isinstance(value, int | float) else value
        for unit, value in usd_per_token.items()
    }
    return Rates.model_validate(numbers, strict=True)
