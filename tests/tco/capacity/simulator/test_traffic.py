from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.simulate import simulate
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime
from tco.errors import InputError


def ints(*values: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.array(values, dtype=np.int32)


def traffic(**fields: Any) -> Traffic:
    """Three good requests, with what a test puts in their place."""
    good = {"arrival_s": np.array([0.0, 1.0, 1.0]), "input_tokens": ints(5, 1, 9), "output_tokens": ints(1, 2, 3)}
    return Traffic(**(good | fields))


def test_requests_at_the_same_time_and_of_one_token_are_good() -> None:
    assert 3 == traffic().requests
    assert 3 == traffic(prefix_group=ints(-1, 0, 0), prefix_tokens=ints(0, 5, 20), loaded_tokens=ints(4, 0, 8)).requests


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"streams": -1}, "-1 streams; give at least 1 for a closed loop, and 0 for an open one"),
        ({"arrival_s": np.zeros(0), "input_tokens": ints(), "output_tokens": ints()}, "there is no request"),
        ({"input_tokens": ints(5, 1)}, "2 values of input_tokens for 3 requests; give one for each"),
        ({"output_tokens": ints(1, 2, 3, 4)}, "4 values of output_tokens for 3 requests"),
        (
            {"output_tokens": ints(1, 0, 3)},
            "request 2 has output_tokens 0; a request has at least 1 token in and 1 out",
        ),
        ({"prefix_group": ints(0)}, "1 values of prefix_group for 3 requests; give one for each, or none"),
        ({"request_class": ints(0, 1)}, "2 values of request_class for 3 requests"),
        ({"prefix_tokens": ints(0, 0, -2)}, "request 3 has prefix_tokens -2; give at least 0"),
        ({"loaded_tokens": ints(5, 0, 0)}, "request 1 has loaded_tokens 5 of a prompt of 5"),
        ({"loaded_tokens": ints(0, -1, 0)}, "request 2 has loaded_tokens -1"),
        ({"arrival_s": np.array([-0.1, 1.0, 1.0])}, "a time is negative or no number"),
        ({"arrival_s": np.array([0.0, np.nan, 1.0])}, "a time is negative or no number"),
        ({"arrival_s": np.array([0.0, 2.0, 1.5])}, r"request 3 comes at 1.5 s, before the one ahead of it \(2 s\)"),
    ],
)
def test_what_cannot_be_simulated_is_refused_in_a_sentence(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        traffic(**fields)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (EngineLimits(kv_blocks=100, max_model_len=11), "request 3 has 9 . 3 tokens and the context holds 11; 1 of 3"),
        (EngineLimits(kv_blocks=2, block_tokens=2), "request 1 has 5 . 1 tokens and the KV cache holds 4; 2 of 3"),
    ],
)
def test_requests_that_never_fit_are_refused_with_the_first_of_them(limits: EngineLimits, message: str) -> None:
    with pytest.raises(InputError, match=message):
        simulate(traffic(), StepTime(intercept_s=0.01), limits)


def test_a_request_that_fills_the_cache_to_its_last_token_is_served() -> None:
    whole = Traffic(arrival_s=np.zeros(1), input_tokens=ints(30), output_tokens=ints(2))
    found = simulate(whole, StepTime(intercept_s=0.01), EngineLimits(kv_blocks=2, max_model_len=32))
    assert 0.02 == pytest.approx(found.finish_s[0])
