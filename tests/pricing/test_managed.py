from __future__ import annotations

from datetime import date

import pytest

from pricing.book import Book, shipped_book
from pricing.managed import ManagedRow, managed_price, managed_prices
from pricing.own.overrides import Overrides
from pricing.own.rows import PricesFile
from pricing.price import PriceNotFound
from pricing.rental import rental_price

ON = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("gpu", "instance", "managed", "bare"),
    [
        # SageMaker's list of 2026-09-01 and EC2's, USD per machine-hour.
        ("H100-SXM", "ml.p5.48xlarge", 63.296, 55.04),
        ("A100-40GB-SXM", "ml.p4d.24xlarge", 25.251286, 21.95764),
        ("A10G", "ml.g5.12xlarge", 7.09, 5.672),
        ("L4", "ml.g6.48xlarge", 16.688, 13.3504),
    ],
)
def test_the_premium_of_sagemaker_is_its_list_over_ec2s(gpu, instance, managed, bare):
    row = next(row for row in managed_prices(ON) if (row.service, row.instance) == ("sagemaker", instance))
    assert (row.gpu, row.usd_per_hour, row.bare.on_demand_usd_per_hour) == (gpu, managed, bare)
    assert row.premium_fraction == pytest.approx(managed / bare - 1)
    assert (row.price.evidence, row.price.derived) == ("listed", None)


def test_sagemaker_adds_15_per_cent_to_p_machines_and_25_to_40_to_g_machines():
    rows = [row for row in managed_prices(ON) if row.service == "sagemaker" and row.premium_fraction is not None]
    p = {round(row.premium_fraction, 2) for row in rows if row.instance.startswith("ml.p")}
    g = {round(row.premium_fraction, 2) for row in rows if row.instance.startswith("ml.g")}
    assert (p, g) == ({0.15}, {0.25, 0.40})


def test_vertex_is_the_sum_of_its_listed_items_and_15_per_cent_over_compute_engine():
    row = managed_price("vertex-ai", "H100-SXM", ON)
    # GPU, 26 cores and 234 GB as billed in us-central1.
    assert row.usd_per_hour == pytest.approx(11.2660332 + 26 * 0.0293227 + 234 * 0.0025534, abs=1e-6)
    assert row.premium_fraction == pytest.approx(0.15, abs=1e-4)
    assert row.bare.instance == "a3-highgpu-1g"


def test_a_price_made_from_the_bare_machine_says_how_and_is_no_listed_one():
    row = managed_price("vertex-ai", "A100-40GB-SXM", ON)
    assert row.usd_per_gpu_hour == pytest.approx(3.67339 * 1.15, rel=1e-4)
    assert (row.price.evidence, row.price.derived) == ("assumption", "bare machine 3.673 x (1 + 0.15)")
    assert row.price.as_of == date(2025, 8, 16)


def test_azure_ml_costs_what_its_machine_costs_and_that_is_an_experts_word():
    row = managed_price("azure-ml", "H100-NVL", ON)
    # Standard_NC40ads_H100_v5 in eastus.
    assert (row.usd_per_gpu_hour, row.bare.on_demand_usd_per_hour, row.premium_fraction) == (6.98, 6.98, 0)
    assert row.price.evidence == "expert"


def test_hugging_face_is_cheaper_than_the_cloud_below_it_per_gpu_hour():
    row = managed_price("hf-endpoints", "A100-80GB-SXM", ON)
    # 2.5 against p4de.24xlarge at 27.44705 / 8, both of August 2026; not the 40.965 of before the cut.
    assert (row.usd_per_gpu_hour, row.bare.on_demand_usd_per_hour) == (2.5, 27.44705)
    assert row.premium_fraction == pytest.approx(2.5 / (27.44705 / 8) - 1)


def test_the_premium_is_of_one_time_where_the_book_has_both_prices_then():
    p5 = next(row for row in managed_prices(date(2025, 6, 1)) if row.instance == "ml.p5.48xlarge")
    # On that day EC2 asked 98.32, but SageMaker's first reading is of 2026.
    assert (p5.bare.on_demand_usd_per_hour, round(p5.premium_fraction, 4)) == (55.04, 0.15)


def test_where_there_is_no_bare_machine_there_is_no_premium():
    assert {row.premium_fraction for row in managed_prices(ON) if row.service == "modal"} == {None}


def test_the_cheapest_machine_per_gpu_hour_is_the_price():
    row = managed_price("SageMaker", "a10g", ON)
    assert (row.instance, row.usd_per_gpu_hour) == ("ml.g5.xlarge", 1.41)
    assert managed_price("sagemaker", "A10G", ON, region="us-west-2") == row


def test_every_managed_price_is_found_by_rental_price_too():
    for row in managed_prices(ON):
        quote = rental_price(row.gpu, on=ON, provider_class="managed")
        assert row.price in quote.rows


def test_the_users_discount_comes_off_the_price_and_not_off_the_premium():
    discount = {"provider": "aws-sagemaker", "discount_fraction": 0.5, "source": "a letter"}
    content = PricesFile.model_validate({"schema": 1, "discounts": [discount]})
    book = shipped_book().with_overrides(Overrides(content=content))
    row = managed_price("sagemaker", "H100-SXM", ON, book=book)
    assert (row.usd_per_hour, row.usd_per_gpu_hour) == (63.296 / 2, 63.296 / 16)
    assert row.premium_fraction == pytest.approx(0.15)
    assert row.price in rental_price("H100-SXM", on=ON, provider_class="managed", book=book).rows


def test_a_surcharge_over_a_machine_that_is_gone_is_left_out_and_a_listed_price_loses_its_premium(tmp_path):
    kept = [
        line
        for line in shipped_book().text("gpu_rental.csv").splitlines()
        if "p5.48xlarge" not in line and ",azure," not in line
    ]
    (tmp_path / "gpu_rental.csv").write_text("\n".join(kept))
    book = Book(newer={"gpu_rental.csv": tmp_path / "gpu_rental.csv"})
    assert "azure-ml" not in {row.service for row in managed_prices(ON, book)}
    assert managed_price("sagemaker", "H100-SXM", ON, book=book).premium_fraction is None


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            ("sagemakr", "H100-SXM"),
            r"no managed service 'sagemakr' in the book\. Near names: sagemaker\. There is: azure-ml",
        ),
        (
            ("bedrock", "H100-SXM"),
            r"no managed service 'bedrock'.*There is: azure-ml, hf-endpoints, modal, sagemaker, vertex",
        ),
        (("sagemaker", "B200-SXM"), r"sagemaker has no 'B200-SXM'\. There is: A100-40GB-SXM \(us-west-2\), A10G"),
    ],
)
def test_a_miss_says_what_there_is(asked, message):
    with pytest.raises(PriceNotFound, match=message):
        managed_price(*asked, ON)


def test_a_region_that_the_service_is_not_read_in_is_told_which_are():
    with pytest.raises(PriceNotFound, match=r"sagemaker has no 'L4' in 'eu-west-1'\. There is: .*L4 \(us-west-2\)"):
        managed_price("sagemaker", "L4", ON, region="eu-west-1")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"usd_per_hour": None}, "give either usd_per_hour or premium_fraction"),
        ({"premium_fraction": 0.1}, "give either usd_per_hour or premium_fraction"),
        ({"usd_per_hour": None, "premium_fraction": 0.1}, "a premium needs the bare machine"),
    ],
)
def test_a_row_has_a_price_or_a_surcharge_over_something(changes, message):
    row = {
        "service": "x",
        "provider": "x",
        "provider_class": "managed",
        "gpu": "L4",
        "instance": "a",
        "gpu_count": 1,
        "usd_per_hour": 1.0,
        "evidence": "listed",
        "as_of": "2026-08-01",
        "source": "https://example.com",
    }
    with pytest.raises(ValueError, match=message):
        ManagedRow.model_validate(row | changes)


def test_every_row_has_a_link_a_day_not_after_the_books_and_comes_out():
    rows = shipped_book().table("managed.csv")
    assert [row for row in rows if "https://" not in row["source"]] == []
    assert [row for row in rows if date.fromisoformat(row["as_of"]) > shipped_book().as_of] == []
    assert len(managed_prices(ON)) == len(rows) == 49
