"""`tco probe quick`: finds the server on this machine, measures for about a minute, answers in plain language."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from probes import ProbeError, Run, RunError, engine_packages, is_loopback, save_run
from probes.discover import find_servers
from probes.environment import engine_remedy
from probes.quick import Promise, QuickAnswer, quick_answer
from probes.servers.identify import FoundServer, identify_server
from tco.cli._probe_options import parse_budget_s
from tco.cli._probe_quick_sweep import QuickRequest, QuickSweep
from tco.cli._probe_quick_text import answer_lines, next_commands, traffic
from tco.cli._probe_request import base_url, environment_of
from tco.cli._shared import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_INVALID, EXIT_PREFLIGHT, console, fail, print_json
from tco.cli._signals import stop_signals

SCHEMA = 1
_INVALID_KINDS = ("bad_arguments", "model_not_found")


def quick_command(
    *,
    endpoint: Annotated[
        str | None, typer.Option(help="Measure this server; the one that runs here if left out.")
    ] = None,
    served_model: Annotated[str | None, typer.Option(help="Model name; the one that is loaded if left out.")] = None,
    api_key_env: Annotated[str | None, typer.Option(help="Environment variable that holds the endpoint's key.")] = None,
    input_tokens: Annotated[int, typer.Option(min=1, help="Tokens in a prompt.")] = 256,
    output_tokens: Annotated[int, typer.Option(min=2, help="Tokens in an answer.")] = 64,
    ttft_ms: Annotated[float, typer.Option(min=1, help="Promise: longest wait for the first token.")] = 2000.0,
    tpot_ms: Annotated[float, typer.Option(min=0.1, help="Promise: longest time for each further token.")] = 100.0,
    budget: Annotated[str, typer.Option(help="Time for measuring: 45s or 2m.")] = "45s",
    max_tokens: Annotated[
        int, typer.Option(min=1, help="Never use more tokens than this, in and out together.")
    ] = 500_000,
    out: Annotated[Path | None, typer.Option(help="Also save the run to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Say in about a minute what the server here does: speed, what that serves, what limits it, what to do next."""
    if out is not None and out.exists():
        fail(f"--out {out} exists already. Name another file.")
    try:
        budget_s = parse_budget_s(budget) or 0.0
        key = _key(api_key_env)
        server = asyncio.run(_server(endpoint, key))
        request = QuickRequest(
            server=server,
            model=_model(server, served_model),
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            budget_s=budget_s,
            max_tokens=max_tokens,
            promise=Promise(ttft_ms=ttft_ms, tpot_ms=tpot_ms),
            api_key=key,
        )
    except ProbeError as error:
        fail(str(error), EXIT_INVALID if error.kind in _INVALID_KINDS else EXIT_PREFLIGHT)
    run, elapsed_s, interrupted = _measured(request)
    _finish(request, run, elapsed_s, out, as_json=as_json)
    if interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if not any(cell.requests_ok for cell in run.cells):
        raise typer.Exit(EXIT_INCOMPLETE)


def _key(variable: str | None) -> str | None:
    key = os.environ.get(variable) if variable else None
    if variable and not key:
        raise ProbeError("bad_arguments", f"--api-key-env {variable}: this environment variable is not set.")
    return key


async def _server(endpoint: str | None, key: str | None) -> FoundServer:
    """The server to measure: the one that was named, or the only one that runs here."""
    if endpoint is not None:
        url = base_url(endpoint)
        found = await identify_server(url, api_key=key, timeout_s=10.0, must_list=True)
        if found is None:
            raise ProbeError(
                "endpoint_unreachable",
                f"{url}/v1/models gives no list of models. Start the server, or correct the address.",
            )
        if found.needs_key:
            raise ProbeError(
                "endpoint_refused", f"{url} wants an API key, or another one. Name its variable with --api-key-env."
            )
        return found
    # A key is for one server; here nobody has said for which.
    servers = await find_servers()
    open_ones = [server for server in servers if not server.needs_key]
    if len(open_ones) == 1:
        return open_ones[0]
    if open_ones:
        names = "\n".join(f"  tco probe quick --endpoint {server.base_url}   # {server.title}" for server in open_ones)
        raise ProbeError("bad_arguments", f"{len(open_ones)} servers run here. Name one:\n{names}")
    if servers:
        url = servers[0].base_url
        raise ProbeError(
            "endpoint_refused",
            f"The server at {url} wants an API key: tco probe quick --endpoint {url} --api-key-env VARIABLE",
        )
    raise ProbeError("endpoint_unreachable", _nothing_runs())


def _nothing_runs() -> str:
    engines = ", ".join(f"{name} {version}" for name, version in engine_packages().items())
    elsewhere = "A server on another machine is measured with --endpoint URL, or with `tco probe run --ssh HOST`."
    if engines:
        return f"No server answers on this machine. {engines} is installed: `tco probe run --budget 2m` starts it, measures and stops it. {elsewhere}"
    has_gpu = bool(environment_of("http://127.0.0.1").gpus)
    return f"No server answers on this machine, and no engine is installed (`{engine_remedy(has_gpu=has_gpu)}`). {elsewhere}"


def _model(server: FoundServer, wanted: str | None) -> str:
    if wanted is not None:
        if server.models and wanted not in server.models:
            names = ", ".join(server.models[:10])
            raise ProbeError("model_not_found", f"{server.base_url} does not serve {wanted!r}; it serves {names}.")
        return wanted
    if server.model is None:
        names = ", ".join(server.models[:10]) or "nothing"
        raise ProbeError(
            "model_not_found",
            f"{server.base_url} serves {names}: no model that writes text. Load one, or name it with --served-model.",
        )
    return server.model


def _measured(request: QuickRequest) -> tuple[Run, float, bool]:
    """The run as far as it got, the time that it took [s], and whether it was interrupted."""
    screen = console()
    screen.print(
        f"{request.server.title}, model {request.model}; measuring for up to {request.budget_s:g} s ...",
        markup=False,
        soft_wrap=True,
    )
    quick, began_s = QuickSweep(request), time.monotonic()
    interrupted = False
    with stop_signals():
        try:
            asyncio.run(quick.measure())
        except KeyboardInterrupt:
            interrupted = True
        except ProbeError as error:
            if not quick.cells:
                fail(str(error), EXIT_PREFLIGHT)
            screen.print(f"stopped: {error}", style="yellow", markup=False, soft_wrap=True)
    return quick.run(), time.monotonic() - began_s, interrupted


def _finish(request: QuickRequest, run: Run, elapsed_s: float, out: Path | None, *, as_json: bool) -> None:
    answer = quick_answer(run.cells, request.promise)
    if as_json:
        print_json(_as_json(request, run, answer, elapsed_s))
    else:
        for line in answer_lines(answer, request, elapsed_s):
            typer.echo(line)
    if out is not None:
        try:
            save_run(run, out)
        except RunError as error:
            fail(str(error), EXIT_INCOMPLETE)
        console().print(f"saved: {out}", markup=False, soft_wrap=True)


def _as_json(request: QuickRequest, run: Run, answer: QuickAnswer, elapsed_s: float) -> dict[str, Any]:
    server = request.server
    return {
        "schema": SCHEMA,
        "server": {
            "base_url": server.base_url,
            "kind": server.profile.name,
            "version": server.version,
            "on_this_machine": is_loopback(server.base_url),
        },
        "model": request.model,
        "workload": {"input_tokens": request.input_tokens, "output_tokens": request.output_tokens},
        "promise": asdict(request.promise),
        **asdict(answer),
        "requests_per_day": None if answer.best is None else traffic(answer.best.requests_per_s),
        "tokens_used": sum(cell.input_tokens + cell.output_tokens for cell in run.cells),
        "elapsed_s": round(elapsed_s, 1),
        "next": next_commands(request),
    }
