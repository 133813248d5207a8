"""All parts of a report, gathered once; negotiated prices in bands before anything is computed."""

from __future__ import annotations

import pytest
import yaml

from probes.run_file import save_run
from tco import InputError, evaluate, load
from tco.compare import prepare
from tco.lock import lock_of, write_lock
from tco.report.gather import gather, version_before
from tco.report.redact import banded
from tests.factories import API, OWN, run, scenario, scenario_data

AGREED = {
    "value": 8.37,
    "low": 8.0,
    "high": 9.0,
    "evidence": "contract",
    "source": "framework-2026.pdf",
    "as_of": "2026-11-01",
}


OWN_PRICES = """
schema: 1
discounts:
  - {item: "openai/*", tier: standard, discount_fraction: 0.37, source: "Walnut agreement", as_of: 2026-09-01}
  - {item: "no-such-vendor/*", discount_fraction: 0.5, source: "Walnut"}
prices:
  - {item: openai/gpt-6.1-sol, per: mtok_input, amount: 1.13, as_of: 2026-09-01, source: "Walnut contract"}
"""


@pytest.fixture
def asked(tmp_path):
    save_run(run(), tmp_path / "test-run")
    data = scenario_data(name="plan")
    data["options"][0]["output_usd_per_mtok"] = AGREED
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


def test_the_public_edition_is_computed_from_bands_and_not_from_what_was_agreed(asked):
    public = gather(load(asked), draws=200, redaction="public", searches=False)
    price = next(row for row in public.result.assumptions if row.path == "options.api.output_usd_per_mtok")
    banded = evaluate(load(asked, ["options.api.output_usd_per_mtok={value: 7.1, low: 5, high: 10}"]), searches=False)

    assert ("options.api.output_usd_per_mtok",) == public.banded
    assert (7.1, 5.0, 10.0, "contract", None) == (price.value, price.low, price.high, price.evidence, price.source)
    assert banded.option("api").total_usd == pytest.approx(public.result.option("api").total_usd, rel=1e-12)
    assert "8.37" not in public.result.model_dump_json()
    assert "framework-2026" not in public.result.model_dump_json()
    assert "8.37" not in public.scenario.model_dump_json()
    assert public.prepared.scenario.model_dump_json().count("8.37") == 0


def test_other_editions_have_the_numbers_of_the_plan(asked):
    plan = evaluate(load(asked), searches=False)
    for level in ("internal", "client"):
        pack = gather(load(asked), draws=200, redaction=level, searches=False)
        assert plan.answer_id == pack.result.answer_id
        assert plan.option("rent").npv_usd == pack.result.option("rent").npv_usd
        assert () == pack.banded


def test_a_filled_scenario_has_the_answer_of_the_one_it_was_filled_from():
    """What a public edition rests on: filling fills nothing twice, for every kind of option."""
    question = load("scenarios/support-chat-eu.yaml")
    first, again = (
        evaluate(each.in_folder(question.folder), searches=False) for each in (question, prepare(question).scenario)
    )

    for one, other in zip(first.options, again.options, strict=True):
        assert one.total_usd == pytest.approx(other.total_usd, rel=1e-12)
        assert (
            one.npv_usd == pytest.approx(other.npv_usd, rel=1e-12) if one.npv_usd is not None else other.npv_usd is None
        )


def test_a_lock_gives_its_answer_or_nothing(asked):
    held = lock_of(load(asked))

    assert held.answer_id == gather(load(asked), draws=0, lock=held, searches=False).result.answer_id
    with pytest.raises(InputError, match="not the answer that was locked"):
        gather(load(asked, ["workload.requests_per_day=5"]), draws=0, lock=held, searches=False)


def test_the_version_before_comes_from_its_lock_or_its_scenario(asked, tmp_path):
    held = lock_of(load(asked))
    write_lock(held, tmp_path / "plan.lock")

    assert held == version_before(tmp_path / "plan.lock")
    assert held == version_before(asked)


def test_what_a_lender_or_a_lessor_agreed_to_is_banded_though_it_is_a_share():
    own = OWN | {
        "maintenance_fraction_per_year": {"value": 0.0731, "evidence": "contract"},
        "purchase": {
            "kind": "lease",
            "term_months": 24,
            "payment_per_month_fraction": {"value": 0.0413, "evidence": "contract"},
            "buy_out_fraction": {"value": 0.0, "evidence": "contract"},
        },
    }
    hidden, paths = banded(scenario(options=[API, own]))

    assert set(paths) == {
        "options.own.maintenance_fraction_per_year",
        "options.own.purchase.payment_per_month_fraction",
    }
    assert "0.0413" not in hidden.model_dump_json()
    assert "0.0731" not in hidden.model_dump_json()


def test_prices_of_the_firms_own_list_are_banded_for_the_public_too(tmp_path):
    """They come into the scenario when it is filled; nothing of the list is told, what is odd about it neither."""
    save_run(run(), tmp_path / "test-run")
    data = scenario_data(name="plan", prices={"file": "prices.yaml"})
    data["options"][0] = {"name": "api", "kind": "api", "model": "openai/gpt-6.1-sol"}
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    (tmp_path / "prices.yaml").write_text(OWN_PRICES, encoding="utf-8")
    own, public = (
        gather(load(tmp_path / "plan.yaml"), draws=200, redaction=level, searches=False)
        for level in ("internal", "public")
    )
    said = public.result.model_dump_json() + public.scenario.model_dump_json() + str(public.prepared.runs)

    assert "options.api.output_usd_per_mtok" in public.banded
    assert "options.api.input_usd_per_mtok" in public.banded
    assert 6.3 == next(row.value for row in own.result.assumptions if row.path == "options.api.output_usd_per_mtok")
    assert any(caution.code == "own_prices" for caution in own.result.warnings)
    for word in ("6.3,", "1.13", "Walnut"):
        assert word in own.result.model_dump_json()
        assert word not in said
