"""What the tests of the sweep share."""

from __future__ import annotations

import pytest

from probes.analysis import evidence
from probes.loadgen.bound import ClientVerdict


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A measuring client that is never the bottleneck, where a busy test machine is not the test's matter."""
    monkeypatch.setattr(evidence, "judge_client", lambda **_: ClientVerdict(bound=False, late=False))
