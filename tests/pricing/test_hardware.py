from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.book import Book, shipped_book
from pricing.gpus import gpu_names, gpu_spec
from pricing.hardware import (
    Server,
    colocation_price,
    figure,
    figure_names,
    figures,
    residual_fraction,
    server,
    server_names,
    server_price,
    servers,
)
from pricing.price import Price, PriceNotFound

ON = date(2026, 11, 23)
REST_OF_SERVER = 0.8
"""What a plan takes for the rest of a server, as a share of its GPUs' TDP, where its power is not known."""


class OwnPrices:
    """Stands for the user's prices file, as far as this module asks it."""

    gpus = ()

    def __init__(self, *own, factor=1.0):
        self.own = own
        self.factor = factor

    def own_prices(self, on, item=None):
        return [price for price in self.own if item in (None, price.item)]

    def apply(self, price, on):
        return price.model_copy(update={"amount": price.amount * self.factor, "layer": f"prices.yaml of {on}"})


def own_price(item, amount, per="server"):
    return Price.model_validate(
        {
            "item": item,
            "amount": amount,
            "per": per,
            "provider": "our dealer",
            "tier": "purchase",
            "as_of": ON,
            "source": "quotation 17",
            "evidence": "contract",
        }
    )


def test_a_servers_price_carries_its_range_source_and_what_is_in_it():
    price = server_price("hgx h200 x8", ON)
    assert (price.low, price.amount, price.high) == (320_000, 370_000, 420_000)
    assert (price.item, price.per, price.tier, price.evidence) == ("HGX H200 x8", "server", "purchase", "literature")
    assert (price.source.startswith("https://mercatus-ai.com/"), price.note.startswith("8 x H200-SXM; ")) == (
        True,
        True,
    )


def test_a_gpus_name_gives_the_oems_server_not_the_makers_own():
    assert [server(gpu, ON).server for gpu in ("H100-SXM", "h200-sxm", "B200-SXM", "B300-SXM")] == [
        *("HGX H100 x8", "HGX H200 x8", "HGX B200 x8", "HGX B300 x8")
    ]
    assert server("RTX PRO 6000", ON).gpus == 8


def test_a_day_gets_the_price_that_was_there():
    assert server_price("HGX H100 x8", date(2025, 1, 1)).amount == 310_000
    assert server_price("HGX H100 x8", date(2026, 8, 27)).amount == 310_000
    assert server_price("HGX H100 x8", date(2026, 8, 28)).amount == 285_000
    assert server_price("HGX H100 x8", date(2020, 1, 1)).as_of == date(2024, 8, 22)


def test_the_list_price_of_a_dgx_b200_is_the_one_that_was_reported():
    assert server_price("DGX B200", ON).amount == 515_410


def test_every_server_holds_a_gpu_that_the_book_knows_and_has_a_range():
    assert len(server_names()) == len(servers(ON)) == 13
    assert {row.gpu for row in servers(ON)} <= set(gpu_names())
    assert [row.server for row in servers(ON) if row.low_usd == row.high_usd] == []


def test_a_server_costs_at_least_a_good_part_of_its_gpus():
    """Where the book has a price of the GPU: the modules are 60 to 90 % of the whole, and a street price may be 40 % off."""
    shares = {
        row.server: row.gpus * spec.purchase_usd / row.price_usd
        for row in servers(ON)
        for spec in [gpu_spec(row.gpu)]
        if spec.purchase_usd is not None
    }
    assert shares["HGX B200 x8"] == pytest.approx(8 * 40_000 / 450_000)
    assert {name: share for name, share in shares.items() if not 0.5 <= share <= 0.9} == {}


@pytest.mark.parametrize(
    ("name", "watts", "identity"),
    [
        ("DGX H100", 10_200, 8 * 700 * 1.8),  # 10,080 W
        ("DGX H200", 10_200, 8 * 700 * 1.8),
        ("DGX B200", 14_300, 8 * 1000 * 1.8),  # 14,400 W
    ],
)
def test_gpus_and_four_fifths_of_their_tdp_is_the_power_of_a_dgx(name, watts, identity):
    """NVIDIA's data sheets state the maximum; `GPUs x TDP x (1 + 0.8)` is within 2 % of it."""
    row = server(name, ON)
    tdp = gpu_spec(row.gpu).tdp_watts
    assert (row.max_watts, row.gpus * tdp * (1 + REST_OF_SERVER)) == (watts, pytest.approx(identity))
    assert identity == pytest.approx(watts, rel=0.02)


@pytest.mark.parametrize(("name", "rest"), [("HGX B300 x8", 0.648), ("RTX PRO 6000 x8", 0.396)])
def test_the_rest_is_less_in_a_b300_server_and_in_one_of_pcie_cards(name, rest):
    """14,500 / (8 x 1,100) - 1 = 0.648; 6,700 / (8 x 600) - 1 = 0.396: there the identity says 9 % and 29 % too much."""
    row = server(name, ON)
    assert row.max_watts / (row.gpus * gpu_spec(row.gpu).tdp_watts) - 1 == pytest.approx(rest, abs=0.001)


def test_the_books_own_figure_of_the_rest_holds_those_of_the_servers_with_modules():
    found = figure("server_rest_fraction_of_gpu_tdp", ON)
    assert (found.low, found.value, found.high) == (0.65, REST_OF_SERVER, 0.9)


def test_an_unknown_server_is_told_the_names():
    with pytest.raises(
        PriceNotFound, match=r"no server 'DGX H1000' in the book\. Near names: .*DGX H100.*All names: HGX"
    ):
        server_price("DGX H1000", ON)
    with pytest.raises(PriceNotFound, match=r"no server 'L4' .*GPUs: H100-SXM, .*server_price_usd"):
        server_price("L4", ON)


def test_a_price_outside_its_range_is_refused():
    fields = {"server": "s", "gpu": "g", "gpus": 1, "as_of": ON, "source": "x", "evidence": "listed"}
    with pytest.raises(ValueError, match="s: 5 is outside 6 to 7"):
        Server.model_validate({**fields, "price_usd": 5, "low_usd": 6, "high_usd": 7})


def test_the_users_discount_is_on_servers_and_colocation():
    book = Book(overrides=OwnPrices(factor=0.9))
    price = server_price("DGX B200", ON, book)
    assert (price.amount, price.layer) == (pytest.approx(0.9 * 515_410), "prices.yaml of 2026-11-23")
    assert colocation_price("US", ON, book).amount == pytest.approx(0.9 * 194.95)


def test_the_users_own_server_is_found_by_the_name_that_they_gave_it():
    book = Book(overrides=OwnPrices(own_price("our box", 99_000), own_price("H100-SXM", 5, per="gpu_hour"), factor=1.0))
    assert (server_price("our box", ON, book).amount, server_price("our box", ON, book).evidence) == (
        99_000,
        "contract",
    )
    # A price of another unit under a GPU's name is no price of a server.
    assert server_price("H100-SXM", ON, book).amount == 285_000


def test_meta_lengthened_its_servers_lives_three_times_and_amazon_turned_back():
    days = [date(2022, 5, 1), date(2022, 12, 1), date(2025, 1, 1)]
    assert [figure("book_life_months_meta", day).value for day in days] == [54, 60, 66]
    days = [date(2023, 1, 1), date(2024, 6, 1), ON]
    assert [figure("book_life_months_amazon", day).value for day in days] == [60, 72, 60]


def test_the_life_that_a_plan_takes_holds_those_of_the_filings():
    life = figure("book_life_months", ON)
    named = [figure(f"book_life_months_{firm}", ON).value for firm in ("microsoft", "alphabet", "meta", "amazon")]
    assert named == [72, 72, 66, 60]
    assert (life.low, life.value, life.high) == (36, min(named), max(named))


def test_colocation_rose_by_what_cbre_says_from_year_to_year():
    """CBRE states + 12.6 % for 2024; the + 6.5 % that it states for 2025 is against a 2024 that it has restated since."""
    years = [figure("colocation_usd_per_kw_month", date(year, 12, 31), "US").value for year in range(2022, 2026)]
    assert years == [137.86, 163.44, 184.06, 194.95]
    assert years[2] / years[1] == pytest.approx(1.126, abs=0.001)


def test_a_place_without_a_figure_gets_its_countrys_and_then_the_general_one():
    assert (figure("pue", ON, "US-VA").region, figure("pue", ON, "us-va").value) == ("US", 1.4)
    assert (figure("pue", ON, "DE").region, figure("pue", ON, "DE").value) == (None, 1.54)
    assert (figure("pue", ON, "europe").value, figure("pue", ON, "latin-america").value) == (1.5, 1.65)
    assert colocation_price("US-IL", ON).amount == 160
    assert (colocation_price("FR", ON).amount, colocation_price("FR", ON).region) == (217.3, None)


def test_a_figure_that_is_missing_is_told_what_there_is():
    with pytest.raises(
        PriceNotFound, match=r"no figure 'pues' in the book\. Near names: pue.*All names: pue, pue_modern"
    ):
        figure("pues", ON)


def test_failures_are_what_meta_counted():
    """Table 5 of the Llama 3 paper: 148 faulty GPUs and 72 of HBM3 in 54 days on 16,384 GPUs."""
    found = figure("gpu_failures_per_gpu_year", ON)
    assert found.value == pytest.approx(148 / 16_384 * 365 / 54, abs=5e-5)
    assert found.high == pytest.approx((148 + 72) / 16_384 * 365 / 54, abs=5e-5)


def test_infiniband_costs_between_a_small_and_a_large_fabric_per_gpu():
    """August 2024: (288,000 + 675,840) / 512 GPUs and (1,728,000 + 2,621,440) / 1,024 GPUs."""
    found = figure("networking_infiniband_usd_per_gpu", ON)
    assert (found.low, found.high) == (pytest.approx(963_840 / 512, abs=1), pytest.approx(4_349_440 / 1024, abs=1))


def test_what_was_not_looked_up_says_so_and_has_a_range():
    guesses = [row for row in figures() if row.evidence == "assumption"]
    assert {row.name for row in guesses} == {
        *("frontend_network_usd_per_server", "installation_usd_per_server", "spares_fraction_of_price")
    }
    assert [row.name for row in guesses if row.low is None or row.high is None] == []


def test_every_figure_and_server_has_a_source_and_no_reading_is_there_twice():
    rows = [*shipped_book().table("hardware_figures.csv"), *shipped_book().table("servers.csv")]
    assert [row for row in rows if not row["source"] or not row["as_of"]] == []
    assert len({(row.name, row.region, row.as_of) for row in figures()}) == len(figures()) == 35
    assert len(figure_names()) == 20


@pytest.mark.parametrize(
    ("kind", "months", "expected"),
    [
        ("gpu", 0, (1.0, 1.0, 1.0)),
        ("gpu", 12, (0.60, 0.70, 0.78)),
        ("gpu", 36, (0.25, 0.41, 0.70)),
        ("gpu", 18, ((0.60 + 0.42) / 2, (0.70 + 0.54) / 2, (0.78 + 0.74) / 2)),
        ("gpu", 240, (0.05, 0.20, 0.35)),
        ("server", 36, (0.25, 0.38, 0.45)),
        ("server", 60, (0.0, 0.12, 0.30)),
    ],
)
def test_resale_is_on_a_straight_line_between_the_years(kind, months, expected):
    found = residual_fraction(months, kind)
    assert (found.low, found.value, found.high) == pytest.approx(expected)


def test_h100_resale_holds_the_index_that_cannot_be_checked_and_the_sales_of_2026():
    """60 to 65 % after a year and 25 to 35 % after three; 24,500 of 35,000 USD was 70 % after three."""
    year, three = residual_fraction(12), residual_fraction(36)
    assert year.low == 0.60
    assert year.high > 0.65
    assert (three.low, three.high) == (0.25, pytest.approx(24_500 / 35_000))
    assert "cannot be checked" in (three.note or "")


def test_between_two_points_the_weaker_evidence_counts_and_both_sources():
    found = residual_fraction(54)
    assert found.evidence == "assumption"
    assert ("spotwire" in found.source, "not looked up" in found.source) == (True, True)
    assert residual_fraction(12).evidence == "literature"


@given(st.floats(min_value=0, max_value=90), st.floats(min_value=0, max_value=30), st.sampled_from(["gpu", "server"]))
def test_nothing_is_worth_more_later_and_every_value_is_within_its_range(months, later, kind):
    now, then = residual_fraction(months, kind), residual_fraction(months + later, kind)
    for one, other in ((now.low, then.low), (now.value, then.value), (now.high, then.high)):
        assert other <= one + 1e-12
    assert 0 <= now.low <= now.value <= now.high <= 1


def test_a_server_keeps_no_more_than_its_gpus():
    assert [m for m in range(61) if residual_fraction(m, "server").value > residual_fraction(m, "gpu").value] == []


def test_the_points_of_a_curve_are_a_year_apart():
    rows = [row for row in shipped_book().table("residuals.csv") if row["kind"] == "gpu"]
    months = [int(row["months"]) for row in rows]
    assert {later - earlier for earlier, later in pairwise(months)} == {12}
    assert months[-1] == 60


def test_a_wrong_age_or_kind_is_told():
    with pytest.raises(PriceNotFound, match="hardware is 0 months old or more, not -1"):
        residual_fraction(-1)
    with pytest.raises(PriceNotFound, match="not nan"):
        residual_fraction(float("nan"))
    with pytest.raises(PriceNotFound, match="no resale curve of 'car'; there is: gpu, server"):
        residual_fraction(12, "car")


def test_nothing_is_dated_in_the_future():
    days = [row.as_of for row in (*figures(), *servers(ON))]
    assert max(days) <= ON
