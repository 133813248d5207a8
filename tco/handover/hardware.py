"""Where a replica runs: the accelerator's name for a cluster and for Ray, the engine's image, how many machines."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pricing import Book, PriceNotFound, gpu_spec
from probes.run import Run
from tco.handover.records import UNKNOWN_VERSION, Hardware, Platform
from tco.scenario import OwnOption, RentOption

GPUS_PER_NODE = 8
"""Accelerators of a rented machine: the size of NVIDIA's HGX and AMD's MI300X boards, which is what is let for models of this size."""

GPUS_PER_TRAY = 4
"""Of a GB200 or GB300 NVL72 rack: one compute tray is one node with four GPUs."""

_LABEL = re.compile(r"[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_VERSION = re.compile(r"v?(\d+\.\d+\.\d+[A-Za-z0-9.]*)(?:\+.*)?")

IMAGES = {
    "nvidia": "vllm/vllm-openai:v{version}",
    "amd": "vllm/vllm-openai-rocm:v{version}",
    "cpu": "vllm/vllm-openai-cpu:v{version}-x86_64",
    "unknown": "vllm/vllm-openai:v{version}",
}
"""vLLM's own images (docs.vllm.ai, "Using Docker", and its pages on installation for ROCm and CPU, read in November 2026)."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a cluster calls a maker's accelerators.

    Attributes:
        resource: what a container asks for.
        label: what a node's label with the product is called.
        blank: what stands for a blank in its value.
    """

    resource: str
    label: str
    blank: str


CLUSTERS = {
    "nvidia": Cluster("nvidia.com/gpu", "nvidia.com/gpu.product", "-"),
    "amd": Cluster("amd.com/gpu", "amd.com/gpu.product-name", "_"),
}
"""NVIDIA's device plugin and GPU feature discovery (`NVIDIA-H100-80GB-HBM3`), AMD's device plugin and node labeller (`AMD_Instinct_MI300X_OAM`)."""

RAY_ACCELERATORS = {
    "V100-32GB-SXM2": "V100",
    "T4": "T4",
    "A10": "A10G",
    "A10G": "A10G",
    "L4": "L4",
    "L40S": "L40S",
    "A100-40GB-SXM": "A100",
    "A100-80GB-PCIe": "A100",
    "A100-80GB-SXM": "A100",
    "H100-PCIe": "H100",
    "H100-NVL": "H100",
    "H100-SXM": "H100",
    "H200-SXM": "H200",
    "H200-NVL": "H200",
    "H20": "H20",
    "B200-SXM": "B200",
    "B300-SXM": "B300",
    "GB200-NVL72": "GB200",
    "GB300-NVL72": "GB300",
    "RTX PRO 6000": "RTX-PRO-6000",
    "MI300X": "AMD-Instinct-MI300X-OAM",
    "MI325X": "AMD-Instinct-MI325X-OAM",
    "MI355X": "AMD-Instinct-MI355X-OAM",
}
"""The price book's name → Ray's `accelerator_type` (ray.util.accelerators, Ray 2.60). Ray reads them off the driver, and takes no other name."""


def hardware_of(option: RentOption | OwnOption, gpu: str | None, gpus: int, run: Run, book: Book | None) -> Hardware:
    """Where one replica runs.

    Args:
        option: what was costed.
        gpu: its accelerator, by the book's name; None without one.
        gpus: accelerators of one replica.
        run: what was measured.
        book: where the accelerator's names are looked up; None: the shipped one.
    """
    if gpus == 0:
        return Hardware(platform="cpu", gpus_per_replica=0, cpu_cores=run.environment.cpu_cores)
    platform, names = _driver_names(gpu, book)
    cluster = CLUSTERS.get(platform)
    products = {name.replace(" ", cluster.blank) for name in names} if cluster else set()
    return Hardware(
        platform=platform,
        gpu=gpu,
        products=tuple(sorted(name for name in products if _LABEL.fullmatch(name))),
        gpus_per_replica=gpus,
        nodes_per_replica=-(-gpus // node_size(option, gpu)),
    )


def node_size(option: RentOption | OwnOption, gpu: str | None) -> int:
    """Accelerators of one machine: the server's that was costed, else what is usual for the part."""
    if isinstance(option, OwnOption):
        return option.gpus_per_server
    return GPUS_PER_TRAY if gpu is not None and gpu.endswith("-NVL72") else GPUS_PER_NODE


def image_of(platform: Platform, version: str | None) -> str:
    """The engine's image at the version that was measured.

    >>> image_of("nvidia", "0.32.0"), image_of("cpu", "0.32.0+cpu"), image_of("amd", None)
    ('vllm/vllm-openai:v0.32.0', 'vllm/vllm-openai-cpu:v0.32.0-x86_64', 'vllm/vllm-openai-rocm:VERSION-UNKNOWN')
    """
    found = _VERSION.fullmatch(version or "")
    if found is None:
        return f"{IMAGES[platform].partition(':')[0]}:{UNKNOWN_VERSION}"
    return IMAGES[platform].format(version=found.group(1))


def _driver_names(gpu: str | None, book: Book | None) -> tuple[Platform, tuple[str, ...]]:
    if gpu is None:
        return "unknown", ()
    try:
        spec = gpu_spec(gpu, book)
    except PriceNotFound:
        return "unknown", ()
    vendor = spec.vendor.lower()
    platform: Platform = "nvidia" if vendor == "nvidia" else "amd" if vendor == "amd" else "unknown"
    return platform, spec.driver_names
