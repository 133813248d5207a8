"""The one exception of the model: an input that cannot be used, said in a sentence."""

from __future__ import annotations


class InputError(ValueError):
    """An input cannot be used. The message says what was given, what is allowed and what to do."""
