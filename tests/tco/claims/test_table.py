from __future__ import annotations

import pytest

from tco import InputError, load
from tco.claims import CLAIMS, claim_of
from tco.claims.measures import MEASURES
from tco.register import quantities
from tco.shipped import shipped_scenarios
from tco.what_if import parse_condition


def statements():
    return [(claim, statement) for claim in CLAIMS for statement in claim.statements]


def test_there_are_ten_and_each_has_its_scenario():
    assert list(range(1, 11)) == [claim.number for claim in CLAIMS]
    assert all(claim.scenario in shipped_scenarios() for claim in CLAIMS)
    assert all(claim.scenario.startswith(f"claim-{claim.number}-") for claim in CLAIMS)


def test_every_shipped_claim_is_in_the_table():
    assert {claim.scenario for claim in CLAIMS} == {name for name in shipped_scenarios() if name.startswith("claim-")}


@pytest.mark.parametrize(("claim", "statement"), statements())
def test_a_statement_names_options_cases_and_conditions_of_its_scenario_or_says_why_not(claim, statement):
    if statement.untestable is not None:
        assert ((), "", ()) == (statement.conditions, statement.option, statement.levers)
        return
    scenario = load(shipped_scenarios()[claim.scenario], statement.settings, case=statement.case)
    names = [option.name for option in scenario.options]
    assert statement.option in names
    assert statement.conditions
    for text in statement.conditions:
        if text.split("<")[0].split(">")[0] not in MEASURES:
            _, named = parse_condition(text, names)
            assert named in (None, statement.option)


def test_every_claim_says_something_that_can_be_asked_or_why_not():
    assert all(any(statement.is_claimed for statement in claim.statements) for claim in CLAIMS)


def test_assumptions_of_the_claims_have_ranges():
    # What the claim does not give is an assumption with a range; the volume above all.
    for claim in CLAIMS:
        volume = dict(quantities(load(shipped_scenarios()[claim.scenario])))["workload.requests_per_day"]
        assert volume.bounds is not None, claim.scenario


def test_another_number_is_refused_with_those_that_there_are():
    with pytest.raises(InputError, match="claim 11: there are claims 1 to 10"):
        claim_of(11)
