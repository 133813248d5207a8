from __future__ import annotations

import pytest

from tests.factories import API, OWN, RENT
from tests.tco.constraints.holding import finding, with_terms

EU = {"residency": ["EU"]}


@pytest.mark.parametrize(
    ("regions", "verdict"),
    [(["EU"], "met"), (["DE"], "met"), (["DE", "US"], "not met"), (["NO"], "not met"), (["WORLD"], "not met")],
)
def test_data_must_be_able_to_be_in_allowed_places_only(regions: list[str], verdict: str) -> None:
    assert verdict == finding(EU, with_terms("api", regions=regions)).verdict


def test_a_union_is_not_within_one_of_its_members() -> None:
    """Who promises the EU does not promise Germany."""
    assert "not met" == finding({"residency": ["DE"]}, with_terms("api", regions=["EU"])).verdict
    assert "met" == finding({"residency": ["EU", "US"]}, with_terms("api", regions=["FR", "US"])).verdict


def test_what_nobody_says_is_unknown_and_names_its_field() -> None:
    found = finding(EU, API)

    assert ("unknown", True, "options.api.terms.regions") == (found.verdict, found.rules_out, found.path)


def test_a_fact_comes_with_its_evidence_source_and_day() -> None:
    terms = {"evidence": "contract", "source": "order 17", "as_of": "2026-10-01"}
    found = finding(EU, with_terms("api", regions="EU", **terms))

    assert ("contract", "order 17", "2026-10-01") == (found.evidence, found.source, str(found.as_of))


@pytest.mark.parametrize(("country", "verdict"), [("FR", "met"), ("US", "not met")])
def test_an_operator_belongs_to_a_group_of_an_allowed_country(country: str, verdict: str) -> None:
    assert verdict == finding({"operator_nationality": "EU"}, with_terms("api", operator_country=country)).verdict


def test_you_are_your_own_operator_keeper_and_associate() -> None:
    for constraints in ({"operator_nationality": ["FR"]}, {"max_retention_days": 0}, {"needs_baa": True}):
        assert "met" == finding(constraints, OWN).verdict


def test_a_rented_machine_keeps_nothing_but_needs_an_agreement() -> None:
    """A cloud that processes health data is a business associate even where it cannot read them (HHS, 2016)."""
    assert "met" == finding({"max_retention_days": 0}, RENT).verdict
    assert "unknown" == finding({"needs_baa": True}, RENT).verdict
    assert "met" == finding({"needs_baa": True}, with_terms("rent", baa=True)).verdict
    assert "not met" == finding({"needs_baa": True}, with_terms("rent", baa=False)).verdict


@pytest.mark.parametrize(
    ("days", "most", "verdict"), [(0, 0, "met"), (30, 0, "not met"), (30, 30, "met"), (31, 30, "not met")]
)
def test_requests_are_deleted_in_time(days: float, most: float, verdict: str) -> None:
    found = finding({"max_retention_days": most}, with_terms("api", retention_days=days))

    assert (verdict, f"it keeps requests for {days} days") == (found.verdict, found.says)


@pytest.mark.parametrize(
    ("held", "needed", "verdict"),
    [
        (["SOC 2 Type II", "ISO 27001:2022"], ["SOC 2", "ISO 27001"], "met"),
        (["soc2 type ii"], "SOC 2 Type II", "met"),
        (["SOC 2"], ["SOC 2 Type II"], "not met"),
        (["ISO 27001"], ["ISO 27017"], "not met"),
        ([], ["SOC 2"], "not met"),
    ],
)
def test_certificates_are_met_by_the_same_or_a_closer_one(
    held: list[str], needed: list[str] | str, verdict: str
) -> None:
    assert verdict == finding({"certifications": needed}, with_terms("own", certifications=held)).verdict


def test_no_list_of_certificates_is_not_an_empty_one() -> None:
    assert "unknown" == finding({"certifications": ["SOC 2"]}, OWN).verdict


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        ({"ttft_p95_ms": 240}, "met"),
        ({"ttft_p95_ms": 260}, "not met"),
        ({"ttft_p99_ms": 240}, "met"),
        ({"ttft_p99_ms": 900}, "unknown"),
        ({"ttft_p50_ms": 300}, "not met"),
        ({"ttft_p50_ms": 100}, "unknown"),
        ({"tpot_p95_ms": 10}, "unknown"),
    ],
)
def test_a_stricter_percentile_keeps_a_promise_and_a_looser_one_breaks_it(
    measured: dict[str, float], verdict: str
) -> None:
    """The promise is 250 ms at the 95th percentile of TTFT."""
    assert verdict == finding({"holds_slo": True}, with_terms("api", latency=measured)).verdict


def test_latency_that_nobody_measured_is_allowed_with_a_warning_and_self_hosted_ones_are_sized_for_it() -> None:
    found = finding({"holds_slo": True}, API)

    assert ("unknown", False) == (found.verdict, found.rules_out)
    assert "met" == finding({"holds_slo": True}, RENT).verdict


def test_the_tightest_promise_of_all_classes_counts() -> None:
    kind = {"share_fraction": 0.5, "input_tokens_per_request": 100.0, "output_tokens_per_request": 50.0}
    workload = {
        "requests_per_day": 86_400.0,
        "classes": {"slow": kind, "fast": kind | {"slo": {"ttft_p95_ms": 100.0}}},
        "slo": {"ttft_p95_ms": 250.0},
    }
    api = with_terms("api", latency={"ttft_p95_ms": 200})

    assert "not met" == finding({"holds_slo": True}, api, workload=workload).verdict


def test_quality_is_the_books_rating_with_its_bounds_and_day() -> None:
    """Llama 3.1 8B is rated 1,212.4 (1,208.4 to 1,216.4) on 2025-12-17."""
    rent = RENT | {"model": "Llama-3.1-8B-Instruct"}
    low, high = ({"min_quality": {"min_rating_points": points}} for points in (1212, 1213))
    found = finding(low, rent)

    assert "Llama-3.1-8B is rated 1,212 (1,208 to 1,216, arena-text-style-control, 2025-12-17)" == found.says
    assert ("met", "not met") == (found.verdict, finding(high, rent).verdict)


def test_a_rating_of_your_own_goes_before_the_books_where_the_measure_is_the_same() -> None:
    ours = {"min_quality": {"min_rating_points": 0.8, "measure": "our tickets"}}
    rated = {"rating_points": 0.83, "rating_measure": "our tickets"}

    assert "met" == finding(ours, with_terms("rent", **rated)).verdict
    assert "unknown" == finding({"min_quality": {"min_rating_points": 1200}}, with_terms("rent", **rated)).verdict


@pytest.mark.parametrize(
    ("terms", "verdict"),
    [
        ({"lead_time_months": 2}, "met"),
        ({"lead_time_months": 3.5}, "not met"),
        ({"available_from": "2027-02-22"}, "met"),
        ({"available_from": "2027-03-01"}, "not met"),
        ({"available_from": "2026-01-01"}, "met"),
    ],
)
def test_lead_times_count_from_the_scenarios_day(terms: dict[str, object], verdict: str) -> None:
    """Asked on 2026-11-23, three months end on 2027-02-22, 91.3 days later."""
    assert verdict == finding({"max_lead_time_months": 3}, with_terms("own", **terms)).verdict


def test_tokens_are_there_at_once_and_machines_are_not_known_to_be() -> None:
    assert ["met", "unknown", "unknown"] == [
        finding({"max_lead_time_months": 0}, option).verdict for option in (API, RENT, OWN)
    ]
