"""`tco fit`: which GPUs hold a model, where their memory goes, and what to do where it does not fit."""

from __future__ import annotations

import shlex
from datetime import date
from itertools import islice
from typing import Annotated, get_args

import typer

from pricing import Architecture, ArchitectureError, Book, PriceNotFound, architecture, gpu_spec
from pricing.architectures.weights import Precision
from pricing.gpus import GpuSpec
from tco import InputError
from tco.capacity.memory.fits import (
    Fit,
    Misfit,
    Wish,
    beyond_model,
    fits_by_gpu,
    fits_on,
    layouts_that_fit,
    machine_gpus,
    misfit,
    nothing_fits,
    replica_usd_per_hour,
    settings_of,
)
from tco.capacity.memory.layout import Layout, layout_of
from tco.capacity.memory.occupancy import RequestLengths
from tco.capacity.memory.placement import published_precision
from tco.capacity.memory.remedies import remedies
from tco.capacity.memory.waterfall import Waterfall, waterfall
from tco.cli._fit_text import Shown, facts, show_gpu, show_gpus
from tco.cli._prices_book import AsJson, On, Own, Pin, chosen_book, day_of
from tco.cli._shared import EXIT_INVALID, fail, print_json, refuse
from tco.cli._tables import cell

DEFAULT_CONTEXT = 8192
"""Tokens of the longest request where nobody says; no more than the model's own context."""

_SHOWN_LAYOUTS = 5
_KV_BYTES = {"bf16": 2, "fp8": 1}


def fit(
    model: Annotated[
        str, typer.Argument(help="A shipped name (Qwen3-8B), a Hugging Face id, a config.json, or its folder.")
    ],
    *,
    gpu: Annotated[
        str | None, typer.Option(help="Only this GPU of the book, with its memory in full. [default: all]")
    ] = None,
    gpus: Annotated[
        int | None,
        typer.Option(min=1, max=128, help="So many of that GPU a replica. [default: as few as hold the model]"),
    ] = None,
    context: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=f"Longest request, prompt and answer [tokens]. [default: {DEFAULT_CONTEXT:,}, or the model's context]",
        ),
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help=f"Of the weights: {', '.join(get_args(Precision))}. [default: as published]")
    ] = None,
    kv_cache_dtype: Annotated[str | None, typer.Option(help="Of the KV cache: bf16 or fp8. [default: bf16]")] = None,
    input_tokens: Annotated[
        int | None, typer.Option(min=1, help="Mean prompt, for how many requests run at once [tokens].")
    ] = None,
    output_tokens: Annotated[int | None, typer.Option(min=1, help="Mean answer likewise [tokens].")] = None,
    engine_args: Annotated[
        str,
        typer.Option("--args", help="Arguments of vLLM, such as '--max-num-seqs 64 --gpu-memory-utilization 0.95'."),
    ] = "",
    on: On = None,
    own: Own = None,
    pin: Pin = None,
    as_json: AsJson = False,
) -> None:
    """Show which GPUs hold a model, at what price by the hour, and where the memory goes."""
    book, day = chosen_book(own, pin), day_of(on)
    try:
        mix = _mix(input_tokens, output_tokens)
        wish = _wish(architecture(model, book), context, precision, kv_cache_dtype, engine_args, mix)
        found = _on_all(wish, mix, book, day) if gpu is None else _on_one(wish, mix, gpu, gpus, book, day)
    except (ArchitectureError, InputError, PriceNotFound) as error:
        refuse(InputError(cell(str(error.args[0])).plain), as_json=as_json)
    if isinstance(found, Misfit):
        _refuse(found, as_json=as_json)
    elif as_json:
        print_json(facts(found))
    elif found.memory is None:
        show_gpus(found)
    else:
        show_gpu(found)


def _refuse(wrong: Misfit, *, as_json: bool) -> None:
    """Ends the command with what does not fit: its code and path for machines, the sentence for people."""
    if as_json:
        print_json({"error": {"code": wrong.code, "message": wrong.sentence, "path": wrong.path}})
    fail(f"{cell(wrong.sentence).plain} ({wrong.code}, {wrong.path})", EXIT_INVALID)


def _wish(
    model: Architecture,
    context: int | None,
    precision: str | None,
    kv_cache_dtype: str | None,
    engine_args: str,
    mix: RequestLengths | None,
) -> Wish:
    known = get_args(Precision)
    if precision is not None and precision not in known:
        raise InputError(f"--precision {precision!r} is not known; write {', '.join(known)}")
    if kv_cache_dtype is not None and kv_cache_dtype not in _KV_BYTES:
        raise InputError(f"--kv-cache-dtype {kv_cache_dtype!r} is not known; write {' or '.join(_KV_BYTES)}")
    try:
        args = tuple(shlex.split(engine_args))
    except ValueError as error:
        raise InputError(
            f"--args {engine_args[:40]!r} cannot be read as words ({error}); close every quotation mark"
        ) from None
    longest = context or min(DEFAULT_CONTEXT, model.max_context_tokens or DEFAULT_CONTEXT)
    return Wish(
        model=model,
        needed_tokens=max(longest, 0 if mix is None else mix.input_tokens + mix.output_tokens),
        precision=next((one for one in known if one == precision), published_precision(model)),
        kv_dtype_bytes=None if kv_cache_dtype is None else _KV_BYTES[kv_cache_dtype],
        args=args,
    )


def _mix(input_tokens: int | None, output_tokens: int | None) -> RequestLengths | None:
    if input_tokens is None and output_tokens is None:
        return None
    if input_tokens is None or output_tokens is None:
        raise InputError("--input-tokens and --output-tokens go together; give both, or neither")
    return RequestLengths(input_tokens=input_tokens, output_tokens=output_tokens)


def _on_all(wish: Wish, mix: RequestLengths | None, book: Book, day: date) -> Shown | Misfit:
    wrong = beyond_model(wish)
    if wrong is not None:
        return wrong
    fits = fits_by_gpu(wish, book, day)
    return Shown(wish=wish, mix=mix, fits=fits) if fits else nothing_fits(wish)


def _on_one(
    wish: Wish, mix: RequestLengths | None, name: str, gpus: int | None, book: Book, day: date
) -> Shown | Misfit:
    """One GPU: its memory, its layouts that fit, and where what is asked does not, what would help."""
    gpu = gpu_spec(name, book)
    wrong = beyond_model(wish)
    if wrong is not None:
        return wrong
    memory = _memory(wish, gpu, gpus)
    held = list(islice(layouts_that_fit(wish, gpu), _SHOWN_LAYOUTS))
    wrong = None if memory.holds(wish.needed_tokens) else misfit(wish, memory, book)
    if wrong is not None and wrong.code == "no_listed_gpu":
        return wrong
    return Shown(
        wish=wish,
        mix=mix,
        fits=tuple(Fit(memory=one, usd_per_hour=replica_usd_per_hour(one, book, day)) for one in held),
        memory=memory,
        misfit=wrong,
        remedies=remedies(wish, memory, book, day),
    )


def _memory(wish: Wish, gpu: GpuSpec, gpus: int | None) -> Waterfall:
    """Of so many GPUs; else of as few as hold the model, or of one where none do."""
    if gpus is None:
        smallest = fits_on(wish, gpu)
        if smallest is not None:
            return smallest
    layout = Layout() if gpus is None else layout_of(wish.model, gpus, machine_gpus(gpu))
    if layout is None:
        raise InputError(f"--gpus {gpus}: vLLM takes no layout of {wish.model.name} over so many; write another number")
    return waterfall(wish.model, gpu, layout, settings_of(wish, gpu), context_tokens=wish.needed_tokens)
