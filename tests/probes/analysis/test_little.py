import numpy as np
import pytest

from probes.analysis.little import check, closed_check, in_flight_mean, miscounted, open_check
from tests.probes.analysis.loads import MS, S, closed, request


def _by_stream(traces, streams):
    whole = [made for made in traces if made.failure is None]
    return [sorted((made for made in whole if made.stream == s), key=lambda made: made.number) for s in range(streams)]


def test_requests_in_flight_by_hand():
    # 0 to 100 ms and 50 to 150 ms, seen from 50 to 150: 50 + 100 ms over 100.
    assert 1.5 == in_flight_mean([request(0), request(50)], 50 * MS, 150 * MS)
    assert 0.0 == in_flight_mean([request(0)], 50 * MS, 50 * MS)


@pytest.mark.parametrize("streams", [1, 4, 16])
def test_littles_law_is_an_identity_of_a_closed_loop(streams):
    rng = np.random.default_rng(streams)
    waits = rng.uniform(20, 90, size=(streams, 12))
    traces = closed(streams, 12, first_ms=lambda s, n: waits[s, n])
    end_ns = min(max(made.ended_ns for made in those) for those in _by_stream(traces, streams))
    found = closed_check(traces, _by_stream(traces, streams), 0, end_ns)
    assert (streams, streams, 0.0) == pytest.approx((found.in_flight_mean, found.rate_times_time, found.error_fraction))


def test_littles_law_is_an_identity_of_whole_busy_periods_of_an_open_loop():
    rng = np.random.default_rng(1)
    sent_ms = np.sort(rng.uniform(0, 9000, 300))
    traces = [
        request(float(at), first_ms=float(rng.uniform(10, 400)), number=i, stream=-1) for i, at in enumerate(sent_ms)
    ]
    found = open_check(traces, 0, 10 * S)
    assert 0.0 == pytest.approx(found.error_fraction, abs=1e-9)
    assert 300 / 10 * np.mean([made.ended_ns - made.sent_ns for made in traces]) / S == pytest.approx(
        found.rate_times_time
    )


def test_lost_and_doubled_requests_are_flagged():
    whole = closed(2, 20, cut_off=False)
    streams = _by_stream(whole, 2)
    end_ns = max(made.ended_ns for made in whole)
    lost = [made for made in whole if (made.stream, made.number) not in {(0, 3), (0, 4), (1, 9)}]
    assert -3 / 40 == pytest.approx(closed_check(lost, streams, 0, end_ns).error_fraction)
    assert +2 / 40 == pytest.approx(closed_check([*whole, *streams[0][:2]], streams, 0, end_ns).error_fraction)
    assert ((3, 0), (0, 2), (0, 0)) == (miscounted(lost), miscounted([*whole, *streams[0][:2]]), miscounted(whole))


def test_both_sides_may_be_nothing():
    assert (0.0, 1.0) == (check(0.0, 0.0).error_fraction, check(1.0, 0.0).error_fraction)
    assert 0.0 == closed_check([], [()], 0, 1).rate_times_time
