"""The page of prices: its head, its search, and the tabs of things; tokens, models and own prices have files of their own."""

from __future__ import annotations

from datetime import date
from statistics import median

import pytest

import pricing
from tests.views.conftest import at_page

ON = date(2026, 11, 23)


@pytest.fixture
def prices(open_app):
    app = at_page(open_app(), "prices")
    assert not app.exception
    return app


def open_tab(app, name):
    app.session_state["price_tabs"] = name
    app.run()
    assert not app.exception
    return app


def write(box, name):
    """Writes a name into a select box that takes any; AppTest itself can only choose from the list."""
    box.options.append(name)
    return box.set_value(name)


def words(app):
    return " ".join(element.value for element in (*app.markdown, *app.caption))


def test_the_head_names_the_book_and_counts_what_is_old(prices):
    listed = pricing.list_prices(on=ON)
    old = pricing.stale(listed, ON)

    assert f"Price book `{pricing.shipped_book().id}`, for 23 November 2026" in prices.caption[0].value
    assert (
        f"{len(old)} of {len(listed)} prices, API tokens aside, were read more than 180 days" in prices.caption[0].value
    )
    assert "your own prices" not in prices.caption[0].value


def test_the_market_table_holds_the_books_median_and_ends(prices):
    market = prices.dataframe[0].value
    row = market[(market["GPU"] == "H100-SXM") & (market["Landlord"] == "neocloud") & (market["Tier"] == "on-demand")]
    quote = pricing.rental_price("H100-SXM", on=ON, provider_class="neocloud")

    assert row[["Median", "Min", "Max", "Offers", "Oldest reading"]].to_numpy().tolist() == [
        [quote.price.amount, quote.low_usd_per_hour, quote.high_usd_per_hour, quote.count, quote.price.as_of]
    ]


def test_reserved_tiers_tell_what_is_listed_from_what_is_derived(prices):
    prices.segmented_control[0].select("reserved-1y").run()
    market = prices.dataframe[0].value
    expected = [price for price in pricing.rental_prices(ON) if price.tier == "reserved-1y"]

    assert {"reserved-1y"} == set(market["Tier"])
    assert len(expected) == market["Offers"].sum()
    assert sum(price.derived is not None for price in expected) == market["Derived"].sum()


def test_every_offer_has_its_link_its_date_and_its_layer(prices):
    prices.segmented_control[0].select("all tiers").run()
    offers = prices.dataframe[1].value
    expected = [price for price in pricing.rental_prices(ON) if price.item == "H100-SXM"]

    assert offers["USD"].median() == median(price.amount for price in expected)
    assert offers["Source"].tolist() == [price.source for price in expected]
    assert offers["As of"].tolist() == [price.as_of for price in expected]
    assert {"book"} == set(offers["Layer"])
    assert all(link.startswith("https://") and " " not in link for link in offers["Link"].dropna())


def test_managed_services_show_what_they_add_to_the_bare_machine(prices):
    managed = prices.dataframe[2].value
    row = managed[(managed["Service"] == "sagemaker") & (managed["GPU"] == "H100-SXM")].iloc[0]
    found = pricing.managed_price("sagemaker", "H100-SXM", ON)

    assert (found.usd_per_gpu_hour, pytest.approx(100 * found.premium_fraction)) == (
        row["USD per GPU-hour"],
        row["Over the bare machine"],
    )


def test_a_search_keeps_the_rows_with_all_its_words(prices):
    prices.text_input[0].set_value("h100 sxm").run()

    assert set(prices.dataframe[0].value["GPU"]) == {"H100-SXM"}


def test_a_search_without_a_hit_says_what_to_do(prices):
    prices.text_input[0].set_value("$nonsense").run()
    assert not prices.exception
    assert prices.info[0].value == (
        "No GPU\\-hour on\\-demand matches \\$nonsense\\. Choose all tiers, or search for fewer letters\\."
    )

    prices.segmented_control[0].select("all tiers").run()
    assert prices.info[0].value == "Nothing in the book matches \\$nonsense. Search for fewer letters."


@pytest.mark.parametrize("tab", ["API tokens", "Models", "Own hardware", "Energy", "Outlook", "What is stale"])
def test_no_tab_ends_in_an_accident_where_a_search_has_no_hit(prices, tab):
    prices.text_input[0].set_value("$nonsense").run()
    open_tab(prices, tab)

    assert "nonsense" in prices.info[0].value


def test_only_the_open_tab_is_computed(prices):
    assert len(prices.dataframe) == 3
    open_tab(prices, "Energy")
    assert len(prices.dataframe) == 1


def test_servers_and_gpus_are_those_of_the_book_with_their_ranges(prices):
    open_tab(prices, "Own hardware")
    servers, gpus = prices.dataframe[0].value, prices.dataframe[1].value
    found = pricing.server("HGX H100 x8", ON)
    row = servers[servers["Name"] == "HGX H100 x8"].iloc[0]

    assert [server.server for server in pricing.servers(ON)] == servers["Name"].tolist()
    assert (found.price_usd, found.low_usd, found.high_usd, found.max_watts) == tuple(
        row[["USD", "Low", "High", "Power (W)"]]
    )
    assert sorted(pricing.gpu_names()) == sorted(gpus["Name"])


def test_resale_values_and_figures_of_owning_are_those_of_the_book(prices):
    open_tab(prices, "Own hardware")
    points, figures = prices.dataframe[2].value, prices.dataframe[3].value
    aged = points[(points["What"] == "GPU alone") & (points["Months"] == 36)].iloc[0]
    upkeep = figures[figures["Name"] == "maintenance fraction per year"].iloc[0]
    found = pricing.residual_fraction(36)

    assert len(prices.get("vega_lite_chart")) == 1
    assert [100 * found.value, 100 * found.low, 100 * found.high] == pytest.approx(
        aged[["Share", "Low", "High"]].tolist()
    )
    assert pricing.figure("maintenance_fraction_per_year", ON).value == upkeep["Value"]
    assert {"pue", "economic life months", "book life months"} <= set(figures["Name"])


def test_electricity_is_that_of_the_book_with_the_grids_carbon_beside_it(prices):
    open_tab(prices, "Energy")
    table = prices.dataframe[0].value
    german = table[(table["Region"] == "DE") & (table["Sector"] == "industrial")]
    quote = pricing.electricity_price("DE", on=ON)

    assert german[["USD per kWh", "Low", "High", "CO₂ (g/kWh)"]].to_numpy().tolist() == [
        [quote.price.amount, quote.low_usd_per_kwh, quote.high_usd_per_kwh, pricing.carbon_intensity("DE").value]
    ]


def test_a_place_with_several_readings_has_a_history_and_one_with_one_says_so(prices):
    open_tab(prices, "Energy")
    prices.selectbox(key="energy_region").select("DE").run()
    assert len(prices.get("vega_lite_chart")) == 1

    prices.selectbox(key="energy_region").select("SG").run()
    assert not prices.exception
    assert len(prices.get("vega_lite_chart")) == 0
    assert "The book has one reading of SG" in words(prices)


def test_price_paths_are_those_of_the_book_and_say_what_they_are_for(prices):
    open_tab(prices, "Outlook")
    table = prices.dataframe[0].value
    row = table[(table["Series"] == "The same GPU") & (table["Months"] == 36)].iloc[0]
    path = pricing.price_path("gpu-rent", 36, as_of=ON)
    yearly = path.yearly_change()

    assert len(prices.get("vega_lite_chart")) == 3
    assert [path.p10_factor, path.p90_factor] == row[["1 in 10 below", "9 in 10 below"]].tolist()
    assert [100 * yearly.low, 100 * yearly.high] == row[["Low per year", "High per year"]].tolist()
    assert "`price_change_per_year_fraction`" in words(prices)


def test_announced_changes_are_listed_from_the_day_of_the_plan_on(prices):
    open_tab(prices, "Outlook")

    assert [change.seen_on for change in pricing.announced_changes(ON)] == prices.dataframe[1].value["From"].tolist()


def test_a_plan_before_the_history_says_that_there_is_no_forecast(open_app):
    app = open_tab(at_page(open_app(as_of="2022-01-01"), "prices"), "Outlook")

    assert "too little history" in app.info[0].value
    assert len(app.get("vega_lite_chart")) == 0


def test_what_is_stale_is_what_the_check_finds(prices):
    open_tab(prices, "What is stale")
    report = pricing.health(on=ON)
    labels = [expander.label for expander in prices.expander]
    table = prices.dataframe[0].value
    old = pricing.stale(pricing.list_prices(on=ON), ON)

    assert f"**{report.problems} problems, {len(report.findings) - report.problems} cautions**" in words(prices)
    assert len(report.findings) == len(labels)
    assert "(problem)" in labels[0]
    assert "`tco prices refresh`" in words(prices)
    assert len(old) == len(table)
    assert max((ON - price.as_of).days for price in old) == table["Days old"].iloc[0]


def test_no_table_shows_nan(prices):
    for tab in ("GPU rental", "API tokens", "Own hardware", "Energy", "Outlook", "What is stale"):
        open_tab(prices, tab)
        for table in prices.dataframe:
            assert "–" == table.proto.placeholder
            assert not {"nan", "NaN", "None"} & set(table.value.astype(object).to_numpy().ravel().tolist())
