"""From the options of `tco probe run` and `resume` to a settled session, or to a sentence that says what is wrong."""

from __future__ import annotations

import datetime as dt
import os
import re
import secrets
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pricing import canonical_gpu
from probes import (
    Endpoint,
    Engine,
    Environment,
    Model,
    ModelSource,
    Plan,
    ProbeError,
    RunHeader,
    describe_environment,
    engine_packages,
    is_loopback,
    resolve_model,
)
from probes.engines import DEFAULT_START_TIMEOUT_S, VllmOptions, default_max_model_len, uses_cpu, vllm_args
from probes.servers.profiles import find_profile, profile_of_url
from tco.cli._probe_options import RunRequest, parse_layers
from tco.cli._probe_session import Session
from tco.cli._probe_spending import capped, spending_guard
from tco.cli._probe_workload import plan_of, workload_of

if TYPE_CHECKING:
    pass

_BIG_GPU_GIB = 20
"""From this much GPU memory on, the default model is one that people really serve."""


def new_session(request: RunRequest) -> Session:
    """Settles everything for a new run.

    Args:
        request: the options.

    Raises:
        ProbeError: options contradict each other, a value is out of range, a name is unknown, or the file exists already.
    """
    _check_conflicts(request)
    plan = plan_of(request)
    if request.endpoint is not None:
        return _endpoint_session(request, plan)
    return _engine_session(request, plan)


def _check_conflicts(request: RunRequest) -> None:
    engine_only: dict[str, Any] = {
        "--model": request.model,
        "--weights": request.weights,
        "--dtype": request.dtype,
        "--quantization": request.quantization,
        "--max-model-len": request.max_model_len,
        "--tensor-parallel-size": request.tensor_parallel_size,
        "--pipeline-parallel-size": request.pipeline_parallel_size,
        "--layers": request.layers,
        "--engine-arg": request.engine_arg or None,
        "--port": request.port,
        "--start-timeout": request.start_timeout_s,
    }
    endpoint_only: dict[str, Any] = {
        "--served-model": request.served_model,
        "--api-key-env": request.api_key_env,
        "--profile": request.profile,
        "--max-usd": request.max_usd,
        "--max-tokens": request.max_tokens,
        "--usd-per-mtok-input": request.usd_per_mtok_input,
        "--usd-per-mtok-output": request.usd_per_mtok_output,
    }
    if request.endpoint is not None:
        given = [name for name, value in engine_only.items() if value is not None]
        rule = "belongs to an engine that the probe starts; --endpoint measures one that runs already"
    else:
        given = [name for name, value in endpoint_only.items() if value is not None]
        rule = "needs --endpoint URL"
    if given:
        raise ProbeError("bad_arguments", f"{given[0]} {rule}. Leave one of them out.")


def _endpoint_session(request: RunRequest, plan: Plan) -> Session:
    assert request.endpoint is not None
    url = base_url(request.endpoint)
    profile = find_profile(request.profile) if request.profile else profile_of_url(url)
    if request.served_model is None:
        raise ProbeError("bad_arguments", f"--endpoint needs --served-model NAME; {url}/v1/models lists the names.")
    key_env = request.api_key_env
    if key_env is None and profile is not None and profile.api_key_env in os.environ:
        key_env = profile.api_key_env
    named = capped(plan, profile, request.served_model).model_copy(
        update={
            "endpoint": url,
            "served_model_name": request.served_model,
            "api_key_env": key_env,
            "profile": None if profile is None else profile.name,
        }
    )
    header = _header(environment_of(url), Engine(name="openai-compatible"), Model(name=request.served_model))
    work = workload_of(request)
    return Session(
        target=reach(url, request.served_model, key_env),
        header=header,
        shape=work.shape,
        plan=named,
        out=_out_file(request.out, request.served_model, force=request.force),
        trace=work.arrivals,
        warnings=work.warnings,
        guard=spending_guard(named, work.shape),
        client_workers=request.client_workers,
        prometheus=request.prometheus,
    )


def reach(url: str, served_model: str, api_key_env: str | None) -> Endpoint:
    """An endpoint that runs already, with its key from the environment.

    Raises:
        ProbeError: `bad_arguments` when the variable for the key is not set.
    """
    api_key = os.environ.get(api_key_env) if api_key_env else None
    if api_key_env and not api_key:
        message = f"--api-key-env {api_key_env}: this environment variable is not set. Set it to the key, not on the command line."
        raise ProbeError("bad_arguments", message)
    return Endpoint(base_url=url, served_model_name=served_model, api_key=api_key, prompt="text")


def environment_of(url: str) -> Environment:
    """This machine where the endpoint is on it, else a note that its machine is not known."""
    if is_loopback(url):
        return describe_environment()
    return Environment(note="The endpoint is on another machine, whose hardware is not known.")


def base_url(text: str) -> str:
    """An endpoint's address without `/v1` and without a trailing slash.

    >>> base_url("http://127.0.0.1:8000/v1/")
    'http://127.0.0.1:8000'

    Raises:
        ProbeError: `bad_arguments` for another scheme, a missing host, or a password in the address.
    """
    url = text.rstrip("/").removesuffix("/v1").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        message = f"--endpoint {text!r} is not an address of a server. Write for example http://127.0.0.1:8000."
        raise ProbeError("bad_arguments", message)
    if parts.username is not None or parts.query:
        message = "--endpoint carries a user name, password or query, which would end up in the run file. Use --api-key-env VARIABLE."
        raise ProbeError("bad_arguments", message)
    return url


def _engine_session(request: RunRequest, plan: Plan) -> Session:
    environment = describe_environment()
    on_cpu = uses_cpu(engine_packages())
    model = resolve_model(request.model or default_model(environment, on_cpu=on_cpu))
    work = workload_of(request, context_limit_tokens=request.max_model_len or model.max_tokens)
    target = _options(request, model, work.longest(plan), on_cpu=on_cpu)
    header = _header(environment, Engine(name="vllm"), Model(name=model.name))
    return Session(
        target=target,
        header=on_gpus(header, target.gpus, on_cpu=on_cpu),
        shape=work.shape,
        plan=plan.model_copy(update={"model": _reference(model)}),
        out=_out_file(request.out, model.name, force=request.force),
        layers=parse_layers(request.layers),
        trace=work.arrivals,
        warnings=work.warnings,
        client_workers=request.client_workers,
        prometheus=request.prometheus,
    )


def _reference(model: ModelSource) -> str:
    """What `resume` needs to find the model again, also from another folder."""
    return model.path if model.kind == "folder" else model.reference


def default_model(environment: Environment, *, on_cpu: bool) -> str:
    """The model that is timed when none is named: Qwen3-8B where a GPU has at least 20 GiB, else Qwen3-0.6B.

    Args:
        environment: the machine.
        on_cpu: the installed engine computes on the processor.
    """
    big = not on_cpu and any(gpu.memory_gib >= _BIG_GPU_GIB for gpu in environment.gpus)
    return "Qwen3-8B" if big else "Qwen3-0.6B"


def _options(request: RunRequest, model: ModelSource, longest: tuple[int, int], *, on_cpu: bool) -> VllmOptions:
    weights = request.weights or ("real" if model.has_weights else "dummy")
    if weights == "real" and not model.has_weights:
        message = f"--weights real: {model.reference} comes without weights. Name a Hugging Face id or a folder with *.safetensors."
        raise ProbeError("bad_arguments", message)
    dtype, parallel = request.dtype or "bfloat16", request.tensor_parallel_size or 1
    stages = request.pipeline_parallel_size or 1
    fitting = default_max_model_len(*longest, model.max_tokens)
    args = vllm_args(
        weights=weights,
        dtype=dtype,
        quantization=request.quantization,
        max_model_len=request.max_model_len or fitting,
        tensor_parallel_size=parallel,
        pipeline_parallel_size=stages,
        extra=request.engine_arg,
        on_cpu=on_cpu,
    )
    return VllmOptions(
        model=model,
        weights=weights,
        args=args,
        dtype=dtype,
        quantization=request.quantization,
        tensor_parallel_size=parallel,
        pipeline_parallel_size=stages,
        port=request.port,
        start_timeout_s=request.start_timeout_s or DEFAULT_START_TIMEOUT_S,
    )


def _header(environment: Environment, engine: Engine, model: Model) -> RunHeader:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return RunHeader(
        run_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        created_at=now.isoformat(),
        tool_version=metadata.version("tco-llm"),
        environment=environment,
        engine=engine,
        model=model,
    )


def on_gpus(header: RunHeader, gpus_per_replica: int, *, on_cpu: bool) -> RunHeader:
    """The header with the GPU's name as the price book has it, else as the driver has it, and how many serve one copy of the model."""
    if on_cpu or not header.environment.gpus:
        return header
    driver_name = header.environment.gpus[0].name
    return replace(header, gpu=canonical_gpu(driver_name) or driver_name, gpus_per_replica=gpus_per_replica)


def _out_file(out: Path | None, name: str, *, force: bool) -> Path:
    if out is None:
        safe = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "model"
        out = Path("runs") / f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{safe}.json"
    if out.exists() and not force:
        message = (
            f"--out {out} exists already. Add --force to overwrite it, or go on with it by `tco probe resume {out}`."
        )
        raise ProbeError("bad_arguments", message)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProbeError("bad_arguments", f"--out {out}: the folder cannot be made ({error.strerror}).") from None
    if out.is_dir() or not os.access(out.parent, os.W_OK):
        raise ProbeError("bad_arguments", f"--out {out} cannot be written. Name a file in a folder that is yours.")
    return out
