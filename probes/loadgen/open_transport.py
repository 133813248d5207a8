"""Which transport an endpoint is reached by, and one request on its own."""

from __future__ import annotations

from probes.endpoint import Endpoint
from probes.loadgen.transport import Outgoing, Timeouts, Transport, transport_kind
from probes.servers.answers import read_answer
from probes.servers.dialect import Dialect, body_of, headers_of, url_of
from probes.trace import RequestTrace
from probes.workload.request import Request


def open_transport(endpoint: Endpoint, dialect: Dialect, timeouts: Timeouts | None = None) -> Transport:
    """The transport for an endpoint; must be called where an event loop runs.

    Args:
        endpoint: the server.
        dialect: where on it, and with which headers.
        timeouts: limits; the defaults of `Timeouts` if None.
    """
    url, headers = url_of(endpoint, dialect), headers_of(endpoint, dialect)
    kind = transport_kind(url)
    if kind == "plain":
        from probes.loadgen.plain import PlainTransport  # noqa: PLC0415 -- each costs an import that the other does not need

        return PlainTransport(url, headers, timeouts)
    from probes.loadgen.tls import GeneralTransport  # noqa: PLC0415 -- likewise

    return GeneralTransport(url, headers, timeouts, kind)


async def send_one(
    endpoint: Endpoint, dialect: Dialect, request: Request, *, timeouts: Timeouts | None = None
) -> RequestTrace:
    """Sends one request from this process, for trials; its answer is read at once.

    Args:
        endpoint: the server.
        dialect: the form of request and answer.
        request: what to ask.
        timeouts: limits; the defaults of `Timeouts` if None.

    Returns:
        The trace, with the generated ids where the server gives them. Failures are in it, never raised.
    """
    transport = open_transport(endpoint, dialect, timeouts)
    outgoing = Outgoing(
        body=body_of(endpoint, dialect, request),
        input_tokens=request.input_tokens,
        output_tokens=request.output_tokens,
        planned_hit_tokens=request.planned_hit_tokens,
    )
    try:
        return read_answer(await transport.send(outgoing), dialect, keep_token_ids=True)
    finally:
        await transport.close()
