"""GPU rental prices from the catalogues that the project gpuhunt publishes: one ZIP a seller, collected daily from its API.

The format is that of gpuhunt 0.1.34 (`gpuhunt/_internal/storage.py`, MPL-2.0, https://github.com/dstackai/gpuhunt): a ZIP with
one file `<seller>.csv`. The package itself is not needed to read it, only to check this reader in the tests: its loader opens
the connection on its own, without a cap on the bytes, and knows no names of ours.
"""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pricing.offers import Rejected, Screened, screen_offers
from pricing.price import ProviderClass

BASE_URL = "https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com/v3"

_SELLERS: dict[str, tuple[str, ProviderClass]] = {
    "aws": ("aws", "hyperscaler"),
    "azure": ("azure", "hyperscaler"),
    "gcp": ("gcp", "hyperscaler"),
    "oci": ("oci", "hyperscaler"),
    "lambdalabs": ("lambda", "neocloud"),
    "nebius": ("nebius", "neocloud"),
    "runpod": ("runpod", "neocloud"),
    "verda": ("verda", "neocloud"),
    "cloudrift": ("cloudrift", "neocloud"),
}
"""Sellers by the catalogue's name: the book's name and class."""

MAX_CSV_BYTES = 128 * 1024 * 1024
"""Of the unpacked file. The longest today, that of AWS, has some 10 MB."""

MAX_ROWS = 500_000
"""Of one catalogue. The longest today has some 30,000."""

_REQUIRED = ("instance_name", "location", "price", "gpu_count", "gpu_name", "gpu_memory", "spot")

_ONE_FORM = {
    ("A10", 24): "A10",
    ("A10G", 24): "A10G",
    ("A30", 24): "A30",
    ("A40", 48): "A40",
    ("A6000", 48): "RTX A6000",
    ("B200", 180): "B200-SXM",
    ("B300", 268): "B300-SXM",
    ("B300", 270): "B300-SXM",
    ("B300", 288): "B300-SXM",
    ("GAUDI3", 128): "Gaudi3",
    ("GB200", 186): "GB200-NVL72",
    ("GB200", 192): "GB200-NVL72",
    ("GB300", 270): "GB300-NVL72",
    ("GB300", 288): "GB300-NVL72",
    ("GH200", 96): "GH200-96GB",
    ("H100NVL", 94): "H100-NVL",
    ("H200", 141): "H200-SXM",
    ("L4", 24): "L4",
    ("L40", 48): "L40",
    ("L40S", 48): "L40S",
    ("MI300X", 192): "MI300X",
    ("MI325X", 256): "MI325X",
    ("MI325X", 288): "MI325X",
    ("MI350X", 288): "MI350X",
    ("MI355X", 288): "MI355X",
    ("RTX3090", 24): "RTX 3090",
    ("RTX4090", 24): "RTX 4090",
    ("RTX5090", 32): "RTX 5090",
    ("RTX6000ADA", 48): "RTX 6000 Ada",
    ("RTXPRO6000", 96): "RTX PRO 6000",
    ("T4", 16): "T4",
    ("V100", 32): "V100-32GB-SXM2",
}
"""The book's name by the catalogue's name and its memory [GB]. A fraction of a GPU has less memory, and finds nothing here."""

_TWO_FORMS = {("A100", 40): "A100-40GB", ("A100", 80): "A100-80GB", ("H100", 80): "H100"}
"""Likewise for parts that are sold on a board of their own and as PCIe cards."""

_REGIONS: dict[str, frozenset[str]] = {
    "aws": frozenset(
        {"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2"}
        | {"eu-central-1", "eu-north-1", "ap-northeast-1", "ap-south-1", "ap-southeast-2"}
    ),
    "azure": frozenset(
        {"eastus", "eastus2", "westus2", "westus3", "southcentralus", "canadacentral", "brazilsouth", "westeurope"}
        | {"northeurope", "swedencentral", "uksouth", "japaneast", "centralindia", "australiaeast"}
    ),
    "gcp": frozenset(
        {"us-central1", "us-east4", "us-east5", "us-west1", "us-west4", "europe-west1", "europe-west4"}
        | {"asia-northeast1", "asia-south1", "asia-southeast1"}
    ),
}
"""Regions that are read where a seller has dozens: each is an offer, and dozens would outweigh every other landlord."""

_SXM_ONLY = frozenset({"aws", "gcp", "oci", "nebius"})
"""Sellers whose A100 and H100 are all SXM (p4, p5; a2, a3; BM.GPU; platform `gpu-h100-sxm`)."""


def urls() -> tuple[str, ...]:
    """The fixed addresses of the newest catalogues, one ZIP a seller; each goes through `read` on its own."""
    return tuple(f"{BASE_URL}/{seller}/latest/catalog.zip" for seller in _SELLERS)


def read(items: bytes, seen_on: date) -> Screened:
    """The GPU machines of one seller's catalogue, screened.

    Passed over, because they are no offers of the book's kind: machines without a GPU, GPUs attached to a Google Cloud N1
    machine of any size (most of that price is the machine's), and regions of AWS, Azure and Google Cloud other than the main
    ones. Zones of one region are one offer at the lowest price of each kind, on-demand and spot rows of one machine are one
    offer, and a machine with the same price in every region of a smaller seller is one offer without a region.

    Args:
        items: the ZIP as it was downloaded, from one of `urls()`.
        seen_on: the day of the download; it becomes the offers' `as_of`.

    Returns:
        Offers in the book's words, and each row that was turned away with the reason: a GPU that the book has no name for, a
        price that is none, and whatever `pricing.offers.screen_offers` turns away.

    Raises:
        ValueError: not a catalogue: no ZIP, not one file of a known seller in it, too long, not UTF-8, columns missing.
    """
    catalogue, text = _unpack(items)
    rejected: list[Rejected] = []
    machines: dict[tuple[object, ...], dict[str, Any]] = {}
    for row in _rows(text, catalogue):
        if _is_passed_over(catalogue, row):
            continue
        found = _offer(catalogue, row, seen_on)
        if isinstance(found, str):
            rejected.append(Rejected(row, found))
            continue
        kind = "spot_usd_per_hour" if str(row["spot"]).casefold() == "true" else "on_demand_usd_per_hour"
        usd = float(row["price"] or "nan")
        key = (found["instance"], found["region"], found["gpu"], found["gpu_count"], found["provider_class"])
        known = machines.setdefault(key, found)
        known[kind] = min(usd, known.get(kind, usd))
    screened = screen_offers(_everywhere(catalogue, list(machines.values())), seen_on=seen_on)
    return Screened(screened.accepted, [*rejected, *screened.rejected])


def _unpack(items: bytes) -> tuple[str, str]:
    """The catalogue's name and its CSV."""
    try:
        with zipfile.ZipFile(io.BytesIO(items)) as archive:
            names = [
                name for name in archive.namelist() if name.removesuffix(".csv") in _SELLERS and name.endswith(".csv")
            ]
            if len(names) != 1 or len(archive.namelist()) != 1:
                raise ValueError(
                    f"a gpuhunt catalogue holds one file, one of {', '.join(f'{name}.csv' for name in _SELLERS)}; "
                    f"this ZIP holds {', '.join(archive.namelist()[:5])[:200] or 'nothing'}"
                )
            with archive.open(names[0]) as file:
                # The size in the ZIP's directory is what its author says it is: count what comes out.
                raw = file.read(MAX_CSV_BYTES + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
        raise ValueError(f"not a gpuhunt catalogue: not a ZIP that can be read ({error})") from error
    if len(raw) > MAX_CSV_BYTES:
        raise ValueError(f"{names[0]} unpacks to more than {MAX_CSV_BYTES // 1024**2} MiB; a catalogue has some 10")
    try:
        return names[0].removesuffix(".csv"), raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{names[0]} is not UTF-8 text ({error})") from error


def _rows(text: str, catalogue: str) -> Iterator[dict[str, str | None]]:
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in _REQUIRED if name not in (reader.fieldnames or ())]
    if missing:
        raise ValueError(
            f"{catalogue}.csv has no column {', '.join(missing)}: not the format of gpuhunt 0.1, or a newer one than v3"
        )
    try:
        for number, row in enumerate(reader, start=1):
            if number > MAX_ROWS:
                raise ValueError(f"{catalogue}.csv has more than {MAX_ROWS:,} rows; a catalogue has some 30,000")
            yield {name: row.get(name) for name in _REQUIRED}
    except csv.Error as error:
        raise ValueError(f"{catalogue}.csv cannot be read as CSV at line {reader.line_num} ({error})") from error


def _is_passed_over(catalogue: str, row: Mapping[str, str | None]) -> bool:
    place = _region(catalogue, (row["location"] or "").strip())
    return (
        row["gpu_count"] in ("0", "0.0")
        or (catalogue == "gcp" and (row["instance_name"] or "").startswith("n1-"))
        or place not in _REGIONS.get(catalogue, (place,))
    )


def _region(catalogue: str, location: str) -> str:
    """Google Cloud's rows are by zone: `us-east4-a` lies in `us-east4`."""
    return re.sub(r"-[a-z]$", "", location) if catalogue == "gcp" else location


def _everywhere(catalogue: str, offers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One offer without a region for a machine that costs the same in all regions of a seller that is not in `_REGIONS`."""
    if catalogue in _REGIONS:
        return offers
    machines: dict[tuple[object, ...], list[dict[str, Any]]] = defaultdict(list)
    for offer in offers:
        machines[offer["instance"], offer["gpu"], offer["gpu_count"], offer["provider_class"]].append(offer)
    kinds = ("on_demand_usd_per_hour", "spot_usd_per_hour")
    merged: list[dict[str, Any]] = []
    for same in machines.values():
        is_one_price = len({tuple(offer.get(kind) for kind in kinds) for offer in same}) == 1
        merged += [{**same[0], "region": None}] if is_one_price else same
    return merged


def _offer(catalogue: str, row: Mapping[str, str | None], seen_on: date) -> dict[str, Any] | str:
    """The row in the words of the book, without its price; or why it is none."""
    cells = {name: (value or "").strip() for name, value in row.items()}
    empty = [name for name in ("instance_name", "location", "price", "gpu_count", "gpu_name") if not cells[name]]
    if empty or cells["spot"].casefold() not in ("true", "false"):
        return f"{', '.join(empty) or 'spot'}: empty or not readable"
    count, usd, memory = _number(cells["gpu_count"]), _number(cells["price"]), _number(cells["gpu_memory"])
    if count is None or count < 1 or count != int(count):
        return f"gpu_count {cells['gpu_count'][:40]!r} is not a whole number above 0"
    if usd is None or usd <= 0:
        return f"price {cells['price'][:40]!r} is not an amount above 0"
    gpu = _gpu(catalogue, cells["gpu_name"], memory, cells["instance_name"])
    if gpu is None:
        return f"the book has no GPU {cells['gpu_name'][:40]!r} with {cells['gpu_memory'][:12] or 'unstated'} GB"
    provider, kind = _SELLERS[catalogue]
    return {
        "gpu": gpu,
        "provider": provider,
        # RunPod's community machines are known by a country, its own by a data centre: `US` against `US-KS-2`.
        "provider_class": "marketplace" if catalogue == "runpod" and len(cells["location"]) == len("US") else kind,
        # RunPod's names are of GPUs, and leave open how many.
        "instance": f"{int(count)}x {cells['instance_name']}" if catalogue == "runpod" else cells["instance_name"],
        "gpu_count": int(count),
        "region": _region(catalogue, cells["location"]),
        "as_of": seen_on,
        "source": f"{BASE_URL}/{catalogue}/latest/catalog.zip (gpuhunt)",
    }


def _gpu(catalogue: str, name: str, memory_gb: float | None, instance: str) -> str | None:
    """The book's name: by name, memory, and for A100 and H100 the form that the machine's name or its seller gives away."""
    if memory_gb is None:
        return None
    key = (name.replace(" ", "").upper(), round(memory_gb))
    form = _TWO_FORMS.get(key)
    if form is None:
        return _ONE_FORM.get(key)
    machine = instance.casefold()
    if "pcie" in machine or machine.startswith("standard_nc"):
        return f"{form}-PCIe"
    is_sxm = "sxm" in machine or "hbm3" in machine or machine.startswith("standard_nd") or catalogue in _SXM_ONLY
    # Verda writes SXM as `8H100.80S.176V`.
    is_sxm = is_sxm or (catalogue == "verda" and re.search(r"\.\d+s\.", machine) is not None)
    return f"{form}-SXM" if is_sxm else f"{form}-unstated"


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
