from __future__ import annotations

from dataclasses import replace

import pricing
from tco.evaluate import evaluate
from tco.identity import parts_of
from tco.scenario import Scenario
from tests.factories import run, scenario, scenario_data


def parts(asked: Scenario | None = None, **changes: object):
    asked = scenario() if asked is None else asked
    return parts_of(asked, {"rent": run(**changes)}, pricing.shipped_book())


def test_the_id_is_the_same_for_the_same_content():
    assert parts().answer_id == parts(scenario()).answer_id
    assert 12 == len(parts().answer_id)


def test_every_part_changes_the_id():
    own = pricing.parse_overrides(
        "prices:\n  - {item: x/y, per: mtok_input, amount: 1, as_of: 2026-09-01, source: s}", name="p.yaml"
    )
    first = parts()
    others = {
        first.answer_id,
        parts(scenario(workload__requests_per_day=86_401.0)).answer_id,
        parts(
            scenario(options=[*scenario_data()["options"][:1], scenario_data()["options"][1] | {"model": "x"}])
        ).answer_id,
        parts(created_at="2026-11-23T12:00:01Z").answer_id,
        parts_of(scenario(), {"rent": run()}, pricing.shipped_book().with_overrides(own)).answer_id,
        replace(first, book_id="other").answer_id,
        replace(first, tool_version="other").answer_id,
        replace(first, code_sha256="other").answer_id,
    }

    assert 8 == len(others)


def test_cases_that_were_not_asked_do_not_change_the_id():
    with_cases = Scenario.model_validate(scenario_data() | {"cases": {"low": {"horizon_months": 3}}})

    assert parts().answer_id == parts(with_cases).answer_id


def test_an_answer_carries_the_id():
    asked = scenario()
    result = evaluate(asked, {"test-run": run()}, pricing.shipped_book())

    assert parts(asked).answer_id == result.answer_id


def test_a_run_that_took_the_place_of_another_has_its_own_hash():
    """A run's hash is kept while the run is held, and no longer: memory of one that is gone is used again for others."""
    hashes = set()
    for count in range(50):
        held = run(curve=((1, 0.5 + count / 1000, 100.0),))
        again = [parts_of(scenario(), {"rent": held}, pricing.shipped_book()).runs[0].sha256 for _ in range(2)]
        assert again[0] == again[1]
        hashes.add(again[0])
        del held

    assert 50 == len(hashes)
