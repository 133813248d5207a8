from __future__ import annotations

import pytest

from tco.format import months, share, usd, volume


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "$0.00"),
        (0.00123, "$0.00123"),
        (99.5, "$99.50"),
        (9_999, "$9,999"),
        (10_000, "$10.0k"),
        (999_500, "$1,000k"),
        (2.5e9, "$2.50bn"),
        (-3, "-$3.00"),
    ],
)
def test_money_is_short_at_every_magnitude(amount: float, text: str) -> None:
    assert text == usd(amount)


def test_payback_speaks() -> None:
    assert ["never", "at once", "7.4 months"] == [months(None), months(0.0), months(7.42)]


def test_shares_keep_small_ones_visible() -> None:
    assert ["0.12%", "12.3%", "-5.0%", "over 1,000%", "–"] == [share(x) for x in (0.0012, 0.1234, -0.05, 99.0, None)]


def test_volumes_have_three_digits() -> None:
    assert ["123,000", "any", "–"] == [volume(x) for x in (123_456.0, 0.0, None)]
