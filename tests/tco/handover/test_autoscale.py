from __future__ import annotations

import re

import jsonschema
import pytest

from tco.handover.autoscale import adapter_rules, horizontal_pod_autoscaler, scaled_object
from tests.tco.handover.samples import across_machines, growing

WHOLE = {"type": "integer", "minimum": 0}
TEXT = {"type": "string"}


def fields(required, **properties):
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


# The fields that a ScaledObject may have: keda.sh/v1alpha1, apis/keda/v1alpha1/scaledobject_types.go and scaletriggers_types.go of KEDA, and
# https://keda.sh/docs/latest/reference/scaledobject-spec/. Values of a trigger's metadata are texts.
SCALED_OBJECT = fields(
    ["scaleTargetRef", "triggers"],
    scaleTargetRef=fields(["name"], name=TEXT, apiVersion=TEXT, kind=TEXT, envSourceContainerName=TEXT),
    pollingInterval=WHOLE,
    initialCooldownPeriod=WHOLE,
    cooldownPeriod=WHOLE,
    idleReplicaCount=WHOLE,
    minReplicaCount=WHOLE,
    maxReplicaCount=WHOLE,
    fallback=fields(["failureThreshold", "replicas"], failureThreshold=WHOLE, replicas=WHOLE, behavior=TEXT),
    advanced=fields(
        [],
        restoreToOriginalReplicaCount={"type": "boolean"},
        scalingModifiers={"type": "object"},
        horizontalPodAutoscalerConfig=fields([], name=TEXT, behavior={"type": "object"}),
    ),
    triggers={
        "type": "array",
        "minItems": 1,
        "items": fields(
            ["type", "metadata"],
            type=TEXT,
            name=TEXT,
            metricType={"enum": ["AverageValue", "Value", "Utilization"]},
            useCachedMetrics={"type": "boolean"},
            authenticationRef={"type": "object"},
            metadata={"type": "object", "additionalProperties": TEXT},
        ),
    },
)

# https://keda.sh/docs/latest/scalers/prometheus/
PROMETHEUS_METADATA = {
    *("serverAddress", "query", "threshold", "activationThreshold", "namespace", "customHeaders"),
    *("ignoreNullValues", "queryParameters", "unsafeSsl", "timeout"),
}


@pytest.mark.parametrize("make", [growing, lambda: across_machines(workload__growth_per_month_fraction=0.1)])
def test_kedas_object_has_fields_of_its_definition(make):
    found = scaled_object(make())

    assert ("keda.sh/v1alpha1", "ScaledObject") == (found["apiVersion"], found["kind"])
    jsonschema.validate(found["spec"], SCALED_OBJECT)
    for trigger in found["spec"]["triggers"]:
        assert "prometheus" == trigger["type"]
        assert {"serverAddress", "query", "threshold"} <= set(trigger["metadata"]) <= PROMETHEUS_METADATA


def test_the_definition_would_refuse_a_number_where_a_text_is_wanted():
    found = scaled_object(growing())
    found["spec"]["triggers"][0]["metadata"]["threshold"] = 5

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found["spec"], SCALED_OBJECT)


def test_both_autoscalers_keep_the_costed_numbers():
    """One replica, from month 6 on three; at 1.6 requests/s four are in flight, and 1.6 · 0.25 s = 0.4 may wait, at least one."""
    made = growing()
    keda, hpa = scaled_object(made)["spec"], horizontal_pod_autoscaler(made)["spec"]

    assert (1, 3) == (keda["minReplicaCount"], keda["maxReplicaCount"]) == (hpa["minReplicas"], hpa["maxReplicas"])
    assert ["1", "4"] == [trigger["metadata"]["threshold"] for trigger in keda["triggers"]]
    assert ["1000m", "4000m"] == [one["pods"]["target"]["averageValue"] for one in hpa["metrics"]]
    assert (
        keda["scaleTargetRef"]
        == hpa["scaleTargetRef"]
        == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "rent"}
    )


def test_a_replica_is_not_taken_away_before_two_starts_could_have_passed():
    """90 s and 131 s to fetch 16.4 GB: twice 221 s is 442 s, more than Kubernetes' own 300."""
    made = growing()

    assert 442 == made.scaling.scale_down_s
    assert 442 == scaled_object(made)["spec"]["cooldownPeriod"]
    assert 442 == horizontal_pod_autoscaler(made)["spec"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"]
    assert 30 == scaled_object(made)["spec"]["pollingInterval"]


def test_the_queries_ask_for_the_pods_of_this_deployment_only():
    query = scaled_object(growing())["spec"]["triggers"][0]["metadata"]["query"]
    pods = re.compile(re.search(r'pod=~"([^"]*)"', query)[1])

    assert query.startswith("sum(vllm:num_requests_waiting{")
    assert pods.fullmatch("rent-6d5f9c7b9f-x7k2p")
    assert not pods.fullmatch("rent-2-6d5f9c7b9f-x7k2p")
    assert not pods.fullmatch("other-rent-6d5f9c7b9f-x7k2p")


def test_of_a_group_only_the_leader_is_asked():
    made = across_machines(workload__growth_per_month_fraction=0.1)
    query = scaled_object(made)["spec"]["triggers"][0]["metadata"]["query"]
    pods = re.compile(re.search(r'pod=~"([^"]*)"', query)[1])

    assert (True, False) == (bool(pods.fullmatch("own-0")), bool(pods.fullmatch("own-0-1")))
    assert "LeaderWorkerSet" == scaled_object(made)["spec"]["scaleTargetRef"]["kind"]


def test_when_prometheus_is_silent_the_largest_fleet_stands():
    spec = scaled_object(growing())["spec"]

    assert {"failureThreshold": 3, "replicas": 3} == spec["fallback"]
    assert {"false"} == {trigger["metadata"]["ignoreNullValues"] for trigger in spec["triggers"]}
    # KEDA falls back only for a trigger of this type.
    assert {"AverageValue"} == {trigger["metricType"] for trigger in spec["triggers"]}


def test_the_adapter_gives_the_metrics_that_the_autoscaler_names():
    given = {rule["name"]["as"] for rule in adapter_rules()["rules"]["custom"]}
    wanted = {one["pods"]["metric"]["name"] for one in horizontal_pod_autoscaler(growing())["spec"]["metrics"]}

    assert wanted == given
    assert all(":" not in name for name in given)


def test_without_times_of_requests_only_waiting_ones_are_watched():
    made = growing()
    made = made.model_copy(update={"scaling": made.scaling.model_copy(update={"in_flight_per_replica": None})})

    assert 1 == len(scaled_object(made)["spec"]["triggers"]) == len(horizontal_pod_autoscaler(made)["spec"]["metrics"])
