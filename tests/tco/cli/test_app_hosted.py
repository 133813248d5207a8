"""`tco app --hosted` starts nothing unless the door is shut, or said to be open."""

from __future__ import annotations

import subprocess

import pytest
from typer.testing import CliRunner

from tco.cli import app
from tco.cli._hosted import Serving, hosted_settings
from tco.errors import InputError
from tests.fake_oidc import secrets_toml


@pytest.fixture
def started(tmp_path, monkeypatch):
    """What would be started: command and environment; nothing is."""
    calls = []

    def run(command, env, check):
        calls.append((command, env))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(subprocess, "run", run)
    return calls


def invoke(*arguments):
    return CliRunner().invoke(app, ["app", *arguments])


def give_secrets(folder, change=lambda text: text, url="https://tco.example.org"):
    path = folder / "secrets.toml"
    path.write_text(change(secrets_toml(url, "https://id.example.org")), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--hosted"], "--hosted needs --address"),
        (["--hosted", "--no-login"], "--hosted needs --address"),
        (["--hosted", "--address", "127.0.0.1"], "To let everybody in who reaches the address, say so: --no-login"),
        (["--hosted", "--address", "127.0.0.1", "--secrets", "none.toml"], "none.toml"),
        (["--address", "0.0.0.0"], "--address: only with --hosted"),
        (["--allow", "@example.org"], "--allow: only with --hosted"),
        (["--hosted", "--address", "127.0.0.1", "--no-login", "--url", "tco"], "such as https://tco.example.org"),
    ],
)
def test_what_is_missing_is_said_and_nothing_starts(started, arguments, sentence):
    found = invoke(*arguments)

    assert found.exit_code == 2
    assert sentence in found.output.replace("\n", " ")
    assert started == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text.replace("[auth]", "[other]"), "no section"),
        (lambda text: "not toml at all [", "not valid TOML"),
        (lambda text: text.replace("https://tco", "http://tco"), "with https"),
        (lambda text: text.replace("/oauth2callback", "/"), "/oauth2callback"),
        (lambda text: text.replace("0123456789abcdef" * 4, "short"), "at least 32 characters"),
        (lambda text: text.replace("client_secret", "secret"), "lacks client_secret"),
        (lambda text: text + 'expose_tokens = "id"\n', "remove `expose_tokens`"),
    ],
)
def test_an_incomplete_login_is_refused_without_a_word_of_the_secrets(started, tmp_path, change, sentence):
    path = give_secrets(tmp_path, change)
    found = invoke("--hosted", "--address", "0.0.0.0", "--secrets", str(path), "--allow", "@example.org")

    assert found.exit_code == 2
    assert sentence in found.output.replace("\n", " ")
    assert "not-a-real-secret" not in found.output
    assert "not toml at all" not in found.output
    assert started == []


def test_nobody_on_the_list_is_refused(started, tmp_path):
    found = invoke("--hosted", "--address", "0.0.0.0", "--secrets", str(give_secrets(tmp_path)))

    assert found.exit_code == 2
    assert "nobody is on the list" in found.output
    assert started == []


def test_a_hosted_server_is_closed_where_it_can_be(started, tmp_path):
    path = give_secrets(tmp_path)
    found = invoke("--hosted", "--address", "0.0.0.0", "--secrets", str(path), "--allow", "@example.org")

    assert found.exit_code == 0, found.output
    command, environment = started[0]
    flags = dict(part.removeprefix("--").split("=", 1) for part in command if part.startswith("--"))
    assert flags["server.address"] == "0.0.0.0"
    assert flags["client.showErrorDetails"] == "none"
    assert flags["browser.gatherUsageStats"] == "false"
    assert flags["server.enableXsrfProtection"] == "true"
    assert flags["server.enableCORS"] == "true"
    assert flags["server.enableAgentApi"] == "false"
    assert flags["server.headless"] == "true"
    assert (flags["server.maxUploadSize"], flags["server.maxMessageSize"]) == ("8", "50")
    assert flags["server.allowedHosts"] == flags["browser.serverAddress"] == "tco.example.org"
    assert flags["secrets.files"] == str(path)
    assert (environment["TCO_HOSTED"], environment["TCO_HOSTED_LOGIN"]) == ("1", "1")
    assert environment["TCO_HOSTED_ALLOW"] == "@example.org"
    # Secrets stay in the operator's file.
    assert not any("not-a-real-secret" in text for text in [*command, *environment.values()])


def test_the_last_word_on_the_address_is_the_operators(started):
    assert invoke("--hosted", "--address", "10.0.0.5", "--no-login").exit_code == 0

    addresses = [part for part in started[0][0] if part.startswith("--server.address=")]
    assert addresses[-1] == "--server.address=10.0.0.5"
    assert started[0][1]["TCO_HOSTED_LOGIN"] == "0"


def test_without_hosted_a_variable_from_outside_changes_nothing(started, monkeypatch):
    monkeypatch.setenv("TCO_HOSTED", "1")
    assert invoke().exit_code == 0

    assert started[0][1]["TCO_HOSTED"] == "0"


def test_a_limit_that_is_none_is_refused_before_a_server_starts(started, monkeypatch):
    monkeypatch.setenv("TCO_HOSTED_MAX_JOBS", "0")

    assert invoke("--hosted", "--address", "127.0.0.1", "--no-login").exit_code == 2
    assert started == []


def test_several_providers_are_named(tmp_path):
    def several(text):
        head, _, _ = text.partition("client_id")
        section = 'client_id = "a"\nclient_secret = "b"\nserver_metadata_url = "https://c.example"\n'
        return f"{head}[auth.google]\n{section}[auth.entra]\n{section}"

    path = give_secrets(tmp_path, several)
    said = Serving(address="0.0.0.0", secrets=path, allow=("@example.org",))
    assert hosted_settings(said, {})[1]["TCO_HOSTED_PROVIDERS"] == "google,entra"

    give_secrets(tmp_path, lambda text: several(text).replace('client_secret = "b"\n', "", 1))
    with pytest.raises(InputError, match=r"\[auth.google\] lacks client_secret"):
        hosted_settings(said, {})
