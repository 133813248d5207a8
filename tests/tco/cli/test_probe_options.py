from __future__ import annotations

import pytest

from probes import ProbeError
from tco.cli._probe_options import parse_layers, parse_measure, parse_rates, parse_slo


def refused(call: object, *args: object, **more: object) -> str:
    with pytest.raises(ProbeError) as caught:
        call(*args, **more)
    assert caught.value.kind == "bad_arguments"
    return str(caught.value)


def test_rates_are_sorted_and_each_is_named_once() -> None:
    assert [0.5, 1.0, 4.0] == parse_rates("4,0.5, 1,4")


@pytest.mark.parametrize("text", ["0", "-1", "a", "1,,2", "inf"])
def test_a_rate_that_is_none_is_refused(text: str) -> None:
    assert "requests a second" in refused(parse_rates, text)


def test_a_promise_has_one_share_for_all_its_limits() -> None:
    assert ({"ttft": 2000.0, "e2e": 9000.5}, 0.99) == parse_slo("ttft_p99_ms=2000, e2e_p99_ms=9000.5")
    assert "different percentiles" in refused(parse_slo, "ttft_p95_ms=1,tpot_p99_ms=2")


@pytest.mark.parametrize("text", ["ttft=2000", "ttft_p95_ms=0", "ttft_p95_ms", "speed_p95_ms=3", ""])
def test_a_promise_in_another_form_is_refused_with_an_example(text: str) -> None:
    assert "ttft_p95_ms=2000" in refused(parse_slo, text)


def test_all_leaves_out_what_lacks_its_option() -> None:
    assert ["curve", "lengths", "prefill", "context", "idle"] == parse_measure("all", slo=False, trace=False)
    assert ["curve", "goodput", "lengths", "prefill", "context", "trace", "idle"] == parse_measure(
        "all", slo=True, trace=True
    )


def test_a_promise_and_a_trace_ask_for_their_own_part() -> None:
    assert ["curve", "goodput", "trace"] == parse_measure(None, slo=True, trace=True)
    assert ["goodput", "lengths"] == parse_measure("lengths", slo=True, trace=False)


def test_a_part_without_its_option_or_unknown_is_refused() -> None:
    assert "--slo" in refused(parse_measure, "goodput", slo=False, trace=False)
    assert "--trace" in refused(parse_measure, "trace", slo=False, trace=False)
    assert "'speed'" in refused(parse_measure, "speed", slo=False, trace=False)


@pytest.mark.parametrize("text", ["4", "4,4", "4,x", "0,4", ""])
def test_one_depth_gives_no_slope(text: str) -> None:
    assert "two or more depths" in refused(parse_layers, text)
