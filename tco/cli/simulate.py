"""`tco simulate`: what users would see of a self-hosted option at a load, with recorded traffic, or over a week."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tco import InputError, load
from tco.cli._parts_progress import PartsProgress
from tco.cli._shared import EXIT_INTERRUPTED, print_json, refuse

if TYPE_CHECKING:
    from tco.simulation import Answer, Asked, Split

Routing = Literal["round-robin", "least-loaded", "prefix-aware"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What was asked on the command line."""

    replicas: int | None
    requests_per_s: float | None
    routing: Routing
    seed: int
    week: bool
    trace: Path | None
    trace_limit: int | None
    trace_speed: float | None
    skip_empty: bool
    prefill_replicas: int | None
    decode_replicas: int | None
    transfer_gb_per_s: float | None
    kv_bytes_per_token: float | None


def simulate(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML), for example scenarios/demo.yaml.")],
    option: Annotated[
        str | None, typer.Option("--option", metavar="NAME", help="A self-hosted option. [default: the only one]")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change one input; repeat for more.")
    ] = None,
    replicas: Annotated[
        int | None, typer.Option("--replicas", min=1, help="Replicas that stand. [default: those of the plan]")
    ] = None,
    requests_per_s: Annotated[
        float | None,
        typer.Option(
            "--requests-per-s", metavar="X", help="The load. [default: peak of the first month; --week: mean]"
        ),
    ] = None,
    routing: Annotated[
        Routing, typer.Option("--routing", help="Which replica a request is given to.")
    ] = "least-loaded",
    trace: Annotated[
        Path | None,
        typer.Option("--trace", metavar="FILE", help="Recorded traffic: an Azure or Mooncake trace, or your own log."),
    ] = None,
    trace_limit: Annotated[
        int | None, typer.Option("--trace-limit", min=1, metavar="N", help="With --trace: the first N requests only.")
    ] = None,
    trace_speed: Annotated[
        float | None, typer.Option("--trace-speed", metavar="X", help="With --trace: so much faster than it came.")
    ] = None,
    skip_empty: Annotated[
        bool, typer.Option("--skip-empty", help="With --trace: leave out requests without input or output.")
    ] = False,
    week: Annotated[bool, typer.Option("--week", help="A whole week, with the plan's replicas of each hour.")] = False,
    prefill_replicas: Annotated[
        int | None, typer.Option("--prefill-replicas", min=1, metavar="P", help="Replicas that only compute prompts.")
    ] = None,
    decode_replicas: Annotated[
        int | None, typer.Option("--decode-replicas", min=1, metavar="D", help="Replicas that only make answers.")
    ] = None,
    transfer_gb_per_s: Annotated[
        float | None, typer.Option("--transfer-gb-per-s", metavar="G", help="Bandwidth from one to the other.")
    ] = None,
    kv_bytes_per_token: Annotated[
        float | None,
        typer.Option("--kv-bytes-per-token", metavar="B", help="Cache of a token. [default: of the option's model]"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the draws; the same gives the same numbers.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object on stdout.")] = False,
) -> None:
    """What would users see at this load? An engine that schedules as vLLM does, simulated with the option's step times."""
    wish = _Wish(
        replicas=replicas,
        requests_per_s=requests_per_s,
        routing=routing,
        seed=seed,
        week=week,
        trace=trace,
        trace_limit=trace_limit,
        trace_speed=trace_speed,
        skip_empty=skip_empty,
        prefill_replicas=prefill_replicas,
        decode_replicas=decode_replicas,
        transfer_gb_per_s=transfer_gb_per_s,
        kv_bytes_per_token=kv_bytes_per_token,
    )
    try:
        _check(wish)
        # The simulator takes seconds to load, which other commands need not wait for.
        from tco.cli._simulate_json import simulate_json  # noqa: PLC0415
        from tco.cli._simulate_text import show_simulation  # noqa: PLC0415
        from tco.simulation import asked_option  # noqa: PLC0415

        with PartsProgress() as progress:
            asked = asked_option(load(scenario, settings or []), option)
            answer = _answer(asked, wish, progress)
    except InputError as error:
        refuse(error, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        print_json(simulate_json(asked, answer))
        return
    show_simulation(asked, answer)


def _answer(asked: Asked, wish: _Wish, progress: PartsProgress) -> Answer:
    from tco.simulation import (  # noqa: PLC0415
        recording,
        simulate_load_of,
        simulate_planned_week,
        simulate_recorded,
        simulate_split,
    )

    if wish.trace is not None:
        recorded = recording(
            wish.trace,
            asked.engine.limits,
            first=wish.trace_limit,
            speed_factor=1.0 if wish.trace_speed is None else wish.trace_speed,
            skip_empty=wish.skip_empty,
        )
        return simulate_recorded(asked, recorded, replicas=wish.replicas, routing=wish.routing)
    split = _split(wish)
    if split is not None:
        return simulate_split(
            asked,
            split,
            requests_per_s=wish.requests_per_s,
            routing=wish.routing,
            seed=wish.seed,
            progress=progress.done,
        )
    play = simulate_planned_week if wish.week else simulate_load_of
    return play(
        asked,
        replicas=wish.replicas,
        requests_per_s=wish.requests_per_s,
        routing=wish.routing,
        seed=wish.seed,
        progress=progress.done,
    )


def _split(wish: _Wish) -> Split | None:
    from tco.simulation import Split  # noqa: PLC0415

    if wish.prefill_replicas is None or wish.decode_replicas is None or wish.transfer_gb_per_s is None:
        return None
    return Split(
        prefill_replicas=wish.prefill_replicas,
        decode_replicas=wish.decode_replicas,
        transfer_gb_per_s=wish.transfer_gb_per_s,
        kv_bytes_per_token=wish.kv_bytes_per_token,
    )


def _check(wish: _Wish) -> None:
    """Refuses options that do not go together."""
    pools = {
        "--prefill-replicas": wish.prefill_replicas,
        "--decode-replicas": wish.decode_replicas,
        "--transfer-gb-per-s": wish.transfer_gb_per_s,
    }
    given = [name for name, value in pools.items() if value is not None]
    if given and len(given) < len(pools):
        missing = next(name for name in pools if name not in given)
        raise InputError(f"{given[0]} needs {missing} too; pools are given by {', '.join(pools)}")
    if wish.kv_bytes_per_token is not None and not given:
        raise InputError(f"--kv-bytes-per-token goes with pools; give {', '.join(pools)} too")
    of_trace = {
        "--trace-limit": wish.trace_limit,
        "--trace-speed": wish.trace_speed,
        "--skip-empty": wish.skip_empty or None,
    }
    lost = [name for name, value in of_trace.items() if value is not None]
    if lost and wish.trace is None:
        raise InputError(f"{lost[0]} goes with --trace FILE; give the file too")
    ways = [
        name
        for name, is_asked in (
            ("--week", wish.week),
            ("--trace", wish.trace is not None),
            (", ".join(pools), bool(given)),
        )
        if is_asked
    ]
    if len(ways) > 1:
        raise InputError(f"{' and '.join(ways)} are different questions; ask one at a time")
    if wish.trace is not None and wish.requests_per_s is not None:
        raise InputError(
            "--requests-per-s is for random arrivals, and a trace has its own; use --trace-speed to make it faster"
        )
    if given and wish.replicas is not None:
        raise InputError("--replicas is for replicas that do both; pools have --prefill-replicas and --decode-replicas")
