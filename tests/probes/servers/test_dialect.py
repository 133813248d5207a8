import json
from dataclasses import asdict

import pytest

from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.servers.dialect import Dialect, body_of, headers_of, url_of
from probes.workload.request import Request

ENDPOINT = Endpoint(base_url="http://h:1", served_model_name="m", api_key="sk-secret")


def _request(prompt: list[int] | str) -> Request:
    return Request(prompt=prompt, input_tokens=2, output_tokens=9, cache_salt="salt")


def _body(dialect: Dialect, prompt: list[int] | str = "a b") -> dict:
    return json.loads(body_of(ENDPOINT, dialect, _request(prompt)))


@pytest.mark.parametrize(
    ("dialect", "url"),
    [
        (Dialect(), "http://h:1/v1/completions"),
        (Dialect("chat"), "http://h:1/v1/chat/completions"),
        (Dialect("messages", "openai"), "http://h:1/v1/messages"),
        (Dialect("chat", api=""), "http://h:1/chat/completions"),
        (
            Dialect("chat", api="/openai/deployments/{model}", query="api-version=2024-10-21"),
            "http://h:1/openai/deployments/m/chat/completions?api-version=2024-10-21",
        ),
    ],
)
def test_requests_go_where_the_dialect_says(dialect, url):
    assert url == url_of(ENDPOINT, dialect)


@pytest.mark.parametrize(
    ("dialect", "name", "value"),
    [
        (Dialect(), "Authorization", "Bearer sk-secret"),
        (Dialect("messages", auth="x-api-key"), "x-api-key", "sk-secret"),
        (Dialect("messages", auth="x-api-key"), "anthropic-version", "2023-06-01"),
        (Dialect("chat", auth="api-key"), "api-key", "sk-secret"),
        (Dialect(), "Accept-Encoding", "identity"),
    ],
)
def test_the_key_is_in_the_header_that_the_server_reads(dialect, name, value):
    assert value == headers_of(ENDPOINT, dialect)[name]


def test_the_key_is_in_one_header_only():
    headers = headers_of(ENDPOINT, Dialect("chat", auth="api-key"))
    assert ["api-key"] == [name for name, value in headers.items() if "sk-secret" in value]


def test_a_fixed_length_a_salt_and_ids_are_asked_of_a_server_that_knows_them():
    expected = {
        "model": "m", "max_tokens": 9, "stream": True, "prompt": [100, 101], "temperature": 0, "min_tokens": 9,
        "stream_options": {"include_usage": True}, "ignore_eos": True, "return_token_ids": True, "cache_salt": "salt",
    }  # fmt: skip
    assert expected == _body(Dialect(), [100, 101])


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [
        (Dialect("chat", "openai"), {"model", "messages", "max_tokens", "stream", "temperature", "stream_options"}),
        (Dialect("completions", "bare"), {"model", "prompt", "max_tokens", "stream"}),
        (Dialect("messages", "openai"), {"model", "messages", "max_tokens", "stream", "temperature"}),
        (Dialect("messages", "bare"), {"model", "messages", "max_tokens", "stream"}),
        (
            Dialect("chat", "openai", ("temperature",), "max_completion_tokens"),
            {"model", "messages", "max_completion_tokens", "stream", "stream_options"},
        ),
        (
            Dialect("completions", "extended", ("cache_salt", "min_tokens")),
            {
                "model",
                "prompt",
                "max_tokens",
                "stream",
                "temperature",
                "stream_options",
                "ignore_eos",
                "return_token_ids",
            },
        ),
    ],
)
def test_only_the_fields_that_the_server_accepts_are_sent(dialect, fields):
    assert fields == set(_body(dialect))


def test_a_running_usage_is_asked_for_beside_the_last_one():
    body = _body(Dialect(continuous_usage=True))
    assert {"include_usage": True, "continuous_usage_stats": True} == body["stream_options"]


@pytest.mark.parametrize("route", ["chat", "messages"])
def test_ids_are_refused_where_only_text_is_taken(route):
    with pytest.raises(ProbeError, match="takes text, not token ids"):
        _body(Dialect(route, "openai"), [1, 2])


def test_a_dialect_comes_through_json_unchanged():
    dialect = Dialect("chat", "openai", ("temperature",), "max_completion_tokens", query="a=b", auth="api-key")
    again = Dialect(**json.loads(json.dumps(asdict(dialect))))
    assert (dialect, hash(dialect)) == (again, hash(again))


@pytest.mark.parametrize(
    ("leave_out", "fixes"), [((), True), (("ignore_eos",), True), (("ignore_eos", "min_tokens"), False)]
)
def test_a_length_is_fixed_by_either_field(leave_out, fixes):
    assert fixes is Dialect("completions", "extended", leave_out).fixes_length
