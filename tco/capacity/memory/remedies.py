"""What to do when a model does not fit: settings that cost nothing first, then what may cost quality, then money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from pricing import Book, gpu_names, gpu_spec
from pricing.architectures.weights import Precision
from tco.capacity.memory.fits import Wish, fits_on, replica_usd_per_hour
from tco.capacity.memory.waterfall import Waterfall, waterfall
from tco.number_style import local

Cost = Literal["free", "slower", "quality", "money"]

_RANKS: tuple[Cost, ...] = ("free", "slower", "quality", "money")
_HIGH_SHARE = 0.95
_SMALL_STEP_TOKENS = 2048
_FEWEST_SEQUENCES = 16
_LIGHTER: dict[Precision, tuple[Precision, ...]] = {"bf16": ("fp8", "int4"), "fp8": ("int4",), "mxfp4": (), "int4": ()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """One change after which a model fits.

    Attributes:
        code: for machines.
        what: to do, in words.
        frees_bytes: memory that it gives the cache on each GPU, or that it makes unnecessary [bytes].
        cost: what kind of cost it has.
        price: that cost in words.
        extra_usd_per_hour: rent on top of today's, for all GPUs of the replica; 0 where it is a setting, None where the book has no price [USD/h].
        flags: what the engine is told.
    """

    code: str
    what: str
    frees_bytes: int
    cost: Cost
    price: str
    extra_usd_per_hour: float | None = 0.0
    flags: tuple[str, ...] = ()


def remedies(wish: Wish, memory: Waterfall, book: Book, on: date, most: int = 3) -> tuple[Remedy, ...]:
    """The cheapest changes each of which alone makes a request fit: free settings, then slower ones, then quality, then money by USD an hour.

    Args:
        wish: what is asked.
        memory: of the layout that does not hold it.
        book: GPUs and their prices.
        on: the day of the prices.
        most: at most so many.

    Returns:
        None where the request fits already.
    """
    if memory.holds(wish.needed_tokens):
        return ()
    found = [*_settings(wish, memory), *_lighter(wish, memory), *_hardware(wish, memory, book, on)]
    return tuple(sorted(found, key=_order)[:most])


def _order(remedy: Remedy) -> tuple[int, bool, float]:
    extra = remedy.extra_usd_per_hour
    return _RANKS.index(remedy.cost), extra is None, extra or 0.0


def _settings(wish: Wish, memory: Waterfall) -> Iterator[Remedy]:
    told = memory.settings
    shorter = memory.longest_tokens
    if shorter:
        yield Remedy(
            code="shorter_context",
            what=f"start with --max-model-len {shorter}",
            frees_bytes=memory.missing_bytes(wish.needed_tokens),
            cost="free",
            price=f"requests of more than {local(shorter):,} tokens are refused",
            flags=("--max-model-len", str(shorter)),
        )
    if told.gpu_memory_utilization_fraction < _HIGH_SHARE:
        yield from _changed(
            wish,
            memory,
            code="higher_share",
            what=f"let the engine take {_HIGH_SHARE:.0%} of the memory",
            cost="free",
            price="less room for other programs and for peaks that the engine did not foresee",
            flags=("--gpu-memory-utilization", f"{_HIGH_SHARE:g}"),
            gpu_memory_utilization_fraction=_HIGH_SHARE,
        )
    yield from _fewer_sequences(wish, memory)
    yield from _slower(wish, memory)


def _fewer_sequences(wish: Wish, memory: Waterfall) -> Iterator[Remedy]:
    """The most sequences at once with which the request fits, by halves."""
    sequences = memory.settings.max_num_seqs // 2
    while sequences >= _FEWEST_SEQUENCES:
        fewer = list(
            _changed(
                wish,
                memory,
                code="fewer_sequences",
                what=f"run at most {sequences} sequences at once",
                cost="free",
                price="none where the cache holds no more anyway",
                flags=("--max-num-seqs", str(sequences)),
                max_num_seqs=sequences,
            )
        )
        if fewer:
            yield from fewer
            return
        sequences //= 2


def _slower(wish: Wish, memory: Waterfall) -> Iterator[Remedy]:
    """Settings that cost speed."""
    told = memory.settings
    if told.max_num_batched_tokens > _SMALL_STEP_TOKENS:
        yield from _changed(
            wish,
            memory,
            code="smaller_steps",
            what=f"compute prompts in steps of {local(_SMALL_STEP_TOKENS):,} tokens",
            cost="slower",
            price="prompts take longer",
            flags=("--max-num-batched-tokens", str(_SMALL_STEP_TOKENS)),
            max_num_batched_tokens=_SMALL_STEP_TOKENS,
            max_num_seqs=min(told.max_num_seqs, _SMALL_STEP_TOKENS),
        )
    if told.cuda_graphs:
        yield from _changed(
            wish,
            memory,
            code="no_graphs",
            what="do without recorded graphs",
            cost="slower",
            price="small batches are slower",
            flags=("--enforce-eager",),
            cuda_graphs=False,
        )


def _lighter(wish: Wish, memory: Waterfall) -> Iterator[Remedy]:
    if memory.settings.kv_dtype_bytes > 1:
        half = replace(memory.settings, kv_dtype_bytes=1)
        lighter = waterfall(memory.model, memory.gpu, memory.layout, half, context_tokens=memory.context_tokens)
        if lighter.holds(wish.needed_tokens):
            yield Remedy(
                code="fp8_cache",
                what="hold the KV cache in fp8",
                frees_bytes=memory.missing_bytes(wish.needed_tokens) - lighter.missing_bytes(wish.needed_tokens),
                cost="quality",
                price="answers may lose a little on long contexts: measure yours",
                flags=("--kv-cache-dtype", "fp8"),
            )
    for precision in _LIGHTER[memory.settings.precision]:
        yield from _changed(
            wish,
            memory,
            code=f"{precision}_weights",
            what=f"hold the weights in {precision}",
            cost="quality",
            price="answers may lose a little: measure yours" if precision == "fp8" else "answers lose more than in fp8",
            flags=("--quantization", "fp8") if precision == "fp8" else (),
            precision=precision,
        )


def _changed(
    wish: Wish,
    memory: Waterfall,
    *,
    code: str,
    what: str,
    cost: Cost,
    price: str,
    flags: tuple[str, ...],
    **settings: Any,
) -> Iterator[Remedy]:
    """The remedy of other settings, where they are enough."""
    after = waterfall(
        memory.model,
        memory.gpu,
        memory.layout,
        replace(memory.settings, **settings),
        context_tokens=memory.context_tokens,
    )
    if after.holds(wish.needed_tokens):
        yield Remedy(
            code=code,
            what=what,
            frees_bytes=after.pool_bytes - memory.pool_bytes,
            cost=cost,
            price=price,
            flags=flags,
        )


def _hardware(wish: Wish, memory: Waterfall, book: Book, on: date) -> Iterator[Remedy]:
    now = replica_usd_per_hour(memory, book, on)
    more = fits_on(wish, memory.gpu, more_than=memory.layout.gpus)
    if more is not None:
        yield _bought(wish, memory, more, now, replica_usd_per_hour(more, book, on), code="more_gpus")
    others = [
        (replica_usd_per_hour(found, book, on), found)
        for found in (
            fits_on(wish, gpu_spec(name, book), max_gpus=memory.layout.gpus)
            for name in gpu_names(book)
            if name != memory.gpu.gpu
        )
        if found is not None
    ]
    priced = [(usd, found) for usd, found in others if usd is not None]
    if priced:
        usd, found = min(priced, key=lambda one: (one[0], one[1].gpu.gpu))
        yield _bought(wish, memory, found, now, usd, code="other_gpu")


def _bought(
    wish: Wish, memory: Waterfall, after: Waterfall, now: float | None, then: float | None, *, code: str
) -> Remedy:
    extra = None if now is None or then is None else then - now
    price = (
        "no price in the book" if extra is None else f"{local(extra):+,.2f} USD an hour on demand, and another speed"
    )
    return Remedy(
        code=code,
        what=f"use {after.layout.gpus} x {after.gpu.gpu} ({after.layout.label})",
        frees_bytes=memory.missing_bytes(wish.needed_tokens) - after.missing_bytes(wish.needed_tokens),
        cost="money",
        price=price,
        extra_usd_per_hour=extra,
        flags=after.layout.flags,
    )
