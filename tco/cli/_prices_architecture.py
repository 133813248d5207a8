"""`tco prices model`: what follows from a model's `config.json`: parameters, bytes of weights, bytes of the KV cache."""

from __future__ import annotations

from typing import Annotated, Any, get_args

import typer
from rich.table import Table

from pricing.architectures import Architecture, ArchitectureError, KvLayers, Precision, architecture, architectures
from pricing.book import Book
from tco.cli._prices_book import AsJson, chosen_book
from tco.cli._shared import fail, print_json
from tco.cli._tables import cell, print_table

KV_TYPES = (2, 1)
"""Bytes of one number of the KV cache that the tables show: bf16 and fp8."""

DEFAULT_CONTEXT = 8192
_BILLION = 1e9
_GB = 1e9
_GIB = 2**30

_PARTS = ("embeddings", "attention", "mlp", "experts", "shared", "router", "norms", "other", "vision")


def model_command(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A shipped name (Qwen3-8B), a Hugging Face id, a config.json, or its folder. [default: list all]"
        ),
    ] = None,
    *,
    context: Annotated[
        int, typer.Option(min=1, help="Length of the sequence for the KV cache [tokens].")
    ] = DEFAULT_CONTEXT,
    as_json: AsJson = False,
) -> None:
    """Show a model's parameters, weights and KV cache, computed from its config.json; without a name, list the shipped ones."""
    book = chosen_book()
    if name is None:
        _list(book, context, as_json=as_json)
        return
    try:
        model = architecture(name, book)
        facts = _facts(model, context)
    except ArchitectureError as error:
        fail(cell(str(error)).plain)
    if as_json:
        print_json(facts)
    else:
        _print(model, context)


def _facts(model: Architecture, context: int) -> dict[str, Any]:
    """The record, and what its methods answer."""
    return {
        **model.model_dump(mode="json"),
        "parameters_total": model.parameters_total,
        "parameters_active": model.parameters_active,
        "parameters_embedding": model.parameters_embedding,
        "weight_bytes": {precision: model.weight_bytes(precision) for precision in get_args(Precision)},
        "context_tokens": context,
        "kv_bytes_per_token": {str(size): model.kv_bytes_per_token(size) for size in KV_TYPES},
        "kv_bytes": {str(size): model.kv_bytes(context, size) for size in KV_TYPES},
    }


def _list(book: Book, context: int, *, as_json: bool) -> None:
    models = architectures(book)
    if as_json:
        print_json({"context_tokens": context, "models": [_facts(model, context) for model in models]})
        return
    table = Table(
        "model",
        "total, B",
        "active, B",
        "fp8, GB",
        "KV kB/token",
        f"KV GiB at {context:,}",
        "max context",
        "published as",
    )
    for model in models:
        row = (
            model.name,
            f"{model.parameters_total / _BILLION:,.2f}",
            f"{model.parameters_active / _BILLION:,.2f}",
            f"{model.weight_bytes('fp8') / _GB:,.0f}",
            f"{model.kv_bytes_per_token() / 1000:,.1f}",
            f"{model.kv_bytes(context) / _GIB:,.2f}",
            f"{model.max_context_tokens or 0:,}",
            model.quantization.method if model.quantization else model.dtype or "",
        )
        table.add_row(*(cell(text) for text in row))
    print_table(table)


def _print(model: Architecture, context: int) -> None:
    print_table(_summary(model))
    print_table(_parameters(model))
    print_table(_weights(model))
    print_table(_kv(model, context))
    for note in (*model.notes, f"Source: {model.source}" + (f", {model.as_of}" if model.as_of else "")):
        typer.echo(cell(note).plain)


def _summary(model: Architecture) -> Table:
    table = Table("fact", "value", title=cell(model.name), title_justify="left")
    experts = (
        f"{model.experts}, {model.experts_active} a token, {model.experts_shared} shared" if model.experts else "none"
    )
    stored = model.quantization
    facts = {
        "family": f"{model.model_type} ({', '.join(model.architectures) or 'no class stated'})",
        "layers": f"{model.layers}: " + ", ".join(f"{kind.layers} {kind.kind}" for kind in model.layer_types),
        "hidden size": f"{model.hidden_size:,}",
        "heads": f"{model.heads} for queries, {model.kv_heads} for keys and values, {model.head_dim} numbers each",
        "experts": experts,
        "vocabulary": f"{model.vocab_size:,}" + (", head tied to the embedding" if model.tied_embeddings else ""),
        "max context": f"{model.max_context_tokens:,} tokens" if model.max_context_tokens else "not stated",
        "number format": model.dtype or "not stated",
        "quantisation": f"{stored.method}, {stored.bits or '?'} bits" if stored else "none stated",
        "SHA-256 of the file": model.config_sha256,
    }
    for key, value in facts.items():
        table.add_row(key, cell(value))
    return table


def _parameters(model: Architecture) -> Table:
    table = Table("parameters", "billion", title_justify="left")
    table.add_row("total", f"{model.parameters_total / _BILLION:,.3f}")
    table.add_row("active for one token", f"{model.parameters_active / _BILLION:,.3f}")
    for part in _PARTS:
        count = getattr(model.parameters, part)
        if count is None or count:
            table.add_row(f"  {part}", "left out" if count is None else f"{count / _BILLION:,.3f}")
    return table


def _weights(model: Architecture) -> Table:
    table = Table("weights at", "GB", "GiB")
    for precision in get_args(Precision):
        size = model.weight_bytes(precision)
        table.add_row(precision, f"{size / _GB:,.1f}", f"{size / _GIB:,.1f}")
    return table


def _kv(model: Architecture, context: int) -> Table:
    table = Table("KV cache", "layers", "keeps", "bytes/token bf16", "bytes/token fp8", "GiB bf16", "GiB fp8")
    for kept in model.kv_layers:
        sizes = [kept.sequence_bytes(context, size) for size in KV_TYPES]
        rates = [kept.layers * kept.bytes_per_token(size) for size in KV_TYPES]
        table.add_row(f"{kept.attention}: {kept.kind}", str(kept.layers), _span(kept), *_row(rates, sizes))
    rates = [model.kv_bytes_per_token(size) for size in KV_TYPES]
    sizes = [model.kv_bytes(context, size) for size in KV_TYPES]
    table.add_row(f"one sequence of {context:,} tokens", "", "", *_row(rates, sizes))
    return table


def _row(rates: list[float], sizes: list[int]) -> list[str]:
    return [*(f"{rate:,.0f}" for rate in rates), *(f"{size / _GIB:,.3f}" for size in sizes)]


def _span(kept: KvLayers) -> str:
    if kept.state_bytes:
        return f"a state of {kept.state_bytes:,} bytes a layer"
    if kept.window_tokens is not None:
        return f"the last {kept.window_tokens:,} tokens"
    if kept.chunk_tokens is not None:
        return f"chunks of {kept.chunk_tokens:,} tokens"
    return "every token" if kept.stride_tokens == 1 else f"one entry for {kept.stride_tokens} tokens"
