"""How long one step of a batching engine takes, by what is in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from tco.capacity.latency import Basis
from tco.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTime:
    """Time of one step of one replica, as a sum over what the step contains.

    A step holds `n` sequences that decode one token each, with `kv` tokens in their caches together, and prompt chunks of `q_j` tokens each behind
    `c_j` tokens that were computed before:

    ```
    t = intercept_s + per_sequence_s · n + per_kv_token_s · kv
      + per_chunk_s · chunks + per_prefill_token_s · max(0, P − max(0, hidden_tokens − n))
      + per_attention_pair_s · Σ q_j (c_j + (q_j + 1) / 2)
      + experts_s · (1 − (1 − experts_per_token / experts)^(n + P)) + mixed_step_s · [n > 0 and P > 0],      P = Σ q_j
    ```

    A mixed step is one step: its weights are read once. `latency_s` is added to every token that a client sees and keeps no machine busy.

    Attributes:
        intercept_s: what every step takes: reading the weights, launching kernels, scheduling [s].
        per_sequence_s: each decoding sequence [s].
        per_kv_token_s: each token in the cache of a decoding sequence [s].
        per_prefill_token_s: each token of a prompt [s].
        per_attention_pair_s: each pair of a prompt's token and a token that it attends to [s].
        per_chunk_s: each prompt chunk [s].
        hidden_tokens: tokens of a step whose arithmetic hides behind the reading of the weights [tokens]; 0 where nothing hides.
        experts: routed experts of a mixture's layer; 0 for a dense model.
        experts_per_token: experts that a token is sent to.
        experts_s: reading all routed experts once [s].
        mixed_step_s: a step that holds both prompts and decoding sequences takes so much longer than the sum of both [s]: engines replay recorded graphs
            and use their fastest attention for steps of one kind only.
        latency_s: between engine and client [s].
        dispatch_s: the server in front hands requests to the engine one after the other, so long apart [s]; an idle engine begins with the first alone.
            Keeps no machine busy.
        basis: `measured` where the terms were fitted to a run, `modelled` where they come from a data sheet or were carried over.
    """

    intercept_s: float
    per_sequence_s: float = 0.0
    per_kv_token_s: float = 0.0
    per_prefill_token_s: float = 0.0
    per_attention_pair_s: float = 0.0
    per_chunk_s: float = 0.0
    hidden_tokens: float = 0.0
    experts: int = 0
    experts_per_token: int = 0
    experts_s: float = 0.0
    mixed_step_s: float = 0.0
    latency_s: float = 0.0
    dispatch_s: float = 0.0
    basis: Basis = "measured"

    def __post_init__(self) -> None:
        """Refuses a term that is negative or no number.

        Raises:
            InputError: as said.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and not (math.isfinite(value) and value >= 0):
                raise InputError(f"step time: {field.name} is {value}; it must be a number of at least 0")
        if self.intercept_s + self.per_sequence_s + self.per_prefill_token_s <= 0:
            raise InputError("step time: every step would take no time at all; give intercept_s or per_sequence_s")
        if self.experts_s > 0 and not 1 <= self.experts_per_token <= self.experts:
            raise InputError(
                f"step time: {self.experts_per_token} of {self.experts} experts per token; give at least 1 and at most all of them"
            )

    def decode_s(self, sequences: float, kv_tokens: float) -> float:
        """Time of a step in which sequences decode and no prompt is computed [s].

        Args:
            sequences: that decode.
            kv_tokens: in their caches together, the token that is computed included.

        >>> StepTime(intercept_s=0.012, per_sequence_s=0.0005, per_kv_token_s=1e-6).decode_s(4, 2000)
        0.016
        """
        return self.step_s(sequences, kv_tokens)

    def step_s(
        self,
        sequences: float,
        kv_tokens: float,
        prefill_tokens: float = 0.0,
        attention_pairs: float = 0.0,
        chunks: float = 0.0,
    ) -> float:
        """Time of any step [s]; the arguments are `n`, `kv`, `P`, `Σ q_j (c_j + (q_j + 1) / 2)` and the number of chunks."""
        shown = max(0.0, prefill_tokens - max(0.0, self.hidden_tokens - sequences))
        mixed = sequences > 0 and prefill_tokens > 0
        return (
            self.intercept_s
            + self.per_sequence_s * sequences
            + self.per_kv_token_s * kv_tokens
            + self.per_chunk_s * chunks
            + self.per_prefill_token_s * shown
            + self.per_attention_pair_s * attention_pairs
            + self.experts_s * expert_coverage(self.experts, self.experts_per_token, sequences + prefill_tokens)
            + (self.mixed_step_s if mixed else 0.0)
        )


def expert_coverage(experts: int, experts_per_token: int, tokens: float) -> float:
    """Share of a layer's experts that at least one of some tokens is sent to: `1 − (1 − k / E)^tokens` [fraction].

    Tokens choose evenly and independently. Special cases: 0 without experts.

    >>> [round(8 * expert_coverage(8, 2, tokens), 2) for tokens in (0, 1, 2, 8)]
    [0.0, 2.0, 3.5, 7.2]
    """
    if experts <= 0:
        return 0.0
    return float(1.0 - (1.0 - experts_per_token / experts) ** tokens)
