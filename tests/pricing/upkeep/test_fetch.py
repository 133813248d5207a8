from __future__ import annotations

import hashlib
import io
import json
import struct
import time
import zipfile

import pytest

from pricing.upkeep.fetch import HOSTS, Fetched, FetchError, Limits, check_content, fetch_all
from tests.web import dripping, proxying, redirect, send, serving

GOOD = b'{"gpt": 1.25}'


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def limits(*servers, **changes):
    return Limits(hosts=frozenset(server.host for server in servers), schemes=frozenset({"http"}), **changes)


def get(url, limits, kind="json"):
    return fetch_all([(url, kind)], limits)[url]


def archive(content, name="a.csv"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
    return packed.getvalue()


def test_a_file_comes_with_its_hash_and_time():
    with serving({"/a.json": GOOD}) as server:
        answer = get(server.url("/a.json"), limits(server))
    assert isinstance(answer, Fetched)
    assert (answer.data, answer.sha256) == (GOOD, hashlib.sha256(GOOD).hexdigest())
    assert answer.fetched_at.utcoffset().total_seconds() == 0


def test_no_more_is_said_of_us_than_the_products_name():
    with serving({"/a.json": GOOD}) as server:
        get(server.url("/a.json"), limits(server))
    assert {name: value for name, value in server.headers[0].items() if name != "Host"} == {
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": "tco-llm",
    }


def test_one_that_fails_does_not_stop_the_others():
    with serving({"/a.json": GOOD}) as server:
        good, missing = server.url("/a.json"), server.url("/b.json")
        answers = fetch_all([(missing, "json"), (good, "json")], limits(server))
    assert str(answers[missing]) == f"{missing}: the server answered with status 404."
    assert answers[good].data == GOOD


def test_the_products_own_rules_are_https_and_two_hosts():
    assert Limits().hosts == HOSTS == {"raw.githubusercontent.com", "dstack-gpu-pricing.s3.eu-west-1.amazonaws.com"}
    assert (Limits().schemes, Limits().seconds, Limits().max_bytes) == ({"https"}, 30, 20_000_000)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://raw.githubusercontent.com/a", "http is not allowed, only https"),
        ("file:///etc/passwd", "file is not allowed, only https"),
        ("https://example.org/a", "it leads to example.org, and only"),
        ("https://raw.githubusercontent.com:8443/a", "it leads to raw.githubusercontent.com:8443, and only"),
        ("https://raw.githubusercontent.com@example.org/a", "it leads to example.org, and only"),
        ("https://me:secret@raw.githubusercontent.com/a", "it leads to raw.githubusercontent.com, and only"),
        ("https://raw.githubusercontent.com.example.org/a", "it leads to raw.githubusercontent.com.example.org"),
        ("nonsense", "no scheme is not allowed"),
    ],
)
def test_an_address_outside_the_list_is_refused_before_a_socket_is_opened(url, reason):
    assert reason in str(get(url, Limits()))


def test_a_redirect_on_the_list_is_followed():
    with serving({"/new.json": GOOD}) as second, serving({"/a.json": redirect(second.url("/new.json"))}) as first:
        answer = get(first.url("/a.json"), limits(first, second))
    assert answer.data == GOOD


def test_a_redirect_to_another_host_is_refused_and_that_host_never_asked():
    with serving({"/new.json": GOOD}) as other, serving({"/a.json": redirect(other.url("/new.json"))}) as server:
        url = server.url("/a.json")
        answer = get(url, limits(server))
    assert str(answer) == f"{url}: it leads to {other.host}, and only {server.host} may be asked."
    assert other.asked == []


def test_a_redirect_to_another_scheme_is_refused():
    with serving({"/a.json": redirect("file:///etc/passwd")}) as server:
        assert "file is not allowed, only http" in str(get(server.url("/a.json"), limits(server)))


def test_a_circle_of_redirects_ends():
    with serving({"/a.json": redirect("/a.json")}) as server:
        answer = get(server.url("/a.json"), limits(server))
    assert "it was redirected more than 3 times" in str(answer)
    assert len(server.asked) == 4


def test_a_file_beyond_the_cap_is_not_read_to_its_end():
    def endless(handler):
        handler.send_response(200)
        handler.end_headers()  # no Content-Length: until the connection closes
        for _ in range(10_000):
            handler.wfile.write(b"x" * 100_000)

    with serving({"/a.json": endless}) as server:
        answer = get(server.url("/a.json"), limits(server, max_bytes=1_000_000))
    assert "it is larger than 1 MB" in str(answer)


def test_a_file_of_just_the_cap_passes():
    with serving({"/a.json": GOOD}) as server:
        assert get(server.url("/a.json"), limits(server, max_bytes=len(GOOD))).data == GOOD
        assert "larger" in str(get(server.url("/a.json"), limits(server, max_bytes=len(GOOD) - 1)))


def test_a_length_that_is_a_lie_ends_in_a_sentence():
    with serving({"/a.json": lambda handler: send(handler, GOOD, Content_Length="1000")}) as server:
        assert "no whole answer could be had (ClientPayloadError)" in str(get(server.url("/a.json"), limits(server)))


def test_a_server_that_drips_meets_the_cap_on_the_whole_fetch():
    with serving({"/a.json": dripping(GOOD * 100, 0.05)}) as server:
        answer = get(server.url("/a.json"), limits(server, seconds=0.3))
    assert "it did not come within 0.3 s" in str(answer)


def test_a_server_that_says_nothing_meets_the_cap():
    with serving({"/a.json": lambda handler: time.sleep(1)}) as server:
        assert "it did not come within 0.2 s" in str(get(server.url("/a.json"), limits(server, seconds=0.2)))


def test_no_server_ends_in_a_sentence():
    with serving({}) as server:
        pass
    answer = get(server.url("/a.json"), limits(server))
    assert "no whole answer could be had (ClientConnectorError); see that the network is up" in str(answer)


def test_https_to_a_server_without_it_ends_in_a_sentence():
    with serving({"/a.json": GOOD}) as server:
        url = f"https://{server.host}/a.json"
        answer = get(url, Limits(hosts=frozenset({server.host})))
    assert "no whole answer could be had (ClientConnectorSSLError)" in str(answer)
    assert server.asked == []


def test_a_packed_answer_is_refused():
    with serving({"/a.json": lambda handler: send(handler, GOOD, Content_Encoding="gzip")}) as server:
        assert "packed the answer" in str(get(server.url("/a.json"), limits(server)))


def test_the_proxy_of_the_environment_is_used(monkeypatch):
    with serving({"/a.json": GOOD}) as server, proxying() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url(""))
        monkeypatch.setenv("http_proxy", proxy.url(""))
        answer = get(server.url("/a.json"), limits(server))
        assert answer.data == GOOD
        assert proxy.asked == [server.url("/a.json")]


def test_no_proxy_of_the_environment_is_honoured(monkeypatch):
    with serving({"/a.json": GOOD}) as server, proxying() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url(""))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert get(server.url("/a.json"), limits(server)).data == GOOD
        assert proxy.asked == []


def test_https_goes_through_the_https_proxy_as_a_tunnel_and_a_refusal_keeps_the_password_to_itself(monkeypatch):
    with proxying() as proxy:
        monkeypatch.setenv("https_proxy", f"http://me:secret@{proxy.host}")
        url = "https://raw.githubusercontent.com/a.json"
        answer = get(url, Limits())
    assert proxy.asked == ["CONNECT raw.githubusercontent.com:443"]
    assert str(answer) == (
        f"{url}: no whole answer could be had (ClientHttpProxyError); see that the network is up and "
        "whether a proxy is needed."
    )


def test_passwords_of_netrc_are_not_sent(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serving({"/a.json": GOOD}) as server:
        get(server.url("/a.json"), limits(server))
    assert "Authorization" not in server.headers[0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"  \n", "it is empty"),
        (b"<!DOCTYPE html><html>Log in</html>", "it is a web page"),
        (b"\xef\xbb\xbf\n <html>", "it is a web page"),
        (GOOD[:-1], "it is no whole JSON document"),
        (b"\xff\xfe{", "it is no whole JSON document"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": -Infinity}', "-Infinity is not a number"),
        (b"[" * 200_000, "its JSON is nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "its JSON is nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "it is no whole JSON document"),
        (b"3", "its JSON is a int, not an object or a list"),
        (b'"text"', "its JSON is a str, not an object or a list"),
        (archive(b"a,b\n1,2\n"), "it is no whole JSON document"),
    ],
)
def test_what_is_no_json_document_is_refused(data, reason):
    with pytest.raises(FetchError) as caught:
        check_content("https://example.org/a.json", "json", data)
    assert str(caught.value).startswith("https://example.org/a.json: ")
    assert reason in str(caught.value)


def lying_archive():
    """An archive whose directory says that its file is 10 bytes long, and it is a million."""
    data = bytearray(archive(b"0" * 1_000_000))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        where = data.index(signature) + at
        data[where : where + 4] = struct.pack("<I", 10)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (GOOD, "it is no whole ZIP archive"),
        (archive(b"a,b\n1,2\n")[:-10], "it is no whole ZIP archive"),
        (archive(b"0" * 3_000_000), "the archive unpacks to more than 1 MB"),
        (lying_archive(), "it is no whole ZIP archive"),
        (b"<html>", "it is a web page"),
    ],
)
def test_what_is_no_archive_is_refused(data, reason):
    with pytest.raises(FetchError, match=reason):
        check_content("https://example.org/a.zip", "zip", data, Limits(max_unpacked_bytes=1_000_000))


def test_an_archive_of_too_many_files_is_refused():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for number in range(51):
            file.writestr(f"{number}.csv", b"")
    with pytest.raises(FetchError, match="the archive has 51 files, more than 50"):
        check_content("https://example.org/a.zip", "zip", packed.getvalue())


def test_a_flipped_bit_in_an_archive_is_found():
    data = bytearray(archive(bytes(range(256)) * 40))
    data[60] ^= 0x40
    with pytest.raises(FetchError, match="it is no whole ZIP archive"):
        check_content("https://example.org/a.zip", "zip", bytes(data))


def test_good_documents_pass():
    check_content("u", "json", json.dumps([1, 2]).encode())
    check_content("u", "zip", archive(b"a,b\n1,2\n"))
