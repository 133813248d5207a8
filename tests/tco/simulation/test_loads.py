from __future__ import annotations

import numpy as np
import pytest

from tco.capacity.simulator.simulate import simulate
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.week.simulate_week import Sampling, simulate_week
from tco.errors import InputError
from tco.simulation import loads, pools
from tco.simulation.loads import simulate_load_of, simulate_planned_week, simulate_recorded
from tco.simulation.pools import Split, kv_bytes_per_token, simulate_split
from tco.simulation.trace import Recording
from tests.factories import scenario
from tests.tco.simulation.asking import ENGINE, asked, with_rent


@pytest.fixture(autouse=True)
def _few_requests(monkeypatch):
    for room in (loads, pools):
        monkeypatch.setattr(room, "REQUESTS", 2_000)
    monkeypatch.setattr(loads, "WEEK_REQUESTS", 2_000)
    monkeypatch.setattr("tco.capacity.week.simulate_week.LEAST_REQUESTS", 1_000)


def test_without_a_load_it_is_the_plans_peak_on_the_plans_replicas(monkeypatch):
    question = asked(monkeypatch, scenario(workload__profile="office-hours"))
    answer = simulate_load_of(question)

    assert (pytest.approx(2.5532, rel=1e-4), True, 3, 1) == (
        answer.load.requests_per_s,
        answer.load.is_planned,
        answer.load.replicas,
        answer.load.spares,
    )
    expected = simulate_week(
        ENGINE, question.classes, [answer.load.requests_per_s], [3], sampling=Sampling(requests=2_000, largest_pool=16)
    )
    assert expected.classes == answer.found.classes


def test_a_load_and_replicas_that_are_given_need_no_plan(monkeypatch):
    # No load keeps this promise, so that there is no plan.
    question = asked(monkeypatch, scenario(workload__slo={"ttft_p95_ms": 1.0}))
    answer = simulate_load_of(question, replicas=2, requests_per_s=30.0)

    assert (30.0, False, 2, None) == (
        answer.load.requests_per_s,
        answer.load.is_planned,
        answer.load.replicas,
        answer.load.spares,
    )
    assert not answer.found.is_kept


def test_knowing_the_load_beats_taking_turns_where_lengths_differ(monkeypatch):
    varied = {"kind": "lognormal", "spread_fraction": 2.0}
    question = asked(monkeypatch, scenario(workload__lengths=varied))

    def ttft_p95(routing):
        answer = simulate_load_of(question, replicas=4, requests_per_s=180.0, routing=routing)
        assert routing == answer.load.routing
        return answer.found.classes[0].ttft_s.p95

    turns, least = ttft_p95("round-robin"), ttft_p95("least-loaded")
    assert least.value < turns.value - 2 * turns.standard_error


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"replicas": 0}, "0 replicas cannot be simulated"),
        ({"replicas": 200_000}, "give 1 to 100,000"),
        ({"requests_per_s": 0.0}, "a number above 0"),
        ({"requests_per_s": float("nan")}, "a number above 0"),
        ({"requests_per_s": float("inf")}, "a number above 0"),
    ],
)
def test_a_load_that_cannot_be_is_refused(monkeypatch, given, sentence):
    question = asked(monkeypatch)
    for play in (simulate_load_of, simulate_planned_week):
        with pytest.raises(InputError, match=sentence):
            play(question, **given)


def test_a_week_has_the_plans_replicas_of_each_hour(monkeypatch):
    question = with_rent(scaling={"policy": "scheduled", "min_replicas": 1, "start_up_minutes": 5})
    question = question.model_copy(
        update={"workload": question.workload.model_copy(update={"profile": "office-hours"})}
    )
    answer = simulate_planned_week(asked(monkeypatch, question))

    assert (604_800, 3, 1) == (answer.found.requests, answer.load.replicas, answer.load.spares)
    assert {(108, 1), (10, 1), (50, 3)} == {(len(one.hours), one.pool_replicas) for one in answer.found.strata}
    assert "spares" in answer.cautions[0]


def test_a_week_can_be_asked_with_other_replicas_and_another_mean(monkeypatch):
    answer = simulate_planned_week(asked(monkeypatch), replicas=2, requests_per_s=10.0)

    assert (6_048_000, 2, ()) == (answer.found.requests, answer.load.replicas, answer.cautions)
    assert [(168, 5.0)] == [(len(one.hours), one.replica_requests_per_s) for one in answer.found.strata]


def test_recorded_traffic_is_simulated_as_it_came(monkeypatch):
    rng = np.random.default_rng(1)
    traffic = Traffic(
        arrival_s=np.cumsum(rng.exponential(0.05, 2_000)),
        input_tokens=rng.integers(10, 300, 2_000).astype(np.int32),
        output_tokens=rng.integers(1, 60, 2_000).astype(np.int32),
    )
    recorded = Recording(path="x.csv", format="csv", traffic=traffic, shared_fraction=0.0, warnings=("cut",))
    answer = simulate_recorded(asked(monkeypatch), recorded, replicas=2, routing="round-robin")
    outcome = simulate(traffic, ENGINE.step_time, ENGINE.limits, replicas=2, routing="round-robin")
    (kind,) = answer.found.classes

    # The first tenth does not count.
    assert (1_800, ("cut",)) == (kind.requests, answer.cautions)
    assert kind.ttft_s.mean.value == pytest.approx(outcome.ttft_s[200:].mean())
    assert kind.e2e_s.p95.value == pytest.approx(np.percentile(outcome.e2e_s[200:], 95), rel=5e-3)
    assert kind.promises[0].late_fraction.value == np.mean(outcome.ttft_s[200:] > 0.25)
    busy_s = sum(use.busy_s for use in outcome.use)
    assert answer.found.use.utilisation_fraction == pytest.approx(busy_s / 2 / outcome.use[0].span_s)


def test_too_few_recorded_requests_are_refused(monkeypatch):
    few = Traffic(
        arrival_s=np.arange(5.0),
        input_tokens=np.full(5, 9, dtype=np.int32),
        output_tokens=np.full(5, 9, dtype=np.int32),
    )
    recorded = Recording(path="x.csv", format="csv", traffic=few, shared_fraction=0.0, warnings=())

    with pytest.raises(InputError, match="5 requests are too few to tell what users see; give at least 20"):
        simulate_recorded(asked(monkeypatch), recorded, replicas=1)


def test_the_cache_of_a_token_is_that_of_the_options_model(monkeypatch):
    # Qwen3-0.6B: 28 layers, 8 key-value heads of 128, keys and values of 2 bytes.
    assert kv_bytes_per_token(asked(monkeypatch)) == 28 * 8 * 128 * 2 * 2
    carried = with_rent(kv_cache_dtype="fp8")
    assert kv_bytes_per_token(asked(monkeypatch, carried)) == 28 * 8 * 128 * 2


def test_a_model_that_nobody_knows_needs_the_cache_of_a_token(monkeypatch):
    question = asked(monkeypatch, with_rent(model="Nobody-7B"))
    split = {"prefill_replicas": 1, "decode_replicas": 1, "transfer_gb_per_s": 10.0}

    with pytest.raises(InputError, match=r"architecture of 'Nobody-7B' is not known.*--kv-bytes-per-token"):
        simulate_split(question, Split(**split), requests_per_s=5.0)
    assert simulate_split(question, Split(**split, kv_bytes_per_token=1e5), requests_per_s=5.0).beside is not None


def test_pools_of_their_own_stand_beside_as_many_that_do_both(monkeypatch):
    question = asked(monkeypatch)
    split = Split(prefill_replicas=1, decode_replicas=2, transfer_gb_per_s=50.0)
    answer = simulate_split(question, split, requests_per_s=20.0)

    assert ("split", 3, None) == (answer.load.kind, answer.load.replicas, answer.load.spares)
    assert answer.beside.classes == simulate_load_of(question, replicas=3, requests_per_s=20.0).found.classes
    assert "114,688 bytes of cache for each prompt token go over 50 GB/s, 0.229 GB/s in all" in answer.cautions[0]


def test_a_slow_link_adds_its_time_to_every_first_token(monkeypatch):
    question = asked(monkeypatch)

    def ttft_s(link):
        split = Split(prefill_replicas=1, decode_replicas=1, transfer_gb_per_s=link, kv_bytes_per_token=1e6)
        return simulate_split(question, split, requests_per_s=2.0).found.classes[0].ttft_s.p50

    # 100 tokens of 1 MB are 0.1 GB: 1 s at 0.1 GB/s, 0.001 s at 100 GB/s.
    assert ttft_s(0.1).value - ttft_s(100.0).value == pytest.approx(0.999, abs=0.01)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"prefill_replicas": 0}, "at least 1 of each"),
        ({"decode_replicas": 64}, "at most 64 together"),
        ({"transfer_gb_per_s": 0.0}, "transfer_gb_per_s is 0.0"),
        ({"kv_bytes_per_token": float("nan")}, "kv_bytes_per_token is nan"),
    ],
)
def test_pools_that_cannot_be_are_refused(wrong, sentence):
    with pytest.raises(InputError, match=sentence):
        Split(**({"prefill_replicas": 1, "decode_replicas": 1, "transfer_gb_per_s": 1.0} | wrong))
