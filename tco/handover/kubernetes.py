"""Kubernetes manifests of a deployment: the replicas, their service, and how many may be away at once.

A replica on one machine is a pod of a Deployment. One that spans machines is a group of a LeaderWorkerSet (https://lws.sigs.k8s.io): a Deployment or StatefulSet
knows no group of pods that start, fail and are counted together. Its machines work together by vLLM's own multiprocessing (`--nnodes`, `--node-rank`,
`--master-addr`: "Running vLLM with MultiProcessing", docs.vllm.ai, parallelism and scaling).
"""

from __future__ import annotations

from typing import Any

from tco.handover.pods import PORT, labels, literal, pod_template, provenance_notes, selector
from tco.handover.records import Deployment

LEADER_WORKER_SET = "leaderworkerset.x-k8s.io/v1"


def manifests(made: Deployment) -> list[dict[str, Any]]:
    """Service, replicas, disruption budget.

    Args:
        made: the deployment.
    """
    return [_service(made), workload(made), _budget(made)]


def workload(made: Deployment) -> dict[str, Any]:
    """The replicas: a Deployment, or a LeaderWorkerSet where one spans machines."""
    return _groups(made) if made.hardware.nodes_per_replica > 1 else _deployment(made)


def target(made: Deployment) -> dict[str, str]:
    """What an autoscaler scales."""
    if made.hardware.nodes_per_replica > 1:
        return {"apiVersion": LEADER_WORKER_SET, "kind": "LeaderWorkerSet", "name": made.slug}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": made.slug}


def service_name(made: Deployment) -> str:
    """The service that requests go to; a LeaderWorkerSet makes one of its own name, without an address, for its machines."""
    return f"{made.slug}-leader" if made.hardware.nodes_per_replica > 1 else made.slug


def _meta(made: Deployment) -> dict[str, Any]:
    return {"name": made.slug, "labels": labels(made), "annotations": provenance_notes(made)}


def _words(made: Deployment) -> list[str]:
    return [literal(word) for word in (made.model_id, *made.engine.arguments)]


def first_replicas(made: Deployment) -> int:
    """How many are started at first: those of the first month that needs any, within the bounds of the policy."""
    scaling = made.scaling
    first = next((count for count in scaling.replicas_by_month if count > 0), scaling.min_replicas)
    return min(max(first, scaling.min_replicas), scaling.max_replicas)


def roll_out(made: Deployment) -> dict[str, int]:
    """How a new version replaces the old one: as upgrades were costed.

    Where none were, a spare that was paid for makes room; without one a rented machine more is taken, or an own one goes first.
    """
    scaling = made.scaling
    if scaling.max_surge is not None and scaling.max_unavailable is not None:
        return {"maxSurge": scaling.max_surge, "maxUnavailable": scaling.max_unavailable}
    if scaling.spare_replicas > 0 or made.provenance.kind == "own":
        return {"maxSurge": 0, "maxUnavailable": 1}
    return {"maxSurge": 1, "maxUnavailable": 0}


def _deployment(made: Deployment) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _meta(made),
        "spec": {
            "replicas": first_replicas(made),
            "selector": {"matchLabels": selector(made)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": roll_out(made)},
            # A replica that does not start in its time is reported, and not counted as progress.
            "progressDeadlineSeconds": made.start_up.limit_s + 600,
            "template": pod_template(made, _words(made)),
        },
    }


def _groups(made: Deployment) -> dict[str, Any]:
    size = made.hardware.nodes_per_replica
    # LeaderWorkerSet puts these variables into every container; Kubernetes fills them in.
    together = ["--nnodes", str(size), "--node-rank", "$(LWS_WORKER_INDEX)", "--master-addr", "$(LWS_LEADER_ADDRESS)"]
    words = [*_words(made), *together]
    return {
        "apiVersion": LEADER_WORKER_SET,
        "kind": "LeaderWorkerSet",
        "metadata": _meta(made),
        "spec": {
            "replicas": first_replicas(made),
            "rolloutStrategy": {"type": "RollingUpdate", "rollingUpdateConfiguration": roll_out(made)},
            "leaderWorkerTemplate": {
                "size": size,
                # Machines that share a model fail together.
                "restartPolicy": "RecreateGroupOnPodRestart",
                "leaderTemplate": pod_template(made, words, role="leader"),
                "workerTemplate": pod_template(made, [*words, "--headless"], role="worker"),
            },
        },
    }


def _answering(made: Deployment) -> dict[str, str]:
    """Labels of the pods that answer requests."""
    return selector(made) | ({"role": "leader"} if made.hardware.nodes_per_replica > 1 else {})


def _service(made: Deployment) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": service_name(made), "labels": labels(made)},
        "spec": {
            "type": "ClusterIP",
            "selector": _answering(made),
            "ports": [{"name": "http", "port": PORT, "targetPort": "http"}],
        },
    }


def _budget(made: Deployment) -> dict[str, Any]:
    """As many as are spare may be taken away at once; one where none is, or no node could ever be emptied."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": made.slug, "labels": labels(made)},
        "spec": {
            "maxUnavailable": max(1, made.scaling.spare_replicas),
            "selector": {"matchLabels": _answering(made)},
        },
    }
