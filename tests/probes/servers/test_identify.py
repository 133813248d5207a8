import socket

import pytest

from probes.servers.identify import FoundServer, identify_server
from probes.servers.profiles import PROFILES
from tests.fake_server import MODEL, Behaviour, FakeServer
from tests.probes.servers.bare_pages import Pages


async def test_a_server_says_what_it_is_and_what_it_serves():
    async with FakeServer() as server:
        found = await identify_server(server.url)

    # The fake has vLLM's page of numbers.
    assert FoundServer(base_url=server.url, profile=PROFILES["vllm"], models=(MODEL,)) == found
    assert [] == server.served


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


async def test_a_paid_endpoint_is_asked_for_its_models_where_they_are_wanted(monkeypatch):
    listed = {"/v1/models": {"object": "list", "data": [{"id": "llama-3.1-8b-instant"}]}}
    async with Pages(listed) as url:
        monkeypatch.setattr("probes.servers.identify.profile_of_url", lambda _: PROFILES["groq"])
        found = await identify_server(url, api_key="secret", must_list=True)
    assert ("groq", ("llama-3.1-8b-instant",), False) == (found.profile.name, found.models, found.needs_key)


async def test_a_port_that_speaks_something_else_is_no_server():
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert await identify_server(f"http://127.0.0.1:{other.getsockname()[1]}", timeout_s=0.2) is None
    assert await identify_server("http://127.0.0.1:9", timeout_s=0.2) is None


async def test_a_page_that_wants_a_login_is_no_server_of_language_models():
    async with Pages({}, status=401) as url:
        assert await identify_server(url) is None


async def test_of_ollamas_models_the_one_in_memory_comes_first():
    # Forms: https://docs.ollama.com/api/ps and /api/version, https://docs.ollama.com/api/openai-compatibility
    pages = {
        "/": "Ollama is running",
        "/api/version": {"version": "0.12.6"},
        "/api/ps": {"models": [{"name": "b:7b", "model": "b:7b", "size_vram": 1}]},
        "/v1/models": {
            "object": "list",
            "data": [{"id": "nomic-embed-text", "owned_by": "library"}, {"id": "a:1b"}, {"id": "b:7b"}],
        },
    }
    async with Pages(pages) as url:
        found = await identify_server(url)

    assert ("ollama", "0.12.6", "b:7b") == (found.profile.name, found.version, found.model)
    assert (("b:7b",), ("b:7b", "nomic-embed-text", "a:1b")) == (found.loaded, found.models)
    assert f"Ollama 0.12.6 at {url}" == found.title


async def test_a_model_that_writes_no_text_is_not_taken():
    async with Pages({"/v1/models": {"data": [{"id": "nomic-embed-text"}, {"id": "llama"}]}}) as url:
        assert "llama" == (await identify_server(url)).model
    async with Pages({"/v1/models": {"data": [{"id": "bge-m3"}]}}) as url:
        assert (await identify_server(url)).model is None


async def test_of_lm_studios_models_the_one_in_memory_comes_first():
    # Form: https://lmstudio.ai/docs/developer/rest/endpoints
    pages = {
        "/v1/models": {"object": "list", "data": [{"id": "a", "owned_by": "organization_owner"}, {"id": "b"}]},
        "/api/v0/models": {"object": "list", "data": [{"id": "a", "state": "not-loaded"}, {"id": "b", "state": "loaded"}]},
    }  # fmt: skip
    async with Pages(pages) as url:
        found = await identify_server(url)
    assert ("lm-studio", ("b",), ("b", "a")) == (found.profile.name, found.loaded, found.models)
