"""What can go wrong while probing, as one exception with a machine-readable kind."""

from __future__ import annotations

from typing import Literal

ProblemKind = Literal[
    "missing_engine",
    "out_of_memory",
    "unsupported_dtype",
    "unsupported_model",
    "port_taken",
    "engine_exited",
    "start_timeout",
    "model_not_found",
    "endpoint_unreachable",
    "endpoint_refused",
    "endpoint_not_openai",
    "interrupted",
    "bad_arguments",
    "load_client_failed",
]
"""Why a probe could not start or go on; each has its own remedy in the message."""


class ProbeError(RuntimeError):
    """A probe cannot start or go on.

    Attributes:
        kind: machine-readable reason.
        log_tail: the engine's own last lines, where there is an engine.
    """

    def __init__(self, kind: ProblemKind, message: str, log_tail: str = "") -> None:
        super().__init__(message)
        self.kind: ProblemKind = kind
        self.log_tail = log_tail
