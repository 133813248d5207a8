"""OpenTelemetry's spans of generative AI: lines of the OTLP JSON file exporter, or single spans with their `attributes`.

`gen_ai.usage.input_tokens` SHOULD hold the cached tokens, and the output the reasoning; an instrumentation that does otherwise is refused where it shows, and `--cached beside` takes it.
The names are still in development, so older and other ones are known too. Spans of agents and tools repeat the usage of the calls below them and do not count; neither does a call above another one in the same line of the file.
Fields: https://github.com/open-telemetry/semantic-conventions-genai (development), https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from tco.usage.record import Skipped, Tier, UsageRecord
from tco.usage.row import Row
from tco.usage.split import uncached_tokens, visible_tokens

NAME = "otel"
TITLE = "OpenTelemetry GenAI spans"
VERIFIED = "semantic conventions 0.66b2 and the registry of opentelemetry-js; status development, names may change"

_INPUT = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "llm.usage.prompt_tokens",
)
_OUTPUT = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "llm.usage.completion_tokens",
)
_READ = ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.input_tokens.cached", "llm.token_count.prompt_details.cache_read")  # fmt: skip
_WRITTEN = ("gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_write_input_tokens", "gen_ai.usage.input_tokens.cache_write", "llm.token_count.prompt_details.cache_write")  # fmt: skip
_REASONING = ("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.output_tokens.reasoning", "llm.token_count.completion_details.reasoning")  # fmt: skip
_KEPT = ("gen_ai.usage.", "gen_ai.operation", "gen_ai.provider", "gen_ai.system", "gen_ai.request.model", "gen_ai.response.model", "gen_ai.openai.", "llm.token_count.", "llm.usage.", "llm.model_name", "error.type")  # fmt: skip
_GENERATE = ("chat", "text_completion", "generate_content", "completion")
_SELLERS = {"aws.bedrock": "aws", "gcp.gemini": "google", "gcp.vertex_ai": "google", "gcp.gen_ai": "google", "azure.ai.openai": "azure", "azure.ai.inference": "azure", "x_ai": "x-ai", "mistral_ai": "mistral"}  # fmt: skip
_TIERS: dict[str, Tier] = {"default": "standard", "flex": "flex", "priority": "priority", "batch": "batch"}
_ERROR = ("2", "STATUS_CODE_ERROR", "ERROR")


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    if isinstance(row.values.get("resourceSpans"), list):
        return True
    attributes = row.values.get("attributes")
    return isinstance(attributes, dict | list) and any(name.startswith(_KEPT) for name in _flat(attributes))


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The usage of all spans of one line. A call that another one of the line stands under repeats its usage, as where two libraries are instrumented, and does not count."""
    spans = _spans(row)
    attributes = [span.of(_flat(span.values.get("attributes"))) for span in spans]
    above = {
        span.text("parentSpanId")
        for span, own in zip(spans, attributes, strict=True)
        if _is_call(own) and _is_told(own)
    }
    for span, own in zip(spans, attributes, strict=True):
        if _is_told(own) and span.get("spanId") is not None and span.text("spanId") in above:
            yield Skipped("spans that repeat the usage of a call below them")
        else:
            yield _span(span, own)


def _spans(row: Row) -> list[Row]:
    if "resourceSpans" not in row.values:
        return [row]
    return [
        span
        for resource in row.subs("resourceSpans")
        for scope in resource.subs("scopeSpans") or resource.subs("instrumentationLibrarySpans")
        for span in scope.subs("spans")
    ]


def _is_told(attributes: Row) -> bool:
    return attributes.get(*_INPUT, *_OUTPUT) is not None


def _is_call(attributes: Row) -> bool:
    return (attributes.text("gen_ai.operation.name") or _GENERATE[0]) in _GENERATE


def _span(span: Row, attributes: Row) -> UsageRecord | Skipped:
    if not _is_call(attributes):
        return Skipped(f"spans of the operation {(attributes.text('gen_ai.operation.name') or '')[:40]}")
    told = _is_told(attributes)
    status = span.text("status.code", "status.status_code") or ""
    failed = attributes.get("error.type") is not None or status in _ERROR
    if not told and not (failed and attributes.get("gen_ai.operation.name") is not None):
        return Skipped("spans without usage")
    start_s = span.time_s("startTimeUnixNano", "start_time", "startTime", assumed=UTC)
    provider = attributes.text("gen_ai.provider.name", "gen_ai.system")
    model = attributes.model(
        "gen_ai.response.model", "gen_ai.request.model", "llm.model_name", seller=_SELLERS.get(provider or "", provider)
    )
    if not told:
        return UsageRecord(start_s=start_s, model=model, requests=0, failed=1)
    return _record(attributes, start_s, model)


def _record(attributes: Row, start_s: float, model: str) -> UsageRecord:
    read, written = attributes.optional_count(*_READ), attributes.count(*_WRITTEN)
    reasoning, output = attributes.optional_count(*_REASONING), attributes.count(*_OUTPUT)
    tier = attributes.text("gen_ai.openai.response.service_tier")
    return UsageRecord(
        start_s=start_s,
        model=model,
        tier=None if tier is None else _TIERS.get(tier),
        requests=1,
        input_uncached_tokens=uncached_tokens(
            attributes, input_tokens=attributes.count(*_INPUT), cached_tokens=(read or 0) + written, contract="inside"
        ),
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_visible_tokens=visible_tokens(attributes, output_tokens=output, reasoning_tokens=reasoning or 0),
        output_reasoning_tokens=reasoning,
    )


def _flat(attributes: Any) -> dict[str, Any]:
    """Attributes by name, only those that say what was used; what was written and read is not looked at."""
    if isinstance(attributes, Mapping):
        return {name: value for name, value in attributes.items() if name.startswith(_KEPT)}
    found: dict[str, Any] = {}
    for item in attributes if isinstance(attributes, list) else []:
        name, value = (item.get("key"), item.get("value")) if isinstance(item, dict) else (None, None)
        if isinstance(name, str) and name.startswith(_KEPT) and isinstance(value, dict):
            found[name] = next(
                (value[kind] for kind in ("intValue", "doubleValue", "stringValue") if kind in value), None
            )
    return found
