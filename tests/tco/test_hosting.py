from __future__ import annotations

import pytest

from tco.books import find_own_prices
from tco.errors import InputError
from tco.hosting import admits, allowed, hosting, is_hosted, refuse_server_file
from tco.runs import find_run, shipped_runs


def test_nothing_is_hosted_unless_it_is_said():
    assert not hosting({}).hosted
    assert not hosting({"TCO_HOSTED": "0"}).hosted
    assert hosting({"TCO_HOSTED": "1"}).hosted


@pytest.mark.parametrize(
    ("said", "asks"), [("", True), ("1", True), ("off", True), ("maybe", True), ("0", False), ("No", False)]
)
def test_only_a_clear_no_opens_the_door(said, asks):
    assert hosting({"TCO_HOSTED_LOGIN": said}).login is asks


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", "1000001", "²"])
def test_a_limit_that_is_none_is_refused(text):
    with pytest.raises(InputError, match="a whole number from 1 to 1,000,000"):
        hosting({"TCO_HOSTED_MAX_DRAWS": text})


@pytest.mark.parametrize(
    ("email", "is_in"),
    [
        ("ann@example.org", True),
        ("ANN@EXAMPLE.ORG ", True),
        ("bob@example.org", False),
        ("bob@example.com", True),
        ("bob@sub.example.com", False),
        ("bob@notexample.com", False),
        ("bob@example.com.evil.net", False),
        ("bob@evil.net@example.com", False),
        ("@example.com", False),
        ("example.com", False),
        ("", False),
    ],
)
def test_an_address_is_on_the_list_or_its_domain_is(email, is_in):
    assert admits(("ann@example.org", "@example.com"), email) is is_in


def test_nobody_is_on_an_empty_list():
    assert allowed({}) == ()
    assert not admits((), "ann@example.org")


def test_the_file_is_read_anew_each_time(tmp_path):
    file = tmp_path / "allow.txt"
    given = {"TCO_HOSTED_ALLOW_FILE": str(file), "TCO_HOSTED_ALLOW": "@example.com"}
    file.write_text("# the team\nAnn@example.org  # until May\n\n", encoding="utf-8")
    assert allowed(given) == ("@example.com", "ann@example.org")

    file.write_text("", encoding="utf-8")
    assert allowed(given) == ("@example.com",)


@pytest.mark.parametrize(
    "text", ["example.org", "*@example.org", "@org", "a b@example.org", "@a@example.org", "/x@a.b"]
)
def test_an_entry_that_could_mean_more_than_it_says_is_refused(text):
    with pytest.raises(InputError, match="is no entry of the list"):
        allowed({"TCO_HOSTED_ALLOW": text})


def test_a_list_that_cannot_be_read_is_an_error_and_not_an_empty_list(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        allowed({"TCO_HOSTED_ALLOW_FILE": str(tmp_path / "missing")})


def test_a_hosted_server_opens_no_file_that_a_scenario_names(tmp_path, monkeypatch):
    secret = tmp_path / "secret.json"
    secret.write_text("{}", encoding="utf-8")
    monkeypatch.setenv("TCO_HOSTED", "1")

    assert is_hosted()
    # The same sentence whether the file exists or not: the server tells nothing of its disk.
    for name in (str(secret), str(tmp_path / "missing.json"), "../secret.json"):
        with pytest.raises(InputError, match="opens no file that a scenario names") as caught:
            find_run(name, tmp_path)
        assert caught.value.code == "server_file"
        with pytest.raises(InputError, match="opens no file that a scenario names"):
            find_own_prices(name, tmp_path)
    shipped = next(iter(shipped_runs()))
    assert find_run(shipped).run_id


def test_on_ones_own_machine_files_are_opened(monkeypatch):
    monkeypatch.delenv("TCO_HOSTED", raising=False)
    refuse_server_file("any.json", "run")
