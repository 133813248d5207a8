"""Numbers as people read them: money, months, shares, by magnitude."""

from __future__ import annotations

from decimal import Decimal

from tco.number_style import local, respelled

# From 10,000 on in thousands: "$1,234" reads better than "$1.23k".
_SCALES = ((1e9, 1e9, "bn"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))
_WHOLE_FROM = 100


def usd(amount: float | None) -> str:
    """Money, short.

    >>> usd(1_234_567.0), usd(12_345.0), usd(1234.4), usd(3.456), usd(0.0123), usd(0.00006964), usd(-50_000.0), usd(None)
    ('$1.23M', '$12.3k', '$1,234', '$3.46', '$0.0123', '$0.0000696', '-$50.0k', '–')
    """
    if amount is None:
        return "–"
    sign, size = ("-" if amount < 0 else ""), abs(amount)
    for least, scale, suffix in _SCALES:
        if size >= least:
            return f"{sign}${_three(size / scale)}{suffix}"
    if size >= 100:  # noqa: PLR2004
        return f"{sign}${local(size):,.0f}"
    # A cent's thousandth is written out: "$7e-05" is no price to most people.
    return f"{sign}${local(size):.2f}" if size >= 1 or size == 0 else f"{sign}${local(Decimal(f'{size:.3g}')):f}"


def _three(number: float) -> str:
    """Three significant digits of a number from 1 on, trailing zeros kept."""
    digits = ".2f" if number < 10 else ".1f" if number < 100 else ",.0f"  # noqa: PLR2004
    return f"{local(number):{digits}}"


def months(count: float | None) -> str:
    """A payback: months with one decimal, "at once" or "never".

    >>> months(7.42), months(0.0), months(None)
    ('7.4 months', 'at once', 'never')
    """
    if count is None:
        return "never"
    return "at once" if count == 0 else f"{local(count):.1f} months"


def month_count(count: int) -> str:
    """A span of whole months.

    >>> month_count(1), month_count(36)
    ('1 month', '36 months')
    """
    return f"{count} month" if count == 1 else f"{count} months"


def limit_title(name: str) -> str:
    """What a limit of a latency promise is called in a sentence.

    >>> limit_title("ttft_p95_ms")
    'TTFT P95'
    """
    return name.removesuffix("_ms").replace("_", " ").upper()


def share(fraction: float | None) -> str:
    """A share in per cent; a rate of return above 1,000% says no more than that.

    >>> share(0.1234), share(0.0012), share(54.3), share(None)
    ('12.3%', '0.12%', 'over 1,000%', '–')
    """
    if fraction is None:
        return "–"
    if fraction > 10:  # noqa: PLR2004
        return f"over {local(1000):,}%"
    return f"{local(fraction):.1%}" if abs(fraction) >= 0.01 else f"{local(fraction):.2%}"  # noqa: PLR2004


def volume(requests_per_day: float | None) -> str:
    """A daily volume to three significant digits.

    >>> volume(123_456.0), volume(2.5), volume(0.0004), volume(0.0), volume(None)
    ('123,000', '2.5', '0.0004', 'any', '–')
    """
    if requests_per_day is None:
        return "–"
    if requests_per_day == 0:
        return "any"
    short = float(f"{requests_per_day:.3g}")
    return f"{local(short):,.0f}" if short >= _WHOLE_FROM else f"{local(Decimal(f'{short:g}')):f}"


def milliseconds(ms: float) -> str:
    """A latency [ms]: whole from 100 on, below it to three digits.

    >>> milliseconds(1234.5), milliseconds(12.34), milliseconds(0.5)
    ('1,234 ms', '12.3 ms', '0.5 ms')
    """
    return f"{local(ms):,.0f} ms" if ms >= _WHOLE_FROM else f"{local(ms):.3g} ms"


def figure(value: float | None, spec: str) -> str:
    """A number of a table, never as a power of ten from 1 on.

    Args:
        value: the number.
        spec: Python's format. A `$` ahead of it makes it money and `× ` a multiple; a `%` behind an `f` says that it counts per cents already.

    >>> figure(-1234.5, "$,.2f"), figure(123_456.0, ",.4g"), figure(12.5, "+,.1f%"), figure(2.0, "× .2g"), figure(None, ",")
    ('-$1,234.50', '123,500', '+12.5%', '× 2', '–')
    """
    if value is None or value != value:  # noqa: PLR0124 - not a number, which is how a table holds nothing
        return "–"
    if spec.startswith("× "):
        return f"× {figure(value, spec[2:])}"
    if spec.startswith("$"):
        return f"{'-' if value < 0 else ''}${figure(abs(value), spec[1:])}"
    if spec.endswith("f%"):
        return f"{figure(value, spec[:-1])}%"
    short = f"{value:{spec}}"
    if abs(value) >= 1 and "e" in short:
        return f"{local(float(short.replace(',', ''))):,.0f}"
    return respelled(short)
