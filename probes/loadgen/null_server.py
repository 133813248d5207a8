"""A server that does nothing but keep time: `python -m probes.loadgen.null_server`; the truth that a load client is measured against.

It answers `/v1/completions` and `/v1/chat/completions` with a stream of events: the first token a set time after the request has come, each further
one a set time after the one before, on absolute deadlines, so that lateness does not add up. Each token is one system call of its own, made here and not
queued by the event loop, and the time just before it is noted: how late the server itself was is part of its report.

It prints its port. A line on its standard input makes it print what it did since the line before, as one JSON object; the end of the input ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import json
import os
import re
import socket
import sys
import time
from array import array
from typing import Any, cast

from probes.loadgen.fast import run_fast
from probes.loadgen.timer import Timer
from probes.trace import NS_PER_MS

MODEL = "null-server"
_LENGTH = re.compile(rb'"max(?:_completion)?_tokens"\s*:\s*(\d+)')
_PROMPT = re.compile(rb'"prompt"\s*:\s*\[\s*(\d+)\s*,\s*(\d+)')
_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
_LONGEST_ANSWER = 100_000
_END = b"0\r\n\r\n"
_AT_A_TIME = 32


def _framed(data: dict[str, Any] | str) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"))
    event = f"data: {text}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(event), event)


def _events_of(*, chat: bool) -> tuple[bytes, bytes, bytes]:
    """One token, the last token, and the role chunk that a chat begins with, framed once and for all."""
    kind = "chat.completion.chunk" if chat else "text_completion"
    common = {"id": "cmpl-0", "object": kind, "created": 1, "model": MODEL}

    def choice(reason: str | None, **more: Any) -> bytes:
        said = {"delta": {"content": " w7", **more}} if chat else {"text": " w7"}
        ids = {} if more else {"token_ids": [7]}
        return _framed({**common, "choices": [{"index": 0, **said, "logprobs": None, "finish_reason": reason, **ids}]})

    role = choice(None, role="assistant", content="") if chat else b""
    return choice(None), choice("length"), role


_COMPLETION, _CHAT = _events_of(chat=False), _events_of(chat=True)


class Answer:
    """One answer on its way."""

    __slots__ = ("connection", "due_ns", "events", "first_ns", "key", "prompt_tokens", "received_ns", "sent", "total")

    def __init__(self, connection: Connection, received_ns: int, body: bytes, *, chat: bool) -> None:
        length = _LENGTH.search(body)
        # The first two ids of the prompt name the request in the report.
        key = _PROMPT.search(body)
        self.key = (int(key[1]), int(key[2])) if key else (-1, -1)
        self.connection, self.received_ns = connection, received_ns
        self.total = max(1, min(int(length[1]) if length else 16, _LONGEST_ANSWER))
        self.prompt_tokens = body.count(b",", key.start(), body.find(b"]", key.start())) + 1 if key else 1
        self.events = _CHAT if chat else _COMPLETION
        self.sent, self.first_ns, self.due_ns = 0, 0, 0

    def usage(self) -> bytes:
        """The last events of the answer."""
        counts = {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.total,
            "total_tokens": self.prompt_tokens + self.total,
        }
        last = {
            "id": "cmpl-0",
            "object": "text_completion",
            "created": 1,
            "model": MODEL,
            "choices": [],
            "usage": counts,
        }
        return _framed(last) + _framed("[DONE]") + _END


class NullServer:
    """The answers in flight, by when their next token is due."""

    def __init__(self, ttft_ms: float, token_ms: float) -> None:
        self.ttft_ns, self.token_ns = int(ttft_ms * NS_PER_MS), int(token_ms * NS_PER_MS)
        self._heap: list[tuple[int, int, Answer]] = []
        self._counter = 0
        self._sooner = asyncio.Event()
        self.requests: list[tuple[int, int, int, int]] = []
        self._late_ns = array("q")
        self._cpu_ns = time.process_time_ns()

    def begin(self, answer: Answer) -> None:
        """A request has come."""
        answer.due_ns = answer.received_ns + self.ttft_ns
        self._push(answer)
        if self._heap[0][2] is answer:
            self._sooner.set()

    async def keep_time(self) -> None:
        """Sends every token when it is due."""
        timer = Timer()
        while True:
            while not self._heap:
                self._sooner.clear()
                await self._sooner.wait()
            await timer.until(self._heap[0][0])
            for _ in range(_AT_A_TIME):
                if not self._heap or self._heap[0][0] > time.perf_counter_ns():
                    break
                self._send(heapq.heappop(self._heap)[2])
            # New requests are noted between two rounds: not long after they came.
            await asyncio.sleep(0)

    def report(self) -> dict[str, Any]:
        """What it did since the last report: requests with the true times, its own lateness, and processor time."""
        late, self._late_ns = sorted(self._late_ns), array("q")
        requests, self.requests = self.requests, []
        cpu_ns, self._cpu_ns = time.process_time_ns() - self._cpu_ns, time.process_time_ns()
        return {
            "requests": requests,
            "tokens": len(late),
            "late_p50_ms": late[len(late) // 2] / NS_PER_MS if late else None,
            "late_p99_ms": late[len(late) * 99 // 100] / NS_PER_MS if late else None,
            "cpu_s": cpu_ns / 1e9,
        }

    def _push(self, answer: Answer) -> None:
        self._counter += 1
        heapq.heappush(self._heap, (answer.due_ns, self._counter, answer))

    def _send(self, answer: Answer) -> None:
        if answer.connection.lost:
            return
        token, last, role = answer.events
        now_ns = time.perf_counter_ns()
        answer.sent += 1
        if answer.sent == 1:
            answer.first_ns = now_ns
            answer.connection.write(_EVENTS + role + (token if answer.total > 1 else last))
        else:
            answer.connection.write(token if answer.sent < answer.total else last)
        self._late_ns.append(now_ns - answer.due_ns)
        if answer.sent < answer.total:
            answer.due_ns += self.token_ns
            self._push(answer)
            return
        answer.connection.write(answer.usage())
        self.requests.append((*answer.key, answer.received_ns, answer.first_ns))


class Connection(asyncio.Protocol):
    """One client's connection; requests are answered in the order in which they came, one at a time."""

    def __init__(self, server: NullServer) -> None:
        self._server, self._data = server, b""
        self._socket: asyncio.Transport | None = None
        self._file = -1
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._socket = cast("asyncio.Transport", transport)
        self._file = self._socket.get_extra_info("socket").fileno()

    def connection_lost(self, _: Exception | None) -> None:
        """It has gone."""
        self.lost = True

    def data_received(self, data: bytes) -> None:
        """A request, or a part of one."""
        received_ns = time.perf_counter_ns()
        self._data += data
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._data[:end]
        length = _CONTENT_LENGTH.search(head)
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(self._data) < whole:
            return
        body, self._data = self._data[end + 4 : whole], self._data[whole:]
        if head.startswith(b"POST ") and b"/completions " in head.split(b"\r\n", 1)[0]:
            self._server.begin(Answer(self, received_ns, body, chat=b"/chat/" in head[:64]))
        else:
            self._say_what_there_is(head)

    def write(self, data: bytes) -> None:
        """Sends at once; through the event loop only if the client does not keep up."""
        assert self._socket is not None
        if not self._socket.get_write_buffer_size():
            try:
                data = data[os.write(self._file, data) :]
            except BlockingIOError:
                pass
            except OSError:
                self.lost = True
                self._socket.abort()
                return
        if data:
            self._socket.write(data)

    def _say_what_there_is(self, head: bytes) -> None:
        listing = {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 1, "owned_by": MODEL}]}
        text = json.dumps(listing if b"/models" in head[:64] else {}).encode()
        kind = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(text)
        self.write(kind + text)


async def _serve(ttft_ms: float, token_ms: float, listening: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    null = NullServer(ttft_ms, token_ms)
    server = await loop.create_server(lambda: Connection(null), sock=listening)
    keeping = asyncio.create_task(null.keep_time())
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    _print(listening.getsockname()[1])
    while await reader.readline() and not keeping.done():
        _print(json.dumps(null.report()))
    server.close()


def _print(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Runs the server until its standard input ends."""
    parser = argparse.ArgumentParser(description="A server that does nothing but keep time.")
    parser.add_argument("--ttft-ms", type=float, default=50.0)
    parser.add_argument("--token-ms", type=float, default=10.0)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--listening-file", type=int, help="number of a socket that somebody has opened for it")
    options = parser.parse_args()
    if options.listening_file is not None:
        listening = socket.socket(fileno=options.listening_file)
    else:
        listening = socket.create_server(("127.0.0.1", options.port), backlog=4096)
    run_fast(_serve(options.ttft_ms, options.token_ms, listening))


if __name__ == "__main__":
    main()
