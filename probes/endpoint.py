"""The `Endpoint` record: where requests go and in which form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An OpenAI-compatible server that answers now.

    Attributes:
        base_url: scheme, host and port, without `/v1` and without a trailing slash.
        served_model_name: the name requests must carry.
        api_key: bearer token; never printed, never stored in a run.
        prompt: `token_ids` where the server takes lists of ids (vLLM), else `text`.
        vocab_size: ids are drawn below it; needed for `token_ids` only.
    """

    base_url: str
    served_model_name: str
    api_key: str | None = field(default=None, repr=False)
    prompt: Literal["token_ids", "text"] = "token_ids"
    vocab_size: int | None = None
