"""One replica of `rent` carries 1.6 requests/s; it costs 2 USD an hour. The API costs 657.45 USD a month at one request a second."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from probes.run_file import save_run
from tco.actuals import Actual, Actuals, Checked, check_actuals
from tco.actuals.put_in import written_out
from tco.compare import compare, prepare
from tco.errors import InputError
from tco.scenario_file import load
from tests.factories import OWN, RENT, run, scenario_data

ROOT = Path(__file__).parents[3]
API_USD = 86_400 * 730.5 / 24 * (100 * 1.0 + 50 * 3.0) / 1e6
RENT_USD = 2.0 * 730.5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_run(run(), tmp_path / "test-run")
    return tmp_path


def checked(
    folder: Path, *rows: tuple[int, str, float], option: str | None = None, last: int | None = None, **changes: object
) -> Checked:
    path = folder / "question.yaml"
    path.write_text(json.dumps(scenario_data(**changes)), encoding="utf-8")
    actuals = Actuals(rows=tuple(Actual(month=m, path=p, value=v) for m, p, v in rows), first_month="2026-12")
    return check_actuals(load(path), actuals, option, last=last)


def levels(found: Checked) -> dict[str, float]:
    return {level.path: level.after for level in found.levels}


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_writing_out_what_was_filled_changes_no_answer(path):
    scenario = load(path)
    prepared = prepare(scenario)
    before, (_, after) = compare(prepared, prepared.scenario), written_out(scenario, prepared).answer()

    assert before.recommended == after.recommended
    for first, second in zip(before.options, after.options, strict=True):
        # What may not be used has neither.
        for before_usd, after_usd in ((first.total_usd, second.total_usd), (first.npv_usd, second.npv_usd)):
            assert before_usd == (None if after_usd is None else pytest.approx(after_usd, rel=1e-12))


def test_half_the_traffic_by_hand(folder):
    found = checked(folder, (1, "workload.requests_per_day", 43_200.0), (2, "workload.requests_per_day", 43_200.0))

    assert 12 * (API_USD - RENT_USD) == pytest.approx(found.moved.npv_first_usd)
    assert 12 * (API_USD / 2 - RENT_USD) == pytest.approx(found.moved.npv_second_usd)
    assert [-0.5, -0.5] == [row.deviation_fraction for row in found.rows]
    assert not found.flips


def test_a_volume_that_grows_as_the_scenario_says_is_put_in_at_its_first_month(folder):
    rows = [(month, "workload.requests_per_day", 50_000 * 1.1 ** (month - 1)) for month in (2, 4)]
    found = checked(folder, *rows, workload__growth_per_month_fraction=0.1)

    assert {"workload.requests_per_day": pytest.approx(50_000)} == levels(found)
    assert [86_400 * 1.1, 86_400 * 1.1**3] == pytest.approx([row.assumed for row in found.rows])


def test_months_that_differ_are_put_in_with_their_sum(folder):
    """86,400 were planned: what came in both months together is kept, whatever came when."""
    found = checked(folder, (1, "workload.requests_per_day", 40_000.0), (2, "workload.requests_per_day", 60_000.0))

    assert {"workload.requests_per_day": 50_000.0} == levels(found)
    last = checked(
        folder, (1, "workload.requests_per_day", 40_000.0), (2, "workload.requests_per_day", 60_000.0), last=1
    )
    assert {"workload.requests_per_day": 60_000.0} == levels(last)
    assert 2 == len(last.rows)


def test_a_rent_that_fell_flips_the_decision(folder):
    found = checked(folder, (1, "options.rent.price_usd_per_hour", 0.5))

    assert found.flips
    assert ("api", "rent") == (found.moved.recommended_first, found.moved.recommended_second)
    assert 12 * (API_USD - 0.5 * 730.5) == pytest.approx(found.moved.npv_second_usd)


def test_the_sign_of_an_npv_may_change_beside_the_recommendation(folder):
    cheap = RENT | {"name": "cheap", "price_usd_per_hour": 0.1}
    found = checked(
        folder, (1, "options.rent.price_usd_per_hour", 0.5), option="rent", options=[*scenario_data()["options"], cheap]
    )

    assert ("cheap", "cheap", True) == (found.moved.recommended_first, found.moved.recommended_second, found.flips)


def test_a_bill_scales_all_token_prices(folder):
    found = checked(
        folder, (1, "options.api.monthly_usd", 1.5 * API_USD), (2, "options.api.monthly_usd", 1.7 * API_USD)
    )

    assert {"options.api.input_usd_per_mtok": 1.6, "options.api.output_usd_per_mtok": 4.8} == pytest.approx(
        levels(found)
    )
    assert 12 * (1.6 * API_USD - RENT_USD) == pytest.approx(found.moved.npv_second_usd)
    assert [1.6 * API_USD] * 2 == pytest.approx([row.explained for row in found.rows])


def test_a_bill_says_only_what_the_volume_does_not(folder):
    """Twice the traffic and a bill of 2.2 times: prices are a tenth higher; two replicas serve, and a third one is their spare."""
    found = checked(folder, (1, "workload.requests_per_day", 172_800.0), (1, "options.api.monthly_usd", 2.2 * API_USD))

    assert 1.1 == pytest.approx(levels(found)["options.api.input_usd_per_mtok"])
    assert 12 * (2.2 * API_USD - 3 * RENT_USD) == pytest.approx(found.moved.npv_second_usd)


def test_of_a_whole_bill_what_is_not_tokens_is_taken_as_assumed(folder):
    data = scenario_data()["options"]
    data[0]["extra_usd_per_month"] = {"gateway": 100.0}
    found = checked(folder, (1, "options.api.monthly_usd", 100 + 2 * API_USD), options=data)

    assert 2.0 == pytest.approx(levels(found)["options.api.output_usd_per_mtok"] / 3)
    assert 100 + 2 * API_USD == pytest.approx(found.rows[0].explained)


@pytest.mark.parametrize(
    ("item", "target", "before"),
    [
        ("gpu_rent", "price_usd_per_hour", 2.0),
        ("people", "people.run_fte", 0.5),
        ("tooling", "extra_usd_per_month.tooling", 300.0),
    ],
)
def test_a_line_scales_the_input_that_it_is_proportional_to(folder, item, target, before):
    rent = RENT | {"people": {"run_fte": 0.5}, "extra_usd_per_month": {"tooling": 300.0}}
    path = f"options.rent.line_items.{item}"
    plan = checked(folder, (3, path, 0.0), options=[scenario_data()["options"][0], rent])
    assumed = plan.rows[0].assumed
    found = checked(folder, (3, path, 1.25 * assumed), options=[scenario_data()["options"][0], rent])

    assert {f"options.rent.{target}": pytest.approx(1.25 * before)} == levels(found)
    assert -12 * 0.25 * assumed == pytest.approx(found.moved.npv_second_usd - found.moved.npv_first_usd)
    assert 1.25 * assumed == pytest.approx(found.rows[0].explained)


def test_electricity_of_an_owned_server(folder):
    data = [scenario_data()["options"][0], dict(OWN)]
    usd = 5.0 * 1.3 * 730.5 * 0.10
    found = checked(folder, (1, "options.own.line_items.electricity", 2 * usd), options=data)

    assert usd == pytest.approx(found.rows[0].assumed)
    assert {"options.own.electricity_usd_per_kwh": pytest.approx(0.2)} == levels(found)


def test_measured_throughput_is_what_a_replica_then_carries(folder):
    found = checked(folder, (1, "options.rent.goodput_requests_per_s", 0.5))

    assert [1.6, 0.5, 0.5] == pytest.approx([found.rows[0].assumed, found.rows[0].actual, found.rows[0].explained])
    assert 12 * (API_USD - 3 * RENT_USD) == pytest.approx(found.moved.npv_second_usd)


@pytest.mark.slow
def test_measured_throughput_takes_the_place_of_step_times_that_were_carried_over():
    path = ROOT / "scenarios" / "support-chat-eu.yaml"
    actuals = Actuals(
        rows=(Actual(month=1, path="options.rented-h100.goodput_requests_per_s", value=7.0),), first_month="2026-12"
    )
    found = check_actuals(load(path, ["options.rented-h100.gpu=H200-SXM"]), actuals, "rented-h100")

    assert 7.0 == pytest.approx(found.rows[0].explained)
    assert found.rows[0].assumed != pytest.approx(7.0)


def test_gpu_hours_are_compared_only(folder):
    found = checked(folder, (1, "options.rent.gpu_hours", 1_000.0))

    assert 730.5 == found.rows[0].assumed
    assert ["options.rent.gpu_hours"] == list(found.not_put_in)
    assert (found.moved.npv_first_usd, ()) == (found.moved.npv_second_usd, found.moved.steps)


def test_a_price_with_actuals_of_its_own_is_not_scaled_by_the_bill_too(folder):
    found = checked(
        folder, (1, "options.rent.price_usd_per_hour", 1.0), (1, "options.rent.line_items.gpu_rent", 9_999.0)
    )

    assert {"options.rent.price_usd_per_hour": 1.0} == levels(found)
    assert "has actuals of its own" in found.not_put_in["options.rent.line_items.gpu_rent"]


def test_a_bill_of_machines_as_a_whole_is_compared_only(folder):
    found = checked(folder, (1, "options.rent.monthly_usd", 9_999.0))

    assert RENT_USD == pytest.approx(found.rows[0].assumed)
    assert ["options.rent.monthly_usd"] == list(found.not_put_in)


def test_an_actual_that_no_option_can_serve_flips(folder):
    found = checked(
        folder, (1, "options.rent.price_usd_per_hour", 0.5), (1, "options.rent.goodput_requests_per_s", 1e-7)
    )

    assert "api" == found.moved.recommended_second
    assert found.moved.npv_second_usd is None


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ((1, "workload.request_per_day", 5.0), "near names: workload.requests_per_day"),
        ((1, "options.rnt.price_usd_per_hour", 5.0), "near names: options.rent.price_usd_per_hour"),
        ((1, "options.rent.line_items.gpu_rnt", 5.0), "near names: gpu_rent"),
        ((1, "options.api.gpu_hours", 5.0), "has no machines"),
        ((1, "options.rent.throughput_factor", 0.9), "options.rent.goodput_requests_per_s"),
        ((1, "workload.requests_per_day", -5.0), "-5 is outside 0 or more"),
    ],
)
def test_bad_actuals_are_one_sentence(folder, row, sentence):
    with pytest.raises(InputError, match=sentence):
        checked(folder, row)


def test_an_option_that_could_not_serve_assumed_nothing(folder):
    with pytest.raises(InputError, match="says that rent cannot serve"):
        checked(folder, (1, "options.rent.monthly_usd", 5.0), workload__slo={"ttft_p95_ms": 1.0})


def test_without_an_alternative_there_is_no_npv(folder):
    with pytest.raises(InputError, match="no alternative to the baseline can serve"):
        checked(folder, (1, "workload.requests_per_day", 5.0), options=scenario_data()["options"][:1])


def test_prompts_that_lengthen_as_the_scenario_says_are_put_in_at_their_first_month(folder):
    rows = [(month, "workload.input_tokens_per_request", 80 * 1.05 ** (month - 1)) for month in (1, 3)]
    found = checked(folder, *rows, workload__input_growth_per_month_fraction=0.05)

    assert {"workload.input_tokens_per_request": pytest.approx(80)} == levels(found)
    assert [100.0, 100 * 1.05**2] == pytest.approx([row.assumed for row in found.rows])


def test_salaries_and_extras_rise_with_the_escalation_of_the_appraisal(folder):
    data = scenario_data()["options"]
    data[1]["extra_usd_per_month"] = {"tooling": 100.0}
    row = (12, "options.rent.extra_usd_per_month.tooling", 121.0)
    found = checked(folder, row, options=data, finance={"cost_escalation_per_year_fraction": 0.10})
    factor = 1.10 ** (11 / 12)

    assert 100 * factor == pytest.approx(found.rows[0].assumed)
    assert {"options.rent.extra_usd_per_month.tooling": pytest.approx(121 / factor)} == levels(found)


@pytest.mark.parametrize(
    ("path", "value", "rises"),
    [
        ("options.rent.obligations.support_usd_per_year", 6000.0, True),
        ("options.rent.around.storage_usd_per_gib_month", 0.1, True),
        ("options.rent.pipeline.guard.call_usd", 0.001, True),
        ("options.own.colocation_usd_per_kw_month", 184.06, True),
        ("options.own.hardware.hosting_usd_per_server_per_year", 20_000.0, True),
        ("options.own.hardware.installation_usd_per_server", 500.0, False),
        ("options.rent.people.oncall_fte", 0.2, False),
        ("options.rent.pipeline.guard.sampled_fraction", 0.5, False),
    ],
)
def test_what_rises_in_the_model_was_assumed_to_rise_and_what_does_not_was_not(folder, path, value, rises):
    """A bill of month 12 at just what was assumed for it changes no level: the escalation is not counted twice."""
    rent = RENT | {
        "obligations": {"support_usd_per_year": 6000.0},
        "around": {"storage_usd_per_gib_month": 0.1},
        "pipeline": {"guard": {"call_usd": 0.001, "sampled_fraction": 0.5}},
        "people": {"run_fte": 0.0, "oncall_fte": 0.2},
    }
    own = OWN | {"hardware": {"hosting_usd_per_server_per_year": 20_000.0, "installation_usd_per_server": 500.0}}
    options = [scenario_data()["options"][0], rent, own]
    factor = 1.10 ** (11 / 12) if rises else 1.0
    found = checked(
        folder,
        (12, path, value * factor),
        options=options,
        finance={"cost_escalation_per_year_fraction": 0.10},
    )

    assert value * factor == pytest.approx(found.rows[0].assumed)
    assert {path: pytest.approx(value)} == levels(found)
    assert found.moved.npv_second_usd == pytest.approx(found.moved.npv_first_usd)
