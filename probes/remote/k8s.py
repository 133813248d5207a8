"""A probe as a Kubernetes Job: one pod that measures, prints its record and ends, so that a GPU is held no longer than the probe takes.

Field meanings: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/. The pod runs without root, privileges, a writable image or
a token of the cluster (the "restricted" level of https://kubernetes.io/docs/concepts/security/pod-security-standards/).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from probes.errors import ProbeError

WORK = "/work"
RESULT = f"{WORK}/run.json"

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DNS = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEY = re.compile(r"[-._A-Za-z0-9]{1,253}")
_QUANTITY = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_RESOURCE = re.compile(r"[a-z0-9.-]+/[A-Za-z0-9._-]+")
_LABEL_KEY = re.compile(r"(?:[a-z0-9.-]{1,253}/)?[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?)?")
_IMAGE = re.compile(r"[a-z0-9][\w.:/-]*(?:@sha256:[0-9a-f]{64})?")
_USER = 1000


class _Plain(yaml.SafeDumper):
    """Writes what is used twice twice: anchors are read by few, and refused by some."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 -- PyYAML's own form
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """An environment variable whose value the cluster keeps: only names are written down."""

    variable: str
    secret: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What the pod is given.

    Attributes:
        image: holds this tool, and an engine if the probe starts one; with a tag or digest.
        args: options of `tco probe run`.
        name: of the Job.
        namespace: None for the one that kubectl uses.
        gpus: how many; 0 for none.
        gpu_resource: what the cluster calls them.
        cpu: processor cores, as Kubernetes writes them.
        memory: main memory, as Kubernetes writes it.
        deadline_s: the Job is ended after so long [s].
        keep_s: a finished Job, and its log, are kept for so long [s].
        node_labels: only nodes that carry them.
        secrets: environment variables from the cluster's secrets.
    """

    image: str
    args: Sequence[str]
    name: str = "tco-probe"
    namespace: str | None = None
    gpus: int = 1
    gpu_resource: str = "nvidia.com/gpu"
    cpu: str = "8"
    memory: str = "64Gi"
    deadline_s: int = 7200
    keep_s: int = 86_400
    node_labels: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[Secret] = ()


def parse_secret(text: str) -> Secret:
    """A variable and where the cluster keeps its value.

    >>> parse_secret("HF_TOKEN=hugging-face:token")
    Secret(variable='HF_TOKEN', secret='hugging-face', key='token')

    Raises:
        ProbeError: `bad_arguments` for another form. The text is not repeated: it may hold the value itself.
    """
    found = re.fullmatch(rf"({_VARIABLE.pattern})=({_DNS.pattern}):({_KEY.pattern})", text)
    if found is None:
        raise ProbeError(
            "bad_arguments",
            "--secret-env is VARIABLE=SECRET:KEY, for example HF_TOKEN=hugging-face:token: names only, never the value.",
        )
    return Secret(variable=found.group(1), secret=found.group(2), key=found.group(3))


def parse_label(text: str) -> tuple[str, str]:
    """A node's label.

    >>> parse_label("gpu=h100")
    ('gpu', 'h100')

    Raises:
        ProbeError: `bad_arguments` for another form.
    """
    key, sign, value = text.partition("=")
    if not sign or not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
        raise ProbeError(
            "bad_arguments",
            f"--node-label {text!r}: write KEY=VALUE, for example nvidia.com/gpu.product=NVIDIA-H100-80GB-HBM3.",
        )
    return key, value


def job_manifest(options: JobOptions) -> dict[str, Any]:
    """The Job.

    Args:
        options: what the pod is given.

    Raises:
        ProbeError: `bad_arguments`: a name, image or quantity that a cluster would refuse, an image that is not pinned, or a key that no secret holds.
    """
    _check(options)
    labels = {
        "app.kubernetes.io/name": "tco-probe",
        "app.kubernetes.io/instance": options.name,
        "app.kubernetes.io/managed-by": "tco",
    }
    place = {} if options.namespace is None else {"namespace": options.namespace}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": options.name, **place, "labels": labels},
        "spec": {
            # A probe that failed is looked at, not repeated.
            "backoffLimit": 0,
            "activeDeadlineSeconds": options.deadline_s,
            "ttlSecondsAfterFinished": options.keep_s,
            "template": {"metadata": {"labels": labels}, "spec": _pod(options)},
        },
    }


def manifest_text(options: JobOptions) -> str:
    """The Job as YAML, with what to do with it in comments.

    Args:
        options: what the pod is given.

    Raises:
        ProbeError: see `job_manifest`.
    """
    manifest = job_manifest(options)
    there = f" -n {options.namespace}" if options.namespace else ""
    job = f"job/{options.name}"
    comments = [
        "kubectl apply -f THIS_FILE",
        f"kubectl logs -f{there} {job}        # until the probe ends",
        f"kubectl logs{there} {job} | sed -n '/^{{$/,/^}}$/p' > run.json        # the record is the last thing in the log",
        "tco probe show run.json",
        f"kubectl delete{there} {job}",
    ]
    head = "".join(f"# {line}\n" for line in comments)
    return head + yaml.dump(manifest, Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True)


def _pod(options: JobOptions) -> dict[str, Any]:
    volumes: list[dict[str, Any]] = [{"name": "work", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]
    mounts = [{"name": "work", "mountPath": WORK}, {"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108 -- the container's own
    if options.gpus:
        # Processes that share a model exchange tensors through it, and the default is 64 MiB.
        volumes.append({"name": "shared-memory", "emptyDir": {"medium": "Memory"}})
        mounts.append({"name": "shared-memory", "mountPath": "/dev/shm"})  # noqa: S108 -- the container's own
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(options, mounts)],
        "volumes": volumes,
    }
    if options.node_labels:
        pod["nodeSelector"] = dict(options.node_labels)
    if options.gpus:
        pod["tolerations"] = [{"key": options.gpu_resource, "operator": "Exists", "effect": "NoSchedule"}]
    return pod


def _container(options: JobOptions, mounts: list[dict[str, str]]) -> dict[str, Any]:
    size = {"cpu": options.cpu, "memory": options.memory}
    # GPUs are limits only; as requests equal to limits the pod is of the class that is evicted last.
    limits = size | ({options.gpu_resource: str(options.gpus)} if options.gpus else {})
    named = [
        {"name": one.variable, "valueFrom": {"secretKeyRef": {"name": one.secret, "key": one.key}}}
        for one in options.secrets
    ]
    return {
        "name": "probe",
        "image": options.image,
        "workingDir": WORK,
        "command": ["tco", "probe", "run"],
        "args": [_literal(word) for word in (*options.args, "--out", RESULT, "--json")],
        "env": [{"name": "HOME", "value": WORK}, {"name": "NO_COLOR", "value": "1"}, *named],
        "resources": {"requests": dict(size), "limits": limits},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts,
    }


def _literal(word: str) -> str:
    """Kubernetes replaces `$(NAME)` in arguments by an environment variable, unless the dollar is doubled."""
    return word.replace("$(", "$$(")


def _check(options: JobOptions) -> None:
    _need(_NAME, options.name, "--name", "small letters, digits and dashes, at most 63")
    if options.namespace is not None:
        _need(_NAME, options.namespace, "--namespace", "small letters, digits and dashes, at most 63")
    _need(_QUANTITY, options.cpu, "--cpu", "for example 8 or 500m")
    _need(_QUANTITY, options.memory, "--memory", "for example 64Gi")
    _need(_RESOURCE, options.gpu_resource, "--gpu-resource", "for example nvidia.com/gpu or amd.com/gpu")
    _need(_IMAGE, options.image, "--image", "for example registry.example.com/tco-probe:0.1.0")
    tag = options.image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    if "@sha256:" not in options.image and tag in ("", "latest"):
        message = f"--image {options.image}: give a tag other than `latest`, or a digest: a record belongs to one version of its engine."
        raise ProbeError("bad_arguments", message)
    _check_args(options)


def _need(pattern: re.Pattern[str], text: str, option: str, allowed: str) -> None:
    if not pattern.fullmatch(text):
        raise ProbeError("bad_arguments", f"{option} {text[:80]!r}: allowed: {allowed}.")


def _check_args(options: JobOptions) -> None:
    words = list(options.args)
    names = [word.partition("=")[0] for word in words]
    settled = next((name for name in names if name in ("--out", "--json", "--ssh", "--progress-file")), None)
    if settled:
        raise ProbeError("bad_arguments", f"{settled} is settled by the Job. Leave it out.")
    held = {secret.variable for secret in options.secrets}
    for number, name in enumerate(names):
        if name == "--api-key-env":
            variable = words[number].partition("=")[2] or "".join(words[number + 1 : number + 2])
            if variable not in held:
                message = (
                    f"--api-key-env {variable}: the pod has no such variable. Add --secret-env {variable}=SECRET:KEY."
                )
                raise ProbeError("bad_arguments", message)
