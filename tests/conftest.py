"""What all tests share: no price snapshot that this machine's user may have fetched, and an end to what hangs."""

from __future__ import annotations

import contextlib
import faulthandler
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

_AFTER_TIMEOUT_S = 30.0
_stderr: list[int] = []


def pytest_configure() -> None:
    # Here the standard error is not yet captured.
    _stderr.append(os.dup(2))
    # An example that takes 0.2 s on a busy machine is no fault. What else is set, as in CI, stays.
    settings.register_profile("no-clock", settings(), deadline=None)
    settings.load_profile("no-clock")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with _ended(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with _ended(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    with _ended(item):
        return (yield)


@contextlib.contextmanager
def _ended(item: pytest.Item) -> Iterator[None]:
    """Ends a process whose test hangs, and tells its stacks; under xdist the test has then crashed, and the others go on.

    pytest-timeout's signal comes first. It reaches nothing in a library's C++ code, and it comes once a test: when a test is
    tried again, its second try has no limit but this.
    """
    marker = item.get_closest_marker("timeout")
    limit_s = float(marker.args[0] if marker else item.config.getini("timeout"))
    faulthandler.dump_traceback_later(limit_s + _AFTER_TIMEOUT_S, exit=True, file=_stderr[0])
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True, scope="session")
def _only_the_shipped_prices(tmp_path_factory: pytest.TempPathFactory) -> None:
    # For subprocesses too, therefore the environment.
    os.environ["TCO_PRICES_FOLDER"] = str(tmp_path_factory.mktemp("no-snapshots"))
