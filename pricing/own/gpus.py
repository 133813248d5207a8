"""The user's GPUs as specifications: new ones as they stand, corrections over the book's own figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from pricing.gpus import GpuSpec, gpu_spec
from pricing.own.rows import OwnGpu, layer_name
from pricing.price import Evidence, PriceNotFound
from pricing.yaml_file import FileError

NEEDED = ("vendor", "memory_gb", "memory_bandwidth_gb_per_s", "bf16_dense_tflops")
"""What a GPU that the book does not know must at least say."""

_SOURCE_OF = {
    "memory_gb": "src_memory",
    "memory_bandwidth_gb_per_s": "src_bandwidth",
    "bf16_dense_tflops": "src_flops",
    "fp8_dense_tflops": "src_flops",
    "fp4_dense_tflops": "src_flops",
    "tdp_watts": "src_tdp",
    "link_gb_per_s": "src_link",
    "link_kind": "src_link",
    "all_in_watts_per_gpu": "src_all_in",
    "purchase_usd": "src_purchase",
}
_ABOUT = {"gpu", "as_of", "source", "evidence", "note", "driver_names"}


def gpu_specs(rows: Iterable[OwnGpu], file_name: str) -> tuple[GpuSpec, ...]:
    """The specifications of the user's GPUs, in the file's order.

    Args:
        rows: the `gpus` of a prices file.
        file_name: its name, for the layer.

    Raises:
        FileError: a GPU that the book does not know lacks a figure that every GPU must have.
    """
    return tuple(_spec(row, f"gpus[{index}]", file_name) for index, row in enumerate(rows))


def _spec(row: OwnGpu, place: str, file_name: str) -> GpuSpec:
    given = {field: value for field, value in row.model_dump().items() if field not in _ABOUT and value is not None}
    base = _book_spec(row.gpu)
    if base is None:
        missing = [field for field in NEEDED if field not in given]
        if missing:
            raise FileError(
                f"`{place}`: the book does not know {row.gpu}, so it needs {', '.join(missing)} too; add them, or write "
                "the name as the book does (`tco prices list`)"
            )
    fields = dict.fromkeys(GpuSpec.model_fields) | ({} if base is None else base.model_dump())
    fields |= given | {_SOURCE_OF[field]: row.source for field in given if field in _SOURCE_OF}
    if row.purchase_usd is not None:
        fields |= {
            "purchase_low_usd": row.purchase_low_usd,
            "purchase_high_usd": row.purchase_high_usd,
            "purchase_as_of": row.as_of,
            "purchase_evidence": row.evidence,
        }
    fields |= {
        "gpu": row.gpu if base is None else base.gpu,
        "evidence": row.evidence if base is None else _weaker(row.evidence, base.evidence),
        "driver_names": row.driver_names or (() if base is None else base.driver_names),
        # The book's range belongs to the figure that gave way.
        "uncertain": () if base is None else tuple(spread for spread in base.uncertain if spread.figure not in given),
        "layer": layer_name(file_name, place, row.gpu),
        "note": _note(row, base, sorted(given)),
    }
    return GpuSpec.model_validate({name: value for name, value in fields.items() if name in GpuSpec.model_fields})


def _book_spec(name: str) -> GpuSpec | None:
    try:
        return gpu_spec(name)
    except PriceNotFound:
        return None


def _weaker(one: Evidence, other: Evidence) -> Evidence:
    order: tuple[Evidence, ...] = get_args(Evidence)
    return max((one, other), key=order.index)


def _note(row: OwnGpu, base: GpuSpec | None, given: list[str]) -> str | None:
    own = None if base is None else f"own figures of {row.as_of} ({row.source}): {', '.join(given)}"
    notes: list[Any] = [row.note, own, None if base is None else base.note]
    return "; ".join(note for note in notes if note) or None
