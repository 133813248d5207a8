"""What `tco fit` found, as tables for people and as facts for machines."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import typer
from rich.table import Table

from tco.capacity.memory.fits import Fit, Misfit, Wish
from tco.capacity.memory.occupancy import Occupancy, RequestLengths, occupancy
from tco.capacity.memory.overheads import GIB
from tco.capacity.memory.remedies import Remedy
from tco.capacity.memory.waterfall import Waterfall
from tco.cli._tables import cell, print_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What was asked and found.

    Attributes:
        wish: what was asked.
        mix: lengths of requests, for how many run at once; None where nobody said.
        fits: layouts that hold it: the smallest of each GPU, or several of one.
        memory: of the GPU that was asked for; None where all were.
        misfit: why it does not hold the wish; None where it does.
        remedies: what would help.
    """

    wish: Wish
    mix: RequestLengths | None
    fits: tuple[Fit, ...]
    memory: Waterfall | None = None
    misfit: Misfit | None = None
    remedies: tuple[Remedy, ...] = ()


def facts(shown: Shown) -> dict[str, Any]:
    """One JSON object.

    Args:
        shown: what was found.
    """
    memory, wrong = shown.memory, shown.misfit
    return {
        "model": shown.wish.model.name,
        "precision": shown.wish.precision,
        "needed_tokens": shown.wish.needed_tokens,
        "fits": [{**_memory_facts(fit.memory, shown.mix), "usd_per_hour": fit.usd_per_hour} for fit in shown.fits],
        "memory": None
        if memory is None
        else {
            **_memory_facts(memory, shown.mix),
            "terms": [{"name": term.name, "gib": term.gib, "formula": term.formula} for term in memory.terms],
        },
        "misfit": None if wrong is None else {"code": wrong.code, "message": wrong.sentence, "path": wrong.path},
        "remedies": [asdict(remedy) for remedy in shown.remedies],
    }


def show_gpus(shown: Shown) -> None:
    """The smallest layout of every GPU that holds the model, cheapest first.

    Args:
        shown: what was found.
    """
    print_table(_layouts(shown, title=f"{_asked(shown.wish)}: smallest layout of each GPU, cheapest by the hour first"))
    typer.echo(
        "Rent is the book's median on demand, for all GPUs of a replica. `--gpu NAME` shows where its memory goes."
    )
    _echo_footing()


def show_gpu(shown: Shown) -> None:
    """Where one GPU's memory goes, the layouts that hold the model, and what would help where it does not.

    Args:
        shown: what was found, for one GPU.
    """
    if shown.memory is None:
        return
    print_table(_terms(shown.memory))
    if shown.mix is not None:
        typer.echo(_runs_at_once(occupancy(shown.memory, [shown.mix]), shown.mix))
    if shown.misfit is not None:
        typer.echo(f"\n{cell(shown.misfit.sentence).plain}.")
    for remedy in shown.remedies:
        flags = f": {' '.join(remedy.flags)}" if remedy.flags else ""
        typer.echo(
            cell(
                f"• {remedy.what} ({remedy.cost}; frees {remedy.frees_bytes / GIB:,.1f} GiB a GPU; {remedy.price}){flags}"
            ).plain
        )
    if shown.fits:
        typer.echo()
        print_table(_layouts(shown, title=f"{_asked(shown.wish)}: smallest layouts on {shown.memory.gpu.gpu}"))
    _echo_footing()


def _echo_footing() -> None:
    typer.echo(
        "Weights and cache are counted from config.json; overheads are priors of vLLM on H100, docs/capacity-memory.md."
    )


def _asked(wish: Wish) -> str:
    return f"{wish.model.name}, {wish.precision}, requests of up to {wish.needed_tokens:,} tokens"


def _layouts(shown: Shown, title: str) -> Table:
    table = Table(
        "GPU", "layout", "USD/h", "weights GiB a GPU", "cache GiB", "cache tokens", "longest request", "at once",
        title=cell(title), title_justify="left",
    )  # fmt: skip
    for fit in shown.fits:
        memory = fit.memory
        at_once = "–" if shown.mix is None else f"{occupancy(memory, [shown.mix]).mean_sequences:,}"
        row = (
            memory.gpu.gpu,
            memory.layout.label,
            "–" if fit.usd_per_hour is None else f"{fit.usd_per_hour:,.2f}",
            f"{_weights_gib(memory):,.1f}",
            f"{memory.pool_bytes / GIB:,.1f}",
            f"{memory.kv_tokens:,}",
            f"{memory.longest_tokens:,}",
            at_once,
        )
        table.add_row(*(cell(text) for text in row))
    return table


def _terms(memory: Waterfall) -> Table:
    title = f"{memory.model.name} on {memory.layout.gpus} x {memory.gpu.gpu}: memory of one GPU"
    table = Table("term", "GiB", "how", title=cell(title), title_justify="left")
    for term in memory.terms:
        table.add_row(cell(term.name), f"{term.gib:+,.2f}", cell(term.formula))
    blocks = f"{memory.kv_blocks:,} blocks of {memory.settings.block_tokens} tokens at {memory.kv_bytes_per_token:,.0f} bytes a token: {memory.kv_tokens:,} tokens"
    table.add_row("left for the KV cache", f"{memory.pool_bytes / GIB:+,.2f}", blocks)
    return table


def _runs_at_once(found: Occupancy, mix: RequestLengths) -> str:
    limit = (
        f", no more than --max-num-seqs {found.max_num_seqs:,}"
        if found.cache_mean_sequences > found.max_num_seqs
        else ""
    )
    return (
        f"Requests of {mix.input_tokens:,} + {mix.output_tokens:,} tokens: {found.mean_sequences:,} run at once on the average, "
        f"{found.peak_sequences:,} if all are at their end{limit}."
    )


def _weights_gib(memory: Waterfall) -> float:
    return -next(term.gib for term in memory.terms if term.name == "weights")


def _memory_facts(memory: Waterfall, mix: RequestLengths | None) -> dict[str, Any]:
    return {
        "gpu": memory.gpu.gpu,
        "gpus": memory.layout.gpus,
        "tensor_parallel_size": memory.layout.tensor_parallel_size,
        "pipeline_parallel_size": memory.layout.pipeline_parallel_size,
        "expert_parallel": memory.layout.expert_parallel,
        "weights_gib": _weights_gib(memory),
        "kv_cache_gib": memory.pool_bytes / GIB,
        "kv_cache_tokens": memory.kv_tokens,
        "kv_blocks": memory.kv_blocks,
        "kv_bytes_per_token": memory.kv_bytes_per_token,
        "longest_tokens": memory.longest_tokens,
        "sequences": None if mix is None else asdict(occupancy(memory, [mix])),
    }
