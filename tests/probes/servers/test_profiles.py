import json

import pytest

from probes.errors import ProbeError
from probes.servers.profiles import PROFILES, detect_profile, find_profile, profile_of_url


def _models(owner: str) -> str:
    return json.dumps({"object": "list", "data": [{"id": "m", "object": "model", "owned_by": owner}]})


@pytest.mark.parametrize(
    ("models_page", "headers", "metrics_page", "pages", "expected"),
    [
        (_models("vllm"), {}, None, {}, "vllm"),
        (_models("sglang"), {}, None, {}, "sglang"),
        (_models("tensorrt_llm"), {}, None, {}, "tensorrt-llm"),
        (_models("llamacpp"), {}, None, {}, "llama.cpp"),
        (_models("me"), {}, None, {}, "llama-cpp-python"),
        (_models("organization_owner"), {}, None, {}, "lm-studio"),
        (_models("library"), {}, None, {"/": "Ollama is running"}, "ollama"),
        (_models("my-org"), {}, "vllm:num_requests_running 1\n", {}, "vllm"),
        (_models("my-org"), {}, "# TYPE x gauge\nsglang:num_running_reqs 1\n", {}, "sglang"),
        (_models("my-org"), {}, "trtllm_num_requests_running 1\n", {}, "tensorrt-llm"),
        (_models("my-org"), {}, "llamacpp:requests_processing 1\n", {}, "llama.cpp"),
        (_models("my-org"), {}, "tgi_queue_size 0\n", {}, "tgi"),
        (_models("m"), {}, None, {"/info": '{"model_id": "m", "max_concurrent_requests": 128}'}, "tgi"),
        (_models("x"), {}, None, {"/props": '{"default_generation_settings": {}}'}, "llama.cpp"),
        (_models("x"), {"Server": "llama.cpp"}, None, {}, "llama.cpp"),
        (
            _models(""),
            {},
            None,
            {"/openapi.json": '{"paths": {"/load_model": {}, "/v1/responses": {}}}'},
            "transformers",
        ),
        (_models("my-org"), {"Server": "uvicorn"}, "process_cpu_seconds_total 1\n", {}, "unknown"),
        (None, None, None, None, "unknown"),
        ("<html>", {}, "<html>", {"/": "<html>"}, "unknown"),
        ('{"data": 5}', {}, "", {"/props": "[]", "/info": "3"}, "unknown"),
        ('{"data": [3, {"owned_by": ["vllm"]}]}', {}, "", {}, "unknown"),
    ],
)
def test_a_server_is_recognised_by_what_it_says_about_itself(models_page, headers, metrics_page, pages, expected):
    assert expected == detect_profile(models_page, headers, metrics_page, pages=pages).name


def test_a_page_of_numbers_is_believed_before_a_list_that_a_gateway_may_have_written():
    assert "sglang" == detect_profile(_models("vllm"), {}, "sglang:num_running_reqs 1\n").name


def test_a_list_with_two_owners_tells_nothing():
    page = json.dumps({"data": [{"id": "a", "owned_by": "vllm"}, {"id": "b", "owned_by": "sglang"}]})
    assert "unknown" == detect_profile(page).name


def test_a_profile_is_found_in_any_case_and_a_wrong_name_gets_the_right_ones():
    assert "vLLM" == find_profile(" VLLM ").title
    with pytest.raises(ProbeError, match=r"no server profile 'vlm'; give one of vllm, sglang, .*unknown") as caught:
        find_profile("vlm")
    assert "bad_arguments" == caught.value.kind


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.openai.com", "openai"),
        ("https://api.anthropic.com", "anthropic"),
        ("https://api.together.ai", "together"),
        ("https://api.fireworks.ai/inference", "fireworks"),
        ("https://api.groq.com/openai", "groq"),
        ("https://mine.openai.azure.com/openai", "azure"),
        ("https://mine.openai.azure.com", "azure-deployment"),
        ("https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/l/endpoints/openapi", "vertex"),
        ("https://runtime.sagemaker.us-west-2.amazonaws.com/endpoints/e/openai", "sagemaker"),
    ],
)
def test_a_paid_endpoint_is_known_by_its_address(url, name):
    assert name == profile_of_url(url).name


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "https://gpu.example.com", "https://api.openai.com.evil.test", ""]
)
def test_any_other_address_belongs_to_nobody(url):
    assert profile_of_url(url) is None


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_profile_can_be_probed_and_says_where_its_facts_are_from(profile):
    assert (True, True) == (bool(profile.dialects), profile.source.startswith("https://"))
    assert not profile.base_url.endswith("/")


def test_every_endpoint_that_bills_by_use_names_the_variable_of_its_key():
    assert [] == [name for name, profile in PROFILES.items() if profile.paid and profile.api_key_env is None]
