from __future__ import annotations

import pytest

import pricing
from tests.factories import API, RENT
from tests.views.conftest import at_page
from tests.views.test_prices import open_tab, words, write


@pytest.fixture
def open_models(open_app):
    def opened(model, **changes):
        app = open_tab(at_page(open_app(**changes), "prices"), "Models")
        write(app.selectbox(key="model"), model).run()
        assert not app.exception
        return app

    return opened


def metric(app, label):
    return next(found.value for found in app.metric if found.label.startswith(label))


def test_what_a_model_is_follows_from_its_architecture(open_models):
    app = open_models("Qwen/Qwen3-8B")

    # 8,190,735,360 parameters of two bytes; 147,456 bytes a token are 144 KiB; embeddings stay in bf16 beside fp8.
    assert "8.19 B" == metric(app, "Parameters")
    assert "144 KiB" == metric(app, "KV cache")
    assert "16.4 GB" == metric(app, "Weights")
    assert "9\\.44 GB in fp8" in words(app)


def test_a_model_is_found_by_the_name_that_its_licence_has_too(open_models):
    app = open_models("Llama-4-Scout")

    assert "meta\\-llama/Llama\\-4\\-Scout\\-17B\\-16E\\-Instruct" in words(app)


def test_the_licence_of_llama_4_does_not_fit_a_company_in_the_eu(open_models):
    app = open_models("Llama-4-Scout", company={"country": "DE"})
    [reason] = pricing.allowed("Llama-4-Scout", pricing.Company(country="DE")).reasons

    assert "No, the licence does not allow it" in words(app)
    assert "Acceptable Use Policy, last paragraphs" in words(app)
    assert f"[Read the clause]({reason.url})" in words(app)
    assert "Not legal advice" in words(app)


def test_the_same_licence_fits_a_company_in_the_us(open_models):
    app = open_models("Llama-4-Scout", company={"country": "US", "monthly_active_users": 1000})

    assert "Yes, the licence allows it" in words(app)


def test_a_paid_licence_of_an_option_takes_the_place_of_what_the_public_one_forbids(open_models):
    rent = {**RENT, "model": "Llama-4-Scout", "paid_licence": True}
    app = open_models("Llama-4-Scout", company={"country": "DE"}, options=[dict(API), rent])

    assert "Yes, the licence allows it" in words(app)
    assert "its contract decides and was not read here" in words(app)


def test_a_licence_that_hangs_on_what_the_scenario_does_not_say_asks_for_it(open_models):
    app = open_models("Llama-4-Scout")

    assert "Not clear: ask a lawyer" in words(app)
    assert "Say in `company`\\: country of the principal place of business" in words(app)


def test_a_rating_comes_with_its_bounds_and_its_day(open_models):
    app = open_models("Llama-3.1-8B-Instruct")
    score = pricing.quality_score("Llama-3.1-8B-Instruct")

    assert f"{score.rating:,.4g}" == metric(app, "Arena rating")
    assert "1,208 to 1,216" in words(app)
    assert f"{score.as_of:%d %b %Y}" in words(app)


def test_what_the_book_does_not_know_is_said_part_by_part(open_models):
    app = open_models("$made*up-model")

    assert "The book has no architecture of \\$made\\*up\\-model" in words(app)
    assert "No model or licence of the book is called" in words(app)
    assert "The book has no rating of \\$made\\*up\\-model" in words(app)
    assert not app.metric


def test_a_path_of_the_machine_is_a_name_and_is_not_opened(open_models, folder):
    (folder / "config.json").write_bytes(pricing.shipped_book().file("architectures/Qwen3-8B.json").read_bytes())
    assert pricing.architecture(folder / "config.json").parameters_total == 8190735360

    for name in (str(folder), str(folder / "config.json"), "config.json", "."):
        app = open_models(name)
        assert "The book has no architecture of" in words(app)


def test_models_that_the_scenario_hosts_come_first(open_models):
    app = open_models("Qwen3-0.6B")

    assert "Qwen3-0.6B" == app.selectbox(key="model").options[0]
