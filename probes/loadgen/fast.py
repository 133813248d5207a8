"""The fastest event loop that there is here."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


def run_fast(work: Coroutine[Any, Any, None]) -> None:
    """Runs a coroutine to its end: on uvloop, and where there is none (Windows) on asyncio's own loop."""
    try:
        import uvloop  # noqa: PLC0415 -- may be missing
    except ImportError:
        asyncio.run(work)
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)
