"""The folder's README: what was costed, what it promises, how to apply it, how to check it with the probe."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tco.handover.autoscale import PROMETHEUS
from tco.handover.hardware import CLUSTERS, RAY_ACCELERATORS
from tco.handover.kubernetes import service_name
from tco.handover.names import code, markdown
from tco.handover.pods import PORT, TOKEN_KEY, TOKEN_SECRET
from tco.handover.records import FIXED, Deployment, Difference


def readme_text(made: Deployment) -> str:
    """The README in Markdown; text from outside is shown as it is.

    Args:
        made: the deployment.
    """
    sections = (_head, _to_do, _promise, _apply, _scaling, _verify, _differences, _assumed)
    return "\n\n".join("\n".join(lines) for section in sections if (lines := list(section(made)))) + "\n"


def _head(made: Deployment) -> Iterator[str]:
    origin, hardware = made.provenance, made.hardware
    part = f"{hardware.gpus_per_replica} × {markdown(hardware.gpu or 'accelerator')}"
    where = "one machine without an accelerator" if hardware.platform == "cpu" else part
    if hardware.nodes_per_replica > 1:
        where += f" on {hardware.nodes_per_replica} machines"
    yield f"# {made.slug}: the deployment that was costed"
    yield ""
    yield f"Option *{markdown(origin.option)}* of the scenario *{markdown(origin.scenario)}*, written on {origin.made_on}."
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| model | {code(made.model_id)}{_at(made.model.revision)} |"
    yield f"| engine | {made.engine.name} {markdown(made.engine.version or 'of unknown version')}, image {code(made.engine.image)} |"
    yield f"| one replica | {where} |"
    yield f"| replicas | {_replicas(made)} |"
    yield f"| start-up | {made.start_up.total_s:,.0f} s ({_start_up(made)}) |"
    yield f"| run | {code(origin.run_id)} of {markdown(origin.run_created_at)}, evidence {made.promise.evidence} |"
    yield f"| price book | {code(origin.price_book)} of {origin.price_book_as_of} |"
    yield f"| written by | tco {markdown(origin.tool_version)} |"


def _at(revision: str | None) -> str:
    return "" if revision is None else f" at revision {markdown(revision)}"


def _replicas(made: Deployment) -> str:
    scaling = made.scaling
    count = (
        f"{scaling.min_replicas} to {scaling.max_replicas}" if scaling.autoscaled else f"{scaling.max_replicas}, always"
    )
    return f"{count}; policy {markdown(scaling.policy)}, {scaling.spare_replicas} of them spare"


def _start_up(made: Deployment) -> str:
    engine = "engine measured" if made.start_up.measured else "engine as usual, not measured"
    return f"{engine}; fetching the weights {made.start_up.fetch_s:,.0f} s" if made.start_up.fetch_s else engine


def _to_do(made: Deployment) -> Iterator[str]:
    if made.to_do:
        yield "## Before it can run"
        yield ""
        yield from (f"- {markdown(sentence)}" for sentence in made.to_do)


def _promise(made: Deployment) -> Iterator[str]:
    promise = made.promise
    low, high = promise.requests_per_s * promise.relative_low, promise.requests_per_s * promise.relative_high
    band = f"{low:.3g} to {high:.3g}" if low < high else "not stated by the run"
    yield "## What it promises"
    yield ""
    yield f"- Each replica carries **{promise.requests_per_s:.3g} requests/s** of {promise.input_tokens:g} tokens in and {promise.output_tokens:g} out, on average. 95 % interval: {band}."
    for name, limits in (promise.class_slo_ms or {"": promise.slo_ms}).items():
        of = f" of {markdown(name)}" if name else ""
        yield f"- Limits{of} that hold at that load [ms]: {markdown(_limits(limits))}."
    yield f"- Basis: **{promise.basis}**{_BASES[promise.basis]}"
    yield f"- The longest request is {promise.context_tokens:,} tokens, prompt and answer together."
    yield from (f"- {markdown(remark)}" for remark in promise.remarks)


def _limits(limits_ms: dict[str, float]) -> str:
    return ", ".join(f"{name} {limit:g}" for name, limit in limits_ms.items()) or "none"


_BASES = {
    "measured": ": this load was measured.",
    "interpolated": ": between two loads that were measured.",
    "modelled": ": outside of what was measured. Check it before you rely on it (see below).",
}


def _apply(made: Deployment) -> Iterator[str]:
    yield "## How to start it"
    yield ""
    yield (
        "On one machine, with the engine installed: `sh serve.sh`. In a cluster:"
        if made.hardware.nodes_per_replica == 1
        else "In a cluster with [LeaderWorkerSet](https://lws.sigs.k8s.io/docs/installation/), for a replica spans machines:"
    )
    yield ""
    yield "```sh"
    yield f'kubectl create secret generic {TOKEN_SECRET} --from-literal={TOKEN_KEY}="$HF_TOKEN"   # for weights behind a licence; optional'
    yield "kubectl apply -f kubernetes.yaml"
    yield f"kubectl port-forward service/{service_name(made)} {PORT}:{PORT}"
    yield "```"
    yield ""
    label = CLUSTERS.get(made.hardware.platform)
    if label is not None and made.hardware.products:
        yield f"Pods go to nodes whose label `{label.label}` is {' or '.join(code(name) for name in made.hardware.products)}; `kubectl get nodes -L {label.label}` shows yours. A cluster that shares or slices GPUs has other values."
    yield "The weights are fetched by every replica into a volume that ends with it; a PersistentVolumeClaim in place of `model-cache` makes starts faster."
    yield ""
    accelerator = RAY_ACCELERATORS.get(made.hardware.gpu or "")
    known = (
        ""
        if accelerator or made.hardware.platform == "cpu"
        else " Ray has no name for this accelerator, so any will do."
    )
    yield f"On a Ray cluster instead: `serve run ray-serve.yaml`.{known} `ray[llm]` brings a vLLM of its own, whose version may not be the measured one."


def _scaling(made: Deployment) -> Iterator[str]:
    scaling = made.scaling
    yield "## How many replicas"
    yield ""
    months = _by_month(scaling.replicas_by_month)
    if months:
        counted = "Paid for, around the clock" if scaling.policy == FIXED else "In the busiest hour of each month"
        yield f"{counted}: {months}."
    if not scaling.autoscaled:
        yield "The number does not change, so there is no autoscaler."
        return
    if scaling.policy == FIXED:
        yield "The costs count these numbers, not an autoscaler's: raise the least number with the months to hold what was counted, spares included."
    held = (
        f", or more than {scaling.in_flight_per_replica:g} are in flight (running and waiting; Little's law at the promised load)"
        if scaling.in_flight_per_replica is not None
        else ""
    )
    yield ""
    yield f"Another replica is started when there are more than {scaling.waiting_per_replica:g} waiting requests for each one (so many does a replica still answer in time){held}. One is taken away when fewer have been enough for {scaling.scale_down_s:,} s. A new replica helps about {made.start_up.total_s:,.0f} s after its machine is there: load that grows faster breaks the promise for so long. Apply **one** of:"
    yield ""
    yield "- `autoscale-keda.yaml`, with [KEDA](https://keda.sh) in the cluster;"
    yield "- `autoscale-hpa.yaml`, with prometheus-adapter and the rules in `prometheus-adapter-values.yaml` (`helm upgrade --reuse-values -f`)."
    yield ""
    yield f"Both need a Prometheus that reads the pods' `/metrics` with the labels `namespace` and `pod`; KEDA asks it at `{PROMETHEUS}`: put yours there."


def _by_month(counts: tuple[int, ...]) -> str:
    """Replicas by month, months with the same number together.

    >>> _by_month((1, 1, 3))
    '1 in months 1 to 2, 3 in month 3'
    """
    spans: list[tuple[int, int, int]] = []
    for month, count in enumerate(counts, start=1):
        if spans and spans[-1][0] == count:
            spans[-1] = (count, spans[-1][1], month)
        else:
            spans.append((count, month, month))
    return ", ".join(
        f"{count} in month {first}" if first == last else f"{count} in months {first} to {last}"
        for count, first, last in spans
    )


def _verify(made: Deployment) -> Iterator[str]:
    promise = made.promise
    yield "## How to check it"
    yield ""
    yield "Against **one** replica, from a machine near it:"
    yield ""
    yield "```sh"
    for command in verify_commands(made):
        yield shlex.join(command)
    yield "```"
    yield ""
    if promise.class_slo_ms:
        yield "It sends one mean length of all classes and asks for the strictest limit of each kind: that is harder than what was promised. Where it fails, probe each class with its own lengths and limits."
        yield ""
    lowest = promise.requests_per_s * promise.relative_low
    yield f"The goodput that is found should reach {promise.requests_per_s:.3g} requests/s, and not be below {lowest:.3g}. `tco probe show FILE` prints it. Name the file as the option's `run` and plan again: the capacity is then the measured one."


def verify_commands(made: Deployment) -> list[list[str]]:
    """Probes that measure what was promised, against the service on this machine's port: one for each percentile, as a search has one share of requests.

    Args:
        made: the deployment.
    """
    promise = made.promise
    words = ["tco", "probe", "run", "--endpoint", f"http://127.0.0.1:{PORT}", "--served-model", made.model_id]
    words += ["--input-tokens", str(max(1, round(promise.input_tokens)))]
    words += ["--output-tokens", str(max(1, round(promise.output_tokens)))]
    slos = slo_arguments(promise.slo_ms)
    if not slos:
        return [[*words, "--out", "check.json"]]
    return [[*words, "--slo", slo, "--out", f"check-{percentile}.json"] for percentile, slo in slos.items()]


def slo_arguments(slo_ms: dict[str, float]) -> dict[str, str]:
    """The limits as `--slo` takes them, by percentile.

    Args:
        slo_ms: limits by name [ms].

    >>> slo_arguments({"ttft_p95_ms": 1000.0, "tpot_p95_ms": 60.0, "e2e_p99_ms": 20000.0})
    {'p95': 'ttft_p95_ms=1000,tpot_p95_ms=60', 'p99': 'e2e_p99_ms=20000'}
    """
    found: dict[str, list[str]] = {}
    for name, limit in slo_ms.items():
        found.setdefault(name.split("_")[1], []).append(f"{name}={limit:.15g}")
    return {percentile: ",".join(limits) for percentile, limits in sorted(found.items())}


def _differences(made: Deployment) -> Iterator[str]:
    yield "## What is not as it was measured"
    yield ""
    if not made.engine.differences:
        yield "Nothing: the engine is started as it was measured."
        return
    yield "| argument | measured | here | why |"
    yield "|---|---|---|---|"
    yield from (_row(one) for one in made.engine.differences)


def _row(one: Difference) -> str:
    measured = "not given" if one.measured is None else code(one.measured) if one.measured else "given"
    deployed = "left out" if one.deployed is None else code(one.deployed)
    return f"| {code(one.flag)} | {measured} | {deployed} | {markdown(one.reason)} |"


def _assumed(made: Deployment) -> Iterator[str]:
    if made.assumed:
        yield "## What was assumed"
        yield ""
        yield from (f"- {markdown(sentence)}" for sentence in made.assumed)
