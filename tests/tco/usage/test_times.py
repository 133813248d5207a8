"""Times in every form are seconds since 1970."""

from __future__ import annotations

from datetime import UTC

import pytest

from tco.usage import zone_named
from tco.usage.times import Clock

NINE_S = 1_793_610_000  # 2 November 2026, 09:00 UTC


@pytest.mark.parametrize(
    "value",
    [
        NINE_S,
        float(NINE_S),
        NINE_S * 1_000,
        NINE_S * 1_000_000,
        NINE_S * 1_000_000_000,
        str(NINE_S),
        f"{NINE_S}.0",
        str(NINE_S * 10**9),
        "2026-11-02T09:00:00Z",
        "2026-11-02T09:00:00+00:00",
        "2026-11-02 10:00:00+01:00",
        "2026-11-02T09:00:00.000000Z",
        "2026-11-02 09:00:00 UTC",
        "2026-11-02T04:00:00-05:00",
    ],
)
def test_one_moment_has_many_forms(value):
    assert NINE_S == pytest.approx(Clock(None).seconds(value, "row"))


def test_a_time_without_a_zone_is_of_the_one_that_was_named():
    assert NINE_S == Clock(zone_named("Europe/Berlin")).seconds("2026-11-02T10:00:00", "row")
    # Summer time ends on 25 October 2026 in Berlin.
    assert NINE_S - 9 * 86_400 == Clock(zone_named("Europe/Berlin")).seconds("2026-10-24T11:00:00", "row")


def test_what_a_source_promises_goes_before_what_was_named():
    clock = Clock(zone_named("Europe/Berlin"))

    assert NINE_S == clock.seconds("2026-11-02 09:00:00", "row", assumed=UTC)
    assert NINE_S == clock.seconds("2026-11-02T10:00:00+01:00", "row", assumed=UTC)
