"""The app for a team: who is on the list comes in, who is not sees nothing of it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from scripts.screenshots import free_port, settled, wait_for
from tests.fake_oidc import identity_provider, secrets_toml

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@contextlib.contextmanager
def hosted_app(folder, *flags, port=None):
    port = port or free_port()
    tco = [
        sys.executable,
        "-c",
        "from tco.cli import main; main()",
        "app",
        "--hosted",
        "--address",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    log = folder / "server.log"
    with (
        log.open("w") as out,
        subprocess.Popen(
            [*tco, *flags],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=out,
            stderr=out,
            start_new_session=True,
        ) as process,
    ):
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://localhost:{port}"
        finally:
            os.killpg(process.pid, 15)


@pytest.fixture
def provider():
    with identity_provider() as running:
        yield running


@pytest.fixture
def guarded(tmp_path, provider):
    port = free_port()
    (tmp_path / "secrets.toml").write_text(secrets_toml(f"http://localhost:{port}", provider.address))
    flags = ["--secrets", "secrets.toml", "--allow", "@example.org"]
    with hosted_app(tmp_path, *flags, port=port):
        yield f"http://localhost:{port}", tmp_path


def sign_in(page, address):
    page.goto(address)
    expect(page.get_by_role("heading", name="Please sign in")).to_be_visible(timeout=60_000)
    assert page.get_by_text("Decision", exact=True).count() == page.get_by_text("Probe", exact=True).count() == 0
    page.get_by_role("button", name="Sign in").click()


def sign_out(page):
    page.get_by_role("button", name="Sign out").click()
    # The cookie is gone once the door is drawn; a page that is opened sooner still finds it.
    expect(page.get_by_role("heading", name="Please sign in")).to_be_visible(timeout=60_000)


def test_who_is_on_the_list_comes_in_and_who_is_not_sees_nothing(page, guarded, provider):
    address, folder = guarded

    provider.claims = {"email": "eve@elsewhere.org", "email_verified": True}
    sign_in(page, address)
    expect(page.get_by_role("heading", name="You are signed in, but not on the list")).to_be_visible(timeout=60_000)
    expect(page.locator("body")).to_contain_text("eve@elsewhere.org is not among those")
    assert page.get_by_test_id("stMetric").count() == 0
    # Nor by the address of a page.
    page.goto(f"{address}/inputs")
    expect(page.get_by_role("heading", name="You are signed in, but not on the list")).to_be_visible(timeout=60_000)
    assert page.get_by_role("link", name="Inputs").count() == 0
    sign_out(page)

    provider.claims = {"email": "ann@example.org", "email_verified": False}
    sign_in(page, address)
    expect(page.get_by_text("was not verified by the identity provider")).to_be_visible(timeout=60_000)
    sign_out(page)

    provider.claims = {"email": "Ann@example.org", "email_verified": True}
    sign_in(page, address)
    expect(page.get_by_test_id("stMetric").first).to_be_visible(timeout=60_000)

    log = (folder / "server.log").read_text()
    assert "not-a-real-secret" not in log
    assert "0123456789abcdef0123" not in log


def test_without_a_login_everybody_comes_in_and_probes_are_off(page, tmp_path):
    with hosted_app(tmp_path, "--no-login") as address:
        page.goto(f"{address}/probe")
        settled(page)
        expect(page.get_by_text("This is a hosted server, and probes are off here")).to_be_visible()
        assert page.get_by_role("button", name="Start the probe").count() == 0
        assert "This machine" not in page.locator("body").inner_text()
        assert not (tmp_path / "runs").exists()
