import pytest

from probes.run import Lengths, WorkloadShape
from probes.workload.arrivals import schedule
from probes.workload.extent import limit_effect, longest_request
from probes.workload.requests import RequestMaker

SHAPE = WorkloadShape(input_tokens=100, output_tokens=20, seed=5)
LOGNORMAL = Lengths(kind="lognormal", spread_fraction=1.0)


def shaped(**changes):
    return SHAPE.model_copy(update=changes)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (SHAPE, (100, 20)),
        (shaped(lengths=Lengths(kind="uniform", spread_fraction=0.5)), (150, 30)),
        # (2 · 100 - 20) / 3 = 60 new tokens a turn: 60 + 20 + 60, and an answer of 20.
        (shaped(turns=2), (140, 20)),
        (shaped(turns=2, context_limit_tokens=130), (110, 20)),
        (shaped(lengths=LOGNORMAL, context_limit_tokens=200), None),
    ],
)
def test_the_longest_request_is_known_before_it_is_made(shape, expected):
    longest = longest_request(shape)
    assert longest == (expected or longest)
    assert shape.context_limit_tokens is None or sum(longest) == shape.context_limit_tokens


def test_the_longest_request_of_a_schedule_is_the_one_with_the_largest_sum():
    arrivals = schedule("poisson", shaped(lengths=LOGNORMAL), rate_per_s=10, count=500)
    assert sum(longest_request(SHAPE, arrivals)) == max(a.input_tokens + a.output_tokens for a in arrivals)
    assert longest_request(SHAPE, arrivals) in {(a.input_tokens, a.output_tokens) for a in arrivals}


@pytest.mark.parametrize("turns", [1, 4])
@pytest.mark.parametrize("limit", [None, 150])
def test_no_request_that_is_made_is_longer(turns, limit):
    shape = shaped(lengths=LOGNORMAL, turns=turns, context_limit_tokens=limit)
    made = RequestMaker(shape, prompt="token_ids", vocab_size=1000, attempt=0, cell=0)
    most, before = 0, None
    for number in range(800):
        request = made.closed(0, number, before=before)
        before = (request, [1] * request.output_tokens)
        most = max(most, request.input_tokens + request.output_tokens)
    assert most <= sum(longest_request(shape))


def test_without_a_limit_that_is_reached_nothing_is_shortened():
    for shape in (shaped(lengths=LOGNORMAL), shaped(context_limit_tokens=120)):
        effect = limit_effect(shape)
        assert (0, 100, 20, None) == (
            effect.shortened_fraction,
            effect.input_tokens,
            effect.output_tokens,
            effect.warning(shape),
        )


def test_a_limit_shortens_every_fixed_request_and_says_what_is_left():
    shape = shaped(context_limit_tokens=60)
    effect = limit_effect(shape)
    assert (1.0, 50, 10) == (effect.shortened_fraction, effect.input_tokens, effect.output_tokens)
    warning = effect.warning(shape)
    assert ("lengths_capped", 1.0, 60) == (warning.code, warning.observed, warning.threshold)
    assert "50 tokens in and 10 out are sent instead of 100 and 20" in warning.message


@pytest.mark.parametrize("turns", [1, 3])
def test_the_effect_of_a_limit_is_what_the_requests_show(turns):
    shape = shaped(lengths=Lengths(kind="uniform", spread_fraction=0.5), turns=turns, context_limit_tokens=125)
    effect = limit_effect(shape)
    made = RequestMaker(shape, prompt="token_ids", vocab_size=1000, attempt=0, cell=0)
    requests, before = [], None
    for number in range(3_000):
        request = made.closed(0, number, before=before)
        before = (request, [1] * request.output_tokens)
        requests.append(request)
    means = [sum(getattr(r, name) for r in requests) / 3_000 for name in ("input_tokens", "output_tokens")]

    assert 0.02 < effect.shortened_fraction < 0.5
    # Prompts lie within some 50 tokens of their mean: the standard error of 3,000 is below 1.
    assert means == [pytest.approx(effect.input_tokens, abs=2.5), pytest.approx(effect.output_tokens, abs=0.7)]
