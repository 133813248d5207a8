import tempfile

import pytest

from probes.loadgen.kept import KeptAnswers
from probes.trace import RawAnswer


def _answer(number: int, *pieces: bytes) -> RawAnswer:
    reads = tuple((1_000 * number + place, piece) for place, piece in enumerate(pieces))
    return RawAnswer(scheduled_ns=1, sent_ns=2, ended_ns=3, reads=reads, status=200, number=number, retry_after_s=1.5)


ANSWERS = [_answer(0, b"a", b"", b"bcd"), _answer(1), _answer(2, b"x" * 50, b"y" * 50), _answer(3, b"z")]


@pytest.mark.parametrize("memory_bytes", [0, 3, 10, 1_000])
def test_answers_come_back_as_they_were_from_memory_and_from_disk(memory_bytes):
    kept = KeptAnswers(memory_bytes)
    for answer in ANSWERS:
        kept.add(answer)
    assert (4, memory_bytes < 1_000) == (len(kept), kept.spilled)
    assert ANSWERS == list(kept.take_all())
    assert (0, []) == (len(kept), list(kept.take_all()))
    kept.close()


def test_a_full_disk_is_an_error_and_not_a_silent_loss(monkeypatch):
    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    kept = KeptAnswers(10)
    with pytest.raises(OSError, match="No space left"):
        kept.add(ANSWERS[2])
