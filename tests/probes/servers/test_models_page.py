import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.servers.models_page import check_endpoint
from probes.servers.profiles import find_profile
from tests.fake_server import MODEL, VOCAB_SIZE, Behaviour, FakeServer

pytestmark = pytest.mark.slow


def _endpoint(url: str, **more) -> Endpoint:
    return Endpoint(**({"base_url": url, "served_model_name": MODEL, "vocab_size": VOCAB_SIZE} | more))


async def _refused(url: str, **more) -> tuple[str, str]:
    with pytest.raises(ProbeError) as caught:
        await check_endpoint(_endpoint(url, **more), timeout_s=0.3)
    return caught.value.kind, str(caught.value)


async def test_a_good_endpoint_tells_its_models():
    async with FakeServer() as server:
        assert await check_endpoint(_endpoint(server.url)) == (MODEL,)


async def test_nothing_listening_is_unreachable_and_says_what_to_do():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        kind, message = await _refused(f"http://127.0.0.1:{free.getsockname()[1]}")
    assert (kind, "Start the server" in message) == ("endpoint_unreachable", True)


async def test_a_host_that_does_not_exist_is_unreachable():
    assert (await _refused("http://no-such-host.invalid:1"))[0] == "endpoint_unreachable"


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999"])
async def test_what_is_no_http_address_is_a_bad_argument(url):
    kind, message = await _refused(url)
    assert (kind, "http://127.0.0.1:8000" in message) == ("bad_arguments", True)


@pytest.mark.parametrize(
    ("fail", "expected"),
    [
        ("html", "endpoint_not_openai"),
        ("redirect", "endpoint_not_openai"),
        ("500", "endpoint_refused"),
        ("hang", "endpoint_unreachable"),
    ],
)
async def test_a_bad_list_of_models_is_refused_by_its_kind(fail, expected):
    async with FakeServer(Behaviour(models_fail=fail)) as server:
        assert expected == (await _refused(server.url))[0]


async def test_a_missing_key_is_refused_without_printing_any_key():
    async with FakeServer(Behaviour(api_key="sk-right")) as server:
        kind, message = await _refused(server.url, api_key="sk-wrong")
    assert (kind, "--api-key-env" in message, "sk-" in message) == ("endpoint_refused", True, False)


async def test_a_model_that_is_not_served_is_named_beside_those_that_are():
    async with FakeServer() as server:
        kind, message = await _refused(server.url, served_model_name="gpt-9")
    assert (kind, "'gpt-9'" in message and MODEL in message) == ("model_not_found", True)


async def test_a_server_without_a_list_of_models_is_not_refused_yet():
    async with FakeServer(Behaviour(models_fail="404")) as server:
        assert await check_endpoint(_endpoint(server.url)) == ()


async def test_a_server_that_limits_requests_says_how_long_to_wait():
    async with FakeServer(Behaviour(models_fail="429")) as server:
        kind, message = await _refused(server.url)
    assert (kind, "It asks to wait 30 s." in message) == ("endpoint_refused", True)


@pytest.mark.parametrize("name", ["anthropic", "azure"])
async def test_the_key_goes_into_the_header_of_the_profile(name):
    async with FakeServer(Behaviour(api_key="k")) as server:
        names = await check_endpoint(_endpoint(server.url, api_key="k"), profile=find_profile(name))
    assert names == (MODEL,)


async def test_a_profile_without_a_list_of_models_is_not_asked_for_one():
    assert () == await check_endpoint(_endpoint("http://127.0.0.1:1"), profile=find_profile("sagemaker"))


OPENSSL = shutil.which("openssl")


def _openssl(*arguments: str) -> None:
    subprocess.run([OPENSSL, *arguments], check=True, capture_output=True, timeout=30)


def _server_side(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


def _expired(folder: Path) -> ssl.SSLContext:
    """A certificate that ended yesterday."""
    _certificate(folder)
    key, request, names = str(folder / "key.pem"), str(folder / "request.pem"), folder / "names"
    names.write_text("subjectAltName=IP:127.0.0.1\n")
    _openssl("req", "-new", "-key", key, "-subj", "/CN=probe", "-out", request)
    made = ["-days", "-1", "-extfile", str(names), "-out", str(folder / "certificate.pem")]
    _openssl("x509", "-req", "-in", request, "-signkey", key, *made)
    return _server_side(folder)


def _certificate(folder: Path, *arguments: str) -> ssl.SSLContext:
    """A server's side of TLS with a certificate that nobody has signed."""
    made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=probe"]
    _openssl(
        "req", "-x509", *made, "-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem"), *arguments
    )
    return _server_side(folder)


async def _tls_refused(tls: ssl.SSLContext, monkeypatch, trusted: Path | None = None) -> tuple[str, str]:
    if trusted is not None:
        context = ssl.create_default_context(cafile=str(trusted))
        monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", context)
    server = FakeServer()
    await server.start(tls=tls)
    try:
        return await _refused(server.url)
    finally:
        await server.stop()


@pytest.mark.skipif(OPENSSL is None, reason="needs the openssl command to make a certificate")
async def test_a_certificate_that_nobody_signed_is_refused_and_says_how_to_trust_it(tmp_path, monkeypatch):
    tls = _certificate(tmp_path, "-addext", "subjectAltName=IP:127.0.0.1")
    kind, message = await _tls_refused(tls, monkeypatch)
    assert (kind, "Nobody that this machine trusts" in message, "SSL_CERT_FILE" in message) == (
        "endpoint_unreachable",
        True,
        True,
    )


@pytest.mark.skipif(OPENSSL is None, reason="needs the openssl command to make a certificate")
async def test_a_certificate_for_another_host_is_refused_and_says_so(tmp_path, monkeypatch):
    tls = _certificate(tmp_path, "-addext", "subjectAltName=DNS:other.example")
    kind, message = await _tls_refused(tls, monkeypatch, tmp_path / "certificate.pem")
    assert (kind, "certificate is for another name" in message) == ("endpoint_unreachable", True)


@pytest.mark.skipif(OPENSSL is None, reason="needs the openssl command to make a certificate")
async def test_a_certificate_that_has_expired_is_refused_and_says_so(tmp_path, monkeypatch):
    tls = _expired(tmp_path)
    kind, message = await _tls_refused(tls, monkeypatch, tmp_path / "certificate.pem")
    assert (kind, "certificate has expired: renew it" in message) == ("endpoint_unreachable", True)


@pytest.mark.skipif(OPENSSL is None, reason="needs the openssl command to make a certificate")
async def test_a_certificate_that_is_trusted_is_no_obstacle(tmp_path, monkeypatch):
    tls = _certificate(tmp_path, "-addext", "subjectAltName=IP:127.0.0.1")
    trusted = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusted)
    server = FakeServer()
    await server.start(tls=tls)
    try:
        assert (MODEL,) == await check_endpoint(_endpoint(server.url))
    finally:
        await server.stop()


async def test_https_to_a_port_that_speaks_http_says_so():
    async with FakeServer() as server:
        kind, message = await _refused(server.url.replace("http://", "https://"))
    assert (kind, "write http:// instead of https://" in message) == ("endpoint_unreachable", True)


@pytest.mark.skipif(OPENSSL is None, reason="needs the openssl command to make a certificate")
async def test_http_to_a_port_that_speaks_tls_says_what_to_check(tmp_path):
    server = FakeServer()
    await server.start(tls=_certificate(tmp_path))
    try:
        kind, message = await _refused(server.url.replace("https://", "http://"))
    finally:
        await server.stop()
    assert (kind, "correct scheme" in message) == ("endpoint_unreachable", True)
