"""Amazon Bedrock's model invocation log: JSON lines, as they lie in S3 (packed with gzip). Bodies of requests and answers are dropped while they are parsed.

`inputTokenCount` stands beside the cached tokens: "total input tokens = inputTokens + cacheReadInputTokens + cacheWriteInputTokens" [1]. Where the answer's own total is in the log it is held
against both readings. OpenAI's models there have been seen to count their cached tokens twice in streams [2]: without a total they need the user's word.

[1] https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
[2] https://github.com/maximhq/bifrost/pull/6942, September 2026
Fields: https://docs.panther.com/data-onboarding/supported-logs/aws/bedrock (a schema of real logs), records of September 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from tco.usage.record import Skipped, UsageRecord
from tco.usage.row import Cached, Row
from tco.usage.split import uncached_tokens

NAME = "bedrock"
TITLE = "Bedrock invocation log"
VERIFIED = "published schema and single records; which input count holds what: the vendor's guide, checked against the total where the log has it"


def matches(row: Row) -> bool:
    """Whether a row looks like this source's."""
    return (
        row.values.get("schemaType") == "ModelInvocationLog" or {"modelId", "input", "operation"} <= row.values.keys()
    )


def records(row: Row) -> Iterator[UsageRecord | Skipped]:
    """The usage of one call."""
    start_s, model = row.time_s("timestamp", assumed=UTC), _model(row)
    if row.get("errorCode") is not None:
        yield UsageRecord(start_s=start_s, model=model, requests=0, failed=1)
        return
    usage = row.sub("output.outputBodyJson.usage") or row.of({})
    whole = row.optional_count("input.inputTokenCount")
    whole = usage.optional_count("inputTokens", "input_tokens") if whole is None else whole
    output = row.optional_count("output.outputTokenCount")
    output = usage.optional_count("outputTokens", "output_tokens") if output is None else output
    if whole is None or output is None:
        yield Skipped("calls without counts of input and output (embeddings, pictures)")
        return
    read = row.optional_count("input.cacheReadInputTokenCount")
    read = usage.count("cacheReadInputTokens", "cache_read_input_tokens") if read is None else read
    written = row.optional_count("input.cacheWriteInputTokenCount")
    written = usage.count("cacheWriteInputTokens", "cache_creation_input_tokens") if written is None else written
    total = usage.optional_count("totalTokens")
    yield UsageRecord(
        start_s=start_s,
        model=model,
        requests=1,
        input_uncached_tokens=uncached_tokens(
            row,
            input_tokens=whole,
            cached_tokens=read + written,
            contract=_contract(model, whole + output, read + written, total),
            is_proven=total in (whole + output, whole + output + read + written),
        ),
        cache_read_tokens=read,
        cache_write_tokens=written,
        output_visible_tokens=output,
        total_tokens=total,
    )


def _contract(model: str, counted: int, cached: int, total: int | None) -> Cached | None:
    if total == counted:
        return "inside"
    if total == counted + cached or "openai." not in model:
        return "beside"
    return None


def _model(row: Row) -> str:
    """The model without account, region and profile: an ARN ends with it. An application's own profile has only an id, which is not kept."""
    name = row.model("modelId")
    if name.startswith("arn:") and "application-inference-profile" in name:
        return "aws/application-inference-profile"
    return f"aws/{name.rpartition('/')[2]}"
