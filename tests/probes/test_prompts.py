import pytest

from probes.endpoint import Endpoint
from probes.prompts import FIRST_ID, WORDS, Place, fresh_prompt, generator, token_ids, words

IDS = Endpoint(base_url="http://x", served_model_name="m", vocab_size=151_936)
TEXT = Endpoint(base_url="http://x", served_model_name="m", prompt="text")
HERE = Place(0, 1, 2, 3)


def test_ids_have_the_exact_length_and_lie_above_the_special_ones():
    ids = fresh_prompt(IDS, seed=1, place=HERE, length=5000)
    assert (5000, True, int) == (len(ids), min(ids) >= FIRST_ID and max(ids) < 151_936, type(ids[0]))


def test_the_same_seed_and_place_give_the_same_prompt():
    assert fresh_prompt(IDS, seed=5, place=HERE, length=50) == fresh_prompt(IDS, seed=5, place=HERE, length=50)


def test_no_two_places_share_even_the_first_block_of_a_prefix_cache():
    places = [Place(a, c, s, r) for a in range(2) for c in range(4) for s in range(8) for r in range(10)]
    firsts = {tuple(fresh_prompt(IDS, seed=1, place=place, length=16)) for place in places}
    assert len(places) == len(firsts)


def test_another_seed_gives_other_prompts():
    assert fresh_prompt(IDS, seed=1, place=HERE, length=16) != fresh_prompt(IDS, seed=2, place=HERE, length=16)


def test_text_is_that_many_common_words():
    prompt = fresh_prompt(TEXT, seed=1, place=HERE, length=300).split()
    assert (300, set()) == (len(prompt), set(prompt) - set(WORDS))


def test_ids_are_uniform():
    # Mean of [100, 1100) is 599.5; its standard error over 40,000 draws is 1000 / sqrt(12 * 40000) = 1.44.
    ids = token_ids(generator(3, HERE), length=40_000, vocab_size=1100)
    assert sum(ids) / len(ids) == pytest.approx(599.5, abs=5 * 1.44)


@pytest.mark.parametrize("vocab_size", [2, 50, 101])
def test_a_tiny_vocabulary_is_used_from_its_first_id(vocab_size):
    ids = token_ids(generator(3, HERE), length=500, vocab_size=vocab_size)
    assert (min(ids), max(ids) < vocab_size) == (0, True)


@pytest.mark.parametrize("vocab_size", [-5, 0, 1])
def test_a_vocabulary_that_allows_no_choice_is_refused(vocab_size):
    with pytest.raises(ValueError, match=f"vocab_size is {vocab_size}"):
        token_ids(generator(3, HERE), length=5, vocab_size=vocab_size)


def test_ids_need_a_vocabulary():
    with pytest.raises(ValueError, match="vocab_size"):
        fresh_prompt(Endpoint(base_url="http://x", served_model_name="m"), seed=1, place=HERE, length=5)


def test_words_are_all_different_and_plain():
    assert (len(WORDS), True) == (len(set(WORDS)), all(word.isascii() and word.isalpha() for word in WORDS))
    assert words(generator(1, HERE), length=0) == ""
