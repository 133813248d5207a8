from __future__ import annotations

import csv
import io
import zipfile
from datetime import date

import pytest

from pricing.offers import rental_offers
from pricing.sources import gpuhunt

SEEN = date(2026, 11, 23)

HEADER = (
    "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size,gpu_vendor,flags,cpu_arch,"
    "provider_data"
)
P5 = "p5.48xlarge,us-east-1,55.04,192,2048.0,8,H100,80.0,False,,nvidia,,x86,{}"
P5_SPOT = "p5.48xlarge,us-east-1,16.9508,192,2048.0,8,H100,80.0,True,,nvidia,,x86,{}"


def zipped(*lines, name="aws.csv", header=HEADER):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, "\r\n".join([header, *lines]) + "\r\n")
    return packed.getvalue()


def line(**changes):
    cells = next(csv.DictReader([HEADER, P5])) | changes
    return ",".join(str(cells[name]) for name in HEADER.split(","))


def accepted(*lines, name="aws.csv"):
    screened = gpuhunt.read(zipped(*lines, name=name), SEEN)
    assert screened.rejected == []
    return screened.accepted


def reasons(*lines, name="aws.csv"):
    screened = gpuhunt.read(zipped(*lines, name=name), SEEN)
    assert screened.accepted == []
    return [reject.reason for reject in screened.rejected]


def test_on_demand_and_spot_rows_of_one_machine_are_one_offer():
    [offer] = accepted(P5, P5_SPOT)
    assert (offer.gpu, offer.provider, offer.provider_class) == ("H100-SXM", "aws", "hyperscaler")
    assert (offer.instance, offer.gpu_count, offer.region) == ("p5.48xlarge", 8, "us-east-1")
    assert (offer.on_demand_usd_per_hour, offer.spot_usd_per_hour, offer.as_of) == (55.04, 16.9508, SEEN)
    assert offer.source == f"{gpuhunt.BASE_URL}/aws/latest/catalog.zip (gpuhunt)"


def test_zones_are_one_region_at_the_lowest_price():
    # Google Cloud's rows are by zone; the spot price may differ between two.
    rows = [
        line(instance_name="a3-highgpu-8g", location=f"us-east4-{zone}", price=usd, spot=spot)
        for zone, usd, spot in [("a", 88.49, False), ("b", 88.49, False), ("a", 34.2, True), ("b", 33.1, True)]
    ]
    [offer] = accepted(*rows, name="gcp.csv")
    assert (offer.region, offer.on_demand_usd_per_hour, offer.spot_usd_per_hour) == ("us-east4", 88.49, 33.1)


@pytest.mark.parametrize(
    ("seller", "instance", "gpu", "memory", "name"),
    [
        ("aws", "p4d.24xlarge", "A100", "40.0", "A100-40GB-SXM"),
        ("aws", "g6e.12xlarge", "L40S", "48.0", "L40S"),
        ("azure", "Standard_ND96isr_H200_v5", "H200", "141.0", "H200-SXM"),
        ("azure", "Standard_ND96amsr_A100_v4", "A100", "80.0", "A100-80GB-SXM"),
        ("azure", "Standard_NC24ads_A100_v4", "A100", "80.0", "A100-80GB-PCIe"),
        ("azure", "Standard_NC40ads_H100_v5", "H100NVL", "94.0", "H100-NVL"),
        ("lambdalabs", "gpu_1x_h100_pcie", "H100", "80.0", "H100-PCIe"),
        ("lambdalabs", "gpu_8x_h100_sxm5", "H100", "80.0", "H100-SXM"),
        ("lambdalabs", "gpu_1x_a100", "A100", "40.0", "A100-40GB-unstated"),
        ("nebius", "gpu-h100-sxm 8gpu-128vcpu-1600gb", "H100", "80", "H100-SXM"),
        ("runpod", "NVIDIA H100 80GB HBM3", "H100", "80.0", "H100-SXM"),
        ("runpod", "NVIDIA A100 80GB PCIe", "A100", "80.0", "A100-80GB-PCIe"),
        ("runpod", "NVIDIA RTX 6000 Ada Generation", "RTX6000Ada", "48", "RTX 6000 Ada"),
        ("verda", "8H100.80S.176V", "H100", "80.0", "H100-SXM"),
        ("cloudrift", "mi350x.1", "MI350X", "288", "MI350X"),
    ],
)
def test_a_part_has_the_books_name_by_name_memory_and_machine(seller, instance, gpu, memory, name):
    place = {"azure": "eastus", "gcp": "us-east4-a"}.get(seller, "us-east-1")
    row = line(instance_name=instance, gpu_name=gpu, gpu_memory=memory, location=place)
    [offer] = accepted(row, name=f"{seller}.csv")
    assert offer.gpu == name


def test_runpods_community_machines_are_a_marketplace_and_carry_their_number_of_gpus():
    rows = [
        line(instance_name="NVIDIA L40S", gpu_name="L40S", gpu_memory=48, gpu_count=2, location=place, price=usd)
        for place, usd in (("US-KS-2", 1.72), ("US", 1.58))
    ]
    assert [(o.provider_class, o.instance) for o in accepted(*rows, name="runpod.csv")] == [
        ("neocloud", "2x NVIDIA L40S"),
        ("marketplace", "2x NVIDIA L40S"),
    ]


def test_machines_without_a_gpu_are_passed_over():
    assert accepted(P5, "m5.large,us-east-1,0.096,2,8.0,0,,,False,,,,x86,{}") == accepted(P5)


def test_gpus_attached_to_a_general_machine_and_lesser_regions_are_passed_over():
    n1 = line(
        instance_name="n1-standard-96", location="us-east4-a", gpu_name="T4", gpu_memory=16, gpu_count=1, price=4.9
    )
    assert accepted(n1, name="gcp.csv") == []
    assert accepted(P5, line(location="ap-southeast-5")) == accepted(P5)


def test_one_price_in_all_regions_of_a_smaller_seller_is_one_offer_without_a_region():
    rows = [
        line(instance_name="8H100.80S.176V", location=place, price=26.0) for place in ("FIN-01", "FIN-03", "ICE-01")
    ]
    [offer] = accepted(*rows, name="verda.csv")
    assert (offer.region, offer.on_demand_usd_per_hour) == (None, 26.0)
    dearer = accepted(*rows[:2], line(instance_name="8H100.80S.176V", location="ICE-01", price=27.0), name="verda.csv")
    assert [(o.region, o.on_demand_usd_per_hour) for o in dearer] == [
        ("FIN-01", 26.0),
        ("FIN-03", 26.0),
        ("ICE-01", 27.0),
    ]
    assert [o.region for o in accepted(P5, line(location="us-west-2"))] == ["us-east-1", "us-west-2"]


def test_every_region_of_the_shipped_table_is_read():
    for offer in rental_offers():
        assert offer.region is None or offer.region in gpuhunt._REGIONS.get(offer.provider, (offer.region,))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gpu_name": "Z900"}, "the book has no GPU 'Z900' with 80.0 GB"),
        # A sixth of an A10, as Azure lets it.
        ({"gpu_name": "A10", "gpu_memory": "4.0"}, "the book has no GPU 'A10' with 4.0 GB"),
        ({"gpu_memory": ""}, "the book has no GPU 'H100' with unstated GB"),
        ({"price": "-1"}, "price '-1' is not an amount above 0"),
        ({"price": "0"}, "price '0' is not an amount above 0"),
        ({"price": "nan"}, "price 'nan' is not an amount above 0"),
        ({"price": "inf"}, "price 'inf' is not an amount above 0"),
        ({"price": "free"}, "price 'free' is not an amount above 0"),
        ({"price": ""}, "price: empty or not readable"),
        ({"gpu_count": "-8"}, "gpu_count '-8' is not a whole number above 0"),
        ({"gpu_count": "0.5"}, "gpu_count '0.5' is not a whole number above 0"),
        ({"spot": "maybe"}, "spot: empty or not readable"),
        (
            {"price": "1e9"},
            "on-demand is 1.25e+08 USD per GPU-hour, outside 0.01 to 200: this is another unit",
        ),
    ],
)
def test_a_row_that_is_no_offer_is_turned_away_with_the_reason(changes, reason):
    assert reasons(line(**changes)) == [reason]


def test_the_screen_of_the_book_applies():
    # Spot above on-demand, as one catalogue had it.
    assert reasons(line(price=33.61), line(price=42.71, spot=True)) == [
        "spot 42.71 USD/h is above on-demand 33.61 USD/h: one of them is not a list price"
    ]


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (b"", "not a ZIP that can be read"),
        (b"<html><body>404 Not Found</body></html>", "not a ZIP that can be read"),
        (zipped(P5)[:-30], "not a ZIP that can be read"),
        (zipped(P5, name="../../etc/passwd"), "this ZIP holds ../../etc/passwd"),
        (zipped(P5, name="somebody.csv"), "one of aws.csv, azure.csv"),
        (zipped("1,2", header="a,b"), "aws.csv has no column instance_name, location, price"),
        (zipped("<html>", header="<!doctype html>"), "aws.csv has no column instance_name"),
    ],
)
def test_what_is_no_catalogue_ends_in_a_sentence(items, message):
    with pytest.raises(ValueError, match=message):
        gpuhunt.read(items, SEEN)


def test_bytes_that_are_no_text_end_in_a_sentence():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("aws.csv", b"\xff\xfe\x00\x80")
    with pytest.raises(ValueError, match="not UTF-8 text"):
        gpuhunt.read(packed.getvalue(), SEEN)


def test_a_zip_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(gpuhunt, "MAX_CSV_BYTES", 1_000_000)
    bomb = zipped("0" * 5_000_000)
    assert len(bomb) < 10_000
    with pytest.raises(ValueError, match="unpacks to more than 0 MiB"):
        gpuhunt.read(bomb, SEEN)


def test_a_flood_of_rows_is_refused(monkeypatch):
    monkeypatch.setattr(gpuhunt, "MAX_ROWS", 2)
    assert len(gpuhunt.read(zipped(P5, P5_SPOT), SEEN).accepted) == 1
    with pytest.raises(ValueError, match=r"aws\.csv has more than 2 rows"):
        gpuhunt.read(zipped(P5, P5_SPOT, P5), SEEN)


def test_there_is_one_fixed_https_address_a_seller():
    assert len(gpuhunt.urls()) == 9
    assert gpuhunt.urls()[0] == "https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com/v3/aws/latest/catalog.zip"
    assert {url.split("/")[2] for url in gpuhunt.urls()} == {"dstack-gpu-pricing.s3.eu-west-1.amazonaws.com"}


def test_gpuhunts_own_reader_and_writer_agree_with_ours(tmp_path):
    """The package writes the catalogue, both readers read it; needs `gpuhunt` of the dev group."""
    storage = pytest.importorskip("gpuhunt._internal.storage")
    models = pytest.importorskip("gpuhunt._internal.models")
    nvidia = models.AcceleratorVendor.NVIDIA
    items = [
        models.CatalogItem("aws", "p5.48xlarge", "us-east-1", 55.04, 192, 2048.0, 8, "H100", 80.0, False, None, nvidia),
        models.CatalogItem("aws", "g6.xlarge", "us-east-1", 0.8048, 4, 16.0, 1, "L4", 24.0, False, None, nvidia),
        models.CatalogItem("aws", "m5.large", "us-east-1", 0.096, 2, 8.0, 0, None, None, False, None),
    ]
    storage.dump(items, str(tmp_path / "aws.csv"))
    written = (tmp_path / "aws.csv").read_text()
    assert written.splitlines()[0] == HEADER
    theirs = [item for item in storage.load(io.StringIO(written), provider="aws") if item.gpu_count]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("aws.csv", written)
    ours = gpuhunt.read(packed.getvalue(), SEEN).accepted
    assert [(i.instance_name, i.location, i.gpu_count, i.price) for i in theirs] == [
        (o.instance, o.region, o.gpu_count, o.on_demand_usd_per_hour) for o in ours
    ]
    assert [o.gpu for o in ours] == ["H100-SXM", "L4"]
