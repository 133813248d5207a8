"""What each level hides, and what it leaves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.register import quantities
from tco.report.redact import band, hidden, mapped, middle
from tests.tco.report.packs import question

SECRETS = [
    "sk-proj-abcdEFGH1234567890",
    "hf_abcdefghijklmnop",
    "ghp_abcdefghijklmnop1234",
    "AKIAIOSFODNN7EXAMPLE",
    "Bearer abcdef123456789",
    "OPENAI_API_KEY=abc123",
    "password: hunter2",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    "aB3" * 20,
]
NAMES = [
    ("gpu-node7.acme.internal", "[host]"),
    ("10.1.2.3:8000", "[host]"),
    ("http://localhost:8000/v1", "[host]"),
    ("http://node7:8000/v1", "[host]"),
    ("https://vllm.prod.svc.cluster/v1", "[host]"),
    ("gpu7.eu.acme.com", "[host]"),
    ("bob@acme.com", "[id]"),
    ("user_id=4711", "[id]"),
    ("user-1a2b3c4d", "[id]"),
    ("GPU-8f3b2c1d-1111-2222-3333-444455556666", "[id]"),
    ("arn:aws:iam::123456789012:user/bob", "[id]"),
    ("/home/bob/runs/a.json", "[path]"),
    ("../runs/mine.json", "[path]"),
    ("~/runs/mine.json", "[path]"),
    (r"C:\Users\bob\a.xlsx", "[path]"),
    (r"\\share\plans\a.xlsx", "[path]"),
    ("file:///srv/a.pdf", "[path]"),
    ("contracts/acme/price.pdf", "[path]"),
]
KEPT = [
    "https://openai.com/api/pricing",
    "https://github.com/a/b data/results.csv @3f308c0 (2026-06-10)",
    "meta-llama/Llama-3.3-70B-Instruct-Turbo",
    "pricing/data/token_price_changes.csv: list prices",
    "USD/kW-month, and/or 900/250 tokens",
    "options.rented-h100.price_usd_per_hour",
    "workload.requests_per_day",
    "vLLM 0.33.0+cu129 on H100-SXM, `python -m benchmarks.transfer_backtest`",
    "2026-11-23T12:00:00Z",
    "b2e5d0c6f8a94f0db2e5d0c6f8a94f0db2e5d0c6f8a94f0db2e5d0c6f8a94f0d",
    "10 % to 20 %, 1,234.50 USD; p95 of TTFT",
]


@pytest.mark.parametrize("level", ["internal", "client", "public"])
@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_in_no_edition(secret, level):
    text = hidden(f"made with {secret} today", level)

    assert secret not in text
    assert "[key]" in text


@pytest.mark.parametrize(("name", "kind"), NAMES)
def test_machines_people_and_paths_are_for_the_firm_only(name, kind):
    assert f"seen at {name}" == hidden(f"seen at {name}", "internal")
    assert f"seen at {kind}, yes" == hidden(f"seen at {name}, yes", "client")
    assert name not in hidden(f"({name})", "public")


@pytest.mark.parametrize("level", ["client", "public"])
@pytest.mark.parametrize("text", KEPT)
def test_sources_models_units_and_days_stay(text, level):
    assert text == hidden(text, level)


def test_internal_documents_are_not_for_the_public():
    assert "price list 2026.pdf" == hidden("price list 2026.pdf", "client")
    assert "price list [internal document]" == hidden("price list 2026.pdf", "public")


def test_an_internal_document_is_hidden_beside_a_link_too():
    told = "https://vendor.example/prices and table data/list.csv, confirmed in walnut-offer-2026.pdf"

    assert (
        hidden(told, "public")
        == "https://vendor.example/prices and table data/list.csv, confirmed in [internal document]"
    )
    assert hidden("https://vendor.example, see deals/walnut.pdf", "client") == "https://vendor.example, see [path]"
    assert hidden("https://vendor.example/papers/sheet.pdf", "public") == "https://vendor.example/papers/sheet.pdf"


def test_a_link_keeps_no_ticket():
    assert "see https://example.com/a" == hidden("see https://example.com/a?token=abc", "client")
    assert "see https://[key]example.com/a" == hidden("see https://bob:pw123@example.com/a", "internal")


def test_words_of_the_brand_are_hidden_whatever_their_case():
    assert "[name] pays [name] too" == hidden("Acme pays ACME too", "client", ["acme"])
    assert "Acme pays" == hidden("Acme pays", "internal", ["acme"])


def test_every_path_of_the_register_stays_a_path():
    for path, _ in quantities(question()):
        assert path == hidden(path, "public")


@given(st.text(max_size=300), st.sampled_from(["internal", "client", "public"]))
def test_hiding_twice_hides_no_more(text, level):
    once = hidden(text, level)

    assert once == hidden(once, level)


@given(st.floats(1e-6, 1e9))
def test_a_band_holds_its_value_and_its_middle_lies_inside(value):
    low, high = band(value)

    assert low * (1 - 1e-9) <= value <= high
    assert low < middle(low, high) < high
    assert round(high / low, 9) in {2.0, 2.5}


def test_two_keys_that_become_one_are_told_apart():
    assert {"x": 1, "x 2": 2} == mapped({"a": 1, "b": 2}, lambda text: "x")
