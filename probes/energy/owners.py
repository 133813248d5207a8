"""Whose programs compute on a GPU: an engine and its workers are one owner."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def owners_count(pids: Iterable[int]) -> int:
    """How many owners some processes have.

    Processes of one process group are of one owner: an engine starts its workers in its own, and a shell gives each job another. A process that cannot be
    looked up (another user's, or one whose number comes from outside this container) is an owner of its own.

    Args:
        pids: process numbers as the driver gives them.

    Returns:
        0 without processes.
    """
    return len({_owner(pid) for pid in set(pids)})


def _owner(pid: int) -> tuple[str, int]:
    try:
        return "group", os.getpgid(pid)
    except (OSError, OverflowError):
        return "process", pid
