from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from pricing.outlook.paths import PricePath
from tco.cli._prices_path import path_command, sentence

ON = ["--on", "2026-11-23"]
app = typer.Typer()
app.command("path")(path_command)


def run(*words):
    return CliRunner().invoke(app, [*words, *ON])


def answer(*words):
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def plain(path):
    return PricePath.model_validate({key: value for key, value in path.items() if key != "yearly_change"})


def test_three_series_stand_side_by_side():
    paths = answer()["paths"]
    assert ["same-model", "same-quality", "gpu-rent"] == [path["kind"] for path in paths]
    assert [12, 12, 12] == [plain(path).months for path in paths]


def test_each_has_a_yearly_change_for_a_scenario():
    for path in answer("--months", "12")["paths"]:
        figure = path["yearly_change"]
        assert pytest.approx(path["typical_factor"] - 1, abs=1e-4) == figure["value"]
        assert figure["low"] < figure["value"] < figure["high"]


def test_announced_changes_and_published_rates_stand_beside():
    found = answer("--kind", "same-model", "--seller", "google")
    assert "gemini-4-argon" in [change["model"] for change in found["announced"]]
    assert [-0.9, -0.975] == [figure["value"] for figure in found["published"]]


def test_announced_token_prices_do_not_stand_beside_rents():
    assert [] == answer("--kind", "gpu-rent")["announced"]


def test_a_table_and_a_sentence_for_people():
    result = run("--kind", "same-model")
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    path = plain(answer("--kind", "same-model")["paths"][0])
    stays = 100 * (1 - path.fall_fraction - path.rise_fraction)
    assert f"In 12 months the list price of the same model is unchanged in {stays:.0f} of 100 cases" in words
    assert "are no longer on sale a year later" in words
    assert "Announced, so no forecast: google/gemini-4-argon from 2026-12-01 costs 4 in, 20 out USD/Mtok." in words


def test_a_sentence_by_hand():
    path = PricePath(
        kind="gpu-rent",
        months=12,
        as_of="2026-11-23",
        p10_factor=0.5,
        p50_factor=1,
        p90_factor=2,
        typical_factor=1,
        mean_factor=1.1,
        low_factor=0.04,
        high_factor=2.5,
        fall_fraction=0.3,
        rise_fraction=0.2,
        windows=99,
        window_months=12,
        items=9,
        first="2023-01-01",
        last="2026-09-01",
        source="a table",
        note="a note",
    )
    assert (
        "In 12 months the rent of the same GPU at the same landlord is unchanged in 50 of 100 cases, falls in 30 and rises in "
        "20. In 8 of 10 cases it lies between × 0.50 and × 2.00 today's; the lowest tenth comes to × 0.04, the highest to "
        "× 2.50. From 99 spans of 12 months of 9 offers, 2023-01-01 to 2026-09-01."
    ) == sentence(path)


def test_no_months_ahead_have_no_yearly_change():
    assert [None, None, None] == [path["yearly_change"] for path in answer("--months", "0")["paths"]]
    assert run("--months", "0").exit_code == 0


def test_a_series_without_enough_history_on_the_day_is_named_beside_the_others():
    result = CliRunner().invoke(app, ["--on", "2025-01-01", "--json"])
    found = json.loads(result.stdout)
    assert ["same-model", "gpu-rent"] == [path["kind"] for path in found["paths"]]
    assert "too little history for a price path (same-quality)" in found["missing"][0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--months", "61"], "61 months is out of range"),
        (["--kind", "same-model", "--seller", "opnai"], "Near names: openai"),
        (["--seller", "openai"], "--seller needs --kind"),
        (["--on", "yesterday"], "is not a day"),
        (["--on", "2023-01-01"], "too little history"),
    ],
)
def test_bad_input_ends_with_a_sentence(words, said):
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
