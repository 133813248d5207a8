import functools
from dataclasses import replace

import pytest

from probes.endpoint import Endpoint
from probes.errors import ProbeError
from probes.loadgen.open_transport import send_one
from probes.run import WorkloadShape
from probes.servers.capabilities import Capabilities, probe_capabilities
from probes.servers.dialect import Dialect
from probes.servers.profile import UNKNOWN
from probes.servers.profiles import find_profile
from tests.fake_server import MODEL, VOCAB_SIZE, Behaviour, FakeServer

pytestmark = pytest.mark.slow

SHAPE = WorkloadShape(input_tokens=24, output_tokens=12, seed=1)
FAST = {"prefill_ms": 0.0, "tpot_ms": 0.0}


async def _probe(
    behaviour: Behaviour, *, prompt: str = "token_ids", profile=UNKNOWN, shape=SHAPE, **more
) -> Capabilities:
    async with FakeServer(behaviour) as server:
        endpoint = Endpoint(base_url=server.url, served_model_name=MODEL, prompt=prompt, vocab_size=VOCAB_SIZE, **more)
        return await probe_capabilities(
            endpoint, ask=functools.partial(send_one, endpoint), shape=shape, profile=profile
        )


def _codes(found: Capabilities) -> list[str]:
    return [warning.code for warning in found.warnings]


async def test_a_server_that_understands_everything_is_asked_in_the_richest_form():
    found = await _probe(Behaviour(**FAST, prefix_cache=True))
    expected = dict.fromkeys(
        (
            "completions", "token_id_prompts", "ignore_eos", "min_tokens", "usage_in_stream", "continuous_usage",
            "return_token_ids", "prefix_cache", "cache_salt", "logprobs_off", "metrics", "usage_truthful",
        ),
        True,
    )  # fmt: skip
    assert (expected, Dialect(), [], 16_000, "vllm") == (
        found.flags,
        found.dialect,
        _codes(found),
        found.kv_cache_tokens,
        found.profile,
    )


async def test_what_finding_out_used_is_counted():
    behaviour = Behaviour(**FAST, metrics=False)
    async with FakeServer(behaviour) as server:
        endpoint = Endpoint(base_url=server.url, served_model_name=MODEL, vocab_size=VOCAB_SIZE)
        found = await probe_capabilities(endpoint, ask=functools.partial(send_one, endpoint), shape=SHAPE)
        output = sum(sum(one.tokens) for one in server.served)
    assert (len(server.served), output, 4 * 16 + 24) == (
        found.spent.requests,
        found.spent.output_tokens,
        found.spent.input_tokens,
    )


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("refused", [("cache_salt",), ("return_token_ids", "min_tokens"), ("ignore_eos",)])
async def test_only_the_fields_that_are_refused_are_left_out_whether_the_server_names_them_or_not(refused, named):
    found = await _probe(Behaviour(**FAST, refused=refused, names_refused=named))
    every = {"temperature", "stream_options", "min_tokens", "ignore_eos", "return_token_ids", "cache_salt"}
    assert every - set(refused) == set(found.dialect.optional_fields)


async def test_a_server_that_takes_nothing_optional_is_asked_with_the_bare_form():
    found = await _probe(Behaviour(**FAST, accepted="bare", text="w "), prompt="text")
    assert ((), False, "usage_missing" in _codes(found)) == (
        found.dialect.optional_fields,
        found.flags["usage_in_stream"],
        True,
    )


async def test_chat_is_asked_where_there_are_no_completions():
    found = await _probe(Behaviour(**FAST, completions=False), prompt="text")
    assert ("chat", False, False) == (found.dialect.route, found.flags["completions"], found.flags["token_id_prompts"])


async def test_a_length_that_is_ignored_in_silence_is_noticed_by_short_answers():
    found = await _probe(Behaviour(**FAST, ignores=("ignore_eos", "min_tokens"), natural_length=5))
    assert (False, False, False) == (found.flags["ignore_eos"], found.flags["min_tokens"], found.dialect.fixes_length)
    assert "ignore_eos_ignored" in _codes(found)


async def test_a_least_length_that_is_honoured_fixes_the_length_alone():
    found = await _probe(Behaviour(**FAST, ignores=("ignore_eos",), natural_length=5))
    assert (False, True, True) == (found.flags["ignore_eos"], found.flags["min_tokens"], found.dialect.fixes_length)


async def test_ids_that_are_not_returned_are_noticed_and_a_running_usage_takes_their_place():
    found = await _probe(Behaviour(**FAST, token_ids=False))
    assert (False, True, True) == (
        found.flags["return_token_ids"],
        found.dialect.continuous_usage,
        "token_ids_ignored" in _codes(found),
    )
    assert "return_token_ids" not in found.dialect.optional_fields


async def test_a_running_usage_that_does_not_come_is_not_asked_for():
    found = await _probe(Behaviour(**FAST, token_ids=False, continuous_usage=False))
    assert (False, False) == (found.flags["continuous_usage"], found.dialect.continuous_usage)


async def test_a_list_of_ids_that_is_counted_as_text_is_noticed():
    found = await _probe(Behaviour(**FAST, counts_ids_as_text=True))
    assert (False, True) == (found.flags["token_id_prompts"], "token_ids_miscounted" in _codes(found))


async def test_a_server_that_takes_no_ids_says_so_where_text_is_sent():
    found = await _probe(Behaviour(**FAST, token_id_prompts=False), prompt="text")
    assert found.flags["token_id_prompts"] is False


async def test_a_salt_that_keeps_nothing_apart_is_noticed():
    found = await _probe(Behaviour(**FAST, prefix_cache=True, ignores=("cache_salt",)))
    assert (True, False, True) == (
        found.flags["prefix_cache"],
        found.flags["cache_salt"],
        "cache_salt_ignored" in _codes(found),
    )


@pytest.mark.parametrize(("context", "told"), [(600, True), (40, True), (35, None)])
async def test_a_cache_is_looked_for_with_what_fits_into_the_context(context, told):
    behaviour = Behaviour(**FAST, prefix_cache=True, context_tokens=context)
    shape = WorkloadShape(input_tokens=24, output_tokens=12, seed=1)
    if told is None:
        with pytest.raises(ProbeError, match="maximum context length is 35"):
            await _probe(behaviour, shape=shape)
    else:
        found = await _probe(behaviour, shape=shape)
        assert told is found.flags["prefix_cache"]


async def test_what_cannot_be_seen_is_not_claimed():
    found = await _probe(Behaviour(**FAST, metrics=False))
    assert (set(), False) == ({"prefix_cache", "cache_salt"} & set(found.flags), found.flags["metrics"])


@pytest.mark.parametrize("factor", [0.5, 2.0])
async def test_a_server_that_lies_about_its_tokens_is_noticed(factor):
    found = await _probe(Behaviour(**FAST, usage_factor=factor))
    assert (False, True) == (found.flags["usage_truthful"], "usage_disagrees" in _codes(found))


async def test_probabilities_that_nobody_asked_for_are_noticed():
    found = await _probe(Behaviour(**FAST, logprobs=True))
    assert (False, True) == (found.flags["logprobs_off"], "logprobs_on" in _codes(found))


async def test_anthropics_form_is_asked_with_its_own_headers():
    found = await _probe(Behaviour(**FAST, api_key="k"), prompt="text", profile=find_profile("anthropic"), api_key="k")
    assert ("messages", ("temperature",), True, False) == (
        found.dialect.route,
        found.dialect.optional_fields,
        found.flags["usage_in_stream"],
        found.flags["ignore_eos"],
    )


async def test_azures_deployments_are_asked_under_their_path():
    profile = find_profile("azure-deployment")
    found = await _probe(Behaviour(**FAST, api_key="k"), prompt="text", profile=profile, api_key="k")
    assert replace(profile.dialects[0], continuous_usage=True) == found.dialect


async def test_the_newer_name_of_the_length_is_found_where_the_older_is_refused():
    found = await _probe(Behaviour(**FAST, refused=("max_tokens",)))
    assert ("max_completion_tokens", "completions") == (found.dialect.length_field, found.dialect.route)


async def test_the_older_name_of_the_length_is_found_where_the_newer_is_refused():
    found = await _probe(
        Behaviour(**FAST, refused=("max_completion_tokens",)), prompt="text", profile=find_profile("groq")
    )
    assert "max_tokens" == found.dialect.length_field


async def test_the_last_trial_has_the_full_length_and_its_refusal_names_the_lengths():
    shape = WorkloadShape(input_tokens=600, output_tokens=100, seed=1)
    with pytest.raises(
        ProbeError, match=r"maximum context length is 650 tokens.*100 tokens after a prompt of 600"
    ) as caught:
        await _probe(Behaviour(**FAST, context_tokens=650), shape=shape)
    assert ("bad_arguments", "--output-tokens" in str(caught.value)) == (caught.value.kind, True)


@pytest.mark.parametrize(
    ("behaviour", "prompt", "kind"),
    [
        (Behaviour(completions=False, chat=False), "text", "endpoint_not_openai"),
        (Behaviour(completions=False), "token_ids", "endpoint_not_openai"),
        (Behaviour(api_key="sk-1"), "text", "endpoint_refused"),
        (Behaviour(fail="429"), "token_ids", "endpoint_refused"),
        (Behaviour(fail="500"), "token_ids", "endpoint_refused"),
        (Behaviour(fail="html"), "token_ids", "endpoint_not_openai"),
        (Behaviour(fail="malformed"), "token_ids", "endpoint_not_openai"),
        (Behaviour(fail="no_tokens"), "token_ids", "endpoint_not_openai"),
        (Behaviour(fail="error"), "token_ids", "endpoint_refused"),
        (Behaviour(fail="reset"), "token_ids", "endpoint_unreachable"),
    ],
)
async def test_a_server_that_answers_no_trial_is_refused_by_its_kind(behaviour, prompt, kind):
    with pytest.raises(ProbeError) as caught:
        await _probe(behaviour, prompt=prompt)
    assert kind == caught.value.kind


async def test_a_server_that_limits_requests_says_how_long_to_wait():
    with pytest.raises(ProbeError, match="asks to wait 30 s"):
        await _probe(Behaviour(fail="429", retry_after="30"))
