"""The `Profile` record: what is known beforehand of one kind of server."""

from __future__ import annotations

from dataclasses import dataclass

from probes.servers.dialect import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is known beforehand of one kind of server; what a server really takes is found by asking it (`probes.servers.capabilities`).

    Attributes:
        name: how it is named on the command line and in a run.
        title: how it is named in sentences.
        base_url: where it answers by default; `{...}` stands for what the user fills in.
        dialects: forms of request to be tried, the richest first.
        paid: whether it bills by the token, so that a spending cap is due.
        api_key_env: environment variable that holds the key by custom; None where none is needed.
        metrics_path: page of numbers under the base URL; None where there is none.
        models_path: list of models under the base URL; None where there is none.
        start: how it is started so that it can be measured, where that takes more than its defaults.
        notes: what to know of its numbers, in sentences.
        source: where these facts are from.
    """

    name: str
    title: str
    base_url: str
    dialects: tuple[Dialect, ...]
    paid: bool = False
    api_key_env: str | None = None
    metrics_path: str | None = None
    models_path: str | None = "/v1/models"
    start: str | None = None
    notes: tuple[str, ...] = ()
    source: str


COMPLETIONS = Dialect("completions", "extended")
CHAT = Dialect("chat", "extended")
BOTH = (COMPLETIONS, CHAT)
"""Both of OpenAI's routes with everything that servers have added; what a server refuses is left out when it is asked."""

UNKNOWN = Profile(
    name="unknown",
    title="an OpenAI-compatible server",
    base_url="http://127.0.0.1:8000",
    dialects=BOTH,
    metrics_path="/metrics",
    source="https://developers.openai.com/api/reference/resources/completions",
)
"""A server that says nothing of itself: everything is found by asking."""
