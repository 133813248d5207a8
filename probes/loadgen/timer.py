"""Deadlines that are kept to tens of microseconds, where the event loop's own timers count in milliseconds.

libuv, and so uvloop, keeps its timers in whole milliseconds (https://docs.libuv.org/en/v1.x/timer.html). Linux has a timer that is a file
(https://man7.org/linux/man-pages/man2/timerfd_create.2.html): the event loop wakes for it as for a socket. Python has it from 3.13 on as
`os.timerfd_create`; before, it is called through the C library. `CLOCK_MONOTONIC` is the clock of `time.perf_counter_ns` on Linux.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import sys
import time

from probes.trace import NS_PER_S

_CLOCK_MONOTONIC, _ABSOLUTE, _PR_SET_TIMERSLACK, _SLACK_NS = 1, 1, 29, 1_000


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class Timer:
    """Waits for absolute times of `time.perf_counter_ns`; one waiter at a time."""

    def __init__(self) -> None:
        """Opens the kernel's timer, where there is one."""
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._libc, self._file = _timer_file()
        if self._file is not None:
            self._loop.add_reader(self._file, self._wake)

    @property
    def exact(self) -> bool:
        """Whether the kernel's timer is used, rather than the event loop's."""
        return self._file is not None

    async def until(self, at_ns: int) -> None:
        """Waits until a moment; a moment that is past is not waited for.

        Args:
            at_ns: the moment [ns of `time.perf_counter_ns`].
        """
        left_ns = at_ns - time.perf_counter_ns()
        if left_ns <= 0:
            return
        self._waiter = self._loop.create_future()
        handle = None
        if self._file is None or self._libc is None:
            handle = self._loop.call_later(left_ns / NS_PER_S, self._wake)
        else:
            self._arm(self._libc, self._file, at_ns)
        try:
            await self._waiter
        finally:
            if handle is not None:
                handle.cancel()

    def close(self) -> None:
        """Closes the timer."""
        if self._file is not None:
            self._loop.remove_reader(self._file)
            os.close(self._file)
            self._file = None

    def _arm(self, libc: ctypes.CDLL, file: int, at_ns: int) -> None:
        seconds, nanoseconds = divmod(at_ns, int(NS_PER_S))
        value = _Itimerspec(_Timespec(0, 0), _Timespec(seconds, nanoseconds))
        if libc.timerfd_settime(file, _ABSOLUTE, ctypes.byref(value), None) != 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def _wake(self) -> None:
        if self._file is not None:
            with contextlib.suppress(BlockingIOError):
                os.read(self._file, 8)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _timer_file() -> tuple[ctypes.CDLL | None, int | None]:
    if sys.platform != "linux":
        return None, None
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        file = int(libc.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC))
        # The kernel may be 50 us late by default, to save power.
        libc.prctl(_PR_SET_TIMERSLACK, _SLACK_NS, 0, 0, 0)
    except (OSError, AttributeError):
        return None, None
    return (libc, file) if file >= 0 else (None, None)
