from probes.workload import shared
from probes.workload.prompts import Alphabet

ALPHABET = Alphabet.of("token_ids", 128_256)


def test_a_beginning_that_grows_keeps_its_start():
    beginnings = shared.CommonBeginnings(ALPHABET, 1, 0, 0)
    short = beginnings.ids(0, 10).tolist()
    long = beginnings.ids(0, 1_000).tolist()
    assert (short, 1_000, short) == (long[:10], len(long), beginnings.ids(0, 10).tolist())
    assert long == shared.CommonBeginnings(ALPHABET, 1, 0, 0).ids(0, 1_000).tolist()


def test_blocks_that_were_forgotten_come_back_the_same(monkeypatch):
    monkeypatch.setattr(shared, "BLOCKS_KEPT", 4)
    blocks = shared.Blocks(ALPHABET, 1, 0, 0)
    first = blocks.ids(range(10), 16).tolist()
    assert (160, 4) == (len(first), len(blocks._drawn))
    assert first == blocks.ids(range(10), 16).tolist()
    assert 10 == len({tuple(first[at : at + 16]) for at in range(0, 160, 16)})
