"""Reports of other tools brought together: load points become cells, equal loads become repeats, files become one run. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from probes.analysis.batches import repeats_interval
from probes.analysis.percentiles import QUANTILES
from probes.cell import Cell, EnergyReading, WholeRun
from probes.imports.conservation import LATENCIES, check
from probes.imports.distribution import fallen, without
from probes.imports.hardware import Hardware, lacking, merged
from probes.imports.point import Point, Report
from probes.imports.reading import ResultFile
from probes.record import Interval, Percentiles, Warn
from probes.run import Run, WorkloadShape
from probes.run_file import RunError
from probes.setting import Engine, Environment, Manifest, Model

TOOL_VERSION = "import 2"
SAME_LENGTH_FRACTION = 0.05
"""Mean lengths that differ by less are those of one traffic."""

_NO_REPEATS = "one benchmark has no spread; import several of the same load together"


def run_of(files: Sequence[ResultFile], reports: Sequence[Report], stated: Hardware | None) -> Run:
    """Makes one run of what several result files say.

    Args:
        files: for their digests.
        reports: all that is in them, in order.
        stated: the hardware sidecar.

    Raises:
        RunError: the reports are of different models, lengths or tools, or have no load point.
    """
    where = ", ".join(file.path for file in files)
    first = _one_kind(reports, where)
    hardware = merged(_said_alike(reports, where), stated, where)
    points = [point for report in reports for point in report.points]
    if not points:
        raise RunError(f"{where}: no load point in it.")
    _check_lengths(points, where)
    cells = [_cell(same) for same in _by_load(points)]
    incomplete = next((report.incomplete for report in reports if report.incomplete), None)
    digests = {f"sha256:{file.sha256}" for file in files}
    return Run(
        run_id=f"{first.tool}-{files[0].sha256[:12]}",
        created_at=first.created_at,
        tool_version=TOOL_VERSION,
        evidence="literature" if first.literature else "measured",
        source=f"{first.tool} {first.version or '(version not said)'}; " + ", ".join(sorted(digests)),
        complete=incomplete is None,
        incomplete_reason=incomplete,
        environment=_environment(hardware),
        engine=_engine(hardware),
        model=Model(
            name=hardware.model or first.model,
            weights=hardware.weights or "unknown",
            dtype=hardware.dtype,
            quantization=hardware.quantization,
            revision=hardware.revision,
        ),
        workload=_workload(points, first),
        gpu=hardware.gpu,
        gpus_per_replica=hardware.gpus,
        manifest=_manifest(first, hardware),
        warnings=_unique([*(warning for report in reports for warning in report.warnings), *lacking(hardware)]),
        cells=cells,
    )


def _one_kind(reports: Sequence[Report], where: str) -> Report:
    first = reports[0]
    for other in reports[1:]:
        for what, mine, theirs in (("tool", first.tool, other.tool), ("model", first.model, other.model)):
            if mine != theirs:
                raise RunError(
                    f"{where}: one run has one {what}, these are of {mine!r} and of {theirs!r}. Import them one by one."
                )
    return first


def _said_alike(reports: Sequence[Report], where: str) -> dict[str, Any]:
    said = dict(reports[0].hardware)
    for other in reports[1:]:
        for name, value in other.hardware.items():
            if said.setdefault(name, value) != value:
                raise RunError(
                    f"{where}: one run has one `{name}`, these are of {said[name]!r} and of {value!r}. "
                    "Import them one by one."
                )
    return said


def _check_lengths(points: Sequence[Point], where: str) -> None:
    known = [point for point in points if point.requests_ok]
    for name in ("input_length", "output_length"):
        values = [getattr(point, name) for point in known]
        if values and max(values) > min(values) * (1 + SAME_LENGTH_FRACTION):
            word = "prompts" if name == "input_length" else "answers"
            raise RunError(
                f"{where}: one run has one traffic, but {word} have {min(values):.0f} to {max(values):.0f} tokens in the mean. "
                "Import files of equal lengths together, the others by themselves."
            )


def _by_load(points: Sequence[Point]) -> list[list[Point]]:
    """Points of equal load together; a burst or a broken one never counts as a repeat of a good one."""
    groups: dict[tuple[Any, ...], list[Point]] = {}
    for number, point in enumerate(points):
        key: tuple[Any, ...] = (point.concurrency or 0, point.request_rate_per_s or 0.0, point.arrivals or "")
        if check(point)[1] is not None:
            key = (*key, number)
        groups.setdefault(key, []).append(point)
    order = sorted(groups, key=lambda key: (key[0], key[1], len(key)))
    return [groups[key] for key in order]


def _cell(points: Sequence[Point]) -> Cell:
    first = points[0]
    found = [check(point) for point in points]
    reason = next((why for _, why in found if why), None)
    duration_s = sum(point.duration_s for point in points)
    warnings = [warning for point in points for warning in point.warnings]
    warnings += [warning for some, _ in found for warning in some]
    ok = sum(point.requests_ok for point in points)
    energies = [point.energy_joules for point in points if point.energy_joules is not None]
    powers = [point.power_watts for point in points if point.power_watts is not None]
    return Cell(
        concurrency=first.concurrency,
        request_rate_per_s=first.request_rate_per_s,
        arrivals=first.arrivals,
        repeats=len(points),
        duration_s=duration_s,
        requests_ok=ok,
        requests_failed=sum(point.requests_failed for point in points),
        input_tokens=sum(point.input_tokens for point in points),
        output_tokens=sum(point.output_tokens for point in points),
        token_source=first.token_source,
        output_tokens_per_s=_rate([_rates(point)[1] for point in points]),
        total_tokens_per_s=_rate([_rates(point)[2] for point in points]),
        requests_per_s=_rate([_rates(point)[0] for point in points]),
        **{name: _pooled([getattr(point, name) for point in points], reason) for name in LATENCIES},
        whole_run=_whole_run(first) if len(points) == 1 else None,
        power_watts=statistics.fmean(powers) if len(powers) == len(points) else None,
        energy_joules=sum(energies) if len(energies) == len(points) else None,
        energy=_energy(powers, energies, duration_s, sum(point.output_tokens for point in points)),
        complete=reason is None,
        reason=f"{_file_name(first.where)}: {reason}" if reason else None,
        warnings=_unique([*warnings, *_pooling(points)]),
    )


def _file_name(where: str) -> str:
    """A place without its folders: a run is published, where its sources lay is private."""
    return where.replace("\\", "/").rsplit("/", 1)[-1]


def _rates(point: Point) -> tuple[float, float, float]:
    """Requests, output tokens and all tokens a second: as reported, or from the counts."""
    time_s = point.duration_s or 1.0
    counts = (point.requests_ok, point.output_tokens, point.input_tokens + point.output_tokens)
    told = (point.requests_per_s, point.output_tokens_per_s, point.total_tokens_per_s)
    first, second, third = (count / time_s if rate is None else rate for count, rate in zip(counts, told, strict=True))
    return first, second, third


def _rate(values: Sequence[float]) -> Interval:
    return repeats_interval(values) if len(values) > 1 else Interval(mean=values[0], reason=_NO_REPEATS)


def _whole_run(point: Point) -> WholeRun:
    requests, output, total = _rates(point)
    return WholeRun(
        duration_s=point.duration_s,
        requests_ok=point.requests_ok,
        requests_per_s=requests,
        output_tokens_per_s=output,
        total_tokens_per_s=total,
    )


def _pooled(values: Sequence[Percentiles], reason: str | None) -> Percentiles:
    """One latency of several repeats: means weighted by samples, percentiles as medians of the repeats' own."""
    if reason is not None:
        values = [without(value, found) if (found := fallen("it", value)) else value for value in values]
    if len(values) == 1:
        return values[0]
    samples = [value.samples or 0 for value in values]
    means = [value.mean for value in values if value.mean is not None]
    weighted = None
    if len(means) == len(values):
        weighted = statistics.fmean(means, samples) if all(samples) else statistics.fmean(means)
    known: dict[str, float] = {}
    for name in QUANTILES:
        several = [value for one in values if (value := getattr(one, name)) is not None]
        if len(several) == len(values):
            known[name] = statistics.median(several)
    missing = {name: "not known for every repeat" for name in QUANTILES if name not in known}
    return Percentiles(mean=weighted, samples=sum(samples) or None, missing=missing, **known)


def _pooling(points: Sequence[Point]) -> list[Warn]:
    if len(points) == 1:
        return []
    return [
        Warn(
            code="percentiles_of_repeats",
            message=f"{len(points)} benchmarks of this load: throughput has their interval, percentiles are medians of theirs.",
            observed=float(len(points)),
        )
    ]


def _energy(
    powers: Sequence[float], energies: Sequence[float], duration_s: float, output_tokens: int
) -> EnergyReading | None:
    if not powers and not energies:
        return None
    joules = sum(energies) if energies else None
    return EnergyReading(
        source="as published",
        window_s=duration_s,
        power_watts=statistics.fmean(powers) if powers else None,
        energy_joules=joules,
        energy_joules_per_output_token=joules / output_tokens if joules is not None and output_tokens else None,
    )


def _environment(hardware: Hardware) -> Environment:
    return Environment(
        cpu=hardware.cpu,
        cpu_cores=hardware.cpu_cores,
        memory_gib=hardware.memory_gib,
        os=hardware.os,
        cuda_driver=hardware.driver,
        note=hardware.note or "as stated by whoever imported the result, not read from the machine",
    )


def _engine(hardware: Hardware) -> Engine:
    return Engine(
        name=hardware.engine or "unknown",
        version=hardware.engine_version,
        args=list(hardware.engine_args),
        tensor_parallel_size=hardware.tensor_parallel_size,
        pipeline_parallel_size=hardware.pipeline_parallel_size,
    )


def _manifest(report: Report, hardware: Hardware) -> Manifest:
    packages = {report.tool: report.version} if report.version else {}
    seeds = {"prompts": report.seed} if report.seed is not None else {}
    return Manifest(packages=packages, container=hardware.container, seeds=seeds, started_at=report.created_at or None)


def _workload(points: Sequence[Point], report: Report) -> WorkloadShape:
    good = [point for point in points if point.requests_ok] or list(points)
    kinds = {point.arrivals or ("closed-loop" if point.concurrency is not None else "poisson") for point in good}
    return WorkloadShape(
        input_tokens=max(1, round(statistics.fmean(point.input_length for point in good))),
        output_tokens=max(1, round(statistics.fmean(point.output_length for point in good))),
        arrivals=kinds.pop() if len(kinds) == 1 else "closed-loop",
        burstiness=good[0].burstiness,
        seed=report.seed,
        prompt="published",
    )


def _unique(warnings: Sequence[Warn]) -> list[Warn]:
    kept: list[Warn] = []
    for warning in warnings:
        if warning not in kept:
            kept.append(warning)
    return kept
