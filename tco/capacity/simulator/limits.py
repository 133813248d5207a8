"""What bounds a step of the engine: tokens, sequences, memory of the cache."""

from __future__ import annotations

from dataclasses import dataclass

from tco.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLimits:
    """Limits of one replica, named as vLLM's own flags.

    Attributes:
        kv_blocks: blocks of cache that the replica has; vLLM prints it at start as tokens.
        block_tokens: tokens in a block (`--block-size`).
        max_num_batched_tokens: tokens of one step, prompts and answers together.
        max_num_seqs: sequences that run at once.
        max_model_len: longest request, prompt and answer together [tokens].
        prefix_caching: whether equal beginnings of prompts are computed once.
        async_scheduling: whether a step's content is fixed while the one before still runs, so that a new request waits one step longer.
    """

    kv_blocks: int
    block_tokens: int = 16
    max_num_batched_tokens: int = 2048
    max_num_seqs: int = 256
    max_model_len: int = 131_072
    prefix_caching: bool = True
    async_scheduling: bool = False

    def __post_init__(self) -> None:
        """Refuses a limit below 1.

        Raises:
            InputError: as said.
        """
        for name in ("kv_blocks", "block_tokens", "max_num_batched_tokens", "max_num_seqs", "max_model_len"):
            if getattr(self, name) < 1:
                raise InputError(f"engine limits: {name} is {getattr(self, name)}; it must be at least 1")
        if self.max_num_batched_tokens < self.max_num_seqs:
            raise InputError(
                f"engine limits: max_num_batched_tokens {self.max_num_batched_tokens} is below max_num_seqs {self.max_num_seqs}; "
                "a step must have room for one token of every sequence"
            )

    @property
    def kv_tokens(self) -> int:
        """Tokens that fit into the cache."""
        return self.kv_blocks * self.block_tokens
