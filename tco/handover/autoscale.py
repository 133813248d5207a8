"""Autoscalers on waiting requests: a HorizontalPodAutoscaler with its adapter's rules, or KEDA. One of the two is applied, not both.

Two numbers are watched, and the one that asks for more replicas counts. *Waiting* requests answer fast to a burst: `waiting / W` replicas answer them in time. But
nothing waits while a fleet is just large enough, so waiting requests alone would send it back to its smallest size whenever it works well. *Requests in flight* hold it:
`(running + waiting) / L` replicas are as full as the promise allows. W and L are `Scaling.waiting_per_replica` and `Scaling.in_flight_per_replica`.

Field meanings: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/, https://keda.sh/docs/latest/reference/scaledobject-spec/,
https://keda.sh/docs/latest/scalers/prometheus/, https://github.com/kubernetes-sigs/prometheus-adapter/blob/master/docs/config.md.
"""

from __future__ import annotations

import math
from typing import Any

from tco.handover.kubernetes import target
from tco.handover.pods import labels
from tco.handover.records import Deployment

PROMETHEUS = "http://prometheus-operated.monitoring.svc:9090"
"""The service that the Prometheus operator makes, in its customary namespace."""

WAITING = "vllm:num_requests_waiting"
RUNNING = "vllm:num_requests_running"

WAITING_METRIC = "vllm_num_requests_waiting"
IN_FLIGHT_METRIC = "vllm_num_requests_in_flight"
"""Names in the cluster's own API, which takes no colon."""

_STEP_S = 60
_KEDA_FAILURES = 3


def horizontal_pod_autoscaler(made: Deployment) -> dict[str, Any]:
    """The HorizontalPodAutoscaler; its metrics come from prometheus-adapter with `adapter_rules`."""
    scaling = made.scaling
    metrics = [_pods_metric(WAITING_METRIC, scaling.waiting_per_replica)]
    if scaling.in_flight_per_replica is not None:
        metrics.append(_pods_metric(IN_FLIGHT_METRIC, scaling.in_flight_per_replica))
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": made.slug, "labels": labels(made)},
        "spec": {
            "scaleTargetRef": target(made),
            "minReplicas": max(1, scaling.min_replicas),
            "maxReplicas": scaling.max_replicas,
            "metrics": metrics,
            "behavior": _behavior(made),
        },
    }


def adapter_rules() -> dict[str, Any]:
    """Values of the chart `prometheus-community/prometheus-adapter` that give the cluster these metrics of a pod."""
    pods = "sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)"
    waiting = f"sum({WAITING}{{<<.LabelMatchers>>}}) by (<<.GroupBy>>)"
    return {
        "rules": {
            "custom": [
                _rule(WAITING, WAITING_METRIC, pods),
                _rule(RUNNING, IN_FLIGHT_METRIC, f"{pods} + {waiting}"),
            ]
        }
    }


def scaled_object(made: Deployment) -> dict[str, Any]:
    """KEDA's ScaledObject, which asks Prometheus itself.

    `cooldownPeriod` counts only on the way to no replica; between one and more the HorizontalPodAutoscaler that KEDA makes keeps `behavior`. Where Prometheus does not
    answer, the largest fleet stands: what was promised comes before what it costs.
    """
    scaling = made.scaling
    triggers = [_trigger("waiting", f"sum({WAITING}{_series(made)})", scaling.waiting_per_replica)]
    if scaling.in_flight_per_replica is not None:
        query = f"sum({RUNNING}{_series(made)}) + sum({WAITING}{_series(made)})"
        triggers.append(_trigger("in-flight", query, scaling.in_flight_per_replica))
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": made.slug, "labels": labels(made)},
        "spec": {
            "scaleTargetRef": target(made),
            "pollingInterval": scaling.polling_s,
            "cooldownPeriod": scaling.scale_down_s,
            "minReplicaCount": scaling.min_replicas,
            "maxReplicaCount": scaling.max_replicas,
            "fallback": {"failureThreshold": _KEDA_FAILURES, "replicas": scaling.max_replicas},
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behavior(made)}},
            "triggers": triggers,
        },
    }


def _behavior(made: Deployment) -> dict[str, Any]:
    """Up at once to what is needed; down by one replica a minute, when fewer have been enough for long."""
    return {
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "policies": [{"type": "Percent", "value": 100, "periodSeconds": _STEP_S}],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": made.scaling.scale_down_s,
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": _STEP_S}],
        },
    }


def _pods_metric(name: str, per_replica: float) -> dict[str, Any]:
    # A quantity of Kubernetes in thousandths: it has no other fractions.
    value = {"type": "AverageValue", "averageValue": f"{math.floor(per_replica * 1000)}m"}
    return {"type": "Pods", "pods": {"metric": {"name": name}, "target": value}}


def _rule(series: str, name: str, query: str) -> dict[str, Any]:
    return {
        "seriesQuery": f'{series}{{namespace!="",pod!=""}}',
        "resources": {"overrides": {"namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}}},
        "name": {"as": name},
        "metricsQuery": query,
    }


def _series(made: Deployment) -> str:
    """Labels of the series: the pods of this deployment that answer, and none of another whose name begins alike.

    A slug is plain letters, digits and hyphens, so nothing has to be quoted. Prometheus matches whole labels.
    """
    pods = "[0-9]+" if made.hardware.nodes_per_replica > 1 else "[a-z0-9]+-[a-z0-9]+"
    return f'{{pod=~"{made.slug}-{pods}"}}'


def _trigger(name: str, query: str, per_replica: float) -> dict[str, Any]:
    return {
        "type": "prometheus",
        "name": name,
        "metricType": "AverageValue",
        # Without the pods' numbers nothing is known: an error, on which `fallback` counts, and not a load of zero.
        "metadata": {
            "serverAddress": PROMETHEUS,
            "query": query,
            "threshold": f"{per_replica:g}",
            "ignoreNullValues": "false",
        },
    }
