from __future__ import annotations

import kubernetes_validate
import pytest
import yaml

from tco.handover.autoscale import horizontal_pod_autoscaler
from tco.handover.kubernetes import manifests, roll_out, workload
from tco.handover.yaml_out import yaml_text
from tests.tco.handover.samples import ENGINE, across_machines, deployment, growing, measured, on_cpu

AMD = {"gpu": "MI300X"}
KINDS = {
    "one": deployment,
    "growing": growing,
    "cpu": on_cpu,
    "own": lambda: deployment(option={"kind": "own"}),
    "amd": lambda: deployment(option=AMD),
    "unknown part": lambda: deployment(option={"gpu": "Vapor-9000"}),
}


def pod(made):
    return workload(made)["spec"]["template"]["spec"]


def container(made):
    (only,) = pod(made)["containers"]
    return only


@pytest.mark.parametrize("version", ["1.29", "1.37"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_published_schemas_take_every_manifest(kind, version):
    # Strict: a misspelt field is an error, which a cluster would only warn about.
    for document in yaml.safe_load_all(yaml_text(manifests(KINDS[kind]()))):
        kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("version", ["1.29", "1.37"])
def test_the_published_schema_takes_the_autoscaler(version):
    for made in (growing(), growing(option=AMD)):
        kubernetes_validate.validate(horizontal_pod_autoscaler(made), version, strict=True)


def test_the_published_schema_would_refuse_a_misspelt_field():
    document = workload(deployment())
    document["spec"]["template"]["spec"]["tolerationz"] = []

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, "1.37", strict=True)


def test_a_replica_gets_the_gpus_and_the_part_that_were_costed():
    made = deployment(option={"gpus_per_replica": 4})

    assert {"nvidia.com/gpu": "4"} == container(made)["resources"]["limits"]
    assert {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"} == pod(made)["nodeSelector"]
    assert ["--tensor-parallel-size", "4"] == [
        word for word in container(made)["args"] if word in {"--tensor-parallel-size", "4"}
    ]


def test_amd_parts_have_names_of_their_own():
    made = deployment(option=AMD)
    (term,) = pod(made)["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    (match,) = term["matchExpressions"]

    assert {"amd.com/gpu": "1"} == container(made)["resources"]["limits"]
    assert ("amd.com/gpu.product-name", "In") == (match["key"], match["operator"])
    assert "AMD_Instinct_MI300X_OAM" in match["values"]
    assert "vllm/vllm-openai-rocm:v0.32.0" == container(made)["image"]


def test_without_an_accelerator_cores_are_asked_for_and_a_cpu_image_runs():
    environment = measured().environment.model_copy(update={"cpu_cores": 8})
    engine = ENGINE.model_copy(update={"name": "vllm-cpu"})
    made = deployment(measured(engine=engine, gpu=None, gpus_per_replica=0, environment=environment))

    assert {"requests": {"cpu": "8"}} == container(made)["resources"]
    assert {"requests": {"memory": "18Gi"}} == container(on_cpu())["resources"]
    assert "vllm/vllm-openai-cpu:v0.32.0-x86_64" == container(made)["image"]
    assert {"nodeSelector", "tolerations", "affinity"}.isdisjoint(pod(made))


def test_the_cache_of_a_processor_is_as_large_as_it_was():
    """14,563 tokens of Qwen3-8B: 147,456 bytes each, 2.0 GiB."""
    assert {"name": "VLLM_CPU_KVCACHE_SPACE", "value": "2"} in container(on_cpu())["env"]


def test_a_start_is_given_three_times_what_it_should_take():
    """90 s measured with random weights, and 16.38 GB at 1 Gbit/s: 131.1 s. Three times 221.1 s are 664 s, 67 looks of 10 s."""
    made = deployment()
    startup = container(made)["startupProbe"]

    assert ("/health", 10, 67) == (startup["httpGet"]["path"], startup["periodSeconds"], startup["failureThreshold"])
    assert workload(made)["spec"]["progressDeadlineSeconds"] > 664


def test_the_token_is_a_reference_to_a_secret():
    (token,) = [one for one in container(deployment())["env"] if one["name"] == "HF_TOKEN"]

    assert {"secretKeyRef": {"name": "hugging-face", "key": "token", "optional": True}} == token["valueFrom"]


def test_shared_memory_is_there_and_rights_are_few():
    made = deployment()

    assert {"name": "shared-memory", "emptyDir": {"medium": "Memory"}} in pod(made)["volumes"]
    assert {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}} == container(made)["securityContext"]
    assert pod(made)["automountServiceAccountToken"] is False


def test_service_budget_and_spread_find_the_pods():
    service, replicas, budget = manifests(deployment())
    carried = replicas["spec"]["template"]["metadata"]["labels"].items()

    assert service["spec"]["selector"].items() <= carried
    assert budget["spec"]["selector"]["matchLabels"].items() <= carried
    assert replicas["spec"]["selector"]["matchLabels"].items() <= carried
    (spread,) = replicas["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"].items() <= carried


def test_as_many_may_be_away_as_are_spare():
    """20 requests/s need 13 of 1.6; for 99.9 % of the time two more stand (binomial, see test_replicas), so 15."""
    made = deployment(
        option={"availability_target_fraction": 0.999},
        workload__requests_per_day=20 * 86_400,
        workload__slo={"ttft_p95_ms": 250.0},
    )
    spare = made.scaling.spare_replicas

    assert made.scaling.replicas_by_month[0] - 13 == spare == 2
    assert spare == manifests(made)[2]["spec"]["maxUnavailable"]


def test_upgrades_are_rolled_out_as_they_were_costed():
    costed = {"upgrades": {"upgrades_per_month": 1.0, "max_surge": 2, "max_unavailable": 1}}
    assert {"maxSurge": 2, "maxUnavailable": 1} == roll_out(deployment(option=costed))
    never = {"upgrades": {"upgrades_per_month": 0.0, "max_surge": 2, "max_unavailable": 1}}
    assert {"maxSurge": 1, "maxUnavailable": 0} == roll_out(deployment(option=never))


def test_a_new_version_takes_the_place_of_a_spare_or_one_machine_more():
    assert {"maxSurge": 1, "maxUnavailable": 0} == roll_out(deployment())
    assert {"maxSurge": 0, "maxUnavailable": 1} == roll_out(deployment(option={"kind": "own"}))
    spared = deployment(option={"availability_target_fraction": 0.999})
    assert (1, {"maxSurge": 0, "maxUnavailable": 1}) == (spared.scaling.spare_replicas, roll_out(spared))


def test_a_replica_that_spans_machines_is_a_group_with_a_leader_that_answers():
    made = across_machines()
    service, groups, budget = manifests(made)
    template = groups["spec"]["leaderWorkerTemplate"]
    leader, worker = (template[name]["spec"]["containers"][0] for name in ("leaderTemplate", "workerTemplate"))

    # The set makes a service without an address, of its own name, by which its machines find each other.
    assert service["metadata"]["name"] == f"{groups['metadata']['name']}-leader"
    assert ("LeaderWorkerSet", 2) == (groups["kind"], template["size"])
    assert {"nvidia.com/gpu": "8"} == leader["resources"]["limits"] == worker["resources"]["limits"]
    assert ["--nnodes", "2", "--node-rank", "$(LWS_WORKER_INDEX)", "--master-addr", "$(LWS_LEADER_ADDRESS)"] == leader[
        "args"
    ][-6:]
    assert [*leader["args"], "--headless"] == worker["args"]
    assert ("startupProbe" in leader, "startupProbe" in worker) == (True, False)
    assert "leader" == service["spec"]["selector"]["role"] == budget["spec"]["selector"]["matchLabels"]["role"]


def test_the_groups_pods_are_pods_of_kubernetes():
    """The set's own schema is not among the published ones; its pod templates are those of a Deployment."""
    made = across_machines()
    template = workload(made)["spec"]["leaderWorkerTemplate"]
    for name in ("leaderTemplate", "workerTemplate"):
        document = workload(deployment())
        document["spec"]["template"] = template[name]
        kubernetes_validate.validate(document, "1.37", strict=True)


# The fields of the set's specification, as its API has them (leaderworkerset.x-k8s.io/v1, api/leaderworkerset/v1/leaderworkerset_types.go).
GROUP_SPEC = {"replicas", "leaderWorkerTemplate", "rolloutStrategy", "startupPolicy", "networkConfig"}
GROUP_TEMPLATE = {"leaderTemplate", "workerTemplate", "size", "restartPolicy", "subGroupPolicy"}


def test_a_groups_fields_are_those_of_its_api():
    spec = workload(across_machines())["spec"]

    assert set(spec) <= GROUP_SPEC
    assert set(spec["leaderWorkerTemplate"]) <= GROUP_TEMPLATE
    assert "RecreateGroupOnPodRestart" == spec["leaderWorkerTemplate"]["restartPolicy"]
    assert {"type": "RollingUpdate", "rollingUpdateConfiguration": {"maxSurge": 0, "maxUnavailable": 1}} == spec[
        "rolloutStrategy"
    ]


def test_a_dollar_in_an_argument_is_not_filled_in():
    engine = ENGINE.model_copy(update={"args": ["--chat-template-content-format", "$(HF_TOKEN)"]})

    assert "$$(HF_TOKEN)" in container(deployment(measured(engine=engine)))["args"]


def test_machines_of_one_replica_are_not_spread_over_zones():
    template = workload(across_machines())["spec"]["leaderWorkerTemplate"]

    assert all(
        "topologySpreadConstraints" not in template[name]["spec"] for name in ("leaderTemplate", "workerTemplate")
    )
    assert "topologySpreadConstraints" in pod(deployment())
