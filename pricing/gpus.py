"""What a GPU is: memory, arithmetic, power, and what it costs to buy."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field, field_validator

from pricing.book import Book, once_per_book, shipped_book
from pricing.price import BOOK, Evidence, Figure, Price, PriceNotFound
from pricing.tables import Record, did_you_mean, find_name

Positive = Annotated[float, Field(gt=0)]


class Spread(Record):
    """How far apart the sources of one figure are.

    Attributes:
        figure: the field of `GpuSpec`.
        low: the lowest figure found, in the field's unit.
        high: the highest.
    """

    figure: str
    low: Positive
    high: Positive


class GpuSpec(Record):
    """One GPU as the book knows it (`pricing/data/gpu_specs.csv`), or as the user's own prices file says.

    The `src_` fields hold codes, joined by `+`, of `pricing/data/gpu_sources.csv`; for a GPU of the user's, the source itself.

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
        uncertain: figures on which sources differ, or that are from memory, with their range; in the table
            `tdp_watts=350..400|memory_gb=186..192`.
        evidence: `expert` where any figure is from memory (code `MEM`), else `literature`.
        driver_names: what the driver calls it.
        layer: `book`, or the entry of the user's own prices file that it comes from.
        note: what a reader must know to use it.
    """

    gpu: str
    vendor: str
    memory_gb: Positive
    memory_bandwidth_gb_per_s: Positive
    bf16_dense_tflops: Positive
    fp8_dense_tflops: Positive | None = None
    fp4_dense_tflops: Positive | None = None
    tdp_watts: Positive | None = None
    link_gb_per_s: Positive | None = None
    link_kind: str | None = None
    all_in_watts_per_gpu: Positive | None = None
    purchase_usd: Positive | None = None
    purchase_low_usd: Positive | None = None
    purchase_high_usd: Positive | None = None
    purchase_as_of: date | None = None
    src_purchase: str | None = None
    purchase_evidence: Evidence | None = None
    src_memory: str | None = None
    src_bandwidth: str | None = None
    src_flops: str | None = None
    src_tdp: str | None = None
    src_link: str | None = None
    src_all_in: str | None = None
    uncertain: tuple[Spread, ...] = ()
    evidence: Evidence = "expert"
    driver_names: tuple[str, ...] = ()
    layer: str = BOOK
    note: str | None = None

    @field_validator("driver_names", mode="before")
    @classmethod
    def _split(cls, value: str | tuple[str, ...] | None) -> tuple[str, ...]:
        return tuple(value.split("|")) if isinstance(value, str) else value or ()

    @field_validator("uncertain", mode="before")
    @classmethod
    def _ranges(cls, value: Any) -> Any:
        return [_spread(part) for part in value.split("|")] if isinstance(value, str) else value or ()

    @property
    def purchase_price(self) -> Price | None:
        """The street price of one GPU as the book lists it, or None where it has none; `gpu_price` is what the user pays."""
        if self.purchase_usd is None or self.purchase_as_of is None or self.purchase_evidence is None:
            return None
        ends = (self.purchase_low_usd, self.purchase_high_usd)
        listed = _sources(shipped_book()).get(self.src_purchase or "")
        note = "one seller's price" if None in ends else f"street estimate, {ends[0]:g} to {ends[1]:g} USD"
        return Price(
            item=self.gpu,
            amount=self.purchase_usd,
            low=ends[0],
            high=ends[1],
            per="gpu",
            provider="street",
            tier="purchase",
            as_of=self.purchase_as_of,
            source=listed or self.src_purchase or "not stated",
            evidence=self.purchase_evidence,
            # Who corrects another figure of a part has not made its price theirs.
            layer=self.layer if listed is None else BOOK,
            note=note,
        )


FIGURES = {
    "memory_gb": ("gb", "src_memory"),
    "memory_bandwidth_gb_per_s": ("gb_per_s", "src_bandwidth"),
    "bf16_dense_tflops": ("tflops", "src_flops"),
    "fp8_dense_tflops": ("tflops", "src_flops"),
    "fp4_dense_tflops": ("tflops", "src_flops"),
    "tdp_watts": ("watts", "src_tdp"),
    "link_gb_per_s": ("gb_per_s", "src_link"),
    "all_in_watts_per_gpu": ("watts", "src_all_in"),
}
"""The figures of a specification: their unit, and the field that holds their source."""


def gpu_spec(name: str, book: Book | None = None) -> GpuSpec:
    """The specification of one GPU; the user's own, if the book has one by that name, comes before the book's.

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
    """The names of the GPUs that there is a specification of: the table's (by maker and age), then the user's own.

    Args:
        book: the book to read; null: the shipped one.
    """
    return list(_specs(book or shipped_book()))


def gpu_figure(name: str, figure: str, book: Book | None = None) -> Figure:
    """One figure of a GPU's specification with its range, its sources in full and its evidence.

    Args:
        name: as for `gpu_spec`.
        figure: a key of `FIGURES`, for example `tdp_watts`.
        book: the book to read; null: the shipped one.

    Returns:
        The figure; `low` and `high` are null where the sources agree. Evidence is `expert` for a figure from memory,
        else `literature`; for a GPU of the user's, what the user said.

    Raises:
        PriceNotFound: no such GPU, no such figure, or the part has none (an A100 has no FP8 rate).

    Example:
        >>> found = gpu_figure("A10G", "tdp_watts")
        >>> found.value, found.low, found.high
        (300.0, 150.0, 300.0)
    """
    spec = gpu_spec(name, book)
    if figure not in FIGURES:
        raise PriceNotFound(f"no figure {figure!r} of a GPU; there is: {', '.join(FIGURES)}.")
    unit, source_field = FIGURES[figure]
    value: float | None = getattr(spec, figure)
    if value is None:
        raise PriceNotFound(f"{spec.gpu} has no {figure}: the part lacks it, or no source was found for it.")
    code: str = getattr(spec, source_field) or "not stated"
    # A user's correction may lie outside the range of the figure that it replaces.
    spread = next((s for s in spec.uncertain if s.figure == figure and s.low <= value <= s.high), None)
    known, days = _sources(book or shipped_book()), _source_days(book or shipped_book())
    codes = [part for part in code.split("+") if part in known]
    own: Evidence = "expert" if "MEM" in codes else "literature"
    return Figure(
        name=f"{spec.gpu}/{figure}",
        value=value,
        low=spread.low if spread else None,
        high=spread.high if spread else None,
        unit=unit,
        as_of=min((days[part] for part in codes), default=(book or shipped_book()).as_of),
        source="; ".join(known[part] for part in codes) or code,
        evidence=own if codes else spec.evidence,
        note=spec.note,
    )


def gpu_price(name: str, on: date, book: Book | None = None) -> Price | None:
    """What one GPU costs to buy, as the user pays it; None where nobody states a price.

    Args:
        name: as for `gpu_spec`.
        on: the day.
        book: the book to read; null: the shipped one.

    Raises:
        PriceNotFound: the book has no such GPU.
    """
    price = gpu_spec(name, book).purchase_price
    return None if price is None else (book or shipped_book()).paid(price, on)


def canonical_gpu(driver_name: str, book: Book | None = None) -> str | None:
    """The book's name of the GPU that a driver reports.

    Only names that the table lists count; a part of the same family (`NVIDIA H200 NVL` is not `H200-SXM`, and a laptop's chip
    is no part of the table) is not guessed at.

    Args:
        driver_name: as NVML or `nvidia-smi` prints it.
        book: the book to read; null: the shipped one.

    Returns:
        The book's name, or None where the table does not list the driver's.

    Example:
        >>> canonical_gpu("NVIDIA H100 80GB HBM3")
        'H100-SXM'
        >>> canonical_gpu("NVIDIA GeForce RTX 4090 Laptop GPU") is None
        True
    """
    return _by_driver_name(book or shipped_book()).get(_driver_key(driver_name))


@lru_cache(maxsize=16)  # the user's own GPUs are in it
def _specs(book: Book) -> dict[str, GpuSpec]:
    specs = [GpuSpec.model_validate(row) for row in book.table("gpu_specs.csv")]
    own = () if book.overrides is None else book.overrides.gpus
    return {spec.gpu: spec for spec in (*specs, *own)}


@once_per_book
def _sources(book: Book) -> dict[str, str]:
    """What the codes of the `src_` fields stand for."""
    return {str(row["code"]): str(row["source"]) for row in book.table("gpu_sources.csv")}


@once_per_book
def _source_days(book: Book) -> dict[str, date]:
    return {str(row["code"]): date.fromisoformat(str(row["as_of"])) for row in book.table("gpu_sources.csv")}


def _spread(text: str) -> dict[str, str]:
    figure, _, ends = text.partition("=")
    low, _, high = ends.partition("..")
    return {"figure": figure.strip(), "low": low, "high": high}


@lru_cache(maxsize=16)  # the user's own GPUs are in it
def _by_driver_name(book: Book) -> dict[str, str]:
    return {_driver_key(driver): spec.gpu for spec in _specs(book).values() for driver in spec.driver_names}


def _driver_key(driver_name: str) -> str:
    # Older drivers write "Tesla V100-..." or leave the maker out where newer ones write "NVIDIA ...".
    words = re.sub(r"[\s_-]+", " ", driver_name).strip().casefold()
    return re.sub(r"^(nvidia |amd )?(tesla |geforce |instinct )?", "", words)
