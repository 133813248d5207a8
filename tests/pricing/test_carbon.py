from __future__ import annotations

import pytest

from pricing.book import shipped_book
from pricing.carbon import carbon_intensity, carbon_regions, grams_per_kwh
from pricing.electricity import electricity_quotes
from pricing.price import PriceNotFound


@pytest.mark.parametrize(
    ("region", "grams"),
    # Our World in Data, carbon intensity of electricity, 2023.
    [("US", 369), ("DE", 381), ("FR", 56), ("SE", 41), ("GB", 238), ("IN", 713), ("JP", 485), ("CN", 582)],
)
def test_countries_are_as_our_world_in_data_publishes_them_for_2023(region, grams):
    figure = carbon_intensity(region)
    assert (round(figure.value), figure.unit, figure.as_of.year) == (grams, "g_per_kwh", 2023)
    assert "github.com/owid/energy-data" in figure.source


def test_a_state_is_its_pounds_as_the_epa_publishes_them_in_grams():
    # EPA eGRID2023: Virginia 539.599 lb/MWh; 539.599 x 453.59237 / 1000 = 244.758 g/kWh.
    figure = carbon_intensity("us-va")
    assert figure.value == pytest.approx(244.758, abs=0.0005)
    assert figure.note == "Virginia; CO2 equivalent; mean of 2023; 539.599 lb/MWh x 453.59237 / 1000"


def test_a_pound_per_megawatt_hour_is_less_than_half_a_gram_per_kilowatt_hour():
    assert grams_per_kwh(2204.62262185) == pytest.approx(1000, abs=1e-6)


def test_the_states_are_all_fifty_and_the_district():
    states = [region for region in carbon_regions() if region.startswith("US-")]
    assert len(states) == len(set(states)) == 51
    assert {"US-WY", "US-DC", "US-HI"} <= set(states)


def test_the_dirtiest_and_the_cleanest_state_are_the_ones_that_are_known_for_it():
    states = sorted(
        (region for region in carbon_regions() if region.startswith("US-")), key=lambda r: carbon_intensity(r).value
    )
    assert (states[0], set(states[-3:])) == ("US-VT", {"US-WV", "US-WY", "US-KY"})


def test_a_cloud_region_is_the_grid_that_it_stands_on():
    assert (carbon_intensity("gcp/europe-west9").value, carbon_intensity("GCP/us-east4").value) == (34, 322)
    assert "the copy states no year" in (carbon_intensity("gcp/us-east4").note or "")


def test_a_chinese_province_counts_co2_alone_and_says_so():
    beijing = carbon_intensity("CN-BJ")
    assert (beijing.value, "CO2 only" in (beijing.note or "")) == (555.4, True)


def test_every_country_with_a_price_of_electricity_has_its_carbon():
    priced = {quote.region for quote in electricity_quotes()}
    # The mean of the Union and Kosovo have none.
    assert priced - set(carbon_regions()) == {"EU", "XK"}


def test_every_row_has_a_source_and_no_region_is_there_twice():
    rows = shipped_book().table("carbon.csv")
    assert len(rows) == len({row["region"] for row in rows}) == len(carbon_regions()) == 333
    assert [row for row in rows if "https://" not in (row["source"] or "") or not row["as_of"]] == []


@pytest.mark.parametrize("region", ["US-ZZ", "ATLANTIS", "", "USA", "gcp"])
def test_an_unknown_region_is_told_what_to_write(region):
    with pytest.raises(PriceNotFound, match=r"no carbon intensity for .*ISO country such as DE.*US-VA.*CN-BJ"):
        carbon_intensity(region)
