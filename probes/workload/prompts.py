"""What prompts are made of: uniform token ids, or common words, drawn fast and of exact length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from probes.errors import ProbeError

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

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Alphabet:
    """What prompts are made of: ids in `[lowest, highest)` that are token ids, or the numbers of words.

    Attributes:
        lowest: smallest id.
        highest: one above the largest.
        text: whether the ids are the numbers of `WORDS`.
    """

    lowest: int
    highest: int
    text: bool

    @classmethod
    def of(cls, prompt: Literal["token_ids", "text"], vocab_size: int | None) -> Alphabet:
        """The alphabet of an endpoint.

        Args:
            prompt: what the server takes.
            vocab_size: the model's vocabulary; token ids are drawn from `[FIRST_ID, vocab_size)`, or from `[0, vocab_size)` where that leaves no
                choice. Not needed for text.

        Raises:
            ProbeError: `bad_arguments`: token ids without a vocabulary, or one without two ids.
        """
        if prompt == "text":
            return cls(0, len(WORDS), text=True)
        if vocab_size is None:
            raise ProbeError(
                "bad_arguments",
                "Token-id prompts need the size of the model's vocabulary; give it, or probe with text prompts.",
            )
        if vocab_size < 2:  # noqa: PLR2004 - one id is no choice
            raise ProbeError(
                "bad_arguments",
                f"A vocabulary of {vocab_size} is too small for random prompts; give the model's own, at least 2.",
            )
        return cls(FIRST_ID if vocab_size > FIRST_ID + 1 else 0, vocab_size, text=False)

    def draw(self, rng: np.random.Generator, length: int) -> Ids:
        """Independent, uniform ids; a longer draw from the same numbers begins with the shorter one."""
        return rng.integers(self.lowest, self.highest, size=length)

    def render(self, ids: Ids) -> list[int] | str:
        """The prompt as it is sent: a list of plain integers, or words with one space between them."""
        numbers: list[int] = ids.tolist()
        return " ".join([WORDS[number] for number in numbers]) if self.text else numbers
