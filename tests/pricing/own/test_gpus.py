from __future__ import annotations

from datetime import date

import pytest

from pricing.gpus import gpu_spec
from pricing.own.file import parse_overrides
from pricing.own.gpus import gpu_specs
from pricing.own.rows import OwnGpu
from pricing.yaml_file import FileError

NEW = {
    "gpu": "MYGPU-96GB",
    "vendor": "acme",
    "memory_gb": 96,
    "memory_bandwidth_gb_per_s": 2000,
    "bf16_dense_tflops": 300,
    "tdp_watts": 350,
    "purchase_usd": 9000,
    "driver_names": ["ACME MYGPU", "MYGPU 96"],
    "as_of": "2026-10-01",
    "source": "data sheet, revision 3",
}


def spec(**changes):
    (found,) = gpu_specs([OwnGpu.model_validate(changes)], "prices.yaml")
    return found


def test_a_new_gpu_has_the_figures_and_the_source_of_the_file():
    new = spec(**NEW)
    assert (new.gpu, new.vendor, new.memory_gb, new.memory_bandwidth_gb_per_s) == ("MYGPU-96GB", "acme", 96, 2000)
    assert (new.bf16_dense_tflops, new.fp8_dense_tflops, new.tdp_watts, new.link_gb_per_s) == (300, None, 350, None)
    assert {new.src_memory, new.src_bandwidth, new.src_flops, new.src_tdp} == {"data sheet, revision 3"}
    assert new.src_link is None
    assert (new.purchase_usd, new.purchase_low_usd, new.purchase_as_of) == (9000, None, date(2026, 10, 1))
    assert (new.evidence, new.purchase_evidence) == ("expert", "expert")
    assert new.driver_names == ("ACME MYGPU", "MYGPU 96")


def test_a_correction_keeps_what_it_does_not_say_and_names_what_it_says():
    book = gpu_spec("L40S")
    mine = spec(gpu="l40s", tdp_watts=300, as_of="2026-10-01", source="power limit", evidence="measured")
    changed = {name for name in type(book).model_fields if getattr(mine, name) != getattr(book, name)}
    assert changed - {"layer"} == {"tdp_watts", "src_tdp", "note"}
    assert (mine.gpu, mine.tdp_watts, mine.src_tdp) == ("L40S", 300, "power limit")
    assert mine.note == f"own figures of 2026-10-01 (power limit): tdp_watts; {book.note}"


def test_a_corrected_gpu_is_as_sure_as_its_weakest_figure():
    assert gpu_spec("T4").evidence == "literature"
    assert spec(gpu="T4", tdp_watts=60, as_of="2026-10-01", source="s", evidence="measured").evidence == "literature"
    assert spec(gpu="T4", tdp_watts=60, as_of="2026-10-01", source="s").evidence == "expert"


def test_a_range_of_the_book_goes_with_the_figure_that_gave_way():
    book = gpu_spec("A10G")
    assert "tdp_watts" in {spread.figure for spread in book.uncertain}
    mine = spec(gpu="A10G", tdp_watts=160, as_of="2026-10-01", source="power limit")
    assert mine.uncertain == tuple(spread for spread in book.uncertain if spread.figure != "tdp_watts")


def test_an_own_purchase_price_does_not_keep_the_range_of_the_books():
    book = gpu_spec("H100-SXM")
    assert (book.purchase_usd, book.purchase_low_usd) == (30_000, 18_000)
    mine = spec(gpu="H100-SXM", purchase_usd=27_000, as_of="2026-10-01", source="quotation", evidence="invoice")
    assert (mine.purchase_usd, mine.purchase_low_usd, mine.purchase_high_usd) == (27_000, None, None)
    assert (mine.purchase_evidence, mine.purchase_as_of) == ("invoice", date(2026, 10, 1))


def test_a_new_gpu_without_a_needed_figure_is_refused_and_named():
    row = {key: value for key, value in NEW.items() if key != "memory_gb"}
    with pytest.raises(FileError, match=r"`gpus\[0\]`: the book does not know MYGPU-96GB, so it needs memory_gb too"):
        spec(**row)


def test_gpus_of_a_file_are_specifications_in_its_order():
    text = "gpus: [{gpu: T4, tdp_watts: 60, as_of: 2026-01-01, source: s}, {gpu: L4, tdp_watts: 70, as_of: 2026-01-01, source: s}]"
    assert [(gpu.gpu, gpu.tdp_watts) for gpu in parse_overrides(text).gpus] == [("T4", 60), ("L4", 70)]


def test_a_corrected_figure_leaves_the_price_the_books():
    corrected = spec(gpu="H100-SXM", tdp_watts=600, as_of="2026-10-01", source="power limit")
    assert (corrected.tdp_watts, corrected.layer) == (600, "prices.yaml: gpus[0] (H100-SXM)")
    assert corrected.purchase_price == gpu_spec("H100-SXM").purchase_price
    priced = spec(gpu="H100-SXM", purchase_usd=20_000, as_of="2026-10-01", source="quotation")
    assert (priced.purchase_price.amount, priced.purchase_price.layer) == (20_000, "prices.yaml: gpus[0] (H100-SXM)")
