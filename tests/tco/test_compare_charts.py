from __future__ import annotations

import pytest

from tco.compare_charts import MOST_STEPS, REST, step_title, waterfall_chart, waterfall_frame
from tco.what_if import Difference, Step


def step(path: str, change: float | None, *more: str) -> Step:
    paths = (path, *more)
    blank = (None,) * len(paths)
    return Step(paths=paths, before=blank, after=blank, npv_usd=0.0, change_usd=change)


def found(*steps: Step, first: float | None = 100.0) -> Difference:
    total = sum(each.change_usd or 0.0 for each in steps)
    return Difference(
        option="rent",
        npv_first_usd=first,
        npv_second_usd=(first or 0.0) + total,
        recommended_first="api",
        recommended_second="rent",
        steps=steps,
    )


def test_the_bars_hang_together_from_the_first_to_the_second():
    frame = waterfall_frame(found(step("workload.requests_per_day", 50.0), step("horizon_months", -20.0)))

    assert ["end", "gain", "loss", "end"] == frame["kind"].tolist()
    assert frame["to_usd"].tolist()[:-1][:3] == [100.0, 150.0, 130.0]
    assert [100.0, 150.0] == frame["from_usd"].tolist()[1:3]
    assert 130.0 == frame["to_usd"].iloc[-1]


def test_many_small_changes_are_one_and_none_is_lost():
    steps = [step(f"options.rent.one_off_usd.part{n}", float(n)) for n in range(1, 31)]
    frame = waterfall_frame(found(*steps))
    bars = frame[frame["kind"] != "end"]

    assert MOST_STEPS == len(bars)
    assert sum(range(1, 31)) == pytest.approx(bars["change_usd"].sum())
    assert REST in bars["what"].tolist()


def test_changes_of_one_name_stay_two_bars():
    frame = waterfall_frame(found(step("options.a.model", 1.0), step("options.a.model", 2.0)))

    assert 4 == frame["what"].nunique()


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("workload.requests_per_day", "Traffic"),
        ("options.rent.price_usd_per_hour", "Rent of rent"),
        ("options.rent.gpu", "Gpu of rent"),
        ("company.country", "Country"),
        ("options.rent.run", "Run of rent"),
    ],
)
def test_a_change_is_told_in_words(path, title):
    assert title == step_title(step(path, 1.0))


def test_an_option_that_is_new_is_one_change():
    assert "option own" == step_title(step("options.own.name", 1.0, "options.own.kind"))


def test_it_can_be_drawn():
    assert waterfall_chart(found(step("horizon_months", -20.0))).to_dict()
