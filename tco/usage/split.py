"""From a source's own counts to buckets that do not overlap."""

from __future__ import annotations

from tco.usage.row import Cached, Row


def uncached_tokens(
    row: Row, *, input_tokens: int, cached_tokens: int, contract: Cached | None, is_proven: bool = False
) -> int:
    """Input that no cache had a part in [tokens]: `input − cached` where the input count holds the cached tokens, else `input`.

    Args:
        row: for messages, and for what the user said (`--cached`), which goes before the source's contract.
        input_tokens: the source's input count [tokens].
        cached_tokens: read from a cache or written to one [tokens].
        contract: what the source's documentation says; None: it does not say, so a row with cached tokens needs the user's word.
        is_proven: the row's own total shows that it is so; then the user's word does not count.

    Raises:
        InputError: more cached tokens than input that holds them, or nobody said which way it is.

    >>> row = Row({}, "a.csv, line 2", clock=None)
    >>> uncached_tokens(row, input_tokens=100, cached_tokens=40, contract="inside")
    60
    >>> uncached_tokens(row, input_tokens=100, cached_tokens=40, contract="beside")
    100
    """
    if not cached_tokens:
        return input_tokens
    way = contract if is_proven else row.asked.cached or contract
    if way is None:
        raise row.error(
            f"{input_tokens:,} tokens of input and {cached_tokens:,} cached ones: are these among the input or beside it? "
            "Say --cached inside or --cached beside",
            code="cached_unclear",
        )
    if way == "beside":
        return input_tokens
    if cached_tokens > input_tokens:
        raise row.error(
            f"{cached_tokens:,} cached tokens are more than the {input_tokens:,} of input that should hold them; "
            "where the file counts them beside the input, say --cached beside",
            code="cached_above_input",
        )
    return input_tokens - cached_tokens


def visible_tokens(row: Row, *, output_tokens: int, reasoning_tokens: int) -> int:
    """Output without reasoning, where the source's output count holds it [tokens].

    Raises:
        InputError: more reasoning than output.
    """
    if reasoning_tokens > output_tokens:
        raise row.error(
            f"{reasoning_tokens:,} tokens of reasoning are more than the {output_tokens:,} of output that should hold them",
            code="reasoning_above_output",
        )
    return output_tokens - reasoning_tokens
