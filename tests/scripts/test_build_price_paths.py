from __future__ import annotations

from pricing.book import shipped_book
from pricing.outlook.paths import PricePath
from scripts.build_price_paths import quarterly_rows


def test_the_shipped_table_is_what_the_histories_give():
    shipped = [PricePath.model_validate(row) for row in shipped_book().table("price_paths.csv")]
    assert [PricePath.model_validate(row) for row in quarterly_rows()] == shipped
