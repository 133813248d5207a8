"""What prompts share on purpose: common beginnings, and the blocks of a recorded trace."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from probes.workload.prompts import Alphabet, Ids
from probes.workload.seeds import Place, common_salt, generator

BLOCKS_KEPT = 8192
"""Blocks of a trace that stay drawn: 32 MiB of 512 ids each; the others are drawn again when they come again."""


class CommonBeginnings:
    """Common beginnings of prompts, the same in every worker; a shorter one is the start of a longer one."""

    def __init__(self, alphabet: Alphabet, seed: int, attempt: int, cell: int) -> None:
        self._alphabet, self._seed, self._attempt, self._cell = alphabet, seed, attempt, cell
        self._drawn: dict[int, Ids] = {}

    def ids(self, index: int, length: int) -> Ids:
        """The first ids of one beginning.

        Args:
            index: which.
            length: how many [tokens].
        """
        drawn = self._drawn.get(index)
        if drawn is None or len(drawn) < length:
            # A longer draw from the same numbers begins with the shorter one, so that growing it changes nothing that was sent.
            rng = generator(self._seed, Place(self._attempt, self._cell, "beginning", index))
            drawn = self._alphabet.draw(rng, max(length, 2 * len(drawn) if drawn is not None else 0))
            self._drawn[index] = drawn
        return drawn[:length]

    def salt(self, index: int) -> str:
        """The cache salt of all prompts with this beginning."""
        return common_salt(self._seed, self._attempt, self._cell, f"beginning-{index}")


class Blocks:
    """The blocks of a trace: equal identities are equal ids, in every worker."""

    def __init__(self, alphabet: Alphabet, seed: int, attempt: int, cell: int) -> None:
        self._alphabet, self._seed, self._attempt, self._cell = alphabet, seed, attempt, cell
        self._drawn: OrderedDict[tuple[int, int], Ids] = OrderedDict()

    def ids(self, blocks: Sequence[int], block_tokens: int) -> Ids:
        """The ids of some blocks, one behind the other.

        Args:
            blocks: their identities, at least one.
            block_tokens: ids in each.
        """
        return np.concatenate([self._block(block, block_tokens) for block in blocks])

    def _block(self, block: int, block_tokens: int) -> Ids:
        key = (block, block_tokens)
        drawn = self._drawn.get(key)
        if drawn is None:
            rng = generator(self._seed, Place(self._attempt, self._cell, "block", block))
            drawn = self._alphabet.draw(rng, block_tokens)
            self._drawn[key] = drawn
            if len(self._drawn) > BLOCKS_KEPT:
                self._drawn.popitem(last=False)
        else:
            self._drawn.move_to_end(key)
        return drawn
