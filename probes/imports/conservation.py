"""What must add up in anybody's benchmark, checked number against number. Pure.

Where two sides of an identity differ by more than 5 %, the load point gets a caution with both numbers; by more than 20 %, it may not carry a
decision. The identities: a rate times the duration is the count; all tokens are prompts' and answers' together; at the mean, E2E is TTFT plus TPOT
times (n - 1); requests in flight are rate times E2E (Little's law); what succeeded and what failed is what was sent; percentiles rise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from probes.imports.distribution import fallen
from probes.imports.point import Point
from probes.record import Warn

WARN_FRACTION = 0.05
GROSS_FRACTION = 0.20
MAX_FAILED_FRACTION = 0.10
"""Share of failed requests above which a load point may not carry a decision, as in a probe's own cells."""

_SPREAD = 3.0

LATENCIES = ("ttft_ms", "tpot_ms", "itl_ms", "icl_ms", "e2e_ms")


@dataclass(frozen=True, slots=True)
class Identity:
    """Two numbers that should be one.

    Attributes:
        code: machine-readable name.
        left: what the first one is.
        right: what the second one is.
        found: the first.
        expected: the second.
    """

    code: str
    left: str
    right: str
    found: float
    expected: float

    @property
    def error_fraction(self) -> float:
        """`found / expected - 1`; 0 where both are 0, 1 where only one is."""
        if self.expected > 0:
            return self.found / self.expected - 1
        return float(self.found > 0)

    @property
    def sentence(self) -> str:
        """Both numbers and how far they are apart."""
        return f"{self.left} is {self.found:.6g}, {self.right} is {self.expected:.6g}: {self.error_fraction:+.1%}."


def check(point: Point) -> tuple[list[Warn], str | None]:
    """Checks one load point.

    Args:
        point: as its format's reader gave it.

    Returns:
        Cautions, and why the load point may not carry a decision (None where it may).
    """
    broken = [found for found in identities(point) if abs(found.error_fraction) > WARN_FRACTION]
    warnings = [Warn(code=one.code, message=one.sentence, observed=one.found, threshold=one.expected) for one in broken]
    gross = next((one for one in broken if abs(one.error_fraction) > GROSS_FRACTION), None)
    reasons = [point.refused, _nothing(point), _falls(point), _failed(point), gross.sentence if gross else None]
    return warnings, next((reason for reason in reasons if reason), None)


def identities(point: Point) -> Iterator[Identity]:
    """All pairs of numbers of a load point that should be one, as far as it has both.

    Args:
        point: as its format's reader gave it.
    """
    yield from _rates(point)
    yield from _times(point)
    if point.requests_planned is not None:
        sent = float(point.requests_ok + point.requests_failed)
        yield Identity(
            "requests_lost", "succeeded and failed requests", "requests planned", sent, float(point.requests_planned)
        )


def _rates(point: Point) -> Iterator[Identity]:
    tokens = float(point.input_tokens + point.output_tokens)
    pairs = (
        ("requests", point.requests_per_s, float(point.requests_ok)),
        ("output tokens", point.output_tokens_per_s, float(point.output_tokens)),
        ("all tokens", point.total_tokens_per_s, tokens),
    )
    for name, rate, count in pairs:
        if rate is not None:
            product = rate * point.duration_s
            yield Identity("rate_and_count", f"rate of {name} times duration", f"the number of {name}", product, count)
    for name, mean, total in (
        ("prompts", point.input_mean, point.input_tokens),
        ("answers", point.output_mean, point.output_tokens),
    ):
        if mean is not None and point.requests_ok:
            came = total / point.requests_ok
            yield Identity("length", f"mean tokens of {name}", "what was asked for", came, mean)


def _times(point: Point) -> Iterator[Identity]:
    ttft, tpot, e2e = point.ttft_ms.mean, point.tpot_ms.mean, point.e2e_ms.mean
    if ttft is not None and tpot is not None and e2e is not None and point.requests_ok:
        parts = ttft + tpot * (point.output_tokens / point.requests_ok - 1)
        yield Identity("latency_parts", "mean TTFT + TPOT x (n - 1) [ms]", "mean E2E [ms]", parts, e2e)
    if not point.duration_s or point.refused:
        return
    yield from _offered(point)
    if e2e is None:
        return
    rate_times_time = point.requests_ok / point.duration_s * e2e / 1000
    if point.in_flight_mean is not None:
        yield Identity(
            "littles_law", "rate x mean E2E", "mean requests in flight", rate_times_time, point.in_flight_mean
        )
    if point.concurrency is not None:
        yield Identity("littles_law", "rate x mean E2E", "concurrency", rate_times_time, float(point.concurrency))


def _offered(point: Point) -> Iterator[Identity]:
    """More answers a second than requests were offered, beyond what chance does to that many arrivals (three standard errors)."""
    if point.request_rate_per_s is None:
        return
    answered = point.requests_ok / point.duration_s
    if answered > point.request_rate_per_s * (1 + _SPREAD / max(1, point.requests_ok) ** 0.5):
        yield Identity(
            "offered_rate", "requests answered a second", "the offered rate", answered, point.request_rate_per_s
        )


def _nothing(point: Point) -> str | None:
    if point.requests_ok == 0:
        return "no request succeeded"
    return "it lasted no time" if point.duration_s == 0 else None


def _falls(point: Point) -> str | None:
    return next((found for name in LATENCIES if (found := fallen(name, getattr(point, name)))), None)


def _failed(point: Point) -> str | None:
    sent = point.requests_ok + point.requests_failed
    if point.requests_failed > MAX_FAILED_FRACTION * sent:
        return f"{point.requests_failed} of {sent} requests failed"
    return None
