"""The one exception of the model: an input that cannot be used, said in a sentence."""

from __future__ import annotations


class InputError(ValueError):
    """An input cannot be used. The message says what was given, what is allowed and what to do.

    Attributes:
        code: machine-readable reason; `invalid_input` where there is no closer one.
        path: of the input, as in a scenario (`workload.input_tokens_per_request`), or of its file; None where the message alone says it.
    """

    def __init__(self, message: str, *, code: str = "invalid_input", path: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.path = path
