import socket

import pytest

from probes.client import Timeouts, open_session
from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.preflight import check_endpoint, refusal, settle_dialect
from probes.prompts import Place
from probes.run import WorkloadShape
from probes.servers.dialect import Dialect
from probes.trace import RequestTrace
from tests.fake_server import MODEL, VOCAB_SIZE, Behaviour, FakeServer

pytestmark = pytest.mark.slow

SHAPE = WorkloadShape(input_tokens=4, output_tokens=3, seed=1)


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


async def _settle(behaviour: Behaviour, *, timeouts=Timeouts(), **more) -> tuple[Dialect, list[dict]]:  # noqa: B008
    async with FakeServer(behaviour) as server:
        endpoint = _endpoint(server.url, **more)
        async with open_session(endpoint) as session:
            dialect = await settle_dialect(session, endpoint, shape=SHAPE, place=Place(0, 9, 0, 0), timeouts=timeouts)
    return dialect, [served.body for served in server.served]


@pytest.mark.parametrize(
    ("behaviour", "prompt", "expected"),
    [
        (Behaviour(), "token_ids", Dialect("completions", "extended")),
        (Behaviour(), "text", Dialect("completions", "extended")),
        (Behaviour(accepted="openai", text="w "), "text", Dialect("completions", "openai")),
        (Behaviour(accepted="bare", text="w "), "text", Dialect("completions", "bare")),
        (Behaviour(accepted="openai"), "token_ids", Dialect("completions", "openai")),
        (Behaviour(completions=False), "text", Dialect("chat", "extended")),
        (Behaviour(completions=False, accepted="openai", text="w "), "text", Dialect("chat", "openai")),
        (Behaviour(completions=False, accepted="bare", text="w "), "text", Dialect("chat", "bare")),
    ],
)
async def test_the_richest_form_that_the_server_accepts_is_found(behaviour, prompt, expected):
    dialect, bodies = await _settle(behaviour, prompt=prompt)
    assert (expected, 1) == (dialect, len(bodies))


async def test_the_trial_has_the_full_length_so_that_the_context_is_checked_before_the_sweep():
    with pytest.raises(ProbeError, match="maximum context length is 6 tokens") as caught:
        await _settle(Behaviour(context_tokens=6))
    assert (caught.value.kind, "--output-tokens" in str(caught.value)) == ("bad_arguments", True)


@pytest.mark.parametrize(
    ("behaviour", "prompt", "kind"),
    [
        (Behaviour(completions=False, chat=False), "text", "endpoint_not_openai"),
        (Behaviour(completions=False), "token_ids", "endpoint_not_openai"),
        (Behaviour(api_key="sk-1"), "text", "endpoint_refused"),
        (Behaviour(fail="429"), "token_ids", "endpoint_refused"),
        (Behaviour(fail="500"), "token_ids", "endpoint_refused"),
        (Behaviour(fail="html"), "token_ids", "endpoint_not_openai"),
        (Behaviour(fail="malformed"), "token_ids", "endpoint_not_openai"),
        (Behaviour(fail="no_tokens"), "token_ids", "endpoint_not_openai"),
        (Behaviour(fail="error"), "token_ids", "endpoint_refused"),
        (Behaviour(fail="drop"), "token_ids", "endpoint_refused"),
        (Behaviour(fail="reset"), "token_ids", "endpoint_unreachable"),
    ],
)
async def test_a_server_that_answers_no_trial_is_refused_by_its_kind(behaviour, prompt, kind):
    with pytest.raises(ProbeError) as caught:
        await _settle(behaviour, prompt=prompt)
    assert kind == caught.value.kind


async def test_a_server_that_never_answers_a_trial_is_unreachable():
    with pytest.raises(ProbeError) as caught:
        await _settle(Behaviour(fail="hang"), timeouts=Timeouts(total_s=0.1))
    assert caught.value.kind == "endpoint_unreachable"


def test_a_refusal_carries_the_servers_own_words():
    trace = RequestTrace(
        scheduled_ns=0, sent_ns=0, ended_ns=1, failure="error_in_stream", detail="CUDA out of memory", status=200
    )
    message = str(refusal(_endpoint("http://h"), trace))
    assert "http://h: error_in_stream (CUDA out of memory). The server began to answer" in message
