import socket

import pytest

from probes.servers.identify import DEFAULT_PORTS, find_servers, identify_server
from tests.fake_server import MODEL, Behaviour, FakeServer

pytestmark = pytest.mark.slow


async def test_a_server_is_named_with_its_models():
    async with FakeServer() as server:
        found = await identify_server(server.url)
    assert ("vllm", (MODEL,), False) == (found.profile.name, found.models, found.needs_key)


async def test_the_other_place_of_a_page_of_numbers_is_looked_at():
    async with FakeServer(Behaviour(metrics_path="/prometheus/metrics", owned_by="tensorrt_llm")) as server:
        found = await identify_server(server.url)
    assert "vllm" == found.profile.name  # the fake speaks of vLLM's numbers there, which are believed first


async def test_a_server_that_shows_nothing_without_a_key_is_found_all_the_same():
    async with FakeServer(Behaviour(api_key="sk-1", metrics=False)) as server:
        without, within = await identify_server(server.url), await identify_server(server.url, api_key="sk-1")
    assert ((True, ()), (False, (MODEL,))) == ((without.needs_key, without.models), (within.needs_key, within.models))


@pytest.mark.parametrize("fail", ["html", "404", "redirect"])
async def test_what_lists_no_models_and_is_not_known_otherwise_is_no_server(fail):
    async with FakeServer(Behaviour(models_fail=fail, metrics=False)) as server:
        assert await identify_server(server.url) is None


async def test_a_server_whose_list_of_models_is_broken_is_known_by_its_numbers():
    async with FakeServer(Behaviour(models_fail="500")) as server:
        found = await identify_server(server.url)
    assert ("vllm", ()) == (found.profile.name, found.models)


async def test_a_paid_endpoint_is_known_without_asking_it():
    assert "groq" == (await identify_server("https://api.groq.com/openai")).profile.name


async def test_servers_of_this_machine_are_found_by_port_and_silence_is_no_error():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        async with FakeServer() as server:
            found = await find_servers((free.getsockname()[1], int(server.url.rsplit(":", 1)[1])))
    assert [server.url] == [one.base_url for one in found]


def test_the_ports_of_the_known_servers_are_asked():
    assert (1234, 3000, 8000, 8080, 11434, 30000) == DEFAULT_PORTS
