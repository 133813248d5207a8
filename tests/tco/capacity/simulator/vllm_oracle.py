"""vLLM's own scheduler, driven by a clock of step times instead of a model."""

from __future__ import annotations

import json
import math
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tco.capacity.simulator.limits import EngineLimits
from tco.capacity.simulator.traffic import Traffic
from tco.capacity.step_time import StepTime

_CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 64,
    "num_attention_heads": 1,
    "num_key_value_heads": 1,
    "num_hidden_layers": 1,
    "vocab_size": 1000,
    "torch_dtype": "float32",
}


@dataclass
class Replayed:
    """What vLLM's scheduler made of traffic."""

    ended: dict[int, tuple[float, float, float]] = field(default_factory=dict)
    steps: int = 0
    preemptions: int = 0
    hit_tokens: int = 0


def new_scheduler(limits: EngineLimits, folder: Path) -> Any:
    """A scheduler with its cache manager, as the engine makes them, for a model of one layer that is never loaded."""
    import torch
    from vllm.config import CacheConfig, DeviceConfig, ModelConfig, ParallelConfig, SchedulerConfig, VllmConfig
    from vllm.v1.core.sched.async_scheduler import AsyncScheduler
    from vllm.v1.core.sched.scheduler import Scheduler
    from vllm.v1.kv_cache_interface import FullAttentionSpec, KVCacheConfig, KVCacheGroupSpec
    from vllm.v1.structured_output import StructuredOutputManager

    longest = min(limits.max_model_len, limits.kv_tokens)
    (folder / "config.json").write_text(json.dumps(_CONFIG | {"max_position_embeddings": longest}))
    config = VllmConfig(
        model_config=ModelConfig(model=str(folder), skip_tokenizer_init=True, max_model_len=longest, dtype="float32"),
        scheduler_config=SchedulerConfig(
            max_num_seqs=limits.max_num_seqs,
            max_num_batched_tokens=limits.max_num_batched_tokens,
            max_model_len=longest,
            enable_chunked_prefill=True,
            is_encoder_decoder=False,
            async_scheduling=limits.async_scheduling,
        ),
        cache_config=CacheConfig(block_size=limits.block_tokens, enable_prefix_caching=limits.prefix_caching),
        parallel_config=ParallelConfig(),
        device_config=DeviceConfig("cpu"),
    )
    spec = FullAttentionSpec(block_size=limits.block_tokens, num_kv_heads=1, head_size=1, dtype=torch.float32)
    # One block more: vLLM keeps the first for itself.
    config.cache_config.num_gpu_blocks = limits.kv_blocks + 1
    blocks = KVCacheConfig(
        num_blocks=limits.kv_blocks + 1, kv_cache_tensors=[], kv_cache_groups=[KVCacheGroupSpec(["layer"], spec)]
    )
    kind = AsyncScheduler if limits.async_scheduling else Scheduler
    return kind(
        vllm_config=config,
        kv_cache_config=blocks,
        structured_output_manager=StructuredOutputManager(config),
        block_size=limits.block_tokens,
    )


class Driver:
    """Runs the steps of a scheduler one after the other; with a scheduler that works ahead the next step is settled when the one before starts."""

    def __init__(self, traffic: Traffic, step_time: StepTime, limits: EngineLimits, scheduler: Any) -> None:
        from vllm.utils.hashing import sha256
        from vllm.v1.core.kv_cache_utils import get_request_block_hasher, init_none_hash

        init_none_hash(sha256)
        self.hasher = get_request_block_hasher(limits.block_tokens, sha256)
        self.traffic, self.step_time, self.limits, self.scheduler = traffic, step_time, limits, scheduler
        self.found = Replayed()
        self.now_s, self.handed_s, self.sent = 0.0, -math.inf, 0
        self.coming: deque[tuple[float, int]] = deque()
        self.sent_s: dict[int, float] = {}
        self.first_s: dict[int, float] = {}
        self.prefilled: set[str] = set()

    def run(self) -> Replayed:
        traffic = self.traffic
        for number in range(min(traffic.streams, traffic.requests) if traffic.streams else traffic.requests):
            self.send(number, 0.0 if traffic.streams else float(traffic.arrival_s[number]))
        while self.coming or self.scheduler.has_unfinished_requests():
            if not self.scheduler.has_unfinished_requests():
                self.now_s = max(self.now_s, self.coming[0][0])
            self.hand_over()
            self.steps_until_idle() if self.limits.async_scheduling else self.end(self.begin())
        return self.found

    def steps_until_idle(self) -> None:
        running = self.begin()
        while running is not None:
            # Settled while the other one runs, with what had come when that one started.
            following = self.begin() if self.scheduler.has_unfinished_requests() else None
            self.end(running)
            self.hand_over()
            running = following if following is not None and following.total_num_scheduled_tokens else None

    def send(self, number: int, at_s: float) -> None:
        self.handed_s = max(at_s, self.handed_s + self.step_time.dispatch_s)
        self.coming.append((self.handed_s, number))
        self.sent_s[number] = at_s
        self.sent += 1

    def hand_over(self) -> None:
        from vllm.sampling_params import SamplingParams
        from vllm.v1.request import Request

        while self.coming and self.coming[0][0] <= self.now_s:
            _, number = self.coming.popleft()
            self.scheduler.add_request(
                Request(
                    request_id=str(number),
                    prompt_token_ids=self.prompt(number),
                    sampling_params=SamplingParams(max_tokens=int(self.traffic.output_tokens[number]), ignore_eos=True),
                    pooling_params=None,
                    block_hasher=self.hasher,
                )
            )

    def prompt(self, number: int) -> list[int]:
        """The tokens of a common beginning are those of its group, the others those of the request."""
        length, shared = int(self.traffic.input_tokens[number]), 0
        if self.traffic.prefix_group.size and self.traffic.prefix_group[number] >= 0:
            shared = min(int(self.traffic.prefix_tokens[number]), length)
        group = int(self.traffic.prefix_group[number]) if shared else 0
        return [10_000_000 + group * 10_000 + place for place in range(shared)] + [
            number * 10_000 + place for place in range(shared, length)
        ]

    def begin(self) -> Any:
        scheduled = self.scheduler.schedule()
        self.found.preemptions += len(scheduled.preempted_req_ids or ())
        return scheduled

    def end(self, scheduled: Any) -> None:
        from vllm.v1.outputs import ModelRunnerOutput

        cached = scheduled.scheduled_cached_reqs
        before = {new.req_id: new.num_computed_tokens for new in scheduled.scheduled_new_reqs}
        before |= dict(zip(cached.req_ids, cached.num_computed_tokens, strict=True))
        started = {new.req_id for new in scheduled.scheduled_new_reqs} | set(cached.resumed_req_ids)
        self.found.hit_tokens += sum(before[one] for one in started)
        self.prefilled -= started
        decoding = [one for one in scheduled.num_scheduled_tokens if one in self.prefilled]
        prompts = [(before[one], count) for one, count in scheduled.num_scheduled_tokens.items() if one not in decoding]
        self.now_s += self.step_time.step_s(
            len(decoding),
            sum(before[one] + 1 for one in decoding),
            sum(count for _, count in prompts),
            sum(count * (computed + (count + 1) / 2) for computed, count in prompts),
            len(prompts),
        )
        self.found.steps += 1
        requests = {one: self.scheduler.requests[one] for one in scheduled.num_scheduled_tokens}
        sampled = [
            [1] if self.complete(one, before[one], count) else []
            for one, count in scheduled.num_scheduled_tokens.items()
        ]
        answer = ModelRunnerOutput(
            req_ids=list(requests),
            req_id_to_index={one: place for place, one in enumerate(requests)},
            sampled_token_ids=sampled,
            prompt_logprobs_dict={},
            pooler_output=[],
        )
        self.scheduler.update_from_output(scheduled, answer)
        for one, request in requests.items():
            self.note(one, request)

    def complete(self, one: str, before: int, count: int) -> bool:
        """Whether a step ends with a new token of a request; its prompt, and after a preemption its answer so far, is computed then."""
        request = self.scheduler.requests[one]
        done = before + count >= request.num_tokens
        if done:
            self.prefilled.add(one)
        return done

    def note(self, one: str, request: Any) -> None:
        number = int(one)
        if request.num_output_tokens and number not in self.first_s:
            self.first_s[number] = self.now_s
        if request.is_finished() and number not in self.found.ended:
            self.found.ended[number] = (self.sent_s[number], self.first_s[number], self.now_s)
            if self.traffic.streams and self.sent < self.traffic.requests:
                self.send(self.sent, self.now_s + self.step_time.latency_s)
