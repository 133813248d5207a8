from __future__ import annotations

import pytest

from tco.capacity.simulator.limits import EngineLimits
from tco.errors import InputError


def test_the_cache_holds_its_blocks_times_their_tokens() -> None:
    assert 1600 == EngineLimits(kv_blocks=100).kv_tokens
    assert 3200 == EngineLimits(kv_blocks=100, block_tokens=32).kv_tokens


@pytest.mark.parametrize(
    "name", ["kv_blocks", "block_tokens", "max_num_batched_tokens", "max_num_seqs", "max_model_len"]
)
def test_a_limit_below_one_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"engine limits: {name} is 0; it must be at least 1"):
        EngineLimits(**{"kv_blocks": 10, name: 0})


def test_a_step_has_room_for_a_token_of_every_sequence() -> None:
    assert 32 == EngineLimits(kv_blocks=10, max_num_batched_tokens=32, max_num_seqs=32).max_num_seqs
    with pytest.raises(InputError, match="max_num_batched_tokens 31 is below max_num_seqs 32"):
        EngineLimits(kv_blocks=10, max_num_batched_tokens=31, max_num_seqs=32)
