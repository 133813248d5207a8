"""Which GPUs hold a model, in which smallest layout, at what price; and what does not fit, in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from pricing import Book, PriceNotFound, gpu_names, gpu_spec, rental_price
from pricing.architectures.records import Architecture
from pricing.architectures.weights import Precision
from pricing.gpus import GpuSpec
from tco.capacity.memory.layout import MACHINE_GPUS, MAX_GPUS, layouts
from tco.capacity.memory.overheads import GIB, usable_bytes
from tco.capacity.memory.settings import EngineSettings, settings_on
from tco.capacity.memory.waterfall import Waterfall, waterfall
from tco.number_style import local

RACK_GPUS = 72
"""GPUs that share layers in a rack of the NVL72 kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What shall be served, and how.

    Attributes:
        model: the architecture.
        needed_tokens: longest request that must fit, prompt and answer together [tokens].
        precision: of the weights.
        kv_dtype_bytes: bytes of one number in the KV cache; None: as the arguments say.
        args: of the engine.
        version: of vLLM; None: today's.
    """

    model: Architecture
    needed_tokens: int
    precision: Precision = "bf16"
    kv_dtype_bytes: int | None = None
    args: tuple[str, ...] = ()
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """What does not fit, and what would.

    Attributes:
        code: for machines: `context_beyond_model`, `does_not_fit`, `no_listed_gpu` or `layout_refused`.
        sentence: for people.
        path: of the input that is to be changed.
    """

    code: str
    sentence: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A layout that holds a model.

    Attributes:
        memory: of one of its GPUs.
        usd_per_hour: rent of all of them, on demand; None where the book has none [USD/h].
    """

    memory: Waterfall
    usd_per_hour: float | None


def beyond_model(wish: Wish) -> Misfit | None:
    """A context that the model was not made for; None where it was, or where nobody states its context.

    Args:
        wish: what is asked.
    """
    most = wish.model.max_context_tokens
    if most is None or wish.needed_tokens <= most:
        return None
    return Misfit(
        code="context_beyond_model",
        sentence=f"a request of {local(wish.needed_tokens):,} tokens is longer than the context of {wish.model.name}, {local(most):,} tokens; shorten it, or choose a model with a longer context",
        path="context_tokens",
    )


def fits_on(wish: Wish, gpu: GpuSpec, *, max_gpus: int = MAX_GPUS, more_than: int = 0) -> Waterfall | None:
    """The smallest layout on a GPU that holds the model and one longest request; None where none of up to `max_gpus` does.

    Args:
        wish: what is asked.
        gpu: the part.
        max_gpus: of the largest replica.
        more_than: only replicas of more GPUs than this.
    """
    return next(layouts_that_fit(wish, gpu, max_gpus=max_gpus, more_than=more_than), None)


def layouts_that_fit(wish: Wish, gpu: GpuSpec, *, max_gpus: int = MAX_GPUS, more_than: int = 0) -> Iterator[Waterfall]:
    """All layouts on a GPU that hold the model and one longest request, smallest first, as `layouts` has them.

    Args:
        wish: what is asked.
        gpu: the part.
        max_gpus: of the largest replica.
        more_than: only replicas of more GPUs than this.
    """
    settings = settings_of(wish, gpu)
    taken = usable_bytes(gpu) * settings.gpu_memory_utilization_fraction
    least = max(more_than + 1, -(-wish.model.weight_bytes(wish.precision) // round(taken)))
    for layout in layouts(wish.model, machine_gpus=machine_gpus(gpu), min_gpus=least, max_gpus=max_gpus):
        found = waterfall(wish.model, gpu, layout, settings, context_tokens=wish.needed_tokens)
        if found.holds(wish.needed_tokens):
            yield found


def settings_of(wish: Wish, gpu: GpuSpec) -> EngineSettings:
    """Settings of the engine that a wish describes, on a GPU.

    Args:
        wish: what is asked.
        gpu: the part.
    """
    return settings_on(
        gpu, precision=wish.precision, kv_dtype_bytes=wish.kv_dtype_bytes, args=wish.args, version=wish.version
    )


def machine_gpus(gpu: GpuSpec) -> int:
    """GPUs that can share a layer: those of one machine, or of one rack."""
    return RACK_GPUS if gpu.gpu.endswith("NVL72") else MACHINE_GPUS


def fits_by_gpu(wish: Wish, book: Book, on: date, *, max_gpus: int = MAX_GPUS) -> tuple[Fit, ...]:
    """The smallest layout of every GPU of the book that holds the model: cheapest by the hour first, those without a price last.

    Args:
        wish: what is asked.
        book: GPUs and prices.
        on: the day of the prices.
        max_gpus: of the largest replica.
    """
    found = (fits_on(wish, gpu_spec(name, book), max_gpus=max_gpus) for name in gpu_names(book))
    fits = [
        Fit(memory=memory, usd_per_hour=replica_usd_per_hour(memory, book, on))
        for memory in found
        if memory is not None
    ]
    return tuple(sorted(fits, key=_cheapest_first))


def replica_usd_per_hour(memory: Waterfall, book: Book, on: date) -> float | None:
    """What all GPUs of a replica cost on demand [USD/h]; None where the book has no rent for the part.

    Args:
        memory: of one of its GPUs.
        book: the prices.
        on: their day.
    """
    try:
        return memory.layout.gpus * rental_price(memory.gpu.gpu, on=on, book=book).price.amount
    except PriceNotFound:
        return None


def misfit(wish: Wish, memory: Waterfall, book: Book | None = None) -> Misfit:
    """Why a layout does not hold a request, and the smallest that would: on the same GPU, else on any of the book.

    Args:
        wish: what is asked.
        memory: of the layout that does not.
        book: whose GPUs are looked at; null: the shipped one.
    """
    own = fits_on(wish, memory.gpu)
    held = [own] if own is not None else [fits_on(wish, gpu_spec(name, book)) for name in gpu_names(book)]
    smallest = min((one for one in held if one is not None), key=_fewest_first, default=None)
    lacks = f"{local(memory.missing_bytes(wish.needed_tokens) / GIB):,.1f} GiB a GPU are missing for one request of {local(wish.needed_tokens):,} tokens"
    begin = f"{wish.model.name} at {wish.precision} does not fit on {memory.layout.gpus} x {memory.gpu.gpu}: {lacks}"
    if smallest is None:
        return nothing_fits(wish, begin)
    among = "" if own is not None else f", for no replica of up to {MAX_GPUS} {memory.gpu.gpu} does"
    return Misfit(
        code="does_not_fit",
        sentence=f"{begin}; the smallest layout that holds it is {smallest.layout.gpus} x {smallest.gpu.gpu} ({smallest.layout.label}){among}",
        path="gpus_per_replica",
    )


def _fewest_first(memory: Waterfall) -> tuple[int, float]:
    return memory.layout.gpus, memory.gpu.memory_gb


def nothing_fits(wish: Wish, begin: str = "") -> Misfit:
    """No layout of any listed GPU holds a model.

    Args:
        wish: what is asked.
        begin: of the sentence; empty: that the model fits nowhere.
    """
    what = begin or f"{wish.model.name} at {wish.precision} does not fit"
    size = wish.model.weight_bytes(wish.precision) / GIB
    return Misfit(
        code="no_listed_gpu",
        sentence=f"{what}: no replica of up to {MAX_GPUS} GPUs holds its {local(size):,.0f} GiB of weights and one request of {local(wish.needed_tokens):,} tokens; "
        "use fewer bits a weight (fp8, int4), shorter requests, or a smaller model",
        path="gpu",
    )


def _cheapest_first(fit: Fit) -> tuple[bool, float, int, str]:
    return fit.usd_per_hour is None, fit.usd_per_hour or 0.0, fit.memory.layout.gpus, fit.memory.gpu.gpu
