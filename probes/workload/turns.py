"""Makes what a turn adds to a conversation fit the context."""

from __future__ import annotations


def fit_turn(said: int, new_tokens: int, output_tokens: int, limit_tokens: int | None) -> tuple[int, int] | None:
    """Lengths of a turn's new part and answer that fit the context: what is new is shortened in proportion, what was said before stays.

    Args:
        said: tokens of the conversation so far.
        new_tokens: what the turn would add to the prompt, at least 1.
        output_tokens: the answer that it would ask for, at least 1.
        limit_tokens: the context; None for no limit.

    Returns:
        None where not even one token in and one out fit: the conversation is over.

    Example:
        >>> fit_turn(600, 300, 300, 1000), fit_turn(999, 1, 1, 1000)
        ((200, 200), None)
    """
    if limit_tokens is None or said + new_tokens + output_tokens <= limit_tokens:
        return new_tokens, output_tokens
    left = limit_tokens - said
    if left < 2:  # noqa: PLR2004 - one token in, one out
        return None
    fitted = max(1, new_tokens * left // (new_tokens + output_tokens))
    return fitted, left - fitted
