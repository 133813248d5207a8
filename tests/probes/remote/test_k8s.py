from __future__ import annotations

import subprocess

import kubernetes_validate
import pytest
import yaml

from probes import ProbeError
from probes.remote.k8s import JobOptions, job_manifest, manifest_text, parse_label, parse_secret
from tests.factories import run

IMAGE = "registry.example.com/tco-probe:0.1.0"


def options(**more):
    return JobOptions(**({"image": IMAGE, "args": ["--model", "Qwen3-8B"]} | more))


def pod(manifest):
    return manifest["spec"]["template"]["spec"]


def container(manifest):
    (only,) = pod(manifest)["containers"]
    return only


@pytest.mark.parametrize("version", ["1.29", "1.37"])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"gpus": 0, "namespace": "bench"},
        {
            "gpus": 8,
            "gpu_resource": "amd.com/gpu",
            "node_labels": {"gpu": "mi300x"},
            "secrets": [parse_secret("HF_TOKEN=hf:token")],
        },
    ],
)
def test_the_published_schema_of_a_job_takes_it(more, version):
    # Strict: a misspelt field is an error, which the server itself would only warn about.
    kubernetes_validate.validate(yaml.safe_load(manifest_text(options(**more))), version, strict=True)


def test_the_published_schema_would_refuse_a_misspelt_field():
    manifest = job_manifest(options())
    manifest["spec"]["template"]["spec"]["tolerationz"] = []

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, "1.29", strict=True)


def test_gpus_are_limits_and_bring_shared_memory_and_a_toleration():
    manifest = job_manifest(options(gpus=2))

    assert {"cpu": "8", "memory": "64Gi", "nvidia.com/gpu": "2"} == container(manifest)["resources"]["limits"]
    assert {"cpu": "8", "memory": "64Gi"} == container(manifest)["resources"]["requests"]
    assert "/dev/shm" in [mount["mountPath"] for mount in container(manifest)["volumeMounts"]]
    assert [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}] == pod(manifest)["tolerations"]


def test_without_gpus_none_is_asked_for():
    manifest = job_manifest(options(gpus=0))

    assert {"cpu", "memory"} == set(container(manifest)["resources"]["limits"])
    assert "tolerations" not in pod(manifest)


def test_the_pod_has_no_right_that_it_does_not_need():
    """The restricted level of https://kubernetes.io/docs/concepts/security/pod-security-standards/."""
    manifest = job_manifest(options())
    spec, security = pod(manifest), container(manifest)["securityContext"]

    assert (True, "RuntimeDefault") == (
        spec["securityContext"]["runAsNonRoot"],
        spec["securityContext"]["seccompProfile"]["type"],
    )
    assert (False, ["ALL"]) == (security["allowPrivilegeEscalation"], security["capabilities"]["drop"])
    assert spec["automountServiceAccountToken"] is False
    assert {"emptyDir"} == {key for volume in spec["volumes"] for key in volume} - {"name"}


def test_what_a_user_typed_stays_one_argument_and_is_not_expanded():
    words = ["--engine-arg=--x=$(HF_TOKEN) `id`; rm -rf /", "--model=a b"]
    made = container(yaml.safe_load(manifest_text(options(args=words))))

    assert ["tco", "probe", "run"] == made["command"]
    # A doubled dollar is Kubernetes' way to write one: the variable is not put in.
    assert ["--engine-arg=--x=$$(HF_TOKEN) `id`; rm -rf /", "--model=a b"] == made["args"][:2]


def test_a_secret_is_a_name_only():
    manifest = job_manifest(options(args=["--api-key-env=KEY"], secrets=[parse_secret("KEY=api:key")]))

    assert {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "api", "key": "key"}}} in container(manifest)["env"]


def test_a_value_in_place_of_a_secrets_name_is_refused_and_not_repeated():
    with pytest.raises(ProbeError) as caught:
        parse_secret("HF_TOKEN=hf_notARealToken!")

    assert "notAReal" not in str(caught.value)


@pytest.mark.parametrize("text", ["gpu", "=x", "a b=c", "gpu=a b", "-x=1"])
def test_what_is_no_label_is_refused(text):
    with pytest.raises(ProbeError, match="--node-label"):
        parse_label(text)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"image": "vllm/vllm-openai"}, "tag other than"),
        ({"image": "registry:5000/x"}, "tag other than"),
        ({"image": "x:latest"}, "tag other than"),
        ({"image": "x:1\nkind: Pod"}, "--image"),
        ({"name": "Upper"}, "--name"),
        ({"name": "a" * 64}, "--name"),
        ({"namespace": "a/b"}, "--namespace"),
        ({"memory": "lots"}, "--memory"),
        ({"cpu": "-1"}, "--cpu"),
        ({"gpu_resource": "gpu"}, "--gpu-resource"),
        ({"args": ["--out=x"]}, "settled by the Job"),
        ({"args": ["--ssh", "x"]}, "settled by the Job"),
        ({"args": ["--api-key-env", "KEY"]}, "--secret-env KEY=SECRET:KEY"),
        ({"args": ["--api-key-env=KEY"]}, "--secret-env KEY=SECRET:KEY"),
    ],
)
def test_what_a_cluster_would_refuse_is_said_before(more, words):
    with pytest.raises(ProbeError, match=words) as caught:
        job_manifest(options(**more))

    assert "bad_arguments" == caught.value.kind


@pytest.mark.parametrize("image", ["x@sha256:" + "0" * 64, "registry:5000/team/x:v1", IMAGE])
def test_a_pinned_image_is_taken(image):
    assert image == container(job_manifest(options(image=image)))["image"]


def test_the_record_is_cut_out_of_the_log_by_the_command_that_is_named(tmp_path):
    """A pod's log has both streams: progress first, then the record."""
    record = run().to_json()
    (tmp_path / "log").write_text(f"engine: loading {{weights}}\nconcurrency 1  {{ }}\n{record}")
    line = next(line for line in manifest_text(options()).splitlines() if "sed" in line)
    sed = line.split("|", 1)[1].split(">")[0].strip()

    cut = subprocess.run(["sh", "-c", f"{sed} < log"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert record == cut


def test_the_commands_name_the_job_and_its_namespace():
    text = manifest_text(options(name="mine", namespace="bench"))

    assert "kubectl logs -n bench job/mine" in text
    assert "bench" == yaml.safe_load(text)["metadata"]["namespace"]
