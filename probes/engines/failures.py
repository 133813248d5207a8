"""Why an engine did not start, read from its log: one kind, one sentence, one remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.environment import engine_remedy
from probes.errors import ProbeError, ProblemKind

TAIL_LINES = 20
"""How much of the log an error carries."""

_LINE_LIMIT = 400

KILLED = (-9, 137)
"""Exit codes of a process that was ended by SIGKILL, as Python and as shells count."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A cause that can be told from the log."""

    kind: ProblemKind
    pattern: re.Pattern[str]
    summary: str
    remedy: str


def _rule(kind: ProblemKind, pattern: str, summary: str, remedy: str) -> _Rule:
    return _Rule(kind, re.compile(pattern), summary, remedy)


_RULES = (
    _rule(
        "port_taken",
        r"(?i)address already in use",
        "the port is already in use.",
        "Leave --port out to take a free one, or name another.",
    ),
    _rule(
        "unsupported_dtype",
        r"argument --(dtype|kv-cache-dtype): invalid choice.*|Bfloat16 is only supported on GPUs.*|\S+ is not supported for quantization.*",
        "it does not know this number format here.",
        "Choose another with --dtype (bfloat16, float16 or float32; float16 on GPUs older than Ampere).",
    ),
    _rule(
        "unsupported_dtype",
        r"The quantization method \S+ is not supported.*|Unknown quantization method.*|_C::\w*quant\w*\(\) expected.*|argument --quantization/-q: invalid choice.*",
        "it cannot run this quantization on this hardware.",
        "Leave --quantization out, or choose one that this hardware supports: https://docs.vllm.ai/en/latest/features/quantization/.",
    ),
    _rule(
        "bad_arguments",
        r"max_model_len \(\d+\) is greater than the derived max_model_len.*",
        "--max-model-len is larger than the model was made for.",
        "Choose a smaller --max-model-len, or shorten --input-tokens and --output-tokens.",
    ),
    _rule(
        "out_of_memory",
        r"To serve at least one request with the model's max seq len.*",
        "the memory left for the KV cache does not hold even one request of this length.",
        "Choose a smaller --max-model-len or model; on a processor give it more with the environment variable VLLM_CPU_KVCACHE_SPACE [GiB].",
    ),
    _rule(
        "out_of_memory",
        r"Available memory on node \d+ .*kv cache allocation is less than requested.*",
        "the KV cache that was asked for is larger than the free memory.",
        "Lower the environment variable VLLM_CPU_KVCACHE_SPACE [GiB], or close other programs.",
    ),
    _rule(
        "out_of_memory",
        r"No available memory for the cache blocks.*",
        "the weights leave no memory for the KV cache.",
        "Choose a smaller model, --quantization, or more GPUs with --tensor-parallel-size.",
    ),
    _rule(
        "out_of_memory",
        r"CUDA out of memory.*|torch\.(cuda\.)?OutOfMemoryError.*|Free memory on device .*is less than.*",
        "the GPU has too little free memory.",
        "End what else uses the GPU (see `nvidia-smi`), or choose a smaller model, --quantization, or --tensor-parallel-size.",
    ),
    _rule(
        "out_of_memory",
        r"DefaultCPUAllocator: can't allocate memory.*|MemoryError.*|Cannot allocate memory.*",
        "this machine has too little free memory.",
        "Choose a smaller model, for example --model SmolLM2-135M, or lower VLLM_CPU_KVCACHE_SPACE [GiB].",
    ),
    _rule(
        "unsupported_model",
        r"Model architectures \[.*?\] are not supported.*|The checkpoint you are trying to load has model type .*?architecture\.",
        "it does not know this model architecture.",
        "Choose another model, or an engine version that knows it: https://docs.vllm.ai/en/latest/models/supported_models.html.",
    ),
    _rule(
        "model_not_found",
        r"(LocalEntryNotFoundError|OfflineModeIsEnabled|ConnectionError|MaxRetryError|ConnectError): .*",
        "the model is not on this machine and could not be downloaded.",
        "Check the network, or time a shipped architecture without weights, for example --model Qwen3-0.6B.",
    ),
    _rule(
        "model_not_found",
        r"(RepositoryNotFoundError|GatedRepoError|HFValidationError|EntryNotFoundError): .*|is not a valid model identifier.*",
        "Hugging Face has no such model, or it needs a login.",
        "Check the name; for a gated model set HF_TOKEN in the environment.",
    ),
    _rule(
        "bad_arguments",
        r"World size \(\d+\) is larger than the number of.*",
        "--tensor-parallel-size is larger than the number of GPUs.",
        "Choose a smaller one; `tco probe env` lists the GPUs.",
    ),
    _rule(
        "bad_arguments",
        r"Not enough allowed NUMA nodes to bind threads.*",
        "there are not enough processor cores for so many workers.",
        "Choose a smaller --tensor-parallel-size and --pipeline-parallel-size, or bind cores with VLLM_CPU_OMP_THREADS_BIND, such as 0-3|4-7.",
    ),
    _rule(
        "bad_arguments",
        r"current platform \w+ does not support ray.*",
        "Ray spreads a model over GPUs only.",
        "Leave --distributed-executor-backend out; workers of one machine need no Ray.",
    ),
    _rule(
        "bad_arguments",
        r"error: (unrecognized arguments|argument|the following arguments|ambiguous option).*",
        "it refuses an argument.",
        "Check --engine-arg against `python -m vllm.entrypoints.openai.api_server --help=all`.",
    ),
)
"""In the order in which they are tried: the most telling first."""

_SECRETS = (
    (re.compile(r"\b(hf_|sk-|nvapi-|ghp_|xox[abp]-)[A-Za-z0-9_-]{6,}"), r"\1***"),
    (re.compile(r"(?i)(bearer\s+)[A-Za-z0-9._~+/=-]{6,}"), r"\1***"),
    (
        re.compile(
            r"(?i)((?:api[_-]?key|token|secret|password)['\"]?\s*[:=]\s*\[?['\"]?)(?!None\b|True\b|False\b)[^\s'\",\]]{6,}"
        ),
        r"\1***",
    ),
    (re.compile(r"(https?://)[^\s/@]+:[^\s/@]+@"), r"\1***@"),
)


def diagnose(log_text: str, returncode: int | None, *, has_gpu: bool = False) -> ProbeError:
    """Tells why an engine ended before it answered.

    Args:
        log_text: everything the engine wrote.
        returncode: its exit code; None where it still runs.
        has_gpu: decides which engine a missing one is replaced by.

    Returns:
        The error to raise, with the last lines of the log, secrets blanked.
    """
    tail = log_tail(log_text)
    if re.search(r"No module named '?vllm", log_text):
        message = f"the engine is not installed. `{engine_remedy(has_gpu=has_gpu)}`."
        return ProbeError("missing_engine", message, tail)
    for rule in _RULES:
        found = rule.pattern.search(log_text)
        if found:
            words = redact(found.group().strip())[:_LINE_LIMIT]
            return ProbeError(
                rule.kind, f"the engine did not start: {rule.summary} It says: {words!r}. {rule.remedy}", tail
            )
    if returncode in KILLED:
        message = (
            "the engine was killed (SIGKILL), which the system does when memory runs out. "
            "Choose a smaller model, for example --model SmolLM2-135M, or close other programs."
        )
        return ProbeError("out_of_memory", message, tail)
    cause = _last_error(log_text)
    said = f"It says: {cause!r}. " if cause else ""
    message = f"the engine ended with exit code {returncode}. {said}The end of its log follows."
    return ProbeError("engine_exited", message, tail)


def log_tail(log_text: str, lines: int = TAIL_LINES) -> str:
    """The last lines of a log, secrets blanked and very long lines cut.

    Args:
        log_text: the log.
        lines: how many at most.
    """
    return "\n".join(redact(line)[:_LINE_LIMIT] for line in log_text.rstrip().splitlines()[-lines:])


def redact(text: str) -> str:
    """Blanks what looks like a token, key or password.

    >>> redact("HF_TOKEN=hf_abcdefghijklmnop")
    'HF_TOKEN=***'
    """
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _last_error(log_text: str) -> str | None:
    """The last line of the form `SomeError: words`, except vLLM's own pointer to an earlier one."""
    found = [
        line for line in re.findall(r"\b\w*(?:Error|Exception): .+", log_text) if "See root cause above" not in line
    ]
    return redact(found[-1].strip())[:_LINE_LIMIT] if found else None
