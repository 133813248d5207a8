"""What a report says, whatever its form: against the answer it is made from."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tco.answer import headline
from tco.format import usd
from tco.lock.make import answer_of
from tco.lock.records import Lock, LockedBook, LockedQuantity, LockedScenario, LockedTool
from tco.report.blocks import Bullets, Column, Facts, Picture, Table, Text
from tco.report.document import document
from tco.report.evidence import ASSUMED, assumed_share_fraction, evidence_sentence, ranks, register_table, source_table
from tco.report.method import changes
from tco.report.options import cash_tables, line_item_tables, totals_by_item
from tco.report.summary import facts, flip_sentences, summary
from tco.risk.records import Share
from tco.what_if import Condition, flips
from tests.factories import API, OWN
from tests.tco.report.packs import NAME, made, plain, question


def blocks(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def test_page_one_has_the_answer_four_numbers_the_chart_and_what_it_rests_on():
    pack = plain()
    page = summary(pack)
    rent = pack.result.option(NAME)

    assert headline(pack.result) == blocks(page, Text)[0].text
    assert "nine runs in ten" in blocks(page, Text)[1].text
    assert ["cumulative"] == [each.name for each in blocks(page, Picture)]
    assert 4 == len(blocks(page, Facts)[0].items)
    today, saving, investment, payback = facts(pack)
    assert usd(pack.result.option("api").total_usd) == today.value
    band = pack.risk.of(NAME).npv_usd.percentiles
    assert f"{usd(band['5'])} to {usd(band['95'])}" == saving.value
    assert usd(1000.0) == investment.value == usd(rent.capex_usd)
    assert "never" == payback.value
    assert any("What would flip" in (each.title or "") for each in blocks(page, Bullets))


def test_the_sections_come_in_their_order_and_the_change_log_where_there_is_a_version_before():
    names = [section.title for section in document(plain()).sections]

    assert [
        "Executive summary", "Method", "Options side by side", "Line items", "Capacity and probes", "Cash flow by year", "Sensitivity", "Risk",
        "Assumptions register", "Sources", "Limits", "Glossary",
    ] == names  # fmt: skip
    assert "Changes since the version before" in [
        section.title for section in document(replace(plain(), previous=locked(plain()))).sections
    ]


def test_the_register_has_every_input_with_its_range_source_day_and_rank():
    pack = plain()
    table = register_table(pack)
    rows = dict(zip((row.path for row in pack.result.assumptions), table.rows, strict=True))
    price = rows["options.api.output_usd_per_mtok"]

    assert len(pack.result.assumptions) == len(table.rows)
    assert ("9", "USD/Mtok", "3", "15", "listed") == price[2:7]
    assert "2026-11-01" == price[8]
    assert str(ranks(pack.result)["options.api.output_usd_per_mtok"]) == price[9]
    assert price[1].endswith("\noptions.api.output_usd_per_mtok")
    assert pack.result.drivers[0].path == next(path for path, row in rows.items() if row[9] == "1")
    assert len({row[0] for row in table.rows}) == len(table.rows)


def test_the_share_of_variance_on_assumptions_is_that_of_inputs_with_such_evidence():
    pack = plain()
    evidence = {row.path: row.evidence for row in pack.result.assumptions}
    shares = [
        Share(path="options.api.output_usd_per_mtok", subject="prices", share_fraction=0.6),
        Share(path=f"options.{NAME}.people.run_fte", subject="people", share_fraction=0.2),
    ]
    risk = pack.risk.model_copy(update={"shares": shares})

    assert ("listed", "assumption") == tuple(evidence[each.path] for each in shares)
    assert assumed_share_fraction(pack.result, risk) == pytest.approx(0.25)
    assert "25.0% of the variance of the NPV rests on assumptions" in evidence_sentence(pack.result, risk)
    assert None is assumed_share_fraction(pack.result, None)
    assert "assumption" in ASSUMED


def test_sources_are_told_once_with_the_inputs_that_rest_on_them():
    pack = plain()
    rows = source_table(pack).rows
    names = {row.path: name[0] for row, name in zip(pack.result.assumptions, register_table(pack).rows, strict=True)}

    mine = [row for row in rows if row[0].endswith(" list")]
    assert 1 == len(mine)
    assert names["options.api.output_usd_per_mtok"] in mine[0][3].split(", ")
    assert any("test-run" in row[0] for row in rows)
    assert len({row[:3] for row in rows}) == len(rows)


def test_line_items_add_up_to_the_total_for_servers_and_lenders_too():
    pack = made(question(options=[API, OWN | {"one_off_usd": {"move": 500.0}}], finance={"tax_fraction": 0.25}))
    for option in pack.result.options:
        assert sum(totals_by_item(option).values()) == pytest.approx(option.total_usd, rel=1e-9)
    last = next(table.rows[-1] for table in line_item_tables(pack.result))
    assert ("In all", *(usd(option.total_usd) for option in pack.result.options)) == last


def test_what_is_zero_everywhere_is_named():
    table = next(iter(line_item_tables(plain().result)))

    assert "Zero in all of these" in table.note
    assert "storage" in table.note
    assert not any(row[0] == "Storage" for row in table.rows)


def test_years_of_cash_add_up_to_the_total():
    pack = plain()
    for row, option in zip(next(iter(cash_tables(pack.result))).rows, pack.result.options, strict=True):
        assert option.name == row[0]
        assert usd(option.total_usd) == row[-1]
        assert 2 + 3 == len(row)


def test_more_than_five_options_go_into_two_tables():
    options = [API | {"name": f"api{number}"} for number in range(6)] + [API]
    pack = made(question(options=options))
    tables = [block for block in document(pack).sections[2].blocks if isinstance(block, Table)]

    assert [4, 3] == [len(table.columns) - 1 for table in tables]


def test_flips_say_where_the_recommendation_changes():
    found = list(flip_sentences(plain(), 8))

    assert found
    assert all(not sentence.startswith("recommended=") for sentence in found)


def test_nothing_to_compare_is_a_report_too():
    for options in ([API], [API | {"input_usd_per_mtok": 0.0, "output_usd_per_mtok": 0.0}]):
        pack = made(question(options=options))
        text = str(document(pack))
        assert "api is the only option" in text
        assert "nan" not in text.lower().replace("finance", "").replace("finan", "").split()


def locked(pack, **changed):
    values = {row.path: LockedQuantity(value=changed.get(row.path, row.value)) for row in pack.result.assumptions}
    return Lock(
        answer_id="0123456789ab",
        tool=LockedTool(version="0", code_sha256="0" * 64, libraries={}),
        scenario=LockedScenario(name="plan", case=None, sha256="0" * 64),
        price_book=LockedBook(id="book", as_of=pack.result.as_of, own_prices_id=None),
        runs=[],
        answer=answer_of(pack.result),
        quantities=values,
    )


def test_the_change_log_has_what_differs_and_nothing_else():
    pack = plain()
    assert [] == list(changes(replace(pack, previous=locked(pack))))
    changed = locked(pack, **{"options.api.output_usd_per_mtok": 12.0})
    assert [("options.api.output_usd_per_mtok", "12", "9")] == list(changes(replace(pack, previous=changed)))


def test_a_small_table_stays_on_a_page_and_one_of_long_texts_does_not() -> None:
    columns = (Column("name"), Column("note", weight=2.0))

    assert Table(columns=columns, rows=(("a", "b"),) * 30).is_small
    assert not Table(columns=columns, rows=(("a", "b"),) * 60).is_small
    assert not Table(columns=columns, rows=(("a", "b " * 1_000),) * 3).is_small
    assert not Table(columns=columns, rows=(("a", "b"), ("x" * 1_500, "b"))).is_small


def test_what_flips_the_recommendation_is_told_as_such() -> None:
    pack = plain()
    name = pack.result.recommended
    assert name is not None
    found = flips(pack.prepared, Condition("recommended", "=", math.inf), name)
    told = list(flip_sentences(replace(pack, flips=found), 3))

    assert len(told) == 3
    assert all(sentence.startswith("The recommendation holds as long as ") for sentence in told)
