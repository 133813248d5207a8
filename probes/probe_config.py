"""The options of a probe as a YAML file: one record, whose field descriptions are the documentation, the schema and the error messages.

Fields carry the names of the command line's options, with the unit where the option has one. A field that is left out is as if the option was.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from probes.errors import ProbeError
from probes.record import Record
from probes.yaml_text import YamlText, parse_yaml, read_yaml, shown

SCHEMA = 1
"""Number of the file's format; a larger one is refused."""

Name = Annotated[str, Field(min_length=1, max_length=500)]
Tokens = Annotated[int, Field(ge=1, le=100_000_000)]
Positive = Annotated[float, Field(gt=0, le=1e12)]
Load = Annotated[int, Field(ge=1, le=100_000)]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=200)]
Part = Literal["curve", "goodput", "lengths", "prefill", "context", "trace", "idle", "all"]
Promise = Literal[
    "ttft_p50_ms", "ttft_p90_ms", "ttft_p95_ms", "ttft_p99_ms", "tpot_p50_ms", "tpot_p90_ms", "tpot_p95_ms", "tpot_p99_ms",
    "itl_p50_ms", "itl_p90_ms", "itl_p95_ms", "itl_p99_ms", "e2e_p50_ms", "e2e_p90_ms", "e2e_p95_ms", "e2e_p99_ms",
]  # fmt: skip


def _said(text: str, *examples: Any) -> Any:
    return Field(default=None, description=text, examples=list(examples))


class ProbeConfig(Record):
    """What `tco probe run --config FILE` reads."""

    schema_: Annotated[int, Field(alias="schema", ge=1, le=SCHEMA, description="number of the file's format: 1")] = (
        SCHEMA
    )
    model: Name | None = _said(
        "shipped name, folder or Hugging Face id of the model that an engine is started with", "Qwen3-8B"
    )
    endpoint: Name | None = _said("address of a server that runs already, instead of a model", "http://127.0.0.1:8000")
    served_model: Name | None = _said("name under which the endpoint serves its model", "Qwen/Qwen3-8B")
    api_key_env: Variable | None = _said(
        "name of the environment variable that holds the endpoint's key, never the key", "MY_API_KEY"
    )
    profile: Name | None = _said("kind of server, where it is not recognised", "vllm")
    weights: Literal["dummy", "real"] | None = _said("random weights or real ones", "dummy")
    dtype: Name | None = _said("number format of weights and arithmetic", "bfloat16")
    quantization: Name | None = _said("the engine's name of a quantization method", "fp8")
    max_model_len: Tokens | None = _said("longest request that the engine takes [tokens]", 8192)
    tensor_parallel_size: Load | None = _said("GPUs that share every layer of one copy of the model", 2)
    pipeline_parallel_size: Load | None = _said("groups of GPUs that share the layers of one copy of the model", 2)
    layers: list[Annotated[int, Field(ge=1, le=9999)]] | None = _said(
        "two or more depths to which the model is sliced, for one that does not fit", [4, 8]
    )
    engine_arg: list[Name] | None = _said("further flags of the engine, one a line", ["--enable-chunked-prefill"])
    port: Annotated[int, Field(ge=1, le=65535)] | None = _said("port of the engine; a free one if left out", 8000)
    start_timeout_s: Positive | None = _said("how long to wait for the engine [s]", 600)
    concurrency: list[Load] | None = _said("load points: requests always in flight", [1, 2, 4, 8, 16])
    request_rates_per_s: list[Positive] | None = _said("open-loop load points [requests/s]", [0.5, 1.0, 2.0])
    arrivals: Literal["poisson", "constant", "gamma"] | None = _said("gaps between requests of an open loop", "poisson")
    burstiness: Positive | None = _said("shape of gamma gaps: 1 is Poisson, less is burstier", 0.5)
    input_tokens: Tokens | None = _said("mean prompt [tokens]", 512)
    output_tokens: Tokens | None = _said("mean answer [tokens]", 128)
    lengths: Name | None = _said("how lengths vary, as the option --lengths has it", "lognormal:0.5")
    shared_prefix_fraction: Annotated[float, Field(ge=0, lt=1)] | None = _said(
        "part of each prompt that is common to many", 0.5
    )
    shared_prefixes: Load | None = _said("how many such common beginnings there are", 10)
    turns: Load | None = _said("requests of one conversation, each repeating the ones before", 3)
    trace: Name | None = _said("file of recorded traffic to replay", "traffic.csv")
    trace_speed_factor: Positive | None = _said("how much faster than recorded", 1.0)
    trace_requests: Load | None = _said("at most so many requests of the trace", 1000)
    measure: list[Part] | None = _said("parts to measure", ["curve", "lengths"])
    slo: dict[Promise, Positive] | None = _said(
        "promise whose highest load is searched [ms]", {"ttft_p95_ms": 2000, "tpot_p95_ms": 100}
    )
    repeats: Load | None = _said("windows of each load point", 3)
    max_repeats: Load | None = _said("at most so many, until the precision is reached", 10)
    precision_fraction: Annotated[float, Field(gt=0, lt=1)] | None = _said(
        "half width of throughput's 95 % interval at which a load point is known well enough", 0.03
    )
    requests_per_stream: Load | None = _said("requests of each stream in one window", 3)
    budget_s: Positive | None = _said("time for measuring; the start is not counted [s]", 600)
    seed: Annotated[int, Field(ge=0)] | None = _said("seed of the prompts; drawn and recorded if left out", 7)
    client_workers: Load | None = _said("processes that send requests; as many as are needed if left out", 2)
    host_watts: Positive | None = _said("declared power of the machine without its GPUs [W]", 400)
    max_tokens: Tokens | None = _said("never send and receive more than so many tokens in all", 5_000_000)
    max_usd: Positive | None = _said("never spend more on a paid endpoint [USD]", 5.0)
    usd_per_mtok_input: Annotated[float, Field(ge=0)] | None = _said(
        "price of a million input tokens of the endpoint [USD]", 0.5
    )
    usd_per_mtok_output: Annotated[float, Field(ge=0)] | None = _said(
        "price of a million output tokens of the endpoint [USD]", 1.5
    )
    prometheus: Name | None = _said("also write the run as Prometheus text to this file", "tco_probe.prom")
    out: Name | None = _said("the run's file", "runs/mine.json")

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True, strict=True)


def load_config(path: str | Path) -> ProbeConfig:
    """Reads a file.

    Args:
        path: the YAML file.

    Raises:
        ProbeError: `bad_arguments`, with path and line: what is given, what is allowed, what to do.
    """
    path = Path(path)
    text = read_yaml(path)
    try:
        return _checked(text)
    except ProbeError as error:
        raise ProbeError("bad_arguments", f"{path} {error}") from None


def parse_config(text: str) -> ProbeConfig:
    """Reads YAML text.

    Args:
        text: the file's content.

    Raises:
        ProbeError: see `load_config`; the message begins with the line.

    >>> parse_config("concurrency: [1, 8]").concurrency
    [1, 8]
    """
    return _checked(parse_yaml(text))


def _checked(text: YamlText) -> ProbeConfig:
    data = {} if text.data is None else text.data
    if not isinstance(data, dict):
        raise ProbeError(
            "bad_arguments", "line 1: a probe's file has lines of `option: value`; `tco probe init` writes one."
        )
    try:
        # A whole number is a number; strict mode, which keeps "8" and true from being one, allows that.
        return ProbeConfig.model_validate(data)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        # A misspelt name goes first: it explains what else is missing.
        problem = next((found for found in problems if found["type"] == "extra_forbidden"), problems[0])
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ProbeError("bad_arguments", _sentence(problem, text) + more) from None


def _sentence(problem: ErrorDetails, text: YamlText) -> str:
    path = problem["loc"]
    line, name = text.line_of(path), str(path[0])
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name.lower().replace("-", "_"), _names(), n=3, cutoff=0.5)
        hint = f" Near names: {', '.join(near)}." if near else " `tco probe init` lists all names."
        return f"line {line}: `{shown(name)}` is not an option.{hint}"
    place = name + "".join(
        f"[{part}]" if isinstance(part, int) else f".{shown(part)}" for part in path[1:] if part != "[key]"
    )
    reason = problem["msg"][:1].lower() + problem["msg"][1:]
    if name == "api_key_env":
        # Whoever wrote the key itself must not find it in a log.
        return f"line {line}: `{name}` is the name of an environment variable, such as MY_API_KEY; the key itself never goes into a file."
    return f"line {line}: `{place}`: {shown(json.dumps(problem['input'], default=str))} is given; {reason}. It is: {_description(name)}."


def _names() -> list[str]:
    return [field.alias or name for name, field in ProbeConfig.model_fields.items()]


def _description(name: str) -> str:
    field = ProbeConfig.model_fields["schema_" if name == "schema" else name]
    example = f", for example {json.dumps(field.examples[0])}" if field.examples else ""
    return f"{field.description}{example}"


def example_config() -> str:
    """A file with every option, its meaning and an example; all but a few are commented out.

    >>> parse_config(example_config()).concurrency
    [1, 2, 4, 8, 16]
    """
    lines = [
        "# Options of `tco probe run --config THIS_FILE`. What is given on the command line wins over this file.",
        "# A line that begins with # is left out; so is its option.",
        f"schema: {SCHEMA}",
    ]
    for name, field in ProbeConfig.model_fields.items():
        if name == "schema_":
            continue
        example = json.dumps((field.examples or [None])[0])
        lines += ["", f"# {field.description}", f"{'' if name in _SHOWN_ACTIVE else '# '}{name}: {example}"]
    return "\n".join(lines) + "\n"


_SHOWN_ACTIVE = {"concurrency", "input_tokens", "output_tokens", "budget_s"}
