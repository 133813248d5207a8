"""The options of `tco probe run` and its sisters, as typer reads them; what they mean is in `_probe_options`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Literal

import typer

from tco.cli._probe_options import RunRequest

REQUEST_FIELDS = frozenset(field.name for field in dataclasses.fields(RunRequest))

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
ProgressFile = Annotated[
    Path | None, typer.Option("--progress-file", help="Write every event to this file as one JSON line.")
]

Model = Annotated[str | None, typer.Option(help="Shipped name, folder or Hugging Face id; see `tco probe env`.")]
EndpointUrl = Annotated[str | None, typer.Option("--endpoint", help="Measure this OpenAI-compatible server instead.")]
ServedModel = Annotated[str | None, typer.Option(help="Model name that the endpoint serves.")]
ApiKeyEnv = Annotated[str | None, typer.Option(help="Environment variable that holds the endpoint's key.")]
ProfileName = Annotated[
    str | None, typer.Option("--profile", help="Which kind of server the endpoint is; found out if left out.")
]
Weights = Annotated[
    Literal["dummy", "real"] | None,
    typer.Option(help="Random weights, or real ones; real where the model comes with some."),
]
Dtype = Annotated[str | None, typer.Option(help="Number format; bfloat16 if left out.")]
Quantization = Annotated[str | None, typer.Option(help="vLLM's name of a quantization method.")]
MaxModelLen = Annotated[int | None, typer.Option(min=1, help="Longest request in tokens; just enough if left out.")]
TensorParallel = Annotated[int | None, typer.Option(min=1, help="GPUs that share each layer.")]
PipelineParallel = Annotated[int | None, typer.Option(min=1, help="Stages of layers, each on its own GPUs.")]
Layers = Annotated[
    str | None,
    typer.Option(
        help="Run only so many layers, as 4,8, and carry the times to the full depth: for a model that does not fit."
    ),
]
EngineArg = Annotated[
    list[str] | None, typer.Option(help="Further engine flag, as --engine-arg=--flag=value; repeatable.")
]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the engine; a free one if left out.")]
StartTimeout = Annotated[
    float | None, typer.Option("--start-timeout", min=1, help="Seconds to wait for the engine; 600 if left out.")
]

Concurrency = Annotated[
    str, typer.Option(help="Load points: requests always in flight; `auto` doubles until more gives no more.")
]
Rate = Annotated[str | None, typer.Option(help="Open-loop load points: requests a second that arrive at random.")]
ArrivalsKind = Annotated[
    Literal["poisson", "constant", "gamma"], typer.Option("--arrivals", help="How the requests of an open loop arrive.")
]
Burstiness = Annotated[float, typer.Option(help="Shape of gamma arrivals: 1 is Poisson, less is burstier.")]
InputTokens = Annotated[int, typer.Option(min=1, help="Tokens in a prompt, on average.")]
OutputTokens = Annotated[int, typer.Option(min=1, help="Tokens in an answer, on average.")]
LengthsSpec = Annotated[
    str | None, typer.Option("--lengths", help="fixed, uniform:0.5, lognormal:1.0,corr=0.3 or pairs:FILE.csv.")
]
SharedPrefix = Annotated[float, typer.Option(help="Share of each prompt that is a common beginning.")]
SharedPrefixes = Annotated[int, typer.Option(min=1, help="How many common beginnings there are.")]
Turns = Annotated[int, typer.Option(min=1, help="Requests in a conversation; each repeats the ones before.")]
TraceFile = Annotated[
    Path | None, typer.Option("--trace", help="Replay recorded traffic: Azure's, Mooncake's or your own CSV or JSONL.")
]
TraceSpeed = Annotated[float, typer.Option(help="Replay so many times faster.")]
TraceRequests = Annotated[int | None, typer.Option(min=1, help="Replay the first so many requests only.")]
SloText = Annotated[
    str | None,
    typer.Option(
        "--slo", help="Search the highest random load that keeps a promise: ttft_p95_ms=2000,tpot_p95_ms=100."
    ),
]
Measure = Annotated[
    str | None, typer.Option(help="Parts: curve, goodput, lengths, prefill, context, trace, idle, or all.")
]
Repeats = Annotated[int, typer.Option(min=1, help="Repeats of each load point at least.")]
MaxRepeats = Annotated[int | None, typer.Option(min=1, help="At most; twice --repeats if left out.")]
Precision = Annotated[
    float | None, typer.Option(min=0.001, max=1, help="Stop repeating when throughput is known to this fraction; 0.05.")
]
RequestsPerStream = Annotated[int, typer.Option(min=1, help="Requests of each stream in one repeat.")]
Budget = Annotated[str | None, typer.Option(help="Time for measuring: 90s, 10m or 1h; the start is not counted.")]
HostWatts = Annotated[float | None, typer.Option(min=0, help="Power of the whole machine, if you know it [W].")]
MaxUsd = Annotated[float | None, typer.Option(min=0, help="Stop before a paid endpoint costs more; 5 if left out.")]
MaxTokens = Annotated[int | None, typer.Option(min=1, help="Stop before so many tokens were used.")]
UsdInput = Annotated[
    float | None,
    typer.Option("--usd-per-mtok-input", min=0, help="Price of a million input tokens; else the price book's."),
]
UsdOutput = Annotated[
    float | None, typer.Option("--usd-per-mtok-output", min=0, help="Price of a million output tokens; likewise.")
]
ClientWorkers = Annotated[
    int | None, typer.Option(min=1, help="Processes of the load client; as many as the load needs if left out.")
]
Seed = Annotated[int | None, typer.Option(min=0, help="Seed of the prompts; drawn and recorded if left out.")]
Out = Annotated[Path | None, typer.Option(help="The run's file; runs/<time>-<model>.json if left out.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the file.")]
PrometheusFile = Annotated[
    Path | None, typer.Option("--prometheus", help="Also write the run as Prometheus text, for a textfile collector.")
]

SshPython = Annotated[str | None, typer.Option("--ssh-python", help="Which Python measures on the host.")]
SshConfig = Annotated[Path | None, typer.Option("--ssh-config", help="Another configuration file for ssh.")]
SshInstall = Annotated[
    bool,
    typer.Option(
        "--ssh-install/--no-ssh-install", help="Install missing packages there, into a folder that is removed."
    ),
]
