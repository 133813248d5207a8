import pytest

from probes.endpoint import Endpoint
from probes.servers.refusals import refusal, tls_remedy
from probes.trace import RequestTrace

ENDPOINT = Endpoint(base_url="http://h", served_model_name="gpt-9", api_key="sk-secret")


def _trace(failure: str, detail: str = "", status: int | None = None, **more) -> RequestTrace:
    return RequestTrace(scheduled_ns=0, sent_ns=0, ended_ns=1, failure=failure, detail=detail, status=status, **more)


def test_a_refusal_carries_the_servers_own_words():
    message = str(refusal(ENDPOINT, _trace("error_in_stream", "CUDA out of memory", 200)))
    assert "http://h: error_in_stream (CUDA out of memory). The server began to answer" in message


@pytest.mark.parametrize(
    ("trace", "kind", "words"),
    [
        (_trace("http_4xx", "HTTP 401: no", 401), "endpoint_refused", "--api-key-env"),
        (_trace("http_4xx", "HTTP 403: no", 403), "endpoint_refused", "--api-key-env"),
        (_trace("http_4xx", "HTTP 402: pay", 402), "endpoint_refused", "no credit left"),
        (_trace("http_429", '"code": "insufficient_quota"', 429), "endpoint_refused", "no credit left"),
        (_trace("http_429", "slow down", 429, retry_after_s=2.5), "endpoint_refused", "asks to wait 2.5 s"),
        (_trace("http_429", "slow down", 429), "endpoint_refused", "lower --concurrency"),
        (_trace("http_4xx", "The model `gpt-9` does not exist.", 404), "model_not_found", "instead of 'gpt-9'"),
        (_trace("http_4xx", '{"detail":"Not Found"}', 404), "endpoint_not_openai", "without /v1"),
        (_trace("http_5xx", "HTTP 500", 500), "endpoint_refused", "look at its log"),
        (
            _trace("connection_failed", "CERTIFICATE_VERIFY_FAILED: certificate has expired"),
            "endpoint_unreachable",
            "renew it",
        ),
        (_trace("timeout", "no answer"), "endpoint_unreachable", "send shorter requests"),
        (None, "endpoint_not_openai", "answered no request"),
    ],
)
def test_each_refusal_says_what_to_do(trace, kind, words):
    error = refusal(ENDPOINT, trace)
    assert (kind, True, False) == (error.kind, words in str(error), "sk-secret" in str(error))


def test_a_context_that_is_too_short_names_both_lengths():
    trace = _trace("http_4xx", "This model's maximum context length is 4096 tokens.", 400)
    message = str(refusal(ENDPOINT, trace, input_tokens=4000, output_tokens=512))
    assert "512 tokens after a prompt of 4000. Lower --input-tokens or --output-tokens" in message


def test_words_that_are_not_of_tls_have_no_such_remedy():
    assert tls_remedy("Connection reset by peer") is None
