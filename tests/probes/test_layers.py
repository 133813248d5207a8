from __future__ import annotations

import json

import pytest

from probes.architectures import resolve_model, shipped_models
from probes.errors import ProbeError
from probes.layers import cut_config, is_mixture_of_experts, layer_count, layer_kinds, mix, mix_difference


def config(count=12, **keys):
    return {"num_hidden_layers": count, "hidden_size": 64, **keys}


@pytest.mark.parametrize("name", shipped_models())
def test_shipped_models_have_layers_that_are_all_alike(name):
    source = resolve_model(name)

    assert [1.0] == list(mix(layer_kinds(source.config)).values())
    assert cut_config(source.config, 1) == {"num_hidden_layers": 1}
    assert source.layers == layer_count(source.config)


def test_a_list_with_one_entry_a_layer_is_cut_and_tells_kinds():
    given = config(4, layer_types=["sliding", "full", "sliding", "full"], eos_token_id=[1, 2, 3, 4])

    assert cut_config(given, 2) == {"num_hidden_layers": 2, "layer_types": ["sliding", "full"]}
    assert mix(layer_kinds(given)) == {("layer_types=sliding",): 0.5, ("layer_types=full",): 0.5}


def test_entries_of_extra_prediction_layers_stay_at_the_end():
    given = config(4, compress_ratios=[0, 4, 128, 4, 9], num_nextn_predict_layers=1)

    assert [0, 4, 9] == cut_config(given, 2)["compress_ratios"]
    assert ("compress_ratios=4",) == layer_kinds(given)[3]
    assert 4 == len(layer_kinds(given))


def test_a_pattern_of_letters_is_cut_like_a_list():
    given = config(4, hybrid_override_pattern="M-M*", name="abcd")

    assert cut_config(given, 3) == {"num_hidden_layers": 3, "hybrid_override_pattern": "M-M"}


def test_numbers_of_layers_are_cut_where_they_count_from():
    given = config(
        4, linear_attn_config={"full_attn_layers": [4], "kda_layers": [1, 2, 3], "heads": 2}, mlp_only_layers=[0, 3]
    )
    cut = cut_config(given, 3)

    assert cut["linear_attn_config"] == {"full_attn_layers": [], "kda_layers": [1, 2, 3], "heads": 2}
    assert [0] == cut["mlp_only_layers"]
    assert layer_kinds(given) == (
        ("kda_layers", "mlp_only_layers"),
        ("kda_layers",),
        ("kda_layers",),
        ("full_attn_layers", "mlp_only_layers"),
    )


def test_a_list_inside_an_object_brings_the_whole_object():
    given = config(3, sparse={"freq": [0, 1, 1], "block": 128}, quantization_config={"bits": [4, 4, 8]})

    assert cut_config(given, 2) == {"num_hidden_layers": 2, "sparse": {"freq": [0, 1], "block": 128}}


def test_the_language_half_of_a_model_that_sees_is_cut_below_its_key():
    given = {"vision_config": {"num_hidden_layers": 9}, "text_config": config(4, layer_types=["a", "b", "a", "b"])}

    assert cut_config(given, 2) == {"text_config": {"num_hidden_layers": 2, "layer_types": ["a", "b"]}}
    assert layer_count(given) == 4


@pytest.mark.parametrize(
    ("keys", "marked"),
    [
        ({"sliding_window_pattern": 6}, [5, 11]),
        ({"full_attention_interval": 4}, [3, 7, 11]),
        ({"first_k_dense_replace": 3}, [0, 1, 2]),
        ({"decoder_sparse_step": 1}, []),
        ({"first_k_dense_replace": True}, []),
    ],
)
def test_a_number_that_means_every_or_the_first_layers_tells_kinds(keys, marked):
    kinds = layer_kinds(config(12, **keys))

    assert marked == [number for number, kind in enumerate(kinds) if kind]


def test_the_mix_of_a_slice_is_compared_with_the_mix_beyond():
    kinds = layer_kinds(config(12, sliding_window_pattern=6))

    # Layers 5 to 8 have one full of four, 9 to 12 too; layers 7 to 8 have none.
    assert (0.0, 0.25) == (mix_difference(kinds, 4, 8), mix_difference(kinds, 6, 8))
    assert 0.0 == mix_difference(kinds, 4, 12)


def test_a_config_that_states_no_layers_tells_nothing_and_is_not_cut():
    assert () == layer_kinds({"hidden_size": 64})
    with pytest.raises(ProbeError, match="does not say how many layers"):
        cut_config({"hidden_size": 64}, 4)


@pytest.mark.parametrize("layers", [0, 13])
def test_a_depth_that_the_model_does_not_have_is_refused(layers):
    with pytest.raises(ProbeError, match="numbers from 1 to 12"):
        cut_config(config(), layers)


def test_a_mixture_is_told_by_its_experts():
    mixtures = [name for name in shipped_models() if is_mixture_of_experts(resolve_model(name).config)]

    assert ["Mixtral-8x7B-v0.1"] == mixtures
    assert is_mixture_of_experts({"text_config": {"n_routed_experts": 256}})
    assert not is_mixture_of_experts({"num_experts": 1})


def test_what_is_cut_stays_valid_json():
    given = config(3, layer_types=["a", "b", "c"])

    assert json.loads(json.dumps(cut_config(given, 2))) == cut_config(given, 2)
