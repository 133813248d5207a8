from __future__ import annotations

import ast
import shlex
import sys
from pathlib import Path

import pytest

from probes import ProbeError
from probes.remote.link import _plain
from probes.remote.ssh import RemoteRequest, SshHost, _asked, check_host, ssh_command


@pytest.mark.parametrize(
    "name", ["gpu", "me@gpu-box.example.com", "10.0.0.7", "a_b@h_1", "::1", "fe80::1%eth0", "u@::1"]
)
def test_a_hosts_name_is_taken(name):
    assert name == check_host(name)


@pytest.mark.parametrize(
    "name",
    [
        "-oProxyCommand=touch /tmp/x",
        "",
        "a b",
        "me@-x",
        "@h",
        "h;reboot",
        "$(x)",
        "`x`",
        "a'b",
        "h\n",
        "ssh://h",
        "h/x",
    ],
)
def test_what_is_not_a_hosts_name_is_refused(name):
    with pytest.raises(ProbeError, match="is not a host") as caught:
        check_host(name)

    assert "bad_arguments" == caught.value.kind
    assert str(caught.value).isprintable()


def test_the_command_asks_for_nothing_and_ends_its_options_before_the_host():
    words = ssh_command(SshHost(name="me@box", config=Path("my config")), 1234)

    assert {"-oBatchMode=yes", "-oConnectTimeout=10", "-oForwardAgent=no"} <= set(words)
    assert ["-F", "my config"] == words[2:4]
    assert ["--", "me@box"] == words[-3:-1]


def test_what_the_other_shell_reads_is_a_constant_and_a_number():
    one = ssh_command(SshHost(name="a"), 1)[-1]
    other = ssh_command(SshHost(name="b", config=Path("c")), 22)[-1]

    assert one.replace(" wb 1 serve", " wb 22 serve") == other
    # One argument of `sh -c` in single quotes: bash, dash, csh and fish read it alike where it has no `!`, no backslash and no further quote.
    assert 2 == one.count("'")
    assert "!" not in one
    assert "\\" not in one
    assert ["exec", "sh", "-c"] == shlex.split(one)[:3]


def test_without_ssh_the_bundle_is_named(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)

    with pytest.raises(ProbeError, match="tco probe bundle"):
        ssh_command(SshHost(name="a"), 1)


def test_text_of_another_machine_cannot_move_the_cursor():
    assert "red text" == _plain("\x1b[31mred\x1b[0m te\x07xt\x1b[2J\r")


def test_the_agent_is_read_by_old_pythons_too():
    """The first Python on a search path may be 3.8; it must be able to hand over to a newer one."""
    source = (Path(__file__).parents[3] / "probes/remote/agent.py").read_text()
    ast.parse(source, feature_version=(3, 8))
    imports = {
        name.name.partition(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import)
        for name in node.names
    }

    assert imports <= set(sys.stdlib_module_names)


def test_a_file_that_cannot_go_along_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("probes.remote.ssh.MAX_FILE_BYTES", 2)
    (tmp_path / "t.csv").write_text("abc")
    with pytest.raises(ProbeError, match="3 bytes; at most 2"):
        _asked(RemoteRequest(args=[], files=[("--trace", tmp_path / "t.csv")]))
    with pytest.raises(ProbeError, match="cannot be read"):
        _asked(RemoteRequest(args=[], files=[("--trace", tmp_path / "none")]))
