"""Fresh prompts: seeded, of exact length, never the same twice, so that no prefix cache can answer for the model.

A benchmark that repeats its random prompts measures the prefix cache: vLLM issue 54227 reports 2.3 times the throughput
(https://github.com/vllm-project/vllm/issues/54227). Here every request draws its own ids, from a stream that belongs to its
place in the sweep, and carries its own cache salt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from probes.endpoint import Endpoint

FIRST_ID = 100
"""Ids below are mostly special (start, end, padding) and are left out."""

_WORD_LIST = (
    "time year people way day man thing woman life child world school state family student group country problem hand part "
    "place case week company system program question work government number night point home water room mother area money "
    "story fact month lot right study book eye job word business issue side kind head house service friend father power hour "
    "game line end member law car city community name president team minute idea kid body information back parent face other "
    "level office door health person art war history party result change morning reason research girl guy moment air teacher "
    "force education foot boy age policy music market sense nation plan college interest death experience effect use class "
    "control field development role effort rate heart drug show leader light voice wife police mind price report decision son "
    "view relationship town road arm difference value building action season society tax director position player record paper "
    "space ground form event official matter center couple site project activity star table need court oil situation cost "
    "industry figure street image phone data picture practice piece land product doctor wall patient worker news test movie "
    "north love support technology step baby computer type attention film tree source hair window culture chance brother energy "
    "period course summer plant term letter condition choice rule south husband floor campaign material population call economy"
)
WORDS = tuple(dict.fromkeys(_WORD_LIST.split()))
"""Short common English nouns; nearly all are one token in every current tokenizer."""


class Place(NamedTuple):
    """Where a request stands in a sweep; two requests never share a place, so they never share a prompt.

    `attempt` is 0 for a new run and something else when a run is resumed: the cells measured again must not find their
    prompts in the server's cache.
    """

    attempt: int
    cell: int
    stream: int
    request: int


def generator(seed: int, place: Place) -> np.random.Generator:
    """The random numbers of one request.

    Args:
        seed: the run's seed.
        place: the request's place, as the spawn key of numpy's `SeedSequence`: independent streams by construction
            (https://numpy.org/doc/stable/reference/random/parallel.html).
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=place))


def token_ids(rng: np.random.Generator, *, length: int, vocab_size: int) -> list[int]:
    """Independent, uniform token ids.

    Args:
        rng: from `generator`.
        length: ids [tokens].
        vocab_size: ids lie in `[FIRST_ID, vocab_size)`, or in `[0, vocab_size)` if the vocabulary is no larger than that.

    Raises:
        ValueError: a vocabulary without two ids.
    """
    if vocab_size < 2:  # noqa: PLR2004
        raise ValueError(f"vocab_size is {vocab_size}; random prompts need at least 2. Set the model's vocab_size.")
    lowest = FIRST_ID if vocab_size > FIRST_ID + 1 else 0
    return [int(value) for value in rng.integers(lowest, vocab_size, size=length)]


def words(rng: np.random.Generator, *, length: int) -> str:
    """Random common words, about one token each.

    Args:
        rng: from `generator`.
        length: words.
    """
    return " ".join(WORDS[index] for index in rng.integers(0, len(WORDS), size=length))


def fresh_prompt(endpoint: Endpoint, *, seed: int, place: Place, length: int) -> list[int] | str:
    """The prompt of one request in the form that the endpoint takes.

    Args:
        endpoint: says whether ids or text are sent, and the vocabulary.
        seed: the run's seed.
        place: the request's place in the sweep.
        length: tokens; words for text.

    Raises:
        ValueError: ids are to be sent and the vocabulary is not known.
    """
    rng = generator(seed, place)
    if endpoint.prompt == "text":
        return words(rng, length=length)
    if endpoint.vocab_size is None:
        raise ValueError("token-id prompts need the model's vocab_size; set it, or probe with text prompts.")
    return token_ids(rng, length=length, vocab_size=endpoint.vocab_size)
