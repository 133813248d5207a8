from __future__ import annotations

import io

from rich.console import Console

from probes.cell import Attainment, CellShape, EnergyReading
from probes.findings import Goodput
from probes.record import Warn
from tco.cli._probe_reporter import Reporter
from tco.cli._probe_text import WIDTH, cell_line, finding_lines, run_heading, run_table
from tests.factories import cell, run

KEPT = Attainment(limits_ms={"ttft": 60.0}, kept_fraction=0.95, low=0.888, high=0.978, requests=100)


def arrival(rate, **changes):
    return cell(None, rate, 40.0, request_rate_per_s=rate, role="goodput", attainment=KEPT, **changes)


def mix(tokens_in, tokens_out):
    return cell(8, 2.0, 40.0, role="lengths", shape=CellShape(input_tokens=tokens_in, output_tokens=tokens_out))


def drawn(of):
    screen = Console(file=io.StringIO(), width=WIDTH)
    screen.print(run_table(of))
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]


def test_every_kind_of_load_point_has_a_table_of_its_own_after_the_curve():
    lines = drawn(run(cells=[mix(96, 8), arrival(1.5), cell(1, 0.5, 100.0), mix(10, 5)]))

    assert ["", "Random arrivals"] == lines[2:4]
    assert ["", "Length mixes"] == lines[6:8]
    assert lines[1].startswith("concurrency 1 ")
    assert "95.0% (88.8 to 97.8)" in lines[5]
    assert ["96 / 8", "10 / 5"] == [" ".join(line.split()[2:5]) for line in lines[9:11]]


def test_a_run_of_the_curve_alone_has_neither_headings_nor_their_columns():
    lines = drawn(run())

    assert "load tok/s requests/s TTFT p50 p95 TPOT p50 p95 E2E p95 failed watts" == " ".join(lines[0].split())
    assert 5 == len(lines)


def test_remarks_are_printed_as_they_are():
    bad = cell(
        1, 0.5, 9.0, complete=False, reason="[/b] closed", client_bound=True, warnings=[Warn(code="w", message="")]
    )

    assert drawn(run(cells=[bad]))[1].endswith("[/b] closed, limited by the measuring client, w")


def test_no_line_is_wider_than_a_wide_screen():
    wordy = run(
        goodput=[Goodput(limits_ms={"ttft": 60.0}, target_fraction=0.95, resolved=False, reason="too few " * 40)],
        warnings=[Warn(code="long", message="so much to say " * 30)],
        cells=[
            arrival(123456.7, shape=CellShape(input_tokens=131072, output_tokens=4096), requests_failed=10000),
            cell(1, 0.5, 9.0, energy=EnergyReading(reason="nothing here can be read, " * 20)),
        ],
    )
    lines = [*run_heading(wordy), *finding_lines(wordy), *drawn(wordy)]

    assert WIDTH >= max(map(len, lines))
    assert 4 <= sum(line.startswith("  ") for line in lines)


def test_a_load_point_of_the_search_says_how_many_requests_kept_the_promise():
    assert cell_line(arrival(1.5)).endswith("   kept 95.0% (88.8 to 97.8)")


def test_a_probe_ends_with_what_it_found(capsys):
    of = run()
    with Reporter(None) as reporter:
        reporter.ended("r.json: 4 cells, complete.", 0)
        reporter.findings(of)

    assert ["r.json: 4 cells, complete.", *finding_lines(of)] == capsys.readouterr().err.splitlines()
