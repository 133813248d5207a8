from __future__ import annotations

import pytest

from tco import evaluate
from tco.register import quantities
from tco.result import Driver
from tco.scenario import OwnOption, RentOption, TokenOption, Workload
from tco.words import (
    WORDS,
    basis,
    driver_sentence,
    driver_title,
    evidence_counts,
    label,
    linked,
    meaning,
    model_error,
    plain,
)
from tests.factories import run, scenario


def test_every_quantity_of_a_scenario_has_a_word():
    fields = {name for record in (Workload, TokenOption, RentOption, OwnOption) for name in record.model_fields}
    named = {path.rpartition(".")[2] for path, _ in quantities(scenario())}

    assert named & fields <= WORDS.keys()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("$5 to $9", r"\$5 to \$9"),
        ("~~not~~ struck", r"\~\~not\~\~ struck"),
        ("[link](http://x)", "\\[link\\](\u2060http\\://x)"),
        ("see WWW.x, mail a.b@c", "see \u2060WWW\\.x, mail a\\.b\u2060\\@c"),
        (":material/home:", r"\:material/home\:"),
        ("two\nlines # no heading", r"two lines \# no heading"),
        ("`a_b` stays code, a_b does not", r"`a_b` stays code, a\_b does not"),
        ("a lone ` tick", r"a lone \` tick"),
    ],
)
def test_data_is_shown_letter_by_letter(text, shown):
    assert shown == plain(text)


def test_a_source_links_where_it_says_and_nowhere_else():
    told = linked("[bank](https://x.example/a_b), see *c*. https://y.example/)")

    assert told == r"\[bank\](<https://x.example/a_b>), see \*c\*\. <https://y.example/>)"


def test_an_input_is_named_with_its_option_and_unit():
    assert label("options.our gpu.price_usd_per_hour") == "Rent of our gpu (USD/hour)"
    assert label("workload.requests_per_day") == "Traffic (requests/day)"
    assert meaning("options.x.one_off_usd.set_up") is None


def driver(low_usd, high_usd, *, flips=False):
    return Driver(
        path="options.rent.price_usd_per_hour",
        low=1.5,
        high=3.0,
        npv_at_low_usd=low_usd,
        npv_at_high_usd=high_usd,
        flips=flips,
    )


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (driver(2000.0, 500.0), "1.5 to 3 USD/hour: saves $2,000 to $500."),
        (driver(-2000.0, -500.0), "1.5 to 3 USD/hour: costs $2,000 to $500 more."),
        (
            driver(2000.0, -500.0, flips=True),
            "1.5 to 3 USD/hour: from $2,000 less to $500 more. This flips the answer.",
        ),
        (driver(2000.0, None, flips=True), "1.5 to 3 USD/hour: at 3 USD/hour it cannot be served."),
    ],
)
def test_a_driver_is_a_sentence(found, sentence):
    assert sentence == driver_sentence(found)
    assert driver_title(found) == "Rent of rent"


def test_a_share_is_told_in_per_cent():
    found = Driver(
        path="workload.growth_per_month_fraction",
        low=-0.01,
        high=0.05,
        npv_at_low_usd=1.0,
        npv_at_high_usd=2.0,
        flips=False,
    )
    assert driver_sentence(found) == "-1% to 5%/month: saves $1.00 to $2.00."


def test_the_basis_of_a_measured_option_says_how_its_capacity_was_read():
    result = evaluate(scenario(), {"test-run": run()})

    assert basis(result.option("rent")) == result.option("rent").capacity.basis
    assert basis(result.option("api")) == "assumed"


def test_a_published_run_is_never_called_measured():
    result = evaluate(scenario(), {"test-run": run(evidence="literature")})

    assert basis(result.option("rent")) == "literature"


def test_the_counts_of_evidence_cover_every_input():
    result = evaluate(scenario(), {"test-run": run()})

    assert sum(evidence_counts(result).values()) == len(result.assumptions)


def test_a_modelled_capacity_says_how_far_such_models_missed_and_a_measured_one_does_not():
    answer = evaluate(scenario(), {"test-run": run()})
    rented = answer.option("rent")
    assert rented.capacity is not None
    modelled = rented.capacity.model_copy(
        update={"basis": "modelled", "model_error_fraction": 0.052, "model_error_nine_of_ten_fraction": 0.31}
    )
    assert model_error(rented) is None
    assert "such a model missed measured loads by 5.2% typically, 31.0% nine times in ten at most" == model_error(
        rented.model_copy(update={"capacity": modelled})
    )
