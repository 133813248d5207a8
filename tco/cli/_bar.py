"""What all reporters with a bar share: it moves while the work goes on, and is gone when it ends."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.progress import Progress


class WithBar:
    """A context manager that shows its bar; `_bar` is None where nobody watches a terminal."""

    _bar: Progress | None

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
