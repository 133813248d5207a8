"""Why an endpoint cannot be probed, each with what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.errors import ProbeError, ProblemKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probes.endpoint import Endpoint
    from probes.trace import FailureKind, RequestTrace

NO_SUCH_ROUTE = (404, 405)
NOT_THESE_FIELDS = (400, 422)
NOT_ALLOWED = (401, 403)
_PAYMENT_REQUIRED = 402
_TOO_MANY_REQUESTS = 429
_NAMES_SHOWN = 10
_KEY = "The API key is missing, wrong or lacks the right: set the variable that --api-key-env names."

_KIND: dict[FailureKind, ProblemKind] = {
    "http_429": "endpoint_refused",
    "http_4xx": "bad_arguments",
    "http_5xx": "endpoint_refused",
    "connection_refused": "endpoint_unreachable",
    "connection_failed": "endpoint_unreachable",
    "timeout": "endpoint_unreachable",
    "dropped_mid_stream": "endpoint_refused",
    "malformed_sse": "endpoint_not_openai",
    "error_in_stream": "endpoint_refused",
    "not_event_stream": "endpoint_not_openai",
    "no_tokens": "endpoint_not_openai",
    "cancelled": "interrupted",
}
_REMEDY: dict[FailureKind, str] = {
    "http_429": "The server limits requests: lower --concurrency, or raise the limit.",
    "http_4xx": "The server rejects such requests: check --input-tokens and --output-tokens against the model's context length.",
    "http_5xx": "The server is failing: look at its log.",
    "connection_refused": "Nothing listens there: start the server, or correct host and port.",
    "connection_failed": "Check host, port, http or https, and the network between.",
    "timeout": "The server does not answer in time: look at its log, or send shorter requests.",
    "dropped_mid_stream": "The server stopped in the middle of an answer: look at its log for a crash or lack of memory.",
    "malformed_sse": "The answer is not a stream of OpenAI chunks: name an OpenAI-compatible endpoint.",
    "error_in_stream": "The server began to answer and then reported an error: look at its log.",
    "not_event_stream": "The answer is not an event stream: name the API's address, not a web page's.",
    "no_tokens": "The answers hold no tokens: check the model's name, and that it generates text.",
    "cancelled": "Start the probe again.",
}
_UNKNOWN_ISSUER = (
    "Nobody that this machine trusts has signed the server's certificate. If the server is yours, put the certificate of its issuer into a file "
    "and set SSL_CERT_FILE to its path before the probe. Certificates are never ignored: the key would go to anyone."
)
_TLS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("certificate has expired",), "The server's certificate has expired: renew it on the server."),
    (
        ("certificate is not yet valid",),
        "The server's certificate is not valid yet: check the clocks of both machines.",
    ),
    (
        ("Hostname mismatch", "IP address mismatch", "hostname doesn't match", "is not valid for"),
        "The server's certificate is for another name: use an address that it was issued for, or issue it for this one.",
    ),
    (
        ("self-signed certificate", "self signed certificate", "unable to get local issuer", "unable to verify"),
        _UNKNOWN_ISSUER,
    ),
    (
        ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "wrong version number", "record layer failure"),
        "The port does not speak TLS: write http:// instead of https://.",
    ),
    (("CERTIFICATE_VERIFY_FAILED", "certificate verify failed"), "The server's certificate cannot be verified: look at how it was issued."),
)  # fmt: skip
"""Words of OpenSSL, in the order in which they are looked for, and what they mean for the user."""

_CONTEXT_WORDS = (
    "context length",
    "context size",
    "context window",
    "max_model_len",
    "maximum context",
    "too long",
    "exceeds the",
)


def tls_remedy(words: str) -> str | None:
    """What to do about an error of a TLS handshake; None where the words are of something else.

    Args:
        words: what the HTTP client said.

    >>> tls_remedy("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired")
    "The server's certificate has expired: renew it on the server."
    """
    return next((remedy for known, remedy in _TLS if any(part in words for part in known)), None)


def unreachable(url: str, error: Exception) -> ProbeError:
    """Why a page cannot be reached.

    Args:
        url: the page.
        error: what the HTTP client raised.
    """
    remedy = tls_remedy(str(error)) or "Start the server, or correct scheme, host and port."
    return ProbeError("endpoint_unreachable", f"{url} cannot be reached ({error}). {remedy}")


def model_not_served(endpoint: Endpoint, names: Sequence[str]) -> ProbeError:
    """The named model is not among those that are served.

    Args:
        endpoint: the server, with the name that was asked for.
        names: what it serves.
    """
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    served = f"it serves {', '.join(names[:_NAMES_SHOWN])}{more}. Set --served-model to one of them."
    return ProbeError("model_not_found", f"{endpoint.base_url} does not serve {endpoint.served_model_name!r}; {served}")


def waiting_words(retry_after_s: float | None) -> str:
    """What a server that limits requests asked for, as a sentence with a blank before it; empty where it asked for nothing.

    >>> waiting_words(30.0), waiting_words(None)
    (' It asks to wait 30 s.', '')
    """
    return "" if retry_after_s is None else f" It asks to wait {retry_after_s:g} s."


def refusal(
    endpoint: Endpoint, trace: RequestTrace | None, *, input_tokens: int | None = None, output_tokens: int | None = None
) -> ProbeError:
    """Why no request succeeds, as an error with a remedy.

    Args:
        endpoint: the server.
        trace: one of the failed requests.
        input_tokens: length of its prompt, where that may be the reason.
        output_tokens: length of the answer that was asked for.
    """
    if trace is None or trace.failure is None:
        return ProbeError("endpoint_not_openai", f"{endpoint.base_url} answered no request.")
    kind, remedy = _by_status(endpoint, trace) or (_KIND[trace.failure], _REMEDY[trace.failure])
    if trace.failure in ("connection_failed", "dropped_mid_stream"):
        remedy = tls_remedy(trace.detail) or remedy
    asked = ""
    if input_tokens is not None and any(word in trace.detail for word in _CONTEXT_WORDS):
        asked = f" The probe asked for {output_tokens} tokens after a prompt of {input_tokens}."
        remedy = "Lower --input-tokens or --output-tokens, or serve the model with a longer context."
    return ProbeError(kind, f"{endpoint.base_url}: {trace.failure} ({trace.detail}).{asked} {remedy}")


def _by_status(endpoint: Endpoint, trace: RequestTrace) -> tuple[ProblemKind, str] | None:
    """What a status says more exactly than the kind of failure does."""
    words = trace.detail.lower()
    if trace.status in NOT_ALLOWED:
        return "endpoint_refused", _KEY
    if trace.status == _PAYMENT_REQUIRED or "insufficient_quota" in words:
        return "endpoint_refused", "The account has no credit left: pay in, or use another key."
    if trace.status == _TOO_MANY_REQUESTS:
        return "endpoint_refused", _REMEDY["http_429"] + waiting_words(trace.retry_after_s)
    if "model" in words and ("does not exist" in words or "not found" in words or "not_found" in words):
        name = endpoint.served_model_name
        return "model_not_found", f"Set --served-model to a name that the server knows instead of {name!r}."
    if trace.status in NO_SUCH_ROUTE:
        return (
            "endpoint_not_openai",
            "Neither /v1/completions nor /v1/chat/completions is there: name an OpenAI-compatible API, without /v1.",
        )
    return None
