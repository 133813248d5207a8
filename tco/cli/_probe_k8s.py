"""`tco probe k8s`: a probe as a Kubernetes Job, to be read and applied by the user."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from probes import ProbeError
from probes.remote.k8s import JobOptions, job_manifest, manifest_text, parse_label, parse_secret
from tco.cli._probe_options import parse_budget_s
from tco.cli._shared import console, fail, print_json

_IMAGE_HELP = (
    "Image that holds this tool, and an engine if one is started; with a tag or digest. "
    "One is built by `FROM vllm/vllm-openai:VERSION`, `RUN pip install tco-llm`, `ENTRYPOINT []`."
)


def k8s_command(
    run_options: Annotated[
        list[str] | None, typer.Argument(metavar="[-- OPTIONS]", help="Options of `tco probe run`, after two dashes.")
    ] = None,
    *,
    image: Annotated[str, typer.Option(help=_IMAGE_HELP)],
    name: Annotated[str, typer.Option(help="Name of the Job.")] = "tco-probe",
    namespace: Annotated[str | None, typer.Option(help="Namespace; kubectl's own if left out.")] = None,
    gpus: Annotated[int, typer.Option(min=0, max=1024, help="GPUs of the pod; 0 to measure an endpoint.")] = 1,
    gpu_resource: Annotated[str, typer.Option(help="What the cluster calls its GPUs.")] = "nvidia.com/gpu",
    cpu: Annotated[str, typer.Option(help="Processor cores.")] = "8",
    memory: Annotated[str, typer.Option(help="Main memory.")] = "64Gi",
    deadline: Annotated[str, typer.Option(help="The Job is ended after so long: 90s, 30m or 2h.")] = "2h",
    node_label: Annotated[
        list[str] | None, typer.Option(help="Only nodes with this label, as KEY=VALUE; repeatable.")
    ] = None,
    secret_env: Annotated[
        list[str] | None, typer.Option(help="Variable from a secret, as VARIABLE=SECRET:KEY; repeatable. Names only.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of stdout.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the Job as JSON.")] = False,
) -> None:
    """Print a Kubernetes Job that runs a probe, with the commands that start it and fetch its record."""
    try:
        options = JobOptions(
            image=image,
            args=run_options or [],
            name=name,
            namespace=namespace,
            gpus=gpus,
            gpu_resource=gpu_resource,
            cpu=cpu,
            memory=memory,
            deadline_s=max(1, round(parse_budget_s(deadline) or 0)),
            node_labels=dict(parse_label(text) for text in node_label or []),
            secrets=[parse_secret(text) for text in secret_env or []],
        )
        text = manifest_text(options)
    except ProbeError as error:
        fail(str(error).replace("--budget", "--deadline"))
    if out is not None:
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            fail(f"--out {out}: cannot be written ({error.strerror}). Name another file.")
        console().print(
            f"{out}: read it, then `kubectl apply -f {out}`; its first lines say how to go on.",
            markup=False,
            soft_wrap=True,
        )
    if as_json:
        print_json(job_manifest(options))
    elif out is None:
        typer.echo(text, nl=False)
