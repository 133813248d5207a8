from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from probes import ProbeError
from probes.probe_config import ProbeConfig, example_config
from tco.cli._probe_config import given_on_command_line, init_command, options_of, with_config, write_example
from tco.cli._probe_options import RunRequest, parse_budget_s, parse_concurrency, parse_rates, parse_slo

FIELDS = {field.name: field for field in dataclasses.fields(RunRequest)}


def blank(**values):
    missing = {name: None for name, field in FIELDS.items() if field.default is dataclasses.MISSING}
    return RunRequest(**(missing | {"engine_arg": []} | values))


def every_option():
    """A file with all options of the example."""
    lines = [line.removeprefix("# ") for line in example_config().splitlines()]
    return "\n".join(line for line in lines if line.partition(":")[0] in ProbeConfig.model_fields)


def test_every_option_of_a_run_has_a_name_in_the_file(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text(every_option())
    request = with_config(blank(), file, set())
    left_out = {name for name in FIELDS if getattr(request, name) in (None, [])}

    # Whether a file may be overwritten is said at the moment of doing it.
    assert set() == left_out - {"force"}


def test_values_take_the_form_of_the_command_line():
    config = ProbeConfig(
        concurrency=[1, 8],
        budget_s=90.0,
        request_rates_per_s=[0.5, 2.0],
        slo={"ttft_p95_ms": 2000.0, "tpot_p95_ms": 12.5},
        layers=[4, 8],
        trace="t.csv",
    )
    options = options_of(config)

    assert [1, 8] == parse_concurrency(options["concurrency"])
    assert 90.0 == parse_budget_s(options["budget"])
    assert [0.5, 2.0] == parse_rates(options["rate"])
    assert ({"ttft": 2000.0, "tpot": 12.5}, 0.95) == parse_slo(options["slo"])
    assert ("4,8", Path("t.csv")) == (options["layers"], options["trace"])


def test_the_command_line_wins_over_the_file(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("model: from-file\nstart_timeout_s: 9\nseed: 5\nconcurrency: [7]")
    request = with_config(
        blank(seed=1, start_timeout_s=3.0, concurrency="1,2"), file, {"seed", "start_timeout", "port"}
    )

    assert (1, 3.0, "7", "from-file") == (request.seed, request.start_timeout_s, request.concurrency, request.model)


def test_an_endpoint_on_the_command_line_replaces_the_files_engine(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("model: m\nweights: dummy\nport: 8000\ninput_tokens: 9")
    request = with_config(blank(endpoint="http://x"), file, {"endpoint"})

    assert (None, None, None, 9) == (request.model, request.weights, request.port, request.input_tokens)


def test_a_model_on_the_command_line_replaces_the_files_endpoint(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("endpoint: http://x\nserved_model: s\napi_key_env: K")
    request = with_config(blank(model="m"), file, {"model"})

    assert (None, None, None) == (request.endpoint, request.served_model, request.api_key_env)


def test_without_a_file_nothing_changes():
    request = blank(model="m")

    assert request is with_config(request, None, set())


def test_what_was_written_is_told_from_what_is_a_default(tmp_path):
    app, seen = typer.Typer(), []

    @app.command()
    def command(
        context: typer.Context, seed: Annotated[int, typer.Option()] = 1, port: Annotated[int, typer.Option()] = 2
    ):
        seen.append(given_on_command_line(context))

    CliRunner().invoke(app, ["--seed", "1"])

    assert [{"seed"}] == seen


def test_init_writes_a_file_that_can_be_read_back(tmp_path, capsys):
    init_command(tmp_path / "probe.yaml", force=False)

    assert "1,2,4,8,16" == with_config(blank(), tmp_path / "probe.yaml", set()).concurrency
    assert "tco probe run --config" in capsys.readouterr().err


def test_init_overwrites_only_by_force(tmp_path, capsys):
    file = tmp_path / "probe.yaml"
    file.write_text("mine")
    with pytest.raises(typer.Exit) as ended:
        init_command(file, force=False)
    assert (2, "mine") == (ended.value.exit_code, file.read_text())
    assert "--force" in capsys.readouterr().err

    init_command(file, force=True)
    assert example_config() == file.read_text()


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(ProbeError, match="cannot be written"):
        write_example(tmp_path / "no/such/folder.yaml", force=False)
