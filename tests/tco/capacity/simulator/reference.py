"""vLLM's scheduler once more, as plain as possible: every step is made, every block has a number. The oracle of the compiled simulator.

It follows `vllm/v1/core/sched/scheduler.py` (0.32) with lists and loops, shares no code with the simulator, and is slow on purpose.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime
from tests.tco.capacity.simulator.reference_blocks import BlockPool, Request


@dataclass
class Engine:
    """One replica."""

    step_time: StepTime
    limits: EngineLimits
    pool: BlockPool
    now_s: float = 0.0
    previous_s: float = 0.0
    waiting: deque[Request] = field(default_factory=deque)
    running: list[Request] = field(default_factory=list)
    steps: int = 0
    preemptions: int = 0
    block_s: float = 0.0
    ended: dict[int, tuple[float, float, float]] = field(default_factory=dict)

    def preempt(self) -> Request:
        victim = self.running.pop()
        self.pool.give_back(victim)
        victim.computed = victim.loaded = 0
        victim.prefilled = False
        self.preemptions += 1
        if victim.made < victim.answer:
            self.waiting.appendleft(victim)
        return victim

    def step(self) -> None:
        """Schedules and runs one step; idle engines jump to the next request."""
        scheduled = self.schedule(self.previous_s if self.limits.async_scheduling else self.now_s)
        for request in [one for one in self.running if one.made == one.answer]:
            self.running.remove(request)
            self.pool.end(request)
        if not scheduled and not self.running:
            if not self.waiting:
                return
            self.now_s = max(self.now_s, self.waiting[0].reached_s)
            scheduled = self.schedule(self.now_s)
        self._run(scheduled)

    def schedule(self, seen_s: float) -> list[tuple[Request, int, int]]:
        """What is in the next step: requests, tokens computed before it, tokens that it computes."""
        budget, preempted = self.limits.max_num_batched_tokens, False
        scheduled: list[tuple[Request, int, int]] = []
        place = 0
        while place < len(self.running) and budget > 0:
            request = self.running[place]
            if request.made == request.answer:
                # It has ended, and a scheduler that works ahead does not know it yet.
                place += 1
                continue
            tokens = min(request.tokens - request.computed, budget)
            fits = True
            # A scheduler that works ahead does not know the token that the running step makes.
            known = request.tokens - (self.limits.async_scheduling and request.prefilled)
            while not self.pool.take(request, request.computed + tokens, known):
                preempted = True
                if self.preempt() is request:
                    fits = False
                    break
            if not fits:
                break
            scheduled.append((request, request.computed, tokens))
            budget -= tokens
            place += 1
        while not preempted and budget > 0 and self.waiting and len(self.running) < self.limits.max_num_seqs:
            request = self.waiting[0]
            hits = self.pool.hits(request)
            if request.reached_s > seen_s or not self.pool.admits(request, hits):
                break
            self.waiting.popleft()
            self.pool.adopt(request, hits)
            request.computed = max(request.computed, request.loaded)
            tokens = min(request.tokens - request.computed, budget)
            assert self.pool.take(request, request.computed + tokens, request.tokens)
            self.running.append(request)
            scheduled.append((request, request.computed, tokens))
            budget -= tokens
        return scheduled

    def _run(self, scheduled: list[tuple[Request, int, int]]) -> None:
        decoding = [r for r, _, _ in scheduled if r.prefilled]
        prompts = [(before, tokens) for r, before, tokens in scheduled if r not in decoding]
        self.previous_s = self.now_s
        used = self.pool.used
        self.now_s += self.step_time.step_s(
            len(decoding),
            sum(r.tokens for r in decoding),
            sum(tokens for _, tokens in prompts),
            sum(tokens * (before + (tokens + 1) / 2) for before, tokens in prompts),
            len(prompts),
        )
        self.steps += 1
        self.block_s += used * (self.now_s - self.previous_s)
        for request, before, tokens in scheduled:
            request.computed = before + tokens
            if request.computed == request.tokens:
                request.made += 1
                request.prefilled = True
                if request.first_s < 0:
                    request.first_s = self.now_s
            if request.made == request.answer:
                if not self.limits.async_scheduling:
                    self.running.remove(request)
                    self.pool.end(request)
                self.ended[request.number] = (request.sent_s, request.first_s, self.now_s)


def replay(traffic: Traffic, step_time: StepTime, limits: EngineLimits, *, knows_own: bool = True) -> Engine:
    """Runs an open or a closed loop on one replica; times are the engine's, without latency."""
    engine = Engine(step_time, limits, BlockPool(limits, knows_own=knows_own))
    handed_s = -math.inf
    loaded, group, prefix = (
        values.tolist() if values.size else [default] * traffic.requests
        for values, default in ((traffic.loaded_tokens, 0), (traffic.prefix_group, -1), (traffic.prefix_tokens, 0))
    )

    def send(number: int, at_s: float) -> None:
        nonlocal handed_s
        handed_s = max(at_s, handed_s + step_time.dispatch_s)
        prompt, answer = int(traffic.input_tokens[number]), int(traffic.output_tokens[number])
        engine.waiting.append(
            Request(number, at_s, handed_s, prompt, answer, group[number], prefix[number], loaded[number])
        )

    if not traffic.streams:
        for number in range(traffic.requests):
            send(number, float(traffic.arrival_s[number]))
        while engine.waiting or engine.running:
            engine.step()
        return engine
    sent = min(traffic.streams, traffic.requests)
    for number in range(sent):
        send(number, 0.0)
    while engine.waiting or engine.running:
        before = set(engine.ended)
        engine.step()
        for number in [one for one in engine.ended if one not in before]:
            if sent < traffic.requests:
                send(sent, engine.ended[number][2] + step_time.latency_s)
                sent += 1
    return engine
