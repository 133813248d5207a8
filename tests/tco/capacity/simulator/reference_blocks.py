"""vLLM's blocks once more, as plain as possible: each has a number, a count of users, perhaps the hash of what it holds, and a place in the line of free ones.

It follows `BlockPool` and `KVCacheManager` of vLLM 0.32 (`vllm/v1/core/block_pool.py`, `kv_cache_manager.py`): full blocks are known by their content as soon as
they are scheduled; free ones that hold something go to the end of the line, a sequence's last block first, and others to its front.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field

from tco.capacity.simulator.limits import EngineLimits

Hash = tuple[str, int, int]


@dataclass(eq=False)
class Request:
    number: int
    sent_s: float
    reached_s: float
    prompt: int
    answer: int
    group: int = -1
    prefix: int = 0
    loaded: int = 0
    made: int = 0
    computed: int = 0
    prefilled: bool = False
    first_s: float = -1.0
    held: list[int] = field(default_factory=list)
    named: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt + self.made

    def hash_of(self, place: int, block_tokens: int) -> Hash:
        """What a full block holds: a part of the common beginning, or something of this request alone."""
        if self.group >= 0 and (place + 1) * block_tokens <= min(self.prefix, self.prompt):
            return ("shared", self.group, place)
        return ("own", self.number, place)


class BlockPool:
    """Blocks of one replica.

    Attributes:
        knows_own: whether a preempted request finds blocks of its own again, as in vLLM.
        hit_tokens: that the cache answered.
        most_used: blocks in use at once.
    """

    def __init__(self, limits: EngineLimits, *, knows_own: bool) -> None:
        self.limits, self.knows_own = limits, knows_own
        self.free = OrderedDict.fromkeys(range(limits.kv_blocks))
        self.users = [0] * limits.kv_blocks
        self.hash_by_block: dict[int, Hash] = {}
        self.blocks_by_hash: dict[Hash, dict[int, None]] = {}
        self.hit_tokens = self.most_used = 0

    @property
    def used(self) -> int:
        return self.limits.kv_blocks - len(self.free)

    def hits(self, request: Request) -> list[int]:
        found: list[int] = []
        if not self.limits.prefix_caching:
            return found
        for place in range((request.tokens - 1) // self.limits.block_tokens):
            key = request.hash_of(place, self.limits.block_tokens)
            if key not in self.blocks_by_hash or (key[0] == "own" and not self.knows_own):
                break
            found.append(next(iter(self.blocks_by_hash[key])))
        return found

    def admits(self, request: Request, hits: list[int]) -> bool:
        needed = math.ceil(request.tokens / self.limits.block_tokens) - len(hits)
        return needed + sum(self.users[block] == 0 for block in hits) <= len(self.free)

    def adopt(self, request: Request, hits: list[int]) -> None:
        for block in hits:
            if self.users[block] == 0:
                del self.free[block]
            self.users[block] += 1
        request.held, request.named = list(hits), len(hits)
        request.computed = len(hits) * self.limits.block_tokens
        self.hit_tokens += request.computed

    def take(self, request: Request, tokens: int, known: int) -> bool:
        """Blocks for so many computed tokens, of which so many are known; none where there are too few."""
        needed = math.ceil(tokens / self.limits.block_tokens) - len(request.held)
        if needed > len(self.free):
            return False
        for _ in range(needed):
            block, _ = self.free.popitem(last=False)
            self._forget(block)
            self.users[block] = 1
            request.held.append(block)
        if self.limits.prefix_caching:
            self._name(request, min(tokens, known))
        self.most_used = max(self.most_used, self.used)
        return True

    def end(self, request: Request) -> None:
        if self.limits.prefix_caching:
            self._name(request, request.computed)
        self.give_back(request)

    def give_back(self, request: Request) -> None:
        empty, known = [], []
        for block in reversed(request.held):
            self.users[block] -= 1
            if self.users[block] == 0:
                (known if block in self.hash_by_block else empty).append(block)
        for block in reversed(empty):
            self.free[block] = None
            self.free.move_to_end(block, last=False)
        self.free.update(dict.fromkeys(known))
        request.held, request.named = [], 0

    def _name(self, request: Request, tokens: int) -> None:
        full = tokens // self.limits.block_tokens
        for place in range(request.named, full):
            key = request.hash_of(place, self.limits.block_tokens)
            self.hash_by_block[request.held[place]] = key
            self.blocks_by_hash.setdefault(key, {})[request.held[place]] = None
        request.named = max(request.named, full)

    def _forget(self, block: int) -> None:
        key = self.hash_by_block.pop(block, None)
        if key is not None:
            del self.blocks_by_hash[key][block]
            if not self.blocks_by_hash[key]:
                del self.blocks_by_hash[key]
