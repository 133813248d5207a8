"""An OpenAI-compatible server whose speed is set, not measured: the truth that the probe is tested against.

Every request takes `prefill_ms` to its first token and `tpot_ms` for each further one; `slots` requests are served at a time, the
others wait. The server notes when it really wrote each chunk, so that tests compare with what happened and not with what a
busy machine was asked for. Also a program: `python tests/fake_server.py --port 0 --prefill-ms 50 --tpot-ms 5` prints its port.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import ssl
import sys
import time
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

MODEL = "fake-model"
VOCAB_SIZE = 32_000
TTFT_EDGES_S = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The first edges of vLLM's own histogram of time to first token."""


@dataclass(kw_only=True)
class Behaviour:
    """How the server answers; tests change it while it runs."""

    prefill_ms: float = 5.0
    tpot_ms: float = 1.0
    tokens_per_chunk: int = 1
    slots: int = 10_000
    usage: bool = True
    token_ids: bool = True
    text: str = ""
    role_chunk_ms: float | None = None
    accepted: str = "extended"  # or "openai" or "bare": fields beyond these are answered with 400
    completions: bool = True
    chat: bool = True
    metrics: bool = True
    prefix_hit_fraction: float = 0.0
    kv_cache_usage_fraction: float = 0.25
    fail: str | None = None
    fail_first: int | None = None  # only so many requests fail, then the server is well; None: all
    fail_after: int = 0  # so many requests go well first
    fail_every: int = 1
    models_fail: str | None = None
    api_key: str | None = None
    context_tokens: int = 100_000
    refused: tuple[str, ...] = ()  # fields that are answered with 400 and named
    names_refused: bool = True  # whether the 400 names the field
    ignores: tuple[str, ...] = ()  # fields that are passed over in silence
    natural_length: int | None = None  # where answers end by themselves unless ignore_eos or min_tokens is honoured
    token_id_prompts: bool = True
    counts_ids_as_text: bool = False  # a list of ids is taken for its JSON text, and counted so
    continuous_usage: bool = True
    usage_factor: float = 1.0  # a server that lies about its output tokens
    hidden_reasoning_tokens: int = 0
    cached_tokens: int | None = None
    prefix_cache: bool = False
    messages: bool = True
    retry_after: str | None = None
    owned_by: str = "fake"
    logprobs: bool = False
    metrics_path: str = "/metrics"


@dataclass
class Served:
    """The truth about one request, as the server saw it."""

    received_ns: int
    body: dict
    sent_ns: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    cancelled: bool = False


class FakeServer:
    """The application, what it was asked, and what it did."""

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.served: list[Served] = []
        self.requests = 0
        self.busy = 0
        self.peak_busy = 0
        self.url = ""
        self._slots: asyncio.Semaphore | None = None
        self._runner: web.AppRunner | None = None
        self._counters = {"prompt": 0, "generation": 0, "hits": 0.0, "preemptions": 0}
        self._cached: set[str] = set()
        self._ttft_s: list[float] = []

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0, tls: ssl.SSLContext | None = None) -> int:
        self._slots = asyncio.Semaphore(self.behaviour.slots)
        app = web.Application()
        app.router.add_post("/v1/completions", self._completions)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_post("/openai/deployments/{deployment}/chat/completions", self._azure)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get(self.behaviour.metrics_path, self._metrics)
        app.router.add_get("/health", self._health)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, backlog=4096, ssl_context=tls)
        await site.start()
        number = site._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{number}"
        return number

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _health(self, _: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _models(self, request: web.Request) -> web.Response:
        match self.behaviour.models_fail:
            case "html":
                return web.Response(text="<html><body>Welcome</body></html>", content_type="text/html")
            case "hang":
                await asyncio.sleep(60)
            case "404":
                return web.json_response({"detail": "Not Found"}, status=404)
            case "500":
                return web.Response(text="broken", status=500)
            case "429":
                return web.json_response({"error": "slow down"}, status=429, headers={"Retry-After": "30"})
            case "redirect":
                raise web.HTTPFound("/login")
        if (refused := self._unauthorised(request)) is not None:
            return refused
        card = {"id": MODEL, "object": "model", "owned_by": self.behaviour.owned_by}
        return web.json_response({"object": "list", "data": [card]})

    def _unauthorised(self, request: web.Request) -> web.Response | None:
        key = self.behaviour.api_key
        given = {request.headers.get(name) for name in ("api-key", "x-api-key")}
        if key is None or key in given or request.headers.get("Authorization") == f"Bearer {key}":
            return None
        return web.json_response({"error": {"message": "Incorrect API key provided"}}, status=401)

    async def _metrics(self, _: web.Request) -> web.Response:
        if not self.behaviour.metrics:
            return web.Response(status=404)
        count = self._counters
        labels = f'{{engine="0",model_name="{MODEL}"}}'
        lines = [
            "# TYPE vllm:kv_cache_usage_perc gauge",
            f"vllm:kv_cache_usage_perc{labels} {self.behaviour.kv_cache_usage_fraction if self.busy else 0.0}",
            "# TYPE vllm:num_preemptions_total counter",
            f"vllm:num_preemptions_total{labels} {count['preemptions']}",
            "# TYPE vllm:prefix_cache_queries_total counter",
            f"vllm:prefix_cache_queries_total{labels} {count['prompt']}",
            "# TYPE vllm:prefix_cache_hits_total counter",
            f"vllm:prefix_cache_hits_total{labels} {count['hits']}",
            "# TYPE vllm:prompt_tokens_total counter",
            f"vllm:prompt_tokens_total{labels} {count['prompt']}",
            "# TYPE vllm:generation_tokens_total counter",
            f"vllm:generation_tokens_total{labels} {count['generation']}",
            "# TYPE vllm:num_requests_running gauge",
            f"vllm:num_requests_running{labels} {self.busy}",
            "# TYPE vllm:cache_config_info gauge",
            'vllm:cache_config_info{block_size="16",num_gpu_blocks="1000"} 1.0',
        ]
        return web.Response(text="\n".join([*lines, *self._latency_lines(labels)]) + "\n")

    def _latency_lines(self, labels: str) -> list[str]:
        name, inner = "vllm:time_to_first_token_seconds", labels.strip("{}")
        counts = [sum(value <= edge for value in self._ttft_s) for edge in TTFT_EDGES_S]
        edges = [*map(str, TTFT_EDGES_S), "+Inf"]
        return [
            f"# TYPE {name} histogram",
            *(
                f'{name}_bucket{{{inner},le="{edge}"}} {count}'
                for edge, count in zip(edges, [*counts, len(self._ttft_s)], strict=True)
            ),
            f"{name}_count{labels} {len(self._ttft_s)}",
            f"{name}_sum{labels} {sum(self._ttft_s)}",
        ]

    async def _azure(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("api-version") is None:
            return web.json_response({"error": {"code": "404", "message": "Resource not found"}}, status=404)
        if request.match_info["deployment"] != MODEL:
            text = "The API deployment for this resource does not exist."
            return web.json_response({"error": {"code": "DeploymentNotFound", "message": text}}, status=404)
        return await self._answer(request, chat=True)

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        if not self.behaviour.messages:
            return web.json_response({"detail": "Not Found"}, status=404)
        if request.headers.get("anthropic-version") is None:
            text = "anthropic-version: header is required"
            return web.json_response(
                {"type": "error", "error": {"type": "invalid_request_error", "message": text}}, status=400
            )
        return await self._answer(request, chat=True, form="messages")

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        if not self.behaviour.completions:
            return web.json_response({"detail": "Not Found"}, status=404)
        return await self._answer(request, chat=False)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        if not self.behaviour.chat:
            return web.json_response({"detail": "Not Found"}, status=404)
        return await self._answer(request, chat=True)

    def _failure_now(self) -> str | None:
        behaviour, number = self.behaviour, self.requests - 1 - self.behaviour.fail_after
        if behaviour.fail is None or number < 0 or number % behaviour.fail_every:
            return None
        within = behaviour.fail_first is None or number < behaviour.fail_first
        return behaviour.fail if within else None

    def _rejected(self, body: dict) -> web.Response | None:
        extended = {"min_tokens", "ignore_eos", "return_token_ids", "cache_salt"}
        beyond = {
            "extended": set(),
            "openai": extended,
            "bare": extended | {"stream_options", "temperature"},
        }[self.behaviour.accepted]
        unknown = sorted((beyond | set(self.behaviour.refused)) & set(body))
        if unknown:
            named = unknown[0] if self.behaviour.names_refused else "something"
            return web.json_response({"error": {"message": f"Unrecognized request argument: {named}"}}, status=400)
        if isinstance(body.get("prompt"), list) and not self.behaviour.token_id_prompts:
            return web.json_response({"error": {"message": "prompt must be a string."}}, status=400)
        if body["model"] != MODEL:
            return web.json_response({"error": {"message": f"The model `{body['model']}` does not exist."}}, status=404)
        if _prompt_tokens(body) + _asked(body) > self.behaviour.context_tokens:
            text = f"This model's maximum context length is {self.behaviour.context_tokens} tokens."
            return web.json_response({"error": {"message": text}}, status=400)
        return None

    async def _answer(self, request: web.Request, *, chat: bool, form: str = "openai") -> web.StreamResponse:
        received_ns = time.perf_counter_ns()
        body = await request.json()
        rejected = self._unauthorised(request) or self._rejected(body)
        if rejected is not None:
            return rejected
        self.requests += 1
        match failure := self._failure_now():
            case "429":
                headers = {"Retry-After": self.behaviour.retry_after} if self.behaviour.retry_after else {}
                return web.json_response({"error": {"message": "Rate limit reached"}}, status=429, headers=headers)
            case "500":
                return web.Response(text="Internal Server Error", status=500)
            case "html":
                return web.Response(text="<html><body>Please log in</body></html>", content_type="text/html")
            case "hang":
                await asyncio.sleep(60)
            case "redirect":
                raise web.HTTPFound("/login")
            case "reset":
                request.transport.abort()
                return web.Response()
        served = Served(received_ns, body)
        self.served.append(served)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            await response.prepare(request)
            async with self._slots:
                self.busy += 1
                self.peak_busy = max(self.peak_busy, self.busy)
                try:
                    if form == "messages":
                        await self._stream_messages(response, served)
                    else:
                        await self._stream(request, response, served, chat=chat, failure=failure)
                finally:
                    self.busy -= 1
        except (ConnectionResetError, asyncio.CancelledError):
            served.cancelled = True
            raise
        return response

    async def _stream(self, request, response, served, *, chat, failure) -> None:
        behaviour, body = self.behaviour, served.body
        total = 0 if failure == "no_tokens" else self._length(body)
        if chat and behaviour.role_chunk_ms is not None:
            await asyncio.sleep(behaviour.role_chunk_ms / 1e3)
            await _write(response, _chunk(chat=True, delta={"role": "assistant", "content": ""}))
        start = time.perf_counter()
        done = 0
        while done < total:
            count = min(behaviour.tokens_per_chunk, total - done)
            done += count
            due_s = start + (behaviour.prefill_ms + (done - 1) * behaviour.tpot_ms) / 1e3
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            if failure is not None and done > total // 2:
                await self._break(request, response, failure)
                return
            served.sent_ns.append(time.perf_counter_ns())
            served.tokens.append(count)
            if len(served.sent_ns) == 1:
                self._ttft_s.append((served.sent_ns[0] - served.received_ns) / 1e9)
            await _write(response, self._token_chunk(body, count, chat=chat, last=done == total, done=done))
        self._counters["prompt"] += _prompt_tokens(body)
        self._counters["generation"] += total
        self._counters["hits"] += behaviour.prefix_hit_fraction * _prompt_tokens(body) + self._cache_hits(body)
        if behaviour.usage and body.get("stream_options", {}).get("include_usage"):
            await _write(response, json.dumps({"choices": [], "usage": self._usage(body, total)}))
        await _write(response, "[DONE]")

    def _length(self, body: dict) -> int:
        behaviour, asked = self.behaviour, _asked(body)
        least = body.get("min_tokens", 0) if "min_tokens" not in behaviour.ignores else 0
        goes_on = body.get("ignore_eos", False) and "ignore_eos" not in behaviour.ignores
        if behaviour.natural_length is None or goes_on:
            return asked
        return min(asked, max(least, behaviour.natural_length))

    def _usage(self, body: dict, output: int) -> dict:
        behaviour = self.behaviour
        prompt = len(json.dumps(body.get("prompt"))) if behaviour.counts_ids_as_text else _prompt_tokens(body)
        hidden = behaviour.hidden_reasoning_tokens
        usage = {"prompt_tokens": prompt, "completion_tokens": round(output * behaviour.usage_factor) + hidden}
        if hidden:
            usage["completion_tokens_details"] = {"reasoning_tokens": hidden}
        if behaviour.cached_tokens is not None:
            usage["prompt_tokens_details"] = {"cached_tokens": behaviour.cached_tokens}
        return usage

    def _cache_hits(self, body: dict) -> int:
        """A prefix cache of whole prompts, kept apart by salt where the salt is honoured."""
        if not self.behaviour.prefix_cache:
            return 0
        salt = body.get("cache_salt", "") if "cache_salt" not in self.behaviour.ignores else ""
        key = json.dumps([salt, body.get("prompt") or body.get("messages")])
        known = key in self._cached
        self._cached.add(key)
        return _prompt_tokens(body) if known else 0

    async def _stream_messages(self, response: web.StreamResponse, served: Served) -> None:
        """Anthropic's events: https://platform.claude.com/docs/en/build-with-claude/streaming."""
        body, total, done = served.body, self._length(served.body), 0
        usage = {"input_tokens": _prompt_tokens(body), "output_tokens": 1}
        await _event(response, "message_start", message={"id": "msg_1", "role": "assistant", "usage": usage})
        await _event(response, "content_block_start", index=0, content_block={"type": "text", "text": ""})
        await _event(response, "ping")
        start = time.perf_counter()
        while done < total:
            count = min(self.behaviour.tokens_per_chunk, total - done)
            done += count
            due_s = start + (self.behaviour.prefill_ms + (done - 1) * self.behaviour.tpot_ms) / 1e3
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            served.sent_ns.append(time.perf_counter_ns())
            served.tokens.append(count)
            await _event(response, "content_block_delta", index=0, delta={"type": "text_delta", "text": "x" * count})
        await _event(response, "content_block_stop", index=0)
        reason = {"stop_reason": "max_tokens", "stop_sequence": None}
        await _event(response, "message_delta", delta=reason, usage={"output_tokens": total})
        await _event(response, "message_stop")

    async def _break(self, request: web.Request, response: web.StreamResponse, failure: str) -> None:
        match failure:
            case "error":
                await _write(response, json.dumps({"error": {"message": "CUDA out of memory", "code": 500}}))
                await _write(response, "[DONE]")
            case "malformed":
                await _write(response, '{"choices": [{"text": "cut o')
            case "stall":
                await asyncio.sleep(60)
            case "drop":
                request.transport.close()
            case "end_early":
                pass

    def _token_chunk(self, body: dict, count: int, *, chat: bool, last: bool, done: int) -> str:
        reason = "length" if done >= _asked(body) else "stop"
        extra = {"finish_reason": reason if last else None}
        if self.behaviour.logprobs:
            extra["logprobs"] = {"token_logprobs": [-0.5] * count}
        usage = None
        if self.behaviour.continuous_usage and body.get("stream_options", {}).get("continuous_usage_stats"):
            usage = self._usage(body, done)
        if self.behaviour.token_ids and body.get("return_token_ids"):
            extra["token_ids"] = [7] * count
        if chat:
            return _chunk(chat=True, usage=usage, delta={"content": self.behaviour.text or "x" * count}, **extra)
        return _chunk(chat=False, usage=usage, text=self.behaviour.text * count, **extra)


def _chunk(*, chat: bool, usage: dict | None = None, **choice: object) -> str:
    kind = "chat.completion.chunk" if chat else "text_completion"
    body = {"id": "cmpl-1", "object": kind, "model": MODEL, "choices": [{"index": 0, **choice}]}
    return json.dumps(body if usage is None else body | {"usage": usage})


async def _event(response: web.StreamResponse, kind: str, **body: object) -> None:
    await response.write(f"event: {kind}\ndata: {json.dumps({'type': kind, **body})}\n\n".encode())


def _asked(body: dict) -> int:
    return body.get("max_completion_tokens", body.get("max_tokens", 16))


async def _write(response: web.StreamResponse, data: str) -> None:
    await response.write(f"data: {data}\n\n".encode())


def _prompt_tokens(body: dict) -> int:
    if "messages" in body:
        return len(body["messages"][0]["content"].split())
    return len(body["prompt"]) if isinstance(body["prompt"], list) else len(body["prompt"].split())


async def _serve(server: FakeServer, port: int) -> None:
    sys.stdout.write(f"{await server.start(port)}\n")
    sys.stdout.flush()
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="A fake OpenAI-compatible server of known speed.")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--prefill-ms", type=float, default=50.0)
    parser.add_argument("--tpot-ms", type=float, default=5.0)
    parser.add_argument("--tokens-per-chunk", type=int, default=1)
    parser.add_argument("--slots", type=int, default=10_000)
    parser.add_argument(
        "--fail", choices=["429", "500", "html", "hang", "reset", "error", "malformed", "stall", "drop"]
    )
    parser.add_argument("--behaviour", type=json.loads, default={}, help="further fields of `Behaviour`, as JSON")
    options = parser.parse_args()
    given = {
        "prefill_ms": options.prefill_ms,
        "tpot_ms": options.tpot_ms,
        "tokens_per_chunk": options.tokens_per_chunk,
        "slots": options.slots,
        "fail": options.fail,
    }
    behaviour = Behaviour(**(given | options.behaviour))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(FakeServer(behaviour), options.port))


if __name__ == "__main__":
    main()
