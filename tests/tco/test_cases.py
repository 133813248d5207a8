from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from probes.run_file import save_run
from tco.cases import answer_cases
from tco.errors import InputError
from tests.factories import API, RENT, run, scenario_data

MONTH_H = 730.5
API_USD = 86_400 * MONTH_H / 24 * (100 * 1.0 + 50 * 3.0) / 1e6
"""A month of the file as it stands, paid per token."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, {
        "low": {"workload.requests_per_day": 43_200, "probability_fraction": 0.3},
        "cheap": {"options.rent.price_usd_per_hour": 0.1, "probability_fraction": 0.2},
    })  # fmt: skip


def written(folder: Path, cases: object, **changes: object) -> Path:
    save_run(run(), folder / "test-run")
    path = folder / "question.yaml"
    path.write_text(yaml.safe_dump(scenario_data(**changes) | {"cases": cases}), encoding="utf-8")
    return path


def test_expected_npv_by_hand(file):
    found = answer_cases(file)
    # One replica in every case: a replica carries 1.6 requests/s.
    by_hand = {
        "base": 12 * (API_USD - 2.0 * MONTH_H),
        "low": 12 * (API_USD / 2 - 2.0 * MONTH_H),
        "cheap": 12 * (API_USD - 0.1 * MONTH_H),
    }
    npvs = {answer.name: answer.result.option("rent").npv_usd for answer in found.answers}
    expected = {each.option: each.npv_usd for each in found.expected}

    assert by_hand == pytest.approx(npvs)
    assert 0.5 * by_hand["base"] + 0.3 * by_hand["low"] + 0.2 * by_hand["cheap"] == pytest.approx(expected["rent"])
    assert 0 == expected["api"]
    assert "api" == found.recommended
    # With foresight one would rent in the one case in which that saves.
    assert 0.2 * by_hand["cheap"] == pytest.approx(found.foresight_usd)


def test_a_choice_that_wins_in_every_case_leaves_nothing_to_know(tmp_path):
    found = answer_cases(
        written(tmp_path, {"cheap": {"options.rent.price_usd_per_hour": 3.0, "probability_fraction": 0.4}})
    )

    assert ("api", 0.0) == (found.recommended, found.foresight_usd)


def test_without_probabilities_nothing_is_expected(tmp_path):
    found = answer_cases(written(tmp_path, {"cheap": {"options.rent.price_usd_per_hour": 0.1}}))

    assert ((), None, None) == (found.expected, found.recommended, found.foresight_usd)
    assert ["api", "rent"] == [answer.result.recommended for answer in found.answers]


def test_an_option_that_cannot_serve_in_a_case_has_no_expected_npv(tmp_path):
    strict = {"strict": {"workload.slo.ttft_p95_ms": 1.0, "probability_fraction": 0.1}}
    found = answer_cases(written(tmp_path, strict))
    rent = found.expected[1]

    assert (None, ("strict",)) == (rent.npv_usd, rent.cannot_serve)
    assert "api" == found.recommended


def test_a_case_that_cannot_come_does_not_count(tmp_path):
    strict = {"strict": {"workload.slo.ttft_p95_ms": 1.0, "probability_fraction": 0.0}}

    assert answer_cases(written(tmp_path, strict)).expected[1].npv_usd == pytest.approx(12 * (API_USD - 2.0 * MONTH_H))


def test_a_file_without_cases_is_told(tmp_path):
    with pytest.raises(InputError, match="has no `cases`; add for example"):
        answer_cases(written(tmp_path, {}))


def test_the_baseline_may_be_what_cannot_serve(tmp_path):
    path = written(tmp_path, {"x": {"horizon_months": 6, "probability_fraction": 0.5}}, workload__slo={"ttft_p95_ms": 1.0}, baseline="rent", options=[dict(API), dict(RENT)])  # fmt: skip
    found = answer_cases(path)

    assert [None, None] == [each.npv_usd for each in found.expected]
    assert (None, None) == (found.recommended, found.foresight_usd)
