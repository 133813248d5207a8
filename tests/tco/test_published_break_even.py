"""arXiv 2509.18101: its break-even months through a scenario and a ledger of ours, for nine models against four APIs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from probes.run import WorkloadShape
from tco import evaluate
from tests.factories import API, OWN, run, scenario

PUBLISHED = Path(__file__).parents[1] / "published" / "on_premise_break_even_2509.18101.csv"
API_USD_PER_MTOK = {
    "gpt5": (1.25, 10.0),
    "claude4_opus": (15.0, 75.0),
    "claude4_sonnet": (3.0, 15.0),
    "grok4": (3.0, 15.0),
}
HOURS_PER_MONTH, DAYS_PER_MONTH = 730.5, 730.5 / 24
INPUT_TOKENS, OUTPUT_TOKENS = 100.0, 200.0
"""A third of the tokens is input."""


def rows() -> list[dict[str, str]]:
    with PUBLISHED.open() as file:
        return list(csv.DictReader(file))


def payback_months(row: dict[str, str], rival: str, working_hours: float, a100_watts: float) -> float | None:
    """Of servers that work these hours a month at full throughput, against the API's bill for the same tokens."""
    price_in, price_out = API_USD_PER_MTOK[rival]
    tokens = float(row["tokens_per_s"]) * 3600 * working_hours
    per_day = tokens / (INPUT_TOKENS + OUTPUT_TOKENS) / DAYS_PER_MONTH
    gpus = int(row["gpus"])
    watts = gpus * (a100_watts if row["gpu"].startswith("A100") else float(row["gpu_watts"]))
    own = {
        **OWN,
        "server_price_usd": float(row["capex_usd"]),
        "gpus_per_server": gpus,
        "gpus_per_replica": gpus,
        # Power is drawn in working hours only; a plan of ours lets servers draw around the clock.
        "server_watts": watts * working_hours / HOURS_PER_MONTH,
        "electricity_usd_per_kwh": 0.15,
        "pue": 1.0,
        "colocation_usd_per_kw_month": 0.0,
        "maintenance_fraction_per_year": 0.0,
        "economic_life_months": 120,
    }
    api = {**API, "input_usd_per_mtok": price_in, "output_usd_per_mtok": price_out}
    rate = per_day / 86_400
    held = run(
        curve=((1, rate, 100.0), (2, 2 * rate, 150.0)),
        workload=WorkloadShape(input_tokens=int(INPUT_TOKENS), output_tokens=int(OUTPUT_TOKENS)),
        gpus_per_replica=gpus,
    )
    question = scenario(
        options=[api, own],
        horizon_months=120,
        workload__requests_per_day=per_day,
        workload__input_tokens_per_request=INPUT_TOKENS,
        workload__output_tokens_per_request=OUTPUT_TOKENS,
    )
    return evaluate(question, {"test-run": held}, searches=False).option("own").payback_months


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["model"])
def test_the_printed_months_come_out_with_22_days_and_300_watts(row: dict[str, str]) -> None:
    """All 36 cells within 0.65 of the last printed digit: 32 round to it, four are cut or rounded up in print."""
    for rival in API_USD_PER_MTOK:
        printed = row[f"breakeven_months_{rival}"]
        last_digit = 10 ** -len(printed.partition(".")[2])

        assert payback_months(row, rival, 8 * 22, 300) == pytest.approx(float(printed), rel=0, abs=0.65 * last_digit)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["model"])
def test_the_stated_20_days_and_400_watts_give_a_tenth_more(row: dict[str, str]) -> None:
    """22 / 20 working days are the tenth; the watts of an A100 are the rest, at most a hundredth. Print rounds short months by more."""
    rival = "gpt5"
    printed = float(row[f"breakeven_months_{rival}"])
    found = payback_months(row, rival, 8 * 20, 400)

    assert found is not None
    rounding = 0.5 * 10 ** -len(row[f"breakeven_months_{rival}"].partition(".")[2])
    assert 1.09 < found / (printed - rounding)
    assert found / (printed + 2 * rounding) < 1.12
