from __future__ import annotations

import pytest

from tco.cli._probe_options import parse_slo
from tco.handover.readme import readme_text, verify_commands
from tests.tco.handover.samples import across_machines, deployment, growing


def test_the_probe_takes_the_promise_as_it_is_written():
    (command,) = verify_commands(deployment(workload__slo={"ttft_p95_ms": 250.5, "tpot_p95_ms": 60}))

    assert ({"ttft": 250.5, "tpot": 60.0}, 0.95) == parse_slo(command[command.index("--slo") + 1])
    assert ["--served-model", "Qwen/Qwen3-8B", "--input-tokens", "100", "--output-tokens", "50"] == command[5:11]


def test_each_percentile_has_a_probe_of_its_own():
    """The run has p95 of TTFT and p50 of TPOT; one search has one share of requests."""
    commands = verify_commands(deployment(workload__slo={"ttft_p95_ms": 250, "tpot_p50_ms": 60}))

    shares = [parse_slo(command[command.index("--slo") + 1])[1] for command in commands]
    assert [0.5, 0.95] == shares
    assert 2 == len({command[-1] for command in commands})


def test_without_a_promise_the_curve_is_measured():
    (command,) = verify_commands(deployment(workload__slo={}))

    assert "--slo" not in command


@pytest.mark.parametrize("make", [deployment, growing, across_machines])
def test_the_page_names_run_book_day_promise_and_basis(make):
    made = make()
    text = readme_text(made)

    for fact in (
        made.provenance.run_id,
        made.provenance.price_book,
        made.provenance.made_on.isoformat(),
        f"**{made.promise.requests_per_s:.3g} requests/s**",
        f"Basis: **{made.promise.basis}**",
        made.engine.image,
        *(one.flag for one in made.engine.differences),
    ):
        assert fact in text


def test_what_must_be_done_comes_first():
    text = readme_text(deployment(option={"gpu": "Vapor-9000"}))

    assert text.index("## Before it can run") < text.index("## What it promises")
    assert "## Before it can run" not in readme_text(deployment())


def test_a_fleet_that_does_not_change_has_no_word_on_autoscalers():
    assert "KEDA" in readme_text(growing())
    assert "KEDA" not in readme_text(deployment())
