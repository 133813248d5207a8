"""What all tests share: no price snapshot that this machine's user may have fetched."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def _only_the_shipped_prices(tmp_path_factory: pytest.TempPathFactory) -> None:
    # For subprocesses too, therefore the environment.
    os.environ["TCO_PRICES_FOLDER"] = str(tmp_path_factory.mktemp("no-snapshots"))
