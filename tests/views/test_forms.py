"""Inputs that a form draws: each kind is set, refused with the reason, removed and undone, and gives the file that one would have written."""

from __future__ import annotations

import pytest

from tco import Scenario, dump, parse
from tco.form_fields import form_fields
from tco.options import CascadeOption, HybridOption, OwnOption, RentOption, TokenOption
from tco.views._option_sections import ELSEWHERE, PRICES, SECTIONS
from tests.factories import API, OWN, RENT, scenario_data
from tests.views.conftest import at_option, at_page, at_tab, key


@pytest.fixture
def inputs(open_app):
    return at_page(open_app(), "inputs")


def current(app):
    return parse(app.session_state["scenario_text"])


def press(app, path):
    return app.button(key=key(app, path)).click().run()


def errors(app):
    return [error.value for error in app.error]


def by_hand(**changes):
    """The same scenario as somebody would have written it into a file."""
    data = scenario_data(**changes)
    data["options"][1]["run"] = "test-run.json"
    return dump(Scenario.model_validate(data))


def test_constraints_are_added_set_refused_and_removed(inputs):
    at_tab(inputs, "Constraints")
    press(inputs, "constraints add")
    inputs.text_input(key=key(inputs, "constraints.residency")).set_value("EU, ch").run()
    inputs.number_input(key=key(inputs, "constraints.max_retention_days")).set_value(0.0).run()
    inputs.checkbox(key=key(inputs, "constraints.needs_baa")).check().run()
    inputs.selectbox(key=key(inputs, "constraints.unknown")).select("allow").run()
    press(inputs, "constraints.min_quality add")
    inputs.number_input(key=key(inputs, "constraints.min_quality.min_rating_points")).set_value(1_250.0).run()

    assert not inputs.exception
    wished = {
        "residency": ["EU", "CH"], "max_retention_days": 0, "needs_baa": True, "unknown": "allow", "min_quality": {"min_rating_points": 1_250},
    }  # fmt: skip
    assert by_hand(constraints=wished) == inputs.session_state["scenario_text"]

    inputs.text_input(key=key(inputs, "constraints.residency")).set_value("Atlantis").run()
    assert "is no place that can be checked" in errors(inputs)[0]
    assert ["EU", "CH"] == current(inputs).constraints.residency
    inputs.text_input(key=key(inputs, "constraints.residency")).set_value("").run()
    assert errors(inputs) == []
    assert current(inputs).constraints.residency is None

    press(inputs, "constraints remove")
    assert by_hand() == inputs.session_state["scenario_text"]
    next(button for button in inputs.button if button.label == "Undo").click().run()
    assert current(inputs).constraints.needs_baa


def test_tax_and_depreciation_are_added_with_their_source_and_taken_away(inputs):
    at_tab(inputs, "Finance")
    press(inputs, "finance tax")
    tax = current(inputs).finance.tax_fraction

    assert not inputs.exception
    assert (0.21, "literature", "macrs-5-year") == (
        tax.value, tax.evidence, current(inputs).finance.depreciation.schedule,
    )  # fmt: skip
    inputs.number_input(key=key(inputs, "finance.tax_fraction")).set_value(0.3).run()
    assert ("assumption", None) == (
        current(inputs).finance.tax_fraction.evidence, current(inputs).finance.tax_fraction.source,
    )  # fmt: skip
    press(inputs, "finance no tax")
    assert by_hand() == inputs.session_state["scenario_text"]


def test_fields_that_only_make_sense_together_go_in_together(inputs):
    at_tab(inputs, "Finance")
    press(inputs, "finance tax")
    inputs.selectbox(key=key(inputs, "finance.depreciation.schedule")).select("table").run()
    assert "give both, or neither" in errors(inputs)[0]
    assert "macrs-5-year" == current(inputs).finance.depreciation.schedule

    inputs.text_input(key=key(inputs, "finance.depreciation.table_fraction")).set_value("0.5, 0.3, 0.2").run()
    assert errors(inputs) == []
    assert ("table", [0.5, 0.3, 0.2]) == (
        current(inputs).finance.depreciation.schedule, current(inputs).finance.depreciation.table_fraction,
    )  # fmt: skip

    inputs.text_input(key=key(inputs, "finance.depreciation.table_fraction")).set_value("half, half").run()
    assert "'half' is no number" in errors(inputs)[0]


def test_servers_are_paid_with_a_loan_or_a_lease(inputs):
    at_tab(inputs, "Finance").selectbox(key=key(inputs, "finance.purchase")).select("lease").run()
    inputs.number_input(key=key(inputs, "finance.purchase.payment_per_month_fraction")).set_value(0.03).run()
    assert "either" in errors(inputs)[0]
    inputs.number_input(key=key(inputs, "finance.purchase.interest_rate_per_year")).set_value(None).run()

    lease = current(inputs).finance.purchase
    assert not inputs.exception
    assert errors(inputs) == []
    assert (0.03, None) == (lease.payment_per_month_fraction.value, lease.interest_rate_per_year)
    inputs.selectbox(key=key(inputs, "finance.purchase")).select("cash").run()
    assert by_hand() == inputs.session_state["scenario_text"]


def test_another_currency_is_asked_for_whole(inputs):
    at_tab(inputs, "Finance")
    inputs.text_input(key=key(inputs, "currency code")).set_value("eur")
    inputs.number_input(key=key(inputs, "currency usd")).set_value(1.16)
    inputs.text_input(key=key(inputs, "currency source")).set_value("ECB")
    next(button for button in inputs.button if button.label == "Add").click().run()

    rate = current(inputs).finance.reporting_currency
    assert not inputs.exception
    assert ("EUR", 1.16, "ECB") == (rate.currency, rate.usd, rate.source)
    press(inputs, "finance.reporting_currency remove")
    assert current(inputs).finance.reporting_currency is None


def test_a_fleets_policy_and_its_failures_are_inputs(inputs):
    at_option(inputs, "rent", "Fleet")
    inputs.number_input(key=key(inputs, "options.rent.scaling.min_replicas")).set_value(0).run()
    assert "lets the last replica go" in errors(inputs)[0]
    inputs.selectbox(key=key(inputs, "options.rent.scaling.policy")).select("scheduled").run()
    inputs.number_input(key=key(inputs, "options.rent.failures.interruptions_per_hour")).set_value(0.01).run()

    rent = current(inputs).option("rent")
    assert not inputs.exception
    # The zero was refused before, and goes in with the policy that it needs.
    assert errors(inputs) == []
    assert ("scheduled", 0, 0.01) == (
        rent.scaling.policy,
        rent.scaling.min_replicas,
        rent.failures.interruptions_per_hour.value,
    )


def test_commitments_have_names_and_one_way_to_count(inputs):
    at_option(inputs, "rent", "Fleet")
    inputs.text_input(key=key(inputs, "options.rent.commitments name")).set_value("base")
    next(button for button in inputs.button if button.label == "Add").click().run()
    at = "options.rent.commitments.base"
    inputs.number_input(key=key(inputs, f"{at}.replicas")).set_value(2).run()
    assert "give one of them" in errors(inputs)[0]
    inputs.number_input(key=key(inputs, f"{at}.base_fraction")).set_value(None).run()

    held = current(inputs).option("rent").commitments["base"]
    assert not inputs.exception
    assert (2, None, "reserved-1y") == (held.replicas, held.base_fraction, held.commitment)
    press(inputs, f"{at} remove")
    assert {} == current(inputs).option("rent").commitments


def test_named_costs_are_added_changed_and_removed(inputs):
    at_option(inputs, "rent", "Around it")
    inputs.text_input(key=key(inputs, "options.rent.one_off_usd name")).set_value("migration of data")
    inputs.number_input(key=key(inputs, "options.rent.one_off_usd amount")).set_value(5_000.0)
    next(button for button in inputs.button if button.label == "Add").click().run()
    assert 5_000 == current(inputs).option("rent").one_off_usd["migration of data"].value

    inputs.number_input(key=key(inputs, "options.rent.one_off_usd.migration of data")).set_value(7_500.0).run()
    assert (
        by_hand(options=[dict(API), RENT | {"one_off_usd": {"migration of data": 7_500.0}}])
        == inputs.session_state["scenario_text"]
    )
    press(inputs, "options.rent.one_off_usd.migration of data remove")
    assert by_hand() == inputs.session_state["scenario_text"]


def test_a_name_with_a_full_stop_is_refused_before_it_becomes_a_path(inputs):
    at_option(inputs, "rent", "Around it")
    inputs.text_input(key=key(inputs, "options.rent.one_off_usd name")).set_value("a.b")
    inputs.number_input(key=key(inputs, "options.rent.one_off_usd amount")).set_value(5.0)
    next(button for button in inputs.button if button.label == "Add").click().run()

    assert "without a full stop" in errors(inputs)[0]
    assert by_hand() == inputs.session_state["scenario_text"]


def test_guards_evaluation_and_moves_are_blocks(inputs):
    at_option(inputs, "rent", "Around it")
    press(inputs, "options.rent.evaluation add")
    inputs.number_input(key=key(inputs, "options.rent.evaluation.run_usd")).set_value(40.0).run()
    press(inputs, "options.rent.migrations add")
    inputs.number_input(key=key(inputs, "options.rent.migrations.every_months")).set_value(18).run()
    rent = current(inputs).option("rent")

    assert not inputs.exception
    assert (40.0, 18) == (rent.evaluation.run_usd.value, rent.migrations.every_months)
    press(inputs, "options.rent.evaluation remove")
    assert current(inputs).option("rent").evaluation is None


def test_success_hands_on_to_a_person_in_three_steps(inputs):
    at_option(inputs, "rent", "Quality")
    at = "options.rent.success"
    press(inputs, f"{at} add")
    inputs.number_input(key=key(inputs, f"{at}.escalation_fraction")).set_value(0.1).run()
    inputs.selectbox(key=key(inputs, f"{at}.escalates_to")).select("human").run()
    assert errors(inputs)
    inputs.number_input(key=key(inputs, f"{at}.human_usd_per_task")).set_value(4.0).run()

    held = current(inputs).option("rent").success
    assert not inputs.exception
    assert errors(inputs) == []
    assert (0.9, 0.1, "human", 4.0) == (
        held.success_fraction.value, held.escalation_fraction.value, held.escalates_to, held.human_usd_per_task.value,
    )  # fmt: skip


def test_what_an_option_offers_has_its_evidence_and_its_day(inputs):
    at_option(inputs, "api", "Offers")
    at = "options.api.terms"
    press(inputs, f"{at} add")
    inputs.text_input(key=key(inputs, f"{at}.regions")).set_value("EU").run()
    inputs.selectbox(key=key(inputs, f"{at}.baa")).select("no").run()
    inputs.selectbox(key=key(inputs, f"{at}.evidence")).select("contract").run()
    inputs.date_input(key=key(inputs, f"{at}.as_of")).set_value("2026-06-01").run()
    terms = current(inputs).option("api").terms

    assert not inputs.exception
    assert (["EU"], False, "contract", "2026-06-01") == (
        terms.regions,
        terms.baa,
        terms.evidence,
        terms.as_of.isoformat(),
    )
    inputs.selectbox(key=key(inputs, f"{at}.baa")).select("not said").run()
    assert current(inputs).option("api").terms.baa is None


def test_hardware_takes_the_books_figure_or_ones_own(open_app):
    app = at_page(open_app(options=[dict(API), OWN | {"run": "test-run.json"}]), "inputs")
    at_option(app, "own", "Around it")
    path = "options.own.hardware.spares_fraction"
    app.selectbox(key=key(app, f"{path} from")).select("book").run()
    assert "book" == current(app).option("own").hardware.spares_fraction
    app.selectbox(key=key(app, f"{path} from")).select("my own number").run()
    app.number_input(key=key(app, path)).set_value(0.05).run()

    assert not app.exception
    assert 0.05 == current(app).option("own").hardware.spares_fraction.value
    app.selectbox(key=key(app, f"{path} from")).select("not said").run()
    assert current(app).option("own").hardware.spares_fraction is None


def test_an_option_is_followed_by_another(inputs):
    at_option(inputs, "rent", "Time")
    press(inputs, "options.rent.then add")
    inputs.number_input(key=key(inputs, "options.rent.then.after_months")).set_value(6).run()

    assert not inputs.exception
    assert ("api", 6) == (current(inputs).option("rent").then.option, current(inputs).option("rent").then.after_months)


def test_an_option_stays_open_at_its_topic_when_its_inputs_are_reshaped(inputs):
    at_option(inputs, "rent", "Around it")
    press(inputs, "options.rent.tuning add")

    assert inputs.number_input(key=key(inputs, "options.rent.tuning.training_tokens")).value == 10_000_000


def test_agents_and_kinds_of_requests_are_inputs(inputs):
    inputs.session_state["inputs.seldom"] = True
    inputs.run()
    press(inputs, "workload.agent add")
    inputs.number_input(key=key(inputs, "workload.agent.steps")).set_value(8).run()
    assert 8 == current(inputs).workload.agent.steps

    press(inputs, "classes split")
    assert any("and `classes` are both given" in text.replace("\\", "") for text in errors(inputs))
    press(inputs, "workload.agent remove")
    press(inputs, "classes split")
    assert 100 == current(inputs).workload.classes["all"].input_tokens_per_request.value

    rows = ((0, "chat", 0.75, 80.0, 40.0), (1, "search", 0.25, 400.0, 50.0))
    for number, name, *numbers in rows:
        inputs.text_input(key=key(inputs, f"workload.classes {number} name")).set_value(name)
        for field, value in zip(
            ("share_fraction", "input_tokens_per_request", "output_tokens_per_request"), numbers, strict=True
        ):
            inputs.number_input(key=key(inputs, f"workload.classes {number} {field}")).set_value(value)
    next(button for button in inputs.button if button.label == "Keep the kinds").click().run()
    found = current(inputs).workload

    assert not inputs.exception
    assert ["chat", "search"] == list(found.classes)
    # 0.75 · 80 + 0.25 · 400 tokens.
    assert 160 == found.mean_input_tokens
    press(inputs, "classes join")
    assert ({}, 160) == (current(inputs).workload.classes, current(inputs).workload.input_tokens_per_request.value)


def test_shares_that_do_not_add_up_are_refused_and_nothing_is_lost(inputs):
    inputs.session_state["inputs.seldom"] = True
    inputs.run()
    press(inputs, "classes split")
    inputs.number_input(key=key(inputs, "workload.classes 0 share_fraction")).set_value(0.5)
    next(button for button in inputs.button if button.label == "Keep the kinds").click().run()

    assert not inputs.exception
    assert any("must add up to 1" in text for text in errors(inputs))
    assert 1 == current(inputs).workload.classes["all"].share_fraction.value


@pytest.mark.parametrize("record", [TokenOption, RentOption, OwnOption, HybridOption, CascadeOption])
def test_every_field_of_an_option_has_one_place(record):
    placed = [name for names in SECTIONS.values() for name in names]
    fields = {each.name for each in form_fields(record)}

    assert len(placed) == len(set(placed))
    assert not set(placed) & ELSEWHERE
    assert PRICES not in SECTIONS
    # What no topic names is under prices: nothing is nowhere.
    assert fields - ELSEWHERE - set(placed) <= fields


@pytest.mark.parametrize("topic", [PRICES, *SECTIONS])
def test_every_topic_of_every_kind_is_drawn(open_app, topic):
    options = [
        dict(API), dict(RENT), OWN | {"run": "test-run.json"}, {"name": "mixed", "kind": "hybrid", "base": "rent", "overflow": "api"},
        {"name": "both", "kind": "cascade", "small": "rent", "large": "api", "escalation_fraction": 0.2},
    ]  # fmt: skip
    app = at_page(open_app(options=options), "inputs")
    for option in options:
        at_option(app, option["name"], topic)
        assert not app.exception


def test_what_a_loan_had_is_not_shown_as_a_leases(inputs):
    at_tab(inputs, "Finance").selectbox(key=key(inputs, "finance.purchase")).select("loan").run()
    inputs.number_input(key=key(inputs, "finance.purchase.term_months")).set_value(60).run()
    inputs.selectbox(key=key(inputs, "finance.purchase")).select("lease").run()

    assert 36 == current(inputs).finance.purchase.term_months
    assert 36 == inputs.number_input(key=key(inputs, "finance.purchase.term_months")).value


def test_a_state_of_the_price_book_can_be_pinned(inputs):
    path = "prices.book"
    at_tab(inputs, "Conventions").text_input(key=key(inputs, path)).set_value("1999-01-01").run()
    assert not inputs.exception
    assert any("No answer" in str(error.proto) for error in inputs.error)

    inputs.text_input(key=key(inputs, path)).set_value("").run()
    assert by_hand() == inputs.session_state["scenario_text"]


def test_names_that_people_choose_are_data(open_app):
    hostile = "$5 ~~or~~ :red[$9]"
    rent = RENT | {"one_off_usd": {hostile: 5.0}, "pipeline": {hostile: {"call_usd": 0.1}}}
    app = at_option(at_page(open_app(options=[dict(API), rent]), "inputs"), "rent", "Around it")
    shown = [each.value for each in app.markdown] + [each.label for each in (*app.button, *app.number_input)]

    assert not app.exception
    assert [text for text in shown if hostile.lower() in text.lower()] == []
