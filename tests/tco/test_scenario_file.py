from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tco.errors import InputError
from tco.scenario_file import MAX_SCENARIO_BYTES, dump, load, parse
from tests.factories import OWN, scenario_data

ROOT = Path(__file__).parents[2]


def text(**changes: object) -> str:
    return yaml.safe_dump(scenario_data(**changes))


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_survive_a_round_trip(path: Path) -> None:
    scenario = load(path)

    assert scenario == parse(dump(scenario)).in_folder(scenario.folder)


def test_ranges_and_sources_survive_a_round_trip() -> None:
    scenario = parse(
        text(workload__requests_per_day={"value": 5, "low": 1, "high": 9, "evidence": "invoice", "source": "bill"})
    )

    assert scenario == parse(dump(scenario))
    assert "invoice" in dump(scenario)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"workload__request_per_day": 5}, "did you mean `requests_per_day`"),
        ({"workload__slo": {"ttft_p95_s": 1}}, "did you mean `ttft_p95_ms`"),
        ({"workload__requests_per_day": -5}, "-5 is outside 0 or more"),
        ({"workload__requests_per_day": float("nan")}, "finite number"),
        ({"workload__input_tokens_per_request": "900 tokens"}, "the unit is in the field's name"),
        ({"workload__profile": "weekend"}, "choose one of"),
        ({"workload__profile": [1, 2, 3]}, "168 weights"),
        ({"discount_rate_per_year": 10}, "write a fraction"),
        ({"baseline": "nobody"}, "choose one of: api, rent"),
        ({"options": []}, "at least 1 item"),
        ({"options": [{"name": "x", "kind": "buy"}]}, "'api', 'hosted', 'rent', 'own'"),
        ({"options": [{**OWN, "pue": 0.9}], "baseline": "own"}, "below 1"),
        ({"options": [{**OWN, "name": "a.b"}], "baseline": "a.b"}, "pattern"),
        ({"schema": 99}, "newer than 1"),
        ({"horizon_months": 0}, "greater than or equal to 1"),
        ({"as_of": "yesterday"}, "yesterday is not a day"),
        ({"currency": "EUR"}, "'USD'"),
    ],
)
def test_bad_scenarios_are_refused_in_a_sentence(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text(**changes))

    assert sentence in str(caught.value)


def test_a_missing_baseline_says_what_to_add() -> None:
    data = scenario_data()
    del data["baseline"]

    with pytest.raises(InputError, match="add `baseline: NAME`"):
        parse(yaml.safe_dump(data))


def test_two_options_may_not_share_a_name() -> None:
    data = scenario_data()
    data["options"] *= 2

    with pytest.raises(InputError, match="'api' is used twice"):
        parse(yaml.dump(data, Dumper=NoAliases))


class NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def test_a_yaml_bomb_is_refused_before_it_expands() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))

    with pytest.raises(InputError, match="aliases"):
        parse(bomb)


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ("[1, 2", "line 1: not valid YAML"),
        ("just text", "`key: value` lines"),
        ("name: a\nname: b\n", "given twice"),
        ("\x00", "not text that YAML allows"),
        ("!!python/object/apply:os.system [ls]", "not valid YAML"),
        ("[" * 3000 + "]" * 3000, ""),
    ],
)
def test_what_is_not_a_scenario_is_refused(bad: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(bad)

    assert sentence in str(caught.value)


def test_a_day_that_does_not_exist_is_refused_with_its_place() -> None:
    text = yaml.safe_dump(scenario_data() | {"as_of": "2026-99-99"})

    with pytest.raises(InputError, match="`as_of`: 2026-99-99 is not a day; write it as 2026-11-23"):
        parse(text)


def test_a_key_that_is_a_list_is_refused() -> None:
    with pytest.raises(InputError, match="a key is a plain name"):
        parse("{[1]: 2}")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)

    with pytest.raises(InputError, match=f"at most {MAX_SCENARIO_BYTES:,}"):
        load(path)


def test_a_missing_or_binary_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x80")

    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="not a text file"):
        load(tmp_path / "x.yaml")


def test_settings_reach_workload_and_options_by_name() -> None:
    scenario = parse(
        text(), ["workload.requests_per_day=1e3", "options.rent.price_usd_per_hour=2.5", "horizon_months=24"]
    )

    rent = scenario.option("rent")
    assert (1000.0, 2.5, 24) == (
        scenario.workload.requests_per_day.value,
        rent.price_usd_per_hour.value,
        scenario.horizon_months,
    )


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("workload.requests_per_day", "write PATH=VALUE"),
        ("=3", "write PATH=VALUE"),
        ("options.nobody.model=x", "there are: api, rent"),
        ("options.rent=3", "go on with one of its fields"),
        ("name.first=3", "has no fields"),
        ("workload.requests_per_dy=3", "did you mean"),
        ("workload.requests_per_day=many", "is text"),
    ],
)
def test_bad_settings_are_refused_in_a_sentence(setting: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text(), [setting])

    assert sentence in str(caught.value)
