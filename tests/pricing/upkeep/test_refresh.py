from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from pricing.book import SHIPPED_ON, shipped_book
from pricing.offers import rental_offers
from pricing.sources import genai, gpuhunt, litellm
from pricing.tokens.crosscheck import second_rates
from pricing.tokens.prices import token_prices
from pricing.upkeep.fetch import Limits
from pricing.upkeep.refresh import Source, gather, propose, save, sources
from pricing.upkeep.snapshots import open_book, snapshots, write_snapshot
from tests.price_lists import SAME_RENTS, SELLERS, catalogue, genai_json, small_tables, with_price
from tests.web import serving

DAY = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path):
    """A folder with the small book as its snapshot."""
    write_snapshot(
        small_tables(),
        as_of=SHIPPED_ON,
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
        tool="test",
        parent=shipped_book(),
        folder=tmp_path,
    )
    return tmp_path


def proposal(folder, *, tokens=None, gpus=None, on=DAY):
    """What a refresh of the small book from a real server proposes."""
    routes = {"/data.json": tokens, "/aws/latest/catalog.zip": gpus}
    with serving({path: body for path, body in routes.items() if body is not None}) as server:
        wanted = [
            Source("genai-prices", "tokens", server.url("/data.json"), "json", genai.read),
            Source("gpuhunt aws", "gpus", server.url("/aws/latest/catalog.zip"), "zip", gpuhunt.read),
        ]
        wanted = [source for source in wanted if (tokens if source.group == "tokens" else gpus) is not None]
        limits = Limits(hosts=frozenset({server.host}), schemes=frozenset({"http"}))
        return propose(open_book(folder=folder), gather(wanted, on, limits), on)


def rows(found):
    return {item.row: item.doubts for item in found.items}


def amounts(book, model, on=DAY):
    prices = token_prices(model, on, book)
    return prices.input.amount, prices.output.amount


def test_the_products_own_sources_are_https_on_the_two_hosts():
    urls = [source.url for source in sources()]
    assert len(urls) == 2 + len(gpuhunt.urls())
    assert {url.split("/")[2] for url in urls} <= Limits().hosts
    assert all(url.startswith("https://") for url in urls)
    assert [source.name for source in sources("tokens")] == ["genai-prices", "litellm"]
    assert {source.group for source in sources("gpus")} == {"gpus"}


def test_an_accepted_row_is_in_the_new_snapshot_and_the_old_book_is_as_it_was(folder):
    old = open_book(folder=folder)
    found = proposal(folder, tokens=genai_json(with_price("openai", "gpt-a", (1.0, 8.0))))
    assert rows(found) == {"openai/gpt-a": ()}
    info = save(found, {"openai/gpt-a"}, folder)
    new = open_book(folder=folder)
    assert new.id == info.id
    assert (amounts(old, "openai/gpt-a"), amounts(new, "openai/gpt-a")) == ((1.25, 10.0), (1.0, 8.0))
    assert amounts(open_book(old.id, folder=folder), "openai/gpt-a") == (1.25, 10.0)
    assert [snapshot.id for snapshot in snapshots(folder)] == [old.id, new.id]


def test_the_new_book_keeps_the_price_of_the_days_before(folder):
    found = proposal(folder, tokens=genai_json(with_price("openai", "gpt-a", (1.0, 8.0))))
    save(found, {"openai/gpt-a"}, folder)
    new = open_book(folder=folder)
    assert amounts(new, "openai/gpt-a", date(2026, 11, 30)) == (1.25, 10.0)
    assert amounts(new, "openai/gpt-a", DAY) == (1.0, 8.0)


def test_a_refused_row_stays_and_is_named_in_the_record(folder):
    changed = {**with_price("openai", "gpt-a", (1.0, 8.0)), "mistral": {"large": (1.5, 6.0), "small": (0.1, 0.3)}}
    found = proposal(folder, tokens=genai_json(changed))
    info = save(found, {"mistral/large"}, folder)
    new = open_book(folder=folder)
    assert (amounts(new, "openai/gpt-a"), amounts(new, "mistral/large")) == ((1.25, 10.0), (1.5, 6.0))
    (record,) = info.sources
    assert (record.rows_accepted, record.rows_rejected) == (3, 1)
    assert [(row.row, row.reason) for row in record.rejected] == [("openai/gpt-a", "not accepted by the user")]


def test_a_refused_new_model_and_seller_are_not_in_the_book(folder):
    changed = {**with_price("openai", "gpt-c", (3.0, 9.0)), "xai": {"grok": (2.0, 6.0)}}
    found = proposal(folder, tokens=genai_json(changed))
    assert rows(found) == {"openai/gpt-c": (), "xai/grok": ()}
    save(found, {"openai/gpt-c"}, folder)
    tokens = json.loads(open_book(folder=folder).text("tokens.json"))["sellers"]
    assert sorted(tokens) == ["mistral", "openai"]
    assert sorted(tokens["openai"]["models"]) == ["gpt-a", "gpt-b", "gpt-c"]


def test_the_record_has_where_each_file_came_from(folder):
    body = genai_json(with_price("openai", "gpt-a", (1.0, 8.0)))
    found = proposal(folder, tokens=body)
    info = save(found, {"openai/gpt-a"}, folder)
    (record,) = info.sources
    assert (record.name, record.bytes, record.rows_accepted, record.rows_rejected) == ("genai-prices", len(body), 4, 0)
    assert record.url.endswith("/data.json")
    assert len(record.sha256) == 64
    assert (info.as_of, info.parent, info.base) == (DAY, found.base.id, shipped_book().id)
    assert info.tool.startswith("tco-llm ")


def test_prices_that_stayed_get_the_new_day_of_reading(folder):
    found = proposal(folder, tokens=genai_json())
    assert found.items == ()
    save(found, set(), folder)
    assert token_prices("openai/gpt-a", DAY, open_book(folder=folder)).as_of == DAY


def test_a_reading_with_nothing_new_makes_no_snapshot(folder):
    save(proposal(folder, tokens=genai_json()), set(), folder)
    before = snapshots(folder)
    assert save(proposal(folder, tokens=genai_json()), set(), folder) is None
    assert snapshots(folder) == before


def test_a_jump_and_a_slip_of_units_are_doubted(folder):
    changed = with_price("openai", "gpt-a", (1250.0, 10.0)) | {"mistral": {"large": (2.0, 13.0), "small": (0.1, 0.3)}}
    assert rows(proposal(folder, tokens=genai_json(changed))) == {
        "openai/gpt-a": (
            "mtok_input standard: 1.25 -> 1250, 1e+03 times the old price",
            # The median input of the small book is (0.25 + 1.25) / 2 = 0.75.
            "mtok_input standard: 1250 is 1.67e+03 times 0.75, the median of all mtok_input: another unit?",
        ),
        "mistral/large": ("mtok_output standard: 6 -> 13, 2.17 times the old price",),
    }


def test_an_announced_jump_is_shown_and_doubted_though_today_stays(folder):
    dated = [
        {"prices": {"input_mtok": 1.25, "output_mtok": 10.0}},
        {"constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": 5.0, "output_mtok": 10.0}},
    ]
    found = proposal(folder, tokens=genai_json(with_price("openai", "gpt-a", dated)))
    assert rows(found) == {"openai/gpt-a": ("mtok_input standard: 1.25 -> 5, 4 times the old price",)}
    (change,) = found.items[0].changes
    assert change.new.valid_from == date(2027, 1, 1)


def test_a_negative_price_is_turned_away_and_its_row_not_silently_dropped(folder):
    found = proposal(folder, tokens=genai_json(with_price("openai", "gpt-a", (-1.25, 10.0))))
    (doubt,) = rows(found)["openai/gpt-a"]
    assert doubt.startswith("its row was turned away: ")
    save(found, set(), folder)
    assert amounts(open_book(folder=folder), "openai/gpt-a") == (1.25, 10.0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>rate limited</html>",
        genai_json()[:-20],
        b"[" * 100_000,
        b"{}",
        b"[]",
        b'[{"id": "openai", "models": 3}]',
        b'[{"id": "openai", "models": [{"id": "x", "prices": "y"}]}]',
        b'[{"id": 3}]',
        json.dumps([1, None, "x", {"id": {"a": 1}}]).encode(),
        genai_json({"openai": {"gpt-a": (1e9, 1e9)}}),
        genai_json({"openai": {"gpt-a": (-1, -1)}}),
        catalogue(SAME_RENTS),
    ],
)
def test_a_hostile_list_is_a_sentence_and_proposes_nothing(body, folder):
    found = proposal(folder, tokens=body)
    (problem,) = found.problems
    assert problem.startswith("genai-prices: ")
    assert problem.endswith(".")
    assert found.items == ()
    assert save(found, set(), folder) is None
    assert len(snapshots(folder)) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"PK\x03\x04 no more than a beginning",
        genai_json(),
        catalogue(SAME_RENTS, seller="unknown"),
        catalogue([("g6.xlarge", "us-east-1", -0.8, 1, "L4", 24, False)]),
        catalogue([("g6.xlarge", "us-east-1", "1e9", 1, "L4", 24, False)]),
        catalogue([("g6.xlarge", "us-east-1", "nan", 1, "L4", 24, False)]),
        catalogue([]),
    ],
)
def test_a_hostile_catalogue_is_a_sentence_and_proposes_nothing(body, folder):
    found = proposal(folder, gpus=body)
    (problem,) = found.problems
    assert problem.startswith("gpuhunt aws: ")
    assert found.items == ()


def test_one_list_that_fails_does_not_stop_the_other(folder):
    found = proposal(
        folder,
        tokens=b"<html>",
        gpus=catalogue([*SAME_RENTS[:3], ("p5.48xlarge", "us-east-1", 50.0, 8, "H100", 80, False)]),
    )
    assert len(found.problems) == 1
    assert rows(found) == {"aws H100-SXM p5.48xlarge us-east-1": ()}


def test_a_reading_older_than_the_book_is_a_sentence(folder):
    found = proposal(folder, tokens=genai_json(), on=date(2026, 9, 1))
    assert "older than the book's" in found.problems[0]
    assert found.items == ()


def offers(folder):
    return [
        (o.region, o.on_demand_usd_per_hour, o.spot_usd_per_hour, o.as_of)
        for o in rental_offers(open_book(folder=folder))
        if o.instance == "g6.xlarge"
    ]


OLD = date(2026, 10, 1)


def test_a_rent_that_changed_is_one_more_reading_and_one_that_stayed_too(folder):
    cheaper = [("g6.xlarge", "us-east-1", 0.70, 1, "L4", 24, False), *SAME_RENTS[1:]]
    found = proposal(folder, gpus=catalogue(cheaper))
    assert rows(found) == {"aws L4 g6.xlarge us-east-1": ()}
    save(found, {"aws L4 g6.xlarge us-east-1"}, folder)
    assert sorted(offers(folder), key=str) == [
        ("us-east-1", 0.7, None, DAY),
        ("us-east-1", 0.8, None, OLD),
        ("us-west-2", 0.82, 0.3, OLD),
        ("us-west-2", 0.82, 0.3, DAY),
    ]


def test_a_rent_read_many_times_has_its_first_and_its_newest_reading(folder):
    for day in (date(2026, 12, 1), date(2026, 12, 2), date(2026, 12, 3)):
        save(proposal(folder, gpus=catalogue(SAME_RENTS), on=day), set(), folder)
    assert [row for row in offers(folder) if row[0] == "us-east-1"] == [
        ("us-east-1", 0.8, None, OLD),
        ("us-east-1", 0.8, None, date(2026, 12, 3)),
    ]


def test_a_refused_rent_keeps_its_old_reading(folder):
    cheaper = [("g6.xlarge", "us-east-1", 0.70, 1, "L4", 24, False), *SAME_RENTS[1:]]
    save(proposal(folder, gpus=catalogue(cheaper)), set(), folder)
    assert [row for row in offers(folder) if row[0] == "us-east-1"] == [("us-east-1", 0.8, None, OLD)]


def test_an_offer_that_is_listed_no_more_goes_when_that_is_accepted_and_other_sellers_stay(folder):
    found = proposal(folder, gpus=catalogue(SAME_RENTS[:3]))
    assert rows(found) == {"aws H100-SXM p5.48xlarge us-east-1": ()}
    save(found, {"aws H100-SXM p5.48xlarge us-east-1"}, folder)
    assert {offer.label for offer in rental_offers(open_book(folder=folder))} == {
        "aws L4 g6.xlarge us-east-1",
        "aws L4 g6.xlarge us-west-2",
        "other L4 one",
    }


def test_an_offer_in_a_region_that_the_catalogue_was_not_read_for_stays(folder):
    found = proposal(folder, gpus=catalogue([SAME_RENTS[0], SAME_RENTS[3]]))  # without us-west-2
    assert rows(found) == {}
    save(found, set(), folder)
    assert ("us-west-2", 0.82, 0.3, OLD) in offers(folder)


def test_an_offer_whose_row_was_turned_away_stays_as_it_was(folder):
    # Spot above on-demand: the catalogue's row goes, the book's own reading stays.
    odd = [
        *SAME_RENTS[:1],
        ("g6.xlarge", "us-west-2", 0.82, 1, "L4", 24, False),
        ("g6.xlarge", "us-west-2", 0.9, 1, "L4", 24, True),
    ]
    found = proposal(folder, gpus=catalogue([*odd, SAME_RENTS[3]]))
    assert rows(found) == {}
    save(found, set(), folder)
    assert [row for row in offers(folder) if row[0] == "us-west-2"] == [("us-west-2", 0.82, 0.3, OLD)]


def test_two_readings_of_one_day_are_one(folder):
    save(
        proposal(folder, gpus=catalogue([("g6.xlarge", "us-east-1", 0.70, 1, "L4", 24, False), *SAME_RENTS[1:]])),
        {"aws L4 g6.xlarge us-east-1"},
        folder,
    )
    save(
        proposal(folder, gpus=catalogue([("g6.xlarge", "us-east-1", 0.75, 1, "L4", 24, False), *SAME_RENTS[1:]])),
        {"aws L4 g6.xlarge us-east-1"},
        folder,
    )
    east = [row for row in offers(folder) if row[0] == "us-east-1"]
    assert east == [("us-east-1", 0.8, None, OLD), ("us-east-1", 0.75, None, DAY)]


def proposed_from_litellm(base, name, provider, usd_per_token):
    """What a list in the format of litellm, of one model, would make of a book."""
    fresh, out = usd_per_token
    row = {"litellm_provider": provider, "mode": "chat", "input_cost_per_token": fresh, "output_cost_per_token": out}
    with serving({"/prices.json": json.dumps({name: row}).encode()}) as server:
        wanted = [Source("litellm", "tokens", server.url("/prices.json"), "json", litellm.read)]
        limits = Limits(hosts=frozenset({server.host}), schemes=frozenset({"http"}))
        return propose(base, gather(wanted, DAY, limits), DAY)


def test_a_list_in_the_format_of_litellm_is_read(folder):
    found = proposed_from_litellm(open_book(folder=folder), "deepinfra/m", "deepinfra", (2.3e-07, 4e-07))
    assert [(item.row, item.source) for item in found.items] == [("deepinfra/m", "litellm")]
    save(found, {"deepinfra/m"}, folder)
    assert amounts(open_book(folder=folder), "deepinfra/m") == (0.23, 0.4)
    assert set(SELLERS) < set(json.loads(open_book(folder=folder).text("tokens.json"))["sellers"])


@pytest.mark.slow
def test_the_second_list_is_made_anew_so_that_a_cross_check_compares_lists_of_one_time(folder):
    found = proposed_from_litellm(shipped_book(), "gpt-5", "openai", (9.9e-07, 1e-05))
    save(found, set(), folder)
    rates = second_rates("openai", open_book(folder=folder))["openai/gpt-5"]
    assert (rates.input, rates.output, rates.as_of) == (0.99, 10.0, DAY)
