"""The pod of one replica: its container, where it may run, how a cluster sees that it is ready.

Field meanings: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/.
"""

from __future__ import annotations

import math
from typing import Any

from tco.handover.hardware import CLUSTERS
from tco.handover.records import Deployment

PORT = 8000
"""vLLM's own port."""

TOKEN_SECRET = "hugging-face"  # noqa: S105 - the name of a secret, not one
TOKEN_KEY = "token"  # noqa: S105 - likewise

_PROBE_S = 10
_CACHE = "/root/.cache/huggingface"
_RENDER_GROUPS = [44, 109]
"""Groups `video` and `render` of Ubuntu, which own an AMD GPU's devices (vLLM's documentation adds `video`)."""


def labels(made: Deployment) -> dict[str, str]:
    """Labels of everything that belongs to a deployment."""
    return {
        "app.kubernetes.io/name": "vllm",
        "app.kubernetes.io/instance": made.slug,
        "app.kubernetes.io/managed-by": "tco",
    }


def selector(made: Deployment) -> dict[str, str]:
    """Labels by which its pods are found."""
    return {"app.kubernetes.io/name": "vllm", "app.kubernetes.io/instance": made.slug}


def provenance_notes(made: Deployment) -> dict[str, str]:
    """Where the deployment comes from; the values are text from outside, which an annotation may hold."""
    origin = made.provenance
    return {
        "tco-scenario": origin.scenario,
        "tco-option": origin.option,
        "tco-run-id": origin.run_id,
        "tco-price-book": origin.price_book,
        "tco-made-on": origin.made_on.isoformat(),
    }


def pod_template(made: Deployment, arguments: list[str], *, role: str | None = None) -> dict[str, Any]:
    """The template of a pod that serves.

    Args:
        made: the deployment.
        arguments: of `vllm serve`, the model first, as Kubernetes is to take them (see `literal`).
        role: `leader` or `worker` where a replica spans machines; a worker answers no requests, so nothing asks it whether it is ready.
    """
    extra = {} if role is None else {"role": role}
    # Prometheus's customary way to be told which pods have a page of numbers.
    scraped = {"prometheus.io/scrape": "true", "prometheus.io/port": str(PORT), "prometheus.io/path": "/metrics"}
    return {
        "metadata": {"labels": labels(made) | extra, **({} if role == "worker" else {"annotations": scraped})},
        "spec": _pod(made, arguments, serves=role != "worker"),
    }


def literal(word: str) -> str:
    """Kubernetes replaces `$(NAME)` in arguments by an environment variable, unless the dollar is doubled.

    >>> literal("$(HF_TOKEN)")
    '$$(HF_TOKEN)'
    """
    return word.replace("$(", "$$(")


def _pod(made: Deployment, arguments: list[str], *, serves: bool) -> dict[str, Any]:
    security: dict[str, Any] = {"seccompProfile": {"type": "RuntimeDefault"}}
    if made.hardware.platform == "amd":
        # As vLLM's documentation has it: the driver's memory calls are not in the default filter.
        security = {"seccompProfile": {"type": "Unconfined"}, "supplementalGroups": list(_RENDER_GROUPS)}
    pod: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": security,
        "terminationGracePeriodSeconds": _grace_s(made),
        "containers": [_container(made, arguments, serves=serves)],
        # Processes that share a model exchange tensors through shared memory, whose default is 64 MiB.
        "volumes": [
            {"name": "shared-memory", "emptyDir": {"medium": "Memory"}},
            {"name": "model-cache", "emptyDir": {}},
        ],
    }
    return pod | _placement(made) | _spread(made)


def _spread(made: Deployment) -> dict[str, Any]:
    """Replicas over zones; not the machines of one replica, which belong close together."""
    if made.hardware.nodes_per_replica > 1:
        return {}
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(made)},
    }
    return {"topologySpreadConstraints": [spread]}


def _placement(made: Deployment) -> dict[str, Any]:
    """Only nodes with the part that was costed, whose taint is tolerated."""
    if not made.hardware.gpus_per_replica:
        return {}
    cluster = CLUSTERS.get(made.hardware.platform, CLUSTERS["nvidia"])
    placed: dict[str, Any] = {"tolerations": [{"key": cluster.resource, "operator": "Exists", "effect": "NoSchedule"}]}
    products = made.hardware.products
    if len(products) == 1:
        placed["nodeSelector"] = {cluster.label: products[0]}
    elif products:
        match = {"key": cluster.label, "operator": "In", "values": list(products)}
        terms = {"nodeSelectorTerms": [{"matchExpressions": [match]}]}
        placed["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    return placed


def _container(made: Deployment, arguments: list[str], *, serves: bool) -> dict[str, Any]:
    token = {"secretKeyRef": {"name": TOKEN_SECRET, "key": TOKEN_KEY, "optional": True}}
    environment = [{"name": name, "value": literal(value)} for name, value in made.engine.environment.items()]
    container: dict[str, Any] = {
        "name": "vllm",
        "image": made.engine.image,
        "command": ["vllm", "serve"],
        "args": arguments,
        "env": [{"name": "HF_TOKEN", "valueFrom": token}, *environment],
        "resources": _resources(made),
        "securityContext": _rights(made),
        "volumeMounts": [
            {"name": "shared-memory", "mountPath": "/dev/shm"},  # noqa: S108 -- the container's own
            {"name": "model-cache", "mountPath": _CACHE},
        ],
    }
    if serves:
        container |= {"ports": [{"name": "http", "containerPort": PORT}]} | _probes(made)
    return container


def _resources(made: Deployment) -> dict[str, Any]:
    hardware = made.hardware
    if hardware.gpus_per_replica:
        cluster = CLUSTERS.get(hardware.platform, CLUSTERS["nvidia"])
        return {"limits": {cluster.resource: str(hardware.gpus_per_node)}}
    asked = {}
    if hardware.cpu_cores:
        asked["cpu"] = str(hardware.cpu_cores)
    if hardware.memory_gib:
        asked["memory"] = f"{hardware.memory_gib}Gi"
    return {"requests": asked} if asked else {}


def _rights(made: Deployment) -> dict[str, Any]:
    added = {"add": ["SYS_PTRACE"]} if made.hardware.platform == "amd" else {}
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"], **added}}


def _probes(made: Deployment) -> dict[str, Any]:
    """While it starts only the first probe asks; it gives up after the start-up limit."""
    health = {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": _PROBE_S}
    patience = max(3, math.ceil(made.start_up.limit_s / _PROBE_S))
    return {
        "startupProbe": health | {"failureThreshold": patience},
        "readinessProbe": health | {"failureThreshold": 3},
        "livenessProbe": health | {"failureThreshold": 6, "timeoutSeconds": 5},
    }


def _grace_s(made: Deployment) -> int:
    """Time for running requests to end: half a minute, and three mean requests (requests in flight over their rate, by Little's law) [s]."""
    in_flight = made.scaling.in_flight_per_replica or 0.0
    return 30 + math.ceil(3 * in_flight / made.promise.requests_per_s)
