"""Network reads → server-sent events.

The format is https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def events(reads: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, str, bytes]]:
    r"""Splits network reads into server-sent events.

    Reads cut events anywhere and may hold several. An event has arrived when its last `data:` line has.

    Args:
        reads: arrival time [ns] and bytes, in order.

    Yields:
        Arrival time [ns], event name (empty if none) and data.

    >>> list(events([(10, b'data: {"a"'), (20, b': 1}\n\ndata: [DONE]\n\n')]))
    [(20, '', b'{"a": 1}'), (20, '', b'[DONE]')]
    """
    rest, name, data, at_ns, now_ns = b"", "", [], 0, 0
    for now_ns, piece in reads:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            text = line.rstrip(b"\r")
            if text.startswith(b"data:"):
                data.append(text[5:].removeprefix(b" "))
                at_ns = now_ns
            elif text.startswith(b"event:"):
                name = text[6:].strip().decode(errors="replace")
            elif not text:
                if data:
                    yield at_ns, name, b"\n".join(data)
                name, data = "", []
    if rest.startswith(b"data:"):
        data.append(rest[5:].strip())
        at_ns = now_ns
    if data:
        yield at_ns, name, b"\n".join(data)
