"""What a GPU is: memory, arithmetic, power, and what it costs to buy."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Annotated

from pydantic import Field, field_validator

from pricing.book import Book, shipped_book
from pricing.price import Evidence, Price, PriceNotFound
from pricing.tables import Record, did_you_mean, find_name

Positive = Annotated[float, Field(gt=0)]


class GpuSpec(Record):
    """One GPU as the book knows it (`pricing/data/gpu_specs.csv`; the `src_` codes are explained in its `SOURCES.md`).

    Attributes:
        gpu: the book's name.
        vendor: who makes it.
        memory_gb: device memory [GB, as the vendor states it].
        memory_bandwidth_gb_per_s: peak memory bandwidth [GB/s].
        bf16_dense_tflops: peak 16-bit matrix rate without sparsity [TFLOP/s]; FP16 on parts without BF16 (T4, V100).
        fp8_dense_tflops: peak 8-bit float matrix rate without sparsity [TFLOP/s]; null where the part has none.
        fp4_dense_tflops: peak 4-bit float matrix rate without sparsity [TFLOP/s]; null where the part has none.
        tdp_watts: the board's power limit [W].
        link_gb_per_s: bandwidth to its peers, one way [GB/s].
        link_kind: over what.
        all_in_watts_per_gpu: power of its share of the whole installation, server, network and cooling included [W].
        purchase_usd: street price [USD].
        purchase_low_usd: low end of the street price [USD].
        purchase_high_usd: high end of the street price [USD].
        purchase_as_of: the day of that price.
        src_purchase: source code of the purchase price.
        purchase_evidence: how good that price is.
        src_memory: source code of `memory_gb`.
        src_bandwidth: source code of `memory_bandwidth_gb_per_s`.
        src_flops: source code of the rates.
        src_tdp: source code of `tdp_watts`.
        src_link: source code of the link.
        src_all_in: source code of `all_in_watts_per_gpu`.
        evidence: `expert` where any figure is from memory (code `MEM`), else `literature`.
        driver_names: what the driver calls it.
        note: what a reader must know to use it.
    """

    gpu: str
    vendor: str
    memory_gb: Positive
    memory_bandwidth_gb_per_s: Positive
    bf16_dense_tflops: Positive
    fp8_dense_tflops: Positive | None
    fp4_dense_tflops: Positive | None
    tdp_watts: Positive | None
    link_gb_per_s: Positive | None
    link_kind: str | None
    all_in_watts_per_gpu: Positive | None
    purchase_usd: Positive | None
    purchase_low_usd: Positive | None
    purchase_high_usd: Positive | None
    purchase_as_of: date | None
    src_purchase: str | None
    purchase_evidence: Evidence | None
    src_memory: str
    src_bandwidth: str
    src_flops: str
    src_tdp: str | None
    src_link: str | None
    src_all_in: str | None
    evidence: Evidence
    driver_names: tuple[str, ...]
    note: str | None

    @field_validator("driver_names", mode="before")
    @classmethod
    def _split(cls, value: str | tuple[str, ...] | None) -> tuple[str, ...]:
        return tuple(value.split("|")) if isinstance(value, str) else value or ()

    @property
    def purchase_price(self) -> Price | None:
        """The street price of one GPU as a `Price`, or None where the book has none."""
        if self.purchase_usd is None or self.purchase_as_of is None or self.purchase_evidence is None:
            return None
        ends = (self.purchase_low_usd, self.purchase_high_usd)
        note = "launch list price" if None in ends else f"street estimate, {ends[0]:g} to {ends[1]:g} USD"
        return Price(
            item=self.gpu,
            amount=self.purchase_usd,
            per="gpu",
            provider="street",
            tier="purchase",
            as_of=self.purchase_as_of,
            source=PURCHASE_SOURCES[self.src_purchase or "MEM"],
            evidence=self.purchase_evidence,
            note=note,
        )


PURCHASE_SOURCES = {
    "AII": "https://www.aiinframap.com/tools/chips/h100-vs-h200-vs-b200-tco",
    "MEM": "not looked up at a primary source; replace with your quotation",
}
"""What the codes of `src_purchase` stand for."""


def gpu_spec(name: str, book: Book | None = None) -> GpuSpec:
    """The specification of one GPU.

    Args:
        name: the book's name, for example `H100-SXM`; case, blanks and hyphens do not matter.
        book: the book to read; null: the shipped one.

    Raises:
        PriceNotFound: the book has no such GPU.

    Example:
        >>> gpu_spec("h100-sxm").memory_bandwidth_gb_per_s
        3350.0
    """
    names = gpu_names(book)
    known = find_name(name, names)
    if known is None:
        raise PriceNotFound(f"no GPU {name!r} in the book.{did_you_mean(name, names)} All names: {', '.join(names)}.")
    return _specs(book or shipped_book())[known]


def gpu_names(book: Book | None = None) -> list[str]:
    """The book's names of the GPUs that it has a specification of, in the table's order (by maker and age).

    Args:
        book: the book to read; null: the shipped one.
    """
    return list(_specs(book or shipped_book()))


def canonical_gpu(driver_name: str, book: Book | None = None) -> str | None:
    """The book's name of the GPU that a driver reports.

    Only names that the table lists count; a part of the same family (`NVIDIA H200 NVL`, a laptop's chip) is not guessed at.

    Args:
        driver_name: as NVML or `nvidia-smi` prints it.
        book: the book to read; null: the shipped one.

    Returns:
        The book's name, or None where the table does not list the driver's.

    Example:
        >>> canonical_gpu("NVIDIA H100 80GB HBM3")
        'H100-SXM'
        >>> canonical_gpu("NVIDIA H200 NVL") is None
        True
    """
    return _by_driver_name(book or shipped_book()).get(_driver_key(driver_name))


@cache
def _specs(book: Book) -> dict[str, GpuSpec]:
    specs = [GpuSpec.model_validate(row) for row in book.table("gpu_specs.csv")]
    return {spec.gpu: spec for spec in specs}


@cache
def _by_driver_name(book: Book) -> dict[str, str]:
    return {_driver_key(driver): spec.gpu for spec in _specs(book).values() for driver in spec.driver_names}


def _driver_key(driver_name: str) -> str:
    # Older drivers write "Tesla V100-..." or leave the maker out where newer ones write "NVIDIA ...".
    words = re.sub(r"[\s_-]+", " ", driver_name).strip().casefold()
    return re.sub(r"^(nvidia |amd )?(tesla |geforce |instinct )?", "", words)
