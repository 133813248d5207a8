"""Whatever the traffic: no token appears or vanishes, however it is written, cut up or ordered."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tco.usage import Asked, ReadOptions, UsageFile, read_usage, workload_of
from tco.usage.table import COLUMNS

START_S = 1_793_577_600  # 2 November 2026, 00:00 UTC
INSIDE = ReadOptions(asked=Asked(cached="inside", bucket="hour"))

pytestmark = pytest.mark.slow


@st.composite
def requests(draw):
    read, written, fresh = (draw(st.integers(0, 100_000)) for _ in range(3))
    reasoning, visible = draw(st.integers(0, 10_000)), draw(st.integers(0, 10_000))
    return {
        "at_s": START_S + draw(st.integers(0, 20 * 86_400)),
        "model": draw(st.sampled_from(["a", "b"])),
        "read": read, "written": written, "input": fresh + read + written, "reasoning": reasoning, "output": visible + reasoning,
    }  # fmt: skip


TRAFFIC = st.lists(requests(), min_size=1, max_size=60)
MODEST = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def iso(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def own(traffic) -> bytes:
    rows = [
        f"{iso(r['at_s'])},{r['model']},{r['input']},{r['read']},{r['written']},{r['output']},{r['reasoning']}"
        for r in traffic
    ]
    return "\n".join(
        ["timestamp,model,input_tokens,cached_input_tokens,cache_write_tokens,output_tokens,reasoning_tokens", *rows]
    ).encode()


def own_hours(traffic) -> bytes:
    names = ("input", "read", "written", "output", "reasoning")
    sums: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0] * 6)
    for r in traffic:
        cell = sums[r["at_s"] // 3600 * 3600, r["model"]]
        cell[0] += 1
        for place, name in enumerate(names, start=1):
            cell[place] += r[name]
    rows = [f"{iso(at)},{model},{','.join(map(str, cell))}" for (at, model), cell in sums.items()]
    return "\n".join(
        [
            "timestamp,model,requests,input_tokens,cached_input_tokens,cache_write_tokens,output_tokens,reasoning_tokens",
            *rows,
        ]
    ).encode()


def litellm(traffic) -> bytes:
    rows = [
        {
            "startTime": iso(r["at_s"]), "spend": 0, "model": r["model"], "prompt_tokens": r["input"], "completion_tokens": r["output"],
            "total_tokens": r["input"] + r["output"], "messages": "SECRET",
            "metadata": {
                "additional_usage_values": {"cache_read_input_tokens": r["read"], "cache_creation_input_tokens": r["written"]},
                "usage_object": {"completion_tokens_details": {"reasoning_tokens": r["reasoning"]}},
            },
        }
        for r in traffic
    ]  # fmt: skip
    return "\n".join(map(json.dumps, rows)).encode()


def langfuse(traffic) -> bytes:
    rows = [
        {
            "type": "GENERATION", "start_time": iso(r["at_s"]), "provided_model_name": r["model"],
            "usage_details": {
                "input": r["input"] - r["read"] - r["written"], "input_cached_tokens": r["read"], "input_cache_creation": r["written"],
                "output": r["output"] - r["reasoning"], "output_reasoning_tokens": r["reasoning"], "total": r["input"] + r["output"],
            },
        }
        for r in traffic
    ]  # fmt: skip
    return "\n".join(map(json.dumps, rows)).encode()


def read(*files: bytes):
    return read_usage([UsageFile.of_bytes(f"{n}.txt", data) for n, data in enumerate(files)], INSIDE)


def expected(traffic) -> dict[str, float]:
    total = {name: sum(r[name] for r in traffic) for name in ("input", "read", "written", "output", "reasoning")}
    return {
        "requests": len(traffic),
        "failed": 0,
        "input_uncached_tokens": total["input"] - total["read"] - total["written"],
        "cache_read_tokens": total["read"],
        "cache_write_tokens": total["written"],
        "cache_write_1h_tokens": 0,
        "output_visible_tokens": total["output"] - total["reasoning"],
        "output_reasoning_tokens": total["reasoning"],
        "billed_usd": 0,
        "list_usd": 0,
    }


@MODEST
@given(traffic=TRAFFIC)
@pytest.mark.parametrize("form", [own, own_hours, litellm, langfuse], ids=lambda form: form.__name__)
def test_every_form_holds_the_same_tokens(form, traffic):
    usage = read(form(traffic))

    assert expected(traffic) == usage.totals
    assert set(COLUMNS) == set(usage.totals)


@MODEST
@given(traffic=TRAFFIC, cut=st.integers(0, 60))
def test_files_can_be_cut_and_turned_around(traffic, cut):
    one, other = traffic[:cut], traffic[cut:]
    parts = [own(part) for part in (other, one) if part]
    whole, cut_up = read(own(traffic)), read(*parts) if len(set(parts)) == len(parts) else None

    assert cut_up is None or whole.totals == cut_up.totals
    assert whole.totals == read(own(traffic[::-1])).totals


@MODEST
@given(traffic=TRAFFIC)
def test_models_add_up_to_all(traffic):
    usage = read(own(traffic))
    parts = [usage.of_models([model]).totals for model in usage.models]

    assert usage.totals == {name: sum(part[name] for part in parts) for name in COLUMNS}


@MODEST
@given(traffic=TRAFFIC)
def test_a_workload_gives_the_tokens_back(traffic):
    known = workload_of(read(own_hours(traffic))).quantities
    total = expected(traffic)
    into = sum(r["input"] for r in traffic)

    if into:
        assert known["input_tokens_per_request"].value * len(traffic) == pytest.approx(into, rel=1e-5)
        assert known["cacheable_input_fraction"].value * into == pytest.approx(
            total["cache_read_tokens"], rel=1e-5, abs=1e-9
        )
    visible = known.get("output_tokens_per_request")
    if visible is not None:
        out = (visible.value + known["reasoning_tokens_per_request"].value) * len(traffic)
        assert out == pytest.approx(sum(r["output"] for r in traffic), rel=1e-5)
    for quantity in known.values():
        assert quantity.bounds is None or quantity.bounds[0] <= quantity.value <= quantity.bounds[1]
